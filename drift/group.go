package drift

import (
	"math"
	"strconv"
)

// Group is the part of a data set that has one value of what it is compared by: a year, a camera.
type Group struct {
	Name string
	*Summary
	Truth *Gaussian // of (truth, signed score, norm score of each concept) of images whose truth is a number [1+2W]
}

// NewGroup is a group without images; see [NewSummary].
func NewGroup(name string, pairs, embed, watched, size int) *Group {
	return &Group{name, NewSummary(pairs, embed, watched, size), NewGaussian(1 + 2*watched)}
}

// Add is [Summary.Add] with what is known to be true of the image: a number, or true or false; anything else is unknown.
func (g *Group) Add(image Image, scalars []float32, keep []int, truth string) error {
	if err := g.Summary.Add(image, scalars, keep); err != nil {
		return err
	}
	if v, ok := number(truth); ok {
		g.Truth.Add(append([]float32{v}, flatten(image.Scores)...))
	}
	return nil
}

func number(truth string) (float32, bool) {
	if b, err := strconv.ParseBool(truth); err == nil {
		if b {
			return 1, true
		}
		return 0, true
	}
	v, err := strconv.ParseFloat(truth, 32)
	return float32(v), err == nil && v-v == 0
}

// Mean is a mean with its 95 % confidence interval; infinite for one image.
type Mean struct{ Value, Low, High float64 }

// Watched are the mean scores of concept w.
func (g *Group) Watched(w int) (signed, norm Mean) {
	mean := func(i int) Mean {
		low, high := MeanInterval(g.Scores.Count, g.Scores.Mean[i], g.Scores.Variance(i))
		return Mean{g.Scores.Mean[i], low, high}
	}
	return mean(2 * w), mean(2*w + 1)
}

// Agreement is the correlation of a concept's two scores with the truth, over images or over groups; NaN where one does not vary.
type Agreement struct{ Signed, Norm float64 }

// ImageAgreement is over the images of a group, for concept w.
func (g *Group) ImageAgreement(w int) Agreement {
	return Agreement{g.Truth.Correlation(0, 1+2*w), g.Truth.Correlation(0, 2+2*w)}
}

// CurveAgreement is between the groups' mean scores of concept w and their mean truths, as the paper reports it over years (§5).
func CurveAgreement(groups []*Group, w int) Agreement {
	curve := NewGaussian(3)
	for _, g := range groups {
		if g.Truth.Count > 0 {
			curve.Add([]float32{float32(g.Truth.Mean[0]), float32(g.Truth.Mean[1+2*w]), float32(g.Truth.Mean[2+2*w])})
		}
	}
	if curve.Count < 2 {
		return Agreement{math.NaN(), math.NaN()}
	}
	return Agreement{curve.Correlation(0, 1), curve.Correlation(0, 2)}
}
