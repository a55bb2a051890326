package torchrand

import (
	"math"
	"slices"
	"testing"
)

// TestDraws: what PyTorch 2.15 draws after torch.manual_seed(7): torch.randn(32), then torch.randint(0, 1000, (5,)).
func TestDraws(t *testing.T) {
	g := New(7)
	got, err := g.Randn(32)
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[int]float64{0: -0.8201345205307007, 1: 0.39563116431236267, 7: -0.8936554193496704, 8: 0.9265429973602295, 15: 1.090165138244629, 16: -1.5826646089553833, 23: -0.7245107293128967, 31: -1.3597689867019653} {
		if math.Abs(float64(got[at])-want) > 1e-6 {
			t.Errorf("number %d is %v, expected %v", at, got[at], want)
		}
	}
	if got, want := g.Randint(5, 1000), []int64{116, 463, 605, 176, 416}; !slices.Equal(got, want) {
		t.Errorf("%v, expected %v", got, want)
	}
}

func TestOnlyWholeBlocks(t *testing.T) {
	for _, n := range []int{-16, 1, 15, 17} {
		if out, err := New(0).Randn(n); err == nil {
			t.Errorf("%d numbers are drawn: %v", n, out)
		}
	}
}
