package scenes

import (
	"math"
	"strings"
	"testing"
)

// Counts over many samples lie within five standard deviations of the weights.
func TestDistribution(t *testing.T) {
	const n = 6000
	w := DefaultWorld()
	var categories [1 + NumCategories]int
	var colours [NumColours]int
	var patterns [NumPatterns]int
	var grounds [NumBackgrounds]int
	var counts [1 + MaxObjects]int
	objects, carriers, printed := 0, 0, 0
	for i := range uint64(n) {
		s := sample(t, w, 41, i)
		grounds[s.Background]++
		counts[len(s.Objects)]++
		for _, o := range s.Objects {
			objects++
			categories[o.Category]++
			colours[o.Colour]++
			if o.Category.CanCarry() {
				carriers++
				if o.Print != NoCategory {
					printed++
				}
			} else {
				patterns[o.Pattern]++
			}
		}
	}
	near(t, "category", categories[1:], w.Categories[1:])
	near(t, "colour", colours[:], w.Colours[:])
	near(t, "pattern", patterns[:], w.Patterns[:])
	near(t, "background", grounds[:], w.Backgrounds[:])
	near(t, "count", counts[1:], w.Counts[1:])
	near(t, "print", []int{printed, carriers - printed}, []float64{w.Print, 1 - w.Print})
}

func near(t *testing.T, what string, counts []int, weights []float64) {
	t.Helper()
	n, total := 0, 0.0
	for i := range counts {
		n += counts[i]
		total += weights[i]
	}
	for i, c := range counts {
		p := weights[i] / total
		if d := math.Abs(float64(c) - float64(n)*p); d > 5*math.Sqrt(float64(n)*p*(1-p)) {
			t.Errorf("%s %d: %d of %d, want a share of %.3f", what, i, c, n, p)
		}
	}
}

func TestMainObjectIsTheLargest(t *testing.T) {
	for i := range uint64(500) {
		s := sample(t, DefaultWorld(), 43, i)
		for _, o := range s.Objects[1:] {
			if o.Size > s.Main().Size {
				t.Errorf("scene %d: %s of size %v beside a main object of %v", i, o.Category, o.Size, s.Main().Size)
			}
		}
	}
}

func TestPrintsStandOut(t *testing.T) {
	w := DefaultWorld().Only(Carriers()...)
	w.Print = 1
	seen := map[[2]Category]bool{}
	for i := range uint64(1500) {
		for _, o := range sample(t, w, 47, i).Objects {
			if o.Print == NoCategory || o.Colour == o.PrintColour || o.Pattern != Plain {
				t.Fatalf("scene %d: %+v", i, o)
			}
			seen[[2]Category{o.Category, o.Print}] = true
		}
	}
	if want := len(Carriers()) * len(Prints()); len(seen) != want {
		t.Errorf("%d pairs of carrier and print occur, want %d", len(seen), want)
	}
}

func TestSampleRefuses(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*World)
		want   string
	}{
		{"none", func(w *World) { *w = w.Only() }, "category weights: all are 0"},
		{"negative", func(w *World) { w.Colours[Red] = -1 }, "colour weights: weight -1"},
		{"nan", func(w *World) { w.Backgrounds[Snow] = math.NaN() }, "background weights: weight NaN"},
		{"infinite", func(w *World) { w.Patterns[Plain] = math.Inf(1) }, "pattern weights: weight +Inf"},
		{"huge", func(w *World) { w.Colours = [NumColours]float64{math.MaxFloat64, math.MaxFloat64} }, "colour weights: their sum"},
		{"count", func(w *World) { w.Counts = [1 + MaxObjects]float64{1} }, "object count weights: all are 0"},
		{"print", func(w *World) { w.Print = 2 }, "print 2"},
		{"noise", func(w *World) { w.Noise = 1000 }, "noise 1000"},
	} {
		w := DefaultWorld()
		tc.change(&w)
		if _, err := Sample(w, 1, 1); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want one with %q", tc.name, err, tc.want)
		}
	}
}

// Class names and synonyms mean one thing only.
func TestWordsAreUnambiguous(t *testing.T) {
	owner := map[string]string{}
	take := func(name string, words []string) {
		for _, w := range words {
			if other, ok := owner[w]; ok {
				t.Errorf("%q means both %s and %s", w, other, name)
			}
			owner[w] = name
		}
	}
	for _, c := range Categories() {
		take(c.String(), c.Synonyms())
	}
	for _, c := range Colours() {
		take(c.String(), c.Synonyms())
	}
	for _, p := range Patterns() {
		take(p.String(), p.Synonyms())
	}
	for _, b := range Backgrounds() {
		take(b.String(), b.Synonyms())
	}
	if got, want := len(LabelNames()), 1+NumCategories; got != want {
		t.Errorf("%d label names, want %d", got, want)
	}
	if got, want := len(ContextNames()), 1+NumCategories+NumBackgrounds; got != want {
		t.Errorf("%d context names, want %d", got, want)
	}
	if len(BodyStyles()) != 5 || NumCategories < 24 || NumColours != 10 || NumBackgrounds < 10 {
		t.Errorf("the world is too small")
	}
}

func TestNamesOutOfRange(t *testing.T) {
	for _, got := range []string{Category(99).String(), Colour(99).String(), Pattern(99).String(), Background(99).String()} {
		if !strings.HasPrefix(got, "unknown ") {
			t.Errorf("name %q of a value out of range", got)
		}
	}
	if Category(99).Synonyms() != nil || Background(99).Places() != nil {
		t.Error("a value out of range has synonyms")
	}
}
