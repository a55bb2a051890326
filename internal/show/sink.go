package show

import (
	"fmt"
	"io"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/terminal"
)

// Sink prints where the class token looks.
func Sink(out io.Writer, r *answer.Sink) {
	grid := r.Grid
	fmt.Fprintf(out, "Attention of each place, mean over heads and %d pictures (the class token itself: %s)\n", r.Images, Percent(r.Class))
	for y := range grid {
		for x := range grid {
			fmt.Fprintf(out, " %6s", Percent(r.Mass[y*grid+x]))
		}
		fmt.Fprintln(out)
	}
	fmt.Fprintf(out, "Place %d (row %d, column %d) stands out most: %.2f times the attention of its neighbours%s.\n", r.Token, r.Token/grid, r.Token%grid, r.Ratio, sinkVerdict(r))
	registers(out, r)
	if r.Accuracy != nil {
		fmt.Fprintf(out, "Zero-shot accuracy %s; without place %d, %s.\n", Interval(r.Accuracy.With), r.Watched, Interval(r.Accuracy.Without))
	}
	if r.Published != nil {
		publishedSink(out, r.Published)
	}
}

// publishedSink prints what the published code finds.
func publishedSink(out io.Writer, p *answer.PublishedSink) {
	t := terminal.Table(out, "published: neuron", "change of the last place's attention", "fall", "pair", "change of its length without the sink")
	for i := range max(len(p.Neurons), len(p.Pairs)) {
		row := []any{"", "", "", "", ""}
		if i < len(p.Neurons) {
			n := p.Neurons[i]
			row[0], row[1], row[2] = n.Neuron, fmt.Sprintf("%.5f", n.Size), fmt.Sprintf("%+.5f", n.Signed)
		}
		if i < len(p.Pairs) {
			n := p.Pairs[i]
			row[3], row[4] = decompose.Pair{Head: n.Head, Neuron: n.Neuron}.String(), fmt.Sprintf("%.5f", n.Change)
		}
		t.AppendRow(row)
	}
	t.Render()
	if p.ZeroSink != nil {
		fmt.Fprintf(out, "Zero-shot accuracy with the last place's attention at zero %s; with %d neurons at zero in every token, %s.\n", Interval(*p.ZeroSink), len(p.Zeroed), Interval(*p.ZeroNeurons))
	}
}

// sinkVerdict says whether the place that stands out most is a sink.
func sinkVerdict(r *answer.Sink) string {
	if r.RatioLow == nil {
		return "; one picture does not tell whether it is a sink"
	}
	verdict := "no sink"
	if r.Exists {
		verdict = "a sink"
	}
	return fmt.Sprintf(" (%.2f to %.2f), %s", *r.RatioLow, *r.RatioHigh, verdict)
}

// registers lists the neurons that make a sink of the watched place; where there is none, nothing.
func registers(out io.Writer, r *answer.Sink) {
	if len(r.Registers) == 0 {
		return
	}
	columns := []string{"register neuron", fmt.Sprintf("share of the attention of place %d that goes without it", r.Watched)}
	switch {
	case r.Pairs != nil:
		columns = append(columns, append([]string{"its strongest pair"}, NameColumns(r.Labelling)...)...)
	case r.Words != nil:
		columns = append(columns, "words")
	}
	t := terminal.Table(out, columns...)
	for i, n := range r.Registers {
		row := []any{n.Neuron, Percent(n.Share)}
		switch {
		case r.Pairs != nil:
			p := r.Pairs[i]
			row = append(append(row, decompose.Pair{Head: p.Head, Neuron: p.Neuron}.String()), NameCells(r.Labelling, p.Names)...)
		case r.Words != nil:
			row = append(row, Words(r.Words[i]))
		}
		t.AppendRow(row)
	}
	t.Render()
}
