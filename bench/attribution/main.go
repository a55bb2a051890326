// Command attribution asks whether groups of pairs mean what their words say: it compares them with their rivals on scenes of the demo
// world, whose content is known. The labels of pairs, the choice of every rival's settings and all means come from the naming scenes; all
// figures come from other scenes. docs/research/findings.md has the tables.
//
//	go run ./bench/attribution [-scenes 2000] [-causal 500] [-maps 2000] [-curves 300]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/engine"
	"github.com/facet-clip/facet/engine/ort"
	"github.com/facet-clip/facet/engine/portable"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/experiment/attribution"
	"github.com/facet-clip/facet/internal/numeric"
	"github.com/facet-clip/facet/scenes"
)

// named is how many of the naming scenes the rivals' settings are chosen on.
const named = 1000

func main() {
	log.SetFlags(0)
	n := flag.Int("scenes", 2000, "scenes that presence is asked of")
	causal := flag.Int("causal", 500, "scenes in which groups are held at their mean")
	maps := flag.Int("maps", 2000, "scenes in which maps are to point at things")
	curves := flag.Int("curves", 300, "scenes that are taken away and put back, place by place")
	flag.Parse()
	if err := run(context.Background(), *n, *causal, *maps, *curves); err != nil {
		log.Fatal("attribution: ", err)
	}
}

// run leaves out what is asked of no scenes.
func run(ctx context.Context, n, causal, maps, curves int) error {
	if n == 1 || min(n, causal, maps, curves) < 0 || causal > n || curves > maps {
		return fmt.Errorf("%d scenes, %d of them for the causal check, %d for maps and %d of them for curves: expected 0, or 2 or more, and parts of them",
			n, causal, maps, curves)
	}
	s, err := open(ctx)
	if err != nil {
		return err
	}
	defer s.model.Close()
	naming, err := s.look(ctx, demo.NamingSeed, named)
	if err != nil {
		return err
	}
	fmt.Printf("labels and settings: scenes of seed %d; truth: %d scenes of seed %d; random draws: seed %d\n", demo.NamingSeed, n, demo.TruthSeed, drawSeed)
	if n > 0 {
		truth, err := s.look(ctx, demo.TruthSeed, n)
		if err != nil {
			return err
		}
		if err := s.presence(ctx, naming, truth); err != nil {
			return err
		}
		if err := s.causal(naming, truth, causal); err != nil {
			return err
		}
	}
	return s.maps(ctx, naming, maps, curves)
}

// study is the demo model with its words and what names its pairs.
type study struct {
	model  *clip.Model
	ov     *decompose.OV
	bank   *concept.Bank // of categories, colours and grounds [W,D]
	mean   []float32     // of the bank [D]
	gains  [][]float32   // ⟨u,t − t̄⟩ of every word [W][M,C]
	scale  float64       // τ
	means  []float64     // s̄ [M,C]
	groups [][]member    // pairs of every word [W]
}

// member is a pair of a word's group.
type member struct {
	pair int
	of   float64 // how much of the pair is the word's
}

// sight is what the model makes of scenes whose content is known.
type sight struct {
	scalars    [][]float32 // s [N][M,C]
	embeddings [][]float32 // e [N][D]
	present    [][]bool    // [W][N]
}

func open(ctx context.Context) (*study, error) {
	var e engine.Engine
	e, err := ort.New(ort.Options{})
	if errors.Is(err, ort.ErrUnavailable) {
		e, err = portable.New(), nil
	}
	if err != nil {
		return nil, err
	}
	ck, err := demo.Checkpoint()
	if err != nil {
		return nil, err
	}
	s := &study{}
	if s.model, err = clip.New(ck, e, clip.QuickGELU); err != nil {
		return nil, err
	}
	if s.ov, err = s.model.Decomposition(); err != nil {
		return nil, err
	}
	if s.scale, err = s.model.LogitScale(); err != nil {
		return nil, err
	}
	return s, errors.Join(s.ask(ctx), s.name())
}

// ask embeds the words with the world's own prompts.
func (s *study) ask(ctx context.Context) error {
	c, err := demo.NewConcepts(ctx, s.model)
	if err != nil {
		return err
	}
	var words []string
	var rows []float32
	for _, b := range []*concept.Bank{c.Categories, c.Colours, c.Backgrounds} {
		words, rows = append(words, b.Texts...), append(rows, b.Embeddings...)
	}
	if s.bank, err = concept.NewBank(words, rows, s.ov.Embed); err != nil {
		return err
	}
	s.mean = s.bank.Mean()
	for w := range words {
		s.gains = append(s.gains, s.ov.Text(s.centred(w)))
	}
	return nil
}

// centred is t − t̄ of a word [D]: why this text rather than the average text.
func (s *study) centred(w int) []float32 {
	t := make([]float32, s.ov.Embed)
	for i, v := range s.text(w) {
		t[i] = v - s.mean[i]
	}
	return t
}

func (s *study) text(w int) []float32 {
	return s.bank.Embeddings[w*s.ov.Embed : (w+1)*s.ov.Embed]
}

// name gathers the pairs of every word, from the table that is inside the program.
func (s *study) name() error {
	known, err := demo.KnownPairs()
	if err != nil {
		return err
	}
	s.means = known.Means
	terms := map[int][]attribution.Term{}
	for _, l := range known.Labels {
		if !l.Fires.Named {
			continue
		}
		for _, t := range l.Fires.Shown() {
			terms[l.Pair] = append(terms[l.Pair], attribution.Term{Word: t.Text, Weight: t.Weight})
		}
	}
	index := map[string]int{}
	for w, word := range s.bank.Texts {
		index[word] = w
	}
	by := attribution.ByWord(terms, false)
	s.groups = make([][]member, len(s.bank.Texts))
	for p := range s.ov.Heads * s.ov.Channels {
		for _, portion := range by.Of(p) {
			if w, ok := index[by.Names[portion.Group]]; ok {
				s.groups[w] = append(s.groups[w], member{p, portion.Of})
			}
		}
	}
	for w, g := range s.groups {
		if len(g) == 0 {
			return fmt.Errorf("no pair is named %q: expected one or more", s.bank.Texts[w])
		}
	}
	return nil
}

func (s *study) look(ctx context.Context, seed uint64, n int) (*sight, error) {
	data, specs, err := demo.Look(ctx, s.model, scenes.DefaultWorld(), seed, n, nil)
	if err != nil {
		return nil, err
	}
	v := &sight{present: demo.Present(s.bank.Texts, specs)}
	return v, v.keep(data, s.ov)
}

func (v *sight) keep(data *experiment.Data, ov *decompose.OV) error {
	for i := range data.Images() {
		row := make([]float32, ov.Heads*ov.Channels)
		if err := data.Row(i, row); err != nil {
			return err
		}
		v.scalars = append(v.scalars, row)
		v.embeddings = append(v.embeddings, data.Embeddings[i*ov.Embed:(i+1)*ov.Embed])
	}
	return nil
}

// logit is τ·cos(e,t).
func (s *study) logit(e, t []float32) float64 {
	return s.scale * numeric.Dot(e, t) / numeric.Norm(e)
}
