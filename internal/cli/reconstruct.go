package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/show"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/lab/directions"
)

func (a *app) reconstructCommand() *cobra.Command {
	var o studyOptions
	q := directions.InWords{}
	var components []int
	cmd := &cobra.Command{
		Use:   "reconstruct ATLAS",
		Short: "Ask how much of a model a few directions of each unit carry",
		Long: `Replace every unit (pair, neuron or head) by its mean plus the projection of the rest on its first principal components. Then classify the result
(paper, reconstruction). A pair has one direction, so with one component its model comes back exactly. A neuron sums pairs of different directions, and a head many neurons. So
with few components they lose something.

With --words, each unit keeps one direction: a pair its own, a neuron or a head its first component. That direction is written as a sum of a few texts.`,
		Example: `  facet reconstruct photos.atlas --unit neuron --components 1,2,4 -o reconstruct.png
  facet reconstruct photos.atlas --unit neuron --words 1,4,16,64`,
		Args: argsBetween(1, 1, "one atlas, scanned with --keep-scalars"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if err := o.check(); err != nil {
				return err
			}
			if len(q.Words) > 0 && cmd.Flags().Changed("components") {
				return flags.Mistakef("--words keeps one component of each unit: expected no --components beside it")
			}
			if q.Study, err = o.question(cmd.Context(), args[0]); err != nil {
				return err
			}
			q.Reference = o.reference
			return answered(cmd.Context(), a, q.Atlas, func(l *lab.Lab) (*answer.Reconstructions, error) {
				return reconstruct(cmd.Context(), l, q, components)
			}, show.Reconstructions, charted(o.chart, lab.ReconstructionCurve))
		},
	}
	f := cmd.Flags()
	o.flags(f, string(experiment.Pair))
	flags.Compat(f, &o.reference, "take components of neurons and heads as the published code does, from their 50 images of largest norm; with --words its dictionary too")
	flags.Numbers(f, &components, "components", []int{1, 2, 4}, flags.SomeOrNone, "how many components each unit keeps; 0 leaves the means")
	flags.Numbers(f, &q.Words, "words", nil, flags.Some, "write each unit's one direction as a sum of so many texts: 1,4,16,64")
	flags.Bank(f, &q.Bank, &q.Truncate, "with --words, write directions in it")
	return cmd
}

// reconstruct asks for components, or for words.
func reconstruct(ctx context.Context, l *lab.Lab, q directions.InWords, components []int) (*answer.Reconstructions, error) {
	if len(q.Words) > 0 {
		return directions.Reconstruct(ctx, l, q)
	}
	return l.Reconstruct(ctx, lab.Reconstruct{Study: q.Study, Components: components, Reference: q.Reference})
}
