package drift

import (
	"context"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/internal/numeric"
)

const (
	changeNames    = 3   // of a shift, at most
	qualityShare   = 0.7 // of what other names leave of a shift, that a quality must explain
	beyondChance   = 2.0 // standard errors that a shift must be long, to be judged
	knownWordShare = 0.95
)

// Naming says how well names explain a shift of the mean embedding on pictures that did not choose them (docs/design.md, 58 to 61).
type Naming struct {
	Explained float64 // share of the shift that the names explain; without names, that the closest one does
	Closest   string  // the name that fits best, such as "more noise", also where it does not hold
	Needed    float64 // share of what the other names leave that it must explain
}

// heldOut is a shift in two halves of the pictures: the first chooses names and the second judges them.
type heldOut struct {
	profile   *Gaussian
	chooses   []float64
	judges    []float64
	each      int     // pictures of a half
	frobenius float64 // ‖Σ‖²
}

func (v *Vocabulary) halves(sample []Image) heldOut {
	v.mutex.Lock()
	if v.frobenius == 0 {
		v.frobenius = v.profile.Embedding.frobenius()
	}
	v.mutex.Unlock()
	h := heldOut{profile: v.profile.Embedding, each: len(sample) / 2, frobenius: v.frobenius}
	for side, to := range []*[]float64{&h.chooses, &h.judges} {
		*to = make([]float64, v.ov.Embed)
		for k := range h.each {
			for i, x := range sample[2*k+side].Embedding {
				(*to)[i] += float64(x)
			}
		}
		for i := range *to {
			(*to)[i] = (*to)[i]/float64(max(1, h.each)) - h.profile.Mean[i]
		}
	}
	return h
}

// frobenius is the squared norm of the covariance.
func (g *Gaussian) frobenius() float64 {
	if g.Count < 2 {
		return 0
	}
	sum, D := 0.0, len(g.Mean)
	for i := range D {
		for j := i; j < D; j++ {
			c := g.M2[i*D+j] / float64(g.Count-1)
			if sum += c * c; j > i {
				sum += c * c
			}
		}
	}
	return sum
}

// length is the squared length of the shift, without what chance adds: the halves have independent errors, and the error of the profile's mean, which
// they share, is taken off.
func (h heldOut) length() float64 {
	return dot(h.chooses, h.judges) - h.profile.trace()/float64(h.profile.Count)
}

// error is the standard error of [heldOut.length] for a shift of no length.
func (h heldOut) error() float64 { return math.Sqrt(h.frobenius) / float64(max(1, h.each)) }

// within is the squared length of the shift in the span of atoms, without what chance adds.
func (h heldOut) within(atoms [][]float32) float64 {
	if len(atoms) == 0 {
		return 0
	}
	D := len(h.chooses)
	columns := mat.NewDense(D, len(atoms), nil)
	for j, a := range atoms {
		for i, x := range a {
			columns.Set(i, j, float64(x))
		}
	}
	var qr mat.QR
	qr.Factorize(columns)
	var q mat.Dense
	qr.QTo(&q)
	sum := 0.0
	for j := range atoms {
		basis := mat.Col(nil, j, &q)
		sum += dot(basis, h.chooses)*dot(basis, h.judges) - h.profile.Variance(basis)/float64(h.profile.Count)
	}
	return sum
}

func dot(x, y []float64) (sum float64) {
	for i, v := range x {
		sum += v * y[i]
	}
	return sum
}

// needed is the share of what other names leave of a shift that an atom must explain. The direction of a quality was measured on pictures, so it should
// explain most of it. A text is seldom so like pictures: a word must explain more than any word explains of changes that have no word, which are
// random mixtures of strong pairs, and the qualities of pictures.
func (v *Vocabulary) needed(atom int) float64 {
	if atom >= v.words {
		return qualityShare
	}
	return v.wordShare
}

// shareOfWords is what the best word explains of 95 in 100 qualities, and of as many random mixtures.
func (v *Vocabulary) shareOfWords() float64 {
	var best []float64
	for i := v.words; i < len(v.atoms.Texts); i++ {
		most := 0.0
		for w := range v.words {
			c := float64(cosine(v.atom(w), v.atom(i)))
			most = max(most, c*c)
		}
		best = append(best, most)
	}
	share := 0.0
	if len(v.chance.Explained) > 0 {
		share = v.chance.Explained[0]
	}
	if len(best) > 0 {
		slices.Sort(best)
		share = max(share, best[int(math.Ceil(knownWordShare*float64(len(best))))-1])
	}
	return share
}

// judge names the shift of images. One half of their pictures chooses atoms, in turn by how much they explain, and the other half judges them: the names are as many of
// the first ones as each explain enough of what the others leave of the shift. There may be none.
func (v *Vocabulary) judge(ctx context.Context, sample []Image) ([]concept.Term, Naming, error) {
	h := v.halves(sample)
	length := h.length()
	if h.each == 0 || length < beyondChance*h.error() {
		return nil, Naming{}, nil
	}
	labels, err := v.atoms.OMP(ctx, numeric.Float32(h.chooses), concept.Options{Terms: min(changeNames, len(v.atoms.Texts), v.ov.Embed)})
	if err != nil {
		return nil, Naming{}, err
	}
	terms := labels[0].Terms
	var named []concept.Term
	var n Naming
	for k := 1; k <= len(terms); k++ {
		some, all := terms[:k], v.atomsOf(terms[:k])
		within := h.within(all)
		if k == 1 {
			n = Naming{Explained: within / length, Needed: v.needed(terms[0].Word), Closest: Change{Word: v.atoms.Texts[terms[0].Word], More: terms[0].Coefficient > 0}.String()}
		}
		holds := true
		for j, t := range some {
			others := h.within(slices.Delete(slices.Clone(all), j, j+1))
			left := length - others
			holds = holds && left >= beyondChance*h.error() && within-others >= v.needed(t.Word)*left
		}
		if holds {
			named, n.Explained = some, within/length
		}
	}
	if len(named) == 0 {
		return nil, n, nil
	}
	if labels, err = v.atoms.OMP(ctx, numeric.Float32(h.chooses), concept.Options{Terms: len(named)}); err != nil { // the signs are those without the names that do not hold
		return nil, n, err
	}
	return labels[0].Terms, n, nil
}

func (v *Vocabulary) atomsOf(terms []concept.Term) (out [][]float32) {
	for _, t := range terms {
		out = append(out, v.atom(t.Word))
	}
	return out
}
