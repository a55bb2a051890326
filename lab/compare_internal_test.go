package lab

import (
	"testing"

	"github.com/facet-clip/facet/dataset"
)

// TestDaysByOffset: a time is grouped by the day on which it was taken, where it was taken.
func TestDaysByOffset(t *testing.T) {
	for text, want := range map[string]string{
		"2026-01-02T00:30:00+02:00": "2026-01-02", // in UTC it is still the first
		"2026-01-02 23:30:00-05:00": "2026-01-02", // in UTC it is already the third
		"2026-01-02T23:59:59Z":      "2026-01-02",
	} {
		at, err := dataset.RFC3339.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := groupKeys["time:day"](dataset.Item{Time: at}); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	if got := groupKeys["time:day"](dataset.Item{}); got != "" {
		t.Errorf("no time: %q", got)
	}
}
