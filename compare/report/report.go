// Package report writes a comparison of two models as one HTML page that needs nothing beside it.
package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"strings"

	"github.com/facet-clip/facet/answer"
)

// Page is what the report shows; numbers come as they are to be printed.
type Page struct {
	Headline, Title string
	Facts           []Fact
	Terms, Words    []Bar
	Tables          []Table
}

// Fact is a line on what was compared and how.
type Fact struct{ Name, Value string }

// Bar is a share of a whole.
type Bar struct {
	Name, Share string
	Width       float64 // in percent of the room
	Negative    bool
}

// Table is a table with a heading and a note.
type Table struct {
	Title, Note string
	Columns     []string
	Rows        [][]string
}

//go:embed page.html
var pageHTML string

var page = template.Must(template.New("page").Parse(pageHTML))

// Write writes the page.
func (p Page) Write(w io.Writer) error { return page.Execute(w, p) }

// New is the page of a comparison.
func New(r *answer.ModelComparison) *Page {
	p := &Page{Headline: Headline(r), Title: fmt.Sprintf("%s (A) and %s (B)", r.A.Name, r.B.Name)}
	fact := func(name, format string, args ...any) {
		p.Facts = append(p.Facts, Fact{name, fmt.Sprintf(format, args...)})
	}
	fact("A", "%s (%.12s)", r.A.Name, r.A.SHA256)
	fact("B", "%s (%.12s)", r.B.Name, r.B.SHA256)
	if w := r.Weights; w != nil {
		fact("Tensors that differ", "%d%s", w.Tensors, firstNames(w))
		fact("Pairs that turned", "%d of %d, by more than %g", w.Turned, w.Pairs, w.Rounding)
	}
	if d := r.Difference; d != nil {
		fact("Images", "%d; mean cosine of both embeddings %.4f; length of the difference %s of the embedding's", d.Images, d.Cosine, percent(d.Length))
		p.Terms, p.Words = bars(differences(d)), bars(words(d))
	}
	if t := r.Doing; t != nil {
		fact("Pairs that do otherwise", "%d of %d, at a false discovery rate of %g", t.Changed, t.Tested, t.Level)
		fact("The same of A's halves", "%.1f pairs; %s have p ≤ %g, the mean of %d halvings", t.NullChanged, percent(t.NullLow), t.Level, t.Halves)
	}
	if m := r.Matching; m != nil {
		fact("Pairs with a partner", "%d of %d; the median correlation on held-out images is %.3f, chance %.3f", m.Partners, min(m.Candidates[0], m.Candidates[1]), m.Median, m.Chance)
	}
	for _, t := range []Table{turned(r), pairs(r), classes(r), matched(r), alone(r)} {
		if len(t.Rows) > 0 {
			p.Tables = append(p.Tables, t)
		}
	}
	return p
}

// All are the page's shares and tables as tables, in their order.
func (p Page) All() (all []Table) {
	for _, b := range []struct {
		title, column string
		bars          []Bar
	}{{TermsTitle, "term", p.Terms}, {"By word", "word", p.Words}} {
		t := Table{Title: b.title, Columns: []string{b.column, "share"}}
		for _, x := range b.bars {
			t.Rows = append(t.Rows, []string{x.Name, x.Share})
		}
		if len(t.Rows) > 0 {
			all = append(all, t)
		}
	}
	return append(all, p.Tables...)
}

// TermsTitle heads the terms of a difference.
const TermsTitle = "What the difference of the embeddings is made of"

// firstNames are the first names of tensors that differ, behind a colon.
func firstNames(w *answer.WeightChange) string {
	const most = 3
	if len(w.Names) == 0 {
		return ""
	}
	names := ": " + strings.Join(w.Names[:min(most, len(w.Names))], ", ")
	if w.Tensors > most {
		names += " …"
	}
	return names
}

// Headline is the result in a sentence.
func Headline(r *answer.ModelComparison) string {
	switch {
	case r.Weights == nil && r.Matching != nil:
		return fmt.Sprintf("%d of %d pairs have a partner in the other model", r.Matching.Partners, r.Matching.Candidates[0])
	case r.Weights == nil:
		return "Two architectures"
	case r.Weights.Tensors == 0:
		return "Both checkpoints hold the same weights"
	case r.Weights.Turned == 0 && r.Doing == nil:
		return "No pair says anything else"
	case r.Doing == nil:
		return pairCount(r.Weights.Turned, "says", "say") + " something else"
	}
	return pairCount(r.Weights.Turned, "says", "say") + " something else, and " + pairCount(r.Doing.Changed, "does", "do") + " otherwise"
}

// pairCount is a number of pairs with the verb for it.
func pairCount(n int, one, many string) string {
	if n == 1 {
		return "1 pair " + one
	}
	return fmt.Sprintf("%d pairs %s", n, many)
}

// term is a named share.
type term struct {
	name  string
	share float64
}

// differences are the terms of a difference, which sum to 1.
func differences(d *answer.EmbeddingChange) []term {
	return []term{
		{"Δs·u: pairs fire otherwise", d.Fires}, {"s·Δu: pairs say otherwise", d.Says}, {"Δs·Δu: both", d.Both}, {"Δb: the constant", d.Constant}, {"rounding of what is stored", d.Residual},
	}
}

func words(d *answer.EmbeddingChange) (terms []term) {
	for _, g := range d.Words {
		name := g.Word
		if name == answer.Others {
			name = fmt.Sprintf("%d other words", g.PairCount)
		}
		terms = append(terms, term{name, g.Share})
	}
	return terms
}

func bars(terms []term) (out []Bar) {
	longest := 1e-9
	for _, t := range terms {
		longest = max(longest, math.Abs(t.share))
	}
	for _, t := range terms {
		out = append(out, Bar{t.name, percent(t.share), 100 * math.Abs(t.share) / longest, t.share < 0})
	}
	return out
}

func percent(x float64) string { return fmt.Sprintf("%.1f %%", 100*x) }

func pair(neuron, head int) string { return fmt.Sprintf("(%d,%d)", neuron, head) }

// name is a pair's name in a line: what it fires for, else what it says; empty where it has none.
func name(n answer.Names) string {
	for _, name := range []*answer.Name{n.Fires, n.Says} {
		if name != nil && name.Named {
			return name.String()
		}
	}
	return ""
}

// amount is a pair with its name and its part of a change.
func amount(p answer.ClassPair) string {
	return fmt.Sprintf("%s %+.3f", named(p.Neuron, p.Head, p.Names), p.Amount)
}

// named is a pair with its name, where it has one.
func named(neuron, head int, n answer.Names) string {
	return strings.TrimSpace(pair(neuron, head) + " " + name(n))
}

// number is a number with so many digits; a dash where it is not defined.
func number(n answer.Number, digits int) string {
	if math.IsNaN(float64(n)) {
		return "–"
	}
	return fmt.Sprintf("%.*f", digits, float64(n))
}

func turned(r *answer.ModelComparison) Table {
	t := Table{Title: "Pairs that say something else", Note: "From the weights alone. More and less are the words most like the difference of the directions, and like its opposite.",
		Columns: []string{"pair (neuron,head)", "name", "cosine", "length", "more", "less"}}
	if r.Weights == nil {
		return t
	}
	for _, p := range r.Weights.Top {
		t.Rows = append(t.Rows, []string{pair(p.Neuron, p.Head), name(p.Names), fmt.Sprintf("%.3f", p.Cosine), fmt.Sprintf("× %.3f", p.Ratio), texts(p, true), texts(p, false)})
	}
	return t
}

// texts are the words of what a pair says more, or less.
func texts(p answer.TurnedPair, more bool) string {
	list := p.Less
	if more {
		list = p.More
	}
	var texts []string
	for _, m := range list {
		texts = append(texts, m.Text)
	}
	return strings.Join(texts, ", ")
}

func pairs(r *answer.ModelComparison) Table {
	t := Table{Title: "Pairs that make the difference", Note: "Share is of the whole difference of the embeddings. Alike is the correlation of the pair's scalars in A and B; spread is how much it varies in B over A.",
		Columns: []string{"pair (neuron,head)", "name", "share", "fires", "says", "both", "alike", "spread", "adjusted p"}}
	if r.Difference == nil {
		return t
	}
	for _, p := range r.Difference.Pairs {
		t.Rows = append(t.Rows, []string{pair(p.Neuron, p.Head), name(p.Names), percent(p.Share), percent(p.Fires), percent(p.Says), percent(p.Both),
			number(p.Alike, 3), number(p.Size, 2), fmt.Sprintf("%.2g", p.P)})
	}
	return t
}

// mostClasses bounds the classes on the page: those that changed most.
const mostClasses = 20

func classes(r *answer.ModelComparison) Table {
	t := Table{Title: "Classes", Note: "Those whose margin changed most, 20 at most. The margin of a class is its logit less the mean logit of the others, over the images of the class. The pairs' parts sum to its change.",
		Columns: []string{"class", "images", "accuracy in A", "in B", "margin", "raised by", "lowered by"}}
	list := func(pairs []answer.ClassPair) string {
		var texts []string
		for _, p := range pairs[:min(2, len(pairs))] {
			if math.Abs(p.Amount) >= 5e-4 { // else it is printed as nothing
				texts = append(texts, amount(p))
			}
		}
		return strings.Join(texts, "; ")
	}
	for _, c := range r.Classes[:min(mostClasses, len(r.Classes))] {
		t.Rows = append(t.Rows, []string{c.Class, fmt.Sprint(c.Images), percent(c.Before.Value()), percent(c.After.Value()), fmt.Sprintf("%+.3f", c.Margin), list(c.Better), list(c.Worse)})
	}
	return t
}

func matched(r *answer.ModelComparison) Table {
	m := r.Matching
	t := Table{Title: "Pairs with a partner", Columns: []string{"pair of A", "name", "pair of B", "name", "correlation", "held out"}}
	if m == nil {
		return t
	}
	t.Note = fmt.Sprintf("%d matches lie above chance (%.3f). Matches come from half of the images and are measured on the other.", m.Partners, m.Chance)
	for _, x := range m.Matches {
		t.Rows = append(t.Rows, []string{pair(x.A.Neuron, x.A.Head), name(x.A.Names), pair(x.B.Neuron, x.B.Head), name(x.B.Names), fmt.Sprintf("%.3f", x.Fit), fmt.Sprintf("%.3f", x.Held)})
	}
	return t
}

func alone(r *answer.ModelComparison) Table {
	t := Table{Title: "Pairs without a partner", Note: "Those that each model uses most.", Columns: []string{"of A", "of B"}}
	if r.Matching == nil {
		return t
	}
	list := func(pairs []answer.NamedPair, i int) string {
		if i >= len(pairs) {
			return ""
		}
		return named(pairs[i].Neuron, pairs[i].Head, pairs[i].Names)
	}
	for i := range max(len(r.Matching.AloneA), len(r.Matching.AloneB)) {
		t.Rows = append(t.Rows, []string{list(r.Matching.AloneA, i), list(r.Matching.AloneB, i)})
	}
	return t
}
