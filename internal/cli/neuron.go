package cli

import (
	"context"
	"errors"
	"fmt"
	"image"
	"log/slog"
	"math"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/plot"
)

// neuronOptions are the flags of facet neuron.
type neuronOptions struct {
	output, bank  string
	compat        string
	pairs, images int
	truncate      bool
	roots         []string
}

func (a *app) neuronCommand() *cobra.Command {
	var o neuronOptions
	cmd := &cobra.Command{
		Use:   "neuron ATLAS N -o FILE.png",
		Short: "Show what a neuron and its strongest pairs stand for: sub-concepts at a glance",
		Long: `The paper's figure: the images in which a neuron contributes most, beside those of its strongest pairs, each with the map of where it comes
from. The pictures are read again where the scan found them. Without scalars (facet scan --keep-scalars) only the pairs are shown.`,
		Example: `  facet neuron photos.atlas 624 -o neuron.png`,
		Args:    argsBetween(2, 2, "an atlas and the number of a neuron"),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := strconv.Atoi(args[1])
			if err != nil {
				return usagef("facet neuron: %q: expected the number of a neuron", args[1])
			}
			if o.compat != "" && o.compat != compatReference {
				return usagef("--compat %s: expected reference", o.compat)
			}
			if o.output == "" && !a.json {
				return usagef("facet neuron: expected -o FILE.png or --json")
			}
			return a.neuron(cmd.Context(), args[0], n, o)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.output, "output", "o", "", "write the contact sheet, `FILE`.png")
	f.StringVar(&o.bank, "bank", "", "a `BANK` of facet texts, or a file with a text a line: name pairs by it (the demo model has its own)")
	rootFlag(f, &o.roots)
	f.StringVar(&o.compat, "compat", "", "reference: rank images by contributions that are not centred and hold an even share of the biases")
	numberVar(f, &o.pairs, "top", 4, some, "show at most so many: pairs")
	numberVar(f, &o.images, "images", 5, span[int]{least: 1, most: atlas.Extremes}, "images of each")
	f.BoolVar(&o.truncate, "truncate", false, "cut texts that are too long instead of refusing them")
	return cmd
}

// neuronRow is a line of the sheet: a unit and its images. The first is the neuron's, where the atlas keeps scalars.
type neuronRow struct {
	Neuron int             `json:"neuron"`
	Head   *int            `json:"head,omitempty"` // absent for the neuron itself
	Norm   float64         `json:"norm"`           // of a pair: mean of the 50 largest centred contribution norms
	Words  []concept.Match `json:"words,omitempty"`
	pairNames
	Images []neuronImage `json:"images"`

	sign int
}

// neuronImage is an image in which a unit contributes much.
type neuronImage struct {
	Path  string  `json:"path"` // where the picture lies; as the atlas has it, from the root of its dataset, where it is not found
	Label string  `json:"label,omitempty"`
	Norm  float64 `json:"norm"` // of the centred contribution; with --compat reference of the whole one

	missing error // why the picture cannot be opened
}

func (a *app) neuron(ctx context.Context, dir string, n int, o neuronOptions) error {
	m, at, err := a.openAtlas(ctx, dir)
	if err != nil {
		return err
	}
	defer m.Close()
	ov, err := m.Decomposition()
	if err != nil {
		return err
	}
	if n < 0 || n >= ov.Channels {
		return usagef("neuron %d: expected 0 to %d", n, ov.Channels-1)
	}
	rows, err := m.neuronRows(ctx, ov, at, n, o)
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	if o.output != "" {
		sheet, err := m.unitSheet(ctx, ov, rows, fmt.Sprintf("Neuron %d and its strongest pairs, with the images in which each contributes most", n))
		if err != nil {
			return err
		}
		if err := writePNG(o.output, sheet); err != nil {
			return err
		}
	}
	if !a.json {
		for _, r := range rows {
			name := fmt.Sprintf("neuron %d", r.Neuron)
			if r.Head != nil {
				name = fmt.Sprintf("(%d,%d)", r.Neuron, *r.Head)
			}
			words := wordList(r.Words)
			if r.Says != nil {
				words = fmt.Sprintf("fires for %s; says %s", r.label.Fires, r.label.Says)
			}
			fmt.Fprintf(a.stdout, "%-12s %s\n", name, words)
		}
		fmt.Fprintf(a.stdout, "Their images and maps are in %s\n", o.output)
		return nil
	}
	record, err := m.record(ctx)
	if err != nil {
		return err
	}
	return encodeJSON(a.stdout, struct {
		Model modelRecord `json:"model"`
		Atlas string      `json:"atlas"`
		Rows  []neuronRow `json:"rows"`
	}{record, dir, rows})
}

// neuronRows finds the neuron's images and those of its strongest pairs.
func (m *model) neuronRows(ctx context.Context, ov *decompose.OV, at *atlas.Atlas, n int, o neuronOptions) ([]neuronRow, error) {
	var rows []neuronRow
	var wanted [][]atlas.Extreme
	weights, err := m.PoolWeights()
	if err != nil {
		return nil, err
	}
	rank := ranking{ov: ov, at: at, weights: weights, reference: o.compat == compatReference}
	switch top, err := rank.neuron(n, o.images); {
	case errors.Is(err, atlas.ErrNoScalars):
		slog.Warn("only the neuron's pairs are shown", "reason", err)
	case err != nil:
		return nil, err
	default:
		rows, wanted = append(rows, neuronRow{Neuron: n, sign: 1}), append(wanted, top)
	}
	pairs, err := rankPairs(ov, at, pairsOptions{neuron: n, head: -1, sort: sortNorm})
	if err != nil {
		return nil, err
	}
	pairs = pairs[:min(o.pairs, len(pairs))]
	shown := make([]decompose.Pair, len(pairs))
	for i, p := range pairs {
		shown[i] = p.pair()
	}
	labels, err := m.namesFor(ctx, ov, useOf(at), shown, o.bank, o.truncate)
	if err != nil {
		return nil, err
	}
	for i, p := range pairs {
		index := ov.Index(shown[i])
		rows = append(rows, neuronRow{Neuron: n, Head: &p.Head, Norm: p.Norm, sign: p.Sign})
		rows[len(rows)-1].pairNames = labels.of(index)
		far := rank.pair(index, o.images)
		wanted = append(wanted, far)
	}
	if o.bank != "" || m.name == demoName {
		bank, err := m.wordBank(ctx, o.bank, o.truncate)
		if err != nil {
			return nil, err
		}
		for i, r := range rows {
			if r.Head != nil {
				rows[i].Words = bank.Nearest(scaled(ov.Direction(decompose.Pair{Head: *r.Head, Neuron: n}), r.sign), wordsPerPair)
			}
		}
	}
	return rows, nameImages(at, rows, wanted, o.roots)
}

// ranking says in which images a unit contributes most: by the length of its centred contribution, or as the reference does, of the whole one with an
// even share of the biases (docs/design.md, 20).
type ranking struct {
	ov        *decompose.OV
	at        *atlas.Atlas
	weights   decompose.Weights
	reference bool
}

// neuron are a neuron's k images, with the length for a scalar.
func (r ranking) neuron(n, k int) ([]atlas.Extreme, error) {
	scalars, err := r.at.Scalars()
	if err != nil {
		return nil, err
	}
	defer scalars.Close()
	d := experiment.Data{Weights: r.weights, OV: r.ov, Row: scalars.Row, Norms: r.at.Norms, Gram: r.at.NeuronGram}
	if r.reference {
		return d.ReferenceTopOfNeuron(scalars.Images, n, k)
	}
	return d.TopOfNeuron(r.at.Stats.Mean, scalars.Images, n, k)
}

// pair are a pair's k images, with the length for a scalar.
func (r ranking) pair(p, k int) []atlas.Extreme {
	stats, length := r.at.Stats, float64(r.at.Norms[p])
	from, rest := stats.Mean[p], 0.0
	if r.reference {
		from, rest = experiment.BiasCentre(r.weights, r.ov, p)
	}
	far := stats.Farthest(p, k, from)
	for i := range far {
		along := (float64(far[i].Scalar) - from) * length
		far[i].Scalar = float32(math.Sqrt(along*along + rest))
	}
	return far
}

// nameImages looks the images up by number.
func nameImages(at *atlas.Atlas, rows []neuronRow, wanted [][]atlas.Extreme, roots []string) error {
	if err := at.CheckRoots(roots); err != nil {
		return err
	}
	found := map[uint32]atlas.Image{}
	for _, list := range wanted {
		for _, x := range list {
			found[x.Image] = atlas.Image{}
		}
	}
	i := uint32(0)
	for img, err := range at.Images() {
		if err != nil {
			return err
		}
		if _, ok := found[i]; ok {
			found[i] = img
		}
		i++
	}
	for r, list := range wanted {
		for _, x := range list {
			img := found[x.Image]
			shown := neuronImage{Path: img.Path, Label: img.Label, Norm: float64(max(x.Scalar, -x.Scalar))}
			if found, err := at.Picture(int(x.Image), img.Path, roots); err != nil {
				shown.missing = err
			} else {
				shown.Path = found
			}
			rows[r].Images = append(rows[r].Images, shown)
		}
	}
	return nil
}

// unitSheet draws a row for each unit: pictures, each beside the map of the unit over it.
func (m *model) unitSheet(ctx context.Context, ov *decompose.OV, rows []neuronRow, title string) (*image.RGBA, error) {
	columns := 0
	for _, r := range rows {
		columns = max(columns, len(r.Images))
	}
	var panels []plot.Panel
	bar := m.app.progress("pictures", len(rows)*columns)
	defer bar.done()
	for _, r := range rows {
		name := fmt.Sprintf("neuron %d", r.Neuron)
		if r.Head != nil {
			name = fmt.Sprintf("(%d,%d)", r.Neuron, *r.Head)
			if note := r.note(); note != "" {
				name += " " + note
			} else if len(r.Words) > 0 && r.Says == nil {
				name += " " + r.Words[0].Text
			}
		}
		for i := range columns {
			if i >= len(r.Images) {
				panels = append(panels, plot.Panel{Image: image.NewRGBA(image.Rect(0, 0, m.Config.Image, m.Config.Image))})
				continue
			}
			if err := r.Images[i].missing; err != nil {
				return nil, err
			}
			heat, err := m.unitMap(ctx, ov, r, r.Images[i].Path)
			if err != nil {
				return nil, err
			}
			panels = append(panels, plot.Panel{Title: name, Caption: fmt.Sprintf("%s %.2f", r.Images[i].Label, r.Images[i].Norm), Image: heat})
			bar.add(1)
		}
	}
	return plot.ContactSheet(title, columns, panels), nil
}

// unitMap is a picture beside the map of a pair, or of a neuron (the sum of its pairs' maps, each by the length of its direction).
func (m *model) unitMap(ctx context.Context, ov *decompose.OV, r neuronRow, path string) (image.Image, error) {
	seen, err := m.app.cropped(ctx, path, m.Config.Image)
	if err != nil {
		return nil, fmt.Errorf("reading a picture of the scan again: %w", err)
	}
	size, grid := m.Config.Image, m.Config.Grid()
	out, err := m.EncodeImages(ctx, graph.Floats(preprocess.Normalise(seen), 1, 3, size, size), clip.Attention, clip.Tokens)
	if err != nil {
		return nil, err
	}
	tokens, err := ov.Tokens(out[clip.Tokens].Floats, out[clip.Attention].Floats)
	if err != nil {
		return nil, err
	}
	values := make([]float32, grid*grid)
	for h := range ov.Heads {
		if r.Head != nil && *r.Head != h {
			continue
		}
		for i, v := range tokens.Map(decompose.Pair{Head: h, Neuron: r.Neuron})[1:] {
			values[i] += v
		}
	}
	heat := plot.HeatMap(seen, values, grid, grid, 0)
	return plot.Beside(seen, heat), nil
}
