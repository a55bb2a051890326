package cli

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/plot"
)

func (a *app) ablateCommand() *cobra.Command {
	var o studyOptions
	var percentiles []float64
	var random, strong bool
	cmd := &cobra.Command{
		Use:   "ablate ATLAS",
		Short: "Ask how many units a model can do without",
		Long: `Hold the weakest units (pairs, neurons or heads) at their mean and classify (paper, sparsity). A unit's score is the mean of its 50
largest centred contribution norms; those under each percentile of all scores are held.`,
		Example: `  facet ablate photos.atlas --unit pair --percentile 0,50,90,99 --random -o ablation.png
  facet ablate photos.atlas --keep        hold the strong ones instead, and keep the weak`,
		Args: argsBetween(1, 1, "one atlas, scanned with --keep-scalars"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			slices.Sort(percentiles)
			options := experiment.AblationOptions{Percentiles: percentiles, Strong: strong, Seed: 1}
			if random {
				options.Draws = 5
			}
			return a.ablate(cmd.Context(), args[0], o, options)
		},
	}
	o.flags(cmd.Flags(), string(experiment.Pair))
	numbersVar(cmd.Flags(), &percentiles, "percentile", []float64{0, 50, 90, 95, 99}, span[float64]{least: 0, most: 100}, "percentiles of the scores")
	cmd.Flags().BoolVar(&random, "random", false, "beside it, hold as many units drawn at random (five draws)")
	cmd.Flags().BoolVar(&strong, "keep", false, "keep the units under each percentile and hold the others")
	return cmd
}

func (a *app) ablate(ctx context.Context, dir string, o studyOptions, options experiment.AblationOptions) error {
	s, err := a.openStudy(ctx, dir, o)
	if err != nil {
		return err
	}
	defer s.close()
	u := experiment.Unit(o.unit)
	scores, err := s.scores(ctx, u)
	if err != nil {
		return err
	}
	rows, err := s.Ablate(ctx, s.means.Mean, scores, u, s.test, options)
	if err != nil {
		return err
	}
	if o.chart != "" {
		if err := writeChart(o.chart, ablationChart(o.unit, rows, options)); err != nil {
			return err
		}
	}
	record, err := s.record(ctx, dir, o)
	if err != nil {
		return err
	}
	if a.json {
		return encodeJSON(a.stdout, struct {
			studyRecord
			Strong bool                  `json:"strong_held"`
			Rows   []experiment.Ablation `json:"rows"`
		}{record, options.Strong, rows})
	}
	t := a.table("percentile", o.unit+"s held", "zero-shot accuracy (95 %)", "cosine", "random: accuracy (range)", "cosine")
	for _, r := range rows {
		row := []any{fmt.Sprintf("%g", r.Percentile), fmt.Sprintf("%d of %d", r.Held, r.Of), interval(r.Accuracy), fmt.Sprintf("%.4f", r.Cosine), "", ""}
		if r.Random != nil {
			if row[4] = interval(r.Accuracy); r.Accuracy.Of > 0 {
				row[4] = fmt.Sprintf("%.1f %% (%.1f to %.1f)", 100*r.Random.Mean, 100*r.Random.Low, 100*r.Random.High)
			}
			row[5] = fmt.Sprintf("%.4f", r.Random.Cosine)
		}
		t.AppendRow(row)
	}
	t.Render()
	fmt.Fprintf(a.stdout, "%d images, %d classes; means and scores from %s.\n", record.Images, record.Classes, record.Means)
	return nil
}

func ablationChart(unit string, rows []experiment.Ablation, o experiment.AblationOptions) plot.Curve {
	by := plot.Series{Name: "the weakest held"}
	if o.Strong {
		by.Name = "the strongest held"
	}
	random := plot.Series{Name: fmt.Sprintf("as many at random (%d draws)", o.Draws), Dashed: true}
	for _, r := range rows {
		by.X, by.Y = append(by.X, r.Percentile), append(by.Y, r.Accuracy.Value())
		by.Low, by.High = append(by.Low, r.Accuracy.Low), append(by.High, r.Accuracy.High)
		if r.Random != nil {
			random.X, random.Y = append(random.X, r.Percentile), append(random.Y, r.Random.Mean)
			random.Low, random.High = append(random.Low, math.Min(r.Random.Low, r.Random.Mean)), append(random.High, math.Max(r.Random.High, r.Random.Mean))
		}
	}
	c := plot.Curve{Title: "Mean ablation of " + unit + "s", X: "percentile of the scores", Y: "zero-shot accuracy", Series: []plot.Series{by}}
	if len(random.X) > 0 {
		c.Series = append(c.Series, random)
	}
	return c
}
