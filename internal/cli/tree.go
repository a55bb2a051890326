package cli

import (
	"context"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/show"
	"github.com/facet-clip/facet/lab"
)

// treeOptions are the flags of facet tree.
type treeOptions struct {
	one    lab.Tree
	all    lab.Trees
	every  bool
	output string
}

func (a *app) treeCommand() *cobra.Command {
	var o treeOptions
	cmd := &cobra.Command{
		Use:   "tree ATLAS N",
		Short: "Split a neuron into sub-concepts: its heads, clustered by what they do",
		Long: `A neuron is a sum of parts, one through each head. facet clusters the parts by how much they do the same in the images of an atlas. It cuts the tree, and names each branch by what it fires for. The branches sum to the neuron exactly. With --all, every neuron is split, and the neurons are ranked by how
cleanly that is done, against random partitions of their heads.`,
		Example: `  facet tree photos.atlas 624 -o tree.png
  facet tree photos.atlas 624 --clusters 4
  facet tree photos.atlas --all`,
		Args: argsBetween(1, 2, "an atlas and the number of a neuron, or an atlas and --all"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(args); err != nil {
				return err
			}
			if o.every {
				return a.trees(cmd.Context(), o.all)
			}
			return a.tree(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.every, "all", false, "rank all neurons by how cleanly they split")
	f.StringVarP(&o.output, "output", "o", "", "write the drawing of the tree into `FILE`.png or .svg")
	f.StringVar(&o.one.Linkage, "linkage", "average", "how far apart clusters are: average (of 1 − cosine) or ward")
	flags.Number(f, &o.one.Clusters, "clusters", 0, flags.Some, "cut into so many parts (default: where the gap between merges is largest)")
	flags.Bank(f, &o.one.Bank, &o.one.Truncate, "name branches by it")
	flags.Number(f, &o.one.Images, "images", 5, flags.Span[int]{Least: 1, Most: decompose.Extremes}, "images of each branch")
	rootFlag(f, &o.one.Roots)
	flags.Number(f, &o.one.Draws, "draws", 200, flags.Some, "random partitions to set the parts against")
	flags.Number(f, &o.one.Seed, "seed", 0, flags.Seeds, "the seed of what is drawn: partitions")
	flags.Number(f, &o.all.Top, "top", 20, flags.Some, "show at most so many: neurons, with --all")
	return cmd
}

// check finds mistakes, and fills in the questions.
func (o *treeOptions) check(args []string) error {
	if o.every {
		if len(args) > 1 || o.output != "" {
			return flags.Mistakef("--all looks at every neuron: expected an atlas alone, and no -o")
		}
		o.all.Atlas, o.all.Linkage, o.all.Clusters, o.all.Draws, o.all.Seed = args[0], o.one.Linkage, o.one.Clusters, o.one.Draws, o.one.Seed
		return nil
	}
	if len(args) < 2 {
		return flags.Mistakef("expected the number of a neuron, or --all")
	}
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return flags.Mistakef("%q: expected the number of a neuron", args[1])
	}
	o.one.Atlas, o.one.Neuron = args[0], n
	return checkChart(o.output)
}

func (a *app) tree(ctx context.Context, o treeOptions) error {
	a.brief = !a.json
	l, err := a.openLab(ctx, o.one.Atlas)
	if err != nil {
		return err
	}
	defer l.Close()
	grown, err := l.Tree(ctx, o.one)
	if err != nil {
		return asUsage(err)
	}
	if o.output != "" {
		drawing, err := l.TreeDrawing(ctx, grown)
		if err == nil {
			err = writeFile(o.output, func(w io.Writer) error { return drawing.Write(w, strings.TrimPrefix(filepath.Ext(o.output), ".")) })
		}
		if err != nil {
			return err
		}
	}
	if a.json {
		return encodeJSON(a.stdout, grown)
	}
	show.Tree(a.stdout, grown)
	return nil
}

func (a *app) trees(ctx context.Context, q lab.Trees) error {
	a.brief = !a.json
	l, err := a.openLab(ctx, q.Atlas)
	if err != nil {
		return err
	}
	defer l.Close()
	r, err := l.Trees(ctx, q)
	if err != nil {
		return asUsage(err)
	}
	if a.json {
		return encodeJSON(a.stdout, r)
	}
	show.Trees(a.stdout, r)
	return nil
}
