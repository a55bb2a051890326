package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Alert is one that waits to be delivered.
type Alert struct {
	ID       int64
	Result   string // JSON
	Attempts int    // this one included
}

// Claim gives the oldest alert whose next attempt is due, and puts that off by lease, so that no other process makes it at the same time. It is
// false when there is none.
func (s *Store) Claim(ctx context.Context, now time.Time, lease time.Duration) (a Alert, ok bool, err error) {
	// The conditions stand twice: PostgreSQL looks at the outer ones again after it waited for another's claim of the same row.
	err = s.db.QueryRowContext(ctx, `UPDATE alerts SET attempts = attempts + 1, due = $1
		WHERE id = (SELECT min(id) FROM alerts WHERE delivered IS NULL AND due <= $2) AND delivered IS NULL AND due <= $2
		RETURNING id, result, attempts`, now.Add(lease).UnixMilli(), now.UnixMilli()).Scan(&a.ID, &a.Result, &a.Attempts)
	if errors.Is(err, sql.ErrNoRows) {
		return a, false, nil
	}
	return a, err == nil, s.wrap(err)
}

// Delivered marks an alert that arrived.
func (s *Store) Delivered(ctx context.Context, id int64, now time.Time) error {
	_, err := s.db.ExecContext(ctx, `UPDATE alerts SET delivered = $1 WHERE id = $2`, now.UnixMilli(), id)
	return s.wrap(err)
}

// Postpone puts the next attempt off.
func (s *Store) Postpone(ctx context.Context, id int64, until time.Time) error {
	_, err := s.db.ExecContext(ctx, `UPDATE alerts SET due = $1 WHERE id = $2`, until.UnixMilli(), id)
	return s.wrap(err)
}
