package cli

import (
	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/show"
	"github.com/facet-clip/facet/lab"
)

func (a *app) ablateCommand() *cobra.Command {
	var o studyOptions
	var q lab.Ablate
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
			if q.Notable && (o.chart != "" || cmd.Flags().Changed("percentile")) {
				return flags.Mistakef("--notable: there are no percentiles to choose or to draw")
			}
			study, err := o.question(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			q.Study = study
			return answered(cmd.Context(), a, q.Atlas, func(l *lab.Lab) (*answer.Ablations, error) {
				return l.Ablate(cmd.Context(), q)
			}, show.Ablations, charted(o.chart, lab.AblationCurve))
		},
	}
	o.flags(cmd.Flags(), string(experiment.Pair))
	flags.Numbers(cmd.Flags(), &q.Percentiles, "percentile", []float64{0, 50, 90, 95, 99}, flags.Span[float64]{Least: 0, Most: 100}, "percentiles of the scores")
	cmd.Flags().BoolVar(&q.Activations, "activations", false, "with --unit neuron, hold neurons where they fire, in every token; the pictures are looked at again")
	cmd.Flags().BoolVar(&q.Notable, "notable", false, "instead, hold in each image the units of note, which contribute more than their own fiftieth most, or all others")
	rootFlag(cmd.Flags(), &q.Roots)
	cmd.Flags().BoolVar(&q.Random, "random", false, "beside it, hold as many units drawn at random (five draws)")
	cmd.Flags().BoolVar(&q.Strong, "keep", false, "keep the units under each percentile and hold the others")
	return cmd
}
