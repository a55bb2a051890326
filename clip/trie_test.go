package clip

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTrie: a beginning is kept once, a sequence may end within another and be there twice, and a node sees what comes before it alone.
func TestTrie(t *testing.T) {
	var tr trie
	for _, s := range [][]int64{{7, 1}, {7, 1}, {7, 1, 2, 9}, {7, 1, 3, 9}, {8}} {
		tr.add(s)
	}
	no := float32(math.Inf(-1))
	want := trie{
		ids:       []int64{7, 1, 2, 9, 3, 9, 8},
		positions: []int64{0, 1, 2, 3, 2, 3, 0},
		parents:   []int{-1, 0, 1, 2, 1, 4, -1},
		ends:      []int64{1, 1, 3, 5, 6},
		last:      []int64{8},
		path:      []int{6},
	}
	if diff := cmp.Diff(want, tr, cmp.AllowUnexported(trie{})); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]float32{
		0, no, no, no, no, no, no,
		0, 0, no, no, no, no, no,
		0, 0, 0, no, no, no, no,
		0, 0, 0, 0, no, no, no,
		0, 0, no, no, 0, no, no,
		0, 0, no, no, 0, 0, no,
		no, no, no, no, no, no, 0,
	}, tr.mask()); diff != "" {
		t.Error(diff)
	}
	for _, c := range []struct {
		next []int64
		want int
	}{{[]int64{8, 1}, 1}, {[]int64{8}, 1}, {[]int64{9}, 0}} {
		if got := tr.shared(c.next); got != c.want {
			t.Errorf("%v: %d shared, want %d", c.next, got, c.want)
		}
	}
}
