package atlas

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"reflect"
	"slices"
	"strings"
)

// LabelFormat is the version of labels.parquet and of what atlas.json says of it.
const LabelFormat = 1

// ErrNoLabels is returned when labels are asked of an atlas that keeps none.
var ErrNoLabels = errors.New("the atlas keeps no labels")

// Labels is how the labels of an atlas were made. An atlas without labels has none.
type Labels struct {
	Format          int    `json:"format"`
	Fingerprint     string `json:"fingerprint"`      // of the rest, the model and the images
	Bank            string `json:"bank"`             // as the user named it; empty: the demo world's words
	BankFingerprint string `json:"bank_fingerprint"` // of its texts and embeddings
	Texts           int    `json:"texts"`            // in the bank
	Method          string `json:"method"`           // omp, nnomp or lasso
	DictionaryNorm  string `json:"dictionary_norm"`  // rows or reference
	Terms           int    `json:"terms"`            // in a label at most
	Units           string `json:"units"`            // which pairs, as the user said
	Pairs           int    `json:"pairs"`            // so many were labelled
	Rows            int    `json:"rows"`             // of labels.parquet
	SaysNull        Null   `json:"says_null"`
	FiresNull       Null   `json:"fires_null"`
}

// Null is by number of terms what chance explains, which a label must exceed (concept.Null).
type Null []float64

// Label is a pair in words, in two senses.
type Label struct {
	Pair  int     // head·C + neuron
	Norm  float64 // ‖u‖
	Says  Words   // where the direction points that it contributes along when it is strong: ±u, from the weights
	Fires Words   // how the images in which it is strong, or weak, differ from all images
}

// Words is a direction as a sum of texts. It has no terms when nothing could be said.
type Words struct {
	Named             bool // better explained than by chance
	Margin, Stability float64
	Terms             []Word
}

// Word is a term of a sum.
type Word struct {
	Text                           string
	Coefficient, Explained, Cosine float64
	Shown                          bool
	Weight                         float64 // in the fit with the words shown alone; 0 for others
}

// Shown are the words to show, of most weight first.
func (w Words) Shown() []Word {
	shown := slices.DeleteFunc(slices.Clone(w.Terms), func(t Word) bool { return !t.Shown })
	slices.SortStableFunc(shown, func(a, b Word) int { return cmp.Compare(math.Abs(b.Weight), math.Abs(a.Weight)) })
	return shown
}

// Turned is the opposite direction in words.
func (w Words) Turned() Words {
	w.Terms = slices.Clone(w.Terms)
	for i := range w.Terms {
		w.Terms[i].Coefficient, w.Terms[i].Weight = -w.Terms[i].Coefficient, -w.Terms[i].Weight
	}
	return w
}

// String is what is shown: the words, a minus before those of negative weight, or "unnamed".
func (w Words) String() string {
	if !w.Named {
		return "unnamed"
	}
	var words []string
	for _, t := range w.Shown() {
		if t.Weight < 0 {
			t.Text = "−" + t.Text
		}
		words = append(words, t.Text)
	}
	return strings.Join(words, ", ")
}

// Explained is the share of the direction that all terms together explain.
func (w Words) Explained() float64 {
	if len(w.Terms) == 0 {
		return 0
	}
	return w.Terms[len(w.Terms)-1].Explained
}

// ShownShare is the share of the direction that the words shown explain.
func (w Words) ShownShare() float64 {
	share := 0.0
	for _, t := range w.Terms {
		if t.Shown {
			share = t.Explained
		}
	}
	return share
}

// The senses of a label in tables.
const (
	Says  = "says"
	Fires = "fires"
)

// LabelRow is a row of labels.parquet: a term of a label. A sense without terms has no row.
type LabelRow struct {
	Neuron      int32   `parquet:"neuron"`
	Head        int32   `parquet:"head,dict"`
	Norm        float64 `parquet:"norm,dict"`
	Sense       string  `parquet:"sense,dict"`
	Named       bool    `parquet:"named"`
	Margin      float64 `parquet:"margin,dict"`
	Stability   float64 `parquet:"stability,dict"`
	Rank        int32   `parquet:"rank,dict"` // from 0
	Shown       bool    `parquet:"shown"`
	Text        string  `parquet:"text,dict,snappy"`
	Coefficient float64 `parquet:"coefficient"`
	Weight      float64 `parquet:"weight"`
	Explained   float64 `parquet:"explained"`
	Cosine      float64 `parquet:"cosine"`
}

// Rows are the rows of labels of a model of so many neurons.
func Rows(labels []Label, channels int) iter.Seq2[LabelRow, error] {
	return func(yield func(LabelRow, error) bool) {
		for _, l := range labels {
			for _, sense := range []struct {
				name string
				Words
			}{{Says, l.Says}, {Fires, l.Fires}} {
				for rank, t := range sense.Terms {
					row := LabelRow{
						Neuron: int32(l.Pair % channels), Head: int32(l.Pair / channels), Norm: l.Norm, Sense: sense.name, Named: sense.Named,
						Margin: sense.Margin, Stability: sense.Stability, Rank: int32(rank), Shown: t.Shown, Text: t.Text,
						Coefficient: t.Coefficient, Weight: t.Weight, Explained: t.Explained, Cosine: t.Cosine,
					}
					if !yield(row, nil) {
						return
					}
				}
			}
		}
	}
}

// WriteLabelTable writes labels as a Parquet table of [LabelRow].
func WriteLabelTable(w io.Writer, labels []Label, channels int) error {
	return writeRows(w, groupRows, Rows(labels, channels))
}

// KeepLabels keeps labels in an atlas's folder, in the place of those it may have, and gives the atlas that has them; a itself stays as it
// was opened, for those who read it meanwhile. Killed half way, it leaves the atlas without labels and otherwise whole: atlas.json first
// forgets the old ones and learns of the new ones last. It is [ErrMismatch] when the folder holds another atlas by now.
func (a *Atlas) KeepLabels(made Labels, labels []Label) (_ *Atlas, err error) {
	lock, err := lockFolder(a.dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	old, err := readManifest(a.dir)
	if err != nil {
		return nil, err
	}
	without := old.withoutLabels()
	if !reflect.DeepEqual(without, a.Manifest.withoutLabels()) {
		return nil, fmt.Errorf("%s: %w: it was written anew while labels were made", a.dir, ErrMismatch)
	}
	if old.Labels != nil {
		if err := writeManifest(a.dir, without, without.Files); err != nil {
			return nil, err
		}
	}
	f, err := writeTable(a.dir, labelsFile, groupRows, Rows(labels, a.Stats.Channels))
	if err != nil {
		return nil, err
	}
	made.Format, made.Pairs, made.Rows = LabelFormat, len(labels), 0
	for range Rows(labels, a.Stats.Channels) {
		made.Rows++
	}
	made.Fingerprint = made.fingerprint(without)
	with := *a
	with.Manifest = without
	with.Manifest.Labels = &made
	if err := writeManifest(a.dir, with.Manifest, append(slices.Clone(without.Files), f)); err != nil {
		return nil, err
	}
	with.Manifest, err = readManifest(a.dir)
	return &with, err
}

// withoutLabels is the manifest of the atlas as it was before it had labels.
func (m Manifest) withoutLabels() Manifest {
	m.Labels = nil
	m.Files = slices.DeleteFunc(slices.Clone(m.Files), func(f File) bool { return f.Name == labelsFile })
	return m
}

// Same reports whether labels were made of the same as others would be, so that they need not be made again.
func (l Labels) Same(other Labels) bool {
	key := func(l Labels) [5]any {
		return [5]any{l.BankFingerprint, l.Method, l.DictionaryNorm, l.Terms, l.Units}
	}
	return key(l) == key(other)
}

// fingerprint is a SHA-256 over everything that decides the labels of an atlas.
func (l Labels) fingerprint(m Manifest) string {
	l.Fingerprint = ""
	h := sha256.New()
	_ = json.NewEncoder(h).Encode([]any{l, m.Model.SHA256, m.Datasets, m.Images}) // which cannot fail: every number in it is finite
	return hex.EncodeToString(h.Sum(nil))
}

// check refuses a record that is not of the labels of this atlas.
func (l *Labels) check(m Manifest) error {
	pairs := m.Model.Config.Heads * m.Model.Config.Channels
	switch {
	case l.Format != LabelFormat:
		return fmt.Errorf("labels of format version %d, this facet reads version %d", l.Format, LabelFormat)
	case l.Pairs < 0 || l.Pairs > pairs || l.Terms < 1 || l.Terms > math.MaxInt32 || l.Rows < 0 || l.Rows/2/max(l.Pairs, 1) > l.Terms:
		return fmt.Errorf("labels of %d of %d pairs in %d rows, %d terms in each", l.Pairs, pairs, l.Rows, l.Terms)
	case l.Fingerprint != l.fingerprint(m):
		return errors.New("labels of another atlas, or made otherwise than it says")
	}
	_, err := m.file(labelsFile)
	return err
}

// PairLabels are the labels that the atlas keeps, in the order in which they were made: by use. It is [ErrNoLabels] when there are none.
func (a *Atlas) PairLabels() ([]Label, error) {
	made := a.Manifest.Labels
	if made == nil {
		return nil, fmt.Errorf("%s: %w; make them: facet label %s", a.dir, ErrNoLabels, a.dir)
	}
	var labels []Label
	seen := map[int]bool{}
	err := readTable(a, labelsFile, made.Rows, func(row *LabelRow) error {
		if row.Head < 0 || int(row.Head) >= a.Stats.Heads || row.Neuron < 0 || int(row.Neuron) >= a.Stats.Channels {
			return fmt.Errorf("pair (%d,%d)", row.Neuron, row.Head)
		}
		pair := int(row.Head)*a.Stats.Channels + int(row.Neuron)
		if len(labels) == 0 || labels[len(labels)-1].Pair != pair {
			if seen[pair] {
				return fmt.Errorf("pair (%d,%d) comes twice", row.Neuron, row.Head)
			}
			seen[pair] = true
			labels = append(labels, Label{Pair: pair, Norm: row.Norm})
		}
		return labels[len(labels)-1].take(row)
	})
	return labels, err
}

// take adds a row to the label it is of.
func (l *Label) take(row *LabelRow) error {
	words := &l.Says
	switch {
	case row.Sense == Fires:
		words = &l.Fires
	case row.Sense != Says:
		return fmt.Errorf("pair (%d,%d): sense %q", row.Neuron, row.Head, row.Sense)
	}
	for _, v := range []float64{row.Norm, row.Margin, row.Stability, row.Coefficient, row.Weight, row.Explained, row.Cosine} {
		if v-v != 0 {
			return fmt.Errorf("pair (%d,%d): a number is %g", row.Neuron, row.Head, v)
		}
	}
	if int(row.Rank) != len(words.Terms) {
		return fmt.Errorf("pair (%d,%d): term %d where %d should be", row.Neuron, row.Head, row.Rank, len(words.Terms))
	}
	words.Named, words.Margin, words.Stability = row.Named, row.Margin, row.Stability
	words.Terms = append(words.Terms, Word{strings.Clone(row.Text), row.Coefficient, row.Explained, row.Cosine, row.Shown, row.Weight})
	return nil
}
