package scenes

import (
	"image"
	"image/draw"

	"golang.org/x/image/vector"
)

// canvas is the picture being painted: RGBA pixels and, for each pixel, the
// object that owns it (0 for the ground). Positions are in 1/64 pixel.
type canvas struct {
	size   int
	pix    []uint8 // [size·size·4]
	owner  []uint8 // [size·size]
	raster vector.Rasterizer
	cover  []uint8 // scratch: coverage of one path within its box
	path   []point // scratch: a stroke's path without crowded points
	quads  []point // scratch: the outline of a stroke, four points a segment
	wrap   bool    // paint also one size left, right, up and down (for tiling textures)
}

func (c *canvas) reset(size int, pix, owner []uint8) { c.size, c.pix, c.owner = size, pix, owner }

// fill paints the inside of a closed path for the given owner.
func (c *canvas) fill(pts []point, ink *brush, owner uint8) {
	c.each(pts, func(dx, dy int32) { c.cast(pts, 0, dx, dy, ink, owner) })
}

// stroke paints a line of the given width along the path.
func (c *canvas) stroke(pts []point, width int32, closed bool, ink *brush, owner uint8) {
	c.path = thin(c.path[:0], pts, closed)
	c.quads = outline(c.quads[:0], c.path, max(width, unit*5/8), closed)
	c.each(c.quads, func(dx, dy int32) { c.cast(c.quads, 4, dx, dy, ink, owner) })
}

// each calls paint once, or for a wrapping canvas once for each copy of the path that touches it.
func (c *canvas) each(pts []point, paint func(dx, dy int32)) {
	if !c.wrap {
		paint(0, 0)
		return
	}
	period := int32(c.size * unit)
	for _, dy := range []int32{-period, 0, period} {
		for _, dx := range []int32{-period, 0, period} {
			paint(dx, dy)
		}
	}
}

// cast rasterizes contours of n points each (0: a single contour) within their box, and blends.
func (c *canvas) cast(pts []point, n int, dx, dy int32, ink *brush, owner uint8) {
	box := c.box(pts, dx, dy)
	if box.Empty() {
		return
	}
	w, h := box.Dx(), box.Dy()
	c.raster.Reset(w, h)
	c.raster.DrawOp = draw.Src
	if n == 0 {
		n = len(pts)
	}
	ox, oy := dx-int32(box.Min.X*unit), dy-int32(box.Min.Y*unit)
	for first := 0; first+n <= len(pts); first += n {
		contour := pts[first : first+n]
		c.raster.MoveTo(float32(contour[0].x+ox)/unit, float32(contour[0].y+oy)/unit)
		for _, q := range contour[1:] {
			c.raster.LineTo(float32(q.x+ox)/unit, float32(q.y+oy)/unit)
		}
		c.raster.ClosePath()
	}
	if cap(c.cover) < w*h {
		c.cover = make([]uint8, max(w*h, 1<<14))
	}
	mask := image.Alpha{Pix: c.cover[:w*h], Stride: w, Rect: image.Rect(0, 0, w, h)}
	c.raster.Draw(&mask, mask.Rect, image.Opaque, image.Point{})
	for y := range h {
		c.blend(mask.Pix[y*w:(y+1)*w], box.Min.X, box.Min.Y+y, ink, owner)
	}
}

// box is the part of the canvas the shifted points can touch.
func (c *canvas) box(pts []point, dx, dy int32) image.Rectangle {
	if len(pts) == 0 {
		return image.Rectangle{}
	}
	lo, hi := pts[0], pts[0]
	for _, q := range pts[1:] {
		lo = point{min(lo.x, q.x), min(lo.y, q.y)}
		hi = point{max(hi.x, q.x), max(hi.y, q.y)}
	}
	box := image.Rect(int((lo.x+dx)>>6), int((lo.y+dy)>>6), int((hi.x+dx)>>6)+1, int((hi.y+dy)>>6)+1)
	return box.Intersect(image.Rect(0, 0, c.size, c.size))
}

// blend paints one row of coverage from (x, y) on. Half coverage or more takes the pixel.
func (c *canvas) blend(cover []uint8, x, y int, ink *brush, owner uint8) {
	at := y*c.size + x
	pix := c.pix[4*at : 4*(at+len(cover))]
	own := c.owner[at : at+len(cover)]
	tone := ink.row(y)
	for i, a := range cover {
		if a == 0 {
			continue
		}
		if a >= 128 {
			own[i] = owner
		}
		src := tone
		if ink.pattern != Plain {
			src = ink.dye(tone, x+i, y)
		}
		p := pix[4*i : 4*i+3 : 4*i+3]
		if a == 255 {
			p[0], p[1], p[2] = src.r, src.g, src.b
			continue
		}
		t := int(a) + int(a>>7)
		p[0] = mixed(p[0], src.r, t)
		p[1] = mixed(p[1], src.g, t)
		p[2] = mixed(p[2], src.b, t)
	}
}

// mixed moves a towards b by t/256.
func mixed(a, b uint8, t int) uint8 { return uint8(int(a) + (int(b)-int(a))*t>>8) }
