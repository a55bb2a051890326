package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// file is the file of an SQLite store with its write-ahead log and the log's index, as they were when it was opened. SQLite goes on writing to
// files that were deleted, or that another took the place of, and reports success.
type file struct {
	path  string
	parts map[string]fs.FileInfo // by suffix
	size  int64                  // of the database: it never shrinks
	kept  *sql.Conn              // while a connection is open, SQLite itself does not delete the log
}

var suffixes = []string{"", "-wal", "-shm"}

// hold opens a connection that keeps the parts of a store in place, and looks at them.
func hold(ctx context.Context, db *sql.DB, path string) (*file, error) {
	kept, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	f := &file{path: path, parts: map[string]fs.FileInfo{}, kept: kept}
	if _, err := kept.ExecContext(ctx, `SELECT count(*) FROM stream`); err != nil { // so that the log is there
		return nil, errors.Join(err, f.release())
	}
	for _, suffix := range suffixes {
		info, err := os.Stat(path + suffix)
		if err != nil {
			return nil, errors.Join(err, f.release())
		}
		f.parts[suffix] = info
	}
	f.size = f.parts[""].Size()
	return f, nil
}

// check is [ErrLost] unless the parts are where they were.
func (f *file) check() error {
	if f == nil {
		return nil
	}
	for _, suffix := range suffixes {
		info, err := os.Stat(f.path + suffix)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("%w: %s%s was deleted or moved", ErrLost, f.path, suffix)
		case err != nil:
			return fmt.Errorf("%w: %w", ErrLost, err)
		case !os.SameFile(info, f.parts[suffix]):
			return fmt.Errorf("%w: %s%s was replaced by another file", ErrLost, f.path, suffix)
		case suffix == "" && info.Size() < f.size:
			return fmt.Errorf("%w: %s was cut from %d bytes to %d", ErrLost, f.path, f.size, info.Size())
		}
	}
	return nil
}

func (f *file) release() error {
	if f == nil {
		return nil
	}
	return f.kept.Close()
}
