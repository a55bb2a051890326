package textbank

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
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
	bank, err := Build(t.Context(), dir, r, fake, nil)
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
	if _, err := Build(t.Context(), dir, r, refuse, nil); err != nil {
		t.Errorf("a second time: %v", err)
	}
	if _, err := Build(t.Context(), dir, recipe(11), fake, nil); !errors.Is(err, ErrOther) {
		t.Errorf("other texts: %v", err)
	}
}

func TestTemplates(t *testing.T) {
	r := recipe(3)
	r.Templates = concept.Templates{"a {}", "the {}"}
	bank, err := Build(t.Context(), t.TempDir(), r, fake, nil)
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
	if _, err := Build(t.Context(), dir, r, cut, nil); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if _, _, err := Open(dir); err == nil {
		t.Error("an unfinished bank opens")
	}
	if _, err := Build(t.Context(), dir, recipe(5), fake, nil); !errors.Is(err, ErrOther) {
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
	bank, err := Build(t.Context(), dir, r, count, func(n int) { told += n })
	if err != nil {
		t.Fatal(err)
	}
	if encoded != 100 || told != len(r.Texts) {
		t.Errorf("encoded %d texts, told of %d; want 100 and %d", encoded, told, len(r.Texts))
	}
	want, err := Build(t.Context(), filepath.Join(t.TempDir(), "at once"), r, fake, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, bank); diff != "" {
		t.Error(diff)
	}
	left, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(left) != 3 {
		t.Errorf("left behind: %v", left)
	}
}

func TestRefuses(t *testing.T) {
	good := func(t *testing.T) string {
		dir := filepath.Join(t.TempDir(), "bank")
		if _, err := Build(t.Context(), dir, recipe(5), fake, nil); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	for _, c := range []struct{ name, file, content, want string }{
		{"no JSON", recordFile, "{", "bank.json"},
		{"newer", recordFile, `{"format":99}`, "format 99, expected 1"},
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
	if _, err := Build(t.Context(), full, recipe(5), fake, nil); !errors.Is(err, ErrOther) {
		t.Errorf("a folder with other files: %v", err)
	}
	r := recipe(2)
	r.Texts[1] = "two\nlines"
	if _, err := Build(t.Context(), filepath.Join(t.TempDir(), "b"), r, fake, nil); err == nil {
		t.Error("a text of two lines")
	}
}

func FuzzOpen(f *testing.F) {
	dir := filepath.Join(f.TempDir(), "bank")
	if _, err := Build(f.Context(), dir, recipe(5), fake, nil); err != nil {
		f.Fatal(err)
	}
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			f.Fatal(err)
		}
		return data
	}
	f.Add(read(recordFile), read(textsFile), read(embeddingsFile))
	f.Fuzz(func(t *testing.T, record, texts, embeddings []byte) {
		dir := t.TempDir()
		for name, data := range map[string][]byte{recordFile: record, textsFile: texts, embeddingsFile: embeddings} {
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if bank, _, err := Open(dir); err == nil && len(bank.Embeddings) != len(bank.Texts)*bank.Embed {
			t.Error("a bank whose sizes disagree")
		}
	})
}
