// Package performance estimates how often a classifier is right on pictures without labels, from how sure it is of them and from labelled pictures of a
// reference. All estimates assume that a confidence means what it meant in the reference: that pictures changed, and not what is right of a picture.
package performance

import (
	"cmp"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
)

// Prediction is the first answer of a classifier for a picture.
type Prediction struct {
	Confidence float64 // its probability, from 0 to 1
	Known      bool    // there is a label
	Right      bool    // and it is the first answer
}

// ErrReference is returned for a reference that cannot calibrate confidences.
var ErrReference = errors.New("expected 30 labelled pictures of the reference at least, some of them classified right and some wrong")

const (
	fewestReference = 30
	resamplings     = 100 // of the reference, for the error of what it says
	within          = 1.959963984540054
)

// Reference is what labelled pictures say of confidences.
type Reference struct {
	Pictures  int
	Accuracy  float64
	curve     curve
	resampled []curve
	threshold float64
}

// Learn reads a reference. Pictures without labels are left out.
func Learn(predictions []Prediction, seed uint64) (*Reference, error) {
	known := slices.DeleteFunc(slices.Clone(predictions), func(p Prediction) bool { return !p.Known })
	right := Accuracy(known)
	if len(known) < fewestReference || right == 0 || right == 1 {
		return nil, ErrReference
	}
	slices.SortStableFunc(known, func(a, b Prediction) int { return cmp.Compare(a.Confidence, b.Confidence) })
	r := &Reference{Pictures: len(known), Accuracy: right, curve: isotonic(known), threshold: threshold(known)}
	random, draw := rand.New(rand.NewPCG(seed, 0x70657266)), make([]Prediction, len(known))
	for range resamplings {
		for i := range draw {
			draw[i] = known[random.IntN(len(known))]
		}
		slices.SortStableFunc(draw, func(a, b Prediction) int { return cmp.Compare(a.Confidence, b.Confidence) })
		r.resampled = append(r.resampled, isotonic(draw))
	}
	return r, nil
}

// Accuracy is the share of labelled pictures that are classified right; 0 where there are none.
func Accuracy(predictions []Prediction) float64 {
	right, known := 0, 0
	for _, p := range predictions {
		if p.Known {
			known++
			if p.Right {
				right++
			}
		}
	}
	return float64(right) / float64(max(known, 1))
}

// Estimate is how often a classifier is right on pictures, by three methods that see no label.
type Estimate struct {
	Calibrated float64 // mean of confidences that the reference has calibrated: confidence-based performance estimation, of the first answer alone
	Low, High  float64 // its 95 % interval for the accuracy on these pictures
	Threshold  float64 // share of confidences above that which as many of the reference miss as are wrong: ATC (Garg and others, 2022)
	Confidence float64 // mean of confidences as they are
}

// Estimate is that of some pictures, one at least. The interval holds two errors: that of single pictures, Σ c(1 − c)/n², since each is right with its calibrated
// confidence c only; and that of the calibration, over resamplings of the reference.
func (r *Reference) Estimate(predictions []Prediction) Estimate {
	n := float64(len(predictions))
	var e Estimate
	single := 0.0
	for _, p := range predictions {
		c := r.curve.at(p.Confidence)
		e.Calibrated, e.Confidence, single = e.Calibrated+c/n, e.Confidence+p.Confidence/n, single+c*(1-c)/(n*n)
		if p.Confidence >= r.threshold {
			e.Threshold += 1 / n
		}
	}
	mean, square := 0.0, 0.0
	for _, c := range r.resampled {
		sum := 0.0
		for _, p := range predictions {
			sum += c.at(p.Confidence) / n
		}
		mean, square = mean+sum/resamplings, square+sum*sum/resamplings
	}
	half := within * math.Sqrt(single+max(0, square-mean*mean))
	e.Low, e.High = max(0, e.Calibrated-half), min(1, e.Calibrated+half)
	return e
}

// curve is a growing function of the confidence, linear between its points.
type curve struct{ x, y []float64 }

func (c curve) at(v float64) float64 {
	i, found := slices.BinarySearch(c.x, v)
	switch {
	case found:
		return c.y[i]
	case i == 0:
		return c.y[0]
	case i == len(c.x):
		return c.y[i-1]
	}
	return c.y[i-1] + (v-c.x[i-1])/(c.x[i]-c.x[i-1])*(c.y[i]-c.y[i-1])
}

// isotonic is the growing function of least squares from confidence to being right, by pooling adjacent violators; confidences grow. Equal ones are one point.
func isotonic(sorted []Prediction) curve {
	type block struct {
		from, to    float64 // confidences
		right, size float64
	}
	var blocks []block
	for i := 0; i < len(sorted); {
		b := block{from: sorted[i].Confidence, to: sorted[i].Confidence}
		for ; i < len(sorted) && sorted[i].Confidence == b.to; i++ {
			b.size++
			if sorted[i].Right {
				b.right++
			}
		}
		for len(blocks) > 0 {
			last := blocks[len(blocks)-1]
			if last.right*b.size < b.right*last.size {
				break
			}
			b = block{last.from, b.to, last.right + b.right, last.size + b.size}
			blocks = blocks[:len(blocks)-1]
		}
		blocks = append(blocks, b)
	}
	var c curve
	for _, b := range blocks {
		c.x, c.y = append(c.x, b.from), append(c.y, b.right/b.size)
		if b.to > b.from {
			c.x, c.y = append(c.x, b.to), append(c.y, b.right/b.size)
		}
	}
	return c
}

// threshold is the confidence below which as many of the reference are as are wrong, as near as can be, in the way of the method's own code: of equal ones the first.
func threshold(sorted []Prediction) float64 {
	wrong, missed := 0, 0
	for _, p := range sorted {
		if !p.Right {
			wrong++
		}
	}
	best, at := wrong, 0.0
	for _, p := range sorted {
		if p.Right {
			missed++
		} else {
			wrong--
		}
		if apart := max(wrong-missed, missed-wrong); apart < best {
			best, at = apart, p.Confidence
		}
	}
	return at
}
