package dataset

import (
	"context"
	"crypto/sha256"
	"errors"
	"image"
)

// Content is what a picture is decoded from, read once: what it is known by stays what is decoded, even when its file is changed meanwhile.
type Content struct {
	Hash [32]byte // SHA-256 of the bytes; of a scene, of its path, which says all of it; of a file too large to read, of its name and size

	data   []byte
	decode decodeFunc
}

// Content reads an item without decoding it. A file that is too large is not read; decoding it gives the error.
func (i Item) Content() (Content, error) {
	data, err := i.read()
	if errors.Is(err, ErrFileTooLarge) {
		return Content{Hash: sha256.Sum256([]byte(err.Error())), decode: failing(err)}, nil
	}
	if err != nil {
		return Content{}, err
	}
	return Content{sha256.Sum256(data), data, i.decode}, nil
}

// NewContent is the content of a picture whose bytes are at hand. name is for errors.
func NewContent(name string, data []byte) Content {
	return Content{sha256.Sum256(data), data, decodeNamed(name)}
}

// Decode decodes the picture and has it used; see [Decoder.Bytes].
func (c Content) Decode(ctx context.Context, d *Decoder, use func(*image.NRGBA) error) error {
	return c.decode(ctx, d, c.data, use)
}
