package lab_test

import (
	"testing"

	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/scenes"
)

// BenchmarkSegment is what a question costs before the first picture: in a lab that knows nothing yet, and again in the same lab.
func BenchmarkSegment(b *testing.B) {
	var names []string
	for _, c := range scenes.Categories() {
		names = append(names, c.String())
	}
	q := lab.Segment{Classes: classesOf(names...)}
	prepare := func(b *testing.B, l *lab.Lab) {
		if _, err := l.Segment(b.Context(), q); err != nil {
			b.Fatal(err)
		}
	}
	fresh := func(b *testing.B) *lab.Lab {
		l, err := lab.Open(b.Context(), lab.Config{Cache: b.TempDir()})
		if err != nil {
			b.Fatal(err)
		}
		return l
	}
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			l := fresh(b)
			prepare(b, l)
			l.Close()
		}
	})
	b.Run("again", func(b *testing.B) {
		l := fresh(b)
		defer l.Close()
		prepare(b, l)
		for b.Loop() {
			prepare(b, l)
		}
	})
}
