package segment

import (
	"fmt"
	"math"
)

// Ignore is the truth of pixels that count for nothing.
const Ignore = 255

// ReduceZero makes label 0 nothing and every other label one less, in place: for sets whose 0 is "anything else" (mmsegmentation's
// reduce_zero_label).
func ReduceZero(truth []uint8) {
	for i, v := range truth {
		if v != Ignore {
			truth[i] = v - 1 // 0 becomes Ignore
		}
	}
}

// Confusion counts pixels of each class that were given each class, over any number of pictures.
type Confusion struct {
	Classes int     // P, at most 255
	Counts  []int64 // [P,P]: truth, prediction
}

// NewConfusion is an empty count of P classes.
func NewConfusion(classes int) (*Confusion, error) {
	if classes < 1 || classes > Ignore {
		return nil, fmt.Errorf("%d classes: expected 1 to %d", classes, Ignore)
	}
	return &Confusion{classes, make([]int64, classes*classes)}, nil
}

// Add counts the pixels of one picture. It is an error, and nothing is counted, when a label is neither a class nor [Ignore].
func (c *Confusion) Add(truth []uint8, predicted []uint16) error {
	if len(truth) != len(predicted) {
		return fmt.Errorf("%d true labels against %d predicted ones", len(truth), len(predicted))
	}
	for i, t := range truth {
		if t != Ignore && int(t) >= c.Classes {
			return fmt.Errorf("label %d: expected 0 to %d, or %d", t, c.Classes-1, Ignore)
		}
		if int(predicted[i]) >= c.Classes {
			return fmt.Errorf("predicted label %d: expected 0 to %d", predicted[i], c.Classes-1)
		}
	}
	for i, t := range truth {
		if t != Ignore {
			c.Counts[int(t)*c.Classes+int(predicted[i])]++
		}
	}
	return nil
}

// Merge adds the counts of another confusion of the same classes.
func (c *Confusion) Merge(other *Confusion) {
	for i, n := range other.Counts {
		c.Counts[i] += n
	}
}

// Scores are mmsegmentation's IoUMetric: of pixels accumulated over the pictures, not of pictures averaged.
type Scores struct {
	IoU      []float64 // of each class: right / (true or predicted); NaN where there are none
	Accuracy []float64 // of each class: right / true; NaN where there are none
	MIoU     float64   // mean of the IoUs that are numbers
	MAcc     float64   // mean of the accuracies that are numbers
	AAcc     float64   // right pixels of all
}

// Scores are those of what was counted so far.
func (c *Confusion) Scores() Scores {
	P := c.Classes
	s := Scores{IoU: make([]float64, P), Accuracy: make([]float64, P)}
	var right, all int64
	for k := range P {
		var truth, predicted int64
		for j := range P {
			truth += c.Counts[k*P+j]
			predicted += c.Counts[j*P+k]
		}
		hit := c.Counts[k*P+k]
		s.IoU[k] = ratio(hit, truth+predicted-hit)
		s.Accuracy[k] = ratio(hit, truth)
		right, all = right+hit, all+truth
	}
	s.MIoU, s.MAcc, s.AAcc = Mean(s.IoU), Mean(s.Accuracy), ratio(right, all)
	return s
}

func ratio(a, b int64) float64 {
	if b == 0 {
		return math.NaN()
	}
	return float64(a) / float64(b)
}

// Mean is the mean of the values that are numbers, NaN if none is.
func Mean(values []float64) float64 {
	sum, n := 0.0, 0
	for _, v := range values {
		if !math.IsNaN(v) {
			sum += v
			n++
		}
	}
	return sum / float64(n)
}
