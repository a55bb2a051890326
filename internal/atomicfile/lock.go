package atomicfile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/gofrs/flock"

	"github.com/facet-clip/facet/internal/regular"
)

// ErrLocked is returned when another process, or another part of this one, holds a lock.
var ErrLocked = errors.New("locked by another process")

// Lock is what at most one holder has at a time. The operating system drops it when its process ends, however that happens. Its file
// stays for ever: were it removed, a process that had opened it before and one that makes it anew would both hold a lock.
type Lock struct{ file *flock.Flock }

// TryLock takes the lock at path, or fails at once with [ErrLocked].
func TryLock(path string) (*Lock, error) {
	for range changes {
		if err := makeLock(path); err != nil {
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		l := flock.New(path, flock.SetFlag(os.O_RDONLY), flock.SetPermissions(0o644)) // which serves where another user made the file
		free, err := l.TryLock()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if !free {
			return nil, fmt.Errorf("%s: %w", path, ErrLocked)
		}
		if stands(l) {
			return &Lock{l}, nil
		}
		l.Close()
	}
	return nil, fmt.Errorf("lock %s: it is replaced all the time", path)
}

// poll is how long a waiter sleeps between two tries.
const poll = 50 * time.Millisecond

// WaitLock takes the lock at path as soon as it is free. waiting, if not nil, is called once if it is not free at once.
func WaitLock(ctx context.Context, path string, waiting func()) (*Lock, error) {
	for first := true; ; first = false {
		l, err := TryLock(path)
		if !errors.Is(err, ErrLocked) {
			return l, err
		}
		if first && waiting != nil {
			waiting()
		}
		select {
		case <-time.After(poll):
		case <-ctx.Done():
			return nil, fmt.Errorf("lock %s: %w", path, ctx.Err())
		}
	}
}

// Unlock lets others have the lock. Its file stays.
func (l *Lock) Unlock() error { return l.file.Close() }

// makeLock makes sure that a regular file is there, and follows no link.
func makeLock(path string) error {
	info, err := os.Lstat(path)
	if err == nil {
		return regular.Check(path, info)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := regular.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644) // readable, so that users may share a folder
	if errors.Is(err, fs.ErrExist) {
		return nil // another made it just now
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// stands tells whether the locked file still has its name: someone may have removed or replaced it between opening and locking.
func stands(l *flock.Flock) bool {
	locked, err1 := l.Stat()
	named, err2 := os.Lstat(l.Path())
	return err1 == nil && err2 == nil && os.SameFile(locked, named)
}
