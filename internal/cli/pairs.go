package cli

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/show"
	"github.com/facet-clip/facet/lab"
)

func (a *app) pairsCommand() *cobra.Command {
	var q lab.Pairs
	neuron, head := -1, -1
	var chart string
	cmd := &cobra.Command{
		Use:   "pairs ATLAS",
		Short: "Rank the pairs of a model by what they did in a dataset",
		Long: `Rank neuron–head pairs by an atlas. --sort norm is by the mean of the 50 largest centred contribution norms: how much
the model uses a pair (paper, sparsity). --sort mean is by the mean of the contribution, --sort poly by polysemanticity (least first).`,
		Example: `  facet pairs photos.atlas --bank words.txt
  facet pairs photos.atlas --neuron 624`,
		Args: argsBetween(1, 1, "one atlas"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains([]string{lab.SortNorm, lab.SortMean, lab.SortPoly}, q.Sort) {
				return flags.Mistakef("--sort %s: expected norm, mean or poly", q.Sort)
			}
			if err := checkChart(chart); err != nil {
				return err
			}
			if q.Atlas = args[0]; neuron >= 0 {
				q.Neuron = &neuron
			}
			if head >= 0 {
				q.Head = &head
			}
			return a.pairs(cmd.Context(), q, chart)
		},
	}
	f := cmd.Flags()
	flags.Number(f, &neuron, "neuron", -1, flags.SomeOrNone, "only the pairs of this neuron (default all)")
	flags.Number(f, &head, "head", -1, flags.SomeOrNone, "only the pairs of this head (default all)")
	flags.Number(f, &q.Top, "top", 20, flags.Some, "show at most so many: pairs")
	f.StringVarP(&chart, "output", "o", "", "write a chart of how use is spread over the pairs into `FILE`.png or .svg")
	f.StringVar(&q.Sort, "sort", lab.SortNorm, "norm, mean or poly")
	flags.Bank(f, &q.Bank, &q.Truncate, "name pairs by it")
	return cmd
}

func (a *app) pairs(ctx context.Context, q lab.Pairs, chart string) error {
	a.brief = !a.json
	l, err := a.openLab(ctx, q.Atlas)
	if err != nil {
		return err
	}
	defer l.Close()
	ranked, err := l.Pairs(ctx, q)
	if err != nil {
		return asUsage(err)
	}
	if chart != "" {
		curve, err := l.UseCurve(ctx, q)
		if err == nil {
			err = writeChart(chart, curve)
		}
		if err != nil {
			return err
		}
	}
	if a.json {
		return encodeJSON(a.stdout, ranked)
	}
	show.Pairs(a.stdout, ranked)
	return nil
}
