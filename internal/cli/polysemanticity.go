package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/plot"
)

// topImages is how many images say what a unit stands for (paper, polysemanticity).
const topImages = 10

// polysemanticityResult is what facet polysemanticity --json prints.
type polysemanticityResult struct {
	studyRecord
	Scores     []float64              `json:"scores"` // of every unit, by flat index
	Spread     experiment.Spread      `json:"spread"`
	Comparison *experiment.Comparison `json:"comparison,omitempty"`
}

func (a *app) polysemanticityCommand() *cobra.Command {
	var o studyOptions
	cmd := &cobra.Command{
		Use:   "polysemanticity ATLAS",
		Short: "Ask how many things one pair or one neuron stands for",
		Long: `The score of a unit is the summed squared distance to their mean of the unit embeddings of its ten images of largest centred contribution
(paper, polysemanticity): low when they are alike. Pairs are set against their neurons: the strongest pair of each.`,
		Example: `  facet polysemanticity photos.atlas --unit pair -o polysemanticity.png`,
		Args:    argsBetween(1, 1, "one atlas, scanned with --keep-scalars"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			return a.polysemanticity(cmd.Context(), args[0], o)
		},
	}
	o.flags(cmd.Flags(), string(experiment.Pair))
	return cmd
}

func (a *app) polysemanticity(ctx context.Context, dir string, o studyOptions) error {
	s, err := a.openStudy(ctx, dir, o)
	if err != nil {
		return err
	}
	defer s.close()
	all := make([]int, s.Images()) // no accuracy is measured: every image may be a top image
	for i := range all {
		all[i] = i
	}
	scores := map[experiment.Unit][]float64{}
	for _, u := range []experiment.Unit{experiment.Pair, experiment.Neuron, experiment.Unit(o.unit)} {
		if scores[u] == nil {
			if scores[u], err = s.Polysemanticity(ctx, s.atlas.Stats, all, u, topImages); err != nil {
				return err
			}
		}
	}
	r := polysemanticityResult{Scores: scores[experiment.Unit(o.unit)]}
	r.Spread = experiment.NewSpread(r.Scores)
	if r.studyRecord, err = s.record(ctx, dir, o); err != nil {
		return err
	}
	r.Images, r.Means = s.Images(), "all images"
	strength, err := s.Scores(ctx, s.atlas.Stats, all, experiment.Pair, referenceTop)
	if err != nil {
		return err
	}
	c := s.Compare(scores[experiment.Pair], scores[experiment.Neuron], strength)
	r.Comparison = &c
	if o.chart != "" {
		if err := writeChart(o.chart, polysemanticityChart(scores)); err != nil {
			return err
		}
	}
	if a.json {
		return encodeJSON(a.stdout, r)
	}
	t := a.table("unit", "lowest", "quarter", "median", "three quarters", "highest")
	for _, u := range experiment.Units() {
		if len(scores[u]) > 0 {
			x := experiment.NewSpread(scores[u])
			t.AppendRow([]any{u, f3(x.Low), f3(x.Quarter), f3(x.Median), f3(x.ThreeQuarters), f3(x.High)})
		}
	}
	t.Render()
	fmt.Fprintf(a.stdout, "The strongest pair of a neuron stands for less than the neuron in %d of %d neurons, for more in %d; median difference %+.3f, sign test p = %.1e.\n",
		c.Lower, c.Neurons, c.Higher, c.Median, c.P)
	return nil
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
