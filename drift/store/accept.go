package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Recent are the images of closed windows from a number on, as far back as their payloads are kept, and the first window of which there are any.
func (s *Store) Recent(ctx context.Context, from int) (first int, images []Image, err error) {
	err = s.within(ctx, func(tx *sql.Tx) error {
		first, images, err = s.earlier(ctx, tx, from, noEnd)
		return err
	})
	return first, images, err
}

// Accepted is a change of what a stream is compared with.
type Accepted struct {
	Window   int       // after which it was
	At       time.Time // to the millisecond
	Settings string    // those before, as [Store.Bind] was given them
	Note     string
}

// Accept binds a stream to other settings, from the next window on, and keeps what it was bound to. next gives the monitor's state to go on with, of that after the
// last window, which is nil before the first. The store must be bound. A process that is bound to the settings before closes no more windows.
func (s *Store) Accept(ctx context.Context, settings, note string, now time.Time, next func(state []byte) ([]byte, error)) (window int, err error) {
	err = s.within(ctx, func(tx *sql.Tx) error {
		var state []byte
		var before string
		if err := tx.QueryRowContext(ctx, `SELECT state, windows, settings FROM stream WHERE id = 1`+s.lock).Scan(&state, &window, &before); err != nil {
			return err
		}
		if before != s.bound {
			return fmt.Errorf("%w: %s, expected %s", ErrOther, before, s.bound)
		}
		if state, err = next(state); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO accepted (window_number, moment, settings, note) VALUES ($1, $2, $3, $4)`,
			window, now.UnixMilli(), before, text(note)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE stream SET settings = $1, state = $2 WHERE id = 1`, settings, state)
		return err
	})
	if err == nil {
		s.bound = settings
	}
	return window, err
}

// History are the changes of what the stream is compared with, the first one first.
func (s *Store) History(ctx context.Context) (out []Accepted, err error) {
	rows, err := s.db.QueryContext(ctx, `SELECT window_number, moment, settings, note FROM accepted ORDER BY id`)
	if err != nil {
		return nil, s.wrap(err)
	}
	defer rows.Close()
	for rows.Next() {
		var a Accepted
		var at int64
		if err := rows.Scan(&a.Window, &at, &a.Settings, &a.Note); err != nil {
			return nil, s.wrap(err)
		}
		a.At = time.UnixMilli(at).UTC()
		out = append(out, a)
	}
	return out, s.wrap(rows.Err())
}
