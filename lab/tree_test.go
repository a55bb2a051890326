package lab_test

import (
	"bytes"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/lab/labtest"
)

// whole fails unless the parts of a tree hold each head once, and their shares sum to 1.
func whole(t *testing.T, a *answer.Tree) {
	t.Helper()
	var heads []int
	share := 0.0
	for _, p := range a.Parts {
		heads, share = append(heads, a.Nodes[p].Heads...), share+a.Nodes[p].Share
	}
	slices.Sort(heads)
	if len(heads) != allHeads || len(slices.Compact(heads)) != allHeads || !(math.Abs(share-1) < 1e-9) || len(a.Nodes) != 2*allHeads-1 {
		t.Errorf("%d nodes, parts %v of heads %v with shares that sum to %g", len(a.Nodes), a.Parts, heads, share)
	}
}

// TestTree: a neuron's parts hold every head, and have names, scores and pictures; they are drawn.
func TestTree(t *testing.T) {
	l := open(t, lab.Config{})
	for _, linkage := range []string{"", "ward"} {
		a, err := l.Tree(t.Context(), lab.Tree{Atlas: labtest.ScenesAtlas(), Neuron: 273, Linkage: linkage, Clusters: 3, Images: 2, Draws: 20})
		if err != nil {
			t.Fatal(err)
		}
		whole(t, a)
		if len(a.Parts) != 3 || a.ByGap || a.Split == nil || a.Split.Draws != 20 || a.Split.Images != 13 || !(a.Split.P.Clarity > 0 && a.Split.P.Clarity <= 1) {
			t.Errorf("%+v, %+v", a.Parts, a.Split)
		}
		for _, p := range append(a.Parts, len(a.Nodes)-1) {
			n := a.Nodes[p]
			if n.Fires == nil || n.Score == nil || len(n.Images) != 2 || n.Images[0].Missing != nil || !(n.Images[0].Norm >= n.Images[1].Norm) {
				t.Errorf("node %+v", n)
			}
		}
		drawing, err := l.TreeDrawing(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		var svg bytes.Buffer
		if err := drawing.Write(&svg, "svg"); err != nil || bytes.Count(svg.Bytes(), []byte("<image ")) != 8 {
			t.Errorf("%d pictures of the neuron and its parts, %v", bytes.Count(svg.Bytes(), []byte("<image ")), err)
		}
	}
	a, err := l.Tree(t.Context(), lab.Tree{Atlas: labtest.ScenesAtlas(), Neuron: 5})
	if err != nil {
		t.Fatal(err)
	}
	if whole(t, a); !a.ByGap || len(a.Parts) < 2 || len(a.Parts) > 8 {
		t.Errorf("by the gap %d parts", len(a.Parts))
	}
}

// TestTrees ranks every neuron that changes, and the same seed gives the same ranks.
func TestTrees(t *testing.T) {
	l := open(t, lab.Config{})
	ask := lab.Trees{Atlas: labtest.ScenesAtlas(), Clusters: 2, Draws: 9, Images: 7, Top: 5}
	a, err := l.Trees(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	if a.Scored < allNeurons/2 || a.Scored > allNeurons || len(a.Neurons) != 5 || a.Neurons[0].Split.Images != 7 || a.Neurons[0].Rank < a.Neurons[4].Rank {
		t.Errorf("%d scored, %+v", a.Scored, a.Neurons)
	}
	again, err := l.Trees(t.Context(), ask)
	if err != nil || again.Neurons[0].Neuron != a.Neurons[0].Neuron || again.Neurons[0].Rank != a.Neurons[0].Rank {
		t.Errorf("%+v, then %+v, %v", a.Neurons[0], again.Neurons[0], err)
	}
}

// TestTreeWithoutScalars: an atlas without scalars gives the same tree, named by the labels of pairs, with the pictures of single heads alone.
func TestTreeWithoutScalars(t *testing.T) {
	if testing.Short() {
		t.Skip("it scans and labels")
	}
	l := open(t, lab.Config{})
	source, err := dataset.Open(labtest.Scenes, dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "bare.atlas")
	if _, err := l.Scan(t.Context(), lab.Scan{Source: source, Folder: dir}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Label(t.Context(), lab.Label{Atlas: dir, Units: "top:3000"}); err != nil {
		t.Fatal(err)
	}
	pairs, err := l.Pairs(t.Context(), lab.Pairs{Atlas: dir, Top: allPairs})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(pairs.Pairs, func(p answer.UsedPair) bool { return p.Says != nil && p.Says.Named })
	if i < 0 {
		t.Fatal("no pair has a name")
	}
	neuron := pairs.Pairs[i].Neuron
	bare, err := l.Tree(t.Context(), lab.Tree{Atlas: dir, Neuron: neuron, Clusters: 4})
	if err != nil {
		t.Fatal(err)
	}
	full, err := l.Tree(t.Context(), lab.Tree{Atlas: labtest.ScenesAtlas(), Neuron: neuron, Clusters: 4})
	if err != nil {
		t.Fatal(err)
	}
	named := false
	for _, p := range bare.Parts {
		n := bare.Nodes[p]
		if n.Fires == nil || (len(n.Heads) > 1) != (len(n.Images) == 0) || n.Score != nil {
			t.Errorf("part %+v", n)
			continue
		}
		named = named || n.Fires.Named
	}
	if !slices.Equal(bare.Parts, full.Parts) || !named || bare.Split != nil {
		t.Errorf("without scalars parts %v, with them %v; named: %v", bare.Parts, full.Parts, named)
	}
	if _, err := l.Trees(t.Context(), lab.Trees{Atlas: dir}); err == nil {
		t.Error("neurons are scored without scalars")
	}
}

// TestTreeMistakes: what is wrong with the question is a mistake.
func TestTreeMistakes(t *testing.T) {
	l := open(t, lab.Config{})
	for _, q := range []lab.Tree{{Neuron: allNeurons}, {Neuron: -1}, {Clusters: allHeads + 1}, {Linkage: "single"}, {Images: 51}, {Draws: -1}} {
		q.Atlas = labtest.ScenesAtlas()
		if _, err := l.Tree(t.Context(), q); !errors.Is(err, lab.ErrQuestion) {
			t.Errorf("%+v: %v", q, err)
		}
	}
	for _, q := range []lab.Trees{{Clusters: -1}, {Linkage: "x"}, {Top: -1}, {Images: -1}, {Draws: -1}, {Level: 2}} {
		q.Atlas = labtest.ScenesAtlas()
		if _, err := l.Trees(t.Context(), q); !errors.Is(err, lab.ErrQuestion) {
			t.Errorf("%+v: %v", q, err)
		}
	}
}
