package dataset

import (
	"context"
	"fmt"
	"image"

	"golang.org/x/sync/semaphore"

	"github.com/facet-clip/facet/dataset/codec"
)

// DefaultMaxPixels is the most pixels that a picture may have by default: two thirds of 2²⁸, where Pillow refuses too.
const DefaultMaxPixels = 178_956_970

// pixelBytes are those of a pixel of a decoded picture.
const pixelBytes = 4

// Decoder decodes pictures within one budget of memory: all that are decoded, or in use, at once have together no more bytes than the largest
// picture that it allows. Who comes when there is no room waits. One decoder serves a whole program; safe for concurrent use.
type Decoder struct {
	maxPixels int64
	rotate    bool
	room      *semaphore.Weighted
}

// NewDecoder allows pictures of at most maxPixels pixels; 0: [DefaultMaxPixels].
func NewDecoder(maxPixels int64) *Decoder {
	if maxPixels == 0 {
		maxPixels = DefaultMaxPixels
	}
	return &Decoder{maxPixels: maxPixels, room: semaphore.NewWeighted(maxPixels * pixelBytes)}
}

// Rotating is a decoder of the same budget that turns pictures as their EXIF data say, or does not. CLIP's own preprocessing does not. TIFFs
// are turned in any case, as Pillow turns them while reading.
func (d *Decoder) Rotating(on bool) *Decoder { return &Decoder{d.maxPixels, on, d.room} }

// ExifRotate tells whether pictures are turned as their EXIF data say.
func (d *Decoder) ExifRotate() bool { return d.rotate }

// MaxPixels is the most that a picture may have, and all that are decoded at once.
func (d *Decoder) MaxPixels() int64 { return d.maxPixels }

// File decodes a picture file and has it used; see [Decoder.Bytes].
func (d *Decoder) File(ctx context.Context, path string, use func(*image.NRGBA) error) error {
	return FileItem(path).Decode(ctx, d, use)
}

// Bytes decodes JPEG, PNG, GIF (the first frame), BMP, TIFF or WebP, found by content, as Pillow's open(…).convert("RGB") does: transparency
// is dropped and not painted over anything, of 16 bits the high byte stays. What Pillow repairs is repaired: see the readers. The picture is
// opaque; its room in the budget is free again when use returns. The size is checked before memory is taken for it. Errors name the picture
// (those of use are given as they are); a kind that is not decoded is called unsupported, by name, and never damaged.
func (d *Decoder) Bytes(ctx context.Context, name string, data []byte, use func(*image.NRGBA) error) error {
	p, err := d.open(name, data)
	if err != nil {
		return err
	}
	weight := p.weight(d)
	if err := d.room.Acquire(ctx, weight); err != nil {
		return err
	}
	defer d.room.Release(weight)
	img, err := p.read()
	if err != nil {
		return err
	}
	return use(img)
}

// Image has a picture that is decoded already used as [Decoder.Bytes] has one that it decodes: opaque, as a copy within the budget.
func (d *Decoder) Image(ctx context.Context, name string, img image.Image, use func(*image.NRGBA) error) error {
	size := img.Bounds().Size()
	if size.X < 1 || size.Y < 1 {
		return fmt.Errorf("%s: expected a picture, found %d×%d pixels", name, size.X, size.Y)
	}
	if err := d.allows(name, size); err != nil {
		return err
	}
	weight := int64(size.X) * int64(size.Y) * pixelBytes
	if err := d.room.Acquire(ctx, weight); err != nil {
		return err
	}
	defer d.room.Release(weight)
	return use(opaque(img))
}

// allows refuses a picture that has more pixels than the limit.
func (d *Decoder) allows(name string, size image.Point) error {
	if int64(size.X) > d.maxPixels/int64(size.Y) {
		return fmt.Errorf("%s: %w: %d×%d, expected at most %d in all", name, ErrTooLarge, size.X, size.Y, d.maxPixels)
	}
	return nil
}

// pending is a picture that is about to be decoded.
type pending struct {
	name, format string
	opened
	orientation int
}

// open reads a header and checks the size.
func (d *Decoder) open(name string, data []byte) (p pending, err error) {
	f, err := formatOf(name, data)
	if err != nil {
		return p, err
	}
	p = pending{name: name, format: f.name}
	defer p.caught(&err)
	if p.opened, err = f.open(data); err != nil {
		return p, p.failed(err)
	}
	if p.size.X < 1 || p.size.Y < 1 {
		return p, p.failed(fmt.Errorf("%d×%d pixels", p.size.X, p.size.Y))
	}
	if err := d.allows(name, p.size); err != nil {
		return p, err
	}
	if d.rotate {
		p.orientation = orientation(f.name, data)
	}
	return p, nil
}

// weight is the bytes that decoding takes, at most the whole budget: a picture that is allowed can be decoded alone.
func (p pending) weight(d *Decoder) int64 {
	n := int64(p.size.X)*int64(p.size.Y)*pixelBytes + p.working
	if p.orientation > 1 {
		n += int64(p.size.X) * int64(p.size.Y) * pixelBytes
	}
	return min(n, d.maxPixels*pixelBytes)
}

// read decodes.
func (p pending) read() (img *image.NRGBA, err error) {
	defer p.caught(&err)
	if img, err = p.decode(); err != nil {
		return nil, p.failed(err)
	}
	return codec.Turn(img, p.orientation), nil
}

func (p pending) failed(err error) error {
	return unreadable{fmt.Errorf("%s: %s %s picture: %w", p.name, fault(err), p.format, err)}
}

// unreadable is an [ErrUnreadable] that says why.
type unreadable struct{ error }

func (u unreadable) Unwrap() error { return u.error }

// Is tells that it is an [ErrUnreadable].
func (unreadable) Is(target error) bool { return target == ErrUnreadable }

// caught makes an error of a panic: some readers are other people's, and the bytes are anybody's.
func (p pending) caught(err *error) {
	if cause := recover(); cause != nil {
		*err = unreadable{fmt.Errorf("%s: damaged %s picture: %v", p.name, p.format, cause)}
	}
}
