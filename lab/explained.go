package lab

import (
	"fmt"
	"image"
	"math"
	"slices"

	"github.com/facet-clip/facet/answer"
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
		AgainstAverageText: "the average of " + wordsCalled(a.Name), AgainstAveragePicture: "the average of " + a.Name,
	}[a.Kind]
	if e.Answer.Text == "" {
		return what
	}
	return fmt.Sprintf("%s, which has %.2f: the difference is %+.2f", what, a.Total, e.Answer.GroupsTotal)
}

// wordsCalled is a bank as a sentence calls it.
func wordsCalled(bank string) string {
	if IsWordList(bank) {
		return "the bank " + bank
	}
	return bank
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
