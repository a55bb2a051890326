package segment

import (
	"image/color"
	"testing"
)

// TestShown: a class's colour is no grey, and unlike that of the classes next to it.
func TestShown(t *testing.T) {
	apart := func(a, b color.RGBA) int {
		sum := 0
		for _, d := range []int{int(a.R) - int(b.R), int(a.G) - int(b.G), int(a.B) - int(b.B)} {
			sum += max(d, -d)
		}
		return sum
	}
	for class := range 300 {
		c := Shown(class)
		if least, most := min(c.R, c.G, c.B), max(c.R, c.G, c.B); most-least < 60 || most < 100 {
			t.Errorf("class %d is shown in %v", class, c)
		}
		for other := range min(class, 12) {
			if class < 12 && apart(c, Shown(other)) < 50 {
				t.Errorf("classes %d and %d are shown in %v and %v", other, class, Shown(other), c)
			}
		}
	}
}
