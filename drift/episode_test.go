package drift

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// stream makes images of independent normal numbers: scalars of strong pairs and an embedding.
type stream struct {
	random        *rand.Rand
	strong, embed int
	made          int
}

func (s *stream) image(change func(scalars []float32)) Image {
	s.made++
	i := Image{Path: fmt.Sprint("image ", s.made), Scalars: normals(s.random, s.strong, 1), Embedding: normals(s.random, s.embed, 1)}
	if change != nil {
		change(i.Scalars)
	}
	return i
}

// profile is one of n images, all in the sample.
func (s *stream) profile(t *testing.T, n int) *Profile {
	t.Helper()
	summary := NewSummary(s.strong, s.embed, 0, n)
	for range n {
		i := s.image(nil)
		if err := summary.Add(i, i.Scalars, nil); err != nil {
			t.Fatal(err)
		}
	}
	p := &Profile{Summary: *summary}
	for k := range s.strong {
		p.Strong = append(p.Strong, k)
	}
	return p
}

func (s *stream) monitor(t *testing.T, p *Profile) *Monitor {
	t.Helper()
	var names []string
	for k := range s.strong {
		names = append(names, fmt.Sprint("pair ", k))
	}
	m, err := NewMonitor(p, names)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// window is one of n images, each shown times in a row.
func (s *stream) window(m *Monitor, n, times int, change func([]float32)) (ranks [][]int) {
	for len(ranks) < n {
		r := m.Ranks(s.image(change))
		for range times {
			ranks = append(ranks, r)
		}
	}
	return ranks
}

// TestSmallProfiles: a profile of two images can be watched from, and every number of its references is finite.
func TestSmallProfiles(t *testing.T) {
	for n := 2; n <= 9; n++ {
		s := &stream{random: rand.New(rand.NewPCG(1, uint64(n))), strong: 2, embed: 4}
		m := s.monitor(t, s.profile(t, n))
		for _, r := range m.Ranks(s.image(nil)) {
			if r < 0 || r > n {
				t.Errorf("%d images: rank %d", n, r)
			}
		}
	}
}

// TestEmbeddingIsExact: images that are ranked along their own mean are closer to it than new ones, which looks like drift. Under the rules of old
// streams that is what happened.
func TestEmbeddingIsExact(t *testing.T) {
	const runs, α = 60, 0.05
	for rules, most := range map[Rules]int{ShiftsAndTails: 6, ShiftsOnly: runs} { // of 60 runs, 3 are expected at most; 7 or more have a chance of 3 %
		s := &stream{random: rand.New(rand.NewPCG(5, 1)), strong: 1, embed: 200}
		alarms := 0
		for range runs {
			m := s.monitor(t, s.profile(t, 60))
			if err := m.begin(rules); err != nil {
				t.Fatal(err)
			}
			e := slices.Index(m.Names, "embedding")
			for range 10 {
				m.Window(s.window(m, 20, 1, nil), α)
				if m.E(e) >= 1/α {
					alarms++
					break
				}
			}
		}
		if alarms > most || rules == ShiftsOnly && alarms < 20 {
			t.Errorf("rules %d: %d of %d runs without drift reach 1/%g", rules, alarms, runs, α)
		}
		t.Logf("rules %d: %d of %d", rules, alarms, runs)
	}
}

// TestRareCategory: some images have a number far out. Bets on tails find that sooner than bets on shifts, and the rarer the images, the thinner the tails
// must be.
func TestRareCategory(t *testing.T) {
	for _, c := range []struct {
		share         float64
		far           float32
		sooner, later Rules
	}{{0.03, 4, ShiftsAndTails, ShiftsOnly}, {0.01, 8, WholeTexts, ShiftsAndTails}} {
		delay := map[Rules]int{}
		for _, rules := range []Rules{c.later, c.sooner} {
			s := &stream{random: rand.New(rand.NewPCG(6, 1)), strong: 20, embed: 4}
			rare := func(x []float32) {
				if s.random.Float64() < c.share {
					x[7] += c.far
				}
			}
			m := s.monitor(t, s.profile(t, 2000))
			if err := m.begin(rules); err != nil {
				t.Fatal(err)
			}
			for range 5 {
				if alerts := m.Window(s.window(m, 200, 1, nil), 0.05); alerts != nil {
					t.Fatalf("rules %d: an alert without drift", rules)
				}
			}
			for delay[rules] = 1; delay[rules] < 40; delay[rules]++ {
				if alerts := m.Window(s.window(m, 200, 1, rare), 0.05); len(alerts) > 0 {
					if m.Names[alerts[0]] != "pair 7" || !m.Up(alerts[0]) {
						t.Errorf("rules %d: alert by %s", rules, m.Names[alerts[0]])
					}
					break
				}
			}
		}
		if 2*delay[c.sooner] > delay[c.later] {
			t.Errorf("%g of the images: found after %d windows by rules %d and %d by rules %d, expected half at most", c.share, delay[c.sooner], c.sooner, delay[c.later], c.later)
		}
		t.Log(delay)
	}
}

// TestTextByTheWholeEmbedding: a watched text of which the five pairs say nothing is seen in the embedding, and its two numbers are known as one text's.
func TestTextByTheWholeEmbedding(t *testing.T) {
	s := &stream{random: rand.New(rand.NewPCG(11, 1)), strong: 3, embed: 8}
	snow := Concept{Text: "snow", Direction: []float32{1, 0, 0, 0, 0, 0, 0, 0}}
	image := func(snowy bool) Image {
		i := s.image(nil)
		i.Scores = []Score{{Signed: s.random.NormFloat64()}}
		if snowy {
			i.Embedding[0] += 8
		}
		return i
	}
	summary := NewSummary(s.strong, s.embed, 1, 500)
	for range 500 {
		i := image(false)
		if err := summary.Add(i, i.Scalars, nil); err != nil {
			t.Fatal(err)
		}
	}
	p := &Profile{Summary: *summary, Strong: []int{0, 1, 2}, Watched: []Concept{snow}}
	m := s.monitor(t, p)
	var of []int
	for i := range m.Names {
		if text, ok := m.Text(i); ok && text == 0 {
			of = append(of, i)
		}
	}
	if last := len(m.Names) - 1; len(of) != 2 || of[0] != 0 || of[1] != last || m.Names[last] != "snow"+Whole {
		t.Fatalf("numbers of the text: %v of %q", of, m.Names)
	}
	found := 0
	for w := 1; w <= 20 && found == 0; w++ {
		var ranks [][]int
		for range 100 {
			ranks = append(ranks, m.Ranks(image(w > 3 && s.random.Float64() < 0.03)))
		}
		if alerts := m.Window(ranks, 0.05); len(alerts) > 0 {
			if found = w; w <= 3 || alerts[0] != of[1] || m.Leading(0, 0.05) != of[1] {
				t.Errorf("window %d: alerts %v", w, alerts)
			}
		}
	}
	if found == 0 {
		t.Error("not found")
	}
	old := s.monitor(t, p)
	if err := old.begin(ShiftsAndTails); err != nil {
		t.Fatal(err)
	}
	state, err := old.State()
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Restore(state); err != nil {
		t.Fatal(err)
	}
	if _, text := m.Text(len(m.Names) - 1); text || len(m.Names) != len(p.Strong)+2 || m.Leading(0, 0.05) != 0 {
		t.Errorf("a stream of before follows %q", m.Names)
	}
}

// TestEpisodes: a drift that stays is one episode; it ends when the images are as before, and what comes back begins another.
func TestEpisodes(t *testing.T) {
	s := &stream{random: rand.New(rand.NewPCG(7, 1)), strong: 10, embed: 4}
	m := s.monitor(t, s.profile(t, 500))
	shift := func(x []float32) { x[3] += 0.8 }
	var story []string
	follow := func(windows int, change func([]float32)) {
		for range windows {
			open := m.Episode
			m.Window(s.window(m, 100, 1, change), 0.05)
			state, err := m.State()
			if err != nil {
				t.Fatal(err)
			}
			ended, begun := m.Ended, m.Episode
			if err := m.Restore(state); err != nil { // an episode survives a restart
				t.Fatal(err)
			}
			if ended != nil {
				story = append(story, fmt.Sprint("end ", ended.Number))
			}
			if begun != nil && open == nil {
				story = append(story, fmt.Sprint("begin ", begun.Number))
			}
		}
	}
	follow(10, nil)
	follow(20, shift)
	follow(10, nil)
	follow(10, shift)
	near(t, "episodes", story, []string{"begin 1", "end 1", "begin 2"})
	near(t, "share of the budget after one episode", m.part(), 1.0/6)
	if err := m.Restore([]byte(`{"rules":9}`)); err == nil {
		t.Error("the state of a newer facet: expected an error")
	}
}

// TestRunLength: without drift, alerts are as far apart as promised, on average.
func TestRunLength(t *testing.T) {
	const α, runs, windows = 0.1, 30, 60
	s := &stream{random: rand.New(rand.NewPCG(8, 1)), strong: 6, embed: 2}
	alarms := 0
	for range runs {
		m := s.monitor(t, s.profile(t, 100))
		m.Guard(RunLength)
		near(t, "share of the budget, for all numbers together", m.part(), 0.5)
		for range windows {
			if len(m.Window(s.window(m, 10, 1, nil), α)) > 0 {
				alarms++
				m.rearm()
			}
		}
	}
	if most := α * runs * windows; float64(alarms) > most {
		t.Errorf("%d alerts in %d windows without drift, expected %g at most", alarms, runs*windows, most)
	}
	t.Logf("%d alerts in %d windows", alarms, runs*windows)
}

// TestOrder: bursts are seen, and thinned to images that are independent; in an order that means nothing nothing is seen.
func TestOrder(t *testing.T) {
	s := &stream{random: rand.New(rand.NewPCG(9, 1)), strong: 30, embed: 4}
	for times, want := range map[int]bool{1: false, 2: true, 5: true} {
		m := s.monitor(t, s.profile(t, 300))
		m.Thin = ThinAuto
		alerts := 0
		for range 12 {
			alerts += len(m.Window(s.window(m, 100, times, nil), 0.05))
		}
		if warned := m.Order.Evidence() >= 1; warned != want {
			t.Errorf("bursts of %d: evidence %g of a warning", times, m.Order.Evidence())
		}
		if got := m.Every(); got != times {
			t.Errorf("bursts of %d: every %d-th image is taken, correlations %.2f and %.2f", times, got, m.Order.Correlation(1), m.Order.Correlation(2))
		}
		if alerts > 0 {
			t.Errorf("bursts of %d: %d alerts without drift", times, alerts)
		}
	}
}

// TestOldStreamsGoOn: the state of a monitor before there were rules is taken up, and followed as it was.
func TestOldStreamsGoOn(t *testing.T) {
	s := &stream{random: rand.New(rand.NewPCG(10, 1)), strong: 3, embed: 4}
	p := s.profile(t, 50)
	old := s.monitor(t, p)
	if err := old.begin(ShiftsOnly); err != nil {
		t.Fatal(err)
	}
	old.Window(s.window(old, 20, 1, nil), 0.05)
	data, err := json.Marshal(map[string]any{"names": old.Names, "detectors": old.Detectors, "alerted": old.Alerted})
	if err != nil {
		t.Fatal(err)
	}
	m := s.monitor(t, p)
	if err := m.Restore(data); err != nil {
		t.Fatal(err)
	}
	window := s.window(m, 20, 1, nil)
	m.Window(window, 0.05)
	old.Window(window, 0.05)
	for i := range m.Names {
		near(t, m.Names[i], m.E(i), old.E(i))
	}
	if m.Rules != ShiftsOnly || m.Episode != nil {
		t.Errorf("an old stream goes on under rules %d", m.Rules)
	}
}
