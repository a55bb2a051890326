package concept

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// Term is a word of a sparse label.
type Term struct {
	Word        int     // in the dictionary
	Coefficient float64 // of the word's atom in the reconstruction from all terms
	// Explained is the share of ‖u‖² that the terms up to this one explain, 1 − ‖u − reconstruction‖²/‖u‖². [Dictionary.OMP] refits
	// all coefficients after each word, so there it never falls; the other methods add up final coefficients.
	Explained float64
	Cosine    float64 // of that reconstruction with the unit
}

// Label is a unit in words. A unit of no length, and one that no word is like, has no terms.
type Label struct {
	Terms []Term
	// Weights are the coefficients of the fit with the terms to show alone (see [Label.Shown]): what comes after a word may turn its
	// coefficient around.
	Weights []float64
	// Margin is how much more like the unit the first word is than the runner-up, as a difference of |cosine| (of cosine where
	// coefficients are not negative).
	Margin float64
	// Stability is the expected cosine of the first word with the first word under a bootstrap of the bank, which draws T of its T
	// words with replacement: about 37 in a hundred are left out of a draw, and the best that is in comes first. 1: whatever takes over
	// means the same. It is computed in closed form from the 16 best words, words being in or out independently.
	Stability float64
}

// Explained is the share of the unit that all terms together explain, 0 without terms.
func (l Label) Explained() float64 {
	if len(l.Terms) == 0 {
		return 0
	}
	return l.Terms[len(l.Terms)-1].Explained
}

// Options are the settings of a fit.
type Options struct {
	Terms int // at most, in a label; at least 1
	// Product multiplies with the atoms; nil: the dictionary's own.
	Product Product
	// Memory bounds, in bytes, the correlations of words that are kept for other units to share; 0: [DefaultMemory].
	Memory int64
	// Progress is told how many units are done, in all; nil for nobody. Calls come one at a time.
	Progress func(done int)
}

// DefaultMemory holds the correlations of 13,000 words with 20,000.
const DefaultMemory = 1 << 30

const (
	maxActive = 256 // units under way at once
	rowChunk  = 128 // words in a product
)

// fit is the fit of one unit under way.
type fit interface {
	// advance goes on until it is done or wants correlations of its words that the worker does not have.
	advance(w *worker) (missing []int)
	done() bool
	support() []int // whose correlations it uses
	label() Label
}

// beginning starts a fit of a unit of some length, given its correlations with all words.
type beginning func(u target) fit

// target is a unit to be fitted.
type target struct {
	unit   []float32 // [D]
	length float64
	alpha  []float32 // ⟨a_t, u⟩ [T]
}

// fitAll fits units [U,D]. Each goes on until it needs the correlations of a word that nobody has needed yet; what all units miss is then
// computed in one product. So the T×T Gram matrix is never formed, only the rows in use, which units share.
func (d *Dictionary) fitAll(ctx context.Context, units []float32, o Options, begin beginning) ([]Label, error) {
	s, err := d.newSchedule(units, o)
	if err != nil {
		return nil, err
	}
	for s.next < len(s.labels) || len(s.active) > 0 {
		if err := s.admit(ctx, begin); err != nil {
			return nil, err
		}
		missing, err := s.advance(ctx)
		if err != nil {
			return nil, err
		}
		s.retire()
		for _, r := range s.active {
			s.rows.touch(r.fit.support())
		}
		if err := s.rows.fetch(ctx, missing); err != nil {
			return nil, err
		}
	}
	return s.labels, nil
}

// schedule is the state of fitAll.
type schedule struct {
	d        *Dictionary
	units    []float32
	labels   []Label
	next     int // unit to admit
	finished int
	most     int // units at once
	active   []running
	rows     *gramRows
	workers  []*worker
	progress func(int)
}

type running struct {
	index int
	fit   fit
}

func (d *Dictionary) newSchedule(units []float32, o Options) (*schedule, error) {
	T, D := len(d.Texts), d.Embed
	if len(units)%D != 0 {
		return nil, fmt.Errorf("sparse labels: %d numbers are not units of width %d", len(units), D)
	}
	if o.Terms < 1 {
		return nil, fmt.Errorf("sparse labels: %d terms: expected at least 1", o.Terms)
	}
	terms := min(o.Terms, T)
	for i, v := range units {
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, fmt.Errorf("sparse labels: unit %d is not finite", i/D)
		}
	}
	s := &schedule{d: d, units: units, labels: make([]Label, len(units)/D), progress: o.Progress}
	product, memory := o.Product, o.Memory
	if product == nil {
		product = d.Product
	}
	if memory == 0 {
		memory = DefaultMemory
	}
	held := int(memory / int64(4*T)) // rows of [T] float32
	s.most = min(held/(2*terms), maxActive)
	if s.most < 1 {
		return nil, fmt.Errorf("sparse labels: %d bytes hold the correlations of %d words with %d: expected room for %d", memory, held, T, 2*terms)
	}
	s.rows = &gramRows{d: d, product: product, limit: held - s.most, row: make([][]float32, T), used: make([]int, T)}
	for range runtime.GOMAXPROCS(0) {
		s.workers = append(s.workers, &worker{d: d, rows: s.rows, alpha: make([]float32, T)})
	}
	return s, nil
}

// admit begins fits until as many are under way as may be.
func (s *schedule) admit(ctx context.Context, begin beginning) error {
	T, D := len(s.d.Texts), s.d.Embed
	n := min(s.most-len(s.active), len(s.labels)-s.next)
	if n == 0 {
		return nil
	}
	units := s.units[s.next*D : (s.next+n)*D]
	alpha, err := s.rows.multiply(ctx, units)
	if err != nil {
		return err
	}
	for i := range n {
		u := target{unit: units[i*D : (i+1)*D], alpha: slices.Clone(alpha[i*T : (i+1)*T])} // its own, so that it is freed with the unit
		if u.length = norm(u.unit); u.length == 0 {
			s.finish()
		} else {
			s.active = append(s.active, running{s.next + i, begin(u)})
		}
	}
	s.next += n
	return nil
}

// advance moves every fit on, in parallel, and gives the words whose rows are missing, sorted.
func (s *schedule) advance(ctx context.Context) ([]int, error) {
	wanted := make([][]int, len(s.active))
	var next atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for _, w := range s.workers {
		g.Go(func() error {
			for i := int(next.Add(1)) - 1; i < len(s.active); i = int(next.Add(1)) - 1 {
				if err := ctx.Err(); err != nil {
					return err
				}
				wanted[i] = s.active[i].fit.advance(w)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	missing := slices.Concat(wanted...)
	slices.Sort(missing)
	return slices.Compact(missing), nil
}

// retire takes the labels of finished fits.
func (s *schedule) retire() {
	s.active = slices.DeleteFunc(s.active, func(r running) bool {
		if !r.fit.done() {
			return false
		}
		s.labels[r.index] = r.fit.label()
		s.finish()
		return true
	})
}

func (s *schedule) finish() {
	if s.finished++; s.progress != nil {
		s.progress(s.finished)
	}
}
