package cli

import (
	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/show"
	"github.com/facet-clip/facet/lab"
)

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
			study, err := o.question(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			q := lab.Reconstruct{Study: study, Components: components, Reference: o.reference}
			return answered(cmd.Context(), a, q.Atlas, func(l *lab.Lab) (*answer.Reconstructions, error) {
				return l.Reconstruct(cmd.Context(), q)
			}, show.Reconstructions, charted(o.chart, lab.ReconstructionCurve))
		},
	}
	o.flags(cmd.Flags(), string(experiment.Pair))
	flags.Compat(cmd.Flags(), &o.reference, "take components of neurons and heads as the published code does, from their 50 images of largest norm")
	flags.Numbers(cmd.Flags(), &components, "components", []int{1, 2, 4}, flags.SomeOrNone, "how many components each unit keeps; 0 leaves the means")
	return cmd
}
