package cli

import (
	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/show"
	"github.com/facet-clip/facet/lab"
)

func (a *app) polysemanticityCommand() *cobra.Command {
	var o studyOptions
	var top int
	var share float64
	cmd := &cobra.Command{
		Use:   "polysemanticity ATLAS",
		Short: "Ask how many things one pair or one neuron stands for",
		Long: `Takes the ten images of a unit's largest centred contribution, and their embeddings, scaled to length 1. The unit's score is the sum of their squared
distances to their mean (paper, polysemanticity). It is low when the images are alike. Pairs are set against their neurons: the strongest pair of each,
and the pair of lowest score, which one half of the images chooses and the other half judges. Ten images are a smaller share of a larger dataset:
--share takes a fixed one.
Scores of pairs need no scalars; those of neurons and heads, and the comparison, need an atlas that was scanned with --keep-scalars.`,
		Example: `  facet polysemanticity photos.atlas --unit pair -o polysemanticity.png`,
		Args:    argsBetween(1, 1, "one atlas"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			q := lab.Polysemanticity{Atlas: args[0], Unit: o.unit, Top: top, Share: share}
			return answered(cmd.Context(), a, q.Atlas, func(l *lab.Lab) (*answer.Polysemanticity, error) {
				return l.Polysemanticity(cmd.Context(), q)
			}, show.Polysemanticity, charted(o.chart, lab.PolysemanticityCurve))
		},
	}
	o.unitFlags(cmd.Flags(), string(experiment.Pair))
	flags.Number(cmd.Flags(), &share, "share", 0, flags.Span[float64]{Least: 0, Most: 1}, "score a unit by this share of the images, 0.01 for one in a hundred, and not by ten")
	flags.Number(cmd.Flags(), &top, "top", 20, flags.Some, "show at most so many: units, those of lowest score")
	return cmd
}
