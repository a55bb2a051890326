package cli

import (
	"context"
	"fmt"
	"image"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/segment"
)

// segmentOptions are the flags of facet segment.
type segmentOptions struct {
	segmentSettings
	paths               []string
	classes, file       string
	method, output, why string
	words               string
	backgrounds         []string
	saveLogits          bool
	top                 int
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
				return usagef("facet segment: expected either --classes, a list with commas, or --classes-file")
			case o.saveLogits && o.output == "":
				return usagef("--save-logits: expected -o DIR, where to put them")
			}
			return a.segment(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	o.flags(f)
	f.StringVar(&o.classes, "classes", "", "class names: a list with commas, or a `FILE` as --classes-file takes it")
	f.StringVar(&o.file, "classes-file", "", "a `FILE` with a class a line, its other names after commas")
	f.StringVar(&o.method, "method", segment.Facet.String(), "the method: facet, nap (the paper's), maskclip, selfself, surgery, cam, heads or neurons")
	f.StringArrayVar(&o.backgrounds, "background", nil, "what is none of the classes: a probability below which a pixel is background, or a list with commas of what\nthere is besides; may be given twice")
	f.StringVarP(&o.output, "output", "o", "", "write labels, overlay and JSON of each picture into this `DIR`")
	f.BoolVar(&o.saveLogits, "save-logits", false, "write a float map of each class as well")
	f.StringVar(&o.why, "why", "", "show the pairs behind the pixel `X,Y`, or the region X0,Y0,X1,Y1")
	f.StringVar(&o.words, "bank", "", "a `BANK` of facet texts, or a file with a text a line: name those pairs by it (the demo model has its own)")
	numberVar(f, &o.top, "top", 10, some, "show at most so many: pairs behind --why")
	return cmd
}

// segmentResult is what facet segment --json prints.
type segmentResult struct {
	Model    modelRecord      `json:"model"`
	Protocol protocolRecord   `json:"protocol"`
	Images   []segmented      `json:"images"`
	Skipped  []skippedPicture `json:"skipped,omitempty"`
}

// segmented is one picture with the share of each class that is in it, largest first.
type segmented struct {
	Image   string       `json:"image"`
	Width   int          `json:"width"`
	Height  int          `json:"height"`
	Windows int          `json:"windows"`
	Seconds float64      `json:"seconds"`
	Classes []classShare `json:"classes"`
	Why     *whyRecord   `json:"why,omitempty"`
}

type classShare struct {
	Class  string  `json:"class"`
	Label  int     `json:"label"`
	Pixels int     `json:"pixels"`
	Share  float64 `json:"share"`
}

type whyRecord struct {
	Region [4]int       `json:"region"` // left, top, right, bottom, the last two exclusive
	Class  string       `json:"class"`
	Text   string       `json:"text"`
	Logit  float64      `json:"logit"`
	Pairs  []pairReason `json:"pairs"`
}

type pairReason struct {
	Neuron int             `json:"neuron"`
	Head   int             `json:"head"`
	Amount float64         `json:"amount"`
	Share  float64         `json:"share"`
	Words  []concept.Match `json:"words,omitempty"`
}

func (a *app) segment(ctx context.Context, o segmentOptions) error {
	classes, err := o.readClasses(ctx)
	if err != nil {
		return err
	}
	method, err := segment.ParseMethod(o.method)
	if err != nil {
		return usageError{fmt.Errorf("--method: %w", err)}
	}
	region, err := parseRegion(o.why)
	if err != nil {
		return err
	}
	sources, total, err := segmentSources(ctx, o)
	if err != nil {
		return err
	}
	m, err := a.openFor(ctx, o.atlas)
	if err != nil {
		return err
	}
	defer m.Close()
	return m.segment(ctx, o, classes, method, segmentInput{sources, total, region})
}

// readClasses are those of --classes or --classes-file, behind the background's.
func (o *segmentOptions) readClasses(ctx context.Context) (classes []segment.Class, err error) {
	var entries []string
	file := o.file
	if file == "" {
		file = o.classes
		entries, err = listOrFile("--classes", o.classes)
	}
	switch {
	case err != nil:
		return nil, err
	case entries != nil:
		classes, err = segment.ReadClasses("--classes", strings.NewReader(strings.Join(entries, "\n")))
	default:
		classes, err = readText(ctx, file, segment.ReadClasses)
	}
	if err != nil {
		return nil, err
	}
	return o.background(o.backgrounds, classes)
}

// segmentInput is what is segmented: pictures, and with --why the region that is asked about.
type segmentInput struct {
	sources []*dataset.Source
	total   int // −1: unknown
	region  image.Rectangle
}

func (m *model) segment(ctx context.Context, o segmentOptions, classes []segment.Class, method segment.Method, in segmentInput) error {
	templates, err := o.prompts(ctx)
	if err != nil {
		return err
	}
	prompts := func(_ int, text string) []string { return templates.Fill(text) }
	embedded, err := m.embedClasses(ctx, classes, prompts)
	if err != nil {
		return err
	}
	runner, err := m.runner(ctx, o.segmentSettings, []segment.Method{method}, embedded)
	if err != nil {
		return err
	}
	var result segmentResult
	if result.Protocol, err = m.protocolRecord(ctx, o.segmentSettings, runner, classes, prompts); err == nil {
		err = result.Protocol.seal()
	}
	if err != nil {
		return err
	}
	if result.Model, err = m.record(ctx); err != nil {
		return err
	}
	p := m.app.progress("images", in.total)
	defer p.done()
	head, names := result, outputNames{}
	result.Skipped, err = m.app.eachPicture(ctx, in.sources, func(source *dataset.Source, path string, photo *image.NRGBA) error {
		base, err := "", error(nil)
		if o.output != "" {
			base, err = names.of(source, path)
		}
		if err != nil {
			return err
		}
		one, err := m.segmentPhoto(ctx, o, runner, path, photo, in.region, base, head)
		result.Images = append(result.Images, one)
		p.add(1)
		return err
	})
	p.done()
	if err != nil {
		return err
	}
	if m.app.json {
		return encodeJSON(m.app.stdout, result)
	}
	m.app.printSegmented(result.Images, o)
	return nil
}

// segmentPhoto does one picture; head is what its JSON file says before it, base the name of its files.
func (m *model) segmentPhoto(ctx context.Context, o segmentOptions, r *segment.Runner, path string, photo *image.NRGBA, region image.Rectangle, base string, head segmentResult) (segmented, error) {
	started := time.Now()
	maps, err := r.Run(ctx, photo)
	if err != nil {
		return segmented{}, fmt.Errorf("%s: %w", path, err)
	}
	labels := maps[0].Labels()
	one := segmented{
		Image: path, Width: labels.Size.X, Height: labels.Size.Y, Windows: maps[0].Windows(), Seconds: time.Since(started).Seconds(),
		Classes: shares(labels, maps[0].Classes.Names),
	}
	if o.why != "" {
		if one.Why, err = m.why(ctx, o, r, photo, maps[0], region); err != nil {
			return one, fmt.Errorf("%s: --why %s: %w", path, o.why, err)
		}
	}
	if o.output == "" {
		return one, nil
	}
	head.Images = []segmented{one}
	return one, writeSegmented(o, base, photo, maps[0], labels, head)
}

func shares(l *segment.Labels, names []string) (list []classShare) {
	for i, n := range l.Counts(len(names)) {
		if n > 0 {
			list = append(list, classShare{names[i], i, n, float64(n) / float64(len(l.Class))})
		}
	}
	slices.SortStableFunc(list, func(a, b classShare) int { return b.Pixels - a.Pixels })
	return list
}

// why names the pairs behind a region.
func (m *model) why(ctx context.Context, o segmentOptions, r *segment.Runner, photo image.Image, maps *segment.Maps, region image.Rectangle) (*whyRecord, error) {
	reason, err := r.Why(ctx, photo, maps, 0, region)
	if err != nil {
		return nil, err
	}
	ov := r.Methods[0].Pool.OV
	record := &whyRecord{
		Region: [4]int{region.Min.X, region.Min.Y, region.Max.X, region.Max.Y}, Class: maps.Classes.Names[reason.Class],
		Text: maps.Classes.Queries[reason.Query], Logit: reason.Logit,
	}
	var bank *concept.Bank
	if o.words != "" || m.name == demoName {
		if bank, err = m.wordBank(ctx, o.words, false); err != nil {
			return nil, err
		}
	}
	for _, p := range reason.Top(ov, o.top) {
		amount := float64(reason.Parts[ov.Index(p)])
		pair := pairReason{Neuron: p.Neuron, Head: p.Head, Amount: amount, Share: decompose.Share(amount, reason.Logit)}
		if bank != nil {
			pair.Words = bank.Nearest(ov.Direction(p), wordsPerPair)
		}
		record.Pairs = append(record.Pairs, pair)
	}
	return record, nil
}

// parseRegion reads X,Y or X0,Y0,X1,Y1.
func parseRegion(s string) (image.Rectangle, error) {
	if s == "" {
		return image.Rectangle{}, nil
	}
	var n [4]int
	parts := strings.Split(s, ",")
	if len(parts) != 2 && len(parts) != 4 {
		return image.Rectangle{}, usagef("--why %s: expected X,Y or X0,Y0,X1,Y1", s)
	}
	for i, part := range parts {
		if _, err := fmt.Sscanf(strings.TrimSpace(part)+"\n", "%d\n", &n[i]); err != nil {
			return image.Rectangle{}, usagef("--why %s: expected numbers of pixels, found %q", s, part)
		}
	}
	if len(parts) == 2 {
		n[2], n[3] = n[0]+1, n[1]+1
	}
	if n[0] >= n[2] || n[1] >= n[3] {
		return image.Rectangle{}, usagef("--why %s: expected X0 < X1 and Y0 < Y1", s)
	}
	return image.Rect(n[0], n[1], n[2], n[3]), nil
}
