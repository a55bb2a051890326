package atlas

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"

	"github.com/facet-clip/facet/decompose"
)

// Accumulators are written as little-endian numbers with a CRC-32C at the end: shape [M,C,D], count, number of waiting images, the
// moments, the lists of extremes as far as they are filled, and the waiting images. Written and read in pieces, so that a state
// of hundreds of megabytes is never in memory twice.

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const piece = 1 << 16 // bytes

// encodeState writes an accumulator as it is: what waits for a block still waits after decoding.
func encodeState(w io.Writer, s decompose.State) error {
	e := &encoder{w: w}
	for _, n := range []int{s.Heads, s.Channels, s.Embed, s.Count, len(s.Images)} {
		e.uint64(uint64(n))
	}
	for _, list := range [][]float64{s.Mean, s.NeuronCov, s.HeadMean, s.HeadCov} {
		for _, v := range list {
			e.uint64(math.Float64bits(v))
		}
	}
	n := min(s.Count, decompose.Extremes)
	for _, side := range [][]decompose.Extreme{s.Largest, s.Smallest} {
		for from := 0; from < len(side); from += decompose.Extremes {
			for _, x := range side[from:][:n] {
				e.uint32(x.Image)
				e.uint32(math.Float32bits(x.Scalar))
			}
		}
	}
	for _, image := range s.Images {
		e.uint32(image)
	}
	for _, v := range s.Waiting {
		e.uint32(math.Float32bits(v))
	}
	e.flush()
	e.uint32(e.crc)
	e.flush()
	return e.err
}

// decodeState replaces what an accumulator holds by what another of the same shape wrote, in its own memory. Errors wrap [ErrFormat] or
// [ErrMismatch]; the accumulator is of no use after one.
func decodeState(r io.Reader, a *decompose.Accumulator) error {
	d := &decoder{r: r}
	s := a.State()
	heads, channels, embed := d.uint64(), d.uint64(), d.uint64()
	count, waiting := d.uint64(), d.uint64()
	if d.err != nil {
		return d.fail()
	}
	if heads != uint64(s.Heads) || channels != uint64(s.Channels) || embed != uint64(s.Embed) {
		return fmt.Errorf("%w: %d heads, %d neurons, embedding %d; expected %d, %d, %d", ErrMismatch, heads, channels, embed, s.Heads, s.Channels, s.Embed)
	}
	if waiting >= decompose.Block || count > math.MaxUint32-waiting {
		return fmt.Errorf("%w: %d images and %d waiting", ErrFormat, count, waiting)
	}
	s.Count = int(count)
	for _, list := range [][]float64{s.Mean, s.NeuronCov, s.HeadMean, s.HeadCov} {
		for i := range list {
			list[i] = d.float64()
		}
	}
	d.extremes(s.Largest, s.Count, true)
	d.extremes(s.Smallest, s.Count, false)
	s.Images, s.Waiting = s.Images[:0], s.Waiting[:0]
	for range waiting {
		s.Images = append(s.Images, d.uint32())
	}
	for range int(waiting) * s.Heads * s.Channels {
		s.Waiting = append(s.Waiting, d.float32())
	}
	if err := d.finish(); err != nil {
		return err
	}
	return a.Restore(s)
}

// extremes fills every pair's list with as many entries as so many images give.
func (d *decoder) extremes(side []decompose.Extreme, images int, largest bool) {
	n := min(images, decompose.Extremes)
	for from := 0; from < len(side); from += decompose.Extremes {
		list := side[from:][:n]
		for i := range list {
			list[i] = decompose.Extreme{Image: d.uint32(), Scalar: d.float32()}
			if i > 0 && !list[i-1].Before(list[i], largest) {
				d.refuse("the extremes of pair %d are out of order", from/decompose.Extremes)
				return
			}
		}
	}
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
