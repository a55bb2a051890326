package experiment

import (
	"slices"
	"testing"

	"github.com/facet-clip/facet/internal/golden"
	"github.com/facet-clip/facet/internal/numeric"
)

// TestNotable compares thresholds, counts and embeddings with testdata/notable.py, where contributions are formed one by one.
func TestNotable(t *testing.T) {
	s := gather(t, "tiny")
	const rank = 5
	var want map[string][]float64
	truths(t, "notable.json", &want)
	images := numeric.Indices(six)
	stats, err := s.Fit(t.Context(), images)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range []Unit{Pair, Neuron} {
		name := string(u) + "_"
		thresholds, err := s.Thresholds(t.Context(), stats, images, u, rank)
		if err != nil {
			t.Fatal(err)
		}
		var some []float32
		for i := 0; i < len(thresholds); i += 16 {
			some = append(some, float32(thresholds[i]))
		}
		golden.Compare(t, name+"thresholds", some, numeric.Float32(want[name+"thresholds"]), 1e-4, 1e-5)
		var without, with []float32
		total := 0
		for i := range images {
			row := make([]float32, len(stats.Mean))
			if err := s.Row(i, row); err != nil {
				t.Fatal(err)
			}
			δ := make([]float32, len(row))
			for p, v := range row {
				δ[p] = float32(float64(v) - stats.Mean[p])
			}
			keep := s.notable(u, thresholds, δ)
			count := 0
			for _, yes := range keep {
				if yes {
					count++
				}
			}
			if count != int(want[name+"counts"][i]) {
				t.Errorf("image %d: %d %ss of note, NumPy counts %g", i, count, u, want[name+"counts"][i])
			}
			total += count
			with = append(with, s.Ablated(stats.Mean, u, keep, row)...)
			for j := range keep {
				keep[j] = !keep[j]
			}
			without = append(without, s.Ablated(stats.Mean, u, keep, row)...)
		}
		golden.Compare(t, name+"without_others", with, numeric.Float32(want[name+"without_others"]), 1e-4, 1e-5)
		golden.Compare(t, name+"without_notable", without, numeric.Float32(want[name+"without_notable"]), 1e-4, 1e-5)
		s.compareRows(t, u, stats.Mean, thresholds, float64(total)/six)
	}
}

// compareRows looks at the table: nothing held is the embedding itself, and held and not held make all.
func (s set) compareRows(t *testing.T, u Unit, mean, thresholds []float64, notable float64) {
	t.Helper()
	rows, err := s.AblateNotable(t.Context(), mean, thresholds, u, numeric.Indices(six))
	if err != nil {
		t.Fatal(err)
	}
	var held []string
	for _, r := range rows {
		held = append(held, r.Held)
	}
	if !slices.Equal(held, []string{"none", "notable", "others", "all"}) {
		t.Fatalf("rows %v", held)
	}
	if rows[0].Cosine < 0.999999 || rows[0].Mean != 0 {
		t.Errorf("nothing is held: %+v", rows[0])
	}
	if rows[1].Mean != notable || rows[1].Mean+rows[2].Mean != rows[3].Mean || rows[3].Mean != float64(len(thresholds)) {
		t.Errorf("held on average %g, %g and %g, counted %g", rows[1].Mean, rows[2].Mean, rows[3].Mean, notable)
	}
	if rows[2].Cosine <= rows[3].Cosine {
		t.Errorf("units of note alone are no better than nothing: %g and %g", rows[2].Cosine, rows[3].Cosine)
	}
	if _, err := s.AblateNotable(t.Context(), mean, thresholds[1:], u, nil); err == nil {
		t.Error("a threshold is missing, and no error")
	}
}
