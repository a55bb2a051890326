package atlas

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/parquet-go/parquet-go"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/numeric"
)

// topTable is top_images.parquet in memory. Its rows stand in a known order, so a list is found by its place.
type topTable struct {
	table
	channels, each, count int // neurons, images in a list, images in all
	images, scalars       plain
}

// The columns of top_images.parquet that say where a row stands, and the two that do not.
const (
	topHead = iota
	topNeuron
	topLargest
	topRank
	topImage
	topScalar
)

// openTop opens the table and checks the order of its rows. A table that has the same bytes there as one in order is in order too; ordered is that one, or becomes
// it. Nil: there is none.
func (a *Atlas) openTop(data []byte, ordered *topTable) (t topTable, err error) {
	s := a.Stats
	t = topTable{channels: s.Channels, each: min(s.Count, decompose.Extremes), count: s.Count}
	rows := 2 * s.Heads * s.Channels * t.each
	if t.table, err = openTable[topRow](a, topFile, data, rows); err != nil {
		return t, err
	}
	err = guarded(func() error {
		if t.images, err = t.plain(topImage, 4, rows); err != nil {
			return err
		}
		t.scalars, err = t.plain(topScalar, 4, rows)
		return err
	})
	if err == nil && !t.ordered(ordered) {
		err = t.checkOrder(rows)
		if err == nil && ordered != nil {
			*ordered = t
			ordered.data = slices.Clone(data)
		}
	}
	if err != nil {
		err = a.refuse(topFile, "%w", err)
	}
	return t, err
}

// ordered tells whether the rows stand as those of another table do.
func (t topTable) ordered(as *topTable) bool {
	return as != nil && as.file != nil && as.channels == t.channels && as.each == t.each && t.same(as.table, topHead, topNeuron, topLargest, topRank)
}

// checkOrder reads the columns that say where a row stands.
func (t topTable) checkOrder(rows int) error {
	list := int32(t.each)
	columns := []func(int) error{
		func(k int) error { return inOrder(t.table, k, rows, 2*t.each*t.channels, math.MaxInt32, int32s) },
		func(k int) error { return inOrder(t.table, k, rows, 2*t.each, int32(t.channels), int32s) },
		func(k int) error { return inOrder(t.table, k, rows, t.each, 2, booleans) },
		func(k int) error { return inOrder(t.table, k, rows, 1, list, int32s) },
	}
	errs := make([]error, len(columns))
	numeric.Parallel(len(columns), func(k int) { errs[k] = guarded(func() error { return columns[k](k) }) })
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// inOrder checks that a column has so many rows of 0, then of 1 and so on, and begins again after a cycle.
func inOrder(t table, k, rows, each int, cycle int32, numbers func(parquet.Page) ([]int32, error)) error {
	row, left, want := 0, each, int32(0)
	for _, group := range t.file.RowGroups() {
		var err error
		row, err = readChunk(group.ColumnChunks()[k], row, rows, func(row int, page parquet.Page) (int, error) {
			all, err := numbers(page)
			for rest := all; len(rest) > 0; {
				n := min(left, len(rest))
				for i, number := range rest[:n] {
					if number != want {
						return 0, fmt.Errorf("row %d is out of order", row+len(all)-len(rest)+i)
					}
				}
				if rest, left = rest[n:], left-n; left == 0 {
					if left, want = each, want+1; want == cycle {
						want = 0
					}
				}
			}
			return len(all), err
		})
		if err != nil {
			return err
		}
	}
	if row != rows {
		return fmt.Errorf("%d of %d rows in column %d", row, rows, k)
	}
	return nil
}

// list gives the images of largest or of smallest scalar of a pair up to a limit, appended to into. It is the [decompose.Lists] of an atlas.
func (t *topTable) list(p int, largest bool, limit float32, into []decompose.Extreme) ([]decompose.Extreme, error) {
	row := 2 * p * t.each
	if !largest {
		row += t.each
	}
	var spare [2][4 * decompose.Extremes]byte
	images, scalars := t.images.run(row, t.each, spare[0][:0]), t.scalars.run(row, t.each, spare[1][:0])
	for i := range t.each {
		x := decompose.Extreme{Scalar: math.Float32frombits(binary.LittleEndian.Uint32(scalars[4*i:]))}
		if largest && x.Scalar < limit || !largest && x.Scalar > limit {
			return into, nil // and so are all that follow
		}
		x.Image = binary.LittleEndian.Uint32(images[4*i:])
		if int(x.Image) >= t.count || x.Scalar-x.Scalar != 0 || i > 0 && !into[len(into)-1].Before(x, largest) {
			return nil, fmt.Errorf("row %d: image %d of %d, scalar %g", row+i, x.Image, t.count, x.Scalar)
		}
		into = append(into, x)
	}
	return into, nil
}

// readTop reads all extremes.
func (a *Atlas) readTop(data []byte) error {
	s := a.Stats
	t, err := a.openTop(data, nil)
	if err != nil {
		return err
	}
	pairs := s.Heads * s.Channels
	s.Largest, s.Smallest = make([][]decompose.Extreme, pairs), make([][]decompose.Extreme, pairs)
	all := make([]decompose.Extreme, 2*pairs*t.each)
	errs := make([]error, s.Heads)
	numeric.Parallel(s.Heads, func(h int) {
		for p := h * s.Channels; p < (h+1)*s.Channels && errs[h] == nil; p++ {
			at := 2 * p * t.each
			if s.Largest[p], errs[h] = t.list(p, true, float32(math.Inf(-1)), all[at:at:at+t.each]); errs[h] == nil {
				s.Smallest[p], errs[h] = t.list(p, false, float32(math.Inf(1)), all[at+t.each:at+t.each:at+2*t.each])
			}
		}
	})
	for _, err := range errs {
		if err != nil {
			return a.refuse(topFile, "%w", err)
		}
	}
	return nil
}
