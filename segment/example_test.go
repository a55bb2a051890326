package segment_test

import (
	"fmt"
	"log"

	"github.com/facet-clip/facet/segment"
)

// Score a mask against the truth, as mmsegmentation does. Pixels of [segment.Ignore] do not count.
func ExampleConfusion() {
	truth := []uint8{0, 0, 0, 1, 1, segment.Ignore}
	predicted := []uint16{0, 0, 1, 1, 1, 0}
	c, err := segment.NewConfusion(2)
	if err != nil {
		log.Fatal(err)
	}
	if err := c.Add(truth, predicted); err != nil {
		log.Fatal(err)
	}
	s := c.Scores()
	fmt.Printf("IoU %.2f, mIoU %.2f, right pixels %.2f\n", s.IoU, s.MIoU, s.AAcc)
	// Output: IoU [0.67 0.67], mIoU 0.67, right pixels 0.80
}
