package decompose_test

import (
	"fmt"
	"log"

	"github.com/facet-clip/facet/decompose"
)

func ExampleStats() {
	s := &decompose.Stats{Heads: 1, Channels: 1, Count: 3, Mean: []float64{2}, Largest: [][]decompose.Extreme{{{2, 5}, {1, 1}, {0, 0}}}, Smallest: [][]decompose.Extreme{{{0, 0}, {1, 1}, {2, 5}}}}
	fmt.Println(s.Farthest(0, 2, s.Mean[0]), s.PairSigns(3))
	// Output: [{2 5} {0 0}] [-1]
}

// An embedding is the sum of its pairs and a constant. A model has one head and two neurons here.
func ExampleOV() {
	ov, err := decompose.New(decompose.Weights{
		Heads: 1, Channels: 2, Embed: 2,
		Value: []float32{1, 0, 0, 2}, ValueBias: []float32{0, 0},
		Output: []float32{1, 1, 0, 1}, OutputBias: []float32{0, 5},
	})
	if err != nil {
		log.Fatal(err)
	}
	s, err := ov.Scalars([]float32{3, 4})
	if err != nil {
		log.Fatal(err)
	}
	for n := range ov.Channels {
		p := decompose.Pair{Neuron: n}
		fmt.Println("pair", p, "adds", s.Contribution(p), "=", s.At(p), "times", ov.Direction(p))
	}
	fmt.Println("constant", ov.Bias(), "embedding", s.Embedding())
	// Output:
	// pair (0,0) adds [3 0] = 3 times [1 0]
	// pair (1,0) adds [8 8] = 4 times [2 2]
	// constant [0 5] embedding [11 13]
}
