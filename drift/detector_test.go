package drift

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// run follows a stream of windows and gives the first at whose end the detector reaches 1/α, −1 for never.
func run(t *testing.T, reference []float32, windows int, window func(w int) []float32, α float64) int {
	t.Helper()
	r, err := NewReference(reference)
	if err != nil {
		t.Fatal(err)
	}
	d := r.NewDetector()
	turn := 0
	for w := range windows {
		var gaps []int
		for _, v := range window(w) {
			gaps = append(gaps, r.Gap(v, turn))
			turn++
		}
		d.Window(r, gaps)
		if d.E(r) >= 1/α {
			return w
		}
	}
	return -1
}

func TestDetectorKeepsItsBudget(t *testing.T) {
	const runs, α = 400, 0.2
	random := rand.New(rand.NewPCG(1, 2))
	alarms := 0
	for range runs {
		// A reference far smaller than the stream: whoever takes it for the truth raises an alarm in the end.
		if run(t, normals(random, 100, 1), 60, func(int) []float32 { return normals(random, 20, 1) }, α) >= 0 {
			alarms++
		}
	}
	if share := float64(alarms) / runs; share > α {
		t.Errorf("%.3f of runs without drift raised an alarm, the budget is %.3f", share, α)
	}
}

// TestDetectorIsFair checks the expectation of the wealth after two images exactly, by going through all their gaps.
func TestDetectorIsFair(t *testing.T) {
	r, err := NewReference([]float32{0, 1, 2, 5})
	if err != nil {
		t.Fatal(err)
	}
	const gaps = 5
	expected := 0.0
	for first := range gaps {
		for second := range gaps {
			counts := 1.0
			if second == first {
				counts++
			}
			d := r.NewDetector()
			d.Window(r, []int{first, second})
			expected += d.E(r) / gaps * counts / (gaps + 1)
		}
	}
	if math.Abs(expected-1) > 1e-12 {
		t.Errorf("expectation of the e-process: %v, expected 1", expected)
	}
}

func TestDetectorFindsALateShift(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 9))
	window := func(w int) []float32 {
		x := normals(random, 200, 1)
		for i := range x {
			if w >= 300 {
				x[i] += 0.5
			}
		}
		return x
	}
	if w := run(t, normals(random, 2000, 1), 310, window, 0.001); w < 300 || w > 302 {
		t.Errorf("a shift by half a deviation in window 300 was found in window %d", w)
	}
}

func TestDetectorGoesOn(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 9))
	r, err := NewReference(normals(random, 50, 1))
	if err != nil {
		t.Fatal(err)
	}
	through, stored := r.NewDetector(), r.NewDetector()
	for range 5 {
		gaps := []int{random.IntN(51), random.IntN(51)}
		through.Window(r, gaps)
		stored.Window(r, gaps)
		data, err := json.Marshal(stored)
		if err != nil {
			t.Fatal(err)
		}
		stored = Detector{}
		if err := json.Unmarshal(data, &stored); err != nil {
			t.Fatal(err)
		}
	}
	near(t, "detector", stored, through)
}

func TestTiesFavourNeitherSide(t *testing.T) {
	r, err := NewReference([]float32{1, 1, 1})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]int{}
	for turn := range 8 {
		seen[r.Gap(1, turn)]++
	}
	near(t, "gaps of equal numbers", seen, map[int]int{0: 2, 1: 2, 2: 2, 3: 2})
}

func TestBadReferences(t *testing.T) {
	for _, values := range [][]float32{nil, {1}, {1, float32(math.NaN())}} {
		if _, err := NewReference(values); err == nil {
			t.Errorf("reference %v: expected an error", values)
		}
	}
}

func TestMonitorNamesWhatMoved(t *testing.T) {
	w := newWorld(t)
	reference := NewSummary(w.pairs(), w.ov.Embed, 0, 300)
	w.fill(t, reference, "before", 300, nil, 0, 0)
	p := NewProfile(reference, w.ov.Norms(), nil)
	var names []string
	for _, i := range p.Strong {
		names = append(names, w.ov.Pair(i).String())
	}
	m, err := NewMonitor(p, names)
	if err != nil {
		t.Fatal(err)
	}
	window := func(up float32) [][]int {
		s := NewSummary(w.pairs(), w.ov.Embed, 0, 100)
		w.fill(t, s, "stream", 100, p.Strong, p.Strong[2], up)
		var ranks [][]int
		for _, image := range s.Sample() {
			ranks = append(ranks, m.Ranks(image))
		}
		return ranks
	}
	for range 20 {
		if alerts := m.Window(window(0), 0.05); len(alerts) > 0 {
			t.Fatalf("alerts without drift: %v", alerts)
		}
	}
	alerts := m.Window(window(1), 0.05)
	if len(alerts) == 0 || m.Names[alerts[0]] != names[2] || !m.Up(alerts[0]) {
		t.Errorf("alerts for %s: %v", names[2], alerts)
	}
	if again := m.Window(window(1), 0.05); len(again) > 0 && again[0] == 2 {
		t.Error("an alert was raised twice")
	}
	sum := 0.0
	for _, s := range m.shares {
		sum += s
	}
	near(t, "shares of the budget", sum, 1.0)
}

// TestMonitorFollowsQualities: an alert says "noise" when images move along it, and each quality is followed once.
func TestMonitorFollowsQualities(t *testing.T) {
	w := newWorld(t)
	reference := NewSummary(w.pairs(), w.ov.Embed, 0, 300)
	w.fill(t, reference, "before", 300, nil, 0, 0)
	p := NewProfile(reference, w.ov.Norms(), nil)
	weak := -1 // a pair that is not followed by itself
	for i := range w.pairs() {
		if !slices.Contains(p.Strong, i) && (weak < 0 || w.ov.Norms()[i] > w.ov.Norms()[weak]) {
			weak = i
		}
	}
	still, along := make([]float32, w.ov.Embed), w.ov.Direction(w.ov.Pair(weak))
	for _, way := range []string{"mild", "strong"} {
		q := NewQuality("noise", way, w.ov.Embed)
		q.Add(still, along)
		p.Qualities = append(p.Qualities, q)
	}
	m, err := NewMonitor(p, make([]string, len(p.Strong)))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(p.Strong) + 2; len(m.Names) != n || m.Names[n-1] != "noise" || m.Names[n-2] != "embedding" {
		t.Fatalf("followed: %q", m.Names)
	}
	s := NewSummary(w.pairs(), w.ov.Embed, 0, 100)
	w.fill(t, s, "stream", 100, p.Strong, weak, 4)
	var ranks [][]int
	for _, image := range s.Sample() {
		ranks = append(ranks, m.Ranks(image))
	}
	alerts := m.Window(ranks, 0.05)
	if last := len(m.Names) - 1; !slices.Contains(alerts, last) || !m.Up(last) {
		t.Errorf("alerts %v of %q, expected noise", alerts, m.Names)
	}
	for _, c := range []struct{ watched, others, qualities, wholes int }{{0, 3, 0, 0}, {2, 3, 0, 0}, {2, 3, 0, 2}, {0, 3, 2, 0}, {2, 3, 2, 2}} {
		sum, m := 0.0, &Monitor{profile: &Profile{Watched: make([]Concept, c.watched)}}
		m.share(c.others, c.qualities, c.wholes)
		for _, share := range m.shares {
			sum += share
		}
		if near(t, "shares of the budget", sum, 1.0); len(m.shares) != c.watched+c.others+c.qualities+c.wholes {
			t.Errorf("%+v: %d shares", c, len(m.shares))
		}
	}
}
