package decompose_test

import (
	"fmt"

	"github.com/facet-clip/facet/decompose"
)

func ExampleStats() {
	s := &decompose.Stats{Heads: 1, Channels: 1, Count: 3, Mean: []float64{2}, Largest: [][]decompose.Extreme{{{2, 5}, {1, 1}, {0, 0}}}, Smallest: [][]decompose.Extreme{{{0, 0}, {1, 1}, {2, 5}}}}
	fmt.Println(s.Farthest(0, 2, s.Mean[0]), s.PairSigns(3))
	// Output: [{2 5} {0 0}] [-1]
}
