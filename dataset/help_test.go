package dataset

import (
	"context"
	"image"
)

// decoded is what a decoder has used.
func decoded(decode func(context.Context, *Decoder, func(*image.NRGBA) error) error, maxPixels int64) (out *image.NRGBA, err error) {
	err = decode(context.Background(), NewDecoder(maxPixels), func(img *image.NRGBA) error {
		out = img
		return nil
	})
	return out, err
}

func decodeFile(path string, maxPixels int64) (*image.NRGBA, error) {
	return decoded(FileItem(path).Decode, maxPixels)
}

func decodeBytes(name string, data []byte, maxPixels int64) (*image.NRGBA, error) {
	return decoded(NewContent(name, data).Decode, maxPixels)
}

func openPicture(path string, maxPixels int64) (*image.NRGBA, error) {
	return decoded(func(ctx context.Context, d *Decoder, use func(*image.NRGBA) error) error {
		return d.Picture(ctx, path, use)
	}, maxPixels)
}

// whole keeps pictures as they are.
func whole(_ Item, img *image.NRGBA) (*image.NRGBA, error) { return img, nil }
