package lab

import (
	"context"
	"fmt"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/experiment/attribution"
	"github.com/facet-clip/facet/internal/numeric"
)

const (
	placeWords = 24   // that are given
	placePairs = 24   // that are given
	placeCover = 0.95 // of all that words add or take away
)

// Places tells what each place of a picture gives to the logit of a text, or to the embedding, split over words and pairs (docs/design.md, 8 and
// 28). The places, the class token and the constant sum to the total. Contrast and By of the question are not used.
func (l *Lab) Places(ctx context.Context, q Explain) (*answer.Places, error) {
	q, err := q.ofPlaces()
	if err != nil {
		return nil, err
	}
	e, err := l.Explain(ctx, q)
	if err != nil {
		return nil, err
	}
	return l.placesOf(ctx, e, q)
}

// PlacesIn is [Lab.Places] of image i of the atlas in a folder: see [Lab.ExplainImage].
func (l *Lab) PlacesIn(ctx context.Context, dir string, i int, q Explain) (*answer.Places, error) {
	q, err := q.ofPlaces()
	if err != nil {
		return nil, err
	}
	e, err := l.ExplainImage(ctx, dir, i, q)
	if err != nil {
		return nil, err
	}
	return l.placesOf(ctx, e, q)
}

// ofPlaces is the question whose explanation has what places need.
func (q Explain) ofPlaces() (Explain, error) {
	if q.Contrast != "" || q.Baseline == AgainstAveragePicture {
		return q, mistake("baseline", "the places of one picture are not those of another: expected another text, or %s", AgainstAverageText)
	}
	q.By, q.Top, q.Cover = ByWord, placePairs, placeCover
	if q.Text == "" {
		q.Baseline = AgainstNone
	}
	return q, nil
}

func (l *Lab) placesOf(ctx context.Context, e *Explained, q Explain) (*answer.Places, error) {
	a := &answer.Places{
		Model: e.Answer.Model, Grid: e.Answer.Image.Grid, Text: e.Answer.Text, Against: e.Answer.Against, Total: e.parts.Total, Constant: e.parts.Constant,
		Words: []answer.PlaceMap{}, Pairs: []answer.PlaceMap{},
	}
	all := e.Tokens.SumMap(e.parts.Per)
	a.ClassToken, a.Amounts = float64(all[0]), all[1:]
	for _, g := range e.groups {
		if g.Name != attribution.Constant && len(a.Words) < placeWords {
			a.Words = append(a.Words, answer.PlaceMap{Name: g.Name, Amount: g.Amount, Map: e.Tokens.SumMap(g.Factors(e.parts.Per))[1:]})
		}
	}
	names, err := l.placeNames(ctx, q)
	if err != nil {
		return nil, err
	}
	for _, p := range strongest(e.parts.Pairs, placePairs) {
		a.Pairs = append(a.Pairs, pairPlaces(e, names, p))
	}
	return a, nil
}

// placeNames are those of the question's atlas, or the demo model's own; nil where there are none.
func (l *Lab) placeNames(ctx context.Context, q Explain) (*Names, error) {
	use, err := l.openUse(ctx, q.Atlas)
	if err != nil {
		return nil, err
	}
	if use != nil {
		return use.names()
	}
	return l.ownNames()
}

// strongest are the k pairs of largest |amount|.
func strongest(amounts []float64, k int) []int {
	return numeric.Best(len(amounts), k, func(int) bool { return true }, func(p int) float64 { return max(amounts[p], -amounts[p]) })
}

// pairPlaces is what a pair gives at every place.
func pairPlaces(e *Explained, names *Names, p int) answer.PlaceMap {
	pair := e.Scalars.Pair(p)
	m := e.Tokens.Map(decompose.Pair{Head: pair.Head, Neuron: pair.Neuron})[1:]
	values := make([]float32, len(m))
	for i, v := range m {
		values[i] = v * e.parts.Per[p]
	}
	name := fmt.Sprintf("(%d,%d)", pair.Neuron, pair.Head)
	if words := names.shownName(p); words != "" {
		name += " " + words
	}
	return answer.PlaceMap{Name: name, Neuron: &pair.Neuron, Head: &pair.Head, Amount: e.parts.Pairs[p], Map: values}
}
