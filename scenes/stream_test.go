package scenes

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStreamsFollowTheirSchedule(t *testing.T) {
	const n = 300
	for _, s := range Streams(61, n) {
		held := make([]int, len(s.Windows))
		seen := 0
		for item, err := range s.All() {
			if err != nil {
				t.Fatal(err)
			}
			if item.Index != seen || item.Window != seen/n {
				t.Fatalf("%s: item %d of window %d comes at place %d", s.Name, item.Index, item.Window, seen)
			}
			seen++
			if item.Holds != s.Holds(item.Spec) {
				t.Fatalf("%s: item %d: Holds is %t", s.Name, item.Index, item.Holds)
			}
			if item.Holds {
				held[item.Window]++
			}
		}
		if seen != s.Len() || s.Len() != n*len(s.Windows) {
			t.Errorf("%s: %d scenes, want %d", s.Name, seen, s.Len())
		}
		for k, w := range s.Windows {
			share := float64(held[k]) / n
			if d := math.Abs(share - w.Share); d > 5*math.Sqrt(w.Share*(1-w.Share)/n) {
				t.Errorf("%s, %s: concept holds in %.3f, scheduled %.3f", s.Name, w.Name, share, w.Share)
			}
		}
	}
}

// Only what the schedule names changes: the worlds of a window are those of the first but for one part.
func TestStreamsChangeOneThing(t *testing.T) {
	same := map[string]func(a, b *World){
		"yellow-cars":         func(a, b *World) { a.Colours = b.Colours },
		"convertibles-vanish": func(a, b *World) { a.Categories = b.Categories },
		"snow-arrives":        func(a, b *World) { a.Backgrounds = b.Backgrounds },
		"noisy-sensor":        func(a, b *World) { a.Noise = b.Noise },
		"steady":              func(_, _ *World) {},
	}
	for _, s := range Streams(1, 1) {
		for _, w := range s.Windows {
			got := w.World
			same[s.Name](&got, &s.Windows[0].World)
			if diff := cmp.Diff(s.Windows[0].World, got); diff != "" {
				t.Errorf("%s, %s: %s", s.Name, w.Name, diff)
			}
		}
	}
}

func TestStreamItemByIndex(t *testing.T) {
	s := NoisySensor(3, 4)
	for _, i := range []int{39, 0, 17} {
		item, err := s.Item(i)
		if err != nil {
			t.Fatal(err)
		}
		want := sample(t, s.Windows[i/4].World, 3, uint64(i))
		if diff := cmp.Diff(want, item.Spec); diff != "" || item.Window != i/4 {
			t.Errorf("item %d in window %d: %s", i, item.Window, diff)
		}
	}
	for _, i := range []int{-1, 40} {
		if _, err := s.Item(i); err == nil || !strings.Contains(err.Error(), "want 0 to 39") {
			t.Errorf("item %d: error %v", i, err)
		}
	}
	s.Windows[2].World.Print = -1
	if _, err := s.Item(9); err == nil || !strings.Contains(err.Error(), `window "2024-06-03"`) {
		t.Errorf("error %v does not name the window", err)
	}
	items := 0
	for _, err := range s.All() {
		items++
		if err != nil && items != 9 {
			t.Errorf("error after %d items", items)
		}
	}
	if items != 9 {
		t.Errorf("%d items, want the eight good ones and the error", items)
	}
}
