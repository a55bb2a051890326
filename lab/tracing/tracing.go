// Package tracing is the room of a lab where what a picture makes on its way through the attention pool is kept: tokens, attention, scalars.
package tracing

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/internal/numeric"
	"github.com/facet-clip/facet/lab"
)

// What can be traced, for each picture.
const (
	Tokens     = "tokens"     // x_i [K+1,C]: how strongly each neuron fires at each place, positions included
	Attention  = "attention"  // a_i^h of the class query [M,K+1]
	Attentions = "attentions" // of all queries [M,K+1,K+1]
	Scalars    = "scalars"    // s[h,n] [M,C]
	Neuron     = "neuron"     // a neuron's vectors at each place [K+1,D]
	Lengths    = "lengths"    // of tokens that each block of the last stage puts out, and of what they would write in the pool [2,J,K+1]
	Earlier    = "earlier"    // the scalars that each block of the last stage would have, pooled with the pool's own weights [J,M,C]
)

// Kinds are all of them.
func Kinds() []string {
	return []string{Tokens, Attention, Attentions, Scalars, Neuron, Lengths, Earlier}
}

// Question asks for one of them.
type Question struct {
	lab.Input
	// What is one of [Kinds].
	What string
	// Neuron is the neuron whose vectors are asked for.
	Neuron int
	// Shape is told the shape of a row before the first comes.
	Shape func(shape []int) error
	// Each takes rows with the names of their pictures.
	Each func(names []string, rows []float32) error
}

// trace makes rows out of what the model gives.
type trace struct {
	*Question
	config    clip.Config
	ov        *decompose.OV
	query     decompose.Query
	positions []float32
	shape     []int
}

// Run shows the model its input, and hands on a row for each picture.
func Run(ctx context.Context, l *lab.Lab, q Question) (*answer.Trace, error) {
	t, err := begin(l, &q)
	if err != nil {
		return nil, err
	}
	a := &answer.Trace{What: q.What, Shape: t.shape, Inputs: []string{}}
	if q.What == Neuron {
		a.Neuron = &q.Neuron
	}
	if err := q.Shape(t.shape); err != nil {
		return nil, err
	}
	use := func(names []string, out map[clip.Output]graph.Tensor) error {
		rows, err := t.rows(len(names), out)
		if err != nil {
			return err
		}
		a.Inputs = append(a.Inputs, names...)
		return q.Each(names, rows)
	}
	if a.Skipped, err = l.Look(ctx, q.Input, use, t.outputs()...); err != nil {
		return nil, err
	}
	a.Model, err = l.Describe(ctx)
	return a, err
}

// begin checks the question, and reads what its rows are made with.
func begin(l *lab.Lab, q *Question) (t *trace, err error) {
	t = &trace{Question: q, config: l.Model().Config}
	c := t.config
	if !slices.Contains(Kinds(), q.What) {
		return nil, lab.Mistakef("what", "%q: expected one of %s", q.What, strings.Join(Kinds(), ", "))
	}
	if q.What == Neuron && (q.Neuron < 0 || q.Neuron >= c.Channels) {
		return nil, lab.Mistakef("neuron", "%d: expected a neuron of the model, from 0 to %d", q.Neuron, c.Channels-1)
	}
	if q.Whole {
		return nil, lab.Mistakef("whole", "rows of one file have one shape: expected pictures cropped to the model's size")
	}
	N := c.Grid()*c.Grid() + 1
	t.shape = map[string][]int{
		Tokens: {N, c.Channels}, Attention: {c.Heads, N}, Attentions: {c.Heads, N, N}, Scalars: {c.Heads, c.Channels}, Neuron: {N, c.Embed},
		Lengths: {2, c.Blocks[len(c.Blocks)-1], N}, Earlier: {c.Blocks[len(c.Blocks)-1], c.Heads, c.Channels},
	}[q.What]
	switch q.What {
	case Neuron:
		t.ov, err = l.OV()
	case Lengths, Earlier:
		if t.query, err = l.Model().PoolQuery(); err == nil {
			t.positions, err = l.Model().Positions(c.Grid(), c.Grid())
		}
		if err == nil {
			t.ov, err = l.OV()
		}
	}
	return t, err
}

// outputs are those of the model that rows are made of.
func (t *trace) outputs() []clip.Output {
	return map[string][]clip.Output{
		Tokens: {clip.Tokens}, Attention: {clip.Attention}, Attentions: {clip.Queries, clip.Keys}, Scalars: {clip.Scalars},
		Neuron: {clip.Tokens, clip.Attention}, Lengths: {clip.Blocks}, Earlier: {clip.Blocks},
	}[t.What]
}

// rows are those of n pictures.
func (t *trace) rows(n int, out map[clip.Output]graph.Tensor) ([]float32, error) {
	for name, o := range out {
		if s := o.Shape; name != clip.Blocks && len(s) > 1 && slices.Contains([]clip.Output{clip.Tokens, clip.Queries}, name) && s[1] != t.config.Grid()*t.config.Grid()+1 {
			return nil, fmt.Errorf("pixels of another size than the model's %d×%d: rows of one file have one shape", t.config.Image, t.config.Image)
		}
	}
	switch t.What {
	case Tokens, Attention, Scalars:
		return out[clip.Output(t.What)].Floats, nil
	}
	var rows []float32
	for i := range n {
		row, err := t.row(func(o clip.Output) []float32 {
			all := out[o].Floats
			return all[i*len(all)/n : (i+1)*len(all)/n]
		})
		if err != nil {
			return nil, err
		}
		rows = append(rows, row...)
	}
	return rows, nil
}

// row is that of one picture, of which the outputs are given.
func (t *trace) row(of func(clip.Output) []float32) ([]float32, error) {
	c := t.config
	switch t.What {
	case Attentions:
		return decompose.Attentions(c.Heads, c.Channels, of(clip.Queries), of(clip.Keys)), nil
	case Neuron:
		tokens, err := t.ov.Tokens(of(clip.Tokens), of(clip.Attention))
		if err != nil {
			return nil, err
		}
		return tokens.NeuronTokens(t.Neuron), nil
	}
	var row, written []float32
	blocks := of(clip.Blocks)
	for z := range slices.Chunk(blocks, len(blocks)/c.Blocks[len(c.Blocks)-1]) {
		x := decompose.WithClass(z, t.positions, c.Channels)
		tokens, err := t.ov.Tokens(x, t.query.Attend(x))
		if err != nil {
			return nil, err
		}
		if t.What == Earlier {
			row = append(row, tokens.Scalars()...)
			continue
		}
		row, written = append(row, t.lengths(z)...), append(written, tokens.Lengths()...)
	}
	return append(row, written...), nil
}

// lengths are those of a block's tokens, without positions: first of their mean, which the class token is made of, then of the places [K+1].
func (t *trace) lengths(z []float32) []float32 {
	x := decompose.WithClass(z, make([]float32, len(t.positions)), t.config.Channels)
	var lengths []float32
	for token := range slices.Chunk(x, t.config.Channels) {
		lengths = append(lengths, float32(numeric.Norm(token)))
	}
	return lengths
}
