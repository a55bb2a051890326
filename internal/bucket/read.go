package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/cenkalti/backoff/v5"
	"gocloud.dev/blob"
)

const (
	stalled = time.Minute     // without a byte, a read counts as broken
	patient = 2 * time.Minute // a bucket that gives nothing for so long is given up: long enough for a server to start again
)

// tried does something until it works, fails for good, or has failed for too long.
func tried[T any](ctx context.Context, do func() (T, error)) (T, error) {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval = 200*time.Millisecond, 10*time.Second
	return backoff.Retry(ctx, func() (T, error) {
		v, err := do()
		if err != nil && final(err) {
			err = backoff.Permanent(err)
		}
		return v, err
	}, backoff.WithBackOff(wait), backoff.WithMaxElapsedTime(patient))
}

// Object is what is known of an object without reading it.
type Object struct {
	URL  string
	Size int64
}

// List gives the objects whose keys begin with a prefix, in byte order of their keys, page by page. Marks of folders, whose keys end with a slash, are
// passed over.
func List(ctx context.Context, prefix string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		p, b, err := open(ctx, prefix)
		if err != nil {
			yield(Object{}, err)
			return
		}
		base := prefix[:len(prefix)-len(p.key)]
		if p.key == "" && len(base) > 0 && base[len(base)-1] != '/' {
			base += "/"
		}
		if _, test := mounted.Load(p.scheme); p.scheme == "file" && !test {
			listFolder(ctx, p, yield)
			return
		}
		for page, err := range pages(ctx, p, b) {
			if err != nil {
				yield(Object{}, err)
				return
			}
			for _, o := range page {
				if o.IsDir || o.Key == "" || o.Key[len(o.Key)-1] == '/' {
					continue
				}
				if !yield(Object{base + o.Key, o.Size}, nil) {
					return
				}
			}
		}
	}
}

func pages(ctx context.Context, p place, b *blob.Bucket) iter.Seq2[[]*blob.ListObject, error] {
	return func(yield func([]*blob.ListObject, error) bool) {
		type listed struct {
			objects []*blob.ListObject
			next    []byte
		}
		for token := blob.FirstPageToken; token != nil; {
			page, err := tried(ctx, func() (l listed, err error) {
				l.objects, l.next, err = b.ListPage(ctx, token, pageSize, &blob.ListOptions{Prefix: p.key})
				return l, explained(ctx, p, b, err)
			})
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(page.objects, nil) {
				return
			}
			if token = page.next; len(token) == 0 {
				return
			}
		}
	}
}

// Stat looks at an object.
func Stat(ctx context.Context, url string) (Object, error) {
	p, b, err := object(ctx, url)
	if err != nil {
		return Object{}, err
	}
	return tried(ctx, func() (Object, error) {
		about, err := b.Attributes(ctx, p.key)
		if err != nil {
			return Object{}, explained(ctx, p, b, err)
		}
		return Object{url, about.Size}, nil
	})
}

// Reader reads an object from its beginning to its end. A read that breaks goes on with the bytes that are missing. It is not safe for concurrent use.
type Reader struct {
	ctx      context.Context
	place    place
	bucket   *blob.Bucket
	at, size int64
	modified time.Time

	in   *blob.Reader // nil: to be opened at at
	stop func()
	idle *time.Timer // ends a read that gives nothing
}

// Open begins to read an object; the context is for all of the reading. Errors name the URL.
func Open(ctx context.Context, url string) (*Reader, error) {
	p, b, err := object(ctx, url)
	if err != nil {
		return nil, err
	}
	r := &Reader{ctx: ctx, place: p, bucket: b, size: -1}
	_, err = tried(ctx, func() (struct{}, error) { return struct{}{}, r.open() })
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Size is the number of bytes of the whole object.
func (r *Reader) Size() int64 { return r.size }

// open asks for the bytes from at on.
func (r *Reader) open() error {
	ctx, cancel := context.WithCancel(r.ctx)
	idle := time.AfterFunc(stalled, cancel)
	in, err := r.bucket.NewRangeReader(ctx, r.place.key, r.at, -1, nil)
	if err != nil {
		idle.Stop()
		cancel()
		return explained(r.ctx, r.place, r.bucket, err)
	}
	r.in, r.stop, r.idle = in, cancel, idle
	switch {
	case r.size < 0:
		r.size, r.modified = in.Size(), in.ModTime()
	case r.size != in.Size() || !r.modified.Equal(in.ModTime()):
		r.drop()
		return fmt.Errorf("%s: %w", r.place.url, ErrChanged)
	}
	return nil
}

// drop gives up the connection.
func (r *Reader) drop() {
	if r.in != nil {
		r.idle.Stop()
		r.in.Close() // of a read that is given up
		r.stop()
		r.in = nil
	}
}

// Read reads, or goes on reading. After an error the reader stays where it is.
func (r *Reader) Read(p []byte) (int, error) {
	if r.at == r.size || len(p) == 0 {
		if r.at == r.size {
			return 0, io.EOF
		}
		return 0, nil
	}
	return tried(r.ctx, func() (int, error) {
		if r.in == nil {
			if err := r.open(); err != nil {
				return 0, err
			}
		}
		r.idle.Reset(stalled)
		n, err := r.in.Read(p)
		r.at += int64(n)
		if err != nil && r.at < r.size {
			r.drop()
		}
		if n > 0 {
			return n, nil
		}
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return 0, explained(r.ctx, r.place, r.bucket, err)
	})
}

// Close ends reading.
func (r *Reader) Close() error {
	r.drop()
	return nil
}

// ErrSize is returned when an object has more bytes than are read of it.
var ErrSize = errors.New("the object is too large")

// ReadFile reads an object of at most so many bytes; a larger one is an error that wraps [ErrSize], and is not read.
func ReadFile(ctx context.Context, url string, most int64) ([]byte, error) {
	r, err := Open(ctx, url)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if r.size > most {
		return nil, fmt.Errorf("%s: %w: %d bytes, expected at most %d", url, ErrSize, r.size, most)
	}
	return io.ReadAll(r)
}

// readRange reads a part of an object of a known size.
func readRange(ctx context.Context, url string, from, length, size int64) ([]byte, error) {
	p, b, err := object(ctx, url)
	if err != nil {
		return nil, err
	}
	return tried(ctx, func() ([]byte, error) {
		once, cancel := context.WithTimeout(ctx, stalled)
		defer cancel()
		in, err := b.NewRangeReader(once, p.key, from, length, nil)
		if err != nil {
			return nil, explained(ctx, p, b, err)
		}
		defer in.Close()
		if in.Size() != size {
			return nil, fmt.Errorf("%s: %w", url, ErrChanged)
		}
		data := make([]byte, length) // at most a block
		if _, err := io.ReadFull(in, data); err != nil {
			return nil, explained(ctx, p, b, err)
		}
		return data, nil
	})
}
