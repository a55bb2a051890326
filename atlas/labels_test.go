package atlas

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
)

// some are labels of two pairs of the little world.
func some() []Label {
	return []Label{
		{Pair: 25, Norm: 1.5, Says: Words{Named: true, Margin: 0.25, Stability: 0.5, Terms: []Word{
			{Text: "car", Coefficient: 0.75, Explained: 0.5, Cosine: 0.7, Shown: true, Weight: 0.5},
			{Text: "tree", Coefficient: -1, Explained: 0.75, Cosine: 0.86, Shown: true, Weight: -0.75},
			{Text: "boat", Coefficient: 0.125, Explained: 0.875, Cosine: 0.9},
		}}},
		{Pair: 3, Norm: 0.5, Fires: Words{Named: false, Stability: 1, Terms: []Word{{Text: "boat", Coefficient: 1, Explained: 1, Cosine: 1, Shown: true, Weight: 1}}}},
	}
}

func made() Labels {
	return Labels{Bank: "words.txt", BankFingerprint: "f", Texts: 3, Method: "omp", DictionaryNorm: "rows", Terms: 3, Units: "top:2", SaysNull: Null{0.25, 0.5}}
}

func labelled(t *testing.T) *Atlas {
	t.Helper()
	a := reopen(t, scan(t, 0, 20, Options{}))
	a, err := a.KeepLabels(made(), some())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func reopen(t *testing.T, dir string) *Atlas {
	t.Helper()
	a, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestKeepLabels(t *testing.T) {
	a := labelled(t)
	again := reopen(t, a.Dir())
	if diff := cmp.Diff(a.Manifest, again.Manifest); diff != "" {
		t.Errorf("the manifest in memory differs from the file's: %s", diff)
	}
	got, err := again.PairLabels()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(some(), got); diff != "" {
		t.Error(diff)
	}
	record := *again.Manifest.Labels
	if record.Format != LabelFormat || record.Pairs != 2 || record.Rows != 4 || !record.Same(made()) || len(record.Fingerprint) != 64 {
		t.Errorf("%+v", record)
	}
	if got[0].Says.String() != "−tree, car" || got[1].Fires.String() != "unnamed" || got[0].Says.ShownShare() != 0.75 || got[0].Says.Explained() != 0.875 {
		t.Errorf("%s; %s; %g; %g", got[0].Says, got[1].Fires, got[0].Says.ShownShare(), got[0].Says.Explained())
	}
	if !exists(a.Dir(), lockFile) {
		t.Error("the lock's file was removed, which lets two in")
	}
	other := made()
	other.Terms = 1
	if _, err := again.KeepLabels(other, some()[1:]); err != nil {
		t.Fatal(err)
	}
	again = reopen(t, a.Dir())
	if got, err = again.PairLabels(); err != nil || len(got) != 1 || again.Manifest.Labels.Same(made()) {
		t.Errorf("in the place of others: %v, %v", got, err)
	}
	rows := 0
	for range Rows(some(), small.Channels) {
		rows++
	}
	var file bytes.Buffer
	if err := WriteLabelTable(&file, some(), small.Channels); err != nil {
		t.Fatal(err)
	}
	table, err := parquet.Read[LabelRow](bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil || len(table) != rows || table[3].Sense != Fires || table[1].Text != "tree" {
		t.Errorf("%v, %+v", err, table)
	}
}

// TestKeepLabelsWhileRead: whoever reads an atlas while it is labelled sees it as it was opened. The race detector watches.
func TestKeepLabelsWhileRead(t *testing.T) {
	a := reopen(t, scan(t, 0, 40, Options{KeepScalars: true}))
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			for range 20 {
				if a.Manifest.Labels != nil {
					t.Error("an open atlas has labels that it had not when it was opened")
				}
				if _, err := a.Labels(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 5 {
		if _, err := a.KeepLabels(made(), some()); err != nil {
			t.Error(err)
		}
	}
	group.Wait()
	if reopen(t, a.Dir()).Manifest.Labels == nil {
		t.Error("no labels were kept")
	}
}

// TestKeepLabelsOfAnother: labels that were made for an atlas do not go to another one that has taken its folder meanwhile.
func TestKeepLabelsOfAnother(t *testing.T) {
	a, other := reopen(t, scan(t, 0, 40, Options{})), scan(t, 0, 41, Options{})
	for name, data := range contents(t, other) {
		write(t, filepath.Join(a.Dir(), name), data)
	}
	if _, err := a.KeepLabels(made(), some()); !errors.Is(err, ErrMismatch) {
		t.Errorf("got %v, want %v", err, ErrMismatch)
	}
}

// TestLabelsKilled: whatever step a kill comes after, the atlas opens, with its labels or without.
func TestLabelsKilled(t *testing.T) {
	a := labelled(t)
	before := a.Manifest
	without := before
	without.Labels = nil
	without.Files = without.Files[:0:0]
	for _, f := range before.Files {
		if f.Name != labelsFile {
			without.Files = append(without.Files, f)
		}
	}
	if err := writeManifest(a.Dir(), without, without.Files); err != nil {
		t.Fatal(err)
	}
	for _, leftover := range []string{"old", "new, and longer"} {
		write(t, filepath.Join(a.Dir(), labelsFile), leftover)
		if _, err := reopen(t, a.Dir()).PairLabels(); !errors.Is(err, ErrNoLabels) {
			t.Errorf("got %v, want %v", err, ErrNoLabels)
		}
	}
	if _, err := reopen(t, a.Dir()).KeepLabels(made(), some()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, reopen(t, a.Dir()).Manifest); diff != "" {
		t.Error(diff)
	}
}

func TestLabelsRefused(t *testing.T) {
	a := labelled(t)
	none := scan(t, 20, 40, Options{})
	if _, err := reopen(t, none).PairLabels(); !errors.Is(err, ErrNoLabels) || !strings.Contains(err.Error(), "facet label") {
		t.Errorf("no labels: %v", err)
	}
	for name, c := range map[string]struct{ old, new, says string }{
		"format":      {`"labels": {` + "\n" + `    "format": 1`, `"labels": {` + "\n" + `    "format": 2`, "reads version 1"},
		"another":     {`"method": "omp"`, `"method": "nnomp"`, "made otherwise"},
		"image count": {`"rows": 4`, `"rows": 4000000000`, "4000000000 rows"},
		"no file":     {`"labels.parquet"`, `"labels.old"`, "lists no labels.parquet"},
	} {
		dir := copyOf(t, a.Dir())
		edit(t, dir, ManifestFile, c.old, c.new)
		if _, err := Open(dir); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	spoilt := copyOf(t, a.Dir())
	data, err := os.ReadFile(filepath.Join(spoilt, labelsFile))
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	write(t, filepath.Join(spoilt, labelsFile), string(data))
	if _, err := reopen(t, spoilt).PairLabels(); !errors.Is(err, ErrFormat) {
		t.Errorf("a changed table: %v", err)
	}
	merged := filepath.Join(t.TempDir(), "merged")
	if err := Merge([]string{a.Dir(), none}, merged); err != nil {
		t.Fatal(err)
	}
	if _, err := reopen(t, merged).PairLabels(); !errors.Is(err, ErrNoLabels) {
		t.Errorf("merged: %v", err)
	}
	lock, err := lockFolder(a.Dir())
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Unlock()
	if _, err := a.KeepLabels(made(), some()); !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), "another process") {
		t.Errorf("while another labels: %v", err)
	}
}

// TestLabelRows: rows that no facet writes are refused, whatever the digest says.
func TestLabelRows(t *testing.T) {
	for name, spoil := range map[string]func([]Label) []Label{
		"twice":   func(l []Label) []Label { return append(l, l[0]) },
		"pair":    func(l []Label) []Label { l[0].Pair = 1000; return l },
		"NaN":     func(l []Label) []Label { l[0].Says.Terms[1].Weight = math.NaN(); return l },
		"inf":     func(l []Label) []Label { l[1].Norm = math.Inf(1); return l },
		"nothing": func(l []Label) []Label { return l },
	} {
		a := reopen(t, scan(t, 0, 20, Options{}))
		record := made()
		record.Terms = 1000
		if _, err := a.KeepLabels(record, spoil(some())); err != nil {
			t.Fatal(err)
		}
		_, err := reopen(t, a.Dir()).PairLabels()
		if name == "nothing" && err != nil || name != "nothing" && !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, row := range map[string]LabelRow{"sense": {Sense: "means"}, "rank": {Sense: Says, Rank: 1}, "fine": {Sense: Fires}} {
		if err := new(Label).take(&row); (err == nil) != (name == "fine") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
