package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/experiment/attribution"
	"github.com/facet-clip/facet/experiment/tree"
	"github.com/facet-clip/facet/naming"
)

// Tree asks which sub-concepts a neuron has: its parts through the heads, clustered.
type Tree struct {
	// Atlas is the folder of the atlas. Scores, and pictures of more than single heads, need one that keeps scalars.
	Atlas string
	// Neuron is its number.
	Neuron int
	// Linkage is average (also empty) or ward: see [tree.Linkage].
	Linkage string
	// Clusters is how many parts the neuron is cut into; 0 cuts it at the largest gap between heights, into 8 at most.
	Clusters int
	// Bank names the parts: a list, a bank or a file with a text a line. Empty, it is the default: see [Lab.Bank].
	Bank string
	// Truncate cuts texts that are too long instead of refusing them.
	Truncate bool
	// Images is how many images of each part are given; 0 is 5, and [decompose.Extremes] at most.
	Images int
	// Roots are the folders where the pictures lie now, if they were moved; of a merged atlas one for each dataset, or one for all.
	Roots []string
	// Draws is how many random partitions the parts are set against; 0 is 200.
	Draws int
	// Seed is that of the partitions.
	Seed uint64
}

const (
	mostParts    = 8 // that the gap may choose
	drawsDefault = 200
)

func (q Tree) check(ov *decompose.OV) (Tree, error) {
	q.Linkage = cmp.Or(q.Linkage, string(tree.Average))
	q.Images, q.Draws = cmp.Or(q.Images, 5), cmp.Or(q.Draws, drawsDefault)
	switch {
	case q.Neuron < 0 || q.Neuron >= ov.Channels:
		return q, &Mistake{Problem: fmt.Errorf("neuron %d: expected 0 to %d", q.Neuron, ov.Channels-1)}
	case q.Clusters < 0 || q.Clusters > ov.Heads:
		return q, mistake("clusters", "%d: expected 1 to %d, the heads of the model", q.Clusters, ov.Heads)
	case q.Images < 0 || q.Images > decompose.Extremes:
		return q, mistake("images", "%d: expected 1 to %d", q.Images, decompose.Extremes)
	case q.Draws < 0:
		return q, mistake("draws", "%d: expected 1 or more", q.Draws)
	}
	return q, checkLinkage(q.Linkage)
}

func checkLinkage(l string) error {
	if !slices.Contains(tree.Linkages(), tree.Linkage(l)) {
		return mistake("linkage", "%s: expected %s or %s", l, tree.Average, tree.Ward)
	}
	return nil
}

// growing is a tree that is being looked at.
type growing struct {
	Tree
	lab    *Lab
	ov     *decompose.OV
	use    *use
	parts  tree.Parts
	nodes  tree.Tree
	images *tree.Images // nil where the atlas keeps no scalars
	answer *answer.Tree
	shown  []int // the parts, and the nodes above them: those with names and pictures
}

// Tree clusters the parts of a neuron, and says what each cluster fires for (docs/design.md, 37 to 40).
func (l *Lab) Tree(ctx context.Context, q Tree) (*answer.Tree, error) {
	use, ov, err := l.openBoth(ctx, q.Atlas)
	if err != nil {
		return nil, err
	}
	if q, err = q.check(ov); err != nil {
		return nil, err
	}
	g := &growing{Tree: q, lab: l, ov: ov, use: use}
	if err := g.grow(); err != nil {
		return nil, fmt.Errorf("%s: %w", q.Atlas, err)
	}
	for _, step := range []func(context.Context) error{g.look, g.name} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", q.Atlas, err)
		}
	}
	g.answer.Model, err = l.describe(ctx)
	return g.answer, err
}

// grow clusters the heads and cuts the tree.
func (g *growing) grow() (err error) {
	at := g.use.atlas
	if g.parts, err = tree.NewParts(at.Stats, at.NeuronGram, g.Neuron); err != nil {
		return err
	}
	g.nodes = g.parts.Cluster(tree.Linkage(g.Linkage))
	variance := g.parts.Variance()
	a := &answer.Tree{Atlas: g.Atlas, Images: at.Manifest.Images, Neuron: g.Neuron, Linkage: g.Linkage, ByGap: g.Clusters == 0, Variance: variance}
	for i, n := range g.nodes {
		node := answer.TreeNode{Node: i, Heads: n.Heads, Height: n.Height, Share: g.parts.Share(n.Heads), Own: decompose.Share(g.parts.Own(n.Heads), variance)}
		if n.Left >= 0 {
			node.Children = []int{n.Left, n.Right}
		}
		a.Nodes = append(a.Nodes, node)
	}
	a.Parts = cutParts(g.nodes, g.Clusters, g.parts)
	g.answer, g.shown = a, slices.Concat(a.Parts, g.nodes.Above(a.Parts))
	return nil
}

// cutParts cuts a tree into so many nodes, or at the largest gap where that is 0; the largest share comes first.
func cutParts(t tree.Tree, clusters int, p tree.Parts) []int {
	if clusters == 0 {
		clusters = t.Gap(mostParts)
	}
	cut := t.Cut(clusters)
	slices.SortStableFunc(cut, func(i, j int) int { return cmp.Compare(p.Share(t[j].Heads), p.Share(t[i].Heads)) })
	return cut
}

// heads are those of some nodes.
func heads(t tree.Tree, nodes []int) (sets [][]int) {
	for _, i := range nodes {
		sets = append(sets, t[i].Heads)
	}
	return sets
}

// look finds the images of the shown nodes and scores them. Without scalars only what an atlas keeps of single pairs is given.
func (g *growing) look(ctx context.Context) error {
	scalars, err := g.use.atlas.Scalars()
	if errors.Is(err, atlas.ErrNoScalars) {
		g.lab.log.Warn("only parts of one head have pictures, and nothing is scored", "reason", err)
		return g.pictures(func(heads []int) []decompose.Extreme {
			if len(heads) > 1 {
				return nil
			}
			return ranking{ov: g.ov, at: g.use.atlas}.pair(g.ov.Index(decompose.Pair{Head: heads[0], Neuron: g.Neuron}), g.Images)
		})
	}
	if err != nil {
		return err
	}
	defer scalars.Close()
	centred, err := g.centred(ctx, scalars)
	if err != nil {
		return err
	}
	units, err := g.use.units(g.ov.Embed, 1)
	if err != nil {
		return err
	}
	if g.images, err = g.use.treeImages(centred, units, g.Neuron); err != nil {
		return err
	}
	for i, s := range g.images.Scores(heads(g.nodes, g.shown)) {
		score := treeScore(s)
		g.answer.Nodes[g.shown[i]].Score = &score
	}
	split := splitOf(g.images.Split(heads(g.nodes, g.answer.Parts), g.Draws, rand.New(rand.NewPCG(g.Seed, uint64(g.Neuron)))), g.Draws, scalars.Images)
	g.answer.Split = &split
	return g.pictures(func(heads []int) (list []decompose.Extreme) {
		lengths := g.images.Lengths(heads)
		for _, i := range tree.Top(lengths, g.Images) {
			list = append(list, decompose.Extreme{Image: uint32(i), Scalar: float32(lengths[i])})
		}
		return list
	})
}

// centred are the centred scalars of the neuron in every image [N,M].
func (g *growing) centred(ctx context.Context, scalars *atlas.Scalars) ([]float64, error) {
	step := g.lab.Step(ctx, "images", scalars.Images)
	defer step.Done()
	s, mean := make([]float32, scalars.Pairs), g.use.stats.Mean
	out := make([]float64, 0, scalars.Images*g.ov.Heads)
	for i := range scalars.Images {
		if err := scalars.Row(i, s); err != nil {
			return nil, err
		}
		for h := range g.ov.Heads {
			p := h*g.ov.Channels + g.Neuron
			out = append(out, float64(s[p])-mean[p])
		}
		step.Add(1)
	}
	return out, nil
}

// pictures looks up the images of the shown nodes, with the length of the contribution for a scalar.
func (g *growing) pictures(of func(heads []int) []decompose.Extreme) error {
	units, wanted := make([]answer.Unit, len(g.shown)), make([][]decompose.Extreme, len(g.shown))
	for i, node := range g.shown {
		wanted[i] = of(g.nodes[node].Heads)
	}
	if err := nameImages(g.use, units, wanted, g.Roots); err != nil {
		return err
	}
	for i, node := range g.shown {
		g.answer.Nodes[node].Images = units[i].Images
	}
	return nil
}

// name says what the shown nodes fire for: by their images, or where the atlas keeps no scalars, by the labels of their pairs.
func (g *growing) name(ctx context.Context) error {
	if g.images == nil {
		return g.nameByPairs(ctx)
	}
	bank := g.lab.bankOr(g.Bank)
	if g.Bank == "" && g.lab.name != DemoName {
		if bank = g.lab.namingBank(ctx); bank == "" {
			return nil
		}
	}
	w, err := g.lab.labelling(ctx, fit{bank: bank, truncate: g.Truncate, terms: concept.MostShown})
	if err != nil {
		return err
	}
	defer w.close()
	labeller, err := w.labeller(int64(8 * len(g.shown) * g.ov.Embed))
	if err != nil {
		return err
	}
	embeddings, err := g.use.images()
	if err != nil {
		return err
	}
	images, err := naming.NewImages(embeddings, g.ov.Embed)
	if err != nil {
		return err
	}
	var ends []naming.Ends
	for _, heads := range heads(g.nodes, g.shown) {
		ends = append(ends, endsOf(g.images.Along(heads)))
	}
	fires, err := naming.FiresAt(ctx, w.journal.Fit(labeller, g.ov.Embed), images, ends, nil)
	if err != nil {
		return err
	}
	for i, node := range g.shown {
		name := nameOf(fires.Words(i, w.dictionary.Texts))
		g.answer.Nodes[node].Fires = &name
	}
	return nil
}

// endsOf are the images in which something is largest, and those in which it is smallest.
func endsOf(values []float64) (e naming.Ends) {
	extreme := func(images []int) (list []decompose.Extreme) {
		for _, i := range images {
			list = append(list, decompose.Extreme{Image: uint32(i), Scalar: float32(values[i])})
		}
		return list
	}
	e.Strong = extreme(tree.Top(values, decompose.Extremes))
	turned := slices.Clone(values)
	for i := range turned {
		turned[i] = -turned[i]
	}
	e.Weak = extreme(tree.Top(turned, decompose.Extremes))
	return e
}

// nameByPairs gives each shown node the words of its pairs' labels, each pair by the variance of its part.
func (g *growing) nameByPairs(ctx context.Context) error {
	var pairs []decompose.Pair
	for h := range g.ov.Heads {
		pairs = append(pairs, decompose.Pair{Head: h, Neuron: g.Neuron})
	}
	names, err := g.lab.namesFor(ctx, g.ov, g.use, pairs, g.Bank, g.Truncate)
	if err != nil || names == nil {
		return err
	}
	by := names.words(false)
	for _, node := range g.shown {
		split := attribution.Split{Total: 1, Pairs: make([]float64, g.ov.Heads*g.ov.Channels)}
		for _, h := range g.nodes[node].Heads {
			split.Pairs[g.ov.Index(pairs[h])] = g.parts.Own([]int{h})
		}
		name := answer.Name{Label: []answer.Word{}}
		for _, group := range split.Groups(by) {
			if group.Name != attribution.Unnamed && group.Amount > 0 && len(name.Label) < concept.MostShown {
				name.Named, name.Label = true, append(name.Label, answer.Word{Text: group.Name, Weight: group.Amount})
			}
		}
		g.answer.Nodes[node].Fires = &name
	}
	return nil
}

// units are the unit embeddings of every stride-th image [N,D].
func (u *use) units(embed, stride int) ([]float32, error) {
	embeddings, err := u.images()
	if err != nil {
		return nil, err
	}
	var out []float32
	for i := 0; i*embed < len(embeddings); i += stride {
		out = append(out, concept.Unit(embeddings[i*embed:(i+1)*embed])...)
	}
	return out, nil
}

// treeImages binds the centred scalars of a neuron [N,M] and unit embeddings [N,D].
func (u *use) treeImages(centred []float64, units []float32, n int) (*tree.Images, error) {
	M := u.stats.Heads
	size := decompose.Packed(M)
	return tree.NewImages(centred, u.atlas.NeuronGram[n*size:(n+1)*size], units, M, u.stats.Embed)
}

func treeScore(s tree.Score) answer.TreeScore { return answer.TreeScore(s) }

func splitOf(s tree.Split, draws, images int) answer.TreeSplit {
	return answer.TreeSplit{
		Neuron: treeScore(s.Neuron), Parts: treeScore(s.Nodes), Null: treeScore(s.Null), Spread: treeScore(s.Spread), P: treeScore(s.P), Draws: draws, Images: images,
	}
}
