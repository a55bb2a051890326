package cli

import (
	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/show"
	"github.com/facet-clip/facet/lab"
)

func (a *app) nearestCommand() *cobra.Command {
	var q lab.Nearest
	cmd := &cobra.Command{
		Use:   "nearest NEURON,HEAD",
		Short: "Find the texts most like the direction of a pair",
		Long:  `Ranks the texts of a bank, minus their mean, by cosine with the direction of a neuron–head pair.`,
		Example: `  facet nearest 12,3                                   in the demo model, in the words of its world
  facet nearest 624,21 --model RN50x16 --bank words.txt`,
		Args: argsBetween(1, 1, "one pair NEURON,HEAD"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if q.Pair, err = lab.ParsePair(args[0]); err != nil {
				return asUsage(err)
			}
			a.brief = !a.json
			return answered(cmd.Context(), a, "", func(l *lab.Lab) (*answer.Nearest, error) { return l.Nearest(cmd.Context(), q) }, show.Nearest)
		},
	}
	f := cmd.Flags()
	f.StringVar(&q.Bank, "bank", "", "common, objects, a `BANK` of facet texts, or a file with a text a line. Default: common; the demo model has its world's words")
	flags.Number(f, &q.Top, "top", 20, flags.Some, "show at most so many: texts")
	f.BoolVar(&q.Truncate, "truncate", false, "cut texts that are too long instead of refusing them")
	return cmd
}
