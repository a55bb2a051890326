// Package comparing is the room of a lab where two models are told apart, by their weights or by what they do with the same images. The mathematics is in
// package compare.
package comparing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/compare"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/numeric"
	"github.com/facet-clip/facet/lab"
)

// Question asks how two checkpoints differ: by their weights, or with an atlas by each of the same images, also by what they do.
type Question struct {
	// AtlasA and AtlasB are the folders of two atlases of the same images, which keep scalars; both empty compares the weights alone.
	AtlasA, AtlasB string
	// Bank names pairs and differences of directions: a list, a bank or a file with a text a line. Empty, it is A's default: see [lab.Lab.Bank].
	Bank string
	// Truncate cuts texts that are too long instead of refusing them.
	Truncate bool
	// Classes are those that images are told apart by. Empty, they are the labels of A's atlas, if there are two at least.
	Classes []string
	// Templates are the prompts that each class is put into. Empty, they are those of [lab.Study].
	Templates concept.Templates
	// Level is the expected share of false discoveries among the changed pairs; 0 is 0.05.
	Level float64
	// Match pairs the pairs of both models by what they do, also where the architectures are the same.
	Match bool
	// Candidates is how many pairs of each model are matched, those used most; 0 is 500.
	Candidates int
	// Top is how many pairs each list has; 0 is 20.
	Top int
}

const (
	candidatesDefault = 500
	mostCandidates    = 4000
	wordsPerTurn      = 2
	mostNamed         = 1000 // pairs that a bank names, the strongest
)

func (q Question) check() (Question, error) {
	q.Top, q.Candidates = cmp.Or(q.Top, lab.TopDefault), cmp.Or(q.Candidates, candidatesDefault)
	if q.Level == 0 {
		q.Level = lab.DefaultLevel
	}
	switch {
	case q.AtlasA == "" != (q.AtlasB == ""):
		return q, &lab.Mistake{Problem: errors.New("expected two atlases, or two checkpoints")}
	case q.Top < 0:
		return q, lab.Mistakef("top", "%d: expected 1 or more", q.Top)
	case q.Candidates < 0 || q.Candidates > mostCandidates:
		return q, lab.Mistakef("candidates", "%d: expected 1 to %d", q.Candidates, mostCandidates)
	case q.Match && q.AtlasA == "":
		return q, lab.Mistakef("match", "needs two atlases: pairs are matched by what they do")
	}
	return q, cmp.Or(lab.CheckLevel("level", q.Level), lab.CheckClasses(q.Classes))
}

// comparison is one that is being made.
type comparison struct {
	Question
	a, b   *lab.Lab
	ovA    *decompose.OV
	ovB    *decompose.OV
	useA   *lab.Opened
	useB   *lab.Opened
	turns  []compare.Turn // nil where the architectures differ
	same   bool           // the text towers are the same
	answer *answer.ModelComparison
}

// Models tells b's model apart from a's (docs/design.md, 41 to 45).
func Models(ctx context.Context, a, b *lab.Lab, q Question) (*answer.ModelComparison, error) {
	q, err := q.check()
	if err != nil {
		return nil, err
	}
	c := &comparison{Question: q, a: a, b: b, answer: &answer.ModelComparison{AtlasA: q.AtlasA, AtlasB: q.AtlasB}}
	if err := c.open(ctx); err != nil {
		return nil, err
	}
	steps := []func(context.Context) error{c.weights}
	if q.AtlasA != "" {
		steps = append(steps, c.images)
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return c.answer, nil
}

// open prepares both models, and their atlases.
func (c *comparison) open(ctx context.Context) (err error) {
	if c.ovA, err = c.a.OV(); err != nil {
		return err
	}
	if c.ovB, err = c.b.OV(); err != nil {
		return err
	}
	if c.answer.A, err = c.a.Describe(ctx); err != nil {
		return err
	}
	if c.answer.B, err = c.b.Describe(ctx); err != nil {
		return err
	}
	if c.AtlasA != "" {
		if c.useA, err = c.a.OpenAtlas(ctx, c.AtlasA); err != nil {
			return err
		}
		if c.useB, err = c.b.OpenAtlas(ctx, c.AtlasB); err != nil {
			return err
		}
	}
	alike := compare.Alike(c.ovA, c.ovB)
	if alike != nil && c.useA == nil {
		return fmt.Errorf("%s and %s: %w; pairs of different architectures are matched by two atlases of the same images", c.a.Name(), c.b.Name(), alike)
	}
	return nil
}

// weights says what the weights alone tell; nothing of models of different architectures.
func (c *comparison) weights(ctx context.Context) error {
	if compare.Alike(c.ovA, c.ovB) != nil {
		return nil
	}
	var err error
	if c.turns, err = compare.Turns(c.ovA, c.ovB); err != nil {
		return err
	}
	bias, change := c.ovA.Bias(), c.ovB.Bias()
	for o, v := range bias {
		change[o] -= v
	}
	w := &answer.WeightChange{Pairs: len(c.turns), Rounding: compare.Rounding, Constant: answer.Number(numeric.Norm(change) / numeric.Norm(bias)), Top: []answer.TurnedPair{}}
	if numeric.Norm(bias) == 0 {
		w.Constant = answer.Number(math.NaN())
	}
	differ, err := differing(c.a.Model().Checkpoint(), c.b.Model().Checkpoint())
	if err != nil {
		return err
	}
	c.same = !slices.ContainsFunc(differ, func(name string) bool { return !strings.HasPrefix(name, "visual.") && name != "logit_scale" })
	w.Tensors, w.Names = len(differ), differ[:min(len(differ), c.Top)]
	var turned []int
	for p, t := range c.turns {
		if t.Change > compare.Rounding {
			turned = append(turned, p)
		}
	}
	slices.SortStableFunc(turned, func(p, q int) int { return cmp.Compare(c.turns[q].Change, c.turns[p].Change) })
	w.Turned = len(turned)
	c.answer.Weights = w
	return c.turned(ctx, turned[:min(len(turned), c.Top)])
}

// turned lists pairs that turned, with words for the difference.
func (c *comparison) turned(ctx context.Context, pairs []int) error {
	if len(pairs) == 0 {
		return nil
	}
	names, labelling, err := c.names(ctx, pairs)
	if err != nil {
		return err
	}
	c.answer.Labelling = labelling
	words, err := c.a.NearestWords(ctx, c.Bank, c.Truncate)
	if err != nil {
		return err
	}
	for _, p := range pairs {
		pair, t := c.ovA.Pair(p), c.turns[p]
		row := answer.TurnedPair{Neuron: pair.Neuron, Head: pair.Head, Cosine: t.Cosine, Ratio: t.Ratio, Change: t.Change, Names: names.Of(p)}
		if words != nil {
			u, before := c.ovB.Direction(pair), c.ovA.Direction(pair)
			for o, v := range before {
				u[o] -= v
			}
			row.More = words.Nearest(u, wordsPerTurn)
			row.Less = words.Nearest(numeric.Scale(u, -1), wordsPerTurn)
		}
		c.answer.Weights.Top = append(c.answer.Weights.Top, row)
	}
	return nil
}

// names are those of A's pairs: by a bank if one is asked for, by A's atlas, or by the demo model's own table.
func (c *comparison) names(ctx context.Context, pairs []int) (*lab.Names, answer.Labelling, error) {
	var list []decompose.Pair
	for _, p := range pairs {
		list = append(list, c.ovA.Pair(p))
	}
	n, err := c.a.NamesFor(ctx, c.useA, list, c.Bank, c.Truncate)
	return n, n.Labelling(), err
}

// differing are the names of the tensors of two checkpoints whose numbers differ, or that one of them lacks, in order.
func differing(a, b *checkpoint.Checkpoint) (names []string, err error) {
	all := append(a.Names(), b.Names()...)
	slices.Sort(all)
	for _, name := range slices.Compact(all) {
		same, err := sameTensor(a, b, name)
		if err != nil {
			return nil, err
		}
		if !same {
			names = append(names, name)
		}
	}
	return names, nil
}

// sameTensor tells whether two checkpoints hold the same numbers under a name.
func sameTensor(a, b *checkpoint.Checkpoint, name string) (bool, error) {
	x, known := a.Tensor(name)
	y, too := b.Tensor(name)
	switch {
	case !known || !too || !slices.Equal(x.Shape, y.Shape):
		return false, nil
	case x.DType == y.DType || !x.DType.IsFloat() || !y.DType.IsFloat():
		p, err := a.Stored(name)
		if err != nil {
			return false, err
		}
		q, err := b.Stored(name)
		return err == nil && x.DType == y.DType && slices.Equal(p.Bytes, q.Bytes), err
	}
	p, err := a.Float32(name, x.Shape...)
	if err != nil {
		return false, err
	}
	q, err := b.Float32(name, x.Shape...)
	return slices.Equal(p, q), err
}
