// Package textfile reads the text files that people bring: lists of words, classes and pictures, and tables. They come from spreadsheets,
// editors and scripts on every system, so every reader of lines or of tables goes through here.
//
// A text is UTF-8. Byte-order marks are skipped at the beginning of a line, where they also stand after files were joined. The line ends of Windows and of
// old Macs become \n. Other encodings are refused by name, because guessing one wrong gives texts that look right to nobody.
package textfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"unicode/utf8"

	"golang.org/x/text/transform"
)

var (
	// ErrEncoding is returned when a text is not UTF-8. The error says which encoding it seems to be and how to convert it.
	ErrEncoding = errors.New("expected a text in UTF-8")
	// ErrLong is returned when a line has more than [MaxLine] bytes.
	ErrLong = errors.New("line is too long")
)

// MaxLine is the most bytes that a line may have.
const MaxLine = 1 << 20

// NewReader reads a text as UTF-8 with \n for line ends and without byte-order marks. Errors wrap [ErrEncoding] or [ErrLong] and name the line.
// It waits for no more input than it needs to give what it has.
func NewReader(r io.Reader) io.Reader {
	return transform.NewReader(r, &cleaner{line: 1})
}

// Line is a line of a text, without its end.
type Line struct {
	Number int // from 1
	Text   string
}

// Lines gives the lines of a text; see [NewReader] for what it does to them and for errors. It ends after the first error.
func Lines(r io.Reader) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		in := NewReader(r)
		buffer := make([]byte, 1<<12)
		var rest []byte
		number := 1
		for {
			n, err := in.Read(buffer)
			rest = append(rest, buffer[:n]...)
			for end := bytes.IndexByte(rest, '\n'); end >= 0; end = bytes.IndexByte(rest, '\n') {
				if !yield(Line{number, string(rest[:end])}, nil) {
					return
				}
				rest = rest[end+1:]
				number++
			}
			switch {
			case err == io.EOF && len(rest) > 0:
				yield(Line{number, string(rest)}, nil)
				return
			case err == io.EOF:
				return
			case err != nil:
				yield(Line{}, err)
				return
			}
		}
	}
}

// cleaner is the transformation of [NewReader].
type cleaner struct {
	line     int // from 1
	width    int // bytes of the line so far
	returned bool
}

// Reset makes it ready for another text.
func (c *cleaner) Reset() { *c = cleaner{line: 1} }

var mark = []byte("\ufeff")

// Transform cleans what is there; see [transform.Transformer].
func (c *cleaner) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	for nSrc < len(src) {
		rest := src[nSrc:]
		_, size := utf8.DecodeRune(rest)
		switch b := rest[0]; {
		case !utf8.FullRune(rest) && !atEOF, c.mayBeWide(rest) && !atEOF:
			return nDst, nSrc, transform.ErrShortSrc
		case c.width == 0 && bytes.HasPrefix(rest, mark):
			nSrc += len(mark)
			continue
		case b == 0, b >= utf8.RuneSelf && size == 1:
			return nDst, nSrc, c.refuse(rest)
		case b == '\n' && c.returned:
			nSrc++
			c.returned = false
			continue
		case nDst+size > len(dst):
			return nDst, nSrc, transform.ErrShortDst
		case b == '\r', b == '\n':
			dst[nDst] = '\n'
			c.line, c.width, c.returned = c.line+1, 0, b == '\r'
		default:
			copy(dst[nDst:], rest[:size])
			c.width, c.returned = c.width+size, false
			if c.width > MaxLine {
				return nDst, nSrc, fmt.Errorf("line %d: %w: expected at most %d bytes", c.line, ErrLong, MaxLine)
			}
		}
		nDst, nSrc = nDst+size, nSrc+size
	}
	return nDst, nSrc, nil
}

// mayBeWide tells of a beginning that needs four bytes to name its encoding.
func (c *cleaner) mayBeWide(rest []byte) bool {
	return c.line == 1 && c.width <= 1 && len(rest) < 4 && (rest[0] == 0 || rest[0] >= 0xfe)
}

// refuse names the encoding of a text that is not UTF-8 from here on.
func (c *cleaner) refuse(rest []byte) error {
	first := c.line == 1 && c.width == 0
	name, convert := "Latin-1 or Windows-1252", "WINDOWS-1252"
	switch {
	case first && bytes.HasPrefix(rest, []byte{0xff, 0xfe, 0, 0}), first && bytes.HasPrefix(rest, []byte{0, 0, 0xfe, 0xff}):
		name, convert = "UTF-32", "UTF-32"
	case first && bytes.HasPrefix(rest, []byte{0xff, 0xfe}), first && bytes.HasPrefix(rest, []byte{0xfe, 0xff}):
		name, convert = "UTF-16", "UTF-16"
	case c.line == 1 && c.width == 1 && bytes.HasPrefix(rest, []byte{0, 0, 0}):
		name, convert = "UTF-32 without a byte-order mark", "UTF-32LE"
	case c.line == 1 && c.width == 1 && rest[0] == 0:
		name, convert = "UTF-16 without a byte-order mark", "UTF-16LE"
	case first && rest[0] == 0 && len(rest) > 1 && rest[1] != 0:
		name, convert = "UTF-16 without a byte-order mark", "UTF-16BE"
	case rest[0] == 0:
		return fmt.Errorf("line %d: %w, found a NUL byte: this is not a text file", c.line, ErrEncoding)
	}
	return fmt.Errorf("line %d: %w, found byte 0x%02x: it seems to be %s; convert it: iconv -f %s -t UTF-8 FILE > NEW", c.line, ErrEncoding, rest[0], name, convert)
}
