package decompose

import "math"

// extremes are the Extremes images of largest, or of smallest, scalar of each pair, the most extreme first, ties by image. Lists are
// sorted arrays, into which what a block brings is merged at once.
type extremes struct {
	sign   float32   // 1: largest; −1: smallest, as largest of −s
	kept   []Extreme // [M·C,Extremes]
	counts []uint8   // [M·C]
	limits []float32 // sign·s of the last of a full list, else −∞: what does not pass it has no place [M·C]
}

func newExtremes(pairs int, sign float32) extremes {
	e := extremes{sign, make([]Extreme, pairs*Extremes), make([]uint8, pairs), make([]float32, pairs)}
	for p := range e.limits {
		e.limits[p] = float32(math.Inf(-1))
	}
	return e
}

func (e *extremes) bytes() int { return 8*len(e.kept) + len(e.counts) + 4*len(e.limits) }

// list is what is kept of a pair.
func (e *extremes) list(p int) []Extreme { return e.kept[p*Extremes:][:e.counts[p]:e.counts[p]] }

func (e *extremes) lists() [][]Extreme {
	lists := make([][]Extreme, len(e.counts))
	for p := range lists {
		lists[p] = e.list(p)
	}
	return lists
}

// add offers the scalars of some images, at most a block, to a pair. The images come after all that were offered before.
func (e *extremes) add(p int, images []uint32, scalars []float32) {
	var some [Block]Extreme
	n, limit := 0, e.limits[p]
	for i, v := range scalars {
		if e.sign*v > limit {
			at := n
			for ; at > 0 && e.sign*some[at-1].Scalar < e.sign*v; at-- {
				some[at] = some[at-1]
			}
			some[at] = Extreme{images[i], v}
			n++
		}
	}
	e.merge(p, some[:n])
}

// merge takes others, in order and of other images, into the list of a pair. It goes from the last place to the first and stops where
// nothing moves any more.
func (e *extremes) merge(p int, others []Extreme) {
	list := e.kept[p*Extremes : (p+1)*Extremes]
	if len(others) <= few {
		for _, x := range others {
			e.counts[p] = uint8(insert(list, int(e.counts[p]), x, e.sign > 0))
		}
		others = nil
	}
	old, more := int(e.counts[p])-1, len(others)-1
	e.counts[p] = uint8(min(old+more+2, Extremes))
	for more >= 0 {
		at := old + more + 1
		x := others[more]
		if old >= 0 && x.Before(list[old], e.sign > 0) {
			x = list[old]
			old--
		} else {
			more--
		}
		if at < Extremes {
			list[at] = x
		}
	}
	if e.counts[p] == Extremes {
		e.limits[p] = e.sign * list[Extremes-1].Scalar
	}
}

const few = 8 // others, which are inserted one by one

// insert puts x into the first n of a list, in order, and gives how many there are then: all but the last of too many.
func insert(list []Extreme, n int, x Extreme, largest bool) int {
	at, end := 0, n
	for at < end {
		if middle := (at + end) / 2; x.Before(list[middle], largest) {
			end = middle
		} else {
			at = middle + 1
		}
	}
	if at == len(list) {
		return n
	}
	copy(list[at+1:min(n+1, len(list))], list[at:])
	list[at] = x
	return min(n+1, len(list))
}

// take merges what a set has of a pair into its list, under other numbers. What is beyond the last of a full list is not asked for.
func (e *extremes) take(p int, from Lists, spare []Extreme, number func(uint32) uint32) error {
	list, err := from(p, e.sign > 0, e.sign*e.limits[p], spare)
	for i := range list {
		list[i].Image = number(list[i].Image)
	}
	if len(list) > 0 {
		e.merge(p, list)
	}
	return err
}

// restore takes lists over, each with as many entries as so many images give.
func (e *extremes) restore(kept []Extreme, images int) {
	e.kept = kept
	n := min(images, Extremes)
	for p := range e.counts {
		e.counts[p], e.limits[p] = uint8(n), float32(math.Inf(-1))
		if n == Extremes {
			e.limits[p] = e.sign * e.list(p)[n-1].Scalar
		}
	}
}
