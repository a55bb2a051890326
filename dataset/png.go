package dataset

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"io"
)

const pngSignature = "\x89PNG\r\n\x1a\n"

func openPNG(data []byte) (opened, error) {
	config := func(r *bytes.Reader) (image.Config, error) {
		c, err := png.DecodeConfig(r)
		if err != nil {
			if mended, mendErr := mendPNG(data, false); mendErr == nil { // what stands before the pixels is sound
				return png.DecodeConfig(bytes.NewReader(mended))
			}
		}
		return c, err
	}
	return openWith(data, config, 8, func() (*image.NRGBA, error) { return decodePNG(data) })
}

// decodePNG reads a PNG. One that image/png refuses is tried again without what Pillow does not look at.
func decodePNG(data []byte) (*image.NRGBA, error) {
	img, err := png.Decode(bytes.NewReader(data))
	var unsupported png.UnsupportedError
	if errors.As(err, &unsupported) {
		return nil, err
	}
	if err != nil {
		mended, mendErr := mendPNG(data, true)
		if mendErr != nil {
			return nil, mendErr
		}
		if img, err = png.Decode(bytes.NewReader(mended)); err != nil {
			return nil, err
		}
	}
	return opaque(img), nil
}

// mendPNG writes a PNG anew with header, palette and, where asked for, as many pixels as the header says. Like Pillow it does not look at
// checksums of pixel chunks, at whatever comes after the pixels, and at surplus data within them. Other checksums must be right.
func mendPNG(data []byte, pixels bool) ([]byte, error) {
	p := pngParts{rest: data[len(pngSignature):]}
	if err := p.read(); err != nil {
		return nil, err
	}
	out := bytes.NewBufferString(pngSignature)
	writeChunk(out, "IHDR", p.header)
	if p.palette != nil {
		writeChunk(out, "PLTE", p.palette)
	}
	if pixels {
		raw, err := p.inflate()
		if err != nil {
			return nil, err
		}
		var stored bytes.Buffer
		w, err := zlib.NewWriterLevel(&stored, zlib.NoCompression)
		if err != nil {
			return nil, err
		}
		w.Write(raw)
		w.Close()
		writeChunk(out, "IDAT", stored.Bytes())
	} else {
		writeChunk(out, "IDAT", nil)
	}
	writeChunk(out, "IEND", nil)
	return out.Bytes(), nil
}

// pngParts are the chunks of a PNG that make its picture.
type pngParts struct {
	rest            []byte
	header, palette []byte
	pixels          []io.Reader
}

// read takes up chunks to the end of the first run of pixels.
func (p *pngParts) read() error {
	for len(p.rest) >= 8 {
		size, kind := binary.BigEndian.Uint32(p.rest), string(p.rest[4:8])
		if kind != "IDAT" && p.pixels != nil {
			break
		}
		body := p.rest[8:]
		body = body[:min(int64(len(body)), int64(size))]
		after := p.rest[8+len(body):]
		if kind != "IDAT" {
			if len(after) < 4 || binary.BigEndian.Uint32(after) != crc32.ChecksumIEEE(p.rest[4:8+len(body)]) {
				return fmt.Errorf("chunk %q has a wrong checksum", kind)
			}
		}
		switch kind {
		case "IHDR":
			p.header = body
		case "PLTE":
			p.palette = body
		case "IDAT":
			p.pixels = append(p.pixels, bytes.NewReader(body))
		}
		p.rest = after[min(len(after), 4):]
	}
	if len(p.header) != 13 || p.pixels == nil {
		return errors.New("expected a header and pixels")
	}
	return nil
}

// inflate gives as many bytes of filtered rows as the header asks for.
func (p *pngParts) inflate() ([]byte, error) {
	in, err := zlib.NewReader(io.MultiReader(p.pixels...))
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(in, p.rowBytes()))
	if err != nil && (int64(len(raw)) < p.rowBytes() || errors.Is(err, zlib.ErrChecksum)) {
		return nil, err
	}
	if int64(len(raw)) < p.rowBytes() {
		return nil, fmt.Errorf("%d bytes of pixels, expected %d", len(raw), p.rowBytes())
	}
	if _, err := in.Read(make([]byte, 1)); errors.Is(err, zlib.ErrChecksum) {
		return nil, err
	}
	return raw, nil
}

// rowBytes is the bytes of all filtered rows.
func (p *pngParts) rowBytes() int64 {
	w, h := int64(binary.BigEndian.Uint32(p.header)), int64(binary.BigEndian.Uint32(p.header[4:]))
	channels := map[byte]int64{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[p.header[9]]
	bits := channels * int64(p.header[8])
	rows := func(w, h int64) int64 {
		if w == 0 || h == 0 {
			return 0
		}
		return h * (1 + (w*bits+7)/8)
	}
	if p.header[12] == 0 {
		return rows(w, h)
	}
	var n int64
	for _, pass := range [7][4]int64{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}} {
		n += rows((w-pass[0]+pass[2]-1)/pass[2], (h-pass[1]+pass[3]-1)/pass[3])
	}
	return n
}

func writeChunk(out *bytes.Buffer, kind string, body []byte) {
	out.Write(binary.BigEndian.AppendUint32(nil, uint32(len(body))))
	at := out.Len()
	out.WriteString(kind)
	out.Write(body)
	out.Write(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(out.Bytes()[at:])))
}
