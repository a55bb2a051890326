package concept_test

import (
	"context"
	"fmt"
	"log"

	"github.com/facet-clip/facet/concept"
)

// The texts of a bank that are most like a direction, by cosine.
func ExampleBank_Nearest() {
	b, err := concept.NewBank([]string{"car", "tree", "boat"}, []float32{1, 0, 0, 1, 3, 4}, 2)
	if err != nil {
		log.Fatal(err)
	}
	for _, m := range b.Nearest([]float32{0, 7}, 2) {
		fmt.Printf("%s %.1f\n", m.Text, m.Cosine)
	}
	// Output:
	// tree 1.0
	// boat 0.8
}

// A direction as a sum of few words: here it was made of two of the four.
func ExampleDictionary_OMP() {
	b, err := concept.NewBank([]string{"red", "green", "car", "tree"}, []float32{1, 0, 0, 0, -1, 0, 0, 0, 0, 1, 0, 0, 0, -1, 0, 0}, 4)
	if err != nil {
		log.Fatal(err)
	}
	words, err := concept.NewDictionary(b, concept.UnitRows)
	if err != nil {
		log.Fatal(err)
	}
	labels, err := words.OMP(context.Background(), []float32{2, -1, 0, 0}, concept.Options{Terms: 2})
	if err != nil {
		log.Fatal(err)
	}
	for _, t := range labels[0].Terms {
		fmt.Printf("%+.1f %s explains %.0f %%\n", t.Coefficient, words.Texts[t.Word], 100*t.Explained)
	}
	// Output:
	// +2.0 red explains 80 %
	// -1.0 car explains 100 %
}
