package atlas

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRefuses: folders, models and options that do not go together.
func TestRefuses(t *testing.T) {
	done := scan(t, 0, 20, Options{})
	other := scan(t, 20, 30, Options{})
	kept := scan(t, 30, 40, Options{KeepScalars: true})
	begun := t.TempDir()
	w, err := Create(begun, manifest("0"), small, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	feed(t, w, 5)
	if err := w.Checkpoint(); err != nil {
		t.Fatal(err)
	}
	photos := t.TempDir()
	write(t, filepath.Join(photos, "a.jpg"), "x")
	changed := func(change func(*Manifest)) Manifest {
		m := manifest("0")
		change(&m)
		return m
	}
	foreign := copyOf(t, other)
	edit(t, foreign, ManifestFile, `"sha256": "abc"`, `"sha256": "def"`)
	out := filepath.Join(t.TempDir(), "out")
	for name, c := range map[string]struct {
		try  func() error
		want error
		says string
	}{
		"create over an atlas":      {func() error { _, err := Create(done, manifest("0"), small, Options{}); return err }, ErrFinished, "another folder"},
		"create during a scan":      {func() error { _, err := Create(begun, manifest("0"), small, Options{}); return err }, ErrBusy, "another scan is running there"},
		"merge into a running scan": {func() error { return Merge([]string{done, other}, begun) }, ErrBusy, "another scan is running there"},
		"create over photos":        {func() error { _, err := Create(photos, manifest("0"), small, Options{}); return err }, nil, "a.jpg"},
		"resume at the same time":   {func() error { _, err := Resume(begun, manifest("0"), small, Options{}); return err }, ErrBusy, "another scan is running there"},
		"resume over photos":        {func() error { _, err := Resume(photos, manifest("0"), small, Options{}); return err }, nil, "a.jpg"},
		"open a scan":               {func() error { _, err := Open(begun); return err }, ErrUnfinished, ""},
		"open nothing":              {func() error { _, err := Open(photos); return err }, fs.ErrNotExist, "expected an atlas"},
		"merge with a scan":         {func() error { return Merge([]string{done, begun}, out) }, ErrUnfinished, ""},
		"merge with another model":  {func() error { return Merge([]string{done, foreign}, out) }, ErrMismatch, "def"},
		"merge with kept scalars":   {func() error { return Merge([]string{done, kept}, out) }, ErrMismatch, "scalars"},
		"merge with itself":         {func() error { return Merge([]string{done, done}, out) }, nil, "same images"},
		"merge one":                 {func() error { return Merge([]string{done}, out) }, nil, "two"},
		"merge into an atlas":       {func() error { return Merge([]string{done, other}, other) }, ErrFinished, ""},
		"scalars that are not kept": {func() error { a, _ := Open(done); _, err := a.Scalars(); return err }, ErrNoScalars, ""},
		"no fingerprint": {func() error {
			_, err := Create(t.TempDir(), changed(func(m *Manifest) { m.Model.SHA256 = "" }), small, Options{})
			return err
		}, nil, "fingerprint"},
		"weights of another shape": {func() error {
			_, err := Create(t.TempDir(), manifest("0"), weights(2, 12, 5, 1), Options{})
			return err
		}, ErrMismatch, "2 heads"},
	} {
		err := c.try()
		if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want %v that says %q", name, err, c.want, c.says)
		}
	}
	if exists(photos, lockFile) {
		t.Error("a lock is left in a foreign folder")
	}
	if exists(filepath.Dir(out), "out") && exists(out, ManifestFile) {
		t.Error("a refused merge left an atlas")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(begun, manifest("0"), small, Options{}); !errors.Is(err, ErrUnfinished) {
		t.Errorf("create over a scan: got %v", err)
	}
	if err := Merge([]string{done, other}, begun); !errors.Is(err, ErrUnfinished) {
		t.Errorf("merge over a scan: got %v", err)
	}
	for name, m := range map[string]Manifest{
		"model":   changed(func(m *Manifest) { m.Model.SHA256 = "def" }),
		"config":  changed(func(m *Manifest) { m.Model.Config.Image = 64 }),
		"engine":  changed(func(m *Manifest) { m.Model.Engine = "other" }),
		"dataset": changed(func(m *Manifest) { m.Datasets[0].Fingerprint = "other" }),
	} {
		if _, err := Resume(begun, m, small, Options{}); !errors.Is(err, ErrMismatch) {
			t.Errorf("resume with another %s: got %v", name, err)
		}
	}
	if _, err := Resume(begun, manifest("0"), small, Options{KeepScalars: true}); !errors.Is(err, ErrMismatch) {
		t.Errorf("resume with other options: got %v", err)
	}
}

// TestAddRefuses: bad numbers end a scan, and what was checkpointed stays.
func TestAddRefuses(t *testing.T) {
	nan := float32(math.NaN())
	for name, spoil := range map[string]func(*Image, []float32) []float32{
		"scalars":        func(_ *Image, s []float32) []float32 { s[3] = nan; return s },
		"few scalars":    func(_ *Image, s []float32) []float32 { return s[1:] },
		"embedding":      func(i *Image, s []float32) []float32 { i.Embedding[0] = nan; return s },
		"long embedding": func(i *Image, s []float32) []float32 { i.Embedding = append(i.Embedding, 0); return s },
		"long path":      func(i *Image, s []float32) []float32 { i.Path = strings.Repeat("x", maxText+1); return s },
	} {
		dir := t.TempDir()
		w, err := Create(dir, manifest("0"), small, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Finish(); err == nil {
			t.Error("an atlas without images was finished")
		}
		w.err = nil
		feed(t, w, 2)
		if err := w.Checkpoint(); err != nil {
			t.Fatal(err)
		}
		image, s, _ := item(9)
		if err := w.Add(image, spoil(&image, s)); err == nil {
			image, s, _ = item(9)
			s = spoil(&image, s)
			if err := w.Add(image, s); err == nil {
				t.Errorf("%s: no error", name)
			}
		}
		if w.Checkpoint() == nil || w.Finish() == nil {
			t.Errorf("%s: goes on after an error", name)
		}
		w.Close()
		if w, err = Resume(dir, manifest("0"), small, Options{}); err != nil || w.Next() != 2 {
			t.Errorf("%s: resumed: %v", name, err)
		}
		w.Close()
	}
}

// TestDamage: an atlas of which any file is changed, cut off or missing is refused.
func TestDamage(t *testing.T) {
	whole := scan(t, 0, 80, Options{KeepScalars: true})
	read := func(dir string) error {
		a, err := Open(dir)
		if err != nil {
			return err
		}
		for _, err := range a.Images() {
			if err != nil {
				return err
			}
		}
		_, err = a.Scalars()
		return err
	}
	if err := read(whole); err != nil {
		t.Fatal(err)
	}
	files := contents(t, whole)
	delete(files, lockFile) // of which nothing is read
	for name, data := range files {
		middle := len(data) / 2
		damage := map[string]string{"cut off": data[:middle], "longer": data + "x", "empty": ""}
		if name != scalarsFile && name != ManifestFile && name != neuronsFile { // whose bytes are not read, or which may say other words
			damage["changed"] = data[:middle] + string(data[middle]^1) + data[middle+1:]
		}
		for how, bad := range damage {
			dir := copyOf(t, whole)
			write(t, filepath.Join(dir, name), bad)
			if err := read(dir); err == nil {
				t.Errorf("%s %s: no error", name, how)
			} else if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), name) {
				t.Errorf("%s %s: %v", name, how, err)
			}
		}
		dir := copyOf(t, whole)
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		if err := read(dir); err == nil {
			t.Errorf("%s missing: no error", name)
		}
	}
	for _, c := range [][2]string{
		{`"format": 2`, `"format": 3`},
		{`"heads": 3`, `"heads": 4`},
		{`"channels": 12`, `"channels": 1200000`},
		{`"embed": 5`, `"embed": 6`},
		{`"images": 69`, `"images": 68`},
		{`"name": "pairs.parquet"`, `"name": "../pairs.parquet"`},
		{`"name": "scalars.npy"`, `"name": "../scalars.npy"`},
	} {
		dir := copyOf(t, whole)
		edit(t, dir, ManifestFile, c[0], c[1])
		if err := read(dir); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: got %v, want ErrFormat", c[1], err)
		}
	}
}
