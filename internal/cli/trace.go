package cli

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/show"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/lab/tracing"
	"github.com/facet-clip/facet/npy"
)

func (a *app) traceCommand() *cobra.Command {
	var q tracing.Question
	var what, output string
	cmd := &cobra.Command{
		Use:   "trace SOURCE… --what tokens -o FILE.npy",
		Short: "Keep what pictures make on their way through the attention pool, as an array",
		Long: `Writes a row for each picture, and the names of the rows beside it. ` + sourceHelp + `

  tokens      how strongly each neuron fires at each place, positions included [K+1,C]
  attention   of the class query, in each head [M,K+1]
  attentions  of every token to every token [M,K+1,K+1]
  scalars     of the pairs [M,C]
  neuron:624  what neuron 624 writes at each place [K+1,D]
  lengths     of the tokens of each block of the last stage, and of what they would write [2,J,K+1]
  earlier     the scalars of each block of the last stage, pooled as the last block is [J,M,C]

The class token comes first, then the places, row by row.`,
		Example: `  facet trace photos/ --what attentions -o attentions.npy
  facet trace photo.jpg --what neuron:624 --model RN50x16 -o butterfly.npy`,
		Args: argsBetween(1, -1, "pictures or datasets"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if output == "" {
				return flags.Mistakef("facet trace: expected -o FILE.npy")
			}
			q.Sources = args
			var number string
			if q.What, number, _ = strings.Cut(what, ":"); (q.What == tracing.Neuron) != (number != "") {
				return flags.Mistakef("--what %s: expected tokens, attention, attentions, scalars, neuron:N, lengths or earlier", what)
			}
			if number != "" {
				var err error
				if q.Neuron, err = flags.SomeOrNone.Parse(number); err != nil {
					return flags.Mistakef("--what %s: expected the number of a neuron after the colon", what)
				}
			}
			return answered(cmd.Context(), a, "", func(l *lab.Lab) (r *answer.Trace, err error) {
				var file *npy.Named
				q.Shape = func(shape []int) (err error) {
					file, err = npy.CreateNamed(output, shape...)
					return err
				}
				q.Each = func(_ []string, rows []float32) error { return file.Add(rows) }
				r, err = tracing.Run(cmd.Context(), l, q)
				if file == nil {
					return nil, err
				}
				defer func() { err = errors.Join(err, file.Discard()) }()
				if err != nil {
					return nil, err
				}
				r.File, r.Names = output, file.Names()
				return r, file.Finish(r.Inputs)
			}, show.Trace)
		},
	}
	f := cmd.Flags()
	f.StringVar(&what, "what", "", "what to keep: tokens, attention, attentions, scalars, neuron:N, lengths, earlier")
	f.StringVarP(&output, "output", "o", "", "write rows of float32 into `FILE.npy`, and their names beside it")
	return cmd
}
