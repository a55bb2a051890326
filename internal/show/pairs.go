package show

import (
	"fmt"
	"io"
	"slices"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/terminal"
	"github.com/facet-clip/facet/lab"
)

// Pairs prints what pairs did in a dataset.
func Pairs(out io.Writer, ranked *answer.Pairs) {
	columns := []string{"(neuron,head)", "norm", "mean", "deviation", "sign", "polysemanticity"}
	if ranked.Labelling != answer.Unlabelled {
		columns = append(columns, NameColumns(ranked.Labelling)...)
	} else {
		columns = append(columns, "words")
	}
	t := terminal.Table(out, columns...)
	for _, p := range ranked.Pairs {
		row := []any{fmt.Sprintf("(%d,%d)", p.Neuron, p.Head), Score(p.Norm), Score(p.Mean), Score(p.Deviation), fmt.Sprintf("%+d", p.Sign), Score(p.Polysemanticity)}
		if ranked.Labelling != answer.Unlabelled {
			row = append(row, NameCells(ranked.Labelling, p.Names)...)
		} else {
			row = append(row, Words(p.Words))
		}
		t.AppendRow(row)
	}
	t.Render()
}

// Units prints a neuron and its pairs.
func Units(out io.Writer, units []answer.Unit) {
	for _, u := range units {
		name := fmt.Sprintf("neuron %d", u.Neuron)
		if u.Head != nil {
			name = fmt.Sprintf("(%d,%d)", u.Neuron, *u.Head)
		}
		words := Words(u.Words)
		if u.Says != nil {
			words = fmt.Sprintf("fires for %s; says %s", u.Fires.String(), u.Says.String())
		}
		fmt.Fprintf(out, "%-12s %s\n", name, words)
	}
}

// Hits prints what a search found.
func Hits(out io.Writer, found *answer.Search) {
	hits := found.Hits
	units := [...]string{lab.UnitHead, lab.UnitNeuron, "(neuron,head)"}
	column := 0
	if len(hits) > 0 && hits[0].Neuron != nil {
		if column = 1; hits[0].Head != nil {
			column = 2
		}
	}
	columns := []string{units[column], "cosine"}
	if len(hits) > 0 && hits[0].Use != nil {
		columns = append(columns, "use")
	}
	labelled := slices.ContainsFunc(hits, func(h answer.Hit) bool { return h.Says != nil })
	if labelled {
		columns = append(columns, NameColumns(found.Labelling)...)
	}
	t := terminal.Table(out, columns...)
	t.SetColumnConfigs([]table.ColumnConfig{{Number: 2, Align: text.AlignRight}, {Number: 3, Align: text.AlignRight}})
	for _, h := range hits {
		var name string
		switch column {
		case 0:
			name = fmt.Sprint(*h.Head)
		case 1:
			name = fmt.Sprint(*h.Neuron)
		default:
			name = decompose.Pair{Head: *h.Head, Neuron: *h.Neuron}.String()
		}
		row := table.Row{name, fmt.Sprintf("%+.3f", h.Cosine)}
		if h.Use != nil {
			row = append(row, Score(*h.Use))
		}
		if labelled {
			row = append(row, NameCells(found.Labelling, h.Names)...)
		}
		t.AppendRow(row)
	}
	t.Render()
}
