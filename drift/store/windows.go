package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Rule says when a window is full: by the number of its images, or by time.
type Rule struct {
	Images int           // so many make a window; 0: by time
	Every  time.Duration // windows begin at multiples of it since 1970
}

// String is "200 images" or "1h0m0s".
func (r Rule) String() string {
	if r.Images > 0 {
		return fmt.Sprintf("%d images", r.Images)
	}
	return r.Every.String()
}

// ParseRule reads a number of images or a time.
func ParseRule(s string) (Rule, error) {
	if n, err := strconv.Atoi(s); err == nil && n >= 2 && n <= MostImages {
		return Rule{Images: n}, nil
	}
	if d, err := time.ParseDuration(s); err == nil && d >= time.Second && d%time.Millisecond == 0 {
		return Rule{Every: d}, nil
	}
	return Rule{}, fmt.Errorf("%s: expected 2 to %d images, or a time of a second or more, such as 1h", s, MostImages)
}

// MostImages is how many images a window by time takes at most; the rest goes into the next.
const MostImages = 10_000

// The payloads of the last windows are kept, so that what comes about slowly can be looked at whole.
const (
	keptWindows = 10
	keptImages  = 5_000 // of these windows together, at most
)

// Outcome is what closing a window leaves behind.
type Outcome struct {
	State  []byte   // of the monitor
	Result string   // JSON
	Alerts []string // JSON
	Kept   [2]int   // the first and the last of windows whose payloads are kept besides those of the last ones; 0: none
}

// Full is a window that is ready to be closed.
type Full struct {
	Number int     // from 1
	State  []byte  // of the monitor after the window before; nil for the first
	Images []Image // in the order in which they were added

	// Earlier gives the images of earlier windows from a number on, as far back as their payloads are kept, and the first window of which there are any.
	Earlier func(from int) (first int, images []Image, err error)
	// Kept gives the images of two earlier windows and those between them, as far as their payloads are kept.
	Kept func(from, to int) ([]Image, error)
}

// CloseWindow closes the next window by the rule, if it is full: judge says what comes of it, and all is written in one transaction. It
// reports whether there was one. While judge runs, no other process closes a window of this stream.
func (s *Store) CloseWindow(ctx context.Context, rule Rule, now time.Time, judge func(Full) (Outcome, error)) (closed bool, err error) {
	err = s.within(ctx, func(tx *sql.Tx) error {
		var full Full
		var horizon, windows int64
		var bound string
		row := tx.QueryRowContext(ctx, `SELECT state, windows, horizon FROM stream WHERE id = $1`+s.lock, s.row())
		if err := row.Scan(&full.State, &windows, &horizon); err != nil {
			return err
		}
		if err := tx.QueryRowContext(ctx, `SELECT settings FROM stream WHERE id = 1`).Scan(&bound); err != nil { // after the wait for the lock
			return err
		}
		if s.bound != "" && bound != s.bound {
			return fmt.Errorf("%w since another process accepted a new profile: %s, expected %s; watch it with that profile", ErrOther, bound, s.bound)
		}
		full.Number = int(windows) + 1
		before, most, err := s.due(ctx, tx, rule, now, horizon)
		if err != nil || most == 0 {
			return err
		}
		ids, err := s.take(ctx, tx, &full, before, most)
		if err != nil {
			return err
		}
		full.Earlier = func(from int) (int, []Image, error) { return s.earlier(ctx, tx, from, noEnd) }
		full.Kept = func(from, to int) ([]Image, error) {
			_, images, err := s.earlier(ctx, tx, from, int64(to))
			return images, err
		}
		o, err := judge(full)
		if err != nil {
			return fmt.Errorf("window %d: %w", full.Number, err)
		}
		if rule.Every > 0 && len(full.Images) < most { // else the same stretch of time goes on in the next window
			horizon = before
		}
		closed = true
		return s.write(ctx, tx, full, ids, o, now, horizon)
	})
	return closed && err == nil, err
}

// waiting are the images of the stream that are in no window yet.
func (s *Store) waiting() string {
	return ` FROM images WHERE window_number IS NULL AND reason IS NULL AND ` + s.mine()
}

// firstAndLast asks twice: SQLite takes an index for the one or the other, not for both.
func (s *Store) firstAndLast() string {
	return `SELECT (SELECT min(moment)` + s.waiting() + `), (SELECT max(moment)` + s.waiting() + `)`
}

// noEnd is after every moment.
const noEnd = int64(1) << 62

// due says which waiting images make the next window: those of moments before an end, at most so many; none when the window is not full.
func (s *Store) due(ctx context.Context, tx *sql.Tx, rule Rule, now time.Time, horizon int64) (before int64, most int, err error) {
	if rule.Images > 0 {
		var n int
		err := tx.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1`+s.waiting()+` LIMIT $1) AS w`, rule.Images).Scan(&n)
		if err != nil || n < rule.Images {
			return 0, 0, err
		}
		return noEnd, rule.Images, nil
	}
	var first, last sql.NullInt64
	if err := tx.QueryRowContext(ctx, s.firstAndLast()).Scan(&first, &last); err != nil || !first.Valid {
		return 0, 0, err
	}
	length := rule.Every.Milliseconds()
	begin := max(first.Int64, horizon) / length * length // images that come late count to the window that is open
	end := begin + length
	if last.Int64 >= end {
		return end, MostImages, nil
	}
	if now.UnixMilli() < end {
		return 0, 0, nil
	}
	// The clock ends a window of images that came without a time of their own; those that have one wait for a later one.
	var timed bool
	if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1`+s.waiting()+` AND moment <> arrived)`).Scan(&timed); err != nil || timed {
		return 0, 0, err
	}
	return end, MostImages, nil
}

// take reads the window's images and gives their ids.
func (s *Store) take(ctx context.Context, tx *sql.Tx, full *Full, before int64, most int) ([]int64, error) {
	var ids []int64
	err := each(ctx, tx, func(id, _ int64, i Image) { ids, full.Images = append(ids, id), append(full.Images, i) },
		s.waiting()+` AND moment < $1 ORDER BY id LIMIT $2`, before, most)
	return ids, err
}

// each reads images: their ids, and the windows that they are in.
func each(ctx context.Context, tx *sql.Tx, use func(id, window int64, i Image), which string, args ...any) error {
	rows, err := tx.QueryContext(ctx, `SELECT id, COALESCE(window_number, 0), hash, name, moment, arrived, payload`+which, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id, window, moment, arrived int64
		var hash []byte
		var i Image
		if err := rows.Scan(&id, &window, &hash, &i.Name, &moment, &arrived, &i.Payload); err != nil {
			return err
		}
		copy(i.Hash[:], hash)
		i.Moment, i.Arrived = time.UnixMilli(moment).UTC(), time.UnixMilli(arrived).UTC()
		use(id, window, i)
	}
	return rows.Err()
}

func (s *Store) earlier(ctx context.Context, tx *sql.Tx, from int, to int64) (first int, images []Image, err error) {
	err = each(ctx, tx, func(_, window int64, i Image) {
		if first == 0 {
			first = int(window)
		}
		images = append(images, i)
	}, ` FROM images WHERE window_number IS NOT NULL AND payload IS NOT NULL AND `+s.mine()+` AND window_number >= $1 AND window_number <= $2 ORDER BY window_number, id`, from, to)
	return first, images, err
}

// drop removes the payloads of windows that are no longer kept.
func (s *Store) drop(ctx context.Context, tx *sql.Tx, kept [2]int) error {
	rows, err := tx.QueryContext(ctx, `SELECT number, images FROM windows WHERE `+s.mine()+` ORDER BY number DESC LIMIT $1`, keptWindows)
	if err != nil {
		return err
	}
	defer rows.Close()
	var oldest, images int64
	for rows.Next() {
		var number, n int64
		if err := rows.Scan(&number, &n); err != nil {
			return err
		}
		if images += n; images > keptImages {
			break
		}
		oldest = number
	}
	if err := errors.Join(rows.Close(), rows.Err()); err != nil {
		return err
	}
	if oldest == 0 { // the last window alone is too large
		oldest = noEnd
	}
	_, err = tx.ExecContext(ctx, `UPDATE images SET payload = NULL WHERE window_number IS NOT NULL AND payload IS NOT NULL
		AND window_number < $1 AND NOT (window_number >= $2 AND window_number <= $3) AND `+s.mine(), oldest, kept[0], kept[1])
	return err
}

func (s *Store) write(ctx context.Context, tx *sql.Tx, full Full, ids []int64, o Outcome, now time.Time, horizon int64) error {
	mark, err := tx.PrepareContext(ctx, `UPDATE images SET window_number = $1 WHERE id = $2`)
	if err != nil {
		return err
	}
	defer mark.Close()
	for _, id := range ids {
		if _, err := mark.ExecContext(ctx, full.Number, id); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO windows (stream, number, images, closed, result) VALUES ($1, $2, $3, $4, $5)`,
		s.row(), full.Number, len(ids), now.UnixMilli(), o.Result); err != nil {
		return err
	}
	if err := s.drop(ctx, tx, o.Kept); err != nil {
		return err
	}
	for _, a := range o.Alerts {
		if _, err := tx.ExecContext(ctx, `INSERT INTO alerts (stream, number, result) VALUES ($1, $2, $3)`, s.row(), full.Number, a); err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, `UPDATE stream SET state = $1, windows = $2, images = images + $3, horizon = $4 WHERE id = $5`,
		o.State, full.Number, len(ids), horizon, s.row())
	return err
}

// Holds reports whether a window is there with this result: whether it was closed, when the database could not say so. An attempt to close one
// that is still under way is waited for.
func (s *Store) Holds(ctx context.Context, window int, result string) (holds bool, err error) {
	err = s.within(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `SELECT id FROM stream WHERE id = $1`+s.lock, s.row()); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM windows WHERE number = $1 AND result = $2 AND `+s.mine()+`)`, window, result).Scan(&holds)
	})
	return holds, err
}

// Windows are the results of the last n windows, the newest first.
func (s *Store) Windows(ctx context.Context, n int) ([]string, error) {
	return s.Page(ctx, 0, n)
}

// Alerts are the last n alerts, the newest first.
func (s *Store) Alerts(ctx context.Context, n int) ([]string, error) {
	return s.texts(ctx, `SELECT result FROM alerts WHERE `+s.mine()+` ORDER BY id DESC LIMIT $1`, n)
}

func (s *Store) texts(ctx context.Context, query string, args ...any) ([]string, error) {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, s.wrap(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, s.wrap(err)
		}
		out = append(out, text)
	}
	return out, s.wrap(rows.Err())
}
