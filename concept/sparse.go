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

// Method is how the words of a label are found.
type Method int

const (
	// OMP is orthogonal matching pursuit (docs/design.md, 23): the word most like what is left of the unit is added, by the size of the
	// correlation, and all coefficients are fitted anew, until a label has Options.Terms words or nothing is left. Words and coefficients
	// are those of scikit-learn's SparseCoder(transform_algorithm="omp").
	OMP Method = iota
	// NonNegative is matching pursuit with coefficients that are not negative: the word with the largest positive correlation
	// is added and the coefficients are fitted anew by non-negative least squares (Lawson and Hanson), which may take words out
	// again. A label's terms are in order of their coefficients.
	NonNegative
	// Lasso is the non-negative lasso by coordinate descent, as in SpLiCE (Bhalla et al., arXiv 2402.10376): the x ≥ 0 of least
	//
	//	½ ‖u − Σ_t x_t a_t‖² + penalty·‖u‖·Σ_t x_t
	//
	// with at most Options.Terms words. The penalty falls step by step to Options.Penalty, and stops before a label would have more words.
	// A label's terms are in order of their coefficients. For scikit-learn's Lasso the penalty of a unit vector is alpha·D.
	Lasso
)

// Options are the settings of a fit.
type Options struct {
	Method  Method
	Terms   int     // at most, in a label; at least 1
	Penalty float64 // of [Lasso]; 0 asks for as many words as may be
	// Product multiplies with the atoms; nil: the dictionary's own.
	Product Product
	// Mix multiplies coefficients with the correlations of a block's basis; nil: gonum's.
	Mix Mix
	// Memory bounds, in bytes, the correlations of words that are kept for other units to share; 0: [DefaultMemory].
	Memory int64
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

// target is a unit to be fitted.
type target struct {
	unit   []float32 // u [D]
	length float64   // ‖u‖
	size   float64   // what u was added up from, at least ‖u‖: its correlations are as exact as this is short
	alpha  []float32 // ⟨a_t, u⟩ [T]
}

// Labeller writes units as sums of words. Its calls share correlations of words, so those after the first cost less. It is for one goroutine.
type Labeller struct {
	d       *Dictionary
	o       Options
	terms   int
	most    int // units under way at once
	rows    *gramRows
	workers []*worker
}

// Labeller checks the options. No room in Options.Memory is an error.
func (d *Dictionary) Labeller(o Options) (*Labeller, error) {
	T := len(d.Texts)
	if o.Terms < 1 {
		return nil, fmt.Errorf("sparse labels: %d terms: expected at least 1", o.Terms)
	}
	if !(o.Penalty >= 0) || math.IsInf(o.Penalty, 0) {
		return nil, fmt.Errorf("sparse labels: penalty %g: expected a number that is not negative", o.Penalty)
	}
	if o.Product == nil {
		o.Product = d.Product
	}
	if o.Mix == nil {
		o.Mix = mix
	}
	if o.Memory == 0 {
		o.Memory = DefaultMemory
	}
	l := &Labeller{d: d, o: o, terms: min(o.Terms, T)}
	held := int(o.Memory / int64(4*T)) // rows of [T] float32
	l.most = min(held/(2*l.terms), maxActive)
	if l.most < 1 {
		return nil, fmt.Errorf("sparse labels: %d bytes hold the correlations of %d words with %d: expected room for %d", o.Memory, held, T, 2*l.terms)
	}
	l.rows = &gramRows{d: d, product: o.Product, limit: held - l.most, row: make([][]float32, T), used: make([]int, T)}
	for range runtime.GOMAXPROCS(0) {
		l.workers = append(l.workers, &worker{d: d, rows: l.rows, alpha: make([]float32, T)})
	}
	return l, nil
}

// begin starts the fit of a unit of some length, given its correlations with all words.
func (l *Labeller) begin(u target) fit {
	if l.o.Method == Lasso {
		return newLasso(l.d, u, l.terms, l.o.Penalty)
	}
	order := bySize
	if l.o.Method == NonNegative {
		order = byValue
	}
	return newPursuit(l.d, u, l.terms, order)
}

// Label fits units. Each goes on until it needs the correlations of a word that nobody has needed yet; what all units miss is then
// computed in one product. So the T×T Gram matrix is never formed, only the rows in use, which units share.
//
// ready, if not nil, is given the labels in order, some at a time, as soon as they and those before them are there; its error ends the fit. The
// coefficients are for the units as given, of any length. Units that are not finite are errors.
func (l *Labeller) Label(ctx context.Context, units Units, ready func([]Label) error) ([]Label, error) {
	if err := units.check(l.d.Embed); err != nil {
		return nil, fmt.Errorf("sparse labels: %w", err)
	}
	s := &schedule{Labeller: l, queue: queue{labeller: l, units: slices.Clone(units)}, labels: make([]Label, units.Count(l.d.Embed)), ready: ready}
	s.there = make([]bool, len(s.labels))
	for s.begun < len(s.labels) || len(s.active) > 0 {
		if err := s.round(ctx); err != nil {
			return nil, err
		}
	}
	return s.labels, nil
}

// OMP labels units [U,D] by orthogonal matching pursuit.
func (d *Dictionary) OMP(ctx context.Context, units []float32, o Options) ([]Label, error) {
	o.Method = OMP
	l, err := d.Labeller(o)
	if err != nil {
		return nil, err
	}
	return l.Label(ctx, Units{{Basis: units}}, nil)
}

// schedule is the state of [Labeller.Label].
type schedule struct {
	*Labeller
	queue  queue
	begun  int // units
	active []running
	labels []Label
	there  []bool // labels
	given  int    // to ready
	ready  func([]Label) error
}

type running struct {
	index int
	fit   fit
}

// round moves every fit on as far as the rows at hand reach, and fetches those that are missing.
func (s *schedule) round(ctx context.Context) error {
	if err := s.admit(ctx); err != nil {
		return err
	}
	missing, err := s.advance(ctx)
	if err != nil {
		return err
	}
	if err := s.retire(); err != nil {
		return err
	}
	for _, r := range s.active {
		s.rows.touch(r.fit.support())
	}
	return s.rows.fetch(ctx, missing)
}

// admit begins fits until as many are under way as may be.
func (s *schedule) admit(ctx context.Context) error {
	for len(s.active) < s.most && s.begun < len(s.labels) {
		targets, err := s.queue.take(ctx, s.most-len(s.active))
		if err != nil {
			return err
		}
		for _, u := range targets {
			if u.length == 0 {
				s.there[s.begun] = true
			} else {
				s.active = append(s.active, running{s.begun, s.begin(u)})
			}
			s.begun++
		}
	}
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

// retire takes the labels of finished fits, and gives away those that are next.
func (s *schedule) retire() error {
	s.active = slices.DeleteFunc(s.active, func(r running) bool {
		if !r.fit.done() {
			return false
		}
		s.labels[r.index], s.there[r.index] = r.fit.label(), true
		return true
	})
	from := s.given
	for s.given < len(s.there) && s.there[s.given] {
		s.given++
	}
	if s.given == from || s.ready == nil {
		return nil
	}
	return s.ready(s.labels[from:s.given])
}
