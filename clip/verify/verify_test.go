package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/engine"
	"github.com/facet-clip/facet/engine/ort"
	"github.com/facet-clip/facet/engine/portable"
	"github.com/facet-clip/facet/internal/randomclip"
)

// TestDraw: the noise is that of PyTorch 1.13, at its beginning, amid, at its end and in its sums.
func TestDraw(t *testing.T) {
	data, err := os.ReadFile("testdata/draws.json")
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		Pictures map[string]struct {
			First        []float64
			At           []float64 `json:"at_100000"`
			Last         []float64
			Sum          float64
			SumOfSquares float64 `json:"sum_of_squares"`
		}
		Tokens []int64
	}
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	pictures, tokens, err := draw()
	if err != nil {
		t.Fatal(err)
	}
	near := func(what string, got []float32, want []float64) {
		for i := range want {
			if d := math.Abs(float64(got[i]) - want[i]); !(d <= 1e-6) {
				t.Errorf("%s, number %d is %v, expected %v", what, i, got[i], want[i])
			}
		}
	}
	for _, s := range sides {
		w, got := want.Pictures[strconv.Itoa(s)], pictures[s]
		near(fmt.Sprint(s, " first"), got, w.First)
		near(fmt.Sprint(s, " at 100000"), got[100000:], w.At)
		near(fmt.Sprint(s, " last"), got[len(got)-len(w.Last):], w.Last)
		var sum, squares float64
		for _, x := range got {
			sum += float64(x)
			squares += float64(x) * float64(x)
		}
		if !(math.Abs(sum-w.Sum) < 1e-3) || !(math.Abs(squares-w.SumOfSquares) < 1e-2) {
			t.Errorf("%d: sum %v and sum of squares %v, expected %v and %v", s, sum, squares, w.Sum, w.SumOfSquares)
		}
	}
	if n := len(tokens); !slices.Equal(tokens, want.Tokens[:n]) || tokens[n-1] != slices.Max(want.Tokens) {
		t.Errorf("the text is %v, expected the beginning of %v up to its largest token", tokens, want.Tokens)
	}
}

// rn50 is the architecture of OpenAI's smallest model.
var rn50 = clip.Config{
	Image: 224, Width: 64, Blocks: [4]int{3, 4, 6, 3}, Channels: 2048, Heads: 32, Embed: 1024,
	Text: clip.TextConfig{Width: 512, Layers: 12, Heads: 8, Vocabulary: vocabulary, Context: context77},
}

// TestPublished: each of OpenAI's architectures has its answers, and others have none.
func TestPublished(t *testing.T) {
	if a, ok := Published(rn50); !ok || a.Model != "RN50" {
		t.Errorf("the answers of RN50 are %+v, %v", a, ok)
	}
	for name, change := range map[string]func(*clip.Config){
		"another size":       func(c *clip.Config) { c.Image = 256 },
		"another vocabulary": func(c *clip.Config) { c.Text.Vocabulary = 500 },
		"no text tower":      func(c *clip.Config) { c.Text = clip.TextConfig{} },
		"another trunk":      func(c *clip.Config) { c.Blocks[3]++ },
	} {
		c := rn50
		change(&c)
		if a, ok := Published(c); ok {
			t.Errorf("%s: the answers are %+v, expected none", name, a)
		}
	}
}

func TestRight(t *testing.T) {
	for measured, want := range map[float64]bool{0.00121: true, 0.00129: true, 0.00131: false, -0.0012: false, math.NaN(): false} {
		if got := (Value{"picture", 0.0012, measured}).Right(); got != want {
			t.Errorf("%v beside 0.0012: right is %v", measured, got)
		}
	}
}

// TestChance: as often as draws of the normal distribution pass.
func TestChance(t *testing.T) {
	a, _ := Published(rn50)
	rng := rand.New(rand.NewPCG(1, 1))
	const draws = 2_000_000
	passed := 0
	for range draws {
		image, text := Value{"", a.image, rng.NormFloat64() / 1024}, Value{"", a.text, rng.NormFloat64() / 1024}
		if image.Right() && text.Right() {
			passed++
		}
	}
	got, want := a.Chance(1024), float64(passed)/draws
	if !(math.Abs(got-want) < 0.05*want) {
		t.Errorf("the chance is %v, and %d of %d draws pass", got, passed, draws)
	}
}

// TestRandomIsRefused: RN50s that have learnt nothing do not give the published answers. FACET_SEEDS is how many are tried; 2 without.
func TestRandomIsRefused(t *testing.T) {
	if testing.Short() {
		t.Skip("makes full-size models")
	}
	seeds := 2
	if n, err := strconv.Atoi(os.Getenv("FACET_SEEDS")); err == nil {
		seeds = n
	}
	a, ok := Published(rn50)
	if !ok {
		t.Fatal("no answers for RN50")
	}
	for seed := range seeds {
		t.Run(strconv.Itoa(seed), func(t *testing.T) {
			values, err := a.Check(context.Background(), random(t, uint64(seed)))
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("picture %+.6f, text %+.6f", values[0].Measured, values[1].Measured)
			if values[0].Right() && values[1].Right() {
				t.Errorf("%+v pass for OpenAI's RN50", values)
			}
		})
	}
}

// random is an RN50 of random weights on the fastest engine.
func random(t *testing.T, seed uint64) *clip.Model {
	t.Helper()
	data, err := randomclip.Checkpoint(rn50, seed)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "model.safetensors")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	ck, err := checkpoint.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	var e engine.Engine = portable.New()
	if fast, err := ort.New(ort.Options{}); err == nil {
		e = fast
	} else if !errors.Is(err, ort.ErrUnavailable) {
		t.Fatal(err)
	}
	m, err := clip.New(ck, e, clip.QuickGELU)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}
