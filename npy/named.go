package npy

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/facet-clip/facet/internal/atomicfile"
)

// Named is a file of float32 rows [N,…] on its way, and beside it a file with the name of each row. Neither is there before [Named.Finish].
type Named struct {
	path string
	file *atomicfile.File
	rows *Rows
}

// CreateNamed begins the file of rows of the given shape.
func CreateNamed(path string, shape ...int) (n *Named, err error) {
	n = &Named{path: path}
	if n.file, err = atomicfile.Create(path); err != nil {
		return nil, err
	}
	if n.rows, err = NewRows(n.file, shape...); err != nil {
		return nil, errors.Join(n.writing(err), n.Discard())
	}
	return n, nil
}

func (n *Named) writing(err error) error { return fmt.Errorf("writing %s: %w", n.path, err) }

// Names is the path of the file with the names.
func (n *Named) Names() string { return strings.TrimSuffix(n.path, ".npy") + ".names.txt" }

// Add writes whole rows.
func (n *Named) Add(rows []float32) error {
	if err := n.rows.Add(rows); err != nil {
		return n.writing(err)
	}
	return nil
}

// Finish gives the files their paths: the rows last, so that where they are, their names are too.
func (n *Named) Finish(names []string) error {
	if err := n.rows.Finish(); err != nil {
		return n.writing(err)
	}
	if err := atomicfile.Write(n.Names(), func(w io.Writer) error { return WriteNames(w, names) }); err != nil {
		return err
	}
	return n.file.Commit()
}

// Discard removes what is not finished.
func (n *Named) Discard() error { return n.file.Discard() }

// WriteNames writes a name a line. One that holds a line end, or begins as a JSON string does, is written as a JSON string.
func WriteNames(w io.Writer, names []string) error {
	out := bufio.NewWriter(w)
	for _, name := range names {
		if strings.ContainsAny(name, "\n\r") || strings.HasPrefix(name, `"`) {
			quoted, err := json.Marshal(name)
			if err != nil {
				return err
			}
			name = string(quoted)
		}
		out.WriteString(name + "\n")
	}
	return out.Flush() // bufio keeps the first error
}
