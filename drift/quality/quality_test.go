package quality

import (
	"bytes"
	"context"
	"errors"
	"image"
	"math"
	"math/rand/v2"
	"testing"
)

// picture is a smooth gradient of colours with a dark square and some texture.
func picture() *image.RGBA {
	const size = 192
	random := rand.New(rand.NewPCG(1, 2))
	img := image.NewRGBA(image.Rect(0, 0, size, size))
	for y := range size {
		for x := range size {
			r, g, b := 60+float64(x)*0.6, 200-float64(y)*0.6, 90+float64(x+y)*0.3
			if x > 60 && x < 120 && y > 60 && y < 120 {
				r, g, b = r/2, g/2, b/2
			}
			t := 4 * random.NormFloat64()
			p := img.Pix[img.PixOffset(x, y):]
			p[0], p[1], p[2], p[3] = level(r+t), level(g+t), level(b+t), 255
		}
	}
	return img
}

// grid are the grey levels of a picture.
func grid(img *image.RGBA) [][]float64 {
	out := make([][]float64, img.Rect.Dy())
	for y := range out {
		for x := range img.Rect.Dx() {
			p := img.Pix[img.PixOffset(x, y):]
			out[y] = append(out[y], luma(float64(p[0]), float64(p[1]), float64(p[2])))
		}
	}
	return out
}

// roughness is the mean squared difference of neighbours in a row.
func roughness(img *image.RGBA) float64 {
	sum, n := 0.0, 0.0
	for _, row := range grid(img) {
		for x := 1; x < len(row); x++ {
			sum, n = sum+(row[x]-row[x-1])*(row[x]-row[x-1]), n+1
		}
	}
	return sum / n
}

func spread(img *image.RGBA) float64 {
	mean, sum, n := meanGrey(img), 0.0, 0.0
	for _, row := range grid(img) {
		for _, v := range row {
			sum, n = sum+(v-mean)*(v-mean), n+1
		}
	}
	return math.Sqrt(sum / n)
}

// colourfulness is the mean distance of red and blue.
func colourfulness(img *image.RGBA) float64 {
	sum := 0.0
	for i := 0; i < len(img.Pix); i += 4 {
		sum += math.Abs(float64(img.Pix[i]) - float64(img.Pix[i+2]))
	}
	return sum / float64(len(img.Pix)/4)
}

// size is how many places are of the dark square.
func size(img *image.RGBA) (n float64) {
	for _, row := range grid(img) {
		for _, v := range row {
			if v < 75 {
				n++
			}
		}
	}
	return n
}

// lean is how far a picture is from the one that was not turned.
func lean(img *image.RGBA) (sum float64) {
	before := grid(picture())
	for y, row := range grid(img) {
		for x, v := range row {
			sum += math.Abs(v - before[y][x])
		}
	}
	return sum
}

// flatness is the share of neighbours in a row that are equal.
func flatness(img *image.RGBA) float64 {
	same, n := 0.0, 0.0
	for _, row := range grid(img) {
		for x := 1; x < len(row); x++ {
			if n++; row[x] == row[x-1] {
				same++
			}
		}
	}
	return same / n
}

// blocks is how much larger steps between columns are at the borders of JPEG's blocks than elsewhere.
func blocks(img *image.RGBA) float64 {
	var border, inside, m, n float64
	for _, row := range grid(img) {
		for x := 1; x < len(row); x++ {
			if d := math.Abs(row[x] - row[x-1]); x%8 == 0 {
				border, m = border+d, m+1
			} else {
				inside, n = inside+d, n+1
			}
		}
	}
	return border / m / math.Max(inside/n, 0.1)
}

// TestEachQualityIsWhatItSays measures on the pixels that there is more of it.
func TestEachQualityIsWhatItSays(t *testing.T) {
	measures := map[string]func(*image.RGBA) float64{
		"noise":          roughness,
		"blur":           func(img *image.RGBA) float64 { return -roughness(img) },
		"brightness":     meanGrey,
		"contrast":       spread,
		"colour":         colourfulness,
		"JPEG artefacts": blocks,
		"zoom":           size,
		"rotation":       lean,
		"mirroring":      lean,
		"occlusion":      flatness,
		"blank frames":   flatness,
	}
	img := picture()
	before := bytes.Clone(img.Pix)
	for _, q := range All() {
		less, more, err := q.Vary(img)
		if err != nil {
			t.Fatal(err)
		}
		measure := measures[q.Name]
		if measure == nil {
			t.Fatalf("%s: no measure", q.Name)
		}
		if l, m := measure(less), measure(more); !(m > l+0.03*math.Abs(l)) {
			t.Errorf("%s (%s): %g with less of it, %g with more", q.Name, q.Way, l, m)
		}
		_, again, err := q.Vary(img)
		if err != nil || !bytes.Equal(more.Pix, again.Pix) {
			t.Errorf("%s is not the same twice (%v)", q.Name, err)
		}
		if !bytes.Equal(before, img.Pix) {
			t.Fatalf("%s changed the picture itself", q.Name)
		}
	}
}

// TestNoiseIsASensors checks its variance in the dark and in the light.
func TestNoiseIsASensors(t *testing.T) {
	for _, grey := range []uint8{40, 160} {
		img := image.NewRGBA(image.Rect(0, 0, 100, 100))
		for i := range img.Pix {
			img.Pix[i] = grey
		}
		noisy, err := noise(16)(img)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for i := 0; i < len(noisy.Pix); i += 4 {
			for _, v := range noisy.Pix[i : i+3] {
				sum += (float64(v) - float64(grey)) * (float64(v) - float64(grey))
			}
		}
		got, want := sum/30_000, 16*16*(dark+2*(1-dark)*float64(grey)/255)
		if math.Abs(got-want) > 0.05*want { // six standard errors of a variance of 30,000
			t.Errorf("variance at grey level %d: %g, expected %g", grey, got, want)
		}
	}
}

func TestMeasure(t *testing.T) {
	q := Unmeasured(1)
	mean := func(_ context.Context, pictures []*image.RGBA) (out []float32, err error) {
		for _, p := range pictures {
			out = append(out, float32(meanGrey(p)))
		}
		return out, nil
	}
	for range 2 {
		if err := Measure(t.Context(), picture(), mean, q); err != nil {
			t.Fatal(err)
		}
	}
	grey := meanGrey(picture())
	for i, want := range map[int]float64{3: 0, 4: 0, 5: (255 - grey) / 3, 6: grey / 3} { // blur, twice; brightness, up to white and up from black
		if q[i].Pictures != 2 || math.Abs(float64(q[i].Shift[0])-want) > 1 {
			t.Errorf("%s (%s) moves the mean grey by %v over %d pictures, expected %v over 2", q[i].Name, q[i].Way, q[i].Shift[0], q[i].Pictures, want)
		}
	}
	broken := errors.New("broken")
	if err := Measure(t.Context(), picture(), func(context.Context, []*image.RGBA) ([]float32, error) { return nil, broken }, q); !errors.Is(err, broken) {
		t.Errorf("a model that fails: %v", err)
	}
}
