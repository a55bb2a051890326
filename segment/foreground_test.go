package segment

import (
	"encoding/json"
	"image"
	"math"
	"os"
	"slices"
	"testing"
)

// readJSON reads a file of testdata.
func readJSON(t *testing.T, name string, v any) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatal(err)
	}
}

// TestForeground compares counts of pixels and average precision with testdata/foreground.py, which follows the published code with scikit-learn.
func TestForeground(t *testing.T) {
	const W, H = 75, 45
	var truth struct{ Logits []float32 }
	readJSON(t, "truth.json", &truth)
	var cases []struct {
		Map       int
		Threshold float64
		Correct   int
		Inter     []int64
		Union     []int64
		AP        float64
	}
	readJSON(t, "foreground.json", &cases)
	target := make([]uint8, W*H)
	for i := range target {
		if x, y := i%W, i/W; (x-40)*(x-40)+(y-20)*(y-20) < 260 || (x+2*y)%11 == 0 {
			target[i] = 1
		}
	}
	for _, c := range cases {
		own := make([]float32, W*H)
		for i := range own {
			mean := (float64(truth.Logits[i]) + float64(truth.Logits[W*H+i]) + float64(truth.Logits[2*W*H+i])) / 3
			own[i] = float32(float64(truth.Logits[c.Map*W*H+i]) - mean)
		}
		f := &Foreground{}
		f.cut(own, image.Pt(W, H), c.Threshold)
		m, err := NewConfusion(2)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Add(target, f.Labels.Class); err != nil {
			t.Fatal(err)
		}
		inter := []int64{m.Counts[0], m.Counts[3]}
		wrong := m.Counts[1] + m.Counts[2]
		union := []int64{inter[0] + wrong, inter[1] + wrong}
		if int(inter[0]+inter[1]) != c.Correct || !slices.Equal(inter, c.Inter) || !slices.Equal(union, c.Union) {
			t.Errorf("map %d, threshold %g: %v of %v, NumPy counts %v of %v", c.Map, c.Threshold, inter, union, c.Inter, c.Union)
		}
		if got := f.Precision(target); math.Abs(got-c.AP) > 1e-5 {
			t.Errorf("map %d, threshold %g: average precision %.7f, scikit-learn says %.7f", c.Map, c.Threshold, got, c.AP)
		}
	}
}

// TestFlatForeground: a map that is the same everywhere shows no thing, and ranks nothing.
func TestFlatForeground(t *testing.T) {
	f := &Foreground{}
	f.cut([]float32{-1, -1, -1, -1}, image.Pt(2, 2), 0)
	if slices.Contains(f.Labels.Class, 1) || f.Precision([]uint8{0, 1, 1, 0}) != 0.5 {
		t.Errorf("%v, precision %g", f.Labels.Class, f.Precision([]uint8{0, 1, 1, 0}))
	}
	if got := f.Precision([]uint8{Ignore, Ignore, Ignore, Ignore}); got != 0 {
		t.Errorf("nothing counts, and the precision is %g", got)
	}
	f.cut([]float32{0, 3, 1, -9}, image.Pt(2, 2), 0)
	if got := f.Precision([]uint8{0, 1, 0, Ignore}); got != 1 {
		t.Errorf("a perfect map has precision %g", got)
	}
}
