package drift

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/internal/numeric"
)

const (
	mostOthers   = 200 // words that a text is compared with
	fewestOthers = 10  // fewer cannot say how much texts move
	alike        = 0.5 // cosine from which a word says the same as the text
	unspecific   = 0.01
	othersSeed   = 0x6f7468657273
)

// Specificity is how much of a text's movement is its own. When a picture is zoomed or loses its colours, every pair moves a little and every
// text with it; a text is specific only where its pairs move more than those of other texts do (docs/design.md, 51 to 54).
type Specificity struct {
	Effect   float64 // shift of the signed score by the five strong pairs most like the text, in standard deviations of the profile's sample
	Shared   float64 // root mean square of that effect over other texts
	Specific float64 // what is left of the effect without the shared part, with its sign
	P        float64 // that a text like the others moves as far
	Others   int     // texts that it was compared with
}

// Is reports whether the text moved more than texts do together, among so many watched texts; also where it is not known.
func (s *Specificity) Is(texts int) bool {
	return s == nil || s.P <= unspecific/float64(max(1, texts))
}

// meter is a text's signed score by strong pairs alone, which every image of a sample has.
type meter struct {
	pairs     []int     // places among the strong pairs
	products  []float32 // ⟨u,t⟩ of each
	direction []float32
	mean, sd  float64 // over the profile's sample
}

func (v *Vocabulary) meter(direction []float32, lengths []float32) meter {
	all := v.ov.Text(direction)
	products := pick(all, v.profile.Strong)
	m := meter{direction: direction}
	for _, hit := range concept.Search(products, lengths, ConceptPairs) {
		m.pairs, m.products = append(m.pairs, hit.Unit), append(m.products, products[hit.Unit])
	}
	return m
}

func (m *meter) score(image Image) float64 {
	sum := 0.0
	for i, k := range m.pairs {
		sum += float64(image.Scalars[k]) * float64(m.products[i])
	}
	return sum / math.Max(numeric.Norm(image.Embedding), 1e-30)
}

// calibrate measures the text in the profile.
func (m *meter) calibrate(sample []Image) {
	scores := NewMoments(1)
	for _, image := range sample {
		scores.Add([]float32{float32(m.score(image))})
	}
	m.mean, m.sd = scores.Mean[0], math.Sqrt(scores.Variance(0))
}

// effect is how far the mean score of images is from the profile's, in standard deviations.
func (m *meter) effect(sample []Image) float64 {
	sum := 0.0
	for _, image := range sample {
		sum += m.score(image)
	}
	return (sum/float64(len(sample)) - m.mean) / m.sd
}

// meters are those of words of the dictionary, of a random part where there are many, and those of texts. Each is made once.
func (v *Vocabulary) meters(texts []Concept) (others, own []meter) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	sample := v.profile.Sample()
	var lengths []float32
	made := func(direction []float32) meter {
		if lengths == nil {
			lengths = pick(v.ov.Norms(), v.profile.Strong)
		}
		m := v.meter(direction, lengths)
		m.calibrate(sample)
		return m
	}
	if v.others == nil {
		v.others = []meter{}
		for _, i := range rand.New(rand.NewPCG(1, othersSeed)).Perm(v.words)[:min(mostOthers, v.words)] {
			if m := made(v.atom(i)); m.sd > 0 {
				v.others = append(v.others, m)
			}
		}
	}
	for _, text := range texts {
		if _, known := v.own[text.Text]; !known {
			v.own[text.Text] = made(text.Direction)
		}
		own = append(own, v.own[text.Text])
	}
	return v.others, own
}

// Specific says of each text how much of its movement in images is its own. An entry is nil where there are too few other words to say: a
// text is compared with words that are not like it.
func (v *Vocabulary) Specific(texts []Concept, images *Summary) []*Specificity {
	out, after := make([]*Specificity, len(texts)), images.Sample()
	if len(texts) == 0 || len(after) == 0 {
		return out
	}
	others, own := v.meters(texts)
	effects := make([]float64, len(others))
	for i := range others {
		effects[i] = others[i].effect(after)
	}
	for k := range texts {
		var squares []float64
		for i, m := range others {
			if cosine(m.direction, own[k].direction) < alike {
				squares = append(squares, effects[i]*effects[i])
			}
		}
		if len(squares) >= fewestOthers && own[k].sd > 0 {
			out[k] = specificity(own[k].effect(after), squares)
		}
	}
	return out
}

// specificity compares an effect with the squares of others.
func specificity(effect float64, squares []float64) *Specificity {
	slices.Sort(squares) // the sum is the same in any order of the words
	sum := 0.0
	for _, v := range squares {
		sum += v
	}
	n := float64(len(squares))
	s := &Specificity{Effect: effect, Shared: math.Sqrt(sum / n), P: 1, Others: len(squares)}
	if s.Shared > 0 {
		s.P = min(1, 2*distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n}.CDF(-math.Abs(effect)/s.Shared))
	}
	if own := effect*effect - s.Shared*s.Shared; own > 0 {
		s.Specific = math.Copysign(math.Sqrt(own), effect)
	}
	return s
}
