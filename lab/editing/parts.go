package editing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/internal/numeric"
	"github.com/facet-clip/facet/lab"
)

// EditParts asks for all that is needed to tell what any scaling of some units does to logits, without asking again.
type EditParts struct {
	// Atlas is the folder of an atlas that keeps scalars.
	Atlas string
	// Units are what can be scaled: pair:NEURON,HEAD, head:HEAD or word:WORD, at most eight.
	Units []string
	// Texts are told beside the classes.
	Texts []string
	// Images are told beside those that are scored.
	Images []int
	// Truncate cuts texts that are too long instead of refusing them.
	Truncate bool
}

const (
	editUnits    = 8       // at most
	editImages   = 200     // that may be asked for by number
	editScored   = 1000    // images at most
	editProducts = 2000000 // numbers in an answer at most
	editShown    = 8       // pairs of a unit
)

// EditParts gives products of units with the classes of an atlas and with texts, from its scalars (docs/design.md, 32). Every other image is
// scored, and the means come from the rest, as with facet edit.
func (l Editor) EditParts(ctx context.Context, q EditParts) (_ *answer.EditParts, err error) {
	if len(q.Units) > editUnits || len(q.Texts) > editUnits || len(q.Images) > editImages {
		return nil, &lab.Mistake{Problem: fmt.Errorf("expected at most %d units, %d texts and %d images", editUnits, editUnits, editImages)}
	}
	use, err := l.OpenAtlas(ctx, q.Atlas)
	if err != nil {
		return nil, err
	}
	s, err := l.openScored(ctx, use, q.Atlas, nil, nil, true)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if s.from, s.test = experiment.Halves(s.Images()); len(s.from) == 0 {
		return nil, fmt.Errorf("%s: %d images are too few to take means from some and score others", q.Atlas, s.Images())
	}
	names, err := use.Names()
	if err != nil {
		return nil, err
	}
	a := &answer.EditParts{Atlas: q.Atlas, Means: fmt.Sprintf("the %d images of odd number", len(s.from)), Texts: len(q.Texts), Units: []answer.EditUnit{}}
	units, err := unitsOf(s.OV, names, use, q.Units, a)
	if err != nil {
		return nil, err
	}
	if err := s.products(ctx, q, units, a); err != nil {
		return nil, err
	}
	if a.LogitScale, err = l.Model().LogitScale(); err != nil {
		return nil, err
	}
	a.Model, err = l.Describe(ctx)
	return a, err
}

// unitsOf are the pairs of each unit, none in two units.
func unitsOf(ov *decompose.OV, names *lab.Names, use *lab.Opened, asked []string, a *answer.EditParts) (units [][]int, err error) {
	taken := map[int]bool{}
	for _, name := range asked {
		pairs, err := pairsOf(ov, names, name)
		if err != nil {
			return nil, err
		}
		pairs = slices.DeleteFunc(pairs, func(p int) bool { return taken[p] })
		for _, p := range pairs {
			taken[p] = true
		}
		u := answer.EditUnit{Name: name, Pairs: len(pairs), Strongest: []answer.NearPair{}}
		for _, i := range numeric.Best(len(pairs), editShown, func(int) bool { return true }, func(i int) float64 { return float64(use.Strength[pairs[i]]) }) {
			pair := ov.Pair(pairs[i])
			u.Strongest = append(u.Strongest, answer.NearPair{Neuron: pair.Neuron, Head: pair.Head, Norm: float64(use.Strength[pairs[i]]), Names: names.Of(pairs[i])})
		}
		a.Units, units = append(a.Units, u), append(units, pairs)
	}
	return units, nil
}

// pairsOf are the pairs of a unit by its name. A pair is of a word that is the heaviest of what it fires for, or of what it says.
func pairsOf(ov *decompose.OV, names *lab.Names, name string) (pairs []int, err error) {
	kind, which, _ := strings.Cut(name, ":")
	switch kind {
	case lab.UnitPair:
		p, err := lab.ParsePair(which)
		if err == nil {
			err = lab.CheckPair(p, ov)
		}
		if err != nil {
			return nil, err
		}
		return []int{ov.Index(p)}, nil
	case lab.UnitHead:
		h, err := strconv.Atoi(which)
		if err != nil || h < 0 || h >= ov.Heads {
			return nil, lab.Mistakef("unit", "head %s: expected a head of the model, from 0 to %d", which, ov.Heads-1)
		}
		for n := range ov.Channels {
			pairs = append(pairs, h*ov.Channels+n)
		}
		return pairs, nil
	case lab.ByWord:
		if pairs = namedFirst(names, which); len(pairs) == 0 {
			return nil, lab.Mistakef("unit", "%s: no pair of the atlas is named first by it", which)
		}
		return pairs, nil
	}
	return nil, lab.Mistakef("unit", "%s: expected pair:NEURON,HEAD, head:HEAD or word:WORD", name)
}

// products fills in the classes, the images and the products.
func (s *scored) products(ctx context.Context, q EditParts, units [][]int, a *answer.EditParts) error {
	texts := slices.Clone(s.Head.Embeddings)
	a.Classes = slices.Clone(s.Head.Texts)
	if len(q.Texts) > 0 {
		more, err := s.lab.Few(ctx, q.Texts, q.Truncate)
		if err != nil {
			return err
		}
		texts, a.Classes = append(texts, more.Embeddings...), append(a.Classes, q.Texts...)
	}
	rows, err := s.atlas.Labels()
	if err != nil {
		return err
	}
	each := len(a.Classes)*(1+len(units)) + len(units)*(1+len(units)) + 1
	images := slices.Clone(numeric.Spread(s.test, max(1, min(editScored, editProducts/each))))
	a.Scored = len(images)
	for _, i := range q.Images {
		if i < 0 || i >= len(rows) {
			return fmt.Errorf("image %d: %w: expected 0 to %d", i, lab.ErrNoImage, len(rows)-1)
		}
		images = append(images, i)
	}
	for _, i := range images {
		a.Images = append(a.Images, answer.EditImage{Image: i, Label: rows[i], Class: s.Labels[i]})
	}
	mean, err := s.Mean(ctx, s.from)
	if err != nil {
		return err
	}
	parts, err := s.Data.EditParts(ctx, mean, images, texts, units)
	if err != nil {
		return err
	}
	a.Products, a.Lengths = numeric.LittleEndian(parts.Products), numeric.LittleEndian(parts.Lengths)
	a.UnitProducts, a.UnitLengths, a.Grams = numeric.LittleEndian(parts.UnitProducts), numeric.LittleEndian(parts.UnitLengths), numeric.LittleEndian(parts.Grams)
	return nil
}
