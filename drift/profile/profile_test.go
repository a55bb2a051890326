package profile

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/drift"
)

const M, C, D = 2, 20, 4

func normals(random *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(random.NormFloat64())
	}
	return x
}

func sample(t *testing.T) (*drift.Profile, *decompose.OV) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	ov, err := decompose.New(decompose.Weights{
		Heads: M, Channels: C, Embed: D,
		Value: normals(random, C*C), ValueBias: normals(random, C), Output: normals(random, D*C), OutputBias: normals(random, D),
	})
	if err != nil {
		t.Fatal(err)
	}
	watched, err := drift.NewConcept("it", []float32{0, 1, 0, 0}, ov)
	if err != nil {
		t.Fatal(err)
	}
	s := drift.NewSummary(M*C, D, 1, 5)
	for i := range 12 {
		scalars, err := ov.Scalars(normals(random, M*C))
		if err != nil {
			t.Fatal(err)
		}
		image := drift.Image{Path: fmt.Sprint(i, ".png"), Embedding: scalars.Embedding()}
		score := watched.Score(scalars, image.Embedding)
		image.Scores = []drift.Score{{Signed: float64(float32(score.Signed)), Norm: float64(float32(score.Norm))}} // as it is stored
		if err := s.Add(image, scalars.S, nil); err != nil {
			t.Fatal(err)
		}
	}
	p := drift.NewProfile(s, ov.Norms(), []drift.Concept{watched})
	p.Labels = make([]string, len(p.Strong))
	p.Labels[0] = "red, −green"
	p.Qualities = []drift.Quality{{Name: "noise", Way: "mild", Pictures: 3, Shift: []float32{1, 2, 3, 4}}}
	return p, ov
}

func written(t *testing.T) (dir string, p *drift.Profile, ov *decompose.OV) {
	t.Helper()
	p, ov = sample(t)
	dir = filepath.Join(t.TempDir(), "p")
	if err := Write(dir, Header{Source: "photos", Model: Model{Name: "m", SHA256: "0"}}, p); err != nil {
		t.Fatal(err)
	}
	return dir, p, ov
}

func TestRoundTrip(t *testing.T) {
	dir, want, ov := written(t)
	got, err := Open(dir, ov)
	if err != nil {
		t.Fatal(err)
	}
	ignore := cmpopts.IgnoreUnexported(drift.Summary{}, drift.Image{}, drift.Concept{})
	if d := cmp.Diff(want, got, ignore); d != "" {
		t.Errorf("(-written +read)\n%s", d)
	}
	if d := cmp.Diff(want.Sample(), got.Sample(), ignore); d != "" {
		t.Errorf("sample: (-written +read)\n%s", d)
	}
	if err := Write(dir, Header{}, want); !errors.Is(err, os.ErrExist) {
		t.Errorf("writing over a profile: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(dir), ".facet-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestDamagedProfiles(t *testing.T) {
	flip := func(path string) error { // one bit of the last number
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		data[len(data)-1] ^= 1
		return os.WriteFile(path, data, 0o644)
	}
	for _, name := range append([]string{headerFile}, arrays...) {
		for what, damage := range map[string]func(path string) error{
			"missing": os.Remove,
			"cut":     func(path string) error { return os.Truncate(path, 90) },
			"changed": flip,
		} {
			dir, _, ov := written(t)
			if err := damage(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(dir, ov); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%s %s: expected an error that names it, got %v", name, what, err)
			}
		}
	}
	if _, err := ReadHeader(t.TempDir()); err == nil {
		t.Error("an empty folder: expected an error")
	}
}

func FuzzHeader(f *testing.F) {
	sums := map[string]string{}
	for _, name := range arrays {
		sums[name] = "00"
	}
	good, err := json.Marshal(Header{Format: format, Version: Version, Images: 3, Pairs: 4, Embed: 2, Size: 2, Strong: []int{1}, Labels: []string{"red"},
		Sample: []string{"a"}, Qualities: []Quality{{"noise", "mild", 2}}, Files: sums})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"format":"facet drift profile","version":3}`))
	f.Add([]byte(strings.Replace(strings.Replace(string(good), `"images"`, `"parts":[{"skipped":1}],"images"`, 1), `"files":{`, `"files":{"moment_sums.npy":"00",`, 1)))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := parseHeader(data)
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Errorf("%v does not wrap ErrFormat", err)
			}
			return
		}
		for _, p := range h.Strong {
			if p < 0 || p >= h.Pairs {
				t.Errorf("strong pair %d of %d", p, h.Pairs)
			}
		}
		if _, _, err := Merge([]Header{h, h}, 100); err == nil { // which takes its parts apart
			t.Error("a profile was merged with itself")
		}
		if h.Labels != nil && len(h.Labels) != len(h.Strong) {
			t.Errorf("%d labels of %d strong pairs", len(h.Labels), len(h.Strong))
		}
	})
}
