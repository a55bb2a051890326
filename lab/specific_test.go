package lab_test

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/drift/store"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/scenes"
)

// change is what happens to scenes: to how they are planned, or to their pictures.
type change struct {
	snow float64
	plan func(*scenes.Spec)
	spot func(k int, img *image.RGBA, x, y int) color.RGBA // the colour of a place
}

// changed writes n scenes of a world without snow, changed, into a folder.
func changed(t *testing.T, seed uint64, n int, c change) string {
	t.Helper()
	const size = 96
	w, dir := scenes.DefaultWorld(), t.TempDir()
	w.Backgrounds[scenes.Snow] = c.snow
	for k := range n {
		spec, err := scenes.Sample(w, seed, uint64(k))
		if err != nil {
			t.Fatal(err)
		}
		if c.plan != nil {
			c.plan(&spec)
		}
		s, err := scenes.Render(spec, size)
		if err != nil {
			t.Fatal(err)
		}
		img := s.Image
		if c.spot != nil {
			img = image.NewRGBA(s.Image.Rect)
			for i := range size * size {
				img.SetRGBA(i%size, i/size, c.spot(k, s.Image, i%size, i/size))
			}
		}
		f, err := os.Create(filepath.Join(dir, fmt.Sprintf("%d-%d.png", seed, k)))
		if err != nil {
			t.Fatal(err)
		}
		if err := png.Encode(f, img); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	return dir
}

// TestWatchedTextsAreSpecific: what moves every text is not called a change of the texts that are watched, and snow that comes is.
func TestWatchedTextsAreSpecific(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: encodes some thousand scenes")
	}
	l := open(t, lab.Config{})
	dir := filepath.Join(t.TempDir(), "p")
	texts := []string{"snow", "a cat"}
	if _, err := l.Profile(t.Context(), lab.Profile{Source: images(t, changed(t, 1, 400, change{}), 0), Folder: dir, Watch: texts, Vary: -1}); err != nil {
		t.Fatal(err)
	}
	const n = 96
	moved := 0
	for name, c := range map[string]change{
		"smaller objects": {plan: func(s *scenes.Spec) {
			for i := range s.Objects {
				s.Objects[i].Size *= 0.6
			}
		}},
		"zoom":   {spot: func(_ int, img *image.RGBA, x, y int) color.RGBA { return img.RGBAAt(x*5/8+n*3/16, y*5/8+n*3/16) }},
		"turned": {spot: func(_ int, img *image.RGBA, x, y int) color.RGBA { return img.RGBAAt(y, n-1-x) }},
		"half grey": {spot: func(k int, img *image.RGBA, x, y int) color.RGBA {
			c := img.RGBAAt(x, y)
			if k%2 == 0 {
				g := color.GrayModel.Convert(c).(color.Gray).Y
				c = color.RGBA{g, g, g, 255}
			}
			return c
		}},
		"snow": {snow: 20},
	} {
		r, err := l.Compare(t.Context(), lab.Compare{Profile: dir, Source: images(t, changed(t, 2, 200, c), 0)})
		if err != nil {
			t.Fatal(err)
		}
		if said := alerted(t, l, dir, changed(t, 3, 200, c)); slices.Contains(said, "a cat") || slices.Contains(said, "snow") != (name == "snow") || len(said) == 0 {
			t.Errorf("%s: alerts of %q", name, said)
		}
		for _, w := range r.Watched {
			if *w.P <= r.Level && !w.Changed {
				moved++
			}
			if want := name == "snow" && w.Text == "snow"; w.Changed != want {
				t.Errorf("%s: %q is called changed: %v (p %.3g, %+v)", name, w.Text, w.Changed, *w.P, *w.Specific)
			}
		}
	}
	if moved == 0 {
		t.Error("no text moved without being specific: nothing was tested")
	}
}

// alerted is what alerts say of a stream of the pictures of a folder.
func alerted(t *testing.T, l *lab.Lab, profile, dir string) (said []string) {
	t.Helper()
	w, err := l.Watch(t.Context(), lab.Watch{
		Profile: profile, Store: filepath.Join(t.TempDir(), "drift.db"), Window: store.Rule{Images: 100}, Closed: func(w answer.Window) {
			for _, a := range w.Alerts {
				said = append(said, a.New...)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Store.Close()
	if err := w.Run(t.Context(), w.Items(images(t, dir, 0).Items(t.Context(), 0), func(int) {})); err != nil {
		t.Fatal(err)
	}
	return said
}

// TestFewAreNamed: a watched text is told by its name when few images have it, too few to move the mean of all.
func TestFewAreNamed(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: encodes some thousand scenes")
	}
	l := open(t, lab.Config{})
	dir := filepath.Join(t.TempDir(), "p")
	if _, err := l.Profile(t.Context(), lab.Profile{Source: images(t, changed(t, 1, 1000, change{}), 0), Folder: dir, Watch: []string{"snow", "a cat"}, Vary: 20}); err != nil {
		t.Fatal(err)
	}
	few := change{plan: func(s *scenes.Spec) {
		if s.Texture%25 == 0 {
			s.Background = scenes.Snow
		}
	}}
	if said := alerted(t, l, dir, changed(t, 2, 400, few)); !slices.Equal(said, []string{"snow"}) {
		t.Errorf("alerts of %q", said)
	}
}
