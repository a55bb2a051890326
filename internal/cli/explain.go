package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/concept"
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
				return usagef("facet explain: expected one picture, or --pixels FILE.npy with one")
			}
			if cmd.Flags().Changed("text") && q.Text == "" {
				return usagef("--text: expected a text, found an empty one")
			}
			if err := checkText("--text", q.Text, ""); err != nil {
				return err
			}
			q.Picture = strings.Join(args, "")
			return a.explain(cmd.Context(), q, output)
		},
	}
	f := cmd.Flags()
	pictureFlags(f, &q.Pixels, &q.Whole)
	f.StringVar(&q.Text, "text", "", "explain the logit of this text instead of the embedding")
	f.StringVar(&q.Bank, "bank", "", "a `BANK` of facet texts, or a file with a text a line: name pairs by it (the demo model has its own)")
	f.StringVar(&q.Atlas, "atlas", "", "an `ATLAS` of the same model: name pairs by the labels that facet label left in it")
	f.StringVarP(&output, "output", "o", "", "write pictures, arrays and explain.json into this `DIR`")
	numberVar(f, &q.Top, "top", 20, some, "show at most so many: pairs")
	f.BoolVar(&q.Truncate, "truncate", false, "cut texts that are too long instead of refusing them")
	return cmd
}

func (a *app) explain(ctx context.Context, q lab.Explain, output string) error {
	l, err := a.openLab(ctx, q.Atlas)
	if err != nil {
		return err
	}
	defer l.Close()
	q.Brief = !a.json && output == "" // a table shows no more of the model than its name
	e, err := l.Explain(ctx, q)
	if errors.Is(err, atlas.ErrNoLabels) {
		return fmt.Errorf("--atlas %w; make them: facet label %s", err, q.Atlas)
	}
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
	if err := writePNG(filepath.Join(dir, "summary.png"), e.Summary()); err != nil {
		return err
	}
	return writeJSON(record, e.Answer)
}

func (a *app) printExplanation(e *lab.Explained) {
	out, r := a.stdout, e.Answer
	if r.Text == "" {
		fmt.Fprintf(out, "%s through %s: which pairs made its embedding\n", text.Bold.Sprint(r.Image.Path), r.Model.Name)
	} else {
		fmt.Fprintf(out, "%s through %s: which pairs made its logit for %q, %.3f\n", text.Bold.Sprint(r.Image.Path), r.Model.Name, r.Text, r.Total)
	}
	columns := []string{"(neuron,head)", "scalar", "‖contribution‖", e.PartsTitle()}
	switch {
	case r.Labelling != answer.Unlabelled:
		columns = append(columns, nameColumns(r.Labelling)...)
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
			row = append(row, nameCells(r.Labelling, p.Names)...)
		case p.Words != nil:
			row = append(row, wordList(p.Words))
		}
		t.AppendRow(row)
	}
	t.Render()
	fmt.Fprintf(out, "These %d of %d pairs hold %.1f %% of all that pairs add or take away. The constant term brings %s.\n",
		len(r.Pairs), len(e.Scalars.S), 100*r.TopShare, e.Part(e.Split.Bias, r.BiasShare))
	fmt.Fprintf(out, "Exactness: all pairs and the constant term miss the embedding by %.1e of its length.\n", r.Residual)
}

// wordList shows texts with their cosines.
func wordList(words []concept.Match) string {
	var list []string
	for _, w := range words {
		list = append(list, fmt.Sprintf("%s %.2f", w.Text, w.Cosine))
	}
	return strings.Join(list, ", ")
}
