package atlas

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"strings"
	"time"
)

// maxText bounds a path, label, group or truth in bytes.
const maxText = 1 << 16

// A row of images.part is an image: path, label, group and truth, each with its length; 1 and the time in microseconds, or 0; the embedding [D];
// the number of uses and each one's pair and scalar.

// appendRow writes an image's row.
func appendRow(b []byte, image Image) []byte {
	for _, s := range []string{image.Path, image.Label, image.Group, image.Truth} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	if image.Time.IsZero() {
		b = append(b, 0)
	} else {
		b = append(b, 1)
		b = binary.AppendVarint(b, image.Time.UnixMicro())
	}
	for _, v := range image.Embedding {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	b = append(b, byte(len(image.Top)))
	for _, use := range image.Top {
		b = binary.LittleEndian.AppendUint32(b, uint32(use.Pair))
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(use.Scalar))
	}
	return b
}

// readRows gives the n images of an images.part. Memory is bounded whatever the bytes say. Errors wrap [ErrFormat].
func readRows(r io.Reader, n, pairs, embed int) iter.Seq2[Image, error] {
	return func(yield func(Image, error) bool) {
		in := bufio.NewReader(r)
		for i := range n {
			image, err := readRow(in, pairs, embed)
			if err != nil {
				yield(Image{}, fmt.Errorf("%w: row of image %d: %w", ErrFormat, i, err))
				return
			}
			if !yield(image, nil) {
				return
			}
		}
		if _, err := in.ReadByte(); !errors.Is(err, io.EOF) {
			yield(Image{}, fmt.Errorf("%w: more bytes follow the row of the last image", ErrFormat))
		}
	}
}

func readRow(in *bufio.Reader, pairs, embed int) (image Image, err error) {
	for _, s := range []*string{&image.Path, &image.Label, &image.Group, &image.Truth} {
		if *s, err = readText(in); err != nil {
			return image, err
		}
	}
	if image.Time, err = readTime(in); err != nil {
		return image, err
	}
	numbers := make([]byte, 4*embed)
	if _, err := io.ReadFull(in, numbers); err != nil {
		return image, err
	}
	image.Embedding = make([]float32, embed)
	for i := range image.Embedding {
		image.Embedding[i] = math.Float32frombits(binary.LittleEndian.Uint32(numbers[4*i:]))
	}
	image.Top, err = readUses(in, pairs)
	return image, err
}

func readText(in *bufio.Reader) (string, error) {
	n, err := binary.ReadUvarint(in)
	if err != nil {
		return "", err
	}
	if n > maxText {
		return "", fmt.Errorf("a text of %d bytes, expected at most %d", n, maxText)
	}
	b := make([]byte, n)
	_, err = io.ReadFull(in, b)
	return string(b), err
}

func readTime(in *bufio.Reader) (time.Time, error) {
	known, err := in.ReadByte()
	if err != nil || known == 0 {
		return time.Time{}, err
	}
	μs, err := binary.ReadVarint(in)
	if err != nil {
		return time.Time{}, err
	}
	return time.UnixMicro(μs).UTC(), nil
}

func readUses(in *bufio.Reader, pairs int) ([]Use, error) {
	n, err := in.ReadByte()
	if err != nil {
		return nil, err
	}
	if n > Uses {
		return nil, fmt.Errorf("%d strongest pairs, expected at most %d", n, Uses)
	}
	b := make([]byte, 8*int(n))
	if _, err := io.ReadFull(in, b); err != nil {
		return nil, err
	}
	uses := make([]Use, n)
	for i := range uses {
		uses[i] = Use{int(binary.LittleEndian.Uint32(b[8*i:])), math.Float32frombits(binary.LittleEndian.Uint32(b[8*i+4:]))}
		if uses[i].Pair >= pairs {
			return nil, fmt.Errorf("pair %d, expected less than %d", uses[i].Pair, pairs)
		}
	}
	return uses, nil
}

// checked is an image as an atlas can hold it: texts in UTF-8 of bounded length, time in UTC to the microsecond.
func checked(image Image, embed int) (Image, error) {
	for _, s := range []*string{&image.Path, &image.Label, &image.Group, &image.Truth} {
		*s = strings.ToValidUTF8(*s, "\uFFFD")
		if len(*s) > maxText {
			return image, fmt.Errorf("%.80s…: a text of %d bytes, expected at most %d", *s, len(*s), maxText)
		}
	}
	if !image.Time.IsZero() {
		image.Time = image.Time.Truncate(time.Microsecond).UTC()
	}
	if len(image.Embedding) != embed {
		return image, fmt.Errorf("%s: embedding: expected %d numbers, found %d", image.Path, embed, len(image.Embedding))
	}
	for _, v := range image.Embedding {
		if v-v != 0 {
			return image, fmt.Errorf("%s: the embedding holds %g", image.Path, v)
		}
	}
	return image, nil
}

// strongest finds the pairs of largest |s|·‖u‖ of images.
type strongest struct {
	norms []float32 // ‖u‖ [M,C]
	uses  []Use
	sizes []float32
}

// of gives the Uses strongest pairs of scalars [M,C], strongest first, ties by pair.
func (t *strongest) of(scalars []float32) []Use {
	t.uses, t.sizes = t.uses[:0], t.sizes[:0]
	limit := float32(-1)
	for p, s := range scalars {
		size := s * t.norms[p]
		if size < 0 {
			size = -size
		}
		if size > limit {
			t.insert(Use{p, s}, size)
			if len(t.uses) == Uses {
				limit = t.sizes[Uses-1]
			}
		}
	}
	return append([]Use(nil), t.uses...)
}

// insert puts a use behind those of at least its size.
func (t *strongest) insert(use Use, size float32) {
	if len(t.uses) < Uses {
		t.uses, t.sizes = append(t.uses, use), append(t.sizes, size)
	}
	at := len(t.uses) - 1
	for ; at > 0 && t.sizes[at-1] < size; at-- {
		t.uses[at], t.sizes[at] = t.uses[at-1], t.sizes[at-1]
	}
	t.uses[at], t.sizes[at] = use, size
}
