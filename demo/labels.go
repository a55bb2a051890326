package demo

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/scenes"
)

// LabelReport says whether the words that pairs are given hold, on scenes of known truth.
type LabelReport struct {
	Reconstruction []Reconstructed `json:"reconstruction"`
	Causal         []Ablated       `json:"causal"`
	Truth          Truth           `json:"truth"`
}

// Reconstructed is what is left of a model when each pair's direction is replaced by its sparse label (the paper's table of labels:
// means as they are, what varies along the words).
type Reconstructed struct {
	Terms    int     `json:"terms"`    // words in a label; 0: the pairs' own directions
	Accuracy Score   `json:"accuracy"` // of the object's category, among 36
	Cosine   float64 `json:"cosine"`   // mean, with the model's own embedding, both minus the mean
}

// Ablated is what becomes of the detection of a concept (AUC of the cosine of picture and word) when the pairs named by it are held at their mean.
type Ablated struct {
	Word    string  `json:"word"`
	Pairs   int     `json:"pairs"`
	Before  float64 `json:"before"`  // AUC
	Own     float64 `json:"own"`     // its fall
	Others  float64 `json:"others"`  // mean fall of the other concepts' AUC
	Control float64 `json:"control"` // its own fall when as many random pairs of equal strength are held
}

// Truth is how well the scalars of the strongest pairs tell the presence of the thing they are named by.
type Truth struct {
	Pairs      int         `json:"pairs"`      // asked
	Named      int         `json:"named"`      // with a label better than chance
	Predictive int         `json:"predictive"` // of these, with AUC ≥ 0.8
	Rows       []TruthPair `json:"rows"`       // strongest pair first
}

// TruthPair is a pair, its label and what its scalar knows.
type TruthPair struct {
	Neuron   int     `json:"neuron"`
	Head     int     `json:"head"`
	Strength float64 `json:"strength"` // standard deviation of its contribution
	Sign     int     `json:"sign"`     // +1: strong scalars are large ones; -1: small ones. The label is of sign·u
	Word     string  `json:"word"`     // the first that its label says yes to; empty: unnamed
	Label    string  `json:"label"`
	AUC      float64 `json:"auc"`      // of sign·scalar for the word; 0 when unnamed
	Best     string  `json:"best"`     // the concept that the scalar tells best
	BestAUC  float64 `json:"best_auc"` // and how well
}

// StrongestPairs is how many pairs are compared with the truth.
const StrongestPairs = 200

const (
	predictive  = 0.8
	labelTerms  = 64
	shownTerms  = 8
	extremes    = 50
	nullUnits   = 200
	controlSeed = 17
)

// EvaluateLabels asks whether labels hold, on n scenes of the default world (truth, causal) and n with one object (reconstruction).
func EvaluateLabels(ctx context.Context, m *clip.Model, n int, tick func(scenes int)) (LabelReport, error) {
	e := evaluation{ctx: ctx, model: m, tick: tick, keep: 2 * n}
	if err := e.prepare(); err != nil {
		return LabelReport{}, fmt.Errorf("evaluating labels: %w", err)
	}
	r, err := e.labels(n)
	if err != nil {
		return LabelReport{}, fmt.Errorf("evaluating labels: %w", err)
	}
	return r, nil
}

func (e *evaluation) labels(n int) (LabelReport, error) {
	var r LabelReport
	var specs []scenes.Spec
	gather := func(s scenes.Spec, _ []float32) { specs = append(specs, s) }
	if err := e.scenes(scenes.DefaultWorld(), worldSeed, n, gather); err != nil {
		return r, err
	}
	bank, err := e.concepts.All()
	if err != nil {
		return r, err
	}
	w := newWorldTruth(e.ov, bank, specs, e.kept)
	labels, null, err := e.label(bank, w.principal())
	if err != nil {
		return r, err
	}
	r.Truth = w.truth(labels, null)
	r.Causal = w.causal(labels, null)
	specs, e.kept = nil, nil
	if err := e.scenes(scenes.DefaultWorld().Single(), singleSeed, n, gather); err != nil {
		return r, err
	}
	r.Reconstruction, err = e.reconstruct(w.directions, specs)
	return r, err
}

// label fits labels of directions [M·C,D], and of random directions to compare with.
func (e *evaluation) label(bank *concept.Bank, directions []float32) ([]concept.Label, concept.Null, error) {
	d, err := concept.NewDictionary(bank, concept.UnitRows)
	if err != nil {
		return nil, concept.Null{}, err
	}
	options := concept.Options{Terms: shownTerms}
	labels, err := d.OMP(e.ctx, directions, options)
	if err != nil {
		return nil, concept.Null{}, err
	}
	chance, err := d.OMP(e.ctx, concept.RandomDirections(directions, bank.Embed, nullUnits, controlSeed), options)
	return labels, concept.NewNull(chance), err
}

// worldTruth is what is known of a set of scenes, and what the pairs make of them.
type worldTruth struct {
	ov         *decompose.OV
	bank       *concept.Bank
	scalars    [][]float32 // [N][M,C]
	mean       []float64   // [M,C]
	strength   []float32   // standard deviation of each pair's contribution [M,C]
	signs      []int       // of the principal directions [M,C]
	directions []float32   // [M·C,D]
	present    [][]bool    // [words][N]
}

func newWorldTruth(ov *decompose.OV, bank *concept.Bank, specs []scenes.Spec, scalars [][]float32) *worldTruth {
	w := &worldTruth{ov: ov, bank: bank, scalars: scalars}
	var spread []float64
	w.mean, spread = moments(scalars)
	for p, u := range ov.Norms() {
		w.strength = append(w.strength, float32(math.Sqrt(spread[p]))*u)
	}
	w.directions = allDirections(ov)
	w.signs = make([]int, len(w.mean))
	values := make([]float64, len(scalars))
	for p := range w.signs {
		for i, s := range scalars {
			values[i] = float64(s[p]) - w.mean[p]
		}
		w.signs[p] = sign(values)
	}
	w.present = make([][]bool, len(bank.Texts))
	for t, word := range bank.Texts {
		for _, s := range specs {
			w.present[t] = append(w.present[t], shows(s, word))
		}
	}
	return w
}

// sign is that of a pair's principal direction (DESIGN §1): + unless fewer than half of the 50 scalars furthest from the mean lie above it.
func sign(centred []float64) int {
	furthest := slices.Clone(centred)
	slices.SortFunc(furthest, func(a, b float64) int { return cmp.Compare(math.Abs(b), math.Abs(a)) })
	above := 0
	furthest = furthest[:min(extremes, len(furthest))]
	for _, v := range furthest {
		if v > 0 {
			above++
		}
	}
	if 2*above < len(furthest) {
		return -1
	}
	return 1
}

// principal are the principal directions of the pairs, sign·u [M·C,D].
func (w *worldTruth) principal() []float32 {
	out := slices.Clone(w.directions)
	for p, sign := range w.signs {
		if sign < 0 {
			for d := range w.ov.Embed {
				out[p*w.ov.Embed+d] *= -1
			}
		}
	}
	return out
}

func allDirections(ov *decompose.OV) []float32 {
	var all []float32
	for _, u := range ov.Directions() {
		all = append(all, u...)
	}
	return all
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

// truth compares the strongest pairs' scalars with the presence of what they are named by.
func (w *worldTruth) truth(labels []concept.Label, null concept.Null) Truth {
	pairs := w.ov.Top(w.strength, StrongestPairs, func(v float32) float32 { return v })
	t := Truth{Pairs: len(pairs), Rows: make([]TruthPair, len(pairs))}
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, p := range pairs {
		g.Go(func() error {
			t.Rows[i] = w.truthOf(p, labels[w.ov.Index(p)], null)
			return nil
		})
	}
	_ = g.Wait() // none of them can fail
	for _, row := range t.Rows {
		if row.Word == "" {
			continue
		}
		t.Named++
		if row.AUC >= predictive {
			t.Predictive++
		}
	}
	return t
}

func (w *worldTruth) truthOf(p decompose.Pair, l concept.Label, null concept.Null) TruthPair {
	at := w.ov.Index(p)
	row := TruthPair{Neuron: p.Neuron, Head: p.Head, Strength: float64(w.strength[at]), Sign: w.signs[at]}
	values := make([]float64, len(w.scalars))
	for i, s := range w.scalars {
		values[i] = float64(s[at]) * float64(w.signs[at])
	}
	order := ranks(values)
	aucs := make([]float64, len(w.bank.Texts))
	for t := range aucs {
		aucs[t] = auc(order, w.present[t])
		if aucs[t] > row.BestAUC {
			row.Best, row.BestAUC = w.bank.Texts[t], aucs[t]
		}
	}
	first, named := naming(l, null)
	if !named {
		return row
	}
	for k, term := range l.Shown() {
		if k > 0 {
			row.Label += ", "
		}
		if l.Weights[k] < 0 {
			row.Label += "not "
		}
		row.Label += w.bank.Texts[term.Word]
	}
	row.Word, row.AUC = w.bank.Texts[first], aucs[first]
	return row
}

// naming is the first word that a label says yes to, if the label is better than chance and says yes to any.
func naming(l concept.Label, null concept.Null) (word int, ok bool) {
	if !null.Names(l) {
		return 0, false
	}
	for k, term := range l.Shown() {
		if l.Weights[k] > 0 {
			return term.Word, true
		}
	}
	return 0, false
}

// ranks are the ranks from 1 on, the mean rank among equals.
func ranks(values []float64) []float64 {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(values[a], values[b]) })
	r := make([]float64, len(values))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && values[order[j]] == values[order[i]] {
			j++
		}
		for k := i; k < j; k++ {
			r[order[k]] = float64(i+j+1) / 2
		}
		i = j
	}
	return r
}

// auc is the chance that a scene with the thing has the higher value than one without, from the values' ranks; ½ when either kind is missing.
func auc(ranks []float64, present []bool) float64 {
	var sum, with float64
	for i, p := range present {
		if p {
			sum += ranks[i]
			with++
		}
	}
	without := float64(len(present)) - with
	if with == 0 || without == 0 {
		return 0.5
	}
	return (sum - with*(with+1)/2) / (with * without)
}

// causal holds the pairs named by each word at their mean, and as many others.
func (w *worldTruth) causal(labels []concept.Label, null concept.Null) []Ablated {
	named := map[int][]int{} // by word: flat pairs
	for p, l := range labels {
		if word, ok := naming(l, null); ok {
			named[word] = append(named[word], p)
		}
	}
	whole := w.embeddings(nil)
	before := w.detections(whole)
	out := make([]Ablated, len(w.bank.Texts))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for t, word := range w.bank.Texts {
		out[t] = Ablated{Word: word, Pairs: len(named[t]), Before: before[t]}
		if len(named[t]) == 0 {
			continue
		}
		g.Go(func() error {
			after := w.detections(less(whole, w.embeddings(named[t])))
			for o := range after {
				if o == t {
					out[t].Own = before[t] - after[t]
				} else {
					out[t].Others += (before[o] - after[o]) / float64(len(after)-1)
				}
			}
			control := w.detections(less(whole, w.embeddings(w.like(named[t]))))
			out[t].Control = before[t] - control[t]
			return nil
		})
	}
	_ = g.Wait() // none of them can fail
	return out
}

// like picks for each pair another that is as strong: the next in strength that is not among them.
func (w *worldTruth) like(pairs []int) []int {
	order := make([]int, len(w.strength))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(w.strength[b], w.strength[a]) })
	taken := make([]bool, len(order))
	for _, p := range pairs {
		taken[p] = true
	}
	place := make([]int, len(order))
	for i, p := range order {
		place[p] = i
	}
	var others []int
	for _, p := range pairs {
		for step := 1; step < len(order); step++ {
			if i := place[p] + step; i < len(order) && !taken[order[i]] {
				others = append(others, order[i])
				taken[order[i]] = true
				break
			}
			if i := place[p] - step; i >= 0 && !taken[order[i]] {
				others = append(others, order[i])
				taken[order[i]] = true
				break
			}
		}
	}
	return others
}

// embeddings are Σ (s − s̄)·u over some pairs, or all of them for nil [N,D].
func (w *worldTruth) embeddings(pairs []int) []float32 {
	if pairs == nil {
		pairs = make([]int, len(w.mean))
		for p := range pairs {
			pairs[p] = p
		}
	}
	D := w.ov.Embed
	centred, u := make([]float32, 0, len(w.scalars)*len(pairs)), make([]float32, 0, len(pairs)*D)
	for _, s := range w.scalars {
		for _, p := range pairs {
			centred = append(centred, float32(float64(s[p])-w.mean[p]))
		}
	}
	for _, p := range pairs {
		u = append(u, w.directions[p*D:(p+1)*D]...)
	}
	return product(centred, u, len(w.scalars), len(pairs), D)
}

// product is a [n,k] times b [k,m].
func product(a, b []float32, n, k, m int) []float32 {
	c := make([]float32, n*m)
	blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, blas32.General{Rows: n, Cols: k, Stride: k, Data: a},
		blas32.General{Rows: k, Cols: m, Stride: m, Data: b}, 0, blas32.General{Rows: n, Cols: m, Stride: m, Data: c})
	return c
}

func less(a, b []float32) []float32 {
	c := make([]float32, len(a))
	for i := range c {
		c[i] = a[i] - b[i]
	}
	return c
}

// detections are the AUCs of every word [T] by the cosine with centred embeddings [N,D].
func (w *worldTruth) detections(embeddings []float32) []float64 {
	D, n := w.ov.Embed, len(w.scalars)
	out := make([]float64, len(w.bank.Texts))
	for t := range out {
		word := w.bank.Embeddings[t*D : (t+1)*D]
		values := make([]float64, n)
		for i := range values {
			var dot, length float64
			for d, v := range embeddings[i*D : (i+1)*D] {
				dot += float64(v) * float64(word[d])
				length += float64(v) * float64(v)
			}
			values[i] = dot / math.Sqrt(length)
		}
		out[t] = auc(ranks(values), w.present[t])
	}
	return out
}

// reconstruct replaces the direction of every pair by its sparse label in a bank of phrases, and asks for categories.
func (e *evaluation) reconstruct(directions []float32, specs []scenes.Spec) ([]Reconstructed, error) {
	bank, err := e.phrases()
	if err != nil {
		return nil, err
	}
	dictionary, err := concept.NewDictionary(bank, concept.UnitRows)
	if err != nil {
		return nil, err
	}
	D, mean := e.ov.Embed, []float64(nil)
	mean, _ = moments(e.kept)
	base := (decompose.Scalars{OV: e.ov, S: toFloat32(mean)}).Embedding() // ē
	centred := make([]float32, 0, len(e.kept)*len(mean))
	for _, s := range e.kept {
		for p, v := range s {
			centred = append(centred, float32(float64(v)-mean[p]))
		}
	}
	whole := product(centred, directions, len(e.kept), len(mean), D)
	out := []Reconstructed{e.score(0, base, whole, whole, specs)}
	for _, terms := range []int{1, 4, 16, labelTerms} {
		labels, err := dictionary.OMP(e.ctx, directions, concept.Options{Terms: terms})
		if err != nil {
			return nil, err
		}
		words := make([]float32, len(directions))
		for p, l := range labels {
			for _, t := range l.Terms {
				for d, v := range dictionary.Atoms[t.Word*D : (t.Word+1)*D] {
					words[p*D+d] += float32(t.Coefficient) * v
				}
			}
		}
		out = append(out, e.score(terms, base, product(centred, words, len(e.kept), len(mean), D), whole, specs))
	}
	return out, nil
}

// score classifies base + moved, and compares moved with whole, both [N,D].
func (e *evaluation) score(terms int, base, moved, whole []float32, specs []scenes.Spec) Reconstructed {
	r := Reconstructed{Terms: terms}
	D := e.ov.Embed
	for i, s := range specs {
		m, w := moved[i*D:(i+1)*D], whole[i*D:(i+1)*D]
		embedding := make([]float32, D)
		var dot, mm, ww float64
		for d := range embedding {
			embedding[d] = base[d] + m[d]
			dot += float64(m[d]) * float64(w[d])
			mm += float64(m[d]) * float64(m[d])
			ww += float64(w[d]) * float64(w[d])
		}
		r.Cosine += dot / math.Sqrt(mm*ww) / float64(len(specs))
		r.Accuracy.count(e.concepts.Categories.Classify(embedding, 1)[0].Label == s.Main().Category.String())
	}
	return r
}

// phrases is a bank of things with colours and patterns, and the grounds: what labels may say.
func (e *evaluation) phrases() (*concept.Bank, error) {
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
	embeddings, err := embedTexts(e.ctx, e.model, texts)
	if err != nil {
		return nil, err
	}
	bank, err := concept.NewBank(texts, embeddings, e.model.Config.Embed)
	if err != nil {
		return nil, err
	}
	bank, _ = bank.Distinct()
	return bank, nil
}

func toFloat32(x []float64) []float32 {
	out := make([]float32, len(x))
	for i, v := range x {
		out[i] = float32(v)
	}
	return out
}
