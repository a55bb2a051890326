package atlas

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"
)

// Accumulators are written as little-endian numbers with a CRC-32C at the end: shape [M,C,D], count, number of waiting images, the
// moments, the lists of extremes as far as they are filled, and the waiting images. Written and read in pieces, so that a state
// of hundreds of megabytes is never in memory twice.

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const piece = 1 << 16 // bytes

// encode writes the accumulator as it is: what waits for a block still waits after decoding.
func (a *Accumulator) encode(w io.Writer) error {
	e := &encoder{w: w}
	for _, n := range []int{a.heads, a.channels, a.embed, a.count, len(a.images)} {
		e.uint64(uint64(n))
	}
	for _, list := range [][]float64{a.mean, a.neuronCov, a.headMean, a.headCov} {
		for _, v := range list {
			e.uint64(math.Float64bits(v))
		}
	}
	for _, side := range []*extremes{&a.largest, &a.smallest} {
		for p := range side.counts {
			for _, x := range side.list(p) {
				e.uint32(x.Image)
				e.uint32(math.Float32bits(x.Scalar))
			}
		}
	}
	for _, image := range a.images {
		e.uint32(image)
	}
	for _, v := range a.waiting {
		e.uint32(math.Float32bits(v))
	}
	e.flush()
	e.uint32(e.crc)
	e.flush()
	return e.err
}

// decode replaces what an accumulator holds by what another of the same shape wrote. Errors wrap [ErrFormat] or [ErrMismatch]; the accumulator is
// of no use after one.
func (a *Accumulator) decode(r io.Reader) error {
	d := &decoder{r: r}
	heads, channels, embed := d.uint64(), d.uint64(), d.uint64()
	count, waiting := d.uint64(), d.uint64()
	if d.err != nil {
		return d.fail()
	}
	if heads != uint64(a.heads) || channels != uint64(a.channels) || embed != uint64(a.embed) {
		return fmt.Errorf("%w: %d heads, %d neurons, embedding %d; expected %d, %d, %d", ErrMismatch, heads, channels, embed, a.heads, a.channels, a.embed)
	}
	if waiting >= block || count > math.MaxUint32-waiting {
		return fmt.Errorf("%w: %d images and %d waiting", ErrFormat, count, waiting)
	}
	a.count = int(count)
	for _, list := range [][]float64{a.mean, a.neuronCov, a.headMean, a.headCov} {
		for i := range list {
			list[i] = d.float64()
		}
	}
	a.largest.decode(d, a.count)
	a.smallest.decode(d, a.count)
	a.images, a.waiting = a.images[:0], a.waiting[:0]
	for range waiting {
		a.images = append(a.images, d.uint32())
	}
	for range int(waiting) * a.heads * a.channels {
		a.waiting = append(a.waiting, d.float32())
	}
	return d.finish()
}

// decode fills every list with as many entries as so many images give.
func (e *extremes) decode(d *decoder, images int) {
	n := min(images, Extremes)
	for p := range e.counts {
		list := e.kept[p*Extremes:][:n]
		for i := range list {
			list[i] = Extreme{d.uint32(), d.float32()}
			if i > 0 && !e.ordered(list[i-1], list[i]) {
				d.refuse("the extremes of pair %d are out of order", p)
				return
			}
		}
		e.counts[p], e.limits[p] = uint8(n), float32(math.Inf(-1))
		if n == Extremes {
			e.limits[p] = e.sign * list[n-1].Scalar
		}
	}
}

// ordered tells whether a comes before b.
func (e *extremes) ordered(a, b Extreme) bool {
	if a.Scalar == b.Scalar {
		return a.Image < b.Image
	}
	return e.sign*a.Scalar > e.sign*b.Scalar
}

// encoder writes numbers, keeps the first error and the checksum of what was flushed.
type encoder struct {
	w   io.Writer
	buf []byte
	crc uint32
	err error
}

func (e *encoder) uint32(v uint32) {
	e.buf = binary.LittleEndian.AppendUint32(e.buf, v)
	e.full()
}

func (e *encoder) uint64(v uint64) {
	e.buf = binary.LittleEndian.AppendUint64(e.buf, v)
	e.full()
}

func (e *encoder) full() {
	if len(e.buf) >= piece {
		e.flush()
	}
}

func (e *encoder) flush() {
	if e.err == nil {
		e.crc = crc32.Update(e.crc, castagnoli, e.buf)
		_, e.err = e.w.Write(e.buf)
	}
	e.buf = e.buf[:0]
}

// decoder reads numbers and keeps the first error and the checksum.
type decoder struct {
	r    io.Reader
	data [piece]byte
	buf  []byte // what is read of data and not used
	crc  uint32 // of what is used, but for summed
	from int    // where in data the bytes not summed yet begin
	err  error
}

// next are the next n bytes, 4 or 8; zeros after an error.
func (d *decoder) next(n int) []byte {
	if len(d.buf) < n && d.err == nil {
		d.sum()
		kept := copy(d.data[:], d.buf)
		read, err := io.ReadAtLeast(d.r, d.data[kept:], n-kept)
		d.buf, d.from = d.data[:kept+read], 0
		if err != nil {
			d.err = err
		}
	}
	if d.err != nil {
		return make([]byte, n)
	}
	b := d.buf[:n]
	d.buf = d.buf[n:]
	return b
}

// used is where in data the bytes not used yet begin.
func (d *decoder) used() int { return cap(d.data[:]) - cap(d.buf) }

func (d *decoder) sum() {
	if d.buf != nil {
		d.crc = crc32.Update(d.crc, castagnoli, d.data[d.from:d.used()])
		d.from = d.used()
	}
}

func (d *decoder) uint32() uint32 { return binary.LittleEndian.Uint32(d.next(4)) }
func (d *decoder) uint64() uint64 { return binary.LittleEndian.Uint64(d.next(8)) }

func (d *decoder) float32() float32 {
	v := math.Float32frombits(d.uint32())
	if v-v != 0 {
		d.refuse("a number is %g", v)
	}
	return v
}

func (d *decoder) float64() float64 {
	v := math.Float64frombits(d.uint64())
	if v-v != 0 {
		d.refuse("a number is %g", v)
	}
	return v
}

func (d *decoder) refuse(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf(format, args...)
	}
}

func (d *decoder) fail() error { return fmt.Errorf("%w: state of the scan: %w", ErrFormat, d.err) }

// finish checks the sum and that nothing follows.
func (d *decoder) finish() error {
	d.sum()
	want := d.crc
	if got := d.uint32(); d.err == nil && got != want {
		d.refuse("its checksum is wrong")
	}
	if d.err == nil && len(d.buf) > 0 {
		d.refuse("more bytes follow")
	}
	if d.err != nil {
		return d.fail()
	}
	if _, err := io.ReadFull(d.r, d.data[:1]); err != io.EOF {
		d.refuse("more bytes follow")
		return d.fail()
	}
	return nil
}
