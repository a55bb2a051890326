package lab

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/atomicfile"
	"github.com/facet-clip/facet/naming"
)

// Label asks for pairs in words: what each says, and with an atlas what it fires for.
type Label struct {
	// Atlas is an atlas of the model. A set of pairs is labelled in it, unless Output says where else.
	Atlas string
	// Bank is a list, a bank or a file with a text a line. Empty, it is the default: see [Lab.Bank].
	Bank string
	// Units are the pairs: top:10% (also empty) or top:200 (by use in the atlas, or by the length of their directions), all, or NEURON,HEAD.
	Units string
	// Method is omp (also empty), nnomp or lasso.
	Method string
	// Scale says what is made unit in the dictionary: rows (also empty) or reference (columns).
	Scale string
	// Terms is how many texts a label has at most; 0 is 64.
	Terms int
	// Output is a file for every term of every label, .parquet, .jsonl or .csv. The atlas is left as it is.
	Output string
	// Memory is how much to use, in MiB; 0 is 2048.
	Memory int64
	// Truncate cuts texts that are too long instead of refusing them.
	Truncate bool
	// Calibration is a file that holds what facet evaluate labels --json said of this model. Names then have the probability that they are right. Empty: they have none.
	Calibration string
	// Top is how many pairs the answer gives; 0 gives none, and −1 all.
	Top int
}

// Check finds mistakes that need no model.
func (q Label) Check() error {
	f := q.fit()
	switch {
	case !slices.Contains([]string{methodOMP, methodNonNegative, methodLasso}, f.method):
		return mistake("method", "%s: expected %s, %s or %s", q.Method, methodOMP, methodNonNegative, methodLasso)
	case f.scale != scaleRows && f.scale != scaleReference:
		return mistake("dictionary-norm", "%s: expected %s or %s", q.Scale, scaleRows, scaleReference)
	case q.Output != "" && labelWriter(q.Output) == nil:
		return mistake("output", "%s: expected a name that ends in .parquet, .jsonl or .csv", q.Output)
	case f.terms < 1:
		return mistake("terms", "%d: expected 1 or more", q.Terms)
	case f.memory < 1:
		return mistake("memory", "%d: expected 1 or more", q.Memory)
	}
	return nil
}

// fit is how the question writes directions in words.
func (q Label) fit() fit {
	return fit{bank: q.Bank, method: q.Method, scale: q.Scale, terms: q.Terms, memory: q.Memory, truncate: q.Truncate, units: q.Units}.filled()
}

// Label labels pairs and keeps the labels in a file, or those of a set of pairs in the atlas. What is cut off goes on where it stopped. Labels that the
// atlas has already are read instead.
func (l *Lab) Label(ctx context.Context, q Label) (*answer.Labels, error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	use, err := l.openUse(ctx, q.Atlas)
	if err != nil {
		return nil, err
	}
	ov, err := l.ov()
	if err != nil {
		return nil, err
	}
	right, err := l.calibrations(ctx, q.Calibration)
	if err != nil {
		return nil, err
	}
	q.Bank = l.bankOr(q.Bank)
	w, err := l.labelling(ctx, q.fit())
	if err != nil {
		return nil, err
	}
	defer w.close()
	labels, err := w.words(ctx, ov, use, q, right)
	if err != nil {
		return nil, err
	}
	a := labels.answer(w.fit, q)
	a.Model, err = l.describe(ctx)
	return a, err
}

// inWords are the labels of some pairs and where they are from.
type inWords struct {
	ov     *decompose.OV
	made   atlas.Labels
	labels []atlas.Label
	atlas  bool // they say what pairs fire for, too
	right  calibrations
}

// words labels the pairs asked for and keeps the labels.
func (l *labelling) words(ctx context.Context, ov *decompose.OV, use *use, q Label, right calibrations) (w inWords, err error) {
	w = inWords{ov: ov, atlas: use != nil, right: right}
	kept := use != nil && q.Output == "" && !isPair(l.fit.units)
	strength := ov.Norms()
	if use != nil {
		strength = use.strength
	}
	pairs, err := chooseUnits(l.fit.units, ov, strength)
	if err != nil {
		return w, err
	}
	if kept {
		if old := use.atlas.Manifest.Labels; old != nil && old.Same(l.record()) {
			l.lab.log.Warn("the atlas has these labels already", "atlas", q.Atlas)
			w.made = *old
			w.labels, err = use.atlas.PairLabels()
			return w, err
		}
	}
	if l.journal, err = l.openJournal(ctx, kept, use, q.Output); err != nil {
		return w, err
	}
	defer func() { err = errors.Join(err, l.journal.Close()) }()
	if w.labels, w.made, err = l.run(ctx, ov, pairs, use); err != nil {
		return w, err
	}
	if use == nil && len(pairs) == ov.Heads*ov.Channels {
		l.keepForExplanations(ctx, w)
	}
	if kept {
		_, err = use.atlas.KeepLabels(w.made, w.labels)
	} else if q.Output != "" {
		err = atomicfile.Write(q.Output, func(f io.Writer) error { return labelWriter(q.Output)(f, w) })
	}
	if err != nil {
		return w, err
	}
	return w, l.journal.Remove()
}

// keepForExplanations keeps what all pairs say, so that explanations by the same bank need not name any.
func (l *labelling) keepForExplanations(ctx context.Context, w inWords) {
	if l.fit.bank == "" || l.fit.method != methodOMP || l.fit.scale != scaleRows || l.fit.terms < concept.MostShown {
		return
	}
	kept, err := l.lab.keptNames(ctx, l.source.Fingerprint())
	if err == nil {
		kept.Put(w.labels, w.made.SaysNull)
		err = kept.Save()
	}
	l.lab.warnUnkept(err)
}

// labelsUnderWay ends the names of journals.
const labelsUnderWay = ".part"

// openJournal is where labels are kept while they are made: beside the file or in the atlas that they go to; nil when they are only shown.
func (l *labelling) openJournal(ctx context.Context, kept bool, use *use, output string) (*naming.Journal, error) {
	path := output + labelsUnderWay
	if kept {
		path = filepath.Join(use.atlas.Dir(), "labels"+labelsUnderWay)
	} else if output == "" {
		return nil, nil
	}
	fingerprint, err := l.fingerprint(ctx, use)
	if err != nil {
		return nil, err
	}
	j, err := naming.OpenJournal(path, fingerprint, len(l.dictionary.Texts))
	if n := j.Count(); n > 0 {
		l.lab.log.Warn("going on with labels that an earlier run left", "count", n, "file", path)
	}
	return j, err
}

// fingerprint is of everything that decides labels.
func (l *labelling) fingerprint(ctx context.Context, use *use) (sum [32]byte, err error) {
	model, err := l.lab.model.Checkpoint().SHA256(ctx)
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

// answer is what is printed of labels.
func (w inWords) answer(f fit, q Label) *answer.Labels {
	a := &answer.Labels{
		Atlas: q.Atlas, Method: f.method, DictionaryNorm: f.scale, Bank: q.Bank, Texts: w.made.Texts, Terms: f.terms,
		Null: w.made.SaysNull, FiresNull: w.made.FiresNull, Labelled: len(w.labels), Calibration: q.Calibration, Pairs: w.pairs(q.Top),
	}
	fires := 0
	for _, x := range w.labels {
		if x.Says.Named {
			a.Named++
		}
		if x.Fires.Named {
			fires++
		}
	}
	if w.atlas {
		a.FiresNamed = &fires
	}
	return a
}

// pairs are the first pairs; top < 0: all.
func (w inWords) pairs(top int) []answer.LabelledPair {
	if top < 0 || top > len(w.labels) {
		top = len(w.labels)
	}
	pairs := make([]answer.LabelledPair, top)
	for i, x := range w.labels[:top] {
		p := w.ov.Pair(x.Pair)
		pairs[i] = answer.LabelledPair{Neuron: p.Neuron, Head: p.Head, Norm: x.Norm, Words: wordsOf(x.Says)}
		pairs[i].Probability = w.right.of(atlas.Says, x.Says)
		if w.atlas {
			fires := wordsOf(x.Fires)
			fires.Probability = w.right.of(atlas.Fires, x.Fires)
			pairs[i].Fires = &fires
		}
	}
	return pairs
}

func wordsOf(w atlas.Words) answer.Words {
	a := answer.Words{Name: nameOf(w), Explained: w.Explained(), Margin: w.Margin, Stability: w.Stability, ShownShare: w.ShownShare()}
	for _, t := range w.Terms {
		a.Terms = append(a.Terms, answer.Term{Text: t.Text, Coefficient: t.Coefficient, Explained: t.Explained, Cosine: t.Cosine})
	}
	return a
}

// labelWriter writes labels in the format that the ending of a name says, nil for others.
func labelWriter(path string) func(io.Writer, inWords) error {
	switch filepath.Ext(path) {
	case ".parquet":
		return func(w io.Writer, l inWords) error { return atlas.WriteLabelTable(w, l.labels, l.ov.Channels) }
	case ".jsonl":
		return writeLabelsJSONL
	case ".csv":
		return writeLabelsCSV
	}
	return nil
}

// writeLabelsJSONL writes a pair a line.
func writeLabelsJSONL(w io.Writer, l inWords) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for _, p := range l.pairs(-1) {
		if err := e.Encode(p); err != nil {
			return err
		}
	}
	return nil
}

// writeLabelsCSV writes a term a line.
func writeLabelsCSV(w io.Writer, l inWords) error {
	c := csv.NewWriter(w)
	header := []string{"neuron", "head", "norm", "sense", "named", "margin", "stability", "rank", "shown", "text", "coefficient", "weight", "explained", "cosine"}
	if err := c.Write(header); err != nil {
		return err
	}
	float := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	for r := range atlas.Rows(l.labels, l.ov.Channels) {
		err := c.Write([]string{
			strconv.Itoa(int(r.Neuron)), strconv.Itoa(int(r.Head)), float(r.Norm), r.Sense, strconv.FormatBool(r.Named), float(r.Margin), float(r.Stability),
			strconv.Itoa(int(r.Rank)), strconv.FormatBool(r.Shown), r.Text, float(r.Coefficient), float(r.Weight), float(r.Explained), float(r.Cosine),
		})
		if err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}
