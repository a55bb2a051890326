package cli

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/clip/registry"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/naming"
)

// labelOptions are the flags of facet label.
type labelOptions struct {
	bank, units, method, scale, output string
	atlas                              string // empty: weights alone
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
)

func (a *app) labelCommand() *cobra.Command {
	o := labelDefaults()
	cmd := &cobra.Command{
		Use:   "label [ATLAS|MODEL] --bank BANK",
		Short: "Name pairs in words: what each says, and with an atlas what it fires for",
		Long: `Writes the direction of each neuron–head pair, which lies in the space of texts, as a sum of a few texts of a bank: what the pair says. That
needs the weights alone, no picture. With an atlas it also writes what the pair fires for: how the images in which its scalar is extreme differ from all
images. The labels are kept in the atlas, and pairs, neuron, explain, sink and search show them. What words explain no better than chance is
shown as unnamed.`,
		Example: `  facet label photos.atlas --bank words                             the tenth of the pairs that did most, kept in the atlas
  facet label photos.atlas --bank words -o labels.csv               … in a file instead
  facet label RN50 --bank words.txt -o labels.parquet               by the weights: the longest tenth of the pairs
  facet label RN50 --bank words --units 624,21                      one pair, in 64 words, only shown
  facet label                                                       the demo model in the words of its world`,
		Args: argsBetween(0, 1, "one atlas or model"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 && isAtlas(args[0]) {
				o.atlas = args[0]
			} else if len(args) == 1 && a.model != "" {
				return usagef("facet label: %s and --model %s: expected one model", args[0], a.model)
			} else if len(args) == 1 {
				if !isModel(args[0]) {
					return fmt.Errorf("%s: expected an atlas, a checkpoint file or the name of a model (facet model list)", args[0])
				}
				a.model = args[0]
			}
			if err := o.check(a); err != nil {
				return err
			}
			return a.label(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.bank, "bank", "", "a `BANK` of facet texts, or a file with a text a line (default for the demo: its world's words)")
	f.StringVar(&o.units, "units", o.units, "pairs to label: top:10% or top:200 (by use in the atlas, or by the length of their directions), all, or NEURON,HEAD")
	f.StringVar(&o.method, "method", o.method, "the method: omp (orthogonal matching pursuit), or without negative words nnomp or lasso")
	f.StringVar(&o.scale, "dictionary-norm", o.scale, "what is made unit: rows (texts), or reference (columns, as the reference code does)")
	f.StringVarP(&o.output, "output", "o", "", "write every term of every label to `FILE`.parquet, .jsonl or .csv, and leave the atlas as it is")
	numberVar(f, &o.terms, "terms", o.terms, some, "texts in a label, at most")
	numberVar(f, &o.top, "top", o.top, someOrNone, "show at most so many: pairs")
	numberVar(f, &o.memory, "memory", o.memory, span[int64]{least: 1, most: 1 << 24}, "memory to use, in MiB")
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
	if o.output != "" && labelWriter(o.output) == nil {
		return usagef("-o %s: expected a name that ends in .parquet, .jsonl or .csv", o.output)
	}
	if o.bank == "" && a.model != "" && a.model != demoName {
		return usagef("facet label: expected --bank, a bank of facet texts or a file with a text a line")
	}
	return nil
}

// isModel tells whether --model can name it: a file, a model that can be pulled, or the demo.
func isModel(name string) bool {
	_, missing := os.Stat(name)
	_, unknown := registry.Lookup(name)
	return missing == nil || unknown == nil || name == demoName
}

// isAtlas tells whether there is an atlas at path, finished or not.
func isAtlas(path string) bool {
	_, err := os.Stat(filepath.Join(path, "atlas.json"))
	return err == nil
}

func (a *app) label(ctx context.Context, o labelOptions) error {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(o.memory << 20 * 15 / 16))
	m, use, err := a.openUse(ctx, o.atlas)
	if err != nil {
		return err
	}
	defer m.Close()
	if o.bank == "" && m.name != demoName { // the model that an atlas is of
		return usagef("facet label: %s is of %s: expected --bank, a bank of facet texts or a file with a text a line", o.atlas, m.name)
	}
	ov, err := m.Decomposition()
	if err != nil {
		return err
	}
	labelling, err := m.labelling(ctx, o)
	if err != nil {
		return err
	}
	defer labelling.close()
	words, err := labelling.words(ctx, ov, use)
	if err != nil {
		return err
	}
	return a.finishLabels(ctx, m, o, words)
}

// words labels the pairs asked for and keeps the labels in a file, or of a set in the atlas. Labels that the atlas has already are read
// instead.
func (l *labelling) words(ctx context.Context, ov *decompose.OV, use *use) (w inWords, err error) {
	o := l.options
	w = inWords{ov: ov, atlas: use != nil, kept: use != nil && o.output == "" && !isPair(o.units)}
	strength := ov.Norms()
	if use != nil {
		strength = use.strength
	}
	pairs, err := chooseUnits(o.units, ov, strength)
	if err != nil {
		return w, err
	}
	if w.kept {
		if old := use.atlas.Manifest.Labels; old != nil && old.Same(l.record()) {
			slog.Warn("the atlas has these labels already", "atlas", o.atlas)
			w.made = *old
			w.labels, err = use.atlas.PairLabels()
			return w, err
		}
	}
	if l.journal, err = l.openJournal(ctx, w.kept, use); err != nil {
		return w, err
	}
	defer func() { err = errors.Join(err, l.journal.Close()) }()
	if w.labels, w.made, err = l.run(ctx, ov, pairs, use); err != nil {
		return w, err
	}
	if w.kept {
		_, err = use.atlas.KeepLabels(w.made, w.labels)
	} else if o.output != "" {
		err = writeFile(o.output, func(f io.Writer) error { return labelWriter(o.output)(f, w) })
	}
	if err != nil {
		return w, err
	}
	return w, l.journal.Remove()
}

// openJournal is where labels are kept while they are made: beside the file or in the atlas that they go to; nil when they are only shown.
func (l *labelling) openJournal(ctx context.Context, kept bool, use *use) (*naming.Journal, error) {
	path := l.options.output + labelsUnderWay
	if kept {
		path = filepath.Join(use.atlas.Dir(), "labels"+labelsUnderWay)
	} else if l.options.output == "" {
		return nil, nil
	}
	fingerprint, err := l.fingerprint(ctx, use)
	if err != nil {
		return nil, err
	}
	j, err := naming.OpenJournal(path, fingerprint, len(l.dictionary.Texts))
	if n := j.Count(); n > 0 {
		slog.Warn("going on with labels that an earlier run left", "count", n, "file", path)
	}
	return j, err
}

// labelsUnderWay ends the names of journals.
const labelsUnderWay = ".part"

// fingerprint is of everything that decides labels.
func (l *labelling) fingerprint(ctx context.Context, use *use) (sum [32]byte, err error) {
	model, err := l.model.Checkpoint().SHA256(ctx)
	if err != nil {
		return sum, err
	}
	var files []atlas.File
	if use != nil {
		files = slices.DeleteFunc(slices.Clone(use.atlas.Manifest.Files), func(f atlas.File) bool { return f.Name == "labels.parquet" })
	}
	data, err := json.Marshal([]any{model, l.record(), files})
	return sha256.Sum256(data), err
}

// openDecomposed opens the model with its decomposition.
func (a *app) openDecomposed(ctx context.Context) (*model, *decompose.OV, error) {
	m, err := a.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	ov, err := m.Decomposition()
	if err != nil {
		return nil, nil, errors.Join(err, m.Close())
	}
	return m, ov, nil
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

// isPair tells --units NEURON,HEAD from sets of pairs.
func isPair(units string) bool { return units != "all" && !strings.HasPrefix(units, "top:") }

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
	model      *model
	options    labelOptions
	dictionary *concept.Dictionary
	bank       string // its fingerprint
	product    concept.Product
	mix        concept.Mix
	journal    *naming.Journal // nil: labels that are cut off are lost
	close      func() error
}

// labelDefaults are the flags as they are when none is given.
func labelDefaults() labelOptions {
	return labelOptions{units: "top:10%", method: methodOMP, scale: scaleRows, terms: 64, top: 20, memory: 2048}
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
	return m.fitting(bank, o)
}

// fitting makes a dictionary of a bank.
func (m *model) fitting(bank *concept.Bank, o labelOptions) (*labelling, error) {
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
	l := &labelling{model: m, options: o, dictionary: d, bank: bank.Fingerprint()}
	return l, l.compile()
}

// compile puts the products on the model's engine.
func (l *labelling) compile() error {
	d := l.dictionary
	g := graph.New("product")
	x := g.Input("x", graph.Float32, graph.Batch, graph.Dim(d.Embed))
	g.Output("y", g.MatMul(x, g.Constant("atoms", d.Atoms, len(d.Texts), d.Embed), true))
	product, err := l.model.Engine().Compile(g)
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
	mix, err := l.model.Engine().Compile(g)
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
	o := l.options
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
	bar := l.model.app.progress("labels", steps*len(pairs))
	defer bar.done()
	says, err := naming.Says(ctx, fit, ov, pairs, signs, bar.set)
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
	fires, err := naming.Fires(ctx, fit, use.stats, images, pairs, signs, func(n int) { bar.set(len(pairs) + n) })
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
	rows := l.options.memory<<20*7/8 - bytes // what is left for correlations of words
	return l.dictionary.Labeller(concept.Options{
		Method: methods[l.options.method], Terms: l.options.terms, Product: l.product, Mix: l.mix, Memory: max(rows, 1),
	})
}

// inWords are the labels of some pairs and where they are from.
type inWords struct {
	ov     *decompose.OV
	made   atlas.Labels
	labels []atlas.Label
	atlas  bool // they say what pairs fire for, too
	kept   bool // in the atlas
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
	Null           []float64     `json:"null"`                  // by number of terms: what 95 of 100 random directions do not exceed
	FiresNull      []float64     `json:"fires_null,omitempty"`  // likewise, random sets of images
	Labelled       int           `json:"labelled"`              // pairs
	Named          int           `json:"named"`                 // of these, by what they say
	FiresNamed     *int          `json:"fires_named,omitempty"` // likewise by what they fire for
	Pairs          []labelRecord `json:"pairs"`                 // the first of them
}

// labelRecord is a label in results.
type labelRecord struct {
	Neuron int     `json:"neuron"`
	Head   int     `json:"head"`
	Norm   float64 `json:"norm"` // ‖u‖
	wordsRecord
	Fires *wordsRecord `json:"fires,omitempty"` // with an atlas
}

// wordsRecord is a direction in words.
type wordsRecord struct {
	nameRecord
	Explained float64      `json:"explained"`
	Margin    float64      `json:"margin"`
	Stability float64      `json:"stability"`
	Terms     []termRecord `json:"terms"`
}

type (
	nameRecord = answer.Name
	wordRecord = answer.Word
)

type termRecord struct {
	Text        string  `json:"text"`
	Coefficient float64 `json:"coefficient"`
	Explained   float64 `json:"explained"`
	Cosine      float64 `json:"cosine"`
}

// records are the first pairs.
func (l inWords) records(top int) []labelRecord {
	shown := first(l.labels, top)
	records := make([]labelRecord, len(shown))
	for i, x := range shown {
		records[i] = l.record(x)
	}
	return records
}

// named counts the pairs that are named by what they say, and by what they fire for.
func (l inWords) named() (says, fires int) {
	for _, x := range l.labels {
		if x.Says.Named {
			says++
		}
		if x.Fires.Named {
			fires++
		}
	}
	return says, fires
}

func (l inWords) record(x atlas.Label) labelRecord {
	p := l.ov.Pair(x.Pair)
	r := labelRecord{Neuron: p.Neuron, Head: p.Head, Norm: x.Norm, wordsRecord: wordsRecordOf(x.Says)}
	if l.atlas {
		f := wordsRecordOf(x.Fires)
		r.Fires = &f
	}
	return r
}

func wordsRecordOf(w atlas.Words) wordsRecord {
	r := wordsRecord{nameRecord: nameRecordOf(w), Explained: w.Explained(), Margin: w.Margin, Stability: w.Stability}
	for _, t := range w.Terms {
		r.Terms = append(r.Terms, termRecord{t.Text, t.Coefficient, t.Explained, t.Cosine})
	}
	return r
}

func nameRecordOf(w atlas.Words) nameRecord {
	r := nameRecord{Named: w.Named}
	for _, t := range w.Shown() {
		r.Label = append(r.Label, wordRecord{Text: t.Text, Weight: t.Weight})
	}
	return r
}
