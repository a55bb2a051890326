package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/facet-clip/facet/internal/regular"
)

var (
	// ErrNone is returned when there is no store at an address, or nobody has followed a stream into it.
	ErrNone = errors.New("no stream was followed into this store")
	// ErrNoWindow is returned for a window that is not closed.
	ErrNoWindow = errors.New("the stream has no such window")
)

// Look opens a store that is there, to read what watchers write into it. It makes no store and changes none. Errors name the store, and wrap
// [ErrNone] or [ErrNewer] where that is the reason.
func Look(ctx context.Context, address string) (*Store, error) {
	s, err := look(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("store %s: %w", Name(address), err)
	}
	return s, nil
}

func look(ctx context.Context, address string) (s *Store, err error) {
	s = &Store{name: Name(address), stream: whole}
	folder := "postgres"
	if isPostgres(address) {
		s.db, err = openPostgres(address, map[string]string{"default_transaction_read_only": "on", "lock_timeout": "10s"})
	} else {
		if err := regular.CheckPath(address); err != nil {
			return nil, err
		}
		if _, err := os.Stat(address); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%w: the file is not there", ErrNone)
		}
		folder = "sqlite"
		s.db, err = sql.Open("sqlite", sqliteReading(address))
	}
	if err != nil {
		return nil, err
	}
	s.db.SetMaxOpenConns(8)
	if err := s.checkLooked(ctx, folder); err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	if folder == "sqlite" {
		if s.file, err = hold(ctx, s.db, address); err != nil {
			return nil, errors.Join(err, s.db.Close())
		}
	}
	return s, nil
}

// checkLooked is an error unless the tables are those of a stream, and no newer than this facet.
func (s *Store) checkLooked(ctx context.Context, folder string) error {
	files, err := fs.ReadDir(migrations, "migrations/"+folder)
	if err != nil {
		return err
	}
	if err := s.db.PingContext(ctx); err != nil {
		return err
	}
	var version, streams int
	if err := s.db.QueryRowContext(ctx, `SELECT max(version_id) FROM goose_db_version`).Scan(&version); err != nil {
		return fmt.Errorf("%w: %w", ErrNone, err)
	}
	if version > len(files) {
		return fmt.Errorf("%w: tables of version %d, expected %d at most", ErrNewer, version, len(files))
	}
	if version < withGroups {
		s.stream = 0 // there is one
	}
	if err := s.db.QueryRowContext(ctx, `SELECT count(*) FROM stream`).Scan(&streams); err != nil || streams == 0 {
		return errors.Join(ErrNone, err)
	}
	return nil
}

// sqliteReading opens a file that is there, for queries alone. The log of a watcher that runs is read too.
func sqliteReading(path string) string {
	return sqliteAddress(path, map[string][]string{"mode": {"rw"}, "_pragma": {"busy_timeout(10000)", "query_only(1)"}})
}

// Settings are what the stream's numbers mean, as [Store.Bind] keeps them.
func (s *Store) Settings(ctx context.Context) (settings string, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT settings FROM stream WHERE id = 1`).Scan(&settings)
	return settings, s.wrap(err)
}

// Closed is how many windows are closed.
func (s *Store) Closed(ctx context.Context) (windows int, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT windows FROM stream WHERE id = $1`, s.row()).Scan(&windows)
	return windows, s.wrap(errors.Join(err, s.file.check()))
}

// Page are the results of n windows, the newest first, after so many that are left out.
func (s *Store) Page(ctx context.Context, skip, n int) ([]string, error) {
	order := `number`
	if s.stream == 0 {
		order = `closed`
	}
	return s.texts(ctx, `SELECT result FROM windows WHERE `+s.mine()+` ORDER BY `+order+` DESC, number DESC LIMIT $1 OFFSET $2`, n, skip)
}

// Window is the result of a window by its number; [ErrNoWindow]: there is none.
func (s *Store) Window(ctx context.Context, number int) (result string, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT result FROM windows WHERE number = $1 AND `+s.mine(), number).Scan(&result)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("window %d: %w", number, ErrNoWindow)
	}
	return result, s.wrap(err)
}

// Named reports whether an image of this content was counted under this name.
func (s *Store) Named(ctx context.Context, hash [32]byte, name string) (bool, error) {
	var found bool
	err := s.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM images WHERE hash = $1 AND name = $2 AND `+s.mine()+`)`, hash[:], text(name)).Scan(&found)
	return found, s.wrap(err)
}
