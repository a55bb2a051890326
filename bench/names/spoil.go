package main

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"math/rand/v2"

	xdraw "golang.org/x/image/draw"

	"github.com/facet-clip/facet/scenes"
)

// change is something that happens to a stream of scenes, and the names that are right for it; none where no word and no quality fits.
type change struct {
	name  string
	want  []string
	world func(w *scenes.World)
	scene func(s *scenes.Spec)
	spoil func(img *image.RGBA, random *rand.Rand) *image.RGBA
}

// snowless is the world of the reference: without snow, so that snow can come.
func snowless() scenes.World {
	w := scenes.DefaultWorld()
	w.Backgrounds[scenes.Snow] = 0
	return w
}

// share sets a weight so that it is a share of the others' sum.
func share(weights []float64, at int, of float64) {
	rest := 0.0
	for i, w := range weights {
		if i != at {
			rest += w
		}
	}
	weights[at] = rest * of / (1 - of)
}

func changes() []change {
	background := func(b scenes.Background, of float64) func(*scenes.World) {
		return func(w *scenes.World) { share(w.Backgrounds[:], int(b), of) }
	}
	colour := func(c scenes.Colour, of float64) func(*scenes.World) {
		return func(w *scenes.World) { share(w.Colours[:], int(c), of) }
	}
	category := func(c scenes.Category, of float64) func(*scenes.World) {
		return func(w *scenes.World) { share(w.Categories[:], int(c), of) }
	}
	return []change{
		{name: "no change"},
		{name: "snow on 35 % of the grounds", want: []string{"more snow"}, world: background(scenes.Snow, 0.35)},
		{name: "a third of the grounds at night", want: []string{"more night sky"}, world: background(scenes.Night, 0.35)},
		{name: "yellow: 40 % of the objects", want: []string{"more yellow"}, world: colour(scenes.Yellow, 0.4)},
		{name: "no red objects", want: []string{"less red"}, world: colour(scenes.Red, 0)},
		{name: "cats: 30 % of the objects", want: []string{"more cat"}, world: category(scenes.Cat, 0.3)},
		{name: "buses: 30 % of the objects", want: []string{"more bus"}, world: category(scenes.Bus, 0.3)},
		{name: "noise of 25 levels", want: []string{"more noise"}, world: func(w *scenes.World) { w.Noise = 25 }},
		{name: "box blur of 5 pixels", want: []string{"more blur"}, spoil: always(boxBlur(2))},
		{name: "0.6 times as bright", want: []string{"less brightness"}, spoil: always(times(0.6))},
		{name: "half the contrast", want: []string{"less contrast"}, spoil: always(flatter(0.5))},
		{name: "half of the pictures grey", want: []string{"less colour"}, spoil: some(0.5, grey)},
		{name: "all pictures grey", want: []string{"less colour"}, spoil: always(grey)},
		{name: "objects at 0.6 of their size", want: []string{"less zoom"}, scene: smaller(0.6)},
		{name: "zoom by 1.6", want: []string{"more zoom"}, spoil: always(mapped(scaled(1 / 1.6)))},
		{name: "from afar: 0.65, mirrored borders", want: []string{"less zoom"}, spoil: always(mapped(scaled(1 / 0.65)))},
		{name: "turned by 90°", want: []string{"more rotation"}, spoil: always(mapped(turned(90)))},
		{name: "turned by 180°", want: []string{"more rotation"}, spoil: always(mapped(turned(180)))},
		{name: "tilted by up to 40°", want: []string{"more rotation"}, spoil: tilted(40)},
		{name: "upside down (mirrored)", want: []string{"more rotation"}, spoil: always(mapped(func(x, y float64) (float64, float64) { return x, -y }))},
		{name: "a black box over a fifth", want: []string{"more occlusion"}, spoil: box(0.45, 0)},
		{name: "a grey disc over a fifth", want: []string{"more occlusion"}, spoil: disc(0.25, 128)},
		{name: "a third of the frames blank", want: []string{"more blank frames"}, spoil: some(0.33, blank)},
		{name: "nothing fits: tiles shuffled", spoil: jigsaw(4)},
		{name: "nothing fits: waves", spoil: always(mapped(waves))},
		{name: "nothing fits: a swirl", spoil: always(mapped(swirl))},
		{name: "nothing fits: inverted colours", spoil: always(inverted)},
		{name: "nothing fits: a grid of lines", spoil: always(gridLines)},
		{name: "nothing fits: two pictures in one", spoil: always(mapped(twice))},
		{name: "nothing fits: posterised", spoil: always(posterised)},
		{name: "nothing fits: fisheye", spoil: always(mapped(fisheye))},
	}
}

func always(f func(*image.RGBA) *image.RGBA) func(*image.RGBA, *rand.Rand) *image.RGBA {
	return func(img *image.RGBA, _ *rand.Rand) *image.RGBA { return f(img) }
}

func some(share float64, f func(*image.RGBA) *image.RGBA) func(*image.RGBA, *rand.Rand) *image.RGBA {
	return func(img *image.RGBA, random *rand.Rand) *image.RGBA {
		if random.Float64() < share {
			return f(img)
		}
		return img
	}
}

func smaller(by float64) func(*scenes.Spec) {
	return func(s *scenes.Spec) {
		for i := range s.Objects {
			s.Objects[i].Size *= by
		}
	}
}

// pixels gives a picture whose colours are f of the old ones.
func pixels(img *image.RGBA, f func(x, y int, c color.RGBA) color.RGBA) *image.RGBA {
	out := image.NewRGBA(img.Rect)
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			out.SetRGBA(x, y, f(x, y, img.RGBAAt(x, y)))
		}
	}
	return out
}

// mapped takes each pixel from where f says, in −1 … 1, bilinearly; beyond the border the picture is mirrored.
func mapped(f func(x, y float64) (float64, float64)) func(*image.RGBA) *image.RGBA {
	return func(img *image.RGBA) *image.RGBA {
		half := float64(img.Rect.Dx()-1) / 2
		return pixels(img, func(x, y int, _ color.RGBA) color.RGBA {
			u, v := f(float64(x)/half-1, float64(y)/half-1)
			return between(img, (mirror(u)+1)*half, (mirror(v)+1)*half)
		})
	}
}

func mirror(v float64) float64 {
	v = math.Mod(math.Abs(v+1), 4)
	if v > 2 {
		v = 4 - v
	}
	return v - 1
}

func between(img *image.RGBA, x, y float64) color.RGBA {
	last := img.Rect.Dx() - 1
	x0, y0 := min(int(x), last-1), min(int(y), last-1)
	fx, fy := x-float64(x0), y-float64(y0)
	var out [3]float64
	for k, w := range [4]float64{(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy} {
		c := img.RGBAAt(x0+k%2, y0+k/2)
		out[0], out[1], out[2] = out[0]+w*float64(c.R), out[1]+w*float64(c.G), out[2]+w*float64(c.B)
	}
	return color.RGBA{uint8(out[0] + 0.5), uint8(out[1] + 0.5), uint8(out[2] + 0.5), 255}
}

func scaled(by float64) func(x, y float64) (float64, float64) {
	return func(x, y float64) (float64, float64) { return by * x, by * y }
}

func turned(degrees float64) func(x, y float64) (float64, float64) {
	s, c := math.Sincos(degrees * math.Pi / 180)
	return func(x, y float64) (float64, float64) { return c*x - s*y, s*x + c*y }
}

func tilted(most float64) func(*image.RGBA, *rand.Rand) *image.RGBA {
	return func(img *image.RGBA, random *rand.Rand) *image.RGBA {
		return mapped(turned(most * (2*random.Float64() - 1)))(img)
	}
}

func waves(x, y float64) (float64, float64) {
	return x + 0.12*math.Sin(9*y), y + 0.12*math.Sin(9*x)
}

func swirl(x, y float64) (float64, float64) {
	return turned(200*math.Max(0, 1-math.Hypot(x, y)))(x, y)
}

func twice(x, y float64) (float64, float64) {
	if x < 0 {
		return 2*x + 1, y
	}
	return 2*x - 1, y
}

func fisheye(x, y float64) (float64, float64) {
	r := math.Hypot(x, y) / math.Sqrt2
	return x * (0.25 + 0.75*r*r), y * (0.25 + 0.75*r*r)
}

func times(by float64) func(*image.RGBA) *image.RGBA {
	return func(img *image.RGBA) *image.RGBA {
		dim := func(v uint8) uint8 { return uint8(by*float64(v) + 0.5) }
		return pixels(img, func(_, _ int, c color.RGBA) color.RGBA { return color.RGBA{dim(c.R), dim(c.G), dim(c.B), 255} })
	}
}

func flatter(by float64) func(*image.RGBA) *image.RGBA {
	return func(img *image.RGBA) *image.RGBA {
		mid := average(img)
		move := func(v, to uint8) uint8 { return uint8(float64(to) + by*(float64(v)-float64(to)) + 0.5) }
		return pixels(img, func(_, _ int, c color.RGBA) color.RGBA {
			return color.RGBA{move(c.R, mid.R), move(c.G, mid.G), move(c.B, mid.B), 255}
		})
	}
}

func grey(img *image.RGBA) *image.RGBA {
	return pixels(img, func(_, _ int, c color.RGBA) color.RGBA {
		g := uint8((2*int(c.R) + 5*int(c.G) + int(c.B)) / 8)
		return color.RGBA{g, g, g, 255}
	})
}

func inverted(img *image.RGBA) *image.RGBA {
	return pixels(img, func(_, _ int, c color.RGBA) color.RGBA { return color.RGBA{255 - c.R, 255 - c.G, 255 - c.B, 255} })
}

func posterised(img *image.RGBA) *image.RGBA {
	step := func(v uint8) uint8 { return uint8(int(v)/86*127 + min(int(v)/86, 1)) }
	return pixels(img, func(_, _ int, c color.RGBA) color.RGBA { return color.RGBA{step(c.R), step(c.G), step(c.B), 255} })
}

func gridLines(img *image.RGBA) *image.RGBA {
	return pixels(img, func(x, y int, c color.RGBA) color.RGBA {
		if x%24 < 3 || y%24 < 3 {
			return color.RGBA{230, 60, 200, 255}
		}
		return c
	})
}

func average(img *image.RGBA) color.RGBA {
	var sum [3]int
	for i, v := range img.Pix {
		if i%4 < 3 {
			sum[i%4] += int(v)
		}
	}
	n := len(img.Pix) / 4
	return color.RGBA{uint8(sum[0] / n), uint8(sum[1] / n), uint8(sum[2] / n), 255}
}

func blank(img *image.RGBA) *image.RGBA {
	out := image.NewRGBA(img.Rect)
	draw.Draw(out, out.Rect, image.NewUniform(color.RGBA{20, 24, 28, 255}), image.Point{}, draw.Src)
	return out
}

func box(side float64, level uint8) func(*image.RGBA, *rand.Rand) *image.RGBA {
	return func(img *image.RGBA, random *rand.Rand) *image.RGBA {
		out, size := pixels(img, func(_, _ int, c color.RGBA) color.RGBA { return c }), img.Rect.Dx()
		w := int(side * float64(size))
		at := image.Pt(random.IntN(size-w), random.IntN(size-w))
		draw.Draw(out, image.Rectangle{at, at.Add(image.Pt(w, w))}, image.NewUniform(color.RGBA{level, level, level, 255}), image.Point{}, draw.Src)
		return out
	}
}

func disc(radius float64, level uint8) func(*image.RGBA, *rand.Rand) *image.RGBA {
	return func(img *image.RGBA, random *rand.Rand) *image.RGBA {
		size := float64(img.Rect.Dx())
		cx, cy, r := size*(0.25+0.5*random.Float64()), size*(0.25+0.5*random.Float64()), radius*size
		return pixels(img, func(x, y int, c color.RGBA) color.RGBA {
			if math.Hypot(float64(x)-cx, float64(y)-cy) < r {
				return color.RGBA{level, level, level, 255}
			}
			return c
		})
	}
}

func boxBlur(reach int) func(*image.RGBA) *image.RGBA {
	return func(img *image.RGBA) *image.RGBA {
		last := img.Rect.Dx() - 1
		return pixels(img, func(x, y int, _ color.RGBA) color.RGBA {
			var sum [3]int
			n := 0
			for dy := -reach; dy <= reach; dy++ {
				for dx := -reach; dx <= reach; dx++ {
					c := img.RGBAAt(min(max(x+dx, 0), last), min(max(y+dy, 0), last))
					sum[0], sum[1], sum[2], n = sum[0]+int(c.R), sum[1]+int(c.G), sum[2]+int(c.B), n+1
				}
			}
			return color.RGBA{uint8(sum[0] / n), uint8(sum[1] / n), uint8(sum[2] / n), 255}
		})
	}
}

func jigsaw(n int) func(*image.RGBA, *rand.Rand) *image.RGBA {
	return func(img *image.RGBA, random *rand.Rand) *image.RGBA {
		out, side := image.NewRGBA(img.Rect), img.Rect.Dx()/n
		for k, from := range random.Perm(n * n) {
			at := image.Pt(k%n*side, k/n*side)
			xdraw.Copy(out, at, img, image.Rect(from%n*side, from/n*side, (from%n+1)*side, (from/n+1)*side), draw.Src, nil)
		}
		return out
	}
}
