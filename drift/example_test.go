package drift_test

import (
	"fmt"
	"log"

	"github.com/facet-clip/facet/drift"
)

// Follow one number of every picture of a stream. Looked at after each window, for ever, the detector raises a false alarm in at most one run of twenty.
func ExampleDetector() {
	var before []float32 // of 100 pictures: evenly from 0 to 99
	for i := range 100 {
		before = append(before, float32(i))
	}
	r, err := drift.NewReference(before)
	if err != nil {
		log.Fatal(err)
	}
	d := r.NewDetector()
	for window := range 10 {
		var gaps []int
		for i := range 20 { // of a window: spread as before, and 60 higher from the fifth window on
			v := float32(5*i) + 0.5
			if window >= 4 {
				v += 60
			}
			gaps = append(gaps, r.Gap(v, i))
		}
		if d.Window(r, gaps); d.E(r) >= 20 {
			fmt.Println("changed by window", window+1)
			break
		}
	}
	// Output: changed by window 5
}
