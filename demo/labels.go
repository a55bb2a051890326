package demo

import (
	"context"
	"fmt"
	"slices"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/scenes"
)

// Seeds of the scenes that labels are asked about: those that pairs are named by, and those that judge the names.
const (
	NamingSeed = 990_003
	TruthSeed  = worldSeed
	SingleSeed = singleSeed
)

// MostSeeds is how many sets of scenes [LabelSeeds] has.
const MostSeeds = 100

// LabelSeeds are the seeds of a set of scenes: those that pairs are named by, and those that judge the names. Set 0 has [NamingSeed] and [TruthSeed].
func LabelSeeds(set int) (naming, truth uint64) {
	return NamingSeed + 1000*uint64(set), TruthSeed + 1000*uint64(set)
}

// Look lets a model look at n scenes of a world: what an atlas of them with every scalar would hold. Labels are the categories of the main
// objects, the head those of the world. tick, if not nil, is told of each batch of scenes done.
func Look(ctx context.Context, m *clip.Model, w scenes.World, seed uint64, n int, tick func(scenes int)) (*experiment.Data, []scenes.Spec, error) {
	e := evaluation{ctx: ctx, model: m, tick: tick, keep: n}
	data, specs, err := e.look(w, seed, n)
	if err != nil {
		return nil, nil, fmt.Errorf("looking at scenes: %w", err)
	}
	return data, specs, nil
}

func (e *evaluation) look(w scenes.World, seed uint64, n int) (*experiment.Data, []scenes.Spec, error) {
	if err := e.prepare(); err != nil {
		return nil, nil, err
	}
	var specs []scenes.Spec
	var embeddings []float32
	err := e.scenes(w, seed, n, func(s scenes.Spec, embedding []float32) {
		specs, embeddings = append(specs, s), append(embeddings, embedding...)
	})
	if err != nil {
		return nil, nil, err
	}
	data, err := experiment.Memory(e.weights, e.kept, embeddings)
	if err != nil {
		return nil, nil, err
	}
	data.Head = e.concepts.Categories
	for _, s := range specs {
		data.Labels = append(data.Labels, slices.Index(data.Head.Texts, s.Main().Category.String()))
	}
	return data, specs, nil
}

// Present says in which scenes concepts are, on a print too [T][N].
func Present(concepts []string, specs []scenes.Spec) [][]bool {
	present := make([][]bool, len(concepts))
	for t, word := range concepts {
		for _, s := range specs {
			present[t] = append(present[t], shows(s, word))
		}
	}
	return present
}

// shows reports whether a concept is in a scene, on a print too.
func shows(s scenes.Spec, word string) bool {
	if s.Background.String() == word {
		return true
	}
	for _, o := range s.Objects {
		if o.Category.String() == word || o.Colour.String() == word || o.Pattern.String() == word {
			return true
		}
		if o.Print != scenes.NoCategory && (o.Print.String() == word || o.PrintColour.String() == word) {
			return true
		}
	}
	return false
}

// Phrases is a bank of things with colours and patterns, and the grounds, for a model that was trained on the world: what labels may say.
func Phrases(ctx context.Context, m *clip.Model) (*concept.Bank, error) {
	var texts []string
	for _, c := range scenes.Categories() {
		texts = append(texts, scenes.Phrase(c.String()))
		for _, colour := range scenes.Colours() {
			texts = append(texts, scenes.Phrase(colour.String(), c.String()))
		}
		for _, p := range scenes.Patterns() {
			texts = append(texts, scenes.Phrase(p.String(), c.String()))
		}
	}
	for _, b := range scenes.Backgrounds() {
		for _, place := range b.Places() {
			texts = append(texts, "something "+place)
		}
	}
	for _, c := range scenes.Colours() {
		texts = append(texts, "something "+c.String())
	}
	embeddings, err := embedTexts(ctx, m, texts)
	if err != nil {
		return nil, err
	}
	bank, err := concept.NewBank(texts, embeddings, m.Config.Embed)
	if err != nil {
		return nil, err
	}
	bank, _ = bank.Distinct()
	return bank, nil
}
