package scenes

// brush is how a path is painted: one tone, shaded from top to bottom of the
// object, and perhaps a pattern in a second tone.
type brush struct {
	tone, second rgb
	top, height  int // pixel rows over which the shading runs; height 0 for none
	light        int // shading at the row in hand, in 1/256
	pattern      Pattern
	cell         int // size of the pattern's cell in 1/16 pixel
	ux, uy       int // the pattern's axis, a unit vector in 1/4096
	x0, y0       int // the pattern's origin in pixels
}

// row returns the tone for pixel row y.
func (b *brush) row(y int) rgb {
	b.light = 256
	if b.height > 0 {
		t := max(0, min(b.height, y-b.top))
		b.light = 276 - 52*t/b.height
	}
	return b.lit(b.tone)
}

func (b *brush) lit(c rgb) rgb {
	if b.light == 256 {
		return c
	}
	f := func(v uint8) uint8 { return uint8(min(255, int(v)*b.light>>8)) }
	return rgb{f(c.r), f(c.g), f(c.b)}
}

// dye returns the patterned colour at a pixel, given the row's tone.
func (b *brush) dye(tone rgb, x, y int) rgb {
	dx, dy := x-b.x0, y-b.y0
	u := (dx*b.ux + dy*b.uy) >> 8 // 1/16 pixel
	v := (dy*b.ux - dx*b.uy) >> 8
	t := 0
	switch b.pattern {
	case Striped:
		t = stripe(v, b.cell, b.cell*7/16)
	case Dotted:
		t = dot(u, v, b.cell)
	case Checked:
		s, r := stripe(u, b.cell, b.cell/2), stripe(v, b.cell, b.cell/2)
		t = (s*(16-r) + r*(16-s)) / 16
	}
	if t == 0 {
		return tone
	}
	return blend(tone, b.lit(b.second), t*16)
}

// stripe is the coverage, 0 to 16, of bands of the given width repeating every cell.
func stripe(v, cell, width int) int {
	m := mod(v, cell)
	return max(0, min(16, min(m, width-m)+8))
}

// dot is the coverage, 0 to 16, of dots in staggered rows.
func dot(u, v, cell int) int {
	rise := cell * 7 / 8
	row := v - mod(v, rise)
	if mod(row/rise, 2) == 1 {
		u += cell / 2
	}
	x, y := mod(u, cell)-cell/2, v-row-rise/2
	r := cell * 9 / 32
	return max(0, min(16, (r*r-x*x-y*y)/(2*r)+8))
}

// mod is the remainder with the sign of n.
func mod(v, n int) int {
	m := v % n
	if m < 0 {
		m += n
	}
	return m
}
