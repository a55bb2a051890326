package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/show"
	"github.com/facet-clip/facet/lab"
)

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
			return a.polysemanticity(cmd.Context(), lab.Polysemanticity{Atlas: args[0], Unit: o.unit, Top: top}, o.chart)
		},
	}
	o.unitFlags(cmd.Flags(), string(experiment.Pair))
	flags.Number(cmd.Flags(), &top, "top", 20, flags.Some, "show at most so many: units, those of lowest score")
	return cmd
}

func (a *app) polysemanticity(ctx context.Context, q lab.Polysemanticity, chart string) error {
	l, err := a.openLab(ctx, q.Atlas)
	if err != nil {
		return err
	}
	defer l.Close()
	r, err := l.Polysemanticity(ctx, q)
	if err != nil {
		return asUsage(err)
	}
	if chart != "" {
		if err := writeChart(chart, lab.PolysemanticityCurve(r)); err != nil {
			return err
		}
	}
	if a.json {
		return encodeJSON(a.stdout, r)
	}
	show.Polysemanticity(a.stdout, r)
	return nil
}
