package cli

import (
	"encoding/json"
	"image"
	"image/png"
	"io"

	"github.com/facet-clip/facet/internal/atomicfile"
	"github.com/facet-clip/facet/npy"
)

// writeFile writes a file whole or not at all.
func writeFile(path string, write func(io.Writer) error) error { return atomicfile.Write(path, write) }

func writeNPY(path string, data []float32, shape ...int) error {
	return writeFile(path, func(w io.Writer) error { return npy.Write(w, data, shape...) })
}

func writePNG(path string, picture image.Image) error {
	return writeFile(path, func(w io.Writer) error { return png.Encode(w, picture) })
}

// writeSheet writes a large picture in a third of the time, and somewhat larger.
func writeSheet(path string, picture image.Image) error {
	fast := png.Encoder{CompressionLevel: png.BestSpeed}
	return writeFile(path, func(w io.Writer) error { return fast.Encode(w, picture) })
}

func writeJSON(path string, v any) error {
	return writeFile(path, func(w io.Writer) error { return encodeJSON(w, v) })
}

// encodeJSON prints two-space JSON with a line end and without escaping < and &.
func encodeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
