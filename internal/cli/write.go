package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"

	"github.com/facet-clip/facet/internal/regular"
	"github.com/facet-clip/facet/npy"
)

// writeFile writes a file whole or not at all: to a temporary name beside it, synced, renamed.
func writeFile(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".facet-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("writing %s: %w", path, err), f.Close(), os.Remove(f.Name()))
		}
	}()
	if err := errors.Join(write(f), f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func writeNPY(path string, data []float32, shape ...int) error {
	return writeFile(path, func(w io.Writer) error { return npy.Write(w, data, shape...) })
}

func writePNG(path string, picture image.Image) error {
	return writeFile(path, func(w io.Writer) error { return png.Encode(w, picture) })
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

// readNPY reads an array and names the file in its errors.
func readNPY(path string) (npy.Array, error) {
	f, err := regular.Open(path)
	if err != nil {
		return npy.Array{}, err
	}
	defer f.Close()
	a, err := npy.Read(f)
	if err != nil {
		return npy.Array{}, fmt.Errorf("%s: %w", path, err)
	}
	return a, nil
}

// readText reads a text file of the user's with a reader that names it in its errors.
func readText[T any](path string, read func(name string, r io.Reader) (T, error)) (T, error) {
	f, err := regular.Open(path)
	if err != nil {
		var none T
		return none, err
	}
	defer f.Close()
	return read(path, f)
}
