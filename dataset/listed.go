package dataset

import (
	"context"
	"fmt"
	"image"
	"image/draw"
)

// KindListed is the kind of a source whose items the caller lists.
const KindListed = "listed"

// Listed is a source of n items that the caller knows. The fingerprint is to change with the items.
func Listed(name, fingerprint string, n int, at func(i int) Item) (*Source, error) {
	options, err := Options{}.check()
	if err == nil && n < 1 {
		err = fmt.Errorf("%s: %w", name, ErrEmpty)
	}
	return &Source{Name: name, Kind: KindListed, fingerprint: fingerprint, options: options, n: n, at: at}, err
}

// DrawnItem is a picture that is made when it is asked for, such as a record of a larger file.
func DrawnItem(path string, picture func() (image.Image, error)) Item {
	return Item{Path: path, read: func() ([]byte, error) { return nil, nil }, decode: func(ctx context.Context, d *Decoder, _ []byte, use func(*image.NRGBA) error) error {
		img, err := picture()
		if err != nil {
			return err
		}
		return d.Image(ctx, path, img, use)
	}}
}

// CroppedItem is a part of the picture in a file, as Pillow's crop gives it: what lies outside the picture is black. The part has a name of its own.
func CroppedItem(name, path string, part image.Rectangle) Item {
	item := FileItem(path)
	whole := item.decode
	item.Path = name
	item.decode = func(ctx context.Context, d *Decoder, data []byte, use func(*image.NRGBA) error) error {
		return whole(ctx, d, data, func(img *image.NRGBA) error {
			if part.Empty() || int64(part.Dx()) > d.maxPixels/int64(part.Dy()) {
				return fmt.Errorf("%s: expected a part of a picture of %v, found %v", name, img.Rect.Size(), part)
			}
			out := image.NewNRGBA(image.Rect(0, 0, part.Dx(), part.Dy()))
			draw.Draw(out, out.Rect, image.Black, image.Point{}, draw.Src)
			draw.Draw(out, img.Rect.Sub(part.Min), img, img.Rect.Min, draw.Src)
			return use(out)
		})
	}
	return item
}
