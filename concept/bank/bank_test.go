package bank

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/concept"
)

// fake embeds a text by a generator that the text seeds.
func fake(_ context.Context, texts []string) ([]float32, error) {
	var out []float32
	for _, t := range texts {
		var seed [32]byte
		copy(seed[:], t)
		r := rand.New(rand.NewChaCha8(seed))
		for range 4 {
			out = append(out, float32(r.NormFloat64()))
		}
	}
	return out, nil
}

func recipe(n int) Recipe {
	r := Recipe{Model: "m", Activation: "quickgelu", Vocabulary: 9, Embed: 4}
	for i := range n {
		r.Texts = append(r.Texts, fmt.Sprintf("word %d", i))
	}
	return r
}

func TestBuild(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "bank")
	r := recipe(10)
	bank, err := (Builder{Encode: fake}).Build(t.Context(), dir, r)
	if err != nil {
		t.Fatal(err)
	}
	embeddings, _ := fake(t.Context(), r.Texts)
	want, err := concept.ZeroShot(r.Texts, embeddings, 1, 4)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, bank); diff != "" {
		t.Error(diff)
	}
	again, have, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(bank, again); diff != "" {
		t.Errorf("read back: %s", diff)
	}
	if diff := cmp.Diff(r, have); diff != "" {
		t.Errorf("recipe read back: %s", diff)
	}
	refuse := func(context.Context, []string) ([]float32, error) { return nil, errors.New("encoded twice") }
	if _, err := (Builder{Encode: refuse}).Build(t.Context(), dir, r); err != nil {
		t.Errorf("a second time: %v", err)
	}
	if _, err := (Builder{Encode: fake}).Build(t.Context(), dir, recipe(11)); !errors.Is(err, ErrOther) {
		t.Errorf("other texts: %v", err)
	}
}

func TestTemplates(t *testing.T) {
	r := recipe(3)
	r.Templates = concept.Templates{"a {}", "the {}"}
	bank, err := (Builder{Encode: fake}).Build(t.Context(), t.TempDir(), r)
	if err != nil {
		t.Fatal(err)
	}
	prompts, _ := fake(t.Context(), []string{"a word 0", "the word 0", "a word 1", "the word 1", "a word 2", "the word 2"})
	want, err := concept.ZeroShot(r.Texts, prompts, 2, 4)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, bank); diff != "" {
		t.Error(diff)
	}
}

// TestGoesOn: cut off in its third chunk, and then torn in the middle of a write, a build goes on where it was safe.
func TestGoesOn(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "bank")
	r := recipe(2*chunk + 100)
	calls := 0
	cut := func(ctx context.Context, texts []string) ([]float32, error) {
		if calls++; calls == 3 {
			return nil, context.Canceled
		}
		return fake(ctx, texts)
	}
	if _, err := (Builder{Encode: cut}).Build(t.Context(), dir, r); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if _, _, err := Open(dir); err == nil {
		t.Error("an unfinished bank opens")
	}
	if _, err := (Builder{Encode: fake}).Build(t.Context(), dir, recipe(5)); !errors.Is(err, ErrOther) {
		t.Errorf("other texts: %v", err)
	}
	part := filepath.Join(dir, partFile)
	f, err := os.OpenFile(part, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString("torn")
	f.Close()
	encoded, told := 0, 0
	count := func(ctx context.Context, texts []string) ([]float32, error) {
		encoded += len(texts)
		return fake(ctx, texts)
	}
	bank, err := (Builder{Encode: count, Done: func(n int) { told += n }}).Build(t.Context(), dir, r)
	if err != nil {
		t.Fatal(err)
	}
	if encoded != 100 || told != len(r.Texts) {
		t.Errorf("encoded %d texts, told of %d; want 100 and %d", encoded, told, len(r.Texts))
	}
	want, err := (Builder{Encode: fake}).Build(t.Context(), filepath.Join(t.TempDir(), "at once"), r)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, bank); diff != "" {
		t.Error(diff)
	}
	left, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(left) != 4 { // the lock stays
		t.Errorf("left behind: %v", left)
	}
}

// TestHeals: whatever a killed build, a power cut or another hand left in a folder of the cache, the bank is made.
func TestHeals(t *testing.T) {
	r := recipe(5)
	want, err := (Builder{Encode: fake}).Build(t.Context(), filepath.Join(t.TempDir(), "at once"), r)
	if err != nil {
		t.Fatal(err)
	}
	other, err := json.Marshal(recipe(6).record())
	if err != nil {
		t.Fatal(err)
	}
	whole, err := json.Marshal(r.record())
	if err != nil {
		t.Fatal(err)
	}
	target := filepath.Join(t.TempDir(), "target")
	for _, c := range []struct {
		name  string
		files map[string]string
		build bool // heals in a user's folder too
	}{
		{"nothing but a folder", nil, true},
		{"a temporary", map[string]string{".facet-1": "half a recipe"}, true},
		{"a temporary of an earlier version", map[string]string{".tmp-1": "half a recipe"}, true},
		{"a part without its recipe", map[string]string{partFile: "12345678"}, true},
		{"a lock", map[string]string{lockFile: ""}, true},
		{"begun", map[string]string{recipeFile: string(whole), partFile: "1234", ".facet-1": "half"}, true},
		{"begun otherwise", map[string]string{recipeFile: string(other)}, false},
		{"an empty recipe", map[string]string{recipeFile: "", partFile: "1234"}, false},
		{"an empty record", map[string]string{RecordFile: ""}, false},
		{"a record without files", map[string]string{RecordFile: string(whole)}, false},
		{"a bank of others", map[string]string{RecordFile: string(whole), textsFile: "x\n", embeddingsFile: "x"}, false},
		{"files of others", map[string]string{"holiday.jpg": "x"}, false},
		{"a link for a part", map[string]string{recipeFile: string(whole), partFile: "->" + target}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := Builder{Encode: fake}
			for what, build := range map[string]func(context.Context, string, Recipe) (*concept.Bank, error){"build": b.Build, "cache": b.Cache} {
				dir := t.TempDir()
				fill(t, dir, c.files)
				if err := os.WriteFile(target, []byte("precious"), 0o600); err != nil {
					t.Fatal(err)
				}
				bank, err := build(t.Context(), dir, r)
				if what == "build" && !c.build {
					if err == nil {
						t.Error("a folder of something else was taken")
					}
					for name := range c.files {
						if _, err := os.Lstat(filepath.Join(dir, name)); err != nil {
							t.Errorf("a refused build removed something: %v", err)
						}
					}
				} else if diff := cmp.Diff(want, bank); err != nil || diff != "" {
					t.Errorf("%s: %v %s", what, err, diff)
				}
				if data, _ := os.ReadFile(target); string(data) != "precious" {
					t.Errorf("%s: the target of a link holds %q", what, data)
				}
				if left, _ := filepath.Glob(filepath.Join(dir, "*")); err == nil && len(left) != 4 { // the lock stays
					t.Errorf("%s: left behind: %v", what, left)
				}
			}
		})
	}
}

// fill writes files into a folder; one that begins with -> is a link.
func fill(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, data := range files {
		var err error
		if to, link := strings.CutPrefix(data, "->"); link {
			err = os.Symlink(to, filepath.Join(dir, name))
		} else {
			err = os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestTogether: of several that ask for one bank at once, one makes it and the others wait for it.
func TestTogether(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "bank")
	r := recipe(chunk + 5)
	var encoded atomic.Int64
	count := func(ctx context.Context, texts []string) ([]float32, error) {
		encoded.Add(int64(len(texts)))
		return fake(ctx, texts)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if bank, err := (Builder{Encode: count}).Build(t.Context(), dir, r); err != nil || len(bank.Texts) != len(r.Texts) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := encoded.Load(); n != int64(len(r.Texts)) {
		t.Errorf("%d texts were embedded, want each of %d once", n, len(r.Texts))
	}
}

func TestRefuses(t *testing.T) {
	good := func(t *testing.T) string {
		dir := filepath.Join(t.TempDir(), "bank")
		if _, err := (Builder{Encode: fake}).Build(t.Context(), dir, recipe(5)); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	for _, c := range []struct{ name, file, content, want string }{
		{"no JSON", RecordFile, "{", "bank.json"},
		{"newer", RecordFile, `{"format":99}`, "format 99, expected 1"},
		{"other texts", textsFile, "a\nb\n", "texts.txt is not what"},
		{"no array", embeddingsFile, "hello", "embeddings.npy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := good(t)
			if err := os.WriteFile(filepath.Join(dir, c.file), []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, _, err := Open(dir); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), dir) {
				t.Errorf("got %v, want the folder and %q", err, c.want)
			}
		})
	}
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "holiday.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (Builder{Encode: fake}).Build(t.Context(), full, recipe(5)); !errors.Is(err, ErrOther) {
		t.Errorf("a folder with other files: %v", err)
	}
	r := recipe(2)
	r.Texts[1] = "two\nlines"
	if _, err := (Builder{Encode: fake}).Build(t.Context(), filepath.Join(t.TempDir(), "b"), r); err == nil {
		t.Error("a text of two lines")
	}
}

func FuzzOpen(f *testing.F) {
	dir := filepath.Join(f.TempDir(), "bank")
	if _, err := (Builder{Encode: fake}).Build(f.Context(), dir, recipe(5)); err != nil {
		f.Fatal(err)
	}
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			f.Fatal(err)
		}
		return data
	}
	f.Add(read(RecordFile), read(textsFile), read(embeddingsFile))
	f.Fuzz(func(t *testing.T, record, texts, embeddings []byte) {
		dir := t.TempDir()
		for name, data := range map[string][]byte{RecordFile: record, textsFile: texts, embeddingsFile: embeddings} {
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if bank, _, err := Open(dir); err == nil && len(bank.Embeddings) != len(bank.Texts)*bank.Embed {
			t.Error("a bank whose sizes disagree")
		}
	})
}
