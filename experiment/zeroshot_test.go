package experiment

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/facet-clip/facet/answer"
)

// peers are the answers of scikit-learn and SciPy, written by testdata/zeroshot.py.
type peers struct {
	Single []struct {
		Classes      int
		Scores       []float32
		Truth        []int
		Top          map[int]float64
		Accuracy     float64
		Wilson       [2]float64
		MeanPerClass float64 `json:"mean_per_class"`
		Bootstrap    [2]float64
		Recall       []float64
	}
	Several []struct {
		Classes      int
		Scores       []float32
		Truth        []int
		Area, Eleven []float64
	}
}

func readPeers(t *testing.T) (p peers) {
	t.Helper()
	data, err := os.ReadFile("testdata/zeroshot.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &p); err != nil {
		t.Fatal(err)
	}
	if len(p.Single) == 0 || len(p.Several) == 0 {
		t.Fatal("no scores to compare")
	}
	return p
}

// agree fails unless two numbers agree; NaN agrees with nothing.
func agree(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: %.15g, expected %.15g", what, got, want)
	}
}

func TestAccuracyIsScikitLearns(t *testing.T) {
	for _, p := range readPeers(t).Single {
		var list []Answered
		for i, truth := range p.Truth {
			list = append(list, Answer(p.Scores[i*p.Classes:(i+1)*p.Classes], truth))
		}
		for k, want := range p.Top {
			agree(t, "top k", TopK(list, k).Value(), want, 1e-15)
		}
		top := TopK(list, 1)
		agree(t, "accuracy", top.Value(), p.Accuracy, 1e-15)
		agree(t, "Wilson low", top.Low, p.Wilson[0], 1e-12)
		agree(t, "Wilson high", top.High, p.Wilson[1], 1e-12)
		shares := ClassShares(list, p.Classes)
		for c, s := range shares {
			agree(t, "recall", s.Value(), p.Recall[c], 1e-15)
		}
		mean := MeanPerClass(shares, 1)
		agree(t, "mean per class", float64(mean.Value), p.MeanPerClass, 1e-15)
		agree(t, "bootstrap low", float64(mean.Low), p.Bootstrap[0], 0.015) // 1,000 draws against 200,000
		agree(t, "bootstrap high", float64(mean.High), p.Bootstrap[1], 0.015)
		for _, a := range list {
			if (a.Given == a.Truth) != (a.Rank == 0) {
				t.Errorf("%+v", a)
			}
		}
	}
}

func TestAnswerTies(t *testing.T) {
	for truth, want := range []Answered{{0, 1, 2}, {1, 1, 0}, {2, 1, 1}, {3, 1, 3}} {
		if got := Answer([]float32{1, 3, 3, 1}, truth); got != want {
			t.Errorf("%+v, expected %+v", got, want)
		}
	}
}

func TestAveragePrecisionIsScikitLearns(t *testing.T) {
	for _, p := range readPeers(t).Several {
		n := len(p.Truth) / p.Classes
		var all []Ranking
		var area, eleven float64
		for c := range p.Classes {
			scores, truth := make([]float32, n), make([]Presence, n)
			for i := range n {
				scores[i] = p.Scores[i*p.Classes+c]
				truth[i] = map[int]Presence{-1: Ignored, 0: Absent, 1: Present}[p.Truth[i*p.Classes+c]]
			}
			r := Rank(scores, truth)
			got := r.Precision(nil)
			agree(t, "area", got.Area, p.Area[c], 1e-14)
			agree(t, "eleven points", got.Eleven, p.Eleven[c], 1e-14)
			all = append(all, r)
			area, eleven = area+p.Area[c]/float64(p.Classes), eleven+p.Eleven[c]/float64(p.Classes)
		}
		a, e := MeanPrecision(all, n, 1)
		agree(t, "mean area", float64(a.Value), area, 1e-14)
		agree(t, "mean of eleven points", float64(e.Value), eleven, 1e-14)
		for _, x := range []answer.Estimate{a, e} {
			if !(x.Low < x.Value && x.Value < x.High) {
				t.Errorf("%+v: the interval is not around the value", x)
			}
		}
	}
}

// TestWeightsAreCopies: a picture that counts twice is one that is there twice, with ties and without.
func TestWeightsAreCopies(t *testing.T) {
	scores := []float32{3, 2, 2, 1, 0.5, 0.5}
	truth := []Presence{Present, Absent, Present, Ignored, Present, Absent}
	weights := []int{0, 2, 1, 5, 3, 1}
	var s []float32
	var p []Presence
	for i, w := range weights {
		for range w {
			s, p = append(s, scores[i]), append(p, truth[i])
		}
	}
	got, want := Rank(scores, truth).Precision(weights), Rank(s, p).Precision(nil)
	agree(t, "area", got.Area, want.Area, 1e-15)
	agree(t, "eleven points", got.Eleven, want.Eleven, 1e-15)
	if none := Rank(scores, make([]Presence, 6)).Precision(nil); !math.IsNaN(none.Area) || !math.IsNaN(none.Eleven) {
		t.Errorf("a class that is nowhere has %+v", none)
	}
}
