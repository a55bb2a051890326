package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/answer"
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
		Long: `Split the embedding of a picture into contributions of neuron–head pairs, exactly: a pair's scalar times its direction,
summed over all pairs, plus a constant, is the embedding. With --text, split the logit of that text instead.`,
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
	f.StringVar(&q.Bank, "bank", "", "common, objects, a `BANK` of facet texts, or a file with a text a line: name pairs by it (default: the labels of --atlas; without one common, and the demo model has its own)")
	f.StringVar(&q.Atlas, "atlas", "", "an `ATLAS` of the same model: name pairs by the labels that facet label left in it")
	f.StringVar(&q.By, "by", lab.ByWord, "the parts: sums of pairs by word, neuron, head (with its words), token or pair")
	f.StringVar(&q.Assign, "assign", lab.AssignShared, "give a pair of several words to each of them by weight (shared), or to the first")
	flags.Number(f, &q.Cover, "cover", 0.5, flags.Span[float64]{Least: 0, Most: 1, Above: true}, "list words until they hold this share (0.8 or 80%) of all that words add or take away, 30 words or --top at most")
	f.StringVar(&q.Against, "against", "", "measure against another `TEXT`: why --text rather than this one")
	f.StringVar(&q.Contrast, "contrast", "", "measure against another `PICTURE`: why this picture rather than that")
	f.StringVar(&q.Baseline, "baseline", "", `measure against the "average text" of the bank, the "average picture" of the atlas, or none
(default: the average text with --text where a bank is at hand, the average picture without where an atlas is)`)
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
	a.printExplanation(e)
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

func (a *app) printExplanation(e *lab.Explained) {
	out, r := a.stdout, e.Answer
	if r.Text == "" {
		fmt.Fprintf(out, "%s through %s: which pairs made its embedding\n", text.Bold.Sprint(r.Image.Path), r.Model.Name)
	} else {
		fmt.Fprintf(out, "%s through %s: which pairs made its logit for %q, %.3f\n", text.Bold.Sprint(r.Image.Path), r.Model.Name, r.Text, r.Total)
	}
	a.printGroups(e)
	columns := []string{"(neuron,head)", "scalar", "‖contribution‖", e.PartsTitle()}
	switch {
	case r.Labelling != answer.Unlabelled:
		columns = append(columns, show.NameColumns(r.Labelling)...)
	case r.Pairs[0].Words != nil:
		columns = append(columns, "words")
	}
	t := a.table(columns...)
	numbers := []table.ColumnConfig{{Number: 2, Align: text.AlignRight}, {Number: 3, Align: text.AlignRight}, {Number: 4, Align: text.AlignRight}}
	t.SetColumnConfigs(numbers)
	for _, p := range r.Pairs {
		row := table.Row{fmt.Sprintf("(%d,%d)", p.Neuron, p.Head), fmt.Sprintf("%.4f", p.Scalar), fmt.Sprintf("%.4f", p.ContributionNorm), e.Part(p.Amount, p.Share)}
		switch {
		case r.Labelling != answer.Unlabelled:
			row = append(row, show.NameCells(r.Labelling, p.Names)...)
		case p.Words != nil:
			row = append(row, show.Words(p.Words))
		}
		t.AppendRow(row)
	}
	t.Render()
	fmt.Fprintf(out, "These %d of %d pairs hold %.1f %% of all that pairs add or take away. The constant term brings %s.\n",
		len(r.Pairs), len(e.Scalars.S), 100*r.TopShare, e.Part(e.Split.Bias, r.BiasShare))
	fmt.Fprintf(out, "Exactness: all pairs and the constant term miss the embedding by %.1e of its length.\n", r.Residual)
}

// nameless says what to do where nothing names the pairs.
const nameless = "No labels are at hand to sum pairs by: --bank BANK names them by what they say, --atlas ATLAS by what they fire for."

// printGroups shows the sums of pairs, with what they are measured against.
func (a *app) printGroups(e *lab.Explained) {
	r := e.Answer
	if e.Wordless() {
		fmt.Fprintln(a.stdout, nameless)
		return
	}
	if r.Against != nil {
		fmt.Fprintf(a.stdout, "against %s\n", e.AgainstText())
	}
	a.groupTable(r.Groups, r.By, e.GroupsTitle(), r.GroupsTotal)
	if d := r.Redrawn; d != nil {
		fmt.Fprintf(a.stdout, "Intervals: the middle 95 of 100 amounts when the images of labels are drawn anew, %d times. %d pairs were named anew, which hold %.0f %% of what labelled pairs add or take away; the words of %d change in some draw.\n",
			d.Draws, d.Pairs, 100*d.Share, d.Changed)
	}
	fmt.Fprintln(a.stdout)
}

// groupTable shows groups and what they sum to.
func (a *app) groupTable(groups []answer.Group, by, amounts string, total float64) {
	intervals := slices.ContainsFunc(groups, func(g answer.Group) bool { return g.Low != nil })
	columns := []string{by, amounts, "share", "pairs", "strongest pairs"}
	if intervals {
		columns = append(columns, "95 % interval")
	}
	t := a.table(columns...)
	t.SetColumnConfigs([]table.ColumnConfig{{Number: 2, Align: text.AlignRight}, {Number: 3, Align: text.AlignRight}, {Number: 4, Align: text.AlignRight}})
	for _, g := range groups {
		row := table.Row{groupName(g, by), fmt.Sprintf("%+.3f", g.Amount), fmt.Sprintf("%+.1f %%", 100*g.Share), groupCount(g), strongest(g)}
		if g.Low != nil {
			row = append(row, fmt.Sprintf("%+.3f to %+.3f", *g.Low, *g.High))
		}
		t.AppendRow(row)
		for _, w := range g.Groups {
			t.AppendRow(table.Row{"  " + groupName(w, lab.ByWord), fmt.Sprintf("%+.3f", w.Amount), "", groupCount(w), strongest(w)})
		}
	}
	t.AppendRow(table.Row{"sum", fmt.Sprintf("%+.3f", total)})
	t.Render()
}

// groupName is a group as tables show it.
func groupName(g answer.Group, by string) string {
	if g.Word == answer.Others {
		return fmt.Sprintf("%d other %ss", g.PairCount, by)
	}
	return g.Word
}

// groupCount is the number of a group's pairs; the constant, a place and what is left over have none.
func groupCount(g answer.Group) string {
	if len(g.Pairs) == 0 {
		return ""
	}
	return fmt.Sprint(g.PairCount)
}

// strongest are the first pairs of a group.
func strongest(g answer.Group) string {
	var list []string
	for _, p := range g.Pairs[:min(3, len(g.Pairs))] {
		list = append(list, fmt.Sprintf("(%d,%d)", p.Neuron, p.Head))
	}
	return strings.Join(list, " ")
}
