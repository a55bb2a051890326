package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/show"
	"github.com/facet-clip/facet/lab"
)

func (a *app) searchCommand() *cobra.Command {
	var q lab.Search
	var output string
	var roots []string
	cmd := &cobra.Command{
		Use:   "search TEXT",
		Short: "Find the pairs, neurons or heads whose direction is most like a text",
		Long: `Ranks units by the cosine of their direction with a text, from the weights alone, with no picture. The mean of a bank is taken off
the text first: what all texts share says nothing about this one.`,
		Example: `  facet search "a yellow car"                                    in the demo model
  facet search "a yellow car" --model RN50 --bank words.txt
  facet search "a butterfly" --model RN50 --no-center --unit neuron
  facet search "a butterfly" --atlas photos.atlas -o butterfly.png    with how much each pair is used, and its images`,
		Args: argsBetween(1, 1, "one TEXT, in quotes"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if q.Unit != lab.UnitPair && q.Unit != lab.UnitNeuron && q.Unit != lab.UnitHead {
				return flags.Mistakef("--unit %s: expected %s, %s or %s", q.Unit, lab.UnitPair, lab.UnitNeuron, lab.UnitHead)
			}
			if q.Atlas != "" && q.Unit != lab.UnitPair {
				return flags.Mistakef("--atlas: says what pairs did, found --unit %s", q.Unit)
			}
			if output != "" && q.Atlas == "" {
				return flags.Mistakef("-o: pictures come from an atlas: expected --atlas")
			}
			if err := flags.Text("TEXT", args[0], ""); err != nil {
				return err
			}
			q.Text = args[0]
			return a.search(cmd.Context(), q, output, roots)
		},
	}
	f := cmd.Flags()
	f.StringVar(&q.Unit, "unit", lab.UnitPair, "the unit: pair, neuron (all heads alike) or head (its first principal direction)")
	flags.Bank(f, &q.Bank, &q.Truncate, "centre over it")
	f.StringVar(&q.Atlas, "atlas", "", "an `ATLAS` of the same model: say how much each pair is used in it")
	rootFlag(f, &roots)
	f.StringVarP(&output, "output", "o", "", "write the images of the best pairs as a contact sheet, `FILE`.png")
	f.BoolVar(&q.NoCenter, "no-center", false, "take the text as it is")
	flags.Number(f, &q.Top, "top", 20, flags.Some, "show at most so many: units")
	return cmd
}

func (a *app) search(ctx context.Context, q lab.Search, output string, roots []string) error {
	a.brief = !a.json
	l, err := a.openLab(ctx, q.Atlas)
	if err != nil {
		return err
	}
	defer l.Close()
	found, err := l.Search(ctx, q)
	if err != nil {
		return asUsage(err)
	}
	if output != "" {
		sheet, err := l.SearchSheet(ctx, found, roots)
		if err != nil {
			return err
		}
		if err := writePNG(output, sheet); err != nil {
			return err
		}
	}
	if a.json {
		return encodeJSON(a.stdout, found)
	}
	show.Hits(a.stdout, found)
	return nil
}
