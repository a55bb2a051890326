package scenes

import (
	"fmt"
	"math"
)

// World is the distribution scenes are drawn from. Weights are relative, so
// only their proportions matter; 0 means never.
type World struct {
	Categories  [1 + NumCategories]float64 // of each object; entry 0 is ignored
	Colours     [NumColours]float64
	Patterns    [NumPatterns]float64
	Backgrounds [NumBackgrounds]float64
	Counts      [1 + MaxObjects]float64 // of 1 to 4 objects; entry 0 is ignored
	Print       float64                 // the chance that a carrier carries
	Noise       int                     // of every scene, see [Spec.Noise]
}

// DefaultWorld returns the even-handed world: every category, colour and
// background alike; half of the objects plain; most scenes with one or two objects; three carriers in five carry.
func DefaultWorld() World {
	var w World
	for i := range w.Categories {
		w.Categories[i] = 1
	}
	for i := range w.Colours {
		w.Colours[i] = 1
	}
	for i := range w.Backgrounds {
		w.Backgrounds[i] = 1
	}
	w.Patterns = [NumPatterns]float64{Plain: 3, Striped: 1, Dotted: 1, Checked: 1}
	w.Counts = [1 + MaxObjects]float64{0, 4, 3, 2, 1}
	w.Print = 0.6
	return w
}

// Only returns the world with nothing but the given categories, equally likely.
func (w World) Only(categories ...Category) World {
	w.Categories = [1 + NumCategories]float64{}
	for _, c := range categories {
		if c.Valid() {
			w.Categories[c] = 1
		}
	}
	return w
}

// Single returns the world with one object in every scene.
func (w World) Single() World {
	w.Counts = [1 + MaxObjects]float64{0, 1}
	return w
}

// Validate says what keeps scenes from being drawn from the world, if anything does.
func (w World) Validate() error {
	for _, part := range []struct {
		name    string
		weights []float64
	}{
		{"category", w.Categories[1:]}, {"colour", w.Colours[:]}, {"pattern", w.Patterns[:]},
		{"background", w.Backgrounds[:]}, {"object count", w.Counts[1:]},
	} {
		if err := checkWeights(part.weights); err != nil {
			return fmt.Errorf("scenes: %s weights: %w", part.name, err)
		}
	}
	if !(w.Print >= 0 && w.Print <= 1) {
		return fmt.Errorf("scenes: chance of a print %v: want 0 to 1", w.Print)
	}
	if w.Noise < 0 || w.Noise > maxNoise {
		return fmt.Errorf("scenes: noise %d: want 0 to %d", w.Noise, maxNoise)
	}
	return nil
}

// checkWeights wants finite weights, none negative, one of them positive.
func checkWeights(weights []float64) error {
	total := 0.0
	for _, v := range weights {
		if !(v >= 0) || math.IsInf(v, 1) {
			return fmt.Errorf("weight %v: want a finite number from 0 on", v)
		}
		total += v
	}
	if math.IsInf(total, 1) {
		return fmt.Errorf("their sum is too large")
	}
	if total == 0 {
		return fmt.Errorf("all are 0: want at least one positive")
	}
	return nil
}

// Sample draws scene index of the world's scenes under seed, captions
// included. It depends on nothing else. It fails on a world that [World.Validate] rejects.
func Sample(w World, seed, index uint64) (Spec, error) {
	if err := w.Validate(); err != nil {
		return Spec{}, err
	}
	d := newDice(seed, index, domainSpec)
	w.Categories[NoCategory], w.Counts[0] = 0, 0
	s := Spec{
		Background: Background(d.weighted(w.Backgrounds[:])),
		Texture:    d.pcg.Uint64(),
		Noise:      w.Noise,
	}
	n := d.weighted(w.Counts[:])
	for range n {
		s.Objects = append(s.Objects, w.object(d, len(s.Objects), n))
	}
	arrange(d, s.Objects)
	s.Captions = captions(s, newDice(seed, index, domainCaption))
	return s, nil
}

// sizes are the range of the longer side of the k-th of n objects, as fractions of the picture.
func sizes(k, n int) (lo, hi float64) {
	switch {
	case n == 1:
		return 0.42, 0.86
	case k == 0:
		return 0.48, 0.6
	case n == 2:
		return 0.32, 0.46
	default:
		return 0.28, 0.4
	}
}

// object draws the k-th of n objects, not placed yet.
func (w World) object(d *dice, k, n int) Object {
	lo, hi := sizes(k, n)
	o := Object{
		Category: Category(d.weighted(w.Categories[:])),
		Colour:   Colour(d.weighted(w.Colours[:])),
		Pattern:  Pattern(d.weighted(w.Patterns[:])),
		Size:     d.vary(lo, hi),
		Angle:    d.vary(-10, 10),
		Mirror:   d.chance(0.5),
		Variant:  d.pcg.Uint64(),
	}
	if o.Category.CanCarry() && d.chance(w.Print) {
		o.Print = printFor(o.Category, d)
		o.Pattern = Plain
		o.PrintColour = otherColour(o.Colour, d)
		o.Size = max(o.Size, 0.42) // so that the print can be read
	}
	return o
}

// favourites are the prints that a carrier bears more often than the others.
var favourites = map[Category]Category{Shirt: Butterfly, Mug: Heart, Kite: Star, Balloon: Fish}

// printFor draws a print for a carrier: half of the time its favourite.
func printFor(carrier Category, d *dice) Category {
	if d.chance(0.5) {
		return favourites[carrier]
	}
	return pick(d, Prints())
}

// alike lists pairs of colours that do not show up well on each other.
var alike = [][2]Colour{
	{Red, Orange}, {Red, Brown}, {Red, Pink}, {Red, Purple}, {Orange, Yellow}, {Orange, Brown}, {Orange, Pink}, {Yellow, White},
	{Green, Brown}, {Blue, Purple}, {Blue, Black}, {Purple, Brown}, {Purple, Black}, {Pink, White}, {Brown, Black},
}

// otherColour draws a colour that stands out on c.
func otherColour(c Colour, d *dice) Colour {
	fits := make([]Colour, 0, NumColours)
	for _, v := range Colours() {
		if v != c && !contains(alike, [2]Colour{c, v}) && !contains(alike, [2]Colour{v, c}) {
			fits = append(fits, v)
		}
	}
	return pick(d, fits)
}

// arrange places the objects inside the picture. Most scenes are spread out as
// far as there is room; in some the objects may overlap a little. Of a number of tries
// the first within the bound is kept, or else the one that hides least.
func arrange(d *dice, objects []Object) {
	const tries = 24
	bound := int64(0)
	if d.chance(0.4) {
		bound = 180
	}
	var p plan
	halves := make([]point, len(objects))
	for k := range objects {
		o := &objects[k]
		lo, hi := p.sketch(*o)
		halves[k] = halfBox(lo, hi, *o)
		best := int64(math.MaxInt64)
		var x, y int32
		for range tries {
			tx, ty := inside(d, halves[k].x), inside(d, halves[k].y)
			if hidden := overlap(objects[:k], halves, tx, ty, halves[k]); hidden < best {
				best, x, y = hidden, tx, ty
			}
			if best <= bound {
				break
			}
		}
		o.X, o.Y = float64(x)/grid, float64(y)/grid
	}
}

// grid is the number of steps the picture's side is divided in when things are placed.
const grid = 4096

// halfBox returns half the sides of the object's upright box after turning, in grid steps.
func halfBox(lo, hi point, o Object) point {
	w, h := int64(hi.x-lo.x), int64(hi.y-lo.y)
	size := int64(o.Size * grid)
	c, s := cosine(o.Angle), sine(o.Angle)
	c, s = max(c, -c), max(s, -s)
	long := max(w, h)
	return point{int32((w*c + h*s) >> trigBits * size / long / 2), int32((w*s + h*c) >> trigBits * size / long / 2)}
}

// inside draws a centre such that half a side on either hand stays within the picture.
func inside(d *dice, half int32) int32 {
	const margin = grid / 64
	room := grid - 2*(int(half)+margin)
	if room <= 0 {
		return grid / 2
	}
	return half + margin + int32(d.below(room))
}

// overlap returns, in thousandths, the largest share of any box that would be covered by another.
func overlap(placed []Object, halves []point, x, y int32, half point) int64 {
	worst := int64(0)
	for i, o := range placed {
		ox, oy := int32(o.X*grid), int32(o.Y*grid)
		w := min(x+half.x, ox+halves[i].x) - max(x-half.x, ox-halves[i].x)
		h := min(y+half.y, oy+halves[i].y) - max(y-half.y, oy-halves[i].y)
		if w <= 0 || h <= 0 {
			continue
		}
		small := min(int64(half.x)*int64(half.y), int64(halves[i].x)*int64(halves[i].y))
		worst = max(worst, int64(w)*int64(h)*1000/(4*max(small, 1)))
	}
	return worst
}
