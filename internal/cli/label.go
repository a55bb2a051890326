package cli

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/graph"
)

// labelOptions are the flags of facet label.
type labelOptions struct {
	bank, units, method, scale, output string
	atlas                              string
	terms, top                         int
	memory                             int64 // MiB
	truncate                           bool
}

// The sparse fits that --method names.
const (
	methodOMP         = "omp"
	methodNonNegative = "nnomp"
	methodLasso       = "lasso"
)

const (
	scaleRows      = "rows"
	scaleReference = "reference"
	nullDirections = 200 // that labels are compared with
)

func (a *app) labelCommand() *cobra.Command {
	var o labelOptions
	cmd := &cobra.Command{
		Use:   "label --bank BANK",
		Short: "Name pairs in words: each direction as a sum of a few texts",
		Long: `Writes the direction of each neuron–head pair, which lies in the space of texts, as a sum of a few texts of a bank. It needs the
weights alone, no picture. A pair that words explain no better than a random direction of its head is shown as unnamed.

  facet label --model RN50 --bank words.txt -o labels.parquet       the longest tenth of the pairs
  facet label --model RN50 --bank words --units 624,21              one pair, in 64 words
  facet label --atlas photos.atlas --bank words.txt                 the tenth that did most in a dataset
  facet label                                                       the demo model in the words of its world`,
		Args: argsBetween(0, 0, "no arguments; the model is named by --model"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(a); err != nil {
				return err
			}
			return a.label(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.bank, "bank", "", "the texts: a `BANK` of facet texts or a file with a text a line (default for the demo: its world's words)")
	f.StringVar(&o.units, "units", "top:10%", "pairs to label: top:10% or top:200 (by the length of their directions), all, or NEURON,HEAD")
	f.StringVar(&o.atlas, "atlas", "", "go by an `ATLAS`: top: by what pairs did there, and their directions with the signs of what they did")
	f.StringVar(&o.method, "method", methodOMP, "omp (orthogonal matching pursuit), or without negative words nnomp or lasso")
	f.StringVar(&o.scale, "dictionary-norm", scaleRows, "what is made unit: rows (texts), or reference (columns, as the reference code does)")
	f.StringVarP(&o.output, "output", "o", "", "write every term of every label to `FILE`.parquet, .jsonl or .csv")
	f.IntVar(&o.terms, "terms", 64, "texts in a label, at most")
	f.IntVar(&o.top, "top", 20, "pairs to show")
	f.Int64Var(&o.memory, "memory", 2048, "memory to use, in MiB")
	f.BoolVar(&o.truncate, "truncate", false, "cut texts that are too long instead of refusing them")
	return cmd
}

func (o labelOptions) check(a *app) error {
	switch o.method {
	case methodOMP, methodNonNegative, methodLasso:
	default:
		return usagef("--method %s: expected %s, %s or %s", o.method, methodOMP, methodNonNegative, methodLasso)
	}
	if o.scale != scaleRows && o.scale != scaleReference {
		return usagef("--dictionary-norm %s: expected %s or %s", o.scale, scaleRows, scaleReference)
	}
	if o.terms < 1 || o.top < 0 || o.memory < 1 {
		return usagef("facet label: --terms, --top and --memory: expected positive numbers, found %d, %d and %d", o.terms, o.top, o.memory)
	}
	if o.output != "" && labelWriter(o.output) == nil {
		return usagef("-o %s: expected a name that ends in .parquet, .jsonl or .csv", o.output)
	}
	if o.bank == "" && a.model != "" && a.model != demoName {
		return usagef("facet label: expected --bank, a bank of facet texts or a file with a text a line")
	}
	return nil
}

func (a *app) label(ctx context.Context, o labelOptions) error {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(o.memory << 20 * 15 / 16))
	m, use, err := a.openUse(ctx, o.atlas)
	if err != nil {
		return err
	}
	defer m.Close()
	ov, err := m.decomposition()
	if err != nil {
		return err
	}
	norms := ov.Norms()
	strength := norms
	if use != nil {
		strength = use.strength
	}
	pairs, err := chooseUnits(o.units, ov, strength)
	if err != nil {
		return err
	}
	labelling, err := m.labelling(ctx, o)
	if err != nil {
		return err
	}
	defer labelling.close()
	labels, null, err := labelling.run(ctx, ov, pairs, use)
	if err != nil {
		return err
	}
	result := labelResult{
		Atlas: o.atlas, Method: o.method, DictionaryNorm: o.scale, Bank: o.bank, Texts: len(labelling.dictionary.Texts), Terms: o.terms, Null: null.Explained,
	}
	for i, p := range pairs {
		result.Pairs = append(result.Pairs, labelRecordOf(labelling.dictionary, p, norms[ov.Index(p)], labels[i], null))
	}
	return a.finishLabels(ctx, m, o, result)
}

// decomposition is the map from scalars to the embedding.
func (m *model) decomposition() (*decompose.OV, error) {
	weights, err := m.PoolWeights()
	if err != nil {
		return nil, err
	}
	return decompose.New(decompose.Weights(weights))
}

// chooseUnits takes pairs by --units, the longest direction first.
func chooseUnits(units string, ov *decompose.OV, norms []float32) ([]decompose.Pair, error) {
	byNorm := func(k int) []decompose.Pair { return ov.Top(norms, k, func(v float32) float32 { return v }) }
	amount, top := strings.CutPrefix(units, "top:")
	if units == "all" {
		return byNorm(len(norms)), nil
	}
	if !top {
		p, err := parsePair(units, ov)
		if err != nil {
			return nil, usagef("--units: %w; or top:10%%, top:200, all", err)
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
	return nil, usagef("--units %s: expected top:10%%, top:200, all or NEURON,HEAD", units)
}

// parsePair reads (neuron,head), with or without the brackets.
func parsePair(s string, ov *decompose.OV) (decompose.Pair, error) {
	inner := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(s), "("), ")")
	neuron, head, found := strings.Cut(inner, ",")
	n, err := strconv.Atoi(strings.TrimSpace(neuron))
	h, err2 := strconv.Atoi(strings.TrimSpace(head))
	if !found || err != nil || err2 != nil {
		return decompose.Pair{}, fmt.Errorf("%q: expected a pair NEURON,HEAD such as 624,21", s)
	}
	if n < 0 || n >= ov.Channels || h < 0 || h >= ov.Heads {
		return decompose.Pair{}, fmt.Errorf("pair %s: expected a neuron from 0 to %d and a head from 0 to %d", s, ov.Channels-1, ov.Heads-1)
	}
	return decompose.Pair{Head: h, Neuron: n}, nil
}

// labelling is a dictionary with a way to fit directions to it.
type labelling struct {
	app        *app
	options    labelOptions
	dictionary *concept.Dictionary
	product    concept.Product
	close      func() error
}

func (m *model) labelling(ctx context.Context, o labelOptions) (*labelling, error) {
	open := m.openBank
	if o.bank == "" {
		open = m.wordBank // the demo world's concepts, each kind centred on its own
	}
	bank, err := open(ctx, o.bank, o.truncate)
	if err != nil {
		return nil, err
	}
	bank, dropped := bank.Distinct()
	if len(dropped) > 0 {
		slog.Warn("texts with the same embedding as an earlier one are left out", "count", len(dropped), "first", dropped[0])
	}
	scale := concept.UnitRows
	if o.scale == scaleReference {
		scale = concept.UnitColumns
	}
	d, err := concept.NewDictionary(bank, scale)
	if err != nil {
		return nil, err
	}
	l := &labelling{app: m.app, options: o, dictionary: d}
	l.product, l.close, err = m.product(d)
	return l, err
}

// product multiplies with the atoms on the model's engine.
func (m *model) product(d *concept.Dictionary) (concept.Product, func() error, error) {
	g := graph.New("product")
	x := g.Input("x", graph.Float32, graph.Batch, graph.Dim(d.Embed))
	g.Output("y", g.MatMul(x, g.Constant("atoms", d.Atoms, len(d.Texts), d.Embed), true))
	session, err := m.Engine().Compile(g)
	if err != nil {
		return nil, nil, err
	}
	return func(ctx context.Context, x []float32) ([]float32, error) {
		out, err := session.Run(ctx, map[string]graph.Tensor{"x": graph.Floats(x, len(x)/d.Embed, d.Embed)})
		return out["y"].Floats, err
	}, session.Close, nil
}

// run labels pairs, and random directions of the same heads for comparison.
func (l *labelling) run(ctx context.Context, ov *decompose.OV, pairs []decompose.Pair, use *use) ([]concept.Label, concept.Null, error) {
	units, chance := unitsAndChance(ov, pairs)
	if use != nil {
		for i, p := range pairs {
			scaled(units[i*ov.Embed:(i+1)*ov.Embed], int(use.signs[ov.Index(p)]))
		}
	}
	p := l.app.progress("pairs", len(pairs))
	defer p.done()
	random, err := l.fit(ctx, chance, nil)
	if err != nil {
		return nil, concept.Null{}, err
	}
	labels, err := l.fit(ctx, units, p.set)
	return labels, concept.NewNull(random), err
}

// unitsAndChance are the unit directions of pairs [U,D] and, for each head with some of them, random directions of that head.
func unitsAndChance(ov *decompose.OV, pairs []decompose.Pair) (units, chance []float32) {
	D := ov.Embed
	byHead := map[int][]int{}
	for i, p := range pairs {
		byHead[p.Head] = append(byHead[p.Head], i)
	}
	units = make([]float32, len(pairs)*D)
	each := (nullDirections + len(byHead) - 1) / max(len(byHead), 1)
	for head, u := range ov.Directions() {
		places := byHead[head]
		if len(places) == 0 {
			continue
		}
		for _, i := range places {
			copy(units[i*D:(i+1)*D], concept.Unit(u[pairs[i].Neuron*D:][:D]))
		}
		chance = append(chance, concept.RandomDirections(u, D, each, uint64(head))...)
	}
	return units, chance
}

func (l *labelling) fit(ctx context.Context, units []float32, progress func(int)) ([]concept.Label, error) {
	rows := l.options.memory<<20*7/8 - int64(4*len(units)) // what is left for correlations of words
	o := concept.Options{Terms: l.options.terms, Product: l.product, Memory: max(rows, 1), Progress: progress}
	switch l.options.method {
	case methodNonNegative:
		return l.dictionary.NonNegative(ctx, units, o)
	case methodLasso:
		return l.dictionary.Lasso(ctx, units, 0, o)
	}
	return l.dictionary.OMP(ctx, units, o)
}

// labelResult is what facet label --json prints. Pairs are in order of the lengths of their directions, or of their use in an atlas.
type labelResult struct {
	Model          modelRecord   `json:"model"`
	Atlas          string        `json:"atlas,omitempty"`
	Method         string        `json:"method"`
	DictionaryNorm string        `json:"dictionary_norm"`
	Bank           string        `json:"bank"` // empty: the demo world's words
	Texts          int           `json:"texts"`
	Terms          int           `json:"terms"`
	Null           []float64     `json:"null"` // by number of terms: what 95 of 100 random directions do not exceed
	Pairs          []labelRecord `json:"pairs"`
}

// labelRecord is a label in results.
type labelRecord struct {
	Neuron    int          `json:"neuron"`
	Head      int          `json:"head"`
	Norm      float64      `json:"norm"` // ‖u‖
	Named     bool         `json:"named"`
	Label     []wordRecord `json:"label"` // the words to show, of most weight first, whether the pair is named or not
	Explained float64      `json:"explained"`
	Margin    float64      `json:"margin"`
	Stability float64      `json:"stability"`
	Terms     []termRecord `json:"terms"`
}

// wordRecord is a word of the label to show, with its weight in a fit with those words alone.
type wordRecord struct {
	Text   string  `json:"text"`
	Weight float64 `json:"weight"`
}

type termRecord struct {
	Text        string  `json:"text"`
	Coefficient float64 `json:"coefficient"`
	Explained   float64 `json:"explained"`
	Cosine      float64 `json:"cosine"`
}

func labelRecordOf(d *concept.Dictionary, p decompose.Pair, norm float32, l concept.Label, null concept.Null) labelRecord {
	r := labelRecord{
		Neuron: p.Neuron, Head: p.Head, Norm: float64(norm), Named: null.Names(l),
		Explained: l.Explained(), Margin: l.Margin, Stability: l.Stability,
	}
	for _, t := range l.Terms {
		r.Terms = append(r.Terms, termRecord{d.Texts[t.Word], t.Coefficient, t.Explained, t.Cosine})
	}
	for _, t := range l.Shown() {
		r.Label = append(r.Label, wordRecord{d.Texts[t.Word], t.Coefficient})
	}
	slices.SortStableFunc(r.Label, func(a, b wordRecord) int { return cmp.Compare(math.Abs(b.Weight), math.Abs(a.Weight)) })
	return r
}

// name is the label to show: its words, those of negative weight with a minus.
func (r labelRecord) name() string {
	if !r.Named {
		return "unnamed"
	}
	words := make([]string, len(r.Label))
	for i, t := range r.Label {
		if words[i] = t.Text; t.Weight < 0 {
			words[i] = "−" + t.Text
		}
	}
	return strings.Join(words, ", ")
}
