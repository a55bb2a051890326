package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/edit/record"
	"github.com/facet-clip/facet/internal/atomicfile"
	"github.com/facet-clip/facet/internal/place"
	"github.com/facet-clip/facet/internal/regular"
)

// ErrNoRecord is returned when nothing tells how a model was edited.
var ErrNoRecord = errors.New("no record of an edit is beside it")

// edited is the record of a model that facet edit wrote.
type edited struct{ answer.EditRecord }

// editedBy is the record beside a checkpoint; nil where there is none of it.
func (c Config) editedBy(name string, ck *checkpoint.Checkpoint) (*edited, error) {
	if name == DemoName {
		return nil, nil
	}
	r, ok, err := record.For(ck.Path())
	if err != nil || !ok {
		return nil, err
	}
	return &edited{r}, nil
}

// ofDemo tells whether the first source was the demo model of this facet.
func (e *edited) ofDemo() bool {
	source := e.Steps[0].Source
	if source.Name != DemoName {
		return false
	}
	ck, err := demo.Checkpoint()
	if err != nil {
		return false
	}
	sum, err := ck.SHA256(context.Background())
	return err == nil && sum == source.SHA256
}

// Undo asks for the model that an edited one was made from.
type Undo struct {
	// Edited is the file or folder that facet edit wrote.
	Edited string
	// Output is the file to write.
	Output string
}

// Undo writes the source of an edited model, byte for byte: it is found by its digest, in the cache, where it lay, or where it lies if both were moved
// together. It is [ErrNoRecord] where nothing says what the source was, and [ErrMakerGone] where it is found nowhere.
func (c Config) Undo(ctx context.Context, q Undo) (*answer.Undone, error) {
	if q.Output == "" {
		return nil, mistake("output", "is missing: expected the file to write the source to")
	}
	c = c.filled()
	path := record.Beside(q.Edited)
	if regular.IsFolder(q.Edited) {
		path = filepath.Join(q.Edited, record.File)
	}
	r, err := record.Read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w: expected %s", q.Edited, ErrNoRecord, path)
	}
	if err != nil {
		return nil, err
	}
	source := r.Steps[len(r.Steps)-1].Source
	by := maker{"the edited model " + q.Edited, filepath.Dir(path), source.Name, source.SHA256, source.Bytes, place.Place{Path: source.Path, Relative: source.Relative}}
	_, ck, err := c.findMaker(ctx, by)
	if err != nil {
		return nil, err
	}
	defer ck.Close()
	data, err := ck.Contents()
	if err != nil {
		return nil, err
	}
	err = atomicfile.Write(q.Output, func(w io.Writer) error { _, err := w.Write(data); return err })
	return &answer.Undone{Output: q.Output, Source: source, Steps: len(r.Steps) - 1}, err
}
