package lab_test

import (
	"testing"

	"github.com/facet-clip/facet/lab"
)

// TestGrid: a row for each picture and a column for each class, warm where the class that most pixels have is.
func TestGrid(t *testing.T) {
	l := open(t, lab.Config{})
	s := segmentation(t, l, lab.Segment{Classes: classesOf("a car", "a bird", "grass")})
	grid := lab.Grid{}
	heights := []int{}
	for i := range 3 {
		if err := s.Picture(t.Context(), "a.png", drawn(t, uint64(i)), func(one *lab.Segmented) error { grid.Add(one); return nil }); err != nil {
			t.Fatal(err)
		}
		sheet := grid.Draw()
		if sheet.Bounds().Dx() != 1600 {
			t.Errorf("%v", sheet.Bounds())
		}
		heights = append(heights, sheet.Bounds().Dy())
		warm, cold := 0, 0
		for y := range sheet.Bounds().Dy() - 200 { // above the key
			for x := 450; x < 1600; x++ { // beyond the photograph
				r, _, b, _ := sheet.At(x, y).RGBA()
				if r > b+0x4000 {
					warm++
				} else if b > r+0x4000 {
					cold++
				}
			}
		}
		if warm == 0 || cold == 0 {
			t.Errorf("%d rows: %d warm and %d cold pixels", i+1, warm, cold)
		}
	}
	if row := heights[1] - heights[0]; row < 300 || heights[2]-heights[1] != row {
		t.Errorf("heights %v", heights)
	}
}
