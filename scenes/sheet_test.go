package scenes

import (
	"image"
	"image/draw"
	"image/png"
	"os"
	"testing"
)

// sheetFile shows every category, and below them scenes as they come.
const sheetFile = "../docs/images/scenes.png"

// contactSheet draws the categories nine in a row, with every background,
// colour and pattern in turn, and then two rows of sampled scenes.
func contactSheet(t *testing.T) *image.RGBA {
	const across, side, large, gap = 9, 94, 142, 2
	width := across*(side+gap) - gap
	out := image.NewRGBA(image.Rect(0, 0, width, 4*(side+gap)+2*(large+gap)-gap))
	draw.Draw(out, out.Rect, image.White, image.Point{}, draw.Src)
	put := func(s Spec, size, x, y int) {
		draw.Draw(out, image.Rect(x, y, x+size, y+size), render(t, s, size).Image, image.Point{}, draw.Src)
	}
	for k, c := range Categories() {
		s := sample(t, DefaultWorld().Single().Only(c), 7, uint64(c))
		s.Background = Background(k % NumBackgrounds)
		o := &s.Objects[0]
		o.X, o.Y, o.Size, o.Colour = 0.5, 0.5, 0.86, Colour((k*3+k/10)%NumColours)
		put(s, side, k%across*(side+gap), k/across*(side+gap))
	}
	for k := range 12 {
		w := DefaultWorld()
		w.Counts = [1 + MaxObjects]float64{0, 0, 2, 2, 1}
		put(sample(t, w, 1, uint64(k)), large, k%6*(large+gap), 4*(side+gap)+k/6*(large+gap))
	}
	for i := range out.Pix {
		if i%4 != 3 {
			out.Pix[i] = out.Pix[i]&^7 | out.Pix[i]>>5 // fewer tones make a smaller file
		}
	}
	return out
}

// The sheet in the documentation shows what is rendered today.
func TestContactSheet(t *testing.T) {
	want := contactSheet(t)
	if *update {
		f, err := os.Create(sheetFile)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		best := png.Encoder{CompressionLevel: png.BestCompression}
		if err := best.Encode(f, want); err != nil {
			t.Fatal(err)
		}
		return
	}
	samePixels(t, sheetFile, want, readImage(t, sheetFile))
}
