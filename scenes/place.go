package scenes

// placement carries plan points to canvas points: centre, scale, mirror, turn, shift.
type placement struct {
	cx, cy int64 // the plan's point that goes to (x, y), in 1/64 unit
	x, y   int64 // where it goes, in 1/64 pixel
	scale  int64 // pixels a unit, in 1/65536
	angle  float64
	mirror bool
}

// apply moves the points in place. Everything is integer but the angle, which indexes a table.
func (t placement) apply(pts []point) {
	c, s := t.scale*cosine(t.angle)>>trigBits, t.scale*sine(t.angle)>>trigBits
	for i, q := range pts {
		dx, dy := int64(q.x)-t.cx, int64(q.y)-t.cy
		if t.mirror {
			dx = -dx
		}
		pts[i] = point{int32(t.x + (dx*c-dy*s)>>16), int32(t.y + (dx*s+dy*c)>>16)}
	}
}

// width scales the width of a stroke.
func (t placement) width(w int32) int32 { return int32(int64(w) * t.scale >> 16) }

// sketch draws an object's plan: its shape and, for a carrier, its print.
// The longer side of the carrier's box is what [Object.Size] measures.
func (p *plan) sketch(o Object) (lo, hi point) {
	var d dice
	d.seed(o.Variant, uint64(o.Category), domainShape)
	p.reset(&d)
	shapes[o.Category](p)
	lo, hi = p.bounds()
	if o.Print != NoCategory {
		p.stamp(o)
	}
	return lo, hi
}

// stamp adds the object's print, fitted into the carrier's spot.
func (p *plan) stamp(o Object) {
	target := p.spot
	firstPt, firstOp := len(p.pts), len(p.ops)
	d := *p.dice
	d.seed(o.Variant, uint64(o.Print), domainShape)
	p.dice, p.edge = &d, plainEdge
	shapes[o.Print](p)
	sub := plan{pts: p.pts, ops: p.ops[firstOp:]}
	lo, hi := sub.bounds()
	side := int64(max(hi.x-lo.x, hi.y-lo.y, 1))
	fit := placement{
		cx: int64(lo.x+hi.x) / 2, cy: int64(lo.y+hi.y) / 2,
		x: int64(step(target.x)), y: int64(step(target.y)),
		scale: int64(step(2*target.half)) << 16 / side,
	}
	fit.apply(p.pts[firstPt:])
	for i := firstOp; i < len(p.ops); i++ {
		p.ops[i].width = fit.width(p.ops[i].width)
		p.ops[i].printed = true
	}
}
