package cli

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/show"
	"github.com/facet-clip/facet/lab"
)

func (a *app) neuronCommand() *cobra.Command {
	var q lab.Neuron
	var output string
	cmd := &cobra.Command{
		Use:   "neuron ATLAS N -o FILE.png",
		Short: "Show what a neuron and its strongest pairs stand for: sub-concepts at a glance",
		Long: `The paper's figure: the images in which a neuron contributes most, beside those of its strongest pairs. Each has the map
of where it comes from. The pictures are read again where the scan found them. Without scalars (facet scan --keep-scalars) only the pairs are shown.`,
		Example: `  facet neuron photos.atlas 624 -o neuron.png`,
		Args:    argsBetween(2, 2, "an atlas and the number of a neuron"),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := strconv.Atoi(args[1])
			if q.Atlas, q.Neuron = args[0], n; err != nil {
				return flags.Mistakef("facet neuron: %q: expected the number of a neuron", args[1])
			}
			if output == "" && !a.json {
				return flags.Mistakef("facet neuron: expected -o FILE.png or --json")
			}
			return a.neuron(cmd.Context(), q, output)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&output, "output", "o", "", "write the contact sheet, `FILE`.png")
	flags.Bank(f, &q.Bank, &q.Truncate, "name pairs by it")
	rootFlag(f, &q.Roots)
	flags.Compat(f, &q.Reference, "rank images by contributions that are not centred and hold an even share of the biases")
	flags.Number(f, &q.Pairs, "top", 4, flags.Some, "show at most so many: pairs")
	flags.Number(f, &q.Images, "images", 5, flags.Span[int]{Least: 1, Most: decompose.Extremes}, "images of each")
	return cmd
}

func (a *app) neuron(ctx context.Context, q lab.Neuron, output string) error {
	a.brief = !a.json
	l, err := a.openLab(ctx, q.Atlas)
	if err != nil {
		return err
	}
	defer l.Close()
	shown, err := l.Neuron(ctx, q)
	if err != nil {
		return asUsage(err)
	}
	if output != "" {
		sheet, err := l.NeuronSheet(ctx, shown)
		if err != nil {
			return err
		}
		if err := writePNG(output, sheet); err != nil {
			return err
		}
	}
	if a.json {
		return encodeJSON(a.stdout, shown)
	}
	show.Units(a.stdout, shown.Rows)
	fmt.Fprintf(a.stdout, "Their images and maps are in %s\n", output)
	return nil
}
