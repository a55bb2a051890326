package drift

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestVanElterenIsExact: expectation and variance of the statistic are those over all ways in which the numbers of each stratum may be dealt to the two sides.
func TestVanElterenIsExact(t *testing.T) {
	values := [][]float32{{1, 2, 2, 5, 9}, {3, 3, 3, 4}, {7, -1, 0.5, 0.5, 0.5, 8}}
	size := []int{2, 2, 4}                        // of x in each
	statistic := func(x, y [][]float32) float64 { // by counting, without ranks: the rank of a value is 1/2 + the smaller ones + half of the equal ones
		sum := 0.0
		for s := range x {
			all := slices.Concat(x[s], y[s])
			for _, v := range x[s] {
				rank := 0.5
				for _, o := range all {
					if o < v {
						rank++
					} else if o == v {
						rank += 0.5
					}
				}
				sum += rank / float64(len(all)+1)
			}
		}
		return sum
	}
	var seen []float64
	x, y := make([][]float32, 3), make([][]float32, 3)
	var deal func(s int)
	deal = func(s int) {
		if s == len(values) {
			seen = append(seen, statistic(x, y))
			return
		}
		for mask := range 1 << len(values[s]) {
			x[s], y[s] = nil, nil
			for k, v := range values[s] {
				if mask>>k&1 == 1 {
					x[s] = append(x[s], v)
				} else {
					y[s] = append(y[s], v)
				}
			}
			if len(x[s]) == size[s] {
				deal(s + 1)
			}
		}
	}
	deal(0)
	mean, square := 0.0, 0.0
	for _, v := range seen {
		mean += v / float64(len(seen))
		square += v * v / float64(len(seen))
	}
	x = [][]float32{{9, 2}, {3, 4}, {7, 8, -1, 0.5}}
	y = [][]float32{{1, 2, 5}, {3, 3}, {0.5, 0.5}}
	want := (statistic(x, y) - mean) / math.Sqrt(square-mean*mean)
	z, p := VanElteren(x, y)
	if math.Abs(z-want) > 1e-12 || math.Abs(p-math.Erfc(math.Abs(want)/math.Sqrt2)) > 1e-12 || len(seen) != 10*6*15 {
		t.Errorf("z %v and p %v, expected z %v over %d deals", z, p, want, len(seen))
	}
	if z, p := VanElteren([][]float32{{1, 1}, {2}, nil}, [][]float32{{1}, nil, {3}}); z != 0 || p != 1 {
		t.Errorf("of strata that say nothing: %v, %v", z, p)
	}
}

// TestVanElterenIsUniform: where only the mix changes, p-values are uniform, into the tail, and those of the plain rank test are not.
func TestVanElterenIsUniform(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 1))
	const runs = 20_000
	below, plain := map[float64]int{}, 0
	limits := []float64{0.5, 0.05, 0.01, 0.001}
	for range runs {
		x, y := make([][]float32, 3), make([][]float32, 3)
		for s, n := range []int{30, 8, 12} { // of y; of x it is the other way round
			draw := func(k int) (out []float32) {
				for range k {
					out = append(out, float32(float64(2*s)+math.Exp(random.NormFloat64())))
				}
				return out
			}
			y[s], x[s] = draw(n), draw([]int{6, 30, 14}[s])
		}
		_, p := VanElteren(x, y)
		for _, limit := range limits {
			if p <= limit {
				below[limit]++
			}
		}
		if _, p := MannWhitney(slices.Concat(x...), slices.Concat(y...)); p <= 0.05 {
			plain++
		}
	}
	for _, limit := range limits {
		want := limit * runs
		if d := math.Abs(float64(below[limit]) - want); d > 4*math.Sqrt(want)+0.05*want {
			t.Errorf("p ≤ %g in %d of %d runs, expected %.0f", limit, below[limit], runs, want)
		}
	}
	t.Logf("p ≤ 0.5, 0.05, 0.01, 0.001 in %v of %d; the plain test says 0.05 in %d", below, runs, plain)
	if plain < runs/2 {
		t.Error("the mix changes nothing: nothing was tested")
	}
}

// cameras adds images of cameras to a summary, by how many each has: camera north has pair 0 of the strong ones higher by 3. red raises pair moved of a camera.
func (w world) cameras(t *testing.T, s *Summary, name string, keep []int, counts map[string]int, shifted, moved int, red map[string]float32) {
	t.Helper()
	for _, camera := range []string{"east", "north", "south", "west"} {
		for i := range counts[camera] {
			scalars := normals(w.random, w.pairs(), 1)
			if camera == "north" {
				scalars[shifted] += 3
			}
			scalars[moved] += red[camera]
			bound, err := w.ov.Scalars(scalars)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Add(Image{Path: fmt.Sprint(name, camera, i), Group: camera, Embedding: bound.Embedding()}, scalars, keep); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestGiven: a change of the mix of cameras is told as such and not as a change of content; a change within a camera is told, and its mix is none.
func TestGiven(t *testing.T) {
	w := newWorld(t)
	const shifted, moved = 4, 7
	reference := NewSummary(w.pairs(), w.ov.Embed, 0, 1000)
	w.cameras(t, reference, "before", nil, map[string]int{"north": 100, "south": 300, "east": 30}, shifted, moved, nil)
	p := NewProfile(reference, w.ov.Norms(), nil)
	if !slices.Contains(p.Strong, shifted) {
		t.Fatal("the pair that tells cameras apart is not strong")
	}
	at := slices.IndexFunc(p.Strong, func(i int) bool { return i != shifted })
	other, words := p.Strong[at], w.words(t, p.Strong[:6]...)
	v, err := NewVocabulary(context.Background(), p, w.ov, words)
	if err != nil {
		t.Fatal(err)
	}
	group := func(i Image) string { return i.Group }
	compare := func(counts map[string]int, pair int, red map[string]float32) (*Comparison, *Given) {
		t.Helper()
		images := NewSummary(w.pairs(), w.ov.Embed, 0, 1000)
		w.cameras(t, images, "after", p.Strong, counts, shifted, pair, red)
		plain, err := v.Compare(context.Background(), []*Summary{images}, Options{Level: 0.05})
		if err != nil {
			t.Fatal(err)
		}
		g, err := v.Given(context.Background(), images, group, Options{Level: 0.05})
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(g.Mix+g.Within-1) > 1e-9 {
			t.Errorf("the mix explains %g and the rest %g", g.Mix, g.Within)
		}
		return plain[0], g
	}
	plain, g := compare(map[string]int{"north": 300, "south": 100, "west": 40}, moved, nil)
	if plain.Changed == 0 || g.Changed != 0 || g.Mix < 0.6 || g.MixP > 1e-6 || g.Others != 40 || g.Absent != 30 || len(g.Strata) != 2 || g.Strata[0].Share != 0.25 {
		t.Errorf("another mix: %d changed, %d given the camera; mix %g (p %g), %d others, %d absent, %+v", plain.Changed, g.Changed, g.Mix, g.MixP, g.Others, g.Absent, g.Strata)
	}
	if g.Shift > 2*g.Baseline.Shift {
		t.Errorf("another mix: a shift of %g within cameras, %g without a change", g.Shift, g.Baseline.Shift)
	}
	_, g = compare(map[string]int{"north": 300, "south": 100}, other, map[string]float32{"north": 2, "south": 2})
	if len(g.Changes) == 0 || g.Changes[0].Word != fmt.Sprint("pair ", other) || !g.Changes[0].More || math.Abs(g.Changes[0].Pairs[0].Shift-2) > 0.4 || g.Mix < 0.2 || g.Mix > 0.9 {
		t.Errorf("another mix and a change: mix %g, %+v", g.Mix, g.Changes)
	}
	_, g = compare(map[string]int{"north": 100, "south": 300, "east": 30}, other, map[string]float32{"south": -2})
	if g.Changed == 0 || math.Abs(g.Mix) > 0.1 || g.MixP < 0.5 || g.Tests[at].Shift > -1 || g.Tests[at].Shift < -1.8 {
		t.Errorf("one camera of two changed by −2: %d changed, mix %g (p %g), shift %g", g.Changed, g.Mix, g.MixP, g.Tests[at].Shift)
	}
	for i := range p.kept {
		p.kept[i].Group = ""
	}
	if _, err := v.Given(context.Background(), reference, group, Options{Level: 0.05}); !errors.Is(err, ErrNoValues) {
		t.Errorf("a profile that knows no cameras: %v", err)
	}
}

// TestGivenNulls: where only the mix changes, few comparisons have a changed pair.
func TestGivenNulls(t *testing.T) {
	w := newWorld(t)
	group, alarms, plain := func(i Image) string { return i.Group }, 0, 0
	const runs = 200
	for run := range runs {
		reference := NewSummary(w.pairs(), w.ov.Embed, 0, 1000)
		w.cameras(t, reference, fmt.Sprint("before", run), nil, map[string]int{"north": 30, "south": 60, "east": 6}, 4, 7, nil)
		p := NewProfile(reference, w.ov.Norms(), nil)
		images := NewSummary(w.pairs(), w.ov.Embed, 0, 1000)
		w.cameras(t, images, fmt.Sprint("after", run), p.Strong, map[string]int{"north": 50, "south": 20, "east": 10}, 4, 7, nil)
		v := &Vocabulary{profile: p, ov: w.ov}
		_, strata, err := strataOf(p.Sample(), images.Sample(), group)
		if err != nil {
			t.Fatal(err)
		}
		changed := func(tests []PairTest) bool {
			var raw []float64
			for _, one := range tests {
				raw = append(raw, one.P)
			}
			return slices.Min(BenjaminiHochberg(raw)) <= 0.05
		}
		parts := newShift(p, images, w.ov)
		if changed(v.testWithin(strata, parts)) {
			alarms++
		}
		if changed(testPairs(p, images, w.ov, parts, p.Sample(), images.Sample())) {
			plain++
		}
	}
	t.Logf("%d of %d comparisons have a changed pair given the camera, %d without", alarms, runs, plain)
	if alarms > 22 { // 10 are expected; more than 22 have a chance of 0.02 %
		t.Errorf("%d of %d comparisons have a changed pair, 10 expected", alarms, runs)
	}
	if plain < runs/2 {
		t.Error("the mix changes nothing: nothing was tested")
	}
}
