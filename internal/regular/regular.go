// Package regular opens files for the whole program. A file that was named is a regular file: a pipe, a socket or a device would keep facet
// waiting for ever, or never end. Nothing here waits: a path is looked at, opened without blocking, and looked at again.
//
// A pipe is read only where it was asked for: as -, or as one of the streams that a shell passes on (see [Stream]).
package regular

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
)

var (
	// ErrKind is returned when a path is a folder, a pipe, a socket or a device, where a file is expected.
	ErrKind = errors.New("expected a regular file")
	// ErrSize is returned when a file has more bytes than are read of it.
	ErrSize = errors.New("the file is too large")
)

// Open opens a regular file for reading. Errors are those of [os.Open], or wrap [ErrKind]; both name the path.
func Open(path string) (*os.File, error) { return OpenFile(path, os.O_RDONLY, 0) }

// OpenFile is [os.OpenFile] for regular files: what is there already and is none is an error that wraps [ErrKind].
func OpenFile(path string, flag int, perm fs.FileMode) (*os.File, error) {
	info, err := os.Stat(path) // before opening, for opening a device may do something
	if err == nil {
		err = Check(path, info)
	}
	if err != nil && (flag&os.O_CREATE == 0 || !errors.Is(err, fs.ErrNotExist)) {
		return nil, err
	}
	f, err := os.OpenFile(path, flag|nonblock, perm)
	if err != nil {
		return nil, err
	}
	if info, err = f.Stat(); err == nil { // it may have been replaced meanwhile
		err = Check(path, info)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Create is [os.Create] for regular files.
func Create(path string) (*os.File, error) {
	return OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o666)
}

// ReadFile reads a regular file of at most so many bytes; a larger one is an error that wraps [ErrSize].
func ReadFile(path string, most int64) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("%s: %w: expected at most %d bytes", path, ErrSize, most)
	}
	if err != nil {
		return nil, err
	}
	return data, nil
}

// Folder opens a folder, to be synced. It does not wait either: nothing but a folder is opened.
func Folder(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s: expected a folder, found %s", path, Kind(info.Mode()))
	}
	return os.OpenFile(path, os.O_RDONLY|nonblock, 0)
}

// Check tells whether what is known of a path is a regular file; the error wraps [ErrKind] and says what it is instead.
func Check(path string, info fs.FileInfo) error {
	if info.Mode().IsRegular() {
		return nil
	}
	return fmt.Errorf("%s: %w, found %s", path, ErrKind, Kind(info.Mode()))
}

// CheckPath is [Check] of what is at a path, if anything is: for what another program's code will open.
func CheckPath(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return nil // whoever opens it will say
	}
	return Check(path, info)
}

// Kind is what a file is, in words.
func Kind(mode fs.FileMode) string {
	switch {
	case mode.IsRegular():
		return "a regular file"
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeSymlink != 0:
		return "a symbolic link"
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	}
	return "something else (" + mode.Type().String() + ")"
}

// Match gives the paths in a folder whose last part matches a pattern of [path.Match], sorted. The folder is a name, whatever is in it, and
// no pattern. A folder that is not there has none.
func Match(folder, pattern string) ([]string, error) {
	if _, err := path.Match(pattern, ""); err != nil {
		return nil, fmt.Errorf("%s: %w", pattern, err)
	}
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var found []string
	for _, e := range entries {
		if ok, _ := path.Match(pattern, e.Name()); ok { // the pattern is known to be good
			found = append(found, filepath.Join(folder, e.Name()))
		}
	}
	slices.Sort(found)
	return found, nil
}

// Exists tells whether there is a regular file at a path.
func Exists(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// IsFolder tells whether there is a folder at a path.
func IsFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// Glob gives the paths that a pattern stands for, sorted. Each part of it is looked up on its own: one that is there is a name, whatever is in
// it; any other is a pattern of [path.Match]. Nothing found is no error.
func Glob(pattern string) ([]string, error) {
	if there(pattern) {
		return []string{pattern}, nil
	}
	dir, base := filepath.Split(pattern)
	if base == "" || dir == pattern {
		return nil, nil
	}
	folders := []string{"."}
	if parent := filepath.Clean(dir); dir != "" {
		var err error
		if folders, err = Glob(parent); err != nil {
			return nil, err
		}
	}
	var found []string
	for _, folder := range folders {
		if name := filepath.Join(folder, base); there(name) {
			found = append(found, name)
			continue
		}
		if info, err := os.Stat(folder); err != nil || !info.IsDir() {
			continue
		}
		matches, err := Match(folder, base)
		if err != nil {
			return nil, err
		}
		found = append(found, matches...)
	}
	slices.Sort(found)
	return found, nil
}

func there(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
