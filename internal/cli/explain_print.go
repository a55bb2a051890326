package cli

import (
	"fmt"
	"image"
	"path/filepath"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/plot"
)

// parts heads what a table or a chart says of each pair: of a logit its part, which is positive where the pair speaks for the text; of an embedding its
// share.
func (e *explained) parts() string {
	if e.text == "" {
		return "share of the embedding"
	}
	return "part of the logit (+ for the text)"
}

// part prints a part, in the units of [explained.parts].
func (e *explained) part(amount, share float64) string {
	if e.text == "" {
		return signedPercent(share)
	}
	return fmt.Sprintf("%+.3f", amount)
}

func (a *app) printExplanation(e *explained, r report) {
	out := a.stdout
	if e.text == "" {
		fmt.Fprintf(out, "%s through %s: which pairs made its embedding\n", text.Bold.Sprint(e.source), r.Model.Name)
	} else {
		fmt.Fprintf(out, "%s through %s: which pairs made its logit for %q, %.3f\n", text.Bold.Sprint(e.source), r.Model.Name, e.text, r.Total)
	}
	columns := []string{"(neuron,head)", "scalar", "‖contribution‖", e.parts()}
	switch {
	case e.names != nil:
		columns = append(columns, e.names.columns()...)
	case len(e.words) > 0:
		columns = append(columns, "words")
	}
	t := a.table(columns...)
	numbers := []table.ColumnConfig{{Number: 2, Align: text.AlignRight}, {Number: 3, Align: text.AlignRight}, {Number: 4, Align: text.AlignRight}}
	t.SetColumnConfigs(numbers)
	for _, p := range r.Pairs {
		row := table.Row{fmt.Sprintf("(%d,%d)", p.Neuron, p.Head), fmt.Sprintf("%.4f", p.Scalar), fmt.Sprintf("%.4f", p.ContributionNorm), e.part(p.Amount, p.Share)}
		switch {
		case e.names != nil:
			row = append(row, e.names.cells(p.pairNames)...)
		case len(e.words) > 0:
			row = append(row, wordList(p.Words))
		}
		t.AppendRow(row)
	}
	t.Render()
	ov := e.scalars.OV
	fmt.Fprintf(out, "These %d of %d pairs hold %.1f %% of all that pairs add or take away. The constant term brings %s.\n",
		len(r.Pairs), ov.Heads*ov.Channels, 100*r.TopShare, e.part(e.split.Bias, r.BiasShare))
	fmt.Fprintf(out, "Exactness: all pairs and the constant term miss the embedding by %.1e of its length.\n", r.Residual)
}

func signedPercent(share float64) string { return fmt.Sprintf("%+.2f %%", 100*share) }

func wordList(words []concept.Match) string {
	var list []string
	for _, w := range words {
		list = append(list, fmt.Sprintf("%s %.2f", w.Text, w.Cosine))
	}
	return strings.Join(list, ", ")
}

// pictures are the maps of the top pairs over the photo, in one scale.
func (e *explained) pictures() []*image.RGBA {
	maps := make([][]float32, len(e.split.Top))
	for i, p := range e.split.Top {
		maps[i] = e.tokens.PartMap(p)
	}
	scale := mapScale(maps)
	pictures := make([]*image.RGBA, len(maps))
	for i, m := range maps {
		pictures[i] = plot.HeatMap(e.seen, m, e.h, e.w, scale)
	}
	return pictures
}

// summaryPanels is how many maps the summary shows.
const summaryPanels = 16

// summary is the one picture that sums up an explanation.
func (e *explained) summary(r report, pictures []*image.RGBA) plot.Summary {
	s := plot.Summary{
		Title:     "Which neuron–head pairs made this embedding",
		Subtitle:  fmt.Sprintf("%s · %s", filepath.Base(e.source), r.Model.Name),
		Photo:     e.seen,
		BarsTitle: e.parts(),
		Footer: fmt.Sprintf("%d pairs in all · the %d shown hold %.1f %% of all that pairs add or take away · pairs + constant = embedding to %.1e",
			len(e.scalars.S), len(r.Pairs), 100*r.TopShare, r.Residual),
	}
	if r.Model.Name == demoName {
		s.Subtitle += ". " + demo.Notice
	}
	if e.text != "" {
		s.Title = fmt.Sprintf("Which neuron–head pairs made the logit of “%s”, %.2f", e.text, r.Total)
	}
	for i, p := range r.Pairs {
		label, note := fmt.Sprintf("(%d,%d)", p.Neuron, p.Head), ""
		switch {
		case e.names != nil:
			note = p.note()
		case len(p.Words) > 0:
			note = p.Words[0].Text
		}
		s.Bars = append(s.Bars, plot.Bar{Label: label, Value: p.Amount, Number: e.part(p.Amount, p.Share), Note: note})
		if i < summaryPanels {
			s.Panels = append(s.Panels, plot.Panel{Title: label, Caption: strings.TrimSpace(note + " " + e.part(p.Amount, p.Share)), Image: pictures[i]})
		}
	}
	return s
}
