package show

import (
	"fmt"
	"io"
	"strings"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/terminal"
)

// Head prints what an atlas knows of a head.
func Head(out io.Writer, h *answer.HeadDetail) {
	fmt.Fprintf(out, "Head %d has %s of all that pairs do in %s.\n", h.Head, Percent(h.Share), h.Atlas)
	if len(h.Texts) > 0 {
		t := terminal.Table(out, "text", "deviation along it", "variance held so far")
		for _, x := range h.Texts {
			t.AppendRow([]any{x.Text, fmt.Sprintf("%.4f", x.Deviation), Percent(x.Explained)})
		}
		t.Render()
	}
	t := terminal.Table(out, "component", "variance", "toward", "away")
	for i, c := range h.Components {
		t.AppendRow([]any{i + 1, Percent(c.Share), matches(c.Toward), matches(c.Away)})
	}
	t.Render()
	if h.Named > 0 {
		var words []string
		for _, w := range h.Words[:min(10, len(h.Words))] {
			words = append(words, fmt.Sprintf("%s (%d)", w.Text, w.Pairs))
		}
		fmt.Fprintf(out, "Words that name most of its %d labelled pairs: %s\n", h.Named, strings.Join(words, ", "))
	}
	nearImages(out, h.Near)
}

// matches are the first texts of a list.
func matches(list []concept.Match) string {
	var texts []string
	for _, m := range list[:min(4, len(list))] {
		texts = append(texts, m.Text)
	}
	return strings.Join(texts, ", ")
}

// nearImages prints the images most like another; nothing where there are none.
func nearImages(out io.Writer, near []answer.NearImage) {
	if len(near) == 0 {
		return
	}
	t := terminal.Table(out, "image", "path", "label", "cosine")
	for _, n := range near {
		t.AppendRow([]any{n.Image, n.Path, n.Label, fmt.Sprintf("%+.3f", n.Cosine)})
	}
	t.Render()
}

// Property prints which units carry a property.
func Property(out io.Writer, p *answer.Property) {
	columns := []string{p.Unit, "score"}
	if p.Unit == "pair" {
		columns = append(columns, NameColumns(p.Labelling)...)
	}
	t := terminal.Table(out, columns...)
	for _, u := range p.Units {
		row := []any{"", fmt.Sprintf("%+.3f", u.Score)}
		switch {
		case u.Head == nil:
			row[0] = *u.Neuron
		case u.Neuron == nil:
			row[0] = *u.Head
		default:
			row[0] = decompose.Pair{Head: *u.Head, Neuron: *u.Neuron}.String()
			row = append(row, NameCells(p.Labelling, u.Names)...)
		}
		t.AppendRow(row)
	}
	t.Render()
	fmt.Fprintf(out, "Score: mean correlation with the whole embedding along %s, over %d images.\n", strings.Join(p.Texts, ", "), p.Images)
	nearImages(out, p.Near)
}

// Confusion prints which words make one thing look like another.
func Confusion(out io.Writer, c *answer.Confusion) {
	pushing(out, fmt.Sprintf("makes %q look like %q", c.Against, c.Text), c.Words)
	fmt.Fprintf(out, "By the %d pairs that tell the two apart most.\n", len(c.Pairs))
}

// Discovery prints the words of a picture.
func Discovery(out io.Writer, d *answer.Discovery) {
	pushing(out, "word", d.Words)
	fmt.Fprintf(out, "%d pairs contribute more to %s than to all but 49 images of %s; these words are of the %d strongest.\n", d.Notable, d.Picture, d.Atlas, d.Labelled)
}

func pushing(out io.Writer, title string, words []answer.PushingWord) {
	t := terminal.Table(out, title, "amount", "pairs")
	for _, w := range words {
		t.AppendRow([]any{w.Text, fmt.Sprintf("%.3f", w.Amount), w.Pairs})
	}
	t.Render()
}
