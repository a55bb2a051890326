package cli

import (
	"context"
	"errors"
	"fmt"
	"image"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/regular"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/segment"
)

// segmentOptions are the flags of facet segment.
type segmentOptions struct {
	lab.Segment
	paths               []string
	classes, file       string
	method, why, output string
	templates           string
	backgrounds         []string
	saveLogits, grid    bool
}

func (a *app) segmentCommand() *cobra.Command {
	var o segmentOptions
	cmd := &cobra.Command{
		Use:        "segment SOURCE… --classes \"car, tree, grass\"",
		SuggestFor: []string{"segmentation"},
		Short:      "Say what each pixel of a picture shows, without training",
		Long: `Divide pictures into classes that are given in words: every pixel gets the class whose text fits best what the
neuron–head pairs see there. ` + sourceHelp + ` Pictures of a dataset that cannot
be read are left out and listed.`,
		Example: `  facet segment photo.jpg --classes "car, tree, grass" -o out
  facet segment photo.jpg --classes-file classes.txt --background "wall, sky" -o out     a class a line: car, automobile
  facet segment photo.jpg --classes "car, tree, grass" --background 0.4                  unsure pixels are background
  facet segment photo.jpg --classes "car, tree, grass" --why 120,80                      the pairs that painted a pixel`,
		Args: argsBetween(1, -1, "pictures or folders of pictures"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.paths = args
			switch {
			case (o.classes == "") == (o.file == ""):
				return flags.Mistakef("facet segment: expected either --classes, a list with commas, or --classes-file")
			case o.saveLogits && o.output == "":
				return flags.Mistakef("--save-logits: expected -o DIR, where to put them")
			case o.grid && o.output == "":
				return flags.Mistakef("--grid: expected -o DIR, where to put it")
			}
			return a.segment(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	segmentFlags(f, &o.SegmentSettings, &o.templates)
	f.StringVar(&o.classes, "classes", "", "class names: a list with commas, or a `FILE` as --classes-file takes it")
	f.StringVar(&o.file, "classes-file", "", "a `FILE` with a class a line, its other names after commas")
	f.StringVar(&o.method, "method", segment.Facet.String(), "the method: facet, nap (the paper's), maskclip, selfself, surgery, cam, heads, neurons or activations")
	f.StringArrayVar(&o.backgrounds, "background", nil, "what is none of the classes. A number: a pixel of lower probability is background. Or a list with commas of what\nthere is besides. May be given twice")
	f.StringVarP(&o.output, "output", "o", "", "write labels, overlay and JSON of each picture into this `DIR`")
	f.BoolVar(&o.saveLogits, "save-logits", false, "write a float map of each class as well")
	f.BoolVar(&o.grid, "grid", false, "write grid.png as well: a heat map of each class for each picture")
	f.StringVar(&o.why, "why", "", "say why: the pairs behind the pixel `X,Y`, or the region X0,Y0,X1,Y1")
	f.StringVar(&o.Bank, "bank", "", "common, objects, a `BANK` of facet texts, or a file with a text a line: name those pairs by it. Default: common; the demo model has its own")
	flags.Number(f, &o.Top, "top", 10, flags.Some, "show at most so many: pairs behind --why")
	return cmd
}

// segmentFlags are the flags of everything that segments.
func segmentFlags(f *pflag.FlagSet, s *lab.SegmentSettings, templates *string) {
	f.StringVar(&s.Protocol, "protocol", segment.Native, "sizes of canvas and windows: "+strings.Join(segment.Presets(), ", "))
	flags.Number(f, &s.ShortSide, "short-side", 0, flags.Span[int]{Least: 32, Most: segment.MostShortSide}, "of the resized picture in pixels, instead of the protocol's")
	flags.Number(f, &s.WindowSide, "window-side", 0, flags.Span[int]{Least: 32, Most: segment.MostWindow}, "side of a window in pixels, a multiple of 32, instead of the protocol's; its half is the stride")
	flags.Number(f, &s.WindowStride, "window-stride", 0, flags.Span[int]{Least: 1, Most: segment.MostWindow}, "from window to window in pixels, instead of the protocol's")
	flags.Number(f, &s.Scale, "scale", 0, flags.Span[float64]{Least: 0, Most: 1e6, Above: true}, "what logits are multiplied by before the softmax (default 40)")
	flags.Number(f, &s.Pairs, "pairs", 0, flags.Some, "neuron–head pairs of each text (default: the share that 20,000 are of RN50x16's)")
	f.StringVar(&s.Atlas, "atlas", "", "an `ATLAS` of the same model: take the signs of pairs' directions from it, as the paper does (default: + for all)")
	f.StringVar(&s.Refine, "refine", lab.RefineNone, "what is done to the logits of pixels: none, or pamr (they take on those of like pixels around them)")
	f.StringVar(&s.Sink, "sink", lab.SinkAuto, "the last token and the neurons through which it draws attention: auto, drop or published. With auto, facet drops them if the token is a sink; nap, heads and neurons replace the token. With drop, every method does what facet does. With published, facet, nap, heads and neurons replace the token, and nothing else changes")
	flags.Number(f, &s.NeuronsBack, "neurons-back", 0, flags.SomeOrNone, "take what neurons do from the block so many before the last (of RN50x16: 7 less the published conv_map_idx)")
	flags.Number(f, &s.HeadsBack, "heads-back", 0, flags.SomeOrNone, "take what heads take from tokens from the block so many before the last (7 less sim_map_idx)")
	flags.Compat(f, &s.Reference, "segment as the published code does. maskclip keeps the positions of tokens. surgery weighs texts by a class token that attends by values. The last token is replaced. Prompts are ImageNet's 80, unless --templates says others")
	f.StringVar(templates, "templates", "", "a `FILE` with a prompt a line, {} for the text (default: facet's own for photographs)")
}

// readTemplates are the prompt templates of a file; nil where none is named.
func readTemplates(ctx context.Context, file string) (concept.Templates, error) {
	if file == "" {
		return nil, nil
	}
	return regular.Read(ctx, file, concept.ReadTemplates)
}

func (a *app) segment(ctx context.Context, o segmentOptions) error {
	if err := o.read(ctx); err != nil {
		return err
	}
	sources, err := o.sources(ctx)
	if err != nil {
		return err
	}
	l, err := a.openLab(ctx, o.Atlas)
	if err != nil {
		return asUsage(err)
	}
	defer l.Close()
	s, err := l.Segment(ctx, o.Segment)
	if err != nil {
		return asUsage(err)
	}
	result, names, grid := s.Head, outputNames{}, lab.Grid{}
	result.Skipped, err = s.Each(ctx, sources, func(source *dataset.Source, one *lab.Segmented) error {
		result.Images = append(result.Images, one.Answer)
		if o.output == "" {
			return nil
		}
		if o.grid {
			grid.Add(one)
		}
		name, err := names.of(source, one.Answer.Image)
		if err != nil {
			return err
		}
		return writeSegmented(o, name, one, s.Head)
	})
	if err != nil {
		return asUsage(err)
	}
	if o.grid {
		if err := writePNG(filepath.Join(o.output, "grid.png"), grid.Draw()); err != nil {
			return err
		}
	}
	if a.json {
		return encodeJSON(a.stdout, result)
	}
	a.printSegmented(result.Images, o)
	return nil
}

// read makes the question of the flags that are texts.
func (o *segmentOptions) read(ctx context.Context) (err error) {
	if o.Classes, err = o.readClasses(ctx); err != nil {
		return err
	}
	if err := o.readBackgrounds(); err != nil {
		return err
	}
	if o.Method, err = segment.ParseMethod(o.method); err != nil {
		return flags.Mistakef("--method: %w", err)
	}
	if o.Why, err = parseRegion(o.why); err != nil {
		return err
	}
	o.Templates, err = readTemplates(ctx, o.templates)
	return err
}

// readClasses are those of --classes or --classes-file.
func (o *segmentOptions) readClasses(ctx context.Context) ([]segment.Class, error) {
	if o.file != "" {
		return regular.Read(ctx, o.file, segment.ReadClasses)
	}
	entries, err := flags.ListOrFile("--classes", o.classes)
	switch {
	case err != nil:
		return nil, err
	case entries != nil:
		return segment.ReadClasses("--classes", strings.NewReader(strings.Join(entries, "\n")))
	}
	return regular.Read(ctx, o.classes, segment.ReadClasses)
}

// thresholds are probabilities below which a pixel is background.
var thresholds = flags.Span[float64]{Least: 0, Most: 1, Below: true}

// readBackgrounds takes the values of --background: a number is a threshold, anything else a list of what is background.
func (o *segmentOptions) readBackgrounds() error {
	if len(o.backgrounds) > 0 {
		o.Background = []string{} // there is a background, though it may have no texts
	}
	for _, v := range o.backgrounds {
		if _, err := strconv.ParseFloat(v, 64); err == nil || errors.Is(err, strconv.ErrRange) {
			if o.Threshold, err = thresholds.Parse(v); err != nil {
				return flags.Mistakef("--background %s: %w, or a list of texts", v, err)
			}
			continue
		}
		if err := flags.Text("--background", v, ""); err != nil {
			return err
		}
		c, err := segment.ParseClass(v)
		if err != nil {
			return flags.Mistakef("--background %w", err)
		}
		o.Background = append(o.Background, c.Texts...)
	}
	return nil
}

// parseRegion reads X,Y or X0,Y0,X1,Y1.
func parseRegion(s string) (image.Rectangle, error) {
	if s == "" {
		return image.Rectangle{}, nil
	}
	var n [4]int
	parts := strings.Split(s, ",")
	if len(parts) != 2 && len(parts) != 4 {
		return image.Rectangle{}, flags.Mistakef("--why %s: expected X,Y or X0,Y0,X1,Y1", s)
	}
	for i, part := range parts {
		if _, err := fmt.Sscanf(strings.TrimSpace(part)+"\n", "%d\n", &n[i]); err != nil {
			return image.Rectangle{}, flags.Mistakef("--why %s: expected numbers of pixels, found %q", s, part)
		}
	}
	if len(parts) == 2 {
		n[2], n[3] = n[0]+1, n[1]+1
	}
	if n[0] >= n[2] || n[1] >= n[3] {
		return image.Rectangle{}, flags.Mistakef("--why %s: expected X0 < X1 and Y0 < Y1", s)
	}
	return image.Rect(n[0], n[1], n[2], n[3]), nil
}
