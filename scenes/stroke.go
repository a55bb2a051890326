package scenes

// A stroke is painted as a run of quads, one for each segment of its path, all
// wound the same way so that the rasterizer takes their union.

// thin appends the points of a path that lie at least about a third of a pixel apart. The last point stays.
func thin(path, pts []point, closed bool) []point {
	const least = unit / 3
	apart := func(a, b point) bool { return max(a.x-b.x, b.x-a.x)+max(a.y-b.y, b.y-a.y) >= least }
	for i, q := range pts {
		if len(path) == 0 || apart(q, path[len(path)-1]) {
			path = append(path, q)
		} else if i == len(pts)-1 && len(path) > 1 {
			path[len(path)-1] = q
		}
	}
	if closed && len(path) > 2 && !apart(path[0], path[len(path)-1]) {
		path = path[:len(path)-1]
	}
	return path
}

// outline appends the quads of a stroke. Neighbours share an edge at a mitred
// corner, so that their coverage adds up exactly; at sharp corners they overlap
// with square ends. Wide strokes get discs at sharp corners and ends.
func outline(quads, path []point, width int32, closed bool) []point {
	n := len(path)
	last := n - 1
	if closed {
		last = n
	}
	half := int64(width) / 2
	round := func(c point) {
		if width > 2*unit {
			quads = joint(quads, c, half)
		}
	}
	if !closed && n > 1 {
		round(path[0])
		round(path[n-1])
	}
	for i := range last {
		a, b := path[i], path[(i+1)%n]
		along := direction(a, b)
		before, after := along, along
		if closed || i > 0 {
			before = direction(path[(i+n-1)%n], a)
		}
		if closed || i < last-1 {
			after = direction(b, path[(i+2)%n])
		}
		p, blunt := corner(before, along, half)
		if !blunt {
			round(a)
			a = point{a.x - scaled(along.x, half/2), a.y - scaled(along.y, half/2)}
		}
		q, blunt := corner(after, along, half)
		if !blunt {
			b = point{b.x + scaled(along.x, half/2), b.y + scaled(along.y, half/2)}
		}
		quads = append(quads, point{a.x + p.x, a.y + p.y}, point{b.x + q.x, b.y + q.y},
			point{b.x - q.x, b.y - q.y}, point{a.x - p.x, a.y - p.y})
	}
	return quads
}

// one is the length of a direction.
const one = 1 << 12

// direction is the unit vector from a to b, or zero if they coincide.
func direction(a, b point) point {
	dx, dy := int64(b.x-a.x), int64(b.y-a.y)
	length := isqrt((dx*dx + dy*dy) << 16)
	if length == 0 {
		return point{}
	}
	return point{int32(dx * (one << 8) / length), int32(dy * (one << 8) / length)}
}

// scaled is one component of a direction times a length.
func scaled(v int32, length int64) int32 { return int32(int64(v) * length / one) }

// corner returns the offset, half a width to the side, of the corner where
// direction along meets its neighbour, and whether the corner is blunt enough for a
// miter. If it is not, the offset is that of along itself.
func corner(neighbour, along point, half int64) (point, bool) {
	dot := int64(neighbour.x)*int64(along.x) + int64(neighbour.y)*int64(along.y)
	if dot < -one*one/2 {
		return point{-scaled(along.y, half), scaled(along.x, half)}, false
	}
	nx, ny := -int64(neighbour.y+along.y), int64(neighbour.x+along.x)
	return point{int32(nx * half * one / (one*one + dot)), int32(ny * half * one / (one*one + dot))}, true
}

// joint adds a disc of the given radius as four-sided slices wound like the quads of outline.
func joint(quads []point, c point, radius int64) []point {
	const slices = 12
	rim := func(k int) point {
		a := -float64(k) * 360 / slices
		return point{c.x + int32(radius*cosine(a)>>trigBits), c.y + int32(radius*sine(a)>>trigBits)}
	}
	for k := 0; k < slices; k += 2 {
		quads = append(quads, c, rim(k), rim(k+1), rim(k+2))
	}
	return quads
}
