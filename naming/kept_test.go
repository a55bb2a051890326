package naming

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/engine/portable"
	"github.com/facet-clip/facet/internal/randomclip"
)

// heads is the decomposition of a random model that embeds into the world's dimensions.
func heads(t *testing.T) *decompose.OV {
	t.Helper()
	data, err := randomclip.Checkpoint(clip.Config{Image: 32, Width: 8, Blocks: [4]int{1, 1, 1, 1}, Channels: 256, Heads: 4, Embed: embed}, 1)
	if err != nil {
		t.Fatal(err)
	}
	ck, err := checkpoint.OpenBytes("random", data)
	if err != nil {
		t.Fatal(err)
	}
	m, err := clip.New(ck, portable.New(), clip.QuickGELU)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	ov, err := m.Decomposition()
	if err != nil {
		t.Fatal(err)
	}
	return ov
}

// TestKept: names are made once, do not depend on what else is asked, survive in the file, and are made anew where it is damaged or of other things.
func TestKept(t *testing.T) {
	ov, path := heads(t), filepath.Join(t.TempDir(), "names", "x.names")
	d, fit := world(t)
	asked := 0
	counting := func(ctx context.Context, units concept.Units, done func(int)) ([]concept.Label, error) {
		asked += units.Count(embed)
		return fit(ctx, units, done)
	}
	names := func(of string, pairs ...int) (out []string) {
		t.Helper()
		k, err := OpenKept(path, of)
		if err != nil {
			t.Fatal(err)
		}
		var list []decompose.Pair
		for _, p := range pairs {
			list = append(list, ov.Pair(p))
		}
		if missing := k.Missing(ov, list); len(missing) > 0 {
			if err := errors.Join(k.Add(t.Context(), counting, ov, missing, d.Texts, nil), k.Save()); err != nil {
				t.Fatal(err)
			}
		}
		for _, p := range pairs {
			w := k.Says(p)
			if len(w.Shown()) == 0 {
				t.Errorf("pair %d: no words", p)
			}
			w.Named = true // to see the words
			out = append(out, w.String())
		}
		return out
	}
	want := names("a", 700, 3, 300, 999, 5)
	if asked != Draws+5 {
		t.Errorf("%d fits, expected %d", asked, Draws+5)
	}
	if got := names("a", 300, 3); !slices.Equal(got, []string{want[2], want[1]}) || asked != Draws+5 {
		t.Errorf("from the file: %v of %v, %d fits", got, want, asked)
	}
	names("a", 8, 3)
	if asked != Draws+6 {
		t.Errorf("one more: %d fits", asked)
	}
	says, err := Says(t.Context(), fit, ov, []decompose.Pair{ov.Pair(700)}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if w := says.Words(0, d.Texts); true {
		if w.Named = true; w.String() != want[0] {
			t.Errorf("facet label says %s, kept is %s", w, want[0])
		}
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for what, data := range map[string][]byte{"cut off": whole[:len(whole)/2], "empty": {}, "a letter": []byte("Dear Sir")} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(want, names("a", 700, 3, 300, 999, 5)); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	asked = 0
	if names("b", 3); asked != Draws+1 {
		t.Errorf("of another model: %d fits", asked)
	}
}

func FuzzKept(f *testing.F) {
	for _, c := range []keptFile{
		{Of: "a", Null: []float64{0.5}, Pairs: []int{3}, Named: []bool{true}, Count: []int{1}, Texts: []string{"car"}, Words: []int{0}, Weights: []float64{1}},
		{Of: "a", Pairs: []int{3}, Named: []bool{true}, Count: []int{2}, Texts: []string{"car"}, Words: []int{5}, Weights: []float64{1}},
	} {
		var b bytes.Buffer
		if err := gob.NewEncoder(&b).Encode(c); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		k, err := OpenKept(path, "a")
		if err != nil {
			t.Fatal(err)
		}
		for pair := range k.row {
			for _, w := range k.Says(pair).Shown() {
				if w.Weight-w.Weight != 0 {
					t.Errorf("weight %g", w.Weight)
				}
			}
		}
	})
}
