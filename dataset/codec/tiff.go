package codec

import (
	"image"
	"math"
	"strings"
)

// Tags of TIFF that are asked for.
const (
	tagWidth        = 256
	tagHeight       = 257
	tagBits         = 258
	tagCompression  = 259
	tagPhotometric  = 262
	tagOrientation  = 274
	tagSamples      = 277
	tagRowsPerStrip = 278
	tagPlanar       = 284
	tagTileWidth    = 322
	tagTileHeight   = 323
	tagFormat       = 339
)

const (
	uncompressed = 1
	oldJPEG      = 6
	newJPEG      = 7
)

// TIFF is a TIFF file whose first directory has been read.
type TIFF struct {
	Size    image.Point // as stored
	library *library
	kind    samples
	tile    image.Point // of a tile, or of a strip
	across  int         // tiles in a row
	down    int         // rows of tiles
	planar  bool
	rgba    bool // libtiff makes colours itself
	turn    int  // the orientation, 1 to 8
}

// mostBytes is what libtiff may take at once beside twice the file; buffers for strips and tiles are not its own.
const mostBytes = 1 << 26

// OpenTIFF reads the header of a TIFF file, BigTIFF too. Errors are [ErrDamaged] or [ErrUnsupported].
func OpenTIFF(data []byte) (t *TIFF, err error) {
	defer func() {
		if err != nil && strings.Contains(err.Error(), "per-sample") { // samples of several widths or formats
			err = unsupported("%v", err)
		}
	}()
	defer caught(&err)
	l := newLibrary(data)
	l.Xtiff_open(int32(min(mostBytes+2*int64(len(data)), math.MaxInt32)))
	t = &TIFF{Size: image.Pt(l.number(tagWidth, 0), l.number(tagHeight, 0)), library: l, planar: l.number(tagPlanar, 1) == 2, turn: l.number(tagOrientation, 1)}
	if t.Size.X < 1 || t.Size.Y < 1 {
		return nil, damaged("a picture of %d×%d pixels", t.Size.X, t.Size.Y)
	}
	if err := t.setColours(); err != nil {
		return nil, err
	}
	return t, t.setLayout()
}

// number is a field's value, or otherwise when the file has none.
func (l *library) number(tag int32, otherwise int) int {
	if v := l.Xtiff_field(tag); v >= 0 {
		return int(v)
	}
	return otherwise
}

// setColours finds out what samples mean, as Pillow does: a missing interpretation is white-is-zero, and old JPEGs are YCbCr.
func (t *TIFF) setColours() error {
	l := t.library
	compression, photometric := l.number(tagCompression, 1), l.number(tagPhotometric, whiteIsZero)
	if l.Xtiff_known(int32(compression)) == 0 {
		return unsupported("TIFF compression %s", compressionName(compression))
	}
	if photometric != palette && storedPhotometric(l.data) == palette {
		return damaged("its palette is missing or cut off")
	}
	if compression == oldJPEG {
		photometric = yCbCr
	}
	t.kind = samples{
		photometric: photometric, bits: l.number(tagBits, 1), each: l.number(tagSamples, 1), format: l.number(tagFormat, unsigned),
	}
	for i := int32(0); l.Xtiff_extra(i) >= 0; i++ {
		t.kind.extra = append(t.kind.extra, int(l.Xtiff_extra(i)))
	}
	if photometric == yCbCr && t.kind.each-len(t.kind.extra) != 1 {
		switch {
		case compression == newJPEG && !t.planar:
			l.Xtiff_rgb()
			t.kind.photometric = rgb
		case compression != uncompressed || l.Xtiff_subsampled() != 0:
			t.rgba = true
			return nil
		}
	} else if photometric == yCbCr {
		t.kind.photometric = blackIsZero // only luma
	}
	if photometric == palette {
		t.kind.palette = l.palette(t.kind.bits)
	}
	return t.kind.check()
}

// palette is that of the file, at 8 bits.
func (l *library) palette(bits int) [][3]uint8 {
	if bits > 8 || l.Xtiff_colour(0, 0) < 0 {
		return nil
	}
	out := make([][3]uint8, 1<<bits)
	for i := range out {
		for c := range out[i] {
			out[i][c] = uint8(l.Xtiff_colour(int32(c), int32(i)) >> 8)
		}
	}
	return out
}

// setLayout finds out how strips or tiles lie.
func (t *TIFF) setLayout() error {
	l := t.library
	if l.Xtiff_tiled() != 0 {
		t.tile = image.Pt(l.number(tagTileWidth, 0), l.number(tagTileHeight, 0))
	} else {
		t.tile = image.Pt(t.Size.X, min(l.number(tagRowsPerStrip, t.Size.Y), t.Size.Y))
	}
	if t.tile.X < 1 || t.tile.Y < 1 {
		return damaged("strips or tiles of %d×%d pixels", t.tile.X, t.tile.Y)
	}
	if int64(t.tile.X)*int64(t.tile.Y) > 4*int64(t.Size.X)*int64(t.Size.Y)+1<<20 {
		return unsupported("tiles of %d×%d pixels in a picture of %d×%d", t.tile.X, t.tile.Y, t.Size.X, t.Size.Y)
	}
	t.across, t.down = (t.Size.X+t.tile.X-1)/t.tile.X, (t.Size.Y+t.tile.Y-1)/t.tile.Y
	return nil
}

// Working is how many bytes decoding takes beside the picture itself.
func (t *TIFF) Working() int64 {
	block := int64(t.tile.X) * int64(t.tile.Y) * 4
	if t.rgba {
		return block
	}
	pixels := int64(t.Size.X) * int64(t.Size.Y)
	if t.turn > 1 {
		block += 4 * pixels
	}
	return block*int64(t.kind.each*t.kind.bits+31)/32 + pixels*int64(t.kind.inks()+1)
}

// Decode reads the pixels, opaque and turned as the file's orientation says. It can be called once.
func (t *TIFF) Decode() (out *image.NRGBA, err error) {
	defer caught(&err)
	if t.rgba {
		out = t.readRGBA()
	} else {
		out, err = t.readSamples()
	}
	if err != nil {
		return nil, err
	}
	return Turn(out, t.turn), nil
}

// readRGBA lets libtiff make colours, a band of rows at a time.
func (t *TIFF) readRGBA() *image.NRGBA {
	out := image.NewNRGBA(image.Rectangle{Max: t.Size})
	buffer := t.library.allocate(t.tile.Y * out.Stride)
	for y := 0; y < t.Size.Y; y += t.tile.Y {
		n := min(t.tile.Y, t.Size.Y-y)
		t.library.Xtiff_rgba(int32(y), buffer, int32(n))
		copy(out.Pix[y*out.Stride:], t.library.memory()[uint32(buffer):][:n*out.Stride])
	}
	for i := 3; i < len(out.Pix); i += 4 {
		out.Pix[i] = 255
	}
	return out
}

// readSamples decodes every strip or tile of every plane that colours need.
func (t *TIFF) readSamples() (*image.NRGBA, error) {
	levels := newLevels(t.Size, t.kind)
	size := int(t.library.Xtiff_block_size())
	buffer := t.library.allocate(size)
	planes, each := 1, t.kind.each
	if t.planar {
		planes, each = levels.each, 1
	}
	stride := (t.tile.X*each*t.kind.bits + 7) / 8
	for i := range planes * t.across * t.down {
		plane, at := i/(t.across*t.down), image.Pt(i%t.across*t.tile.X, i/t.across%t.down*t.tile.Y)
		rect := image.Rectangle{at, at.Add(t.tile)}.Intersect(image.Rectangle{Max: t.Size})
		n := int(t.library.Xtiff_block(int32(i), buffer, int32(size)))
		if n < rect.Dy()*stride {
			return nil, damaged("strip or tile %d has %d bytes, expected %d", i, n, rect.Dy()*stride)
		}
		levels.put(rect, t.library.memory()[uint32(buffer):][:n], stride, plane, each)
	}
	return levels.colours(), nil
}
