package metrics

import (
	"fmt"
	"testing"

	"github.com/facet-clip/facet/answer"
)

// TestSeriesAreBounded: words of changes make no more series than [MostWords] and one, however many there are.
func TestSeriesAreBounded(t *testing.T) {
	s := &Stream{words: map[string]bool{}}
	seen := map[[2]string]bool{}
	for k := range 10 * MostWords {
		for key := range s.shares([]answer.Change{{Word: fmt.Sprint("word ", k), More: true, Share: 0.5}, {Word: fmt.Sprint("word ", k), Share: 0.1}}) {
			seen[key] = true
		}
	}
	if len(seen) != 2*(MostWords+1) {
		t.Errorf("%d series, expected %d", len(seen), 2*(MostWords+1))
	}
}
