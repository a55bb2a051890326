package dataset

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"math/bits"
)

// bitmap is a BMP: what its headers say, and its pixels.
type bitmap struct {
	size    image.Point
	topDown bool
	depth   int // bits of a pixel
	packing uint32
	masks   [3]uint32 // where red, green and blue are in pixels of 16, 24 or 32 bits
	palette [256][3]uint8
	pixels  []byte
}

// The packings of BMP.
const (
	bmpRaw    = 0
	bmpRLE8   = 1
	bmpRLE4   = 2
	bmpFields = 3
)

func openBMP(data []byte) (opened, error) {
	b, err := readBMP(data)
	if err != nil {
		return opened{}, err
	}
	return opened{b.size, 0, b.decode}, nil
}

// readBMP reads the headers: those of OS/2 and of Windows since version 3.
func readBMP(data []byte) (*bitmap, error) {
	const fileHeader = 14
	if len(data) < fileHeader+12 {
		return nil, errors.New("it ends in its header")
	}
	head := data[fileHeader:]
	n := int64(binary.LittleEndian.Uint32(head))
	switch n {
	case 12, 40, 52, 56, 64, 108, 124:
	default:
		return nil, unsupportedKind(fmt.Sprintf("a header of %d bytes", n))
	}
	if n > int64(len(head)) {
		return nil, errors.New("it ends in its header")
	}
	b, entry, colours := &bitmap{}, 4, 0
	if n == 12 {
		entry = 3
		b.size = image.Pt(int(binary.LittleEndian.Uint16(head[4:])), int(binary.LittleEndian.Uint16(head[6:])))
		b.depth = int(binary.LittleEndian.Uint16(head[10:]))
	} else {
		b.describe(head)
		colours = int(min(binary.LittleEndian.Uint32(head[32:]), 1<<16))
	}
	if err := b.check(); err != nil {
		return nil, err
	}
	if err := b.fields(head, int(n)); err != nil {
		return nil, err
	}
	offset := int64(binary.LittleEndian.Uint32(data[10:]))
	if b.depth <= 8 {
		if colours == 0 {
			colours = 1 << b.depth
		}
		b.readPalette(head[n:], entry, colours)
		if offset == fileHeader+n { // the palette was not counted
			offset += int64(entry * colours)
		}
	}
	b.pixels = data[min(offset, int64(len(data))):]
	return b, nil
}

// describe reads a header of Windows.
func (b *bitmap) describe(head []byte) {
	height := int64(int32(binary.LittleEndian.Uint32(head[8:])))
	b.topDown = height < 0
	b.size = image.Pt(int(binary.LittleEndian.Uint32(head[4:])), int(max(height, -height)))
	b.depth = int(binary.LittleEndian.Uint16(head[14:]))
	b.packing = binary.LittleEndian.Uint32(head[16:])
}

func (b *bitmap) check() error {
	names := map[uint32]string{4: "JPEG", 5: "PNG", 6: "bit fields with alpha", 11: "CMYK", 12: "CMYK", 13: "CMYK"}
	switch b.packing {
	case bmpRaw, bmpFields:
	case bmpRLE8, bmpRLE4:
		if want := map[uint32]int{bmpRLE8: 8, bmpRLE4: 4}[b.packing]; b.depth != want {
			return unsupportedKind(fmt.Sprintf("run lengths of %d bits", b.depth))
		}
	default:
		if name, ok := names[b.packing]; ok {
			return unsupportedKind("BMP with " + name)
		}
		return unsupportedKind(fmt.Sprintf("packing %d", b.packing))
	}
	switch b.depth {
	case 1, 2, 4, 8, 16, 24, 32:
	default:
		return unsupportedKind(fmt.Sprintf("pixels of %d bits", b.depth))
	}
	if b.size.X < 1 || b.size.X > 1<<30 || b.size.Y > 1<<30 {
		return fmt.Errorf("%d×%d pixels", b.size.X, b.size.Y)
	}
	return nil
}

// fields finds the masks of pixels without a palette: in the header, behind it, or the usual ones.
func (b *bitmap) fields(head []byte, n int) error {
	b.masks = [3]uint32{0xFF0000, 0xFF00, 0xFF}
	if b.depth == 16 {
		b.masks = [3]uint32{0x7C00, 0x3E0, 0x1F}
	}
	if b.packing != bmpFields {
		return nil
	}
	const at = 40
	if b.depth <= 8 {
		return unsupportedKind(fmt.Sprintf("bit fields of %d bits", b.depth))
	}
	if len(head) < at+12 {
		return errors.New("it ends in its masks")
	}
	var masks [3]uint32
	for i := range masks {
		masks[i] = binary.LittleEndian.Uint32(head[at+4*i:])
	}
	if masks == [3]uint32{} {
		return nil
	}
	for _, m := range masks {
		if width := bits.OnesCount32(m); width == 0 || m>>bits.TrailingZeros32(m) != 1<<width-1 || bits.Len32(m) > b.depth {
			return unsupportedKind(fmt.Sprintf("bit fields %x, %x and %x", masks[0], masks[1], masks[2]))
		}
	}
	b.masks = masks
	return nil
}

func (b *bitmap) readPalette(data []byte, entry, colours int) {
	for i := range min(colours, 256, len(data)/entry) {
		c := data[i*entry:]
		b.palette[i] = [3]uint8{c[2], c[1], c[0]}
	}
}

func (b *bitmap) decode() (*image.NRGBA, error) {
	if b.packing == bmpRLE8 || b.packing == bmpRLE4 {
		return b.runs()
	}
	stride := (b.size.X*b.depth + 31) / 32 * 4
	if len(b.pixels) < (b.size.Y-1)*stride+(b.size.X*b.depth+7)/8 {
		return nil, fmt.Errorf("%d bytes of pixels, expected %d", len(b.pixels), b.size.Y*stride)
	}
	out := image.NewNRGBA(image.Rectangle{Max: b.size})
	for y := range b.size.Y {
		row, to := b.pixels[y*stride:], b.row(out, y)
		for x := range b.size.X {
			copy(to[4*x:], b.colour(row, x))
			to[4*x+3] = 255
		}
	}
	return out, nil
}

// row is stored row y of a picture.
func (b *bitmap) row(out *image.NRGBA, y int) []uint8 {
	if !b.topDown {
		y = b.size.Y - 1 - y
	}
	return out.Pix[y*out.Stride:][:out.Stride]
}

func (b *bitmap) colour(row []byte, x int) []uint8 {
	switch b.depth {
	case 16:
		return b.split(uint32(binary.LittleEndian.Uint16(row[2*x:])))
	case 24:
		return b.split(uint32(row[3*x]) | uint32(row[3*x+1])<<8 | uint32(row[3*x+2])<<16)
	case 32:
		return b.split(binary.LittleEndian.Uint32(row[4*x:]))
	}
	return b.palette[row[x*b.depth/8]>>(8-b.depth-x*b.depth%8)&(1<<b.depth-1)][:]
}

// split takes a pixel apart. Levels of fewer bits are stretched to 255.
func (b *bitmap) split(pixel uint32) []uint8 {
	var out [3]uint8
	for i, m := range b.masks {
		shift := bits.TrailingZeros32(m)
		out[i] = uint8(uint64(pixel&m>>shift) * 255 / uint64(m>>shift))
	}
	return out[:]
}

// runs decodes run lengths. What they leave free has the first colour of the palette.
func (b *bitmap) runs() (*image.NRGBA, error) {
	out := image.NewNRGBA(image.Rectangle{Max: b.size})
	indices := make([]uint8, b.size.X*b.size.Y)
	r := bmpRuns{width: b.size.X, nibbles: b.packing == bmpRLE4, rest: b.pixels, out: indices}
	if err := r.read(); err != nil {
		return nil, err
	}
	for y := range b.size.Y {
		to := b.row(out, y)
		for x, i := range indices[y*b.size.X:][:b.size.X] {
			copy(to[4*x:], b.palette[i][:])
			to[4*x+3] = 255
		}
	}
	return out, nil
}

// bmpRuns reads run lengths to indices.
type bmpRuns struct {
	width   int
	nibbles bool // two indices a byte
	rest    []byte
	out     []uint8
	x, y    int
}

var errRuns = errors.New("it ends in its run lengths")

func (r *bmpRuns) read() error {
	for r.y*r.width < len(r.out) {
		if len(r.rest) < 2 {
			return errRuns
		}
		n, v := r.rest[0], r.rest[1]
		r.rest = r.rest[2:]
		switch {
		case n > 0:
			for i := range int(n) {
				r.put(r.index(v, i))
			}
		case v == 0:
			r.x, r.y = 0, r.y+1
		case v == 1:
			return nil
		case v == 2:
			if len(r.rest) < 2 {
				return errRuns
			}
			r.x, r.y = r.x+int(r.rest[0]), r.y+int(r.rest[1])
			r.rest = r.rest[2:]
		default:
			if err := r.literal(int(v)); err != nil {
				return err
			}
		}
	}
	return nil
}

// index is number i of those that a byte stands for.
func (r *bmpRuns) index(v byte, i int) uint8 {
	switch {
	case !r.nibbles:
		return v
	case i%2 == 0:
		return v >> 4
	}
	return v & 15
}

// literal takes n indices as they are. They fill whole pairs of bytes.
func (r *bmpRuns) literal(n int) error {
	size := n
	if r.nibbles {
		size = (n + 1) / 2
	}
	if len(r.rest) < size {
		return errRuns
	}
	for i := range n {
		v := r.rest[i*size/n]
		if r.nibbles {
			v = r.rest[i/2]
		}
		r.put(r.index(v, i))
	}
	r.rest = r.rest[min(size+size%2, len(r.rest)):]
	return nil
}

// put sets the next index, unless it is beyond its row.
func (r *bmpRuns) put(index uint8) {
	if at := r.y*r.width + r.x; r.x < r.width && at < len(r.out) {
		r.out[at] = index
	}
	r.x++
}
