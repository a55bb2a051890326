package registry

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/facet-clip/facet/internal/atomicfile"
)

// What a Puller does when it is not told otherwise.
const (
	defaultStall    = 30 * time.Second
	defaultAttempts = 5
	defaultBackoff  = time.Second
)

// Puller downloads models into a cache. The zero value with a Cache is ready to use. Several pullers, in one or many
// processes, may share a cache: the second one for a file waits for the first.
type Puller struct {
	Cache  string       // folder that keeps the models
	Mirror string       // URL to take the files from, see the package's documentation; empty: the published hosts
	Client *http.Client // nil: the standard library's, which respects HTTPS_PROXY

	// Progress, when set, is told of every piece that arrives: the file's name, how many of its bytes are there
	// (those of earlier runs included; less than before when a download has to start over), and how many there will
	// be, -1 if the server does not say. The last call for a file has done equal to total. It is called from Pull's goroutine.
	Progress func(file string, done, total int64)

	Stall    time.Duration // an attempt fails when no byte arrives for so long; 0: 30 s
	Attempts int           // give up after so many attempts in a row that bring less than 1 MiB; 0: 5
	Backoff  time.Duration // pause after the first failed attempt, doubled after each further one up to 30 s; 0: 1 s

	// Log takes what is worth knowing and no error; nil discards it.
	Log *slog.Logger

	vocabulary *file // nil: CLIP's own; tests bring theirs
}

// Pull makes sure that the vocabulary and the checkpoint of a model lie in the cache with the right sums, and returns
// the checkpoint's path. Files that do are not asked for again: without a missing file no request is made. A file with
// another sum is replaced, once its successor is complete.
//
// A download goes on where an earlier one stopped. When ctx ends, Pull returns at once and keeps what it has. Errors
// are a [StatusError] or [ChecksumError], or wrap [ErrMirror], [ErrInsecure], [ErrStalled], [ErrSlow], [ErrSize], ctx's error,
// or one of the operating system, which names the file.
func (p *Puller) Pull(ctx context.Context, m Model) (string, error) {
	if p.Cache == "" {
		return "", fmt.Errorf("pull %s: no cache folder given", m.Name)
	}
	from, err := parseMirror(p.Mirror)
	if err != nil {
		return "", err
	}
	vocabulary := clipVocabulary
	if p.vocabulary != nil {
		vocabulary = *p.vocabulary
	}
	// The small file first: a checkpoint in its place then means that nothing is missing.
	if err := p.ensure(ctx, from, vocabulary, VocabularyPath(p.Cache)); err != nil {
		return "", fmt.Errorf("pull the vocabulary of %s: %w", m.Name, err)
	}
	path := m.Path(p.Cache)
	if err := p.ensure(ctx, from, m.file(), path); err != nil {
		return "", fmt.Errorf("pull %s: %w", m.Name, err)
	}
	return path, nil
}

// ensure makes sure that f lies at path.
func (p *Puller) ensure(ctx context.Context, from *mirror, f file, path string) error {
	if err := checkDigits(f.sha256); err != nil {
		return err
	}
	if verify(ctx, path, f.sha256) == nil {
		return nil // before the lock, so that a cache that is read only serves too
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	unlock, err := p.lock(ctx, path)
	if err != nil {
		return err
	}
	defer unlock()
	err = verify(ctx, path, f.sha256) // again: another pull may have brought it meanwhile
	var damaged *ChecksumError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &damaged):
		p.log().Warn("the file in the cache is damaged and will be replaced", "file", path, "expected", damaged.Expected, "found", damaged.Found)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return p.download(ctx, from, f, path)
}

// download brings f into a part beside path, and renames it when its sum is right.
func (p *Puller) download(ctx context.Context, from *mirror, f file, path string) (err error) {
	address, err := from.address(f.url)
	if err != nil {
		return err
	}
	part, err := openPart(ctx, path+".part", f.limit)
	if err != nil {
		return err
	}
	name := filepath.Base(path)
	t := &transfer{
		file: f, url: address, log: p.log(), client: from.guard(p.Client), part: part, total: -1,
		stall: or(p.Stall, defaultStall), attempts: or(p.Attempts, defaultAttempts), backoff: or(p.Backoff, defaultBackoff),
		progress: func(done, total int64) {
			if p.Progress != nil {
				p.Progress(name, done, total)
			}
		},
	}
	if err := t.run(ctx); err != nil {
		kept := part.size
		if closing := part.close(); closing != nil {
			return errors.Join(err, closing)
		}
		if kept > 0 {
			return fmt.Errorf("%w (%d bytes are kept; the next pull goes on from there)", err, kept)
		}
		return err
	}
	return part.commit(path)
}

func (p *Puller) log() *slog.Logger {
	if p.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return p.Log
}

// lock makes this the only pull that writes path.
func (p *Puller) lock(ctx context.Context, path string) (unlock func(), err error) {
	l, err := atomicfile.WaitLock(ctx, path+".lock", func() { p.log().Warn("waiting for another pull of the same file", "file", path) })
	if err != nil {
		return nil, err
	}
	return func() { l.Unlock() }, nil
}

// or is value, or what stands for zero.
func or[T time.Duration | int](value, standard T) T {
	if value > 0 {
		return value
	}
	return standard
}
