package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/clip/registry"
	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/edit"
	"github.com/facet-clip/facet/internal/atomicfile"
	"github.com/facet-clip/facet/internal/place"
	"github.com/facet-clip/facet/internal/regular"
)

const (
	recordFile   = "edit.json" // in a folder; beside a file, behind its name
	recordFormat = 1
	recordMost   = 1 << 28 // bytes
)

// ErrNoRecord is returned when nothing tells how a model was edited.
var ErrNoRecord = errors.New("no record of an edit is beside it")

// recordOf is where the record of an edited model lies.
func recordOf(output string, layout clip.Layout) string {
	if layout == clip.OpenCLIP {
		return filepath.Join(output, recordFile)
	}
	return output + "." + recordFile
}

// recordBeside is where the record of a file of weights would lie.
func recordBeside(weights string) string {
	if filepath.Base(weights) == registry.SafeTensors {
		return filepath.Join(filepath.Dir(weights), recordFile)
	}
	return weights + "." + recordFile
}

func writeRecord(path string, r answer.EditRecord) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", " ")
		return e.Encode(r)
	})
}

// readRecord reads edit.json. It is [fs.ErrNotExist] where there is none.
func readRecord(path string) (r answer.EditRecord, err error) {
	f, err := regular.Open(path)
	if err != nil {
		return r, err
	}
	defer f.Close()
	if err := json.NewDecoder(io.LimitReader(f, recordMost)).Decode(&r); err != nil {
		return r, fmt.Errorf("%s: not a record of an edit: %w", path, err)
	}
	if r.Format != recordFormat || len(r.Steps) == 0 {
		return r, fmt.Errorf("%s: a record of format %d with %d steps: expected format %d and a step", path, r.Format, len(r.Steps), recordFormat)
	}
	return r, nil
}

// recordFor is the record of a file of weights, if there is one of this file: same name and size.
func recordFor(weights string) (r answer.EditRecord, ok bool, err error) {
	r, err = readRecord(recordBeside(weights))
	if errors.Is(err, fs.ErrNotExist) {
		return r, false, nil
	}
	if err != nil {
		return r, false, err
	}
	info, err := os.Stat(weights)
	return r, err == nil && info.Size() == r.Bytes && filepath.Base(weights) == r.File, nil
}

// edited is the record of a model that facet edit wrote.
type edited struct{ answer.EditRecord }

// editedBy is the record beside a checkpoint; nil where there is none of it.
func (c Config) editedBy(name string, ck *checkpoint.Checkpoint) (*edited, error) {
	if name == DemoName {
		return nil, nil
	}
	r, ok, err := recordFor(ck.Path())
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

// earlierSteps are the edits that made the lab's model; none where it is no edited one.
func (l *Lab) earlierSteps(ctx context.Context) ([]answer.EditStep, error) {
	if l.name == DemoName {
		return nil, nil
	}
	r, ok, err := recordFor(l.model.Checkpoint().Path())
	if err != nil || !ok {
		return nil, err
	}
	sum, err := l.model.Checkpoint().SHA256(ctx)
	if err != nil {
		return nil, err
	}
	if sum != r.SHA256 {
		l.log.Warn("the record beside the model is of another file, so what was edited before is not told", "record", recordBeside(l.model.Checkpoint().Path()))
		return nil, nil
	}
	return r.Steps, nil
}

// editSource is the lab's model as the record in a folder knows it.
func (l *Lab) editSource(ctx context.Context, keeper string) (answer.EditSource, error) {
	made, err := l.Made(ctx)
	s := answer.EditSource{Name: made.Name, SHA256: made.SHA256, Bytes: made.Bytes}
	if made.File.Path != "" {
		at := place.Of(made.File.Path, keeper)
		s.Path, s.Relative = at.Path, at.Relative
	}
	return s, err
}

// EditOf is the edit of a step of a record, for a pool of M heads, C neurons and width D.
func EditOf(s answer.EditStep, heads, channels, embed int) (*edit.Edit, error) {
	e := edit.New(heads, channels, embed)
	lines := make([]edit.Line, len(s.Pairs))
	for i, p := range s.Pairs {
		lines[i].Head, lines[i].Neuron, lines[i].Gain, lines[i].Shift = p.Head, p.Neuron, p.Scale, (1-p.Scale)*p.Mean
	}
	if err := e.Change(lines); err != nil {
		return nil, err
	}
	for _, m := range s.Erasures {
		x := edit.Eraser{Mean: m.Mean}
		for r := range m.Left {
			x.Left, x.Right = append(x.Left, m.Left[r]...), append(x.Right, m.Right[r]...)
		}
		if m.Images {
			if err := e.Erase(x); err != nil {
				return nil, err
			}
		}
		if m.TextSide {
			if err := e.EraseTexts(x); err != nil {
				return nil, err
			}
		}
	}
	return e, nil
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
	path := recordBeside(q.Edited)
	if info, err := os.Stat(q.Edited); err == nil && info.IsDir() {
		path = filepath.Join(q.Edited, recordFile)
	}
	r, err := readRecord(path)
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
