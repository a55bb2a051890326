package relatives

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/numeric"
)

// Term is a word of a label with its coefficient.
type Term struct {
	Text        string
	Coefficient float64
}

// Terms are labels whose words are of a dictionary with these texts.
func Terms(labels []concept.Label, texts []string) [][]Term {
	out := make([][]Term, len(labels))
	for i, l := range labels {
		for _, t := range l.Terms {
			out[i] = append(out[i], Term{texts[t.Word], t.Coefficient})
		}
	}
	return out
}

// Word is a word with what pairs bring to it.
type Word struct {
	Text   string
	Amount float64 // Σ over pairs of a coefficient of the word in the pair's label, times what the pair does
	Pairs  int     // that have the word in their label
}

// Apart are the k pairs whose unit directions tell two texts apart most, by |⟨û, t_a − t_b⟩|, from the weights alone, with that product. norms are ‖u‖; a pair of
// no direction tells nothing.
func Apart(ov *decompose.OV, norms, a, b []float32, k int) (pairs []decompose.Pair, products []float64) {
	difference := make([]float32, len(a))
	for o := range a {
		difference[o] = a[o] - b[o]
	}
	all := numeric.Float64(ov.Text(difference))
	size := make([]float64, len(all))
	for p, n := range norms {
		if all[p] /= float64(n); n == 0 {
			all[p] = 0
		}
		size[p] = math.Abs(all[p])
	}
	for _, p := range numeric.Largest(size, k) {
		pairs, products = append(pairs, ov.Pair(p)), append(products, all[p])
	}
	return pairs, products
}

// Confusing are the words that make a picture look more like a than like b, the strongest first: the sum over pairs of the word's coefficient in the label of û times
// ⟨û, t_a − t_b⟩. A pair may push towards a by a word that has nothing to do with it. Words that stand in a or b are left out, as are those that push the
// other way. The published code takes the largest single products; here those of a word are summed.
func Confusing(products []float64, labels [][]Term, a, b string) []Word {
	said := strings.Fields(strings.ToLower(a + " " + b))
	words := sum(products, labels)
	return slices.DeleteFunc(words, func(w Word) bool {
		return w.Amount <= 0 || slices.ContainsFunc(strings.Fields(strings.ToLower(w.Text)), func(part string) bool { return slices.Contains(said, part) })
	})
}

// sum adds up coefficients times what each pair does, word by word; the largest sum first.
func sum(amounts []float64, labels [][]Term) []Word {
	of := map[string]*Word{}
	for i, l := range labels {
		for _, t := range l {
			w := of[t.Text]
			if w == nil {
				w = &Word{Text: t.Text}
				of[t.Text] = w
			}
			w.Amount += t.Coefficient * amounts[i]
			w.Pairs++
		}
	}
	words := []Word{}
	for _, w := range of {
		words = append(words, *w)
	}
	slices.SortFunc(words, func(a, b Word) int { return cmp.Or(cmp.Compare(b.Amount, a.Amount), strings.Compare(a.Text, b.Text)) })
	return words
}

// Rank is which of a pair's norms an image has to exceed for the pair to be of note: the fiftieth.
const Rank = decompose.Extremes

// Notable are the pairs whose centred contribution in an image of scalars s [M,C] is longer than their own fiftieth longest in a dataset, with (s − s̄)·‖u‖. In a
// dataset of fewer images there are none.
func Notable(stats *decompose.Stats, norms, s []float32) (pairs []int, amounts []float64) {
	for p, v := range s {
		far := stats.Farthest(p, Rank, stats.Mean[p])
		if len(far) < Rank {
			continue
		}
		own := float64(v) - stats.Mean[p]
		if math.Abs(own) > math.Abs(float64(far[Rank-1].Scalar)-stats.Mean[p]) && norms[p] > 0 {
			pairs, amounts = append(pairs, p), append(amounts, own*float64(norms[p]))
		}
	}
	return pairs, amounts
}

// Strongest are the k of some pairs that do most, whatever the sign, the strongest first.
func Strongest(pairs []int, amounts []float64, k int) (some []int, of []float64) {
	size := make([]float64, len(amounts))
	for i, a := range amounts {
		size[i] = math.Abs(a)
	}
	for _, i := range numeric.Largest(size, k) {
		some, of = append(some, pairs[i]), append(of, amounts[i])
	}
	return some, of
}

// Discover are the words of one picture, the strongest first: the sum over its notable pairs of the word's coefficient in the label of û times (s − s̄)·‖u‖. With the
// signs of an atlas it is the published sum, |s − s̄|·‖u‖ times the coefficient in the label of ±û, which does not see a pair that fires less than usual.
func Discover(pairs []int, amounts []float64, labels [][]Term, signs []int8) []Word {
	if signs == nil {
		return sum(amounts, labels)
	}
	published := make([]float64, len(amounts))
	for i, a := range amounts {
		published[i] = math.Abs(a) * float64(signs[pairs[i]])
	}
	return sum(published, labels)
}
