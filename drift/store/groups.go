package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// whole is the row of the stream that has no groups. Those of groups come after it, in the order in which the groups turned up.
const whole = 1

// withGroups is the version of the tables from which on streams have groups.
const withGroups = 4

// MostGroups is how many groups a store tells apart: who sends pictures names them, and each has windows and series of its own. Images of further
// ones are together in one more, [OtherGroups].
const MostGroups = 1000

// OtherGroups is the name of the group of images whose own group came too late.
const OtherGroups = "(other)"

// LongestGroup is how many bytes the name of a group has at most.
const LongestGroup = 100

// mine is a condition on the rows of the stream.
func (s *Store) mine() string {
	if s.stream == 0 {
		return "TRUE"
	}
	return fmt.Sprintf("stream = %d", s.stream)
}

// row is that of the stream in its table.
func (s *Store) row() int64 { return max(whole, s.stream) }

// Group is the name of the group whose stream the store is; empty: the whole stream.
func (s *Store) Group() string { return s.group }

// Turn is the number of the group, from 1, in the order in which groups turned up; 0: the whole stream.
func (s *Store) Turn() int { return int(s.row() - whole) }

// All is the store with the windows, alerts and images of all groups together. It closes no window.
func (s *Store) All() *Store { return s.of(0, "") }

// of is the store of a stream. It shares the database, which is closed once.
func (s *Store) of(stream int64, group string) *Store {
	out := *s
	out.stream, out.group = stream, group
	return &out
}

// Groups are the stores of the groups of which at least so many images wait for their window, in the order in which the groups turned up.
func (s *Store) Groups(ctx context.Context, waiting int) (out []*Store, err error) {
	if s.stream == 0 { // or all of them are one, and its tables are older
		return nil, nil
	}
	query, args := `SELECT id, name FROM stream WHERE id > 1 ORDER BY id`, []any(nil)
	if waiting > 0 {
		query, args = `SELECT id, name FROM stream WHERE id IN (SELECT stream FROM images WHERE window_number IS NULL AND reason IS NULL
			GROUP BY stream HAVING count(*) >= $1) AND id > 1 ORDER BY id`, []any{waiting}
	}
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, s.wrap(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var name string
		if err := rows.Scan(&id, &name); err != nil {
			return nil, s.wrap(err)
		}
		out = append(out, s.of(id, name))
	}
	return out, s.wrap(rows.Err())
}

// GroupNamed is the store of a group; false: no image of it came.
func (s *Store) GroupNamed(ctx context.Context, name string) (of *Store, found bool, err error) {
	all, err := s.Groups(ctx, 0)
	for _, g := range all {
		if g.group == name {
			return g, true, nil
		}
	}
	return nil, false, err
}

// streams are the rows of the groups of images. A group that is new gets the next row.
func (s *Store) streams(ctx context.Context, tx *sql.Tx, images []Image) (map[string]int64, error) {
	rows := map[string]int64{"": whole}
	for _, i := range images {
		if rows[i.Group] != 0 {
			continue
		}
		name := text(i.Group)
		id, err := streamOf(ctx, tx, name)
		if errors.Is(err, sql.ErrNoRows) { // no two processes give out a row at once
			if _, err := tx.ExecContext(ctx, `SELECT id FROM stream WHERE id = 1`+s.lock); err != nil {
				return nil, err
			}
			id, err = newStream(ctx, tx, name)
		}
		if err != nil {
			return nil, err
		}
		rows[i.Group] = id
	}
	return rows, nil
}

func streamOf(ctx context.Context, tx *sql.Tx, name string) (id int64, err error) {
	err = tx.QueryRowContext(ctx, `SELECT id FROM stream WHERE name = $1`, name).Scan(&id)
	return id, err
}

// newStream gives a group the next row, unless another process gave it one meanwhile.
func newStream(ctx context.Context, tx *sql.Tx, name string) (int64, error) {
	id, err := streamOf(ctx, tx, name)
	if !errors.Is(err, sql.ErrNoRows) {
		return id, err
	}
	if err := tx.QueryRowContext(ctx, `SELECT max(id) + 1 FROM stream`).Scan(&id); err != nil {
		return 0, err
	}
	if id > whole+MostGroups && name != OtherGroups {
		if id, err := streamOf(ctx, tx, OtherGroups); !errors.Is(err, sql.ErrNoRows) {
			return id, err
		}
		name = OtherGroups
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO stream (id, name, settings) VALUES ($1, $2, '')`, id, name)
	return id, err
}
