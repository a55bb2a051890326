package cli

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/show"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/lab/directions"
	"github.com/facet-clip/facet/npy"
)

func (a *app) componentsCommand() *cobra.Command {
	var q directions.Components
	var output string
	cmd := &cobra.Command{
		Use:   "components ATLAS",
		Short: "Write the principal directions of neurons or heads, as an array and in words",
		Long: `What a neuron or a head contributes changes from image to image. Its first components are the directions along which it changes most. They are written
into an array, and the first of each is written as a sum of texts (paper, labels of neurons). A pair needs no components: it has one direction.`,
		Example: `  facet components photos.atlas -o neurons.npy
  facet components photos.atlas --unit head --rank 8 --terms 16`,
		Args: argsBetween(1, 1, "one atlas"),
		RunE: func(cmd *cobra.Command, args []string) error {
			q.Atlas = args[0]
			var rows []float32
			ask := func(l *lab.Lab) (r *answer.Components, err error) {
				if r, rows, err = directions.Of(cmd.Context(), l, q); err == nil {
					r.File = output
				}
				return r, err
			}
			return answered(cmd.Context(), a, q.Atlas, ask, show.Components, func(r *answer.Components) error {
				if output == "" {
					return nil
				}
				return writeFile(output, func(w io.Writer) error { return npy.Write(w, rows, r.Count, r.Rank, r.Embed) })
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&q.Unit, "unit", string(experiment.Neuron), "the unit: neuron or head")
	flags.Number(f, &q.Rank, "rank", 4, flags.Some, "components of each unit, at most")
	flags.Number(f, &q.Terms, "terms", 64, flags.Some, "texts in a label, at most")
	flags.Number(f, &q.Top, "top", 20, flags.Some, "show at most so many: units in words, those of the largest first component")
	flags.Bank(f, &q.Bank, &q.Truncate, "write directions in it")
	flags.Compat(f, &q.Reference, "take components as the published code does, from the 50 images of largest norm, and its dictionary; needs scalars")
	f.StringVarP(&output, "output", "o", "", "write the components of all units into `FILE`.npy: float32 [units,components,D]")
	return cmd
}
