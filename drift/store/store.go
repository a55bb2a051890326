// Package store keeps a watched stream in a database: which images were counted, the windows that they make, and the alerts that windows
// raised. SQLite and PostgreSQL hold the same tables; docs/reference/files/store.md describes them.
//
// An image is known by the SHA-256 of its content and is counted once, whoever adds it and how often. A window is closed in one transaction:
// the images that it takes, the monitor's state after it, its result and its alerts are all there or none of them is. So a process
// may be killed at any moment, and several may watch one stream.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/facet-clip/facet/internal/atomicfile"
	"github.com/facet-clip/facet/internal/regular"

	_ "modernc.org/sqlite" // database/sql's driver "sqlite"
)

var (
	// ErrNewer is returned when a newer facet has changed the tables.
	ErrNewer = errors.New("the store was written by a newer version of facet")
	// ErrLost is returned when the file of an SQLite store was deleted, replaced or cut short under an open store: what is written then is kept by
	// nothing.
	ErrLost = errors.New("the store's file is gone")
	// ErrOther is returned when a store holds a stream of other settings.
	ErrOther = errors.New("the store holds another stream")
)

//go:embed migrations
var migrations embed.FS

// Store is an open database. Its methods may be called at the same time.
type Store struct {
	db    *sql.DB
	name  string // for errors; without a password
	bound string // the settings; empty: not bound
	lock  string // added to a query to lock the row that it reads
	file  *file  // of SQLite; nil for PostgreSQL

	stream int64  // whose windows and images methods are about: [whole] or that of a group; 0: all of them together
	group  string // its name
}

// Open opens the store at an address, postgres://… or the path of an SQLite file, makes it where there is none, and brings its tables
// up to date. Errors name the store, and wrap [ErrNewer] where that is the reason.
func Open(ctx context.Context, address string) (*Store, error) {
	s, err := open(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("store %s: %w", Name(address), err)
	}
	return s, nil
}

func open(ctx context.Context, address string) (*Store, error) {
	if isPostgres(address) {
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return nil, err
		}
		db, err := openPostgres(address, waits)
		if err != nil {
			return nil, err
		}
		return prepare(ctx, &Store{db: db, name: Name(address), lock: " FOR UPDATE", stream: whole}, "postgres", goose.DialectPostgres, goose.WithSessionLocker(locker))
	}
	if err := errors.Join(regular.CheckPath(address), regular.CheckPath(address+".lock")); err != nil { // SQLite and locks would wait for a pipe
		return nil, err
	}
	// Two processes that make a new SQLite file at once would both create its tables.
	making, err := atomicfile.WaitLock(ctx, address+".lock", nil)
	if err != nil {
		return nil, fmt.Errorf("%w (expected postgres://… or a file in a folder that is there)", err)
	}
	defer making.Unlock()
	db, err := sql.Open("sqlite", sqliteName(address))
	if err != nil {
		return nil, err
	}
	s, err := prepare(ctx, &Store{db: db, name: address, stream: whole}, "sqlite", goose.DialectSQLite3)
	if err != nil {
		return nil, err
	}
	if s.file, err = hold(ctx, db, address); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

func prepare(ctx context.Context, s *Store, folder string, dialect goose.Dialect, options ...goose.ProviderOption) (*Store, error) {
	s.db.SetMaxOpenConns(16)
	if err := migrate(ctx, s.db, folder, dialect, options...); err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	return s, nil
}

// waits bound how long a process that died, or lost its network, with a transaction open keeps others waiting: the server ends a transaction in
// which nothing is asked for so long, which is while a window is judged, and whoever waits for a lock longer is told so and tries again.
var waits = map[string]string{"idle_in_transaction_session_timeout": "5min", "lock_timeout": "1min"}

// openPostgres sets parameters where the address says nothing else.
func openPostgres(address string, parameters map[string]string) (*sql.DB, error) {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, err
	}
	for name, value := range parameters {
		if _, said := config.RuntimeParams[name]; !said && !strings.Contains(config.RuntimeParams["options"], name) {
			config.RuntimeParams[name] = value
		}
	}
	return stdlib.OpenDB(*config), nil
}

func migrate(ctx context.Context, db *sql.DB, folder string, dialect goose.Dialect, options ...goose.ProviderOption) error {
	files, err := fs.Sub(migrations, "migrations/"+folder)
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(dialect, db, files, options...)
	if err != nil {
		return err
	}
	current, newest, err := p.GetVersions(ctx)
	if err != nil {
		return err
	}
	if current > newest {
		return fmt.Errorf("%w: tables of version %d, expected %d at most", ErrNewer, current, newest)
	}
	_, err = p.Up(ctx)
	return err
}

func isPostgres(address string) bool {
	return strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://")
}

// sqliteName asks for a write-ahead log that is synced at each commit, and for transactions that take their lock at the start, so that two
// processes wait for each other instead of failing.
func sqliteName(path string) string {
	return sqliteAddress(path, map[string][]string{"_pragma": {"busy_timeout(60000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"}, "_txlock": {"immediate"}})
}

func sqliteAddress(path string, how url.Values) string {
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath(), RawQuery: how.Encode()}
	return u.String()
}

// Name is an address without its password.
func Name(address string) string {
	if !isPostgres(address) {
		return address
	}
	u, err := url.Parse(address)
	if err != nil {
		return "postgres://…" // where its password is nobody can say
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return "postgres://…"
	}
	for _, secret := range []string{"password", "sslpassword"} {
		if q.Has(secret) {
			q.Set(secret, "xxxxx")
			u.RawQuery = q.Encode()
		}
	}
	return u.Redacted()
}

// Close closes the database.
func (s *Store) Close() error { return errors.Join(s.file.release(), s.db.Close()) }

// Ping reports whether the database answers, and is where it was.
func (s *Store) Ping(ctx context.Context) error {
	return s.wrap(errors.Join(s.db.PingContext(ctx), s.file.check()))
}

// Intact is [ErrLost] when what is written is not kept. It asks the file system alone.
func (s *Store) Intact() error { return s.wrap(s.file.check()) }

func (s *Store) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("store %s: %w", s.name, err)
}

// within runs do in a transaction.
func (s *Store) within(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return s.wrap(err)
	}
	if err := do(tx); err != nil {
		return errors.Join(s.wrap(err), ignoreDone(tx.Rollback()))
	}
	if err := tx.Commit(); err != nil {
		return s.wrap(err)
	}
	return s.Intact() // after the commit, so that nobody is told of what nothing keeps
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// Bind says what the stream's numbers mean, as JSON. The first call keeps it; later ones are refused with [ErrOther] where it differs.
func (s *Store) Bind(ctx context.Context, settings string) error {
	return s.within(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO stream (id, settings) VALUES (1, $1) ON CONFLICT (id) DO NOTHING`, settings); err != nil {
			return err
		}
		var bound string
		if err := tx.QueryRowContext(ctx, `SELECT settings FROM stream WHERE id = 1`).Scan(&bound); err != nil {
			return err
		}
		if bound != settings {
			return fmt.Errorf("%w: %s, expected %s; a new profile, window or budget begins a new store", ErrOther, bound, settings)
		}
		s.bound = settings
		return nil
	})
}

// Totals count what a store holds.
type Totals struct {
	Images      int64 // counted, in windows and waiting
	Waiting     int64 // for their window to close
	Unreadable  int64
	Windows     int64
	Alerts      int64
	Undelivered int64 // alerts
}

// Totals counts.
func (s *Store) Totals(ctx context.Context) (t Totals, err error) {
	row := `TRUE`
	if s.stream != 0 {
		row = fmt.Sprintf(`id = %d`, s.row())
	}
	err = s.db.QueryRowContext(ctx, `SELECT CAST(sum(images) AS BIGINT), CAST(sum(windows) AS BIGINT),
		(SELECT count(*) FROM images WHERE window_number IS NULL AND reason IS NULL AND `+s.mine()+`),
		(SELECT count(*) FROM images WHERE reason IS NOT NULL AND `+s.mine()+`),
		(SELECT count(*) FROM alerts WHERE `+s.mine()+`), (SELECT count(*) FROM alerts WHERE delivered IS NULL AND `+s.mine()+`)
		FROM stream WHERE `+row).Scan(&t.Images, &t.Windows, &t.Waiting, &t.Unreadable, &t.Alerts, &t.Undelivered)
	t.Images += t.Waiting
	return t, s.wrap(err)
}
