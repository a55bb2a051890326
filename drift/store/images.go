package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/facet-clip/facet/internal/numeric"
)

// Image is an image of the stream.
type Image struct {
	Hash    [32]byte // SHA-256 of the content
	Name    string
	Group   string    // the group whose stream it belongs to; empty: the whole stream
	Moment  time.Time // when it was taken, or else arrived; kept to the millisecond
	Arrived time.Time
	Reason  string // why it cannot be read; empty: it can
	Payload []byte // what its window needs of it, until that is closed and some more windows after it
	File    *File  // what it was read from, which is marked as read with it; nil: no file of a folder
	Listed  bool   // a list names it, without a time: the same name is the same image
}

// Known is what is known of an image by its content.
type Known struct {
	There  bool   // an image of this content is there
	Reason string // why it cannot be read; empty: it can
	// Again says that it is the same image and no repeat of its content. It comes again when a watcher was killed before it had told that it was done, when
	// another watcher was faster, and when a list is read anew or a post tried again. It is known by its file, as it is now, or else by its name at its time.
	Again bool
}

// Known looks up an image.
func (s *Store) Known(ctx context.Context, i Image) (k Known, err error) {
	var name string
	var moment int64
	var why sql.NullString
	err = s.db.QueryRowContext(ctx, `SELECT name, moment, reason FROM images WHERE hash = $1`, i.Hash[:]).Scan(&name, &moment, &why)
	if err == nil {
		k = Known{There: true, Reason: why.String, Again: name == text(i.Name) && (i.Listed || moment == i.Moment.UnixMilli())}
	}
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	if err == nil {
		err = s.Intact()
	}
	if err != nil || !k.There || i.File == nil {
		return k, s.wrap(err)
	}
	unread, err := s.Unread(ctx, []File{*i.File})
	k.Again = len(unread) == 0
	return k, err
}

// Add takes up images in one transaction, with their files, and tells which were new: those whose content was not there.
func (s *Store) Add(ctx context.Context, images []Image) (added []bool, err error) {
	added = make([]bool, len(images))
	order := numeric.Indices(len(images))
	if s.lock != "" { // two PostgreSQL transactions that insert the same images in different orders would wait for each other for ever
		slices.SortFunc(order, func(a, b int) int { return bytes.Compare(images[a].Hash[:], images[b].Hash[:]) })
	}
	err = s.within(ctx, func(tx *sql.Tx) error {
		streams, err := s.streams(ctx, tx, images)
		if err != nil {
			return err
		}
		for _, i := range order {
			n, err := insert(ctx, tx, images[i], streams[images[i].Group])
			if err != nil {
				return err
			}
			if added[i] = n == 1; !added[i] || images[i].File == nil {
				continue
			}
			if err := markRead(ctx, tx, *images[i].File); err != nil {
				return err
			}
		}
		return nil
	})
	return added, err
}

func insert(ctx context.Context, tx *sql.Tx, i Image, stream int64) (int64, error) {
	r, err := tx.ExecContext(ctx, `INSERT INTO images (hash, name, moment, arrived, reason, payload, stream) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (hash) DO NOTHING`,
		i.Hash[:], text(i.Name), i.Moment.UnixMilli(), i.Arrived.UnixMilli(), sql.NullString{String: text(i.Reason), Valid: i.Reason != ""}, i.Payload, stream)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// text is what both databases take for a text.
func text(s string) string { return strings.ReplaceAll(strings.ToValidUTF8(s, "�"), "\x00", "�") }

// File is a file as a folder lists it.
type File struct {
	Path     string
	Size     int64
	Modified time.Time
}

// Unread are those of the files that were not marked as read at this size and time: 10,000 files at most, in one query.
func (s *Store) Unread(ctx context.Context, files []File) ([]File, error) {
	if len(files) == 0 {
		return nil, nil
	}
	places, paths := make([]string, len(files)), make([]any, len(files))
	for i, f := range files {
		places[i], paths[i] = fmt.Sprintf("$%d", i+1), text(f.Path)
	}
	rows, err := s.db.QueryContext(ctx, `SELECT path, size, modified FROM files WHERE path IN (`+strings.Join(places, ", ")+`)`, paths...)
	if err != nil {
		return nil, s.wrap(err)
	}
	defer rows.Close()
	type known struct {
		path           string
		size, modified int64
	}
	read := map[known]bool{}
	for rows.Next() {
		var k known
		if err := rows.Scan(&k.path, &k.size, &k.modified); err != nil {
			return nil, s.wrap(err)
		}
		read[k] = true
	}
	unread := slices.DeleteFunc(slices.Clone(files), func(f File) bool { return read[known{text(f.Path), f.Size, f.Modified.UnixNano()}] })
	return unread, s.wrap(rows.Err())
}

// Files are the paths of at most n marked files that come after a path, in the database's order.
func (s *Store) Files(ctx context.Context, after string, n int) ([]string, error) {
	return s.texts(ctx, `SELECT path FROM files WHERE path > $1 ORDER BY path LIMIT $2`, after, n)
}

// Forget forgets that files were read. Their content stays known.
func (s *Store) Forget(ctx context.Context, paths []string) error {
	return s.within(ctx, func(tx *sql.Tx) error {
		for _, path := range paths {
			if _, err := tx.ExecContext(ctx, `DELETE FROM files WHERE path = $1`, path); err != nil {
				return err
			}
		}
		return nil
	})
}

// MarkRead marks files whose content was taken up, as they are now.
func (s *Store) MarkRead(ctx context.Context, files []File) error {
	return s.within(ctx, func(tx *sql.Tx) error {
		for _, f := range files {
			if err := markRead(ctx, tx, f); err != nil {
				return err
			}
		}
		return nil
	})
}

func markRead(ctx context.Context, tx *sql.Tx, f File) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO files (path, size, modified) VALUES ($1, $2, $3)
		ON CONFLICT (path) DO UPDATE SET size = excluded.size, modified = excluded.modified`, text(f.Path), f.Size, f.Modified.UnixNano())
	return err
}
