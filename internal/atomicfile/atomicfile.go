// Package atomicfile is how facet writes: files and folders appear whole or not at all, files that grow are opened without following
// links, and what only one process may write has a lock.
//
// # Terms
//
//   - A temporary is a file or folder that is being written. It lies beside its target, so that renaming it moves nothing, and its name
//     begins with .facet-. A process that is killed leaves it behind; see [RemoveTemporaries].
//   - A growing file, such as a download's .part, is read and written in place: see [Open].
//   - A lock is a file that is never removed: see [Lock].
package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/facet-clip/facet/internal/regular"
)

const prefix = ".facet-"

// File is a temporary that [File.Commit] turns into its target.
type File struct {
	*os.File
	target string
	done   bool
}

// Create begins to write the file at path. Whoever creates defers [File.Discard], which does nothing after a commit.
func Create(path string) (*File, error) {
	f, err := os.CreateTemp(filepath.Dir(path), prefix+"*")
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", path, err)
	}
	return &File{File: f, target: path}, nil
}

// Commit makes the file last and gives it its name, in the place of any file that had it. After an error there is no new file.
func (f *File) Commit() error {
	if err := errors.Join(f.Chmod(0o644), f.Sync()); err != nil {
		return errors.Join(fmt.Errorf("writing %s: %w", f.target, err), f.Discard())
	}
	if err := f.Close(); err != nil { // before the new name: Windows renames no open file
		return errors.Join(fmt.Errorf("writing %s: %w", f.target, err), f.Discard())
	}
	if err := Rename(f.Name(), f.target); err != nil {
		return errors.Join(fmt.Errorf("writing %s: %w", f.target, err), f.Discard())
	}
	f.done = true
	return nil
}

// Discard removes the file unless it was committed.
func (f *File) Discard() error {
	if f.done {
		return nil
	}
	f.done = true
	err := f.Close()
	if errors.Is(err, fs.ErrClosed) {
		err = nil
	}
	return errors.Join(err, os.Remove(f.Name()))
}

// Write writes the file at path whole or not at all: until the end, or after an error, what lay there stays as it was. What write is
// given is buffered.
func Write(path string, write func(io.Writer) error) error {
	f, err := Create(path)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(f, 1<<16)
	if err := write(out); err != nil {
		return errors.Join(fmt.Errorf("writing %s: %w", path, err), f.Discard())
	}
	if err := out.Flush(); err != nil {
		return errors.Join(fmt.Errorf("writing %s: %w", path, err), f.Discard())
	}
	return f.Commit()
}

// WriteFolder makes the folder dir of what fill writes into a temporary one: whole or not at all. It fails with [fs.ErrExist] where there
// is something already.
func WriteFolder(dir string, fill func(temporary string) error) (err error) {
	if _, err := os.Lstat(dir); err == nil {
		return fmt.Errorf("%s: %w", dir, fs.ErrExist)
	}
	temporary, err := os.MkdirTemp(filepath.Dir(filepath.Clean(dir)), prefix+"*")
	if err != nil {
		return fmt.Errorf("writing %s: %w", dir, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("writing %s: %w", dir, err), os.RemoveAll(temporary))
		}
	}()
	if err := fill(temporary); err != nil {
		return err
	}
	if err := errors.Join(os.Chmod(temporary, 0o755), SyncFolder(temporary)); err != nil {
		return err
	}
	return Rename(temporary, filepath.Clean(dir))
}

// Rename gives a file or folder another name in the same folder, and makes that last.
func Rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return SyncFolder(filepath.Dir(to))
}

// Link gives a file that is never written again a second name, where the system lets it. An error leaves nothing behind; whoever can do without
// the link copies the file then. The new name lasts after [SyncFolder] of its folder. A link is not followed but refused: the second name of one may
// lead elsewhere than the first.
func Link(from, to string) error {
	info, err := os.Lstat(from)
	if err != nil {
		return err
	}
	if err := regular.Check(from, info); err != nil {
		return err
	}
	return os.Link(from, to)
}

// SyncFolder makes the names in a folder last through a power cut.
func SyncFolder(dir string) error {
	if runtime.GOOS == "windows" { // has no such call
		return nil
	}
	d, err := regular.Folder(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// IsTemporary tells a temporary by its name.
func IsTemporary(name string) bool { return strings.HasPrefix(filepath.Base(name), prefix) }

// RemoveTemporaries removes what killed processes left of files that they were writing into dir. Only whoever holds a lock on all
// writing there may call it.
func RemoveTemporaries(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if IsTemporary(e.Name()) {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	return err
}

// changes is how often a file may be replaced while it is being opened.
const changes = 10

// Open opens the growing file at path for reading and writing, or makes an empty one. It follows no link: a link there, which could
// lead to any file, is [regular.ErrKind], and so is a pipe, which would block.
func Open(path string) (*os.File, error) {
	for range changes {
		before, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			f, err := regular.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644) // which follows no link
			if errors.Is(err, fs.ErrExist) {
				continue
			}
			return f, err
		}
		if err != nil {
			return nil, err
		}
		if err := regular.Check(path, before); err != nil {
			return nil, err
		}
		f, err := regular.OpenFile(path, os.O_RDWR, 0)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if now, err := f.Stat(); err == nil && os.SameFile(before, now) { // nothing came in between
			return f, nil
		}
		f.Close()
	}
	return nil, fmt.Errorf("%s: it is replaced all the time", path)
}
