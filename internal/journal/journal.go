// Package journal keeps what is known of each finished part of a long run, so that a run that was cut off goes on there.
//
// A journal is a file with an object of JSON a line. The first line, the head, names the kind of run and the hash of all that decides its results.
// A last line without an end was cut off while it was written, and is cut off when the journal is opened again.
package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/facet-clip/facet/internal/atomicfile"
)

// ErrJournal is returned when a journal is of another run, or damaged.
var ErrJournal = errors.New("not the journal of this evaluation")

// Kind says what a journal is of.
type Kind struct {
	// Format names the kind of run and the version of its lines.
	Format string
	// Protocol is the hash of all that decides the results. A journal of another protocol is refused.
	Protocol string
}

type head struct {
	Format   string `json:"format"`
	Protocol string `json:"protocol_sha256"`
}

// Journal is a file that grows. A nil journal takes lines and keeps none.
type Journal struct{ file *os.File }

// Open reads the journal at path, or begins it; its folder is made. each is given every finished line. Errors name the path.
func Open(path string, k Kind, each func(line []byte) error) (*Journal, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	f, err := atomicfile.Open(path)
	if err != nil {
		return nil, err
	}
	j := &Journal{f}
	whole, err := Read(f, k, each)
	if err == nil {
		if err = f.Truncate(whole); err == nil {
			_, err = f.Seek(whole, io.SeekStart)
		}
	}
	if err == nil && whole == 0 {
		err = j.Append(head(k))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return j, nil
}

// Append writes a line for each value and waits until they are on the disk.
func (j *Journal) Append(values ...any) error {
	if j == nil {
		return nil
	}
	var lines []byte
	for _, v := range values {
		data, err := json.Marshal(v)
		if err != nil {
			return err
		}
		lines = append(append(lines, data...), '\n')
	}
	if _, err := j.file.Write(lines); err != nil {
		return err
	}
	return j.file.Sync()
}

// Close closes the file.
func (j *Journal) Close() error {
	if j == nil {
		return nil
	}
	return j.file.Close()
}

// most is the most bytes of a journal: 100,000 pictures at 10 kB.
const most = 1 << 30

// Read gives each the finished lines behind the head, and returns how many bytes hold whole lines; what follows was cut off while it was written.
// Its own errors wrap [ErrJournal].
func Read(r io.Reader, k Kind, each func(line []byte) error) (whole int64, err error) {
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return 0, err
	}
	if len(data) > most {
		return 0, fmt.Errorf("%w: more than %d bytes", ErrJournal, most)
	}
	end := slices.Index(data, '\n') + 1
	if end == 0 {
		return 0, nil
	}
	var h head
	if err := json.Unmarshal(data[:end], &h); err != nil || h.Format != k.Format {
		return 0, fmt.Errorf("%w: the first line is not that of a journal", ErrJournal)
	}
	if h.Protocol != k.Protocol {
		return 0, fmt.Errorf("%w: its protocol is %.12s…, this one's %.12s…; give another folder, or remove that one", ErrJournal, h.Protocol, k.Protocol)
	}
	for {
		next := slices.Index(data[end:], '\n') + 1
		if next == 0 {
			return int64(end), nil
		}
		if err := each(data[end : end+next]); err != nil {
			return 0, err
		}
		end += next
	}
}
