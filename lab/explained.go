package lab

import (
	"fmt"
	"image"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/plot"
)

// PartsTitle heads what a table or a chart says of each pair: of a logit its part, which is positive where the pair speaks for the text; of an
// embedding its share.
func (e *Explained) PartsTitle() string {
	if e.Answer.Text == "" {
		return "share of the embedding"
	}
	return "part of the logit (+ for the text)"
}

// GroupsTitle heads the amounts of groups.
func (e *Explained) GroupsTitle() string {
	if e.Answer.Text == "" {
		return "part"
	}
	return "part of the logit"
}

// AgainstText says what the groups are measured against, with its total.
func (e *Explained) AgainstText() string {
	a := e.Answer.Against
	what := map[string]string{
		againstText: "“" + a.Name + "”", againstPicture: a.Name,
		AgainstAverageText: "the average of " + a.Name, AgainstAveragePicture: "the average of " + a.Name,
	}[a.Kind]
	if e.Answer.Text == "" {
		return what
	}
	return fmt.Sprintf("%s, which has %.2f: the difference is %+.2f", what, a.Total, e.Answer.GroupsTotal)
}

// Part writes a part in the units of [Explained.PartsTitle].
func (e *Explained) Part(amount, share float64) string {
	if e.Answer.Text == "" {
		return fmt.Sprintf("%+.2f %%", 100*share)
	}
	return fmt.Sprintf("%+.3f", amount)
}

// Maps are those of the answer's pairs over the picture, all in one scale: each token has its share of the pair's amount. They are drawn once.
func (e *Explained) Maps() []*image.RGBA { return e.maps() }

func (e *Explained) drawMaps() []*image.RGBA {
	amounts := make([][]float32, len(e.Split.Top)) // [K] of each pair
	for i, p := range e.Split.Top {
		amounts[i] = e.Tokens.PartMap(p)
	}
	scale := mapScale(amounts)
	maps := make([]*image.RGBA, len(amounts))
	for i, m := range amounts {
		maps[i] = plot.HeatMap(e.Seen, m, e.Answer.Image.Grid[0], e.Answer.Image.Grid[1], scale)
	}
	return maps
}

// mapScale is the amount shown in full colour: the largest of any map, so that maps compare.
func mapScale(maps [][]float32) float32 {
	var largest float32
	for _, v := range slices.Concat(maps...) {
		largest = max(largest, float32(math.Abs(float64(v))))
	}
	return largest
}

// Summary is the one picture that sums up the explanation: the picture, a bar for each pair, and the first maps.
func (e *Explained) Summary() *image.RGBA { return e.summary().Draw() }

// summaryPanels is how many maps the summary shows.
const summaryPanels = 16

func (e *Explained) summary() plot.Summary {
	a, maps := e.Answer, e.Maps()
	s := plot.Summary{
		Title:     "Which neuron–head pairs made this embedding",
		Subtitle:  fmt.Sprintf("%s · %s", filepath.Base(a.Image.Path), a.Model.Name),
		Photo:     e.Seen,
		BarsTitle: e.PartsTitle(),
		Footer: fmt.Sprintf("%d pairs in all · the %d shown hold %.1f %% of all that pairs add or take away · pairs + constant = embedding to %.1e",
			len(e.Scalars.S), len(a.Pairs), 100*a.TopShare, a.Residual),
	}
	if a.Model.Name == DemoName {
		s.Subtitle += ". " + demo.Notice
	}
	if a.Text != "" {
		s.Title = fmt.Sprintf("Which neuron–head pairs made the logit of “%s”, %.2f", a.Text, a.Total)
	}
	for i, p := range a.Pairs {
		label, note, part := fmt.Sprintf("(%d,%d)", p.Neuron, p.Head), partNote(a.Labelling, p), e.Part(p.Amount, p.Share)
		s.Bars = append(s.Bars, plot.Bar{Label: label, Value: p.Amount, Number: part, Note: note})
		if i < summaryPanels {
			s.Panels = append(s.Panels, plot.Panel{Title: label, Caption: strings.TrimSpace(note + " " + part), Image: maps[i]})
		}
	}
	return s
}

// partNote is a word for a pair: of its label where pairs have labels, else the nearest one.
func partNote(l answer.Labelling, p answer.Part) string {
	switch {
	case l != answer.Unlabelled:
		return note(p.Names)
	case len(p.Words) > 0:
		return p.Words[0].Text
	}
	return ""
}
