package lab_test

import (
	"errors"
	"math"
	"testing"

	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/lab/labtest"
)

// TestPlaces: places, class token and constant sum to the total, and the maps of all pairs of a word are those of the picture.
func TestPlaces(t *testing.T) {
	l := open(t, lab.Config{})
	a, err := l.Places(t.Context(), lab.Explain{Picture: "a scene", Image: picture(t, 0), Text: "a castle", Against: "a cat"})
	if err != nil {
		t.Fatal(err)
	}
	sum := a.ClassToken + a.Constant
	for _, v := range a.Amounts {
		sum += float64(v)
	}
	labtest.Near(t, "places, class token and constant", sum, a.Total, 1e-4)
	if len(a.Amounts) != a.Grid[0]*a.Grid[1] || len(a.Pairs) == 0 || len(a.Words) == 0 {
		t.Fatalf("%d places on a grid of %v, %d pairs, %d words", len(a.Amounts), a.Grid, len(a.Pairs), len(a.Words))
	}
	for i, p := range a.Pairs {
		if i > 0 && math.Abs(p.Amount) > math.Abs(a.Pairs[i-1].Amount) {
			t.Errorf("pair %d is out of order", i)
		}
	}
	if _, err := l.Places(t.Context(), lab.Explain{Picture: "a scene", Image: picture(t, 0), Text: "a", Contrast: "b.png"}); !errors.Is(err, lab.ErrQuestion) {
		t.Errorf("against another picture: %v", err)
	}
}
