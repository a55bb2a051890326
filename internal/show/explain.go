package show

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/internal/terminal"
	"github.com/facet-clip/facet/lab"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// Explanation prints which pairs made an embedding or a logit.
func Explanation(out io.Writer, e *lab.Explained) {
	r := e.Answer
	if r.Text == "" {
		fmt.Fprintf(out, "%s through %s: which pairs made its embedding\n", text.Bold.Sprint(r.Image.Path), r.Model.Name)
	} else {
		fmt.Fprintf(out, "%s through %s: which pairs made its logit for %q, %.3f\n", text.Bold.Sprint(r.Image.Path), r.Model.Name, r.Text, r.Total)
	}
	groups(out, e)
	columns := []string{"(neuron,head)", "scalar", "‖contribution‖", e.PartsTitle()}
	switch {
	case r.Labelling != answer.Unlabelled:
		columns = append(columns, NameColumns(r.Labelling)...)
	case r.Pairs[0].Words != nil:
		columns = append(columns, "words")
	}
	t := terminal.Table(out, columns...)
	numbers := []table.ColumnConfig{{Number: 2, Align: text.AlignRight}, {Number: 3, Align: text.AlignRight}, {Number: 4, Align: text.AlignRight}}
	t.SetColumnConfigs(numbers)
	for _, p := range r.Pairs {
		row := table.Row{fmt.Sprintf("(%d,%d)", p.Neuron, p.Head), fmt.Sprintf("%.4f", p.Scalar), fmt.Sprintf("%.4f", p.ContributionNorm), e.Part(p.Amount, p.Share)}
		switch {
		case r.Labelling != answer.Unlabelled:
			row = append(row, NameCells(r.Labelling, p.Names)...)
		case p.Words != nil:
			row = append(row, Words(p.Words))
		}
		t.AppendRow(row)
	}
	t.Render()
	fmt.Fprintf(out, "These %d of %d pairs hold %.1f %% of all that pairs add or take away. The constant term brings %s.\n",
		len(r.Pairs), len(e.Scalars.S), 100*r.TopShare, e.Part(e.Split.Bias, r.BiasShare))
	fmt.Fprintf(out, "Exactness: all pairs and the constant term miss the embedding by %.1e of its length.\n", r.Residual)
}

// Nameless says what to do where nothing names the pairs.
const Nameless = "No labels are at hand to sum pairs by: --bank BANK names them by what they say, --atlas ATLAS by what they fire for."

// groups shows the sums of pairs, with what they are measured against.
func groups(out io.Writer, e *lab.Explained) {
	r := e.Answer
	if e.Wordless() {
		fmt.Fprintln(out, Nameless)
		return
	}
	if r.Against != nil {
		fmt.Fprintf(out, "against %s\n", e.AgainstText())
	}
	GroupTable(out, r.Groups, r.By, e.GroupsTitle(), r.GroupsTotal)
	if d := r.Redrawn; d != nil {
		fmt.Fprintf(out, "Intervals: the middle 95 of 100 amounts when the images of labels are drawn anew, %d times. %d pairs were named anew, which hold %.0f %% of what labelled pairs add or take away; the words of %d change in some draw.\n",
			d.Draws, d.Pairs, 100*d.Share, d.Changed)
	}
	fmt.Fprintln(out)
}

// GroupTable shows groups and what they sum to.
func GroupTable(out io.Writer, groups []answer.Group, by, amounts string, total float64) {
	intervals := slices.ContainsFunc(groups, func(g answer.Group) bool { return g.Low != nil })
	columns := []string{by, amounts, "share", "pairs", "strongest pairs"}
	if intervals {
		columns = append(columns, "95 % interval")
	}
	t := terminal.Table(out, columns...)
	t.SetColumnConfigs([]table.ColumnConfig{{Number: 2, Align: text.AlignRight}, {Number: 3, Align: text.AlignRight}, {Number: 4, Align: text.AlignRight}})
	for _, g := range groups {
		row := table.Row{GroupName(g, by), fmt.Sprintf("%+.3f", g.Amount), fmt.Sprintf("%+.1f %%", 100*g.Share), GroupCount(g), Strongest(g)}
		if g.Low != nil {
			row = append(row, fmt.Sprintf("%+.3f to %+.3f", *g.Low, *g.High))
		}
		t.AppendRow(row)
		for _, w := range g.Groups {
			t.AppendRow(table.Row{"  " + GroupName(w, lab.ByWord), fmt.Sprintf("%+.3f", w.Amount), "", GroupCount(w), Strongest(w)})
		}
	}
	t.AppendRow(table.Row{"sum", fmt.Sprintf("%+.3f", total)})
	t.Render()
}

// GroupName is a group as tables show it.
func GroupName(g answer.Group, by string) string {
	if g.Word == answer.Others {
		return fmt.Sprintf("%d other %ss", g.PairCount, by)
	}
	return g.Word
}

// GroupCount is the number of a group's pairs; the constant, a place and what is left over have none.
func GroupCount(g answer.Group) string {
	if len(g.Pairs) == 0 {
		return ""
	}
	return fmt.Sprint(g.PairCount)
}

// Strongest are the first pairs of a group.
func Strongest(g answer.Group) string {
	var list []string
	for _, p := range g.Pairs[:min(3, len(g.Pairs))] {
		list = append(list, fmt.Sprintf("(%d,%d)", p.Neuron, p.Head))
	}
	return strings.Join(list, " ")
}
