package scenes

import "math"

// unit is the number of steps a drawing unit or a pixel is divided in.
const unit = 64

// point is a position in steps of 1/64 unit (in a plan) or 1/64 pixel (on a canvas).
type point struct{ x, y int32 }

// op is a stroke or a fill, in painting order. A fill has width 0.
type op struct {
	first, end int32 // its points
	width      int32 // of a stroke, in steps
	closed     bool
	printed    bool // belongs to the print, not to the carrier
	paint      paint
}

// plan is the drawing of one object before it is placed: operations on points
// in a frame about 100 units wide, y pointing down.
type plan struct {
	*dice
	pts  []point
	ops  []op
	edge float64 // width of outlines
	spot spot    // where a print goes, if anywhere
}

// spot is the centre and half side of the square a print has to fit in.
type spot struct{ x, y, half float64 }

const plainEdge = 1.7

func (p *plan) reset(d *dice) {
	p.dice, p.pts, p.ops, p.edge, p.spot = d, p.pts[:0], p.ops[:0], plainEdge, spot{}
}

// step quantises a coordinate. The odd offset keeps sums and products of decimal
// fractions off the rounding boundary, where a fused multiply-add could tip them.
func step(v float64) int32 {
	return int32(math.Floor(float64(v*unit) + 0.4871623))
}

func at(x, y float64) point { return point{step(x), step(y)} }

// points reads x, y, x, y, …
func (p *plan) points(xy []float64) []point {
	first := len(p.pts)
	for i := 0; i+1 < len(xy); i += 2 {
		p.pts = append(p.pts, at(xy[i], xy[i+1]))
	}
	return p.pts[first:]
}

func (p *plan) add(paint paint, first int, width float64, closed bool) {
	p.ops = append(p.ops, op{first: int32(first), end: int32(len(p.pts)), width: step(width), closed: closed, paint: paint})
}

// solid fills the points from first on, and outlines them.
func (p *plan) solid(paint paint, first int) {
	p.ops = append(p.ops, op{first: int32(first), end: int32(len(p.pts)), paint: paint, closed: true})
	if p.edge > 0 {
		p.add(ink, first, p.edge, true)
	}
}

// bare runs draw without outlines.
func (p *plan) bare(draw func()) {
	edge := p.edge
	p.edge = 0
	draw()
	p.edge = edge
}

// poly is a polygon with sharp corners.
func (p *plan) poly(paint paint, xy ...float64) {
	first := len(p.pts)
	p.points(xy)
	p.solid(paint, first)
}

// soft is a polygon whose corners are rounded with the given radius.
func (p *plan) soft(paint paint, radius float64, xy ...float64) {
	corners := make([]point, 0, 24)
	for i := 0; i+1 < len(xy); i += 2 {
		corners = append(corners, at(xy[i], xy[i+1]))
	}
	first := len(p.pts)
	n := len(corners)
	for i, v := range corners {
		a := towards(v, corners[(i+n-1)%n], step(radius))
		b := towards(v, corners[(i+1)%n], step(radius))
		const steps = 4
		for k := int32(0); k <= steps; k++ {
			j := steps - k
			p.pts = append(p.pts, point{
				(j*j*a.x + 2*j*k*v.x + k*k*b.x) / (steps * steps),
				(j*j*a.y + 2*j*k*v.y + k*k*b.y) / (steps * steps),
			})
		}
	}
	p.solid(paint, first)
}

// towards moves from v towards w by dist, but at most halfway.
func towards(v, w point, dist int32) point {
	dx, dy := int64(w.x-v.x), int64(w.y-v.y)
	length := isqrt(dx*dx + dy*dy)
	if length == 0 {
		return v
	}
	d := min(int64(dist), length/2)
	return point{v.x + int32(dx*d/length), v.y + int32(dy*d/length)}
}

// isqrt is the integer part of a square root (exact below 2⁵²).
func isqrt(v int64) int64 { return int64(math.Sqrt(float64(v))) }

// blob is a smooth closed curve through the points (Catmull–Rom).
func (p *plan) blob(paint paint, xy ...float64) {
	first := len(p.pts)
	p.spline(xy, true)
	p.solid(paint, first)
}

// line is a stroke through the points.
func (p *plan) line(paint paint, width float64, xy ...float64) {
	first := len(p.pts)
	p.points(xy)
	p.add(paint, first, width, false)
}

// curve is a smooth stroke through the points.
func (p *plan) curve(paint paint, width float64, xy ...float64) {
	first := len(p.pts)
	p.spline(xy, false)
	p.add(paint, first, width, false)
}

// limb is a thick smooth stroke with an outline.
func (p *plan) limb(paint paint, width float64, xy ...float64) {
	first := len(p.pts)
	p.spline(xy, false)
	if p.edge > 0 {
		p.add(ink, first, width+p.edge, false)
	}
	p.add(paint, first, width-p.edge, false)
}

// spline appends a Catmull–Rom curve through the points, in integers.
func (p *plan) spline(xy []float64, closed bool) {
	knots := make([]point, 0, 32)
	for i := 0; i+1 < len(xy); i += 2 {
		knots = append(knots, at(xy[i], xy[i+1]))
	}
	n := len(knots)
	knot := func(i int) point {
		if closed {
			return knots[(i+n)%n]
		}
		return knots[max(0, min(i, n-1))]
	}
	segments := n - 1
	if closed {
		segments = n
	}
	for i := range segments {
		a, b, c, d := knot(i-1), knot(i), knot(i+1), knot(i+2)
		const steps = 6
		for k := range int64(steps) {
			p.pts = append(p.pts, point{catmull(a.x, b.x, c.x, d.x, k, steps), catmull(a.y, b.y, c.y, d.y, k, steps)})
		}
	}
	if !closed {
		p.pts = append(p.pts, knots[n-1])
	}
}

// catmull evaluates the uniform Catmull–Rom curve between b and c at k/n.
func catmull(a, b, c, d int32, k, n int64) int32 {
	p0, p1, p2, p3 := int64(a), int64(b), int64(c), int64(d)
	v := 2*p1*n*n*n + (p2-p0)*k*n*n + (2*p0-5*p1+4*p2-p3)*k*k*n + (3*p1-p0-3*p2+p3)*k*k*k
	return int32(v / (2 * n * n * n))
}

// ellipse has its axes along x and y.
func (p *plan) ellipse(paint paint, cx, cy, rx, ry float64) { p.tilted(paint, cx, cy, rx, ry, 0) }

func (p *plan) circle(paint paint, cx, cy, r float64) { p.tilted(paint, cx, cy, r, r, 0) }

// tilted is an ellipse turned clockwise by degrees.
func (p *plan) tilted(paint paint, cx, cy, rx, ry, degrees float64) {
	first := len(p.pts)
	p.arc(cx, cy, rx, ry, degrees, 0, 360)
	p.solid(paint, first)
}

// arc appends points of a tilted ellipse from one angle to another, in degrees.
func (p *plan) arc(cx, cy, rx, ry, tilt, from, to float64) {
	c, s := cosine(tilt), sine(tilt)
	sides := 36
	if max(rx, ry) < 8 {
		sides = 16
	}
	n := max(int(math.Abs(to-from))*sides/360, 3)
	rX, rY := int64(step(rx)), int64(step(ry))
	for k := range n + 1 {
		if k == n && math.Abs(to-from) >= 360 {
			return
		}
		a := from + (to-from)*float64(k)/float64(n)
		x, y := rX*cosine(a)>>trigBits, rY*sine(a)>>trigBits
		p.pts = append(p.pts, point{
			step(cx) + int32((x*c-y*s)>>trigBits),
			step(cy) + int32((x*s+y*c)>>trigBits),
		})
	}
}

// bow is a stroke along part of an ellipse.
func (p *plan) bow(paint paint, width, cx, cy, rx, ry, from, to float64) {
	first := len(p.pts)
	p.arc(cx, cy, rx, ry, 0, from, to)
	p.add(paint, first, width, false)
}

// rect is an upright rectangle.
func (p *plan) rect(paint paint, x0, y0, x1, y1 float64) {
	p.poly(paint, x0, y0, x1, y0, x1, y1, x0, y1)
}

// round is an upright rectangle with rounded corners.
func (p *plan) round(paint paint, x0, y0, x1, y1, r float64) {
	p.soft(paint, r, x0, y0, x1, y0, x1, y1, x0, y1)
}

// cluster fills the union of circles (x, y, r, …) under one common outline.
func (p *plan) cluster(paint paint, xyr ...float64) {
	if p.edge > 0 {
		for i := 0; i+2 < len(xyr); i += 3 {
			first := len(p.pts)
			p.arc(xyr[i], xyr[i+1], xyr[i+2], xyr[i+2], 0, 0, 360)
			p.add(ink, first, 2*p.edge, true)
		}
	}
	p.bare(func() {
		for i := 0; i+2 < len(xyr); i += 3 {
			p.circle(paint, xyr[i], xyr[i+1], xyr[i+2])
		}
	})
}

// polar returns the point at a distance and an angle (degrees, clockwise from the right).
func polar(cx, cy, r, degrees float64) (x, y float64) {
	return cx + float64(r*float64(cosine(degrees))/(1<<trigBits)), cy + float64(r*float64(sine(degrees))/(1<<trigBits))
}

const trigBits = 16

// sines holds sin of tenths of degrees, scaled by 1<<trigBits. No value comes
// near a rounding tie, so every machine builds the same table.
var sines = func() (t [3600]int64) {
	for i := range t {
		t[i] = int64(math.Floor(float64(math.Sin(float64(i)*math.Pi/1800)*(1<<trigBits)) + 0.5))
	}
	return t
}()

func sine(degrees float64) int64 {
	i := int(math.Floor(float64(degrees*10)+0.4871623)) % len(sines)
	if i < 0 {
		i += len(sines)
	}
	return sines[i]
}

func cosine(degrees float64) int64 { return sine(degrees + 90) }

// bounds returns the corners of the box around everything the plan paints.
func (p *plan) bounds() (lo, hi point) {
	lo, hi = point{math.MaxInt32, math.MaxInt32}, point{math.MinInt32, math.MinInt32}
	for _, o := range p.ops {
		half := o.width / 2
		for _, q := range p.pts[o.first:o.end] {
			lo = point{min(lo.x, q.x-half), min(lo.y, q.y-half)}
			hi = point{max(hi.x, q.x+half), max(hi.y, q.y+half)}
		}
	}
	return lo, hi
}
