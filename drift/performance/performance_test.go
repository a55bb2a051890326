package performance

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"testing"
)

// TestEstimatesArePeers: calibrated confidences are those of scikit-learn, the threshold that of ATC's own code.
func TestEstimatesArePeers(t *testing.T) {
	data, err := os.ReadFile("testdata/performance.json")
	if err != nil {
		t.Fatal(err)
	}
	var samples []struct {
		Reference, New              []float64
		Right                       []bool
		Calibrated, ATC, Confidence float64
	}
	if err := json.Unmarshal(data, &samples); err != nil {
		t.Fatal(err)
	}
	for _, s := range samples {
		var reference, pictures []Prediction
		for i, c := range s.Reference {
			reference = append(reference, Prediction{c, true, s.Right[i]})
		}
		for _, c := range s.New {
			pictures = append(pictures, Prediction{Confidence: c})
		}
		r, err := Learn(reference, 1)
		if err != nil {
			t.Fatal(err)
		}
		e := r.Estimate(pictures)
		for _, v := range [][2]float64{{e.Calibrated, s.Calibrated}, {e.Threshold, s.ATC}, {e.Confidence, s.Confidence}} {
			if math.Abs(v[0]-v[1]) > 1e-9 {
				t.Errorf("%d of the reference: %+v, expected calibrated %.6f, ATC %.6f, confidence %.6f", len(reference), e, s.Calibrated, s.ATC, s.Confidence)
				break
			}
		}
	}
}

// TestIntervalHolds: pictures become harder, a confidence goes on meaning what it did, and the interval holds the accuracy in some 95 of 100 cases; the mean confidence as it is, of a classifier
// that is too sure, does not.
func TestIntervalHolds(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	draw := func(n int, easy float64) []Prediction {
		out := make([]Prediction, n)
		for i := range out {
			c := math.Pow(random.Float64(), 1/easy)
			out[i] = Prediction{c, true, random.Float64() < c*c} // too sure
		}
		return out
	}
	const runs = 300
	held, off, raw := 0, 0.0, 0.0
	for seed := range runs {
		r, err := Learn(draw(500, 3), uint64(seed))
		if err != nil {
			t.Fatal(err)
		}
		pictures := draw(100, 1)
		e, truth := r.Estimate(pictures), Accuracy(pictures)
		if truth >= e.Low && truth <= e.High {
			held++
		}
		off, raw = off+(e.Calibrated-truth)/runs, raw+(e.Confidence-truth)/runs
	}
	t.Logf("the interval holds the accuracy in %d of %d cases; estimates are off by %.4f, confidences by %.4f", held, runs, off, raw)
	if share := float64(held) / runs; share < 0.91 || share > 0.99 {
		t.Errorf("the interval holds the accuracy in %.3f of cases, expected some 0.95", share)
	}
	if math.Abs(off) > 0.03 || raw < 0.1 {
		t.Errorf("estimates are off by %.3f on average, confidences as they are by %.3f", off, raw)
	}
}

func TestReferenceThatCannotCalibrate(t *testing.T) {
	right := make([]Prediction, 40)
	for i := range right {
		right[i] = Prediction{0.5, true, true}
	}
	for _, p := range [][]Prediction{nil, right, right[:10], make([]Prediction, 100)} {
		if _, err := Learn(p, 0); !errors.Is(err, ErrReference) {
			t.Errorf("%d predictions: %v", len(p), err)
		}
	}
}
