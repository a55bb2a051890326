package concept

import (
	"cmp"
	"math"
	"slices"
)

const (
	leastPenalty = 1e-4 // where the path ends when none is asked for, as a share of the unit's length
	pathStep     = 0.95 // from penalty to penalty
	converged    = 1e-9 // change of a coefficient, as a share of the unit's length
	violation    = 1e-8 // of the optimality conditions, likewise: more than is left where coefficients have converged
	maxSweeps    = 10_000
	entering     = 8 // words taken in at once
)

// lasso is the fit of one unit: coordinate descent over the active words, to which all words that violate the optimality conditions come,
// the worst first, until there are none; then the next penalty, from where this one ended.
type lasso struct {
	target
	d        *Dictionary
	terms    int
	penalty  float64 // now, for the unit as it is
	last     float64
	words    []int       // active
	gram     [][]float64 // ⟨a_i, a_j⟩ of the active words
	right    []float64   // ⟨a_i, u⟩
	x        []float64
	finished bool
	found    Label
}

func newLasso(d *Dictionary, u target, terms int, penalty float64) *lasso {
	l := &lasso{target: u, d: d, terms: terms, last: max(penalty, leastPenalty) * u.length}
	l.found.Margin, l.found.Stability = d.confidence(u, byValue)
	l.penalty = l.last
	for _, t := range byValue.largest(u.alpha, min(contenders, len(u.alpha))) { // in float64, so that the path is the same by any product
		l.penalty = max(l.penalty, exact(d.atom(t), u.unit))
	}
	return l
}

func (l *lasso) done() bool     { return l.finished }
func (l *lasso) support() []int { return l.words }
func (l *lasso) label() Label   { return l.found }

func (l *lasso) advance(w *worker) (missing []int) {
	for !l.finished {
		if missing = w.lack(l.words); len(missing) > 0 {
			return missing
		}
		switch violators := l.violators(w); {
		case len(violators) == 0:
			l.next()
		case l.enter(violators):
			l.descend()
		default:
			l.finished = true // there is no room: the solution has more words than wanted
		}
	}
	l.alpha = nil
	return nil
}

// violators are words that would lower the objective, the worst first. What float32 leaves open, float64 decides.
func (l *lasso) violators(w *worker) []int {
	alpha := w.residual(l.target, l.words, l.x)
	bound := l.penalty - w.rounding(l.target, l.x)
	worst := byValue.largest(alpha, min(entering+len(l.words), len(alpha)))
	rest := make(map[int]float64)
	worst = slices.DeleteFunc(worst, func(t int) bool {
		if float64(alpha[t]) <= bound || slices.Contains(l.words, t) {
			return true
		}
		rest[t] = w.exactResidual(t, l.target, l.words, l.x)
		return rest[t] <= l.penalty+violation*l.length*w.d.longest
	})
	slices.SortFunc(worst, func(s, t int) int { return cmp.Or(cmp.Compare(rest[t], rest[s]), cmp.Compare(s, t)) })
	return worst[:min(entering, len(worst))]
}

// enter takes words in, as many as there is room for. Words without weight leave first, if that is needed.
func (l *lasso) enter(words []int) bool {
	room := max(2*l.terms-1, 1) // which the schedule has memory for
	if len(l.words)+len(words) > room {
		l.leave()
	}
	words = words[:min(len(words), max(room-len(l.words), 0))]
	for _, t := range words {
		row := make([]float64, 0, room)
		for i, s := range l.words {
			g := l.d.cross(t, s)
			row = append(row, g)
			l.gram[i] = append(l.gram[i], g)
		}
		l.gram = append(l.gram, append(row, l.d.cross(t, t)))
		l.words, l.right, l.x = append(l.words, t), append(l.right, exact(l.d.atom(t), l.unit)), append(l.x, 0)
	}
	return len(words) > 0
}

// leave lets go of words without weight.
func (l *lasso) leave() {
	for i := len(l.x) - 1; i >= 0; i-- {
		if l.x[i] > 0 {
			continue
		}
		for j := range l.gram {
			l.gram[j] = slices.Delete(l.gram[j], i, i+1)
		}
		l.gram = slices.Delete(l.gram, i, i+1)
		l.words, l.right, l.x = slices.Delete(l.words, i, i+1), slices.Delete(l.right, i, i+1), slices.Delete(l.x, i, i+1)
	}
}

// descend is coordinate descent over the active words.
func (l *lasso) descend() {
	rest := slices.Clone(l.right) // ⟨a_i, u − Σ x a⟩
	for i := range rest {
		for j, x := range l.x {
			rest[i] -= x * l.gram[i][j]
		}
	}
	for range maxSweeps {
		moved := 0.0
		for i, x := range l.x {
			now := max(0, x+(rest[i]-l.penalty)/l.gram[i][i])
			if now == x {
				continue
			}
			l.x[i] = now
			for j, g := range l.gram[i] {
				rest[j] -= (now - x) * g
			}
			moved = max(moved, math.Abs(now-x))
		}
		if moved <= converged*l.length/l.d.longest {
			return
		}
	}
}

// next keeps the solution at this penalty, unless it has too many words, and goes on to the next.
func (l *lasso) next() {
	count := 0
	for _, x := range l.x {
		if x > 0 {
			count++
		}
	}
	if count > l.terms {
		l.finished = true
		return
	}
	l.found.addUp(sum(l.words, l.x, l.right, func(i, j int) float64 { return l.gram[i][j] }, l.length))
	if l.penalty <= l.last {
		l.finished = true
		return
	}
	l.penalty = max(l.last, l.penalty*pathStep)
	l.descend()
}
