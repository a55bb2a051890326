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
	"slices"
	"time"

	"github.com/facet-clip/facet/internal/atomicfile"
)

// What a Puller does when it is not told otherwise.
const (
	defaultStall    = 30 * time.Second
	defaultAttempts = 5
	defaultBackoff  = time.Second
	defaultConnect  = 2500 * time.Millisecond
)

// Puller brings models onto a machine. The zero value with a Cache is ready to use: it knows the hub and the published hosts, and no other
// folder. Several pullers, in one or many processes, may share a cache: the second one for a file waits for the first.
type Puller struct {
	Machine              // the folders of models; Cache is where downloads go
	Hub     Hub          // the Hugging Face hub
	Mirror  string       // URL to take the publishers' files from first, see the package's documentation; empty: none
	Client  *http.Client // nil: the standard library's, which respects HTTPS_PROXY

	// Progress, when set, is told of every piece that arrives: the file's name, how many of its bytes are there
	// (those of earlier runs included; less than before when a download has to start over), and how many there will
	// be, -1 if the server does not say. The last call for a file has done equal to total. It is called from Pull's goroutine.
	Progress func(file string, done, total int64)

	Connect  time.Duration // a host without a connection after so long is passed over; 0: 2.5 s
	Stall    time.Duration // an attempt fails when no byte arrives for so long; 0: 30 s
	Attempts int           // give up after so many attempts in a row that bring less than 1 MiB; 0: 5
	Backoff  time.Duration // pause after the first failed attempt, doubled after each further one up to 30 s; 0: 1 s

	// Log takes what is worth knowing and no error; nil discards it.
	Log *slog.Logger

	vocabulary *file // nil: CLIP's own; tests bring theirs
}

// Pull makes sure that a model's checkpoint and vocabulary lie on the machine with the right sums, and returns the checkpoint's path. What is
// there already, in whichever of the machine's folders, is used where it lies: without a missing file no request is made. A file of the cache
// with another sum is replaced, once its successor is complete.
//
// What is missing is taken from the first source that has it: the mirror, the hub, the publisher. A download goes on where an earlier one
// stopped. When ctx ends, Pull returns at once and keeps what it has. An error is a [SourcesError] when no source brought a file; in it are, or
// the error is, a [StatusError] or [ChecksumError], or wraps [ErrMirror], [ErrInsecure], [ErrStalled], [ErrSlow], [ErrSize],
// [ErrUnreachable], [ErrCard], ctx's error, or one of the operating system, which names the file.
func (p *Puller) Pull(ctx context.Context, m Model) (string, error) {
	if p.Cache == "" {
		return "", fmt.Errorf("pull %s: no cache folder given", m.Name)
	}
	if m.SHA256 != "" || m.URL != "" {
		if err := checkDigits(m.SHA256); err != nil {
			return "", fmt.Errorf("pull %s: %w", m.Name, err)
		}
	}
	mirror, err := parseMirror(p.Mirror)
	if err != nil {
		return "", fmt.Errorf("pull %s: %w", m.Name, err)
	}
	run := &pull{Puller: p, model: m, mirror: mirror}
	path, err := run.all(ctx)
	if err != nil {
		return "", fmt.Errorf("pull %s: %w", m.Name, err)
	}
	return path, nil
}

// pull is one call of [Puller.Pull].
type pull struct {
	*Puller
	model  Model
	mirror *mirror
	dead   map[string]error // hosts without a connection, once they were tried
	commit string           // that the model's card is of, once it was read; empty: not known
}

// all looks on the machine first, and then brings what is missing: the small file first, so that a checkpoint in its place means that
// nothing is missing. A vocabulary that no source has does not keep the checkpoint away, so that one run says all that is to do by hand.
func (p *pull) all(ctx context.Context) (string, error) {
	path, err := p.local(ctx)
	if err != nil {
		return "", err
	}
	if path == "" && p.model.Source == SourceHub {
		if err := p.bringCard(ctx); err != nil {
			return "", err
		}
	}
	vocabulary, checkpoint := p.vocabularies(ctx, path), p.checkpoints()
	if path != "" {
		checkpoint = nil
	}
	p.connect(ctx, slices.Concat(vocabulary, checkpoint))
	if vocabulary != nil {
		_, err = p.bring(ctx, "the vocabulary", vocabulary)
	}
	var without *SourcesError
	if err != nil && !errors.As(err, &without) {
		return "", fmt.Errorf("the vocabulary: %w", err)
	}
	if checkpoint != nil {
		var failed error
		path, failed = p.bring(ctx, "the checkpoint", checkpoint)
		if failed != nil {
			path, failed = p.unchecked(failed)
		}
		err = errors.Join(err, failed)
	}
	return path, err
}

// local gives the first sound checkpoint on the machine; empty when there is none. Unlike [Machine.Find] it reads what lies in the cache too.
func (p *pull) local(ctx context.Context) (string, error) {
	for _, at := range p.Places(p.model) {
		if at.Own && at.sha256 == "" {
			continue // only the hub can tell whether it is right
		}
		if p.model.Source == SourceHub && errors.Is(cardProblem(at), ErrCard) {
			return "", cardProblem(at)
		}
		err := p.sound(ctx, at)
		var damaged *ChecksumError
		switch {
		case err == nil:
			return at.Path, nil
		case ctx.Err() != nil:
			return "", ctx.Err()
		case errors.As(err, &damaged) && at.Own:
			p.log().Warn("the file in the cache is damaged and will be replaced", "file", at.Path, "expected", damaged.Expected, "found", damaged.Found)
		default:
			p.log().Warn("a checkpoint on this machine is left aside", "model", p.model.Name, "file", at.Path, "reason", err)
		}
	}
	return "", nil
}

// cardProblem is what is wrong with the card beside a checkpoint.
func cardProblem(at Place) error {
	_, err := ReadCard(filepath.Dir(at.Path))
	return err
}

func (p *pull) sound(ctx context.Context, at Place) error {
	if at.Own {
		return verify(ctx, at.Path, at.sha256)
	}
	return p.check(ctx, p.model, at)
}

// unchecked gives the checkpoint that somebody put into the cache, when no source could say what its sum should be.
func (p *pull) unchecked(failed error) (string, error) {
	for _, at := range p.Places(p.model) {
		if at.Own && at.sha256 == "" && errors.Is(failed, ErrUnreachable) {
			p.log().Warn("nobody can be asked for this file's sum: it is taken as it is", "file", at.Path)
			return at.Path, nil
		}
	}
	return "", failed
}

// ensure makes sure that f lies at path.
func (p *pull) ensure(ctx context.Context, f file, path string) error {
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
	case !errors.As(err, &damaged) && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return p.download(ctx, f, path)
}

// download brings f into a part beside path, and renames it when its sum is right.
func (p *pull) download(ctx context.Context, f file, path string) (err error) {
	address, err := f.from.address(f.url)
	if err != nil {
		return err
	}
	part, err := openPart(ctx, path+".part", f.limit)
	if err != nil {
		return err
	}
	name := filepath.Base(path)
	t := &transfer{
		file: f, url: address, log: p.log(), client: f.from.guard(p.Client), token: f.token, part: part, total: -1,
		stall: or(p.Stall, defaultStall), attempts: or(f.attempts, or(p.Attempts, defaultAttempts)), backoff: or(p.Backoff, defaultBackoff),
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
func or[T time.Duration | int | string](value, standard T) T {
	var zero T
	if value > zero {
		return value
	}
	return standard
}
