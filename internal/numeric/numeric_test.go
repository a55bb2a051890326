package numeric

import (
	"math"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDotSumsInFloat64: a float32 sum would lose the ones beside 2^24.
func TestDotSumsInFloat64(t *testing.T) {
	a, b := []float32{1 << 24, 1, 1, 1}, []float32{1, 1, 1, 1}
	if got := Dot(a, b); got != 1<<24+3 {
		t.Errorf("Dot: %v, want %v", got, 1<<24+3)
	}
	if got := Norm([]float32{3e30, 4e30}); math.Abs(got-float64(float32(5e30))) > 1e24 {
		t.Errorf("Norm of numbers whose squares exceed float32: %v", got)
	}
}

func TestViews(t *testing.T) {
	data := []float32{1, 2, 3, 4, 5, 6}
	m := Matrix(data, 2, 3)
	if v := m.Data[1*m.Stride+2]; v != 6 {
		t.Errorf("entry (1,2): %v, want 6", v)
	}
	Vector(data).Data[0] = 7
	if data[0] != 7 {
		t.Error("a vector is a copy")
	}
	if diff := cmp.Diff([]float32{0.5, 2}, Float32([]float64{0.5, 2})); diff != "" {
		t.Error(diff)
	}
}

func TestParallelCallsEachOnce(t *testing.T) {
	for _, n := range []int{0, 1, 2, 1000} {
		calls := make([]atomic.Int64, n)
		Parallel(n, func(i int) { calls[i].Add(1) })
		for i := range calls {
			if c := calls[i].Load(); c != 1 {
				t.Errorf("n = %d: f(%d) was called %d times", n, i, c)
			}
		}
	}
}
