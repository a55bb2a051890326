package scenes

import (
	"fmt"
	"image"
	"sync"
)

// MinSize and MaxSize bound the side of a rendered picture, in pixels.
const (
	MinSize = 32
	MaxSize = 512
)

// Scene is a rendered spec.
type Scene struct {
	Spec  Spec
	Image *image.RGBA // opaque, [size,size]
	// Owners says whose each pixel is: 0 for the ground, else 1 + the index of the object. [size,size]
	Owners *image.Gray
	// Seen is what is visible of each object, in the order of Spec.Objects.
	Seen []Seen
}

// Seen is the visible part of an object in a rendered scene.
type Seen struct {
	Box    image.Rectangle // the smallest box around its visible pixels; empty if none is visible
	Pixels int             // how many are visible
}

// Labels returns the category of each pixel, 0 for the ground. [size,size]
func (s *Scene) Labels() *image.Gray { return s.relabel(uint8(NoCategory)) }

// Context returns the category of each pixel, the ground's pixels named by
// their background: 1 + NumCategories + background. Names are those of [ContextNames]. [size,size]
func (s *Scene) Context() *image.Gray {
	return s.relabel(uint8(1+NumCategories) + uint8(s.Spec.Background))
}

func (s *Scene) relabel(ground uint8) *image.Gray {
	var of [256]uint8
	of[0] = ground
	for i, o := range s.Spec.Objects {
		of[i+1] = uint8(o.Category)
	}
	out := image.NewGray(s.Owners.Rect)
	for i, v := range s.Owners.Pix {
		out.Pix[i] = of[v]
	}
	return out
}

// painter is the reusable scratch of a rendering.
type painter struct {
	canvas canvas
	plan   plan
	tones  [2]palette
}

var painters = sync.Pool{New: func() any { return new(painter) }}

// Render draws a spec at size by size pixels. The same spec and size give the
// same pixels on every machine. It fails on a spec that [Spec.Validate] rejects and on a size outside [MinSize, MaxSize].
func Render(spec Spec, size int) (*Scene, error) {
	if size < MinSize || size > MaxSize {
		return nil, fmt.Errorf("scenes: size %d pixels: want %d to %d", size, MinSize, MaxSize)
	}
	if err := spec.Validate(); err != nil {
		return nil, err
	}
	s := &Scene{
		Spec:   spec,
		Image:  image.NewRGBA(image.Rect(0, 0, size, size)),
		Owners: image.NewGray(image.Rect(0, 0, size, size)),
	}
	p := painters.Get().(*painter)
	defer painters.Put(p)
	p.canvas.reset(size, s.Image.Pix, s.Owners.Pix)
	var d dice
	d.seed(spec.Texture, uint64(spec.Background), domainGround)
	ground := textureOf(spec.Background)
	p.canvas.spread(ground, ground.view(size, &d))
	for i, o := range spec.Objects {
		p.object(o, uint8(i+1))
	}
	if spec.Noise > 0 {
		d.seed(spec.Texture, 0, domainNoise)
		sprinkle(s.Image.Pix, spec.Noise, &d)
	}
	s.Seen = look(s.Owners, len(spec.Objects))
	return s, nil
}

// object paints one object over what is there.
func (p *painter) object(o Object, owner uint8) {
	lo, hi := p.plan.sketch(o)
	size := p.canvas.size
	side := int64(max(hi.x-lo.x, hi.y-lo.y, 1))
	long := int64(step(o.Size * float64(size)))
	t := placement{
		cx: int64(lo.x+hi.x) / 2, cy: int64(lo.y+hi.y) / 2,
		x: int64(step(o.X * float64(size))), y: int64(step(o.Y * float64(size))),
		scale: long << 16 / side, angle: o.Angle, mirror: o.Mirror,
	}
	t.apply(p.plan.pts)
	high := int64(hi.y-lo.y) * t.scale >> 16 / unit
	var d dice
	d.seed(o.Variant, 0, domainShape)
	p.tones[0].mix(o.Colour, &d)
	p.tones[1].mix(o.PrintColour, &d)
	paints := p.brushes(o, &d, t, int(high), int(long/unit))
	for _, op := range p.plan.ops {
		b := brush{tone: p.tones[1].tones[op.paint]}
		if !op.printed {
			b = paints(op.paint)
		}
		pts := p.plan.pts[op.first:op.end]
		if op.width == 0 {
			p.canvas.fill(pts, &b, owner)
		} else {
			p.canvas.stroke(pts, t.width(op.width), op.closed, &b, owner)
		}
	}
}

// brushes returns the brush for each paint of the object: the body is shaded and patterned, the rest is flat.
func (p *painter) brushes(o Object, d *dice, t placement, high, long int) func(paint) brush {
	turn := o.Angle
	switch d.below(3) {
	case 0:
		turn += 45
	case 1:
		if o.Pattern == Striped {
			turn += 90
		}
	}
	cell := long * 16 / d.within(7, 9)
	if o.Pattern == Checked {
		cell = cell * 5 / 4
	}
	main := brush{
		tone: p.tones[0].tones[body], second: p.tones[0].second,
		top: int(t.y)/unit - high/2, height: high, light: 256,
		pattern: o.Pattern, cell: max(cell, 5*16),
		ux: int(cosine(turn) >> 4), uy: int(sine(turn) >> 4),
		x0: int(t.x) / unit, y0: int(t.y) / unit,
	}
	return func(want paint) brush {
		if want == body {
			return main
		}
		return brush{tone: p.tones[0].tones[want]}
	}
}

// sprinkle adds noise to every channel, near-normal with a standard deviation of amount grey levels.
func sprinkle(pix []uint8, amount int, d *dice) {
	for i := 0; i < len(pix); i += 4 {
		word := d.pcg.Uint64()
		for k := range 3 {
			// The sum of four bits fields of 5 bits: mean 62, standard deviation 18.5.
			sum := int(word&31 + word>>5&31 + word>>10&31 + word>>15&31)
			pix[i+k] = clamp8(int(pix[i+k]) + (sum-62)*amount*2/37)
			word >>= 20
		}
	}
}

// look measures what is visible of n objects.
func look(owners *image.Gray, n int) []Seen {
	seen := make([]Seen, n)
	w := owners.Rect.Dx()
	for i := range seen {
		seen[i].Box = image.Rectangle{Min: image.Pt(w, w)}
	}
	for y := range w {
		for x, v := range owners.Pix[y*owners.Stride : y*owners.Stride+w] {
			if v == 0 {
				continue
			}
			s := &seen[v-1]
			s.Pixels++
			s.Box.Min.X, s.Box.Min.Y = min(s.Box.Min.X, x), min(s.Box.Min.Y, y)
			s.Box.Max.X, s.Box.Max.Y = max(s.Box.Max.X, x+1), max(s.Box.Max.Y, y+1)
		}
	}
	for i := range seen {
		if seen[i].Pixels == 0 {
			seen[i].Box = image.Rectangle{}
		}
	}
	return seen
}
