package naming

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/atomicfile"
	"github.com/facet-clip/facet/internal/numeric"
	"github.com/facet-clip/facet/internal/regular"
)

// Kept are names of directions that earlier questions needed, in a file: what a pair says comes from the weights, so it is the same for every picture. Chance
// is random mixtures of the directions of all heads, so that a name does not depend on what else was asked for.
type Kept struct {
	path    string
	content keptFile
	row     map[int]int    // of a pair
	begin   []int          // of the words of a row
	word    map[string]int // its index in the texts
}

// keptFile is the file, in columns. A name is kept with the words that are shown alone.
type keptFile struct {
	Of    string // a fingerprint of all that decides names
	Null  []float64
	Pairs []int
	Named []bool
	Count []int    // of a pair's words
	Texts []string // all words, each once
	// Of all pairs one after the other:
	Words   []int // in the texts
	Weights []float64
}

// keptMost is how large a file may be, in bytes.
const keptMost = 1 << 28

// OpenKept reads the names in a file. One that is missing or damaged, and one that a fingerprint does not stand for, holds none, and is written anew.
func OpenKept(path, fingerprint string) (*Kept, error) {
	k := &Kept{path: path}
	data, err := regular.ReadFile(path, keptMost)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if err != nil || gob.NewDecoder(bytes.NewReader(data)).Decode(&k.content) != nil || k.content.Of != fingerprint || !k.index() {
		k.content = keptFile{Of: fingerprint}
		k.index()
	}
	return k, nil
}

// index finds what belongs to each pair, and tells whether the file is whole.
func (k *Kept) index() bool {
	c := &k.content
	k.row, k.word, k.begin = make(map[int]int, len(c.Pairs)), make(map[string]int, len(c.Texts)), make([]int, len(c.Pairs))
	if len(c.Named) != len(c.Pairs) || len(c.Count) != len(c.Pairs) || len(c.Words) != len(c.Weights) {
		return false
	}
	words := 0
	for row, pair := range c.Pairs {
		k.row[pair], k.begin[row] = row, words
		if words += c.Count[row]; c.Count[row] < 0 || c.Count[row] > concept.MostShown {
			return false
		}
	}
	for i, text := range c.Texts {
		k.word[text] = i
	}
	for i, w := range c.Words {
		if w < 0 || w >= len(c.Texts) || c.Weights[i]-c.Weights[i] != 0 {
			return false
		}
	}
	return words == len(c.Words)
}

// Missing are those pairs whose names are not kept.
func (k *Kept) Missing(ov *decompose.OV, pairs []decompose.Pair) (missing []decompose.Pair) {
	for _, p := range pairs {
		if _, ok := k.row[ov.Index(p)]; !ok {
			missing = append(missing, p)
		}
	}
	return missing
}

// Says is what a pair says, which must be kept.
func (k *Kept) Says(pair int) atlas.Words {
	row, c := k.row[pair], &k.content
	w := atlas.Words{Named: c.Named[row]}
	for i := k.begin[row]; i < k.begin[row]+c.Count[row]; i++ {
		w.Terms = append(w.Terms, atlas.Word{Text: c.Texts[c.Words[i]], Shown: true, Weight: c.Weights[i]})
	}
	return w
}

// Add names pairs that are missing, in texts of the dictionary that fit is of.
func (k *Kept) Add(ctx context.Context, fit Fit, ov *decompose.OV, missing []decompose.Pair, texts []string, done func(int)) error {
	if k.content.Null == nil {
		null, err := chance(ctx, fit, ov, numeric.Indices(ov.Heads))
		if err != nil {
			return err
		}
		k.content.Null = null.Explained
	}
	labels, err := says(ctx, fit, ov, missing, nil, done)
	if err != nil {
		return err
	}
	named := Named{labels, concept.Null{Explained: k.content.Null}}
	for i, p := range missing {
		k.put(ov.Index(p), named.Words(i, texts))
	}
	return nil
}

// Put takes in the labels of all pairs, and what chance explains.
func (k *Kept) Put(labels []atlas.Label, null []float64) {
	k.content.Null = null
	for _, l := range labels {
		if _, ok := k.row[l.Pair]; !ok {
			k.put(l.Pair, l.Says)
		}
	}
}

func (k *Kept) put(pair int, w atlas.Words) {
	c, shown := &k.content, w.Shown()
	k.row[pair] = len(c.Pairs)
	k.begin = append(k.begin, len(c.Words))
	c.Pairs, c.Named, c.Count = append(c.Pairs, pair), append(c.Named, w.Named), append(c.Count, len(shown))
	for _, t := range shown {
		word, ok := k.word[t.Text]
		if !ok {
			word = len(c.Texts)
			k.word[t.Text], c.Texts = word, append(c.Texts, t.Text)
		}
		c.Words, c.Weights = append(c.Words, word), append(c.Weights, t.Weight)
	}
}

// Save writes the file.
func (k *Kept) Save() error {
	if err := os.MkdirAll(filepath.Dir(k.path), 0o755); err != nil {
		return err
	}
	return atomicfile.Write(k.path, func(w io.Writer) error { return gob.NewEncoder(w).Encode(k.content) })
}
