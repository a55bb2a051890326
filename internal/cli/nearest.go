package cli

import (
	"fmt"
	"io"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/terminal"
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
			return answered(cmd.Context(), a, "", func(l *lab.Lab) (*answer.Nearest, error) { return l.Nearest(cmd.Context(), q) }, showNearest)
		},
	}
	f := cmd.Flags()
	f.StringVar(&q.Bank, "bank", "", "common, objects, a `BANK` of facet texts, or a file with a text a line (default common; for the demo its world's words)")
	flags.Number(f, &q.Top, "top", 20, flags.Some, "show at most so many: texts")
	f.BoolVar(&q.Truncate, "truncate", false, "cut texts that are too long instead of refusing them")
	return cmd
}

func showNearest(out io.Writer, found *answer.Nearest) {
	t := terminal.Table(out, "text", "cosine")
	t.SetColumnConfigs([]table.ColumnConfig{{Number: 2, Align: text.AlignRight}})
	for _, match := range found.Texts {
		t.AppendRow(table.Row{match.Text, fmt.Sprintf("%+.3f", match.Cosine)})
	}
	t.Render()
}
