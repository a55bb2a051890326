package scenes

// baseSize is the side at which textures are shown at about their own scale.
const baseSize = 192

// view is how a texture shows on a canvas: texture coordinates are in 1/65536
// texel and change by (ux, vx) from pixel to pixel and by (uy, vy) from row to row.
type view struct {
	u, v, ux, vx, uy, vy int
	light, across, down  int    // brightness at the middle and its change to the edges, in 1/256
	tint                 [3]int // of red, green and blue, in 1/256
}

// view draws a view: offset, zoom, orientation, tint, and light that changes across the picture.
func (t *tile) view(size int, d *dice) view {
	pitch := d.within(208, 320) * 256 * baseSize / size
	w := view{u: d.below(tileSize << 16), v: d.below(tileSize << 16), ux: pitch, vy: pitch}
	if d.chance(0.5) {
		w.ux = -pitch
	}
	if t.turnable && d.chance(0.5) {
		w.ux, w.uy, w.vx, w.vy = 0, w.ux, w.vy, 0
	}
	w.light, w.across, w.down = d.within(228, 280), d.within(-30, 30), d.within(-30, 30)
	w.tint = [3]int{d.within(246, 266), d.within(246, 266), d.within(246, 266)}
	return w
}

// spread lays a texture over the whole canvas.
func (c *canvas) spread(t *tile, w view) {
	n := c.size
	for y := range n {
		u, v := w.u+y*w.uy, w.v+y*w.vy
		light := w.light + w.down*(2*y-n)/n
		slope := w.across << 17 / n // a pixel, in 1/65536 of a step of light
		at := light<<16 - w.across<<16
		row := c.pix[4*y*n : 4*(y+1)*n]
		for ; len(row) >= 4; row = row[4:] {
			l := at >> 16
			texel := t.sample(u, v)
			row[0] = uint8(min(255, int(texel&255)*l*w.tint[0]>>16))
			row[1] = uint8(min(255, int(texel>>8&255)*l*w.tint[1]>>16))
			row[2] = uint8(min(255, int(texel>>16&255)*l*w.tint[2]>>16))
			row[3] = 255
			u += w.ux
			v += w.vx
			at += slope
		}
	}
}

// sample interpolates between the four texels around (u, v), two channels at a time.
func (t *tile) sample(u, v int) uint32 {
	const wrap = tileSize - 1
	x, y := u>>16&wrap, v>>16&wrap
	top := t.texels[y<<tileBits:][:tileSize]
	low := t.texels[(y+1)&wrap<<tileBits:][:tileSize]
	a, b, c, d := top[x], top[(x+1)&wrap], low[x], low[(x+1)&wrap]
	fx, fy := uint32(u>>8&255), uint32(v>>8&255)
	w11 := fx * fy >> 8
	w10, w01 := fx-w11, fy-w11
	w00 := 256 - fx - fy + w11
	const rb, g = 0xff00ff, 0x00ff00
	redBlue := ((a&rb)*w00 + (b&rb)*w10 + (c&rb)*w01 + (d&rb)*w11) >> 8 & rb
	green := ((a&g)*w00 + (b&g)*w10 + (c&g)*w01 + (d&g)*w11) >> 8 & g
	return redBlue | green
}
