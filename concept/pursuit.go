package concept

import (
	"cmp"
	"math"
	"slices"
)

// nothing is the share of a unit's length below which a correlation with a unit atom is taken for none.
const nothing = 1e-5

// pursuit is the matching pursuit of one unit.
type pursuit struct {
	target
	order    order
	terms    int
	turns    int // left; words can come and go without end only by rounding
	normal   *normal
	x        []float64
	finished bool
	found    Label
}

func newPursuit(d *Dictionary, u target, terms int, o order) *pursuit {
	p := &pursuit{target: u, order: o, terms: terms, turns: 4 * terms, normal: newNormal(d, terms)}
	p.found.Margin, p.found.Stability = d.confidence(u, o)
	return p
}

func (p *pursuit) done() bool     { return p.finished }
func (p *pursuit) support() []int { return p.normal.words }

func (p *pursuit) advance(w *worker) (missing []int) {
	for !p.finished {
		if missing = w.lack(p.normal.words); len(missing) > 0 {
			return missing
		}
		word, value := w.best(p.order, p.target, p.normal.words, p.x)
		p.finished = p.order.of(value) <= nothing*p.length*w.d.longest || !p.normal.add(word, p.unit)
		if !p.finished {
			p.refit()
			p.turns--
			p.finished = len(p.normal.words) == p.terms || p.turns == 0
		}
	}
	p.finish()
	return nil
}

func (p *pursuit) refit() {
	if p.order == byValue {
		p.refitNonNegative()
		return
	}
	p.x = p.normal.solve(len(p.normal.words))
}

// refitNonNegative moves towards the least squares solution and stops where a coefficient would become negative, takes that word out and
// goes on: the inner loop of Lawson and Hanson's method. p.x lacks the newest word.
func (p *pursuit) refitNonNegative() {
	p.x = append(p.x, 0)
	for {
		best := p.normal.solve(len(p.normal.words))
		step, at := 1.0, -1
		for i, b := range best {
			if b <= 0 && p.x[i]/(p.x[i]-b) < step {
				step, at = p.x[i]/(p.x[i]-b), i
			}
		}
		if at < 0 {
			p.x = best
			return
		}
		for i, b := range best {
			p.x[i] += step * (b - p.x[i])
		}
		p.x[at] = 0
		out := make([]bool, len(p.x))
		for i, v := range p.x {
			out[i] = v <= 0
		}
		p.normal.remove(func(i int) bool { return out[i] })
		p.x = slices.DeleteFunc(p.x, func(v float64) bool { return v <= 0 })
	}
}

func (p *pursuit) label() Label { return p.found }

// finish writes the label and lets go of what is large.
func (p *pursuit) finish() {
	if p.order == byValue {
		p.found.addUp(sum(p.normal.words, p.x, p.normal.right, p.normal.at, p.length))
	} else {
		p.found.Terms = p.normal.path(p.x, p.length)
		p.found.Weights = p.normal.solve(shown(p.found.Terms))
	}
	p.alpha = nil
}

// addUp gives a label terms whose words keep their coefficients whatever comes after.
func (l *Label) addUp(terms []Term) {
	l.Terms, l.Weights = terms, make([]float64, shown(terms))
	for i := range l.Weights {
		l.Weights[i] = terms[i].Coefficient
	}
}

// path are the terms of a fit in which every word was the best addition to those before it.
func (n *normal) path(x []float64, length float64) []Term {
	terms := make([]Term, len(n.words))
	explained := 0.0
	for i, word := range n.words {
		explained += n.z[i] * n.z[i] / (length * length)
		share := min(explained, 1)
		terms[i] = Term{word, x[i], share, math.Sqrt(share)}
	}
	return terms
}

// sum are the terms of a fit x whose words add up with their final coefficients, largest first. right are ⟨a_i, u⟩ and gram ⟨a_i, a_j⟩ of
// the words at places i and j.
func sum(words []int, x, right []float64, gram func(i, j int) float64, length float64) []Term {
	places := make([]int, 0, len(x))
	for i, v := range x {
		if v > 0 {
			places = append(places, i)
		}
	}
	slices.SortFunc(places, func(i, j int) int { return cmp.Or(cmp.Compare(x[j], x[i]), cmp.Compare(words[i], words[j])) })
	var terms []Term
	along, square := 0.0, 0.0 // ⟨u, y⟩ and ‖y‖² of the sum y so far
	for k, i := range places {
		along += x[i] * right[i]
		square += x[i] * x[i] * gram(i, i)
		for _, j := range places[:k] {
			square += 2 * x[i] * x[j] * gram(i, j)
		}
		terms = append(terms, Term{words[i], x[i], (2*along - square) / (length * length), along / (length * math.Sqrt(square))})
	}
	return terms
}

const (
	contenders = 16           // words looked at for a label's stability: the chance that a draw leaves out all is one in nine million
	included   = 1 - 1/math.E // chance that a word is in a bootstrap draw of many
)

// confidence is a label's margin and stability, from the correlations with all words.
func (d *Dictionary) confidence(u target, o order) (margin, stability float64) {
	best := o.largest(u.alpha, min(2*contenders, len(u.alpha)))
	cosines := make(map[int]float64, len(best)) // in float64, so that they are the same by any product
	for _, t := range best {
		cosines[t] = exact(d.atom(t), u.unit) / (u.length * d.lengths[t])
	}
	rank := func(t int) float64 { return o.of(cosines[t] * d.lengths[t]) }
	slices.SortFunc(best, func(s, t int) int { return cmp.Or(cmp.Compare(rank(t), rank(s)), cmp.Compare(s, t)) })
	margin = o.of(cosines[best[0]]) - o.of(cosines[best[1]])
	chance, total := 1.0, 0.0
	for _, t := range best[:min(contenders, len(best))] {
		like := d.cross(best[0], t) / (d.lengths[best[0]] * d.lengths[t])
		if cosines[t]*cosines[best[0]] < 0 {
			like = -like
		}
		stability += chance * included * like
		total += chance * included
		chance *= 1 - included
	}
	return margin, stability / total
}

// largest are the places of the k largest of alpha, largest first; ties in order of place.
func (o order) largest(alpha []float32, k int) []int {
	places := make([]int, 0, k+1)
	value := func(i int) float64 { return o.of(float64(alpha[i])) }
	for i := range alpha {
		v := value(i)
		if len(places) == k && v <= value(places[k-1]) {
			continue
		}
		at := len(places)
		for at > 0 && value(places[at-1]) < v {
			at--
		}
		places = slices.Insert(places, at, i)
		places = places[:min(len(places), k)]
	}
	return places
}
