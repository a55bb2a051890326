package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/show"
	"github.com/facet-clip/facet/lab"
)

func (a *app) explainCommand() *cobra.Command {
	var q lab.Explain
	var output string
	cmd := &cobra.Command{
		Use:   "explain IMAGE",
		Short: "Show which neuron–head pairs made a picture's embedding, exactly",
		Long: `Split the embedding of a picture into contributions of neuron–head pairs. The split is exact: a pair's scalar times its direction, summed over all
pairs, plus a constant, is the embedding. With --text, split the logit of that text instead.`,
		Example: `  facet explain photo.jpg                                  the pairs that made the embedding
  facet explain photo.jpg --text "a yellow car" -o out     … that made it a yellow car, with maps and pictures in out/
  facet explain photo.jpg --bank words.txt                … named by the words of a list
  facet explain photo.jpg --atlas photos.atlas             … by the labels that an atlas keeps`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 || (len(args) == 1) == (q.Pixels != "") {
				return flags.Mistakef("facet explain: expected one picture, or --pixels FILE.npy with one")
			}
			if cmd.Flags().Changed("text") && q.Text == "" {
				return flags.Mistakef("--text: expected a text, found an empty one")
			}
			if err := flags.Text("--text", q.Text, ""); err != nil {
				return err
			}
			q.Picture = strings.Join(args, "")
			return a.explain(cmd.Context(), q, output)
		},
	}
	f := cmd.Flags()
	pictureFlags(f, &q.Pixels, &q.Whole)
	f.StringVar(&q.Text, "text", "", "explain the logit of this text instead of the embedding")
	f.StringVar(&q.Bank, "bank", "", "common, objects, a `BANK` of facet texts, or a file with a text a line: name pairs by it. Default: the labels of --atlas. Without an atlas: common; the demo model has its own")
	f.StringVar(&q.Atlas, "atlas", "", "an `ATLAS` of the same model: name pairs by the labels that facet label left in it")
	f.StringVar(&q.By, "by", lab.ByWord, "the parts: sums of pairs by word, neuron, head (with its words), token or pair")
	f.StringVar(&q.Assign, "assign", lab.AssignShared, "give a pair of several words to each of them by weight (shared), or to the first")
	flags.Number(f, &q.Cover, "cover", 0.5, flags.Span[float64]{Least: 0, Most: 1, Above: true}, "list words until they hold this share (0.8 or 80%) of all that words add or take away, 30 words or --top at most")
	f.StringVar(&q.Against, "against", "", "measure against another `TEXT`: why --text rather than this one")
	f.StringVar(&q.Contrast, "contrast", "", "measure against another `PICTURE`: why this picture rather than that")
	f.StringVar(&q.Baseline, "baseline", "", `measure against the "average text" of the bank, the "average picture" of the atlas, or none.
Default with --text: the average text, where a bank is at hand. Default without: the average picture, where an atlas is`)
	f.BoolVar(&q.Intervals, "intervals", false, "with --atlas: give each word a 95 % interval, by naming the 200 strongest pairs anew from their images drawn with replacement")
	f.StringVarP(&output, "output", "o", "", "write pictures, arrays and explain.json into this `DIR`")
	flags.Number(f, &q.Top, "top", 20, flags.Some, "show at most so many: pairs")
	f.BoolVar(&q.Truncate, "truncate", false, "cut texts that are too long instead of refusing them")
	return cmd
}

func (a *app) explain(ctx context.Context, q lab.Explain, output string) error {
	a.brief = !a.json && output == ""
	l, err := a.openLab(ctx, q.Atlas)
	if err != nil {
		return err
	}
	defer l.Close()
	e, err := l.Explain(ctx, q)
	if err != nil {
		return asUsage(err)
	}
	if output != "" {
		if err := writeExplanation(output, e); err != nil {
			return err
		}
	}
	if a.json {
		return encodeJSON(a.stdout, e.Answer)
	}
	show.Explanation(a.stdout, e)
	if output != "" {
		fmt.Fprintf(a.stdout, "\nPictures and arrays are in %s: begin with summary.png\n", output)
	}
	return nil
}

// writeExplanation leaves the arrays, the pictures and explain.json in dir; explain.json comes last, so that where it is, all is. It puts the
// files of the maps into the answer.
func writeExplanation(dir string, e *lab.Explained) error {
	if err := os.MkdirAll(filepath.Join(dir, "maps"), 0o755); err != nil {
		return err
	}
	record := filepath.Join(dir, "explain.json")
	if err := os.Remove(record); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err // of an earlier run
	}
	ov := e.Scalars.OV
	arrays := errors.Join(
		writeNPY(filepath.Join(dir, "embedding.npy"), e.Embedding, len(e.Embedding)),
		writeNPY(filepath.Join(dir, "attention.npy"), e.Tokens.A, ov.Heads, e.Tokens.N),
		writeNPY(filepath.Join(dir, "scalars.npy"), e.Scalars.S, ov.Heads, ov.Channels))
	if arrays != nil {
		return arrays
	}
	for i, heat := range e.Maps() {
		p := &e.Answer.Pairs[i]
		p.Map = fmt.Sprintf("maps/%02d-neuron%d-head%d.png", i+1, p.Neuron, p.Head)
		if err := writePNG(filepath.Join(dir, p.Map), heat); err != nil {
			return err
		}
	}
	if err := writeGroupMaps(dir, e); err != nil {
		return err
	}
	if err := writeSheet(filepath.Join(dir, "summary.png"), e.Summary()); err != nil {
		return err
	}
	return writeJSON(record, e.Answer)
}

// groupMaps is how many groups have a map written.
const groupMaps = 20

// writeGroupMaps leaves the maps of the first groups in dir, and puts their files into the answer.
func writeGroupMaps(dir string, e *lab.Explained) error {
	for _, m := range e.GroupMaps(groupMaps) {
		g := &e.Answer.Groups[m.Group]
		g.Map = fmt.Sprintf("maps/group-%02d-%s.png", m.Group+1, fileName(strings.Replace(g.Word, "−", "minus ", 1)))
		if err := writePNG(filepath.Join(dir, g.Map), m.Image); err != nil {
			return err
		}
	}
	return nil
}
