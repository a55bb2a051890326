package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/plot"
)

// topImages is how many images say what a unit stands for (paper, polysemanticity).
const topImages = 10

// polysemanticityResult is what facet polysemanticity --json prints.
type polysemanticityResult struct {
	studied
	Units      []scoredUnit           `json:"units"` // of lowest score, which stand for least
	Spread     experiment.Spread      `json:"spread"`
	Comparison *experiment.Comparison `json:"comparison,omitempty"` // absent for an atlas without scalars

	all map[experiment.Unit][]float64
}

// scoredUnit is a unit with its score; a neuron has no head and a head no neuron.
type scoredUnit struct {
	Neuron *int    `json:"neuron,omitempty"`
	Head   *int    `json:"head,omitempty"`
	Score  float64 `json:"score"`
}

func (a *app) polysemanticityCommand() *cobra.Command {
	var o studyOptions
	var top int
	cmd := &cobra.Command{
		Use:   "polysemanticity ATLAS",
		Short: "Ask how many things one pair or one neuron stands for",
		Long: `The score of a unit is the summed squared distance to their mean of the unit embeddings of its ten images of largest centred contribution
(paper, polysemanticity): low when they are alike. Pairs are set against their neurons: the strongest pair of each.
Scores of pairs need no scalars; those of neurons and heads, and the comparison, need an atlas that was scanned with --keep-scalars.`,
		Example: `  facet polysemanticity photos.atlas --unit pair -o polysemanticity.png`,
		Args:    argsBetween(1, 1, "one atlas"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			return a.polysemanticity(cmd.Context(), args[0], o, top)
		},
	}
	o.unitFlags(cmd.Flags(), string(experiment.Pair))
	numberVar(cmd.Flags(), &top, "top", 20, some, "show at most so many: units, those of lowest score")
	return cmd
}

func (a *app) polysemanticity(ctx context.Context, dir string, o studyOptions, top int) error {
	m, at, err := a.openAtlas(ctx, dir)
	if err != nil {
		return err
	}
	defer m.Close()
	r := polysemanticityResult{studied: studied{Atlas: dir, Unit: o.unit, Images: at.Manifest.Images}, all: map[experiment.Unit][]float64{}}
	if err := r.measure(ctx, m, at, top); err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	if o.chart != "" {
		if err := writeChart(o.chart, polysemanticityChart(r.all)); err != nil {
			return err
		}
	}
	if a.json {
		if r.Model, err = m.record(ctx); err != nil {
			return err
		}
		return encodeJSON(a.stdout, r)
	}
	a.printPolysemanticity(r)
	return nil
}

// measure scores the units asked for, and pairs against neurons. Pairs need what every atlas keeps; neurons and heads need scalars.
func (r *polysemanticityResult) measure(ctx context.Context, m *model, at *atlas.Atlas, top int) error {
	d, err := m.data(at)
	if err != nil {
		return err
	}
	units := []experiment.Unit{experiment.Pair, experiment.Neuron, experiment.Unit(r.Unit)}
	scalars, err := at.Scalars()
	switch {
	case errors.Is(err, atlas.ErrNoScalars) && r.Unit == string(experiment.Pair):
		slog.Warn("pairs are not set against their neurons", "reason", err)
		units = []experiment.Unit{experiment.Pair}
	case err != nil:
		return err
	default:
		defer scalars.Close()
		d.Row = scalars.Row
	}
	images := make([]int, at.Manifest.Images) // no accuracy is measured: every image may be a top image
	for i := range images {
		images[i] = i
	}
	for _, u := range units {
		if r.all[u] == nil {
			if r.all[u], err = d.Polysemanticity(ctx, at.Stats, images, u, topImages); err != nil {
				return err
			}
		}
	}
	asked := r.all[experiment.Unit(r.Unit)]
	r.Units, r.Spread = lowest(d.OV, experiment.Unit(r.Unit), asked, top), experiment.NewSpread(asked)
	if r.all[experiment.Neuron] == nil {
		return nil
	}
	strength, err := d.Scores(ctx, at.Stats, images, experiment.Pair, referenceTop)
	if err != nil {
		return err
	}
	c := d.Compare(r.all[experiment.Pair], r.all[experiment.Neuron], strength)
	r.Comparison = &c
	return nil
}

func (a *app) printPolysemanticity(r polysemanticityResult) {
	t := a.table("unit", "lowest", "quarter", "median", "three quarters", "highest")
	for _, u := range experiment.Units() {
		if len(r.all[u]) > 0 {
			x := experiment.NewSpread(r.all[u])
			t.AppendRow([]any{u, f3(x.Low), f3(x.Quarter), f3(x.Median), f3(x.ThreeQuarters), f3(x.High)})
		}
	}
	t.Render()
	if c := r.Comparison; c != nil {
		fmt.Fprintf(a.stdout, "The strongest pair of a neuron stands for less than the neuron in %d of %d neurons, for more in %d; median difference %+.3f, sign test p = %.1e.\n",
			c.Lower, c.Neurons, c.Higher, c.Median, c.P)
	}
	a.printScored(r.Units)
}

// lowest are the units of lowest score.
func lowest(ov *decompose.OV, unit experiment.Unit, scores []float64, top int) []scoredUnit {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[a], scores[b]) })
	var units []scoredUnit
	for _, i := range first(order, top) {
		u := scoredUnit{Score: scores[i]}
		switch p := ov.Pair(i); unit {
		case experiment.Neuron:
			u.Neuron = &i
		case experiment.Head:
			u.Head = &i
		default:
			u.Neuron, u.Head = &p.Neuron, &p.Head
		}
		units = append(units, u)
	}
	return units
}

func (a *app) printScored(units []scoredUnit) {
	t := a.table("stands for least", "score")
	for _, u := range units {
		var name string
		switch {
		case u.Head == nil:
			name = fmt.Sprintf("neuron %d", *u.Neuron)
		case u.Neuron == nil:
			name = fmt.Sprintf("head %d", *u.Head)
		default:
			name = decompose.Pair{Head: *u.Head, Neuron: *u.Neuron}.String()
		}
		t.AppendRow([]any{name, f3(u.Score)})
	}
	t.Render()
}

func f3(x float64) string { return fmt.Sprintf("%.3f", x) }

// polysemanticityChart is the cumulative distribution of the scores of each kind of unit.
func polysemanticityChart(scores map[experiment.Unit][]float64) plot.Curve {
	c := plot.Curve{Title: "How many things a unit stands for", X: "polysemanticity", Y: "share of units with less"}
	const steps = 100
	for _, u := range experiment.Units() {
		if len(scores[u]) == 0 {
			continue
		}
		sorted := slices.Clone(scores[u])
		slices.Sort(sorted)
		s := plot.Series{Name: string(u) + "s"}
		for i := range steps + 1 {
			s.X, s.Y = append(s.X, sorted[i*(len(sorted)-1)/steps]), append(s.Y, float64(i)/steps)
		}
		c.Series = append(c.Series, s)
	}
	return c
}
