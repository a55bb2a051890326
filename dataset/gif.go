package dataset

import (
	"bytes"
	"compress/lzw"
	"encoding/binary"
	"errors"
	"image"
	"io"
)

// gifFrame is the first frame of a GIF and what it is shown on. image/gif is not used: it gives the transparent entry of a palette no
// colour, and refuses frames beyond the screen, missing palettes and surplus data, all of which Pillow shows.
type gifFrame struct {
	canvas  image.Point // the screen, or more where the frame needs it
	rect    image.Rectangle
	colours [256][3]uint8
	fill    uint8 // of what the frame leaves free: the transparent entry, else the first
	woven   bool  // rows are in four passes
	width   int   // bits of the smallest code
	blocks  []byte
}

var errGIF = errors.New("it ends before its first frame")

func openGIF(data []byte) (opened, error) {
	f, err := readGIF(data)
	if err != nil {
		return opened{}, err
	}
	return opened{f.canvas, int64(f.rect.Dx()) * int64(f.rect.Dy()), f.decode}, nil
}

// readGIF reads up to the codes of the first frame.
func readGIF(data []byte) (*gifFrame, error) {
	const header, extension, control, descriptor = 13, 0x21, 0xF9, 0x2C
	if len(data) < header {
		return nil, errGIF
	}
	f := &gifFrame{canvas: image.Pt(int(binary.LittleEndian.Uint16(data[6:])), int(binary.LittleEndian.Uint16(data[8:])))}
	for i := range f.colours { // without a palette, grey
		f.colours[i] = [3]uint8{uint8(i), uint8(i), uint8(i)}
	}
	rest := f.palette(data[header:], data[10])
	for len(rest) > 0 {
		switch {
		case rest[0] == descriptor:
			return f, f.describe(rest[1:])
		case rest[0] != extension || len(rest) < 3: // anything else between blocks is passed over
			rest = rest[1:]
			continue
		case rest[1] == control && len(rest) >= 7 && rest[2] >= 4 && rest[3]&1 != 0:
			f.fill = rest[6]
		}
		for rest = rest[2:]; len(rest) > 0 && rest[0] != 0; { // sub-blocks
			rest = rest[min(int(rest[0])+1, len(rest)):]
		}
		rest = rest[min(1, len(rest)):]
	}
	return nil, errGIF
}

// palette reads a colour table where flags say that there is one, and gives what follows.
func (f *gifFrame) palette(data []byte, flags byte) []byte {
	if flags&0x80 == 0 {
		return data
	}
	f.colours = [256][3]uint8{}
	n := 2 << (flags & 7)
	for i := range min(n, len(data)/3) {
		copy(f.colours[i][:], data[3*i:])
	}
	return data[min(3*n, len(data)):]
}

// describe reads an image descriptor.
func (f *gifFrame) describe(data []byte) error {
	if len(data) < 9 {
		return errGIF
	}
	at := func(i int) int { return int(binary.LittleEndian.Uint16(data[i:])) }
	f.rect = image.Rect(at(0), at(2), at(0)+at(4), at(2)+at(6))
	if f.rect.Empty() {
		return errors.New("its first frame is empty")
	}
	f.canvas = image.Pt(max(f.canvas.X, f.rect.Max.X), max(f.canvas.Y, f.rect.Max.Y))
	f.woven = data[8]&0x40 != 0
	data = f.palette(data[9:], data[8])
	if len(data) == 0 {
		return errGIF
	}
	f.width, f.blocks = int(data[0]), data[1:]
	if f.width < 2 || f.width > 8 {
		return errors.New("expected codes of 2 to 8 bits")
	}
	return nil
}

func (f *gifFrame) decode() (*image.NRGBA, error) {
	codes := lzw.NewReader(&subBlocks{rest: f.blocks}, lzw.LSB, f.width)
	defer codes.Close()
	indices, err := io.ReadAll(io.LimitReader(codes, int64(f.rect.Dx())*int64(f.rect.Dy())))
	if len(indices) < f.rect.Dx()*f.rect.Dy() {
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	out := image.NewNRGBA(image.Rectangle{Max: f.canvas})
	for i := 0; i < len(out.Pix); i += 4 {
		f.paint(out.Pix[i:], f.fill)
	}
	for i, y := range f.rows() {
		row := out.Pix[out.PixOffset(f.rect.Min.X, f.rect.Min.Y+y):]
		for x, index := range indices[i*f.rect.Dx():][:f.rect.Dx()] {
			f.paint(row[4*x:], index)
		}
	}
	return out, nil
}

func (f *gifFrame) paint(pixel []uint8, index uint8) {
	copy(pixel, f.colours[index][:])
	pixel[3] = 255
}

// rows are the numbers of rows in the order in which they are stored.
func (f *gifFrame) rows() []int {
	var order []int
	passes := [][2]int{{0, 1}}
	if f.woven {
		passes = [][2]int{{0, 8}, {4, 8}, {2, 4}, {1, 2}}
	}
	for _, pass := range passes {
		for y := pass[0]; y < f.rect.Dy(); y += pass[1] {
			order = append(order, y)
		}
	}
	return order
}

// subBlocks reads what is in blocks of up to 255 bytes, each behind its length. An empty one ends them.
type subBlocks struct {
	rest []byte
	now  bytes.Reader
}

func (b *subBlocks) next() error {
	if b.now.Len() > 0 {
		return nil
	}
	if len(b.rest) == 0 {
		return io.ErrUnexpectedEOF
	}
	n := min(int(b.rest[0])+1, len(b.rest))
	if n == 1 {
		return io.EOF
	}
	b.now.Reset(b.rest[1:n])
	b.rest = b.rest[n:]
	return nil
}

// Read reads from one block.
func (b *subBlocks) Read(p []byte) (int, error) {
	if err := b.next(); err != nil {
		return 0, err
	}
	return b.now.Read(p)
}

// ReadByte reads from one block.
func (b *subBlocks) ReadByte() (byte, error) {
	if err := b.next(); err != nil {
		return 0, err
	}
	return b.now.ReadByte()
}
