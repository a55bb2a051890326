package dataset

import (
	"bytes"
	"image"

	"golang.org/x/image/webp"
)

func openWebP(data []byte) (opened, error) {
	if animated(data) {
		return opened{}, unsupportedKind("expected a still picture, found an animated WebP")
	}
	config := func(r *bytes.Reader) (image.Config, error) { return webp.DecodeConfig(r) }
	return openWith(data, config, 4, func() (*image.NRGBA, error) { return decodeWebP(data) })
}

func decodeWebP(data []byte) (*image.NRGBA, error) {
	img, err := webp.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	out := image.NewNRGBA(image.Rectangle{Max: img.Bounds().Size()})
	if !fromVideo(out, img) {
		copyOpaque(out, img)
	}
	return out, nil
}

// animated tells whether a WebP file says in its extended header that it is an animation.
func animated(data []byte) bool {
	return len(data) > 20 && string(data[12:16]) == "VP8X" && data[20]&2 != 0
}
