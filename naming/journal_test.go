package naming

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/internal/regular"
)

// TestJournal cuts a run's file off after every length, and hurts it at some places: what comes out in the end is the same labels and the same bytes.
func TestJournal(t *testing.T) {
	d, _ := world(t)
	l, err := d.Labeller(concept.Options{Terms: 5})
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 1))
	calls := make([]concept.Units, 3)
	for i := range calls {
		x := make([]float32, 70*embed)
		for k := range x {
			x[k] = float32(random.NormFloat64())
		}
		calls[i] = concept.Units{{Basis: x}}
	}
	path := filepath.Join(t.TempDir(), "labels.part")
	// run asks for all labels, and says how many were known.
	run := func() (known int, labels [][]concept.Label) {
		j, err := OpenJournal(path, [32]byte{1}, len(d.Texts))
		if err != nil {
			t.Fatal(err)
		}
		known = j.Count()
		for _, units := range calls {
			last := 0
			got, err := j.Fit(l, embed)(t.Context(), units, func(n int) { last = n })
			if err != nil || last != 70 {
				t.Fatalf("%d labels reported: %v", last, err)
			}
			labels = append(labels, got)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		return known, labels
	}
	_, want := run()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, data []byte, least int) {
		t.Helper()
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		known, labels := run()
		if diff := gocmp.Diff(want, labels); diff != "" || known < least {
			t.Fatalf("%s: %d labels known, expected %d\n%s", what, known, least, diff)
		}
	}
	check("whole", whole, 210)
	head := len(magic) + 32
	for i := 0; i < len(whole); i += 1 + len(whole)/29 {
		check("cut off", whole[:i], 0)
		hurt := bytes.Clone(whole)
		if i >= head {
			hurt[i] ^= 0x10
			check("hurt", hurt, 0)
		}
	}
	check("with more after it", append(bytes.Clone(whole), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10), 210)
	if data, err := os.ReadFile(path); err != nil || !bytes.Equal(data, whole) {
		t.Errorf("the file is not as it was: %v", err)
	}
}

func TestJournalErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "labels.part")
	j, err := OpenJournal(path, [32]byte{1}, 8)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenJournal(path, [32]byte{1}, 8); err == nil {
		t.Error("two at once: no error")
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenJournal(path, [32]byte{2}, 8); !errors.Is(err, ErrOther) {
		t.Errorf("of other labels: %v", err)
	}
	const letter = "Dear Sir, this is no journal at all, and nobody should write over it."
	if err := os.WriteFile(path, []byte(letter), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenJournal(path, [32]byte{1}, 8); !errors.Is(err, ErrOther) {
		t.Errorf("a letter: %v", err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != letter {
		t.Errorf("the letter is now %q, %v", data, err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 2 || entries[0].Name() != ".labels.part.lock" { // which stays
		t.Errorf("left behind: %v, %v", entries, err)
	}
	target := path + ".target"
	if err := errors.Join(os.Rename(path, target), os.Symlink(target, path)); err != nil {
		t.Skip("no symbolic links here: ", err)
	}
	if _, err := OpenJournal(path, [32]byte{1}, 8); !errors.Is(err, regular.ErrKind) {
		t.Errorf("a link to a letter: %v", err)
	}
	var none *Journal
	d, _ := world(t)
	l, err := d.Labeller(concept.Options{Terms: 1})
	if err != nil {
		t.Fatal(err)
	}
	if labels, err := none.Fit(l, embed)(context.Background(), concept.Units{{Basis: d.Atoms[:embed]}}, nil); err != nil || len(labels) != 1 {
		t.Errorf("without a journal: %v, %v", labels, err)
	}
	if err := errors.Join(none.Close(), none.Remove()); err != nil {
		t.Error(err)
	}
}

func FuzzJournal(f *testing.F) {
	good := appendLabel(nil, concept.Label{Terms: []concept.Term{{Word: 7, Coefficient: 1, Explained: 0.5, Cosine: 0.7}}, Weights: []float64{1}, Margin: 1, Stability: 0.5})
	f.Add(good)
	f.Add(good[:len(good)-3])
	f.Add(appendLabel(nil, concept.Label{Margin: math.NaN()}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, size := readChunks(bytes.NewReader(data), 8); size > int64(len(data)) {
			t.Errorf("%d bytes of %d", size, len(data))
		}
		labels, err := parseLabels(data, 8)
		if err != nil {
			return
		}
		var again []byte
		for _, l := range labels {
			for _, term := range l.Terms {
				if term.Word < 0 || term.Word >= 8 {
					t.Errorf("word %d", term.Word)
				}
			}
			again = appendLabel(again, l)
		}
		if !bytes.Equal(again, data) {
			t.Error("written again, labels are other bytes")
		}
	})
}
