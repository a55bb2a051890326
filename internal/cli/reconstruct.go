package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/plot"
)

// referenceTop is how many images the reference takes a unit's direction and score from.
const referenceTop = 50

func (a *app) reconstructCommand() *cobra.Command {
	var o studyOptions
	var components []int
	cmd := &cobra.Command{
		Use:   "reconstruct ATLAS",
		Short: "Ask how much of a model a few directions of each unit carry",
		Long: `Replace every unit (pair, neuron or head) by its mean plus the projection of the rest on its first principal components, and
classify the result (paper, reconstruction). A pair has one direction, so with one component its model comes back exactly; a
neuron sums pairs of different directions, and a head many neurons, so few components lose something.`,
		Example: `  facet reconstruct photos.atlas --unit neuron --components 1,2,4 -o reconstruct.png`,
		Args:    argsBetween(1, 1, "one atlas, scanned with --keep-scalars"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			slices.Sort(components)
			return a.reconstruct(cmd.Context(), args[0], o, components)
		},
	}
	o.flags(cmd.Flags(), string(experiment.Pair))
	cmd.Flags().StringVar(&o.compat, "compat", "", "reference: take components of neurons and heads as the published code does, from their 50 images of largest norm")
	numbersVar(cmd.Flags(), &components, "components", []int{1, 2, 4}, someOrNone, "how many components each unit keeps; 0 leaves the means")
	return cmd
}

func (a *app) reconstruct(ctx context.Context, dir string, o studyOptions, components []int) error {
	s, err := a.openStudy(ctx, dir, o)
	if err != nil {
		return err
	}
	defer s.close()
	basis := experiment.Basis{Unit: experiment.Pair}
	if u, rank := experiment.Unit(o.unit), components[len(components)-1]; u != experiment.Pair {
		if o.compat == compatReference {
			basis, err = s.referenceComponents(ctx, u, rank)
		} else {
			basis, err = s.Components(s.means, u, rank)
		}
		if err != nil {
			return err
		}
	}
	rows, err := s.Reconstruct(ctx, s.means.Mean, basis, components, s.test)
	if err != nil {
		return err
	}
	if o.chart != "" {
		if err := writeChart(o.chart, reconstructionChart(o.unit, rows)); err != nil {
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
			Rows []experiment.Reconstruction `json:"rows"`
		}{record, rows})
	}
	t := a.table("components of each "+o.unit, "zero-shot accuracy (95 %)", "cosine with the embedding")
	for _, r := range rows {
		cosine := fmt.Sprintf("%.4f", r.Cosine)
		if record.Images > 1 { // of one image no spread is known
			cosine += fmt.Sprintf(" ± %.4f", r.CosineHalf)
		}
		t.AppendRow([]any{r.Components, interval(r.Accuracy), cosine})
	}
	t.Render()
	fmt.Fprintf(a.stdout, "%d images, %d classes; means and components from %s.\n", record.Images, record.Classes, record.Means)
	return nil
}

// referenceComponents are the published code's, of the images that s̄ comes from.
func (s *study) referenceComponents(ctx context.Context, u experiment.Unit, rank int) (experiment.Basis, error) {
	fit, images, err := s.fitting()
	if err != nil {
		return experiment.Basis{}, err
	}
	return fit.ReferenceComponents(ctx, s.means, images, u, rank, referenceTop)
}

func reconstructionChart(unit string, rows []experiment.Reconstruction) plot.Curve {
	var accuracy, cosine plot.Series
	accuracy.Name, cosine.Name, cosine.Dashed = "zero-shot accuracy", "cosine with the embedding", true
	for _, r := range rows {
		x := float64(r.Components)
		accuracy.X, accuracy.Y = append(accuracy.X, x), append(accuracy.Y, r.Accuracy.Value())
		accuracy.Low, accuracy.High = append(accuracy.Low, r.Accuracy.Low), append(accuracy.High, r.Accuracy.High)
		cosine.X, cosine.Y = append(cosine.X, x), append(cosine.Y, r.Cosine)
	}
	return plot.Curve{Title: "Reconstruction from " + unit + "s", X: "principal components of each " + unit, Y: "accuracy, cosine", Series: []plot.Series{accuracy, cosine}}
}
