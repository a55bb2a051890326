package comparing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/compare"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/experiment/attribution"
	"github.com/facet-clip/facet/internal/numeric"
	"github.com/facet-clip/facet/lab"
)

// errOtherImages is returned for two atlases that are not of the same images.
var errOtherImages = errors.New("the atlases are not of the same images in one order: scan one dataset with both models, and keep the scalars")

// doingAxes is how many components of the embeddings tell for what a pair fires.
const doingAxes = 8

// images compares what both models do with the images of the atlases.
func (c *comparison) images(ctx context.Context) error {
	if err := c.sameImages(); err != nil {
		return err
	}
	p := &passing{comparison: c}
	defer p.close()
	if err := p.open(ctx); err != nil {
		return err
	}
	if c.turns != nil {
		if err := p.run(ctx); err != nil {
			return err
		}
		if err := p.tell(ctx); err != nil {
			return err
		}
	}
	if c.turns == nil || c.Match {
		return p.match(ctx)
	}
	return nil
}

// sameImages is an error unless the atlases list the same images.
func (c *comparison) sameImages() error {
	a, err := c.useA.Pictures()
	if err != nil {
		return err
	}
	b, err := c.useB.Pictures()
	if err != nil {
		return err
	}
	if len(a) != len(b) {
		return fmt.Errorf("%s has %d images and %s has %d: %w", c.AtlasA, len(a), c.AtlasB, len(b), errOtherImages)
	}
	for i, img := range a {
		if img.Path() != b[i].Path() {
			return fmt.Errorf("image %d is %s in %s and %s in %s: %w", i, img.Path(), c.AtlasA, b[i].Path(), c.AtlasB, errOtherImages)
		}
	}
	return nil
}

// passing goes through the images of both atlases.
type passing struct {
	*comparison
	scalarsA, scalarsB *atlas.Scalars
	embedA, embedB     []float32 // [N,D]
	difference         *compare.Difference
	doing              *compare.Doing
	axes               [][]float64
	measures           int
	classes            *classes // nil where there are none
}

func (p *passing) close() {
	for _, s := range []*atlas.Scalars{p.scalarsA, p.scalarsB} {
		if s != nil {
			s.Close()
		}
	}
}

func (p *passing) open(ctx context.Context) (err error) {
	if p.scalarsA, err = p.useA.Atlas.Scalars(); err != nil {
		return err
	}
	if p.scalarsB, err = p.useB.Atlas.Scalars(); err != nil {
		return err
	}
	if p.embedA, err = p.useA.PictureEmbeddings(); err != nil {
		return err
	}
	if p.embedB, err = p.useB.PictureEmbeddings(); err != nil || p.turns == nil {
		return err
	}
	if p.difference, err = compare.NewDifference(p.ovA, p.ovB, p.useA.Stats.Mean); err != nil {
		return err
	}
	if p.axes, err = compare.Axes(p.embedA, p.ovA.Embed, doingAxes); err != nil {
		return err
	}
	p.measures = 2 + len(p.axes[0])
	if p.doing, err = compare.NewDoing(p.turns, p.useA.Stats.Mean, p.useB.Stats.Mean, len(p.axes[0])); err != nil {
		return err
	}
	return p.openClasses(ctx)
}

// run takes up every image.
func (p *passing) run(ctx context.Context) error {
	N, D := p.scalarsA.Images, p.ovA.Embed
	step := p.a.Step(ctx, "images", N)
	defer step.Done()
	a, b := make([]float32, p.scalarsA.Pairs), make([]float32, p.scalarsB.Pairs)
	for i := range N {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := errors.Join(p.scalarsA.Row(i, a), p.scalarsB.Row(i, b)); err != nil {
			return err
		}
		eA, eB := p.embedA[i*D:(i+1)*D], p.embedB[i*D:(i+1)*D]
		if err := errors.Join(p.difference.Add(a, b, eA, eB), p.doing.Add(i, a, b, p.axes[i])); err != nil {
			return err
		}
		if p.classes != nil {
			p.classes.add(i, a, b, eA, eB)
		}
		step.Add(1)
	}
	return nil
}

// tell puts what was found into the answer.
func (p *passing) tell(ctx context.Context) error {
	s, done := p.difference.Shares(), p.doing.Done()
	values := p.tested(done)
	p.answer.Difference = &answer.EmbeddingChange{
		Images: s.Images, Length: s.Length, Cosine: s.Cosine, Fires: s.Fires, Says: s.Says, Both: s.Both, Constant: s.Constant, Residual: s.Residual, Average: s.Average,
		Words: []answer.Group{}, Pairs: []answer.ChangedPair{},
	}
	order := ordered(len(done), func(i int) float64 { return math.Abs(s.Pair(i)) })
	names, labelling, err := p.names(ctx, order[:min(len(order), mostNamed)])
	if err != nil {
		return err
	}
	p.answer.Labelling = labelling
	p.words(s, names)
	for _, i := range order[:min(len(order), p.Top)] {
		if s.Pair(i) == 0 {
			break
		}
		pair, t, d := p.ovA.Pair(i), p.turns[i], done[i]
		p.answer.Difference.Pairs = append(p.answer.Difference.Pairs, answer.ChangedPair{
			Neuron: pair.Neuron, Head: pair.Head, Share: s.Pair(i), Fires: s.PairFires[i], Says: s.PairSays[i], Both: s.PairBoth[i], Cosine: t.Cosine, Ratio: t.Ratio,
			Alike: answer.Number(d.Alike), Mean: d.Mean, Size: answer.Number(finiteOr(d.Size)), P: values[i], Names: names.Of(i),
		})
	}
	if p.classes != nil {
		p.classes.tell(p.answer, names, p.Top)
	}
	return nil
}

// tested says how many pairs do otherwise, and how many would be found so by chance; it gives the adjusted p-values.
func (p *passing) tested(done []compare.Done) []float64 {
	found := func(v float64) bool { return v <= p.Level }
	of := func(value func(compare.Done) float64) (values []float64) {
		for _, d := range done {
			values = append(values, value(d))
		}
		return values
	}
	values := drift.BenjaminiHochberg(of(func(d compare.Done) float64 { return d.P }))
	a := &answer.DoingChange{Tested: len(done), Level: p.Level, Changed: counted(values, found), Measures: p.measures, Halves: compare.Halves}
	for h := range compare.Halves {
		null := of(func(d compare.Done) float64 { return d.Null[h] })
		a.NullLow += float64(counted(null, found)) / float64(len(done)) / compare.Halves
		a.NullChanged += float64(counted(drift.BenjaminiHochberg(null), found)) / compare.Halves
	}
	p.answer.Doing = a
	return values
}

// finiteOr is a number, or not one where it is infinite.
func finiteOr(v float64) float64 {
	if math.IsInf(v, 0) {
		return math.NaN()
	}
	return v
}

func counted(values []float64, is func(float64) bool) (n int) {
	for _, v := range values {
		if is(v) {
			n++
		}
	}
	return n
}

// ordered are the numbers below n by a measure, the largest first; ties in their order.
func ordered(n int, measure func(int) float64) []int {
	order := numeric.Indices(n)
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(measure(j), measure(i)) })
	return order
}

// words sums the shares of pairs by the words of their labels.
func (p *passing) words(s compare.Shares, n *lab.Names) {
	if s.Length == 0 {
		return
	}
	split := attribution.Split{Total: 1, Constant: s.Constant, Pairs: make([]float64, len(s.PairSays))}
	for i := range split.Pairs {
		split.Pairs[i] = s.Pair(i)
	}
	p.answer.Difference.Words = n.ByWord(p.ovA, &split, wordsCover, p.Top)
}

// wordsCover is how much of all that words hold is listed.
const wordsCover = 0.8

// classes is how each class fares: margins as sums over pairs (docs/design.md, 43).
type classes struct {
	*comparison
	head         [2]*concept.Bank // of A and of B
	scale        [2]float64       // τ
	of           []int            // class of each image; −1: none
	images       []int            // of each class
	right        [2][]int
	sums         [2][][]float64 // Σ s/‖e‖ over the images of a class [classes][M,C]
	lengths      [2][]float64   // Σ 1/‖e‖
	margins      [2][]float64
	againstOther [2][][]float32 // the text of a class less the mean of the others [classes][D]
}

// openClasses prepares zero-shot heads for both models; without two classes, or text towers, there are none.
func (p *passing) openClasses(ctx context.Context) error {
	labels, err := p.useA.Atlas.Labels()
	if err != nil {
		return err
	}
	if len(p.Classes) == 0 && len(lab.ClassNames(labels)) < 2 || !p.a.Model().Config.HasText() {
		return nil
	}
	c := &classes{comparison: p.comparison}
	if c.head[0], err = p.a.ClassHead(ctx, labels, p.Classes, p.Templates); err != nil {
		return err
	}
	if c.head[1] = c.head[0]; !p.same {
		if !p.b.Model().Config.HasText() {
			return nil
		}
		if c.head[1], err = p.b.ClassHead(ctx, labels, c.head[0].Texts, p.Templates); err != nil {
			return err
		}
	}
	for k, l := range []*lab.Lab{p.a, p.b} {
		if c.scale[k], err = l.Model().LogitScale(); err != nil {
			return err
		}
	}
	for _, l := range labels {
		c.of = append(c.of, slices.Index(c.head[0].Texts, lab.ClassName(l)))
	}
	c.begin()
	p.classes = c
	return nil
}

// begin makes room for the sums.
func (c *classes) begin() {
	n, D := len(c.head[0].Texts), c.ovA.Embed
	c.images = make([]int, n)
	for k := range 2 {
		c.right[k], c.lengths[k], c.margins[k] = make([]int, n), make([]float64, n), make([]float64, n)
		c.sums[k], c.againstOther[k] = make([][]float64, n), make([][]float32, n)
		mean := c.head[k].Mean()
		for class := range n {
			t := make([]float32, D)
			for o, v := range c.head[k].Embeddings[class*D : (class+1)*D] { // the mean of the others is (n·mean − t)/(n − 1)
				t[o] = float32((float64(v) - float64(mean[o])) * float64(n) / float64(n-1))
			}
			c.againstOther[k][class] = t
		}
	}
}

// add takes up an image.
func (c *classes) add(i int, a, b, eA, eB []float32) {
	class := c.of[i]
	if class < 0 {
		return
	}
	c.images[class]++
	for k, x := range []struct{ scalars, embedding []float32 }{{a, eA}, {b, eB}} {
		length := numeric.Norm(x.embedding)
		if !(length > 0) {
			continue
		}
		if c.head[k].Nearest(x.embedding, 1)[0].Text == c.head[k].Texts[class] {
			c.right[k][class]++
		}
		if c.sums[k][class] == nil {
			c.sums[k][class] = make([]float64, len(x.scalars))
		}
		for p, s := range x.scalars {
			c.sums[k][class][p] += float64(s) / length
		}
		c.lengths[k][class] += 1 / length
		c.margins[k][class] += c.scale[k] * numeric.Dot(x.embedding, c.againstOther[k][class]) / length
	}
}

// tell lists the classes, the largest change of the margin first.
func (c *classes) tell(a *answer.ModelComparison, n *lab.Names, top int) {
	a.Classes = []answer.ClassChange{}
	for class, images := range c.images {
		if images == 0 {
			continue
		}
		parts, constant := c.parts(class)
		one := answer.ClassChange{
			Class: c.head[0].Texts[class], Images: images, Before: experiment.NewShare(c.right[0][class], images), After: experiment.NewShare(c.right[1][class], images),
			Margin: (c.margins[1][class] - c.margins[0][class]) / float64(images), Constant: constant, Better: []answer.ClassPair{}, Worse: []answer.ClassPair{},
		}
		order := ordered(len(parts), func(p int) float64 { return parts[p] })
		for k := range min(top, classPairs, len(order)) {
			if p := order[k]; parts[p] > 0 {
				one.Better = append(one.Better, c.classPair(p, parts[p], n))
			}
			if p := order[len(order)-1-k]; parts[p] < 0 {
				one.Worse = append(one.Worse, c.classPair(p, parts[p], n))
			}
		}
		a.Classes = append(a.Classes, one)
	}
	slices.SortStableFunc(a.Classes, func(x, y answer.ClassChange) int { return cmp.Compare(math.Abs(y.Margin), math.Abs(x.Margin)) })
}

// classPairs is how many pairs of a class are listed.
const classPairs = 5

// parts are the change of the mean margin of a class as a sum over pairs [M,C] and the constant: τ_B s_B⟨u_B,t_B⟩/‖e_B‖ − τ_A s_A⟨u_A,t_A⟩/‖e_A‖.
func (c *classes) parts(class int) (parts []float64, constant float64) {
	n := float64(c.images[class])
	for k, ov := range []*decompose.OV{c.ovA, c.ovB} {
		if c.sums[k][class] == nil {
			continue
		}
		sign := float64(2*k - 1)
		products := ov.Text(c.againstOther[k][class])
		if parts == nil {
			parts = make([]float64, len(products))
		}
		for p, v := range products {
			parts[p] += sign * c.scale[k] * float64(v) * c.sums[k][class][p] / n
		}
		constant += sign * c.scale[k] * numeric.Dot(ov.Bias(), c.againstOther[k][class]) * c.lengths[k][class] / n
	}
	return parts, constant
}

func (c *classes) classPair(p int, amount float64, n *lab.Names) answer.ClassPair {
	pair := c.ovA.Pair(p)
	return answer.ClassPair{Neuron: pair.Neuron, Head: pair.Head, Amount: amount, Names: n.Of(p)}
}
