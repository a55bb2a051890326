// Package record keeps how a model was edited: edit.json, beside the weights that an edit made.
package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/registry"
	"github.com/facet-clip/facet/internal/atomicfile"
	"github.com/facet-clip/facet/internal/regular"
)

const (
	// File is the name of a record in a folder; beside a file it stands behind its name.
	File = "edit.json"
	// Format is the version of a record.
	Format = 1
	most   = 1 << 28 // bytes
)

// Of is where the record of an edited model lies.
func Of(output string, layout clip.Layout) string {
	if layout == clip.OpenCLIP {
		return filepath.Join(output, File)
	}
	return output + "." + File
}

// Beside is where the record of a file of weights would lie.
func Beside(weights string) string {
	if filepath.Base(weights) == registry.SafeTensors {
		return filepath.Join(filepath.Dir(weights), File)
	}
	return weights + "." + File
}

// Write writes a record.
func Write(path string, r answer.EditRecord) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", " ")
		return e.Encode(r)
	})
}

// Read reads edit.json. It is [fs.ErrNotExist] where there is none.
func Read(path string) (r answer.EditRecord, err error) {
	f, err := regular.Open(path)
	if err != nil {
		return r, err
	}
	defer f.Close()
	if err := json.NewDecoder(io.LimitReader(f, most)).Decode(&r); err != nil {
		return r, fmt.Errorf("%s: not a record of an edit: %w", path, err)
	}
	if r.Format != Format || len(r.Steps) == 0 {
		return r, fmt.Errorf("%s: a record of format %d with %d steps: expected format %d and a step", path, r.Format, len(r.Steps), Format)
	}
	return r, nil
}

// For is the record of a file of weights, if there is one of this file: same name and size.
func For(weights string) (r answer.EditRecord, ok bool, err error) {
	r, err = Read(Beside(weights))
	if errors.Is(err, fs.ErrNotExist) {
		return r, false, nil
	}
	if err != nil {
		return r, false, err
	}
	info, err := os.Stat(weights)
	return r, err == nil && info.Size() == r.Bytes && filepath.Base(weights) == r.File, nil
}
