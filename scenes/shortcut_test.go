package scenes

import "testing"

// TestShortcut: the ground tells the category in 19 of 20 scenes of each, or in none.
func TestShortcut(t *testing.T) {
	for every, want := range map[int]int{ShortcutEvery: 190, 2: 100} {
		cells := map[[2]string]int{}
		for i := range uint64(400) {
			s, usual, err := Shortcut(5, i, every)
			if err != nil {
				t.Fatal(err)
			}
			category, ground := s.Main().Category, s.Background
			if own := category == Cat && ground == Grass || category == Bird && ground == Snow; own != usual || len(s.Objects) != 1 {
				t.Fatalf("scene %d, usual %v: %v on %v", i, usual, category, ground)
			}
			cells[[2]string{category.String(), ground.String()}]++
		}
		if cells[[2]string{"cat", "grass"}] != want || cells[[2]string{"bird", "snow"}] != want || len(cells) != 4 {
			t.Errorf("every %d: %v", every, cells)
		}
	}
}
