package lab

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/naming"
)

// The sparse fits that a question may name.
const (
	methodOMP         = "omp"
	methodNonNegative = "nnomp"
	methodLasso       = "lasso"
)

const (
	scaleRows      = "rows"
	scaleReference = "reference"
)

// fit says how directions are written in words. The zero value is what facet label does when nothing else is asked.
type fit struct {
	bank     string // empty: the default
	method   string
	scale    string // what is made unit in the dictionary
	terms    int
	memory   int64 // MiB
	truncate bool
	units    string // which pairs, for the record
}

// The defaults of [Label], in the order of its fields.
const (
	defaultUnits  = "top:10%"
	defaultTerms  = 64
	defaultMemory = 2048
)

// filled has a default for all that is not said.
func (f fit) filled() fit {
	if f.method == "" {
		f.method = methodOMP
	}
	if f.scale == "" {
		f.scale = scaleRows
	}
	if f.terms == 0 {
		f.terms = defaultTerms
	}
	if f.memory == 0 {
		f.memory = defaultMemory
	}
	if f.units == "" {
		f.units = defaultUnits
	}
	return f
}

// labelling is a dictionary with a way to fit directions to it.
type labelling struct {
	lab        *Lab
	fit        fit
	dictionary *concept.Dictionary
	source     *concept.Bank // that it was made of
	bank       string        // the fingerprint of its texts that differ
	product    concept.Product
	mix        concept.Mix
	journal    *naming.Journal // nil: labels that are cut off are lost
	close      func() error
}

// labelling prepares a bank's words as a dictionary. Without a bank it is that of the demo world's concepts, each kind centred on its own.
func (l *Lab) labelling(ctx context.Context, f fit) (*labelling, error) {
	open := l.Bank
	if f.bank = l.bankOr(f.bank); f.bank == "" {
		open = l.Words
	}
	bank, err := open(ctx, f.bank, f.truncate)
	if err != nil {
		return nil, err
	}
	return l.fitting(ctx, bank, f)
}

// newFitting makes a dictionary of a bank, and fits to it.
func (l *Lab) newFitting(bank *concept.Bank, f fit) (*labelling, error) {
	source := bank
	bank, d, err := l.dictionary(bank, f.scale)
	if err != nil {
		return nil, err
	}
	w := &labelling{lab: l, fit: f, dictionary: d, source: source, bank: bank.Fingerprint()}
	return w, w.compile()
}

// dictionary makes a dictionary of the texts of a bank that differ, and gives those too.
func (l *Lab) dictionary(bank *concept.Bank, scale string) (*concept.Bank, *concept.Dictionary, error) {
	bank, dropped := bank.Distinct()
	if len(dropped) > 0 {
		l.log.Warn("texts with the same embedding as an earlier one are left out", "count", len(dropped), "first", dropped[0])
	}
	unit := concept.UnitRows
	if scale == scaleReference {
		unit = concept.UnitColumns
	}
	d, err := concept.NewDictionary(bank, unit)
	return bank, d, err
}

// compile puts the products on the model's engine.
func (l *labelling) compile() error {
	d := l.dictionary
	g := graph.New("product")
	x := g.Input("x", graph.Float32, graph.Batch, graph.Dim(d.Embed))
	g.Output("y", g.MatMul(x, g.Constant("atoms", d.Atoms, len(d.Texts), d.Embed), true))
	product, err := l.lab.model.Engine().Compile(g)
	if err != nil {
		return err
	}
	l.product = func(ctx context.Context, x []float32) ([]float32, error) {
		out, err := product.Run(ctx, map[string]graph.Tensor{"x": graph.Floats(x, len(x)/d.Embed, d.Embed)})
		return out["y"].Floats, err
	}
	g = graph.New("mix")
	c := g.Input("c", graph.Float32, graph.Batch, graph.Length)
	g.Output("y", g.MatMul(c, g.Input("x", graph.Float32, graph.Length, graph.Dim(len(d.Texts))), false))
	mix, err := l.lab.model.Engine().Compile(g)
	if err != nil {
		return errors.Join(err, product.Close())
	}
	l.mix = func(ctx context.Context, c, x []float32, d int) ([]float32, error) {
		out, err := mix.Run(ctx, map[string]graph.Tensor{"c": graph.Floats(c, len(c)/d, d), "x": graph.Floats(x, d, len(x)/d)})
		return out["y"].Floats, err
	}
	l.close = func() error { return errors.Join(product.Close(), mix.Close()) }
	return nil
}

// record says how labels are made, before any is.
func (l *labelling) record() atlas.Labels {
	o := l.fit
	return atlas.Labels{
		Bank: o.bank, BankFingerprint: l.bank, Texts: len(l.dictionary.Texts), Method: o.method, DictionaryNorm: o.scale, Terms: o.terms, Units: o.units,
	}
}

// run names pairs by what they say, and with use by what they fire for. It gives the record too, with what chance explains.
func (l *labelling) run(ctx context.Context, ov *decompose.OV, pairs []decompose.Pair, use *use) (labels []atlas.Label, made atlas.Labels, err error) {
	made = l.record()
	var signs []int8
	steps, bytes := 1, 4*len(pairs)*ov.Width
	if use != nil {
		signs, steps, bytes = use.signs, 2, 4*len(pairs)*2*ov.Embed
	}
	labeller, err := l.labeller(int64(bytes))
	if err != nil {
		return nil, made, err
	}
	fit := l.journal.Fit(labeller, ov.Embed)
	step := l.lab.Step(ctx, "labels", steps*len(pairs))
	defer step.Done()
	says, err := naming.Says(ctx, fit, ov, pairs, signs, step.Set)
	if err != nil {
		return nil, made, err
	}
	made.SaysNull = says.Null.Explained
	norms := ov.Norms()
	labels = make([]atlas.Label, len(pairs))
	for i, p := range pairs {
		at := ov.Index(p)
		labels[i] = atlas.Label{Pair: at, Norm: float64(norms[at]), Says: says.Words(i, l.dictionary.Texts)}
	}
	if use == nil {
		return labels, made, nil
	}
	embeddings, err := use.images()
	if err != nil {
		return nil, made, err
	}
	images, err := naming.NewImages(embeddings, ov.Embed)
	if err != nil {
		return nil, made, err
	}
	fires, err := naming.Fires(ctx, fit, use.stats, images, pairs, signs, func(n int) { step.Set(len(pairs) + n) })
	if err != nil {
		return nil, made, err
	}
	made.FiresNull = fires.Null.Explained
	for i := range labels {
		labels[i].Fires = fires.Words(i, l.dictionary.Texts)
	}
	return labels, made, nil
}

// labeller fits units of so many bytes by the options.
func (l *labelling) labeller(bytes int64) (*concept.Labeller, error) {
	methods := map[string]concept.Method{methodOMP: concept.OMP, methodNonNegative: concept.NonNegative, methodLasso: concept.Lasso}
	rows := l.fit.memory<<20*7/8 - bytes // what is left for correlations of words
	return l.dictionary.Labeller(concept.Options{
		Method: methods[l.fit.method], Terms: l.fit.terms, Product: l.product, Mix: l.mix, Memory: max(rows, 1),
	})
}

// chooseUnits takes pairs by what a question says, the longest direction first.
func chooseUnits(units string, ov *decompose.OV, norms []float32) ([]decompose.Pair, error) {
	byNorm := func(k int) []decompose.Pair { return ov.Top(norms, k, func(v float32) float32 { return v }) }
	amount, top := strings.CutPrefix(units, "top:")
	if units == "all" {
		return byNorm(len(norms)), nil
	}
	if !top {
		p, err := ParsePair(units)
		if err == nil {
			err = CheckPair(p, ov)
		}
		if err != nil {
			return nil, mistake("units", "%w; or top:10%%, top:200, all", err)
		}
		return []decompose.Pair{p}, nil
	}
	if percent, is := strings.CutSuffix(amount, "%"); is {
		if v, err := strconv.ParseFloat(percent, 64); err == nil && v > 0 && v <= 100 {
			return byNorm(int(math.Ceil(v / 100 * float64(len(norms))))), nil
		}
	} else if n, err := strconv.Atoi(amount); err == nil && n > 0 {
		return byNorm(min(n, len(norms))), nil
	}
	return nil, mistake("units", "%s: expected top:10%%, top:200, all or NEURON,HEAD", units)
}

// isPair tells NEURON,HEAD from sets of pairs.
func isPair(units string) bool { return units != "all" && !strings.HasPrefix(units, "top:") }

// ParsePair reads a pair as people write it: NEURON,HEAD, with or without brackets. It is a [Mistake] where it is none.
func ParsePair(text string) (decompose.Pair, error) {
	inner := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(text), "("), ")")
	neuron, head, found := strings.Cut(inner, ",")
	n, err := strconv.Atoi(strings.TrimSpace(neuron))
	h, err2 := strconv.Atoi(strings.TrimSpace(head))
	if !found || err != nil || err2 != nil {
		return decompose.Pair{}, &Mistake{Problem: fmt.Errorf("%q: expected a pair NEURON,HEAD such as 624,21", text)}
	}
	return decompose.Pair{Head: h, Neuron: n}, nil
}

// CheckPair is a mistake unless the model has the pair.
func CheckPair(p decompose.Pair, ov *decompose.OV) error {
	if p.Neuron < 0 || p.Neuron >= ov.Channels || p.Head < 0 || p.Head >= ov.Heads {
		return &Mistake{Problem: fmt.Errorf("pair %d,%d: expected a neuron from 0 to %d and a head from 0 to %d", p.Neuron, p.Head, ov.Channels-1, ov.Heads-1)}
	}
	return nil
}
