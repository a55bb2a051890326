package edit

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/numeric"
)

// ErrMismatch is returned when an edit meets a pool, means or another edit of another shape.
var ErrMismatch = errors.New("the edit is of another attention pool")

// Line is what becomes of one pair's scalar: s → Gain·s + Shift (docs/design.md, formula 31). Shift has the unit of s.
type Line struct {
	decompose.Pair
	Gain, Shift float64
}

// Edit is a change of an attention pool of one shape. The zero value is of no use; see [New]. An edit that is only read is safe for concurrent use.
type Edit struct {
	heads, channels, embed int
	lines                  map[int]Line // by head·C + neuron
	images, texts          []Eraser     // in the order in which they work
}

// New is the edit of a pool of M heads, C neurons and width D that changes nothing.
func New(heads, channels, embed int) *Edit {
	return &Edit{heads: heads, channels: channels, embed: embed, lines: map[int]Line{}}
}

// Scale scales pairs by α about their means s̄ [M,C] (docs/design.md, formula 30): 0 holds them at their mean, 1 changes nothing, more than 1 amplifies.
// What an earlier call did to a pair is scaled too. A pair that is named twice is scaled once. It is an error when a pair is not of the pool, when α
// or a mean is not finite, and [ErrMismatch] when the means are of another shape.
func (e *Edit) Scale(pairs []decompose.Pair, α float64, mean []float64) error {
	if len(mean) != e.heads*e.channels {
		return fmt.Errorf("%w: %d means, expected %d", ErrMismatch, len(mean), e.heads*e.channels)
	}
	lines := make([]Line, len(pairs))
	for i, p := range pairs {
		if p.Head < 0 || p.Head >= e.heads || p.Neuron < 0 || p.Neuron >= e.channels {
			return fmt.Errorf("pair %v: expected a neuron from 0 to %d and a head from 0 to %d", p, e.channels-1, e.heads-1)
		}
		lines[i] = Line{p, α, (1 - α) * mean[p.Head*e.channels+p.Neuron]}
	}
	return e.Change(lines)
}

// Change composes lines with what the edit does to their pairs already; of lines of one pair, the first counts. It is an error when a pair is not of the
// pool or a number is not finite.
func (e *Edit) Change(lines []Line) error {
	for _, l := range lines {
		if sum := l.Gain + l.Shift; math.IsNaN(sum) || math.IsInf(sum, 0) {
			return fmt.Errorf("pair %v: a gain of %g and a shift of %g are not finite", l.Pair, l.Gain, l.Shift)
		}
		if l.Head < 0 || l.Head >= e.heads || l.Neuron < 0 || l.Neuron >= e.channels {
			return fmt.Errorf("pair %v: expected a neuron from 0 to %d and a head from 0 to %d", l.Pair, e.channels-1, e.heads-1)
		}
	}
	done := map[int]bool{}
	for _, l := range lines {
		p := l.Head*e.channels + l.Neuron
		if done[p] {
			continue
		}
		done[p] = true
		before, ok := e.lines[p]
		if !ok {
			before = Line{l.Pair, 1, 0}
		}
		// The pool scales its column anew and adds to its bias, both in the directions that are left: a pair that is held stays as it is.
		e.lines[p] = Line{l.Pair, l.Gain * before.Gain, before.Shift + before.Gain*l.Shift}
	}
	return nil
}

// Erase lets an eraser work on the embeddings of pictures, behind all that works already.
func (e *Edit) Erase(x Eraser) error {
	if err := x.check(e.embed); err != nil {
		return err
	}
	e.images = append(e.images, x)
	return nil
}

// EraseTexts lets an eraser work on the embeddings of texts. The text tower ends in a map without a constant, so the eraser must have no mean.
func (e *Edit) EraseTexts(x Eraser) error {
	if err := x.check(e.embed); err != nil {
		return err
	}
	if x.Mean != nil {
		return errors.New("an eraser with a mean: the text tower has no constant that could take it")
	}
	e.texts = append(e.texts, x)
	return nil
}

// Then composes another edit, of the pool that this one leaves, behind this one.
func (e *Edit) Then(next *Edit) error {
	if e.heads != next.heads || e.channels != next.channels || e.embed != next.embed {
		return fmt.Errorf("%w: %d heads, %d neurons, embedding %d; expected %d, %d, %d", ErrMismatch,
			next.heads, next.channels, next.embed, e.heads, e.channels, e.embed)
	}
	if err := e.Change(next.Lines()); err != nil {
		return err
	}
	e.images, e.texts = append(e.images, next.images...), append(e.texts, next.texts...)
	return nil
}

// Lines are what becomes of pairs, by head and neuron; pairs that stay are left out.
func (e *Edit) Lines() []Line {
	out := make([]Line, 0, len(e.lines))
	for _, l := range e.lines {
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b Line) int { return (a.Head-b.Head)*e.channels + a.Neuron - b.Neuron })
	return out
}

// Erasers are those of pictures and those of texts, in the order in which they work.
func (e *Edit) Erasers() (images, texts []Eraser) {
	return slices.Clone(e.images), slices.Clone(e.texts)
}

// Weights are those of the edited pool, in memory of their own (docs/design.md, formulas 30 and 33).
func (e *Edit) Weights(w decompose.Weights) (decompose.Weights, error) {
	if w.Heads != e.heads || w.Channels != e.channels || w.Embed != e.embed {
		return w, fmt.Errorf("%w: %d heads, %d neurons, embedding %d; expected %d, %d, %d", ErrMismatch,
			w.Heads, w.Channels, w.Embed, e.heads, e.channels, e.embed)
	}
	w.Value, w.ValueBias = slices.Clone(w.Value), slices.Clone(w.ValueBias)
	w.Output, w.OutputBias = slices.Clone(w.Output), slices.Clone(w.OutputBias)
	e.value(w)
	for _, x := range e.images {
		x.rows(w.Output, w.Channels)
		x.one(w.OutputBias)
	}
	return w, nil
}

// value changes W_V [M,d,C] and b_V [M,d] in place.
func (e *Edit) value(w decompose.Weights) {
	C := w.Channels
	d := C / w.Heads
	bias := make([]float64, C) // what b_V gains
	for _, l := range e.Lines() {
		for k := l.Head * d; k < (l.Head+1)*d; k++ {
			at := k*C + l.Neuron
			bias[k] += l.Shift * float64(w.Value[at])
			w.Value[at] = float32(l.Gain * float64(w.Value[at]))
		}
	}
	for k, v := range bias {
		w.ValueBias[k] = float32(float64(w.ValueBias[k]) + v)
	}
}

// TextProjection is the last map of the text tower [rows,D] after the edit, in memory of its own: texts are rows times it.
func (e *Edit) TextProjection(p []float32) []float32 {
	p = slices.Clone(p)
	for i := 0; i+e.embed <= len(p); i += e.embed {
		e.text(p[i : i+e.embed])
	}
	return p
}

// Text is the embedding [D] that the edited model gives a text.
func (e *Edit) Text(t []float32) []float32 {
	t = slices.Clone(t)
	e.text(t)
	return t
}

func (e *Edit) text(t []float32) {
	for _, x := range e.texts {
		x.one(t)
	}
}

// ChangesTexts tells whether the text tower changes.
func (e *Edit) ChangesTexts() bool { return len(e.texts) > 0 }

// Embedding is what the edited model makes of a picture, given its scalars in the model that is edited and its embedding [D] there (docs/design.md,
// formula 32). Nothing is encoded.
func (e *Edit) Embedding(s decompose.Scalars, embedding []float32) []float32 {
	out := slices.Clone(embedding)
	if δ, heads := e.differences(s.S); len(heads) > 0 {
		of := decompose.Scalars{OV: s.OV, S: δ}
		for _, h := range heads {
			for o, v := range of.Head(h) {
				out[o] += v
			}
		}
	}
	for _, x := range e.images {
		x.one(out)
	}
	return out
}

// Touched are the heads of the pairs that change, in order.
func (e *Edit) Touched() []int {
	var heads []int
	for _, l := range e.Lines() {
		if len(heads) == 0 || heads[len(heads)-1] != l.Head {
			heads = append(heads, l.Head)
		}
	}
	return heads
}

// differences are what the scalars s [M,C] of a picture change by, and the heads in which one does. Without heads the differences are nil.
func (e *Edit) differences(s []float32) (δ []float32, heads []int) {
	if len(e.lines) == 0 {
		return nil, nil
	}
	δ = make([]float32, len(s))
	seen := make([]bool, e.heads)
	for p, l := range e.lines {
		δ[p] = float32((l.Gain-1)*float64(s[p]) + l.Shift)
		seen[l.Head] = true
	}
	for h, there := range seen {
		if there {
			heads = append(heads, h)
		}
	}
	return δ, heads
}

// Residual is ‖a − b‖/‖b‖ of two embeddings; 0 where both are 0.
func Residual(a, b []float32) float64 {
	var δ float64
	for i, v := range a {
		δ += (float64(v) - float64(b[i])) * (float64(v) - float64(b[i]))
	}
	if δ == 0 {
		return 0
	}
	return math.Sqrt(δ) / numeric.Norm(b)
}
