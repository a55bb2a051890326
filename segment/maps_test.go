package segment_test

import (
	"encoding/json"
	"errors"
	"image"
	"math"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/internal/golden"
	"github.com/facet-clip/facet/segment"
)

// truth is testdata/truth.json, computed by truth.py with NumPy, scikit-learn and PyTorch.
type truth struct {
	Metrics []struct {
		Classes    int
		ReduceZero bool `json:"reduce_zero"`
		Truth      [][]uint8
		Predicted  [][]uint16
		IoU        []*float64
		Accuracy   []*float64
		MIoU, MAcc float64
		AAcc       float64
	}
	Windows [][]float32
	Logits  []float32
	Unsure  int
}

func readTruth(t *testing.T) (v truth) {
	t.Helper()
	data, err := os.ReadFile("testdata/truth.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func classes(t testing.TB, names ...string) *segment.Classes {
	t.Helper()
	n := len(names)
	texts, of := make([]float32, n*n), make([]int, n)
	for i := range n {
		texts[i*n+i], of[i] = 1, i
	}
	c, err := segment.NewClasses(names, of, names, texts, n)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestMaps compares windows put together with PyTorch's, and labels with the largest of those logits.
func TestMaps(t *testing.T) {
	want := readTruth(t)
	p := segment.Protocol{ShortSide: 96, Window: 64, Stride: 32, Scale: 40}
	plan, err := segment.NewPlan(image.Pt(75, 45), p)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]any{image.Pt(160, 96), []int{0, 32, 64, 96}, []int{0, 32}}, []any{plan.Canvas, plan.Xs, plan.Ys}); diff != "" {
		t.Fatal(diff)
	}
	m, err := segment.NewMaps(plan, classes(t, "a", "b", "c"), 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range want.Windows {
		if err := m.Set(i, w); err != nil {
			t.Fatal(err)
		}
	}
	got := m.Logits(0, 1, 2)
	golden.Compare(t, "logits", got, want.Logits, 1e-5, 1e-5)
	labels, n := m.Labels(), 45*75
	for i, c := range labels.Class {
		for q := range 3 {
			if want.Logits[q*n+i] > want.Logits[int(c)*n+i]+1e-5 {
				t.Fatalf("pixel %d: got class %d, but %d is larger", i, c, q)
			}
		}
	}
	m.Threshold = 0.9 // the maps' own copy of the protocol
	changed := 0
	for i, c := range m.Labels().Class {
		if c != labels.Class[i] {
			changed++
		}
	}
	already := 0
	probability := softmaxMax(want.Logits, n)
	for i, c := range labels.Class {
		if probability[i] < 0.9 && c == 0 {
			already++
		}
	}
	if diff := changed + already - want.Unsure; diff < -2 || diff > 2 { // pixels at 0.9 within rounding
		t.Errorf("%d pixels became background and %d were, PyTorch has %d below the threshold", changed, already, want.Unsure)
	}
}

func softmaxMax(logits []float32, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		sum, largest := 0.0, math.Inf(-1)
		for q := i; q < len(logits); q += n {
			largest = max(largest, float64(logits[q]))
		}
		for q := i; q < len(logits); q += n {
			sum += math.Exp(40 * (float64(logits[q]) - largest))
		}
		out[i] = 1 / sum
	}
	return out
}

// TestGoldenUpsampled brings the golden logits of one native window to pixels.
func TestGoldenUpsampled(t *testing.T) {
	for _, set := range golden.Sets {
		t.Run(set, func(t *testing.T) {
			a := golden.Open(t, set)
			logits, want := a.Array("seg_logits"), a.Array("seg_logits_upsampled")
			g, S := logits.Shape[2], want.Shape[2]
			plan, err := segment.NewPlan(image.Pt(S, S), segment.Protocol{ShortSide: S, Window: S, Stride: S / 2, Scale: 40})
			if err != nil {
				t.Fatal(err)
			}
			for i := range want.Shape[0] {
				m, err := segment.NewMaps(plan, classes(t, "car", "tree", "grass", "sky"), g, g)
				if err != nil {
					t.Fatal(err)
				}
				if err := m.Set(0, logits.Data[i*4*g*g:(i+1)*4*g*g]); err != nil {
					t.Fatal(err)
				}
				golden.Compare(t, "upsampled", m.Logits(0, 1, 2, 3), want.Data[i*4*S*S:(i+1)*4*S*S], 1e-5, 1e-6)
			}
		})
	}
}

func TestScores(t *testing.T) {
	for _, c := range readTruth(t).Metrics {
		total, err := segment.NewConfusion(c.Classes)
		if err != nil {
			t.Fatal(err)
		}
		for i, labels := range c.Truth {
			if c.ReduceZero {
				segment.ReduceZero(labels)
			}
			one, err := segment.NewConfusion(c.Classes)
			if err != nil {
				t.Fatal(err)
			}
			if err := one.Add(labels, c.Predicted[i]); err != nil {
				t.Fatal(err)
			}
			total.Merge(one)
		}
		got := total.Scores()
		want := segment.Scores{IoU: numbers(c.IoU), Accuracy: numbers(c.Accuracy), MIoU: c.MIoU, MAcc: c.MAcc, AAcc: c.AAcc}
		if diff := cmp.Diff(want, got, cmp.Comparer(near)); diff != "" {
			t.Errorf("%d classes: %s", c.Classes, diff)
		}
	}
}

func near(a, b float64) bool { return math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) < 1e-12 }

func numbers(list []*float64) (out []float64) {
	for _, v := range list {
		if v == nil {
			out = append(out, math.NaN())
		} else {
			out = append(out, *v)
		}
	}
	return out
}

func TestConfusionRefuses(t *testing.T) {
	c, err := segment.NewConfusion(3)
	if err != nil {
		t.Fatal(err)
	}
	for name, labels := range map[string]struct {
		truth     []uint8
		predicted []uint16
	}{"truth": {[]uint8{0, 7}, []uint16{0, 0}}, "predicted": {[]uint8{0, 1}, []uint16{0, 3}}, "length": {[]uint8{0}, nil}} {
		if err := c.Add(labels.truth, labels.predicted); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if s := c.Scores(); !math.IsNaN(s.AAcc) {
		t.Errorf("something was counted: %v", s)
	}
}

func TestPlan(t *testing.T) {
	p := segment.Protocol{ShortSide: 96, Window: 96, Stride: 48, Scale: 40}
	for _, c := range []struct {
		size, canvas image.Point
		windows      int
	}{
		{image.Pt(1, 1), image.Pt(96, 96), 1},
		{image.Pt(12_000, 200), image.Pt(5760, 96), 119},
		{image.Pt(200, 12_000), image.Pt(96, 5760), 119},
		{image.Pt(96, 97), image.Pt(96, 97), 2},
	} {
		plan, err := segment.NewPlan(c.size, p)
		if err != nil {
			t.Fatal(err)
		}
		if plan.Canvas != c.canvas || plan.Windows() != c.windows {
			t.Errorf("%v: got canvas %v with %d windows, want %v with %d", c.size, plan.Canvas, plan.Windows(), c.canvas, c.windows)
		}
		if last := plan.Place(plan.Windows() - 1).Max; last != c.canvas {
			t.Errorf("%v: the last window ends at %v", c.size, last)
		}
	}
	if _, err := segment.NewPlan(image.Pt(1, 1_000_000), p); !errors.Is(err, segment.ErrTooLong) {
		t.Errorf("1×1000000: %v", err)
	}
	for _, wrong := range []segment.Protocol{
		{ShortSide: 96, Window: 33, Stride: 10, Scale: 40}, {ShortSide: 64, Window: 96, Stride: 10, Scale: 40}, {ShortSide: 96, Window: 96, Scale: 40},
		{ShortSide: 96, Window: 96, Stride: 97, Scale: 40}, {ShortSide: 96, Window: 96, Stride: 48}, {ShortSide: 96, Window: 96, Stride: 48, Scale: 40, Threshold: 1},
	} {
		if _, err := segment.NewPlan(image.Pt(9, 9), wrong); err == nil {
			t.Errorf("%+v: no error", wrong)
		}
	}
}
