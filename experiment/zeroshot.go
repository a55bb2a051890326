package experiment

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/internal/numeric"
)

// Answered is what a classifier made of a picture of one class.
type Answered struct {
	Truth int // the class of the picture
	Given int // the class of the largest score; of equal scores the first
	Rank  int // how many classes come before the truth; 0: the classifier is right
}

// Answer ranks the scores of all classes [C]. Of equal scores the first class comes first, as with NumPy's argmax.
func Answer(scores []float32, truth int) Answered {
	a := Answered{Truth: truth}
	for c, s := range scores {
		if s > scores[a.Given] {
			a.Given = c
		}
		if s > scores[truth] || s == scores[truth] && c < truth {
			a.Rank++
		}
	}
	return a
}

// TopK is the share of pictures whose class is among the first k.
func TopK(list []Answered, k int) answer.Share {
	right := 0
	for _, a := range list {
		if a.Rank < k {
			right++
		}
	}
	return NewShare(right, len(list))
}

// ClassShares are the shares of right pictures of each class [C].
func ClassShares(list []Answered, classes int) []answer.Share {
	right, of := make([]int, classes), make([]int, classes)
	for _, a := range list {
		of[a.Truth]++
		if a.Rank == 0 {
			right[a.Truth]++
		}
	}
	shares := make([]answer.Share, classes)
	for c := range shares {
		shares[c] = NewShare(right[c], of[c])
	}
	return shares
}

// Draws are how many samples an interval is read off that has no formula.
const Draws = 1000

// MeanPerClass is the mean of the shares of the classes that have pictures, as scikit-learn's balanced_accuracy_score. Its interval is that of a
// bootstrap within the classes: each draw takes as many pictures of each class, with replacement.
func MeanPerClass(shares []answer.Share, seed uint64) answer.Estimate {
	mean := func(right func(answer.Share) int) float64 {
		sum, n := 0.0, 0
		for _, s := range shares {
			if s.Of > 0 {
				sum += float64(right(s)) / float64(s.Of)
				n++
			}
		}
		return sum / float64(n)
	}
	random := newRandom(seed)
	draws := make([]float64, Draws)
	for i := range draws {
		draws[i] = mean(func(s answer.Share) (right int) {
			for range s.Of {
				if random.IntN(s.Of) < s.Right {
					right++
				}
			}
			return right
		})
	}
	return estimate(mean(func(s answer.Share) int { return s.Right }), draws)
}

func newRandom(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// estimate is a value with the middle 95 % of draws; those that are not defined do not count.
func estimate(value float64, draws []float64) answer.Estimate {
	draws = slices.DeleteFunc(slices.Clone(draws), math.IsNaN)
	nan := answer.Number(math.NaN())
	e := answer.Estimate{Value: answer.Number(value), Low: nan, High: nan}
	if len(draws) > 0 {
		slices.Sort(draws)
		e.Low, e.High = answer.Number(numeric.Quantile(draws, 0.025)), answer.Number(numeric.Quantile(draws, 0.975))
	}
	return e
}

// Presence says whether a class is in a picture.
type Presence int8

// Whether a class is in a picture. Ignored pictures do not count for the class: they hold only objects that are hard to see.
const (
	Absent Presence = iota
	Present
	Ignored
)

// Ranking are the pictures that count for a class, in the order of its scores.
type Ranking struct {
	pictures []int  // by falling score
	present  []bool // of each, whether the class is in it
	last     []bool // of each, whether the next one has a smaller score
}

// Rank orders pictures by the scores of one class [N].
func Rank(scores []float32, truth []Presence) Ranking {
	var r Ranking
	for i, t := range truth {
		if t != Ignored {
			r.pictures = append(r.pictures, i)
		}
	}
	slices.SortStableFunc(r.pictures, func(a, b int) int {
		switch {
		case scores[a] > scores[b]:
			return -1
		case scores[a] < scores[b]:
			return 1
		}
		return 0
	})
	for k, i := range r.pictures {
		r.present = append(r.present, truth[i] == Present)
		r.last = append(r.last, k+1 == len(r.pictures) || scores[r.pictures[k+1]] < scores[i])
	}
	return r
}

// AveragePrecision of a class, by two rules; NaN where the class is in no picture. Pictures of equal score are taken together.
type AveragePrecision struct {
	// Area is the area under the precision–recall curve in steps, Σ (R_k − R_{k−1})·P_k, as scikit-learn's average_precision_score.
	Area float64
	// Eleven is the mean of the largest precision at a recall of at least 0, 0.1, …, 1: the rule of PASCAL VOC 2007.
	Eleven float64
}

// Precision is the class's average precision. weights say how often each picture counts [N]; nil: once.
func (r Ranking) Precision(weights []int) AveragePrecision {
	weight := func(i int) int {
		if weights == nil {
			return 1
		}
		return weights[i]
	}
	total := 0
	for k, i := range r.pictures {
		if r.present[k] {
			total += weight(i)
		}
	}
	if total == 0 {
		return AveragePrecision{math.NaN(), math.NaN()}
	}
	var ap AveragePrecision
	var best [11]float64 // largest precision at a recall of at least i/10
	found, seen, before := 0, 0, 0
	for k, i := range r.pictures {
		w := weight(i)
		seen += w
		if r.present[k] {
			found += w
		}
		if !r.last[k] || seen == 0 {
			continue
		}
		precision := float64(found) / float64(seen)
		ap.Area += precision * float64(found-before) / float64(total)
		before = found
		for level := range best {
			if 10*found >= level*total {
				best[level] = max(best[level], precision)
			}
		}
	}
	for _, p := range best {
		ap.Eleven += p / float64(len(best))
	}
	return ap
}

// MeanPrecision is the mean over classes of both average precisions, of the classes that are in some picture. The intervals are those of a
// bootstrap over all n pictures.
func MeanPrecision(classes []Ranking, n int, seed uint64) (area, eleven answer.Estimate) {
	mean := func(weights []int) (sum AveragePrecision) {
		defined := 0.0
		for _, r := range classes {
			if p := r.Precision(weights); !math.IsNaN(p.Area) {
				sum.Area, sum.Eleven = sum.Area+p.Area, sum.Eleven+p.Eleven
				defined++
			}
		}
		return AveragePrecision{sum.Area / defined, sum.Eleven / defined}
	}
	random := newRandom(seed)
	areas, elevens := make([]float64, Draws), make([]float64, Draws)
	for i := range areas {
		weights := make([]int, n)
		for range n {
			weights[random.IntN(n)]++
		}
		p := mean(weights)
		areas[i], elevens[i] = p.Area, p.Eleven
	}
	p := mean(nil)
	return estimate(p.Area, areas), estimate(p.Eleven, elevens)
}
