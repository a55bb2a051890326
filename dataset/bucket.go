package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"
	"sync"

	"github.com/facet-clip/facet/internal/bucket"
	"github.com/facet-clip/facet/internal/regular"
)

// errListing ends a source whose prefix does not hold any more what it held when the source was opened.
var errListing = errors.New("what lies there changed since the source was opened: expected pictures that stay, or a manifest that names them")

// openBucket takes what a URL names: a manifest or tar shards by their ending, and anything else is what the keys of pictures begin with. Nothing is kept
// of what is listed: it is listed, or read, anew when the items are asked for.
func openBucket(ctx context.Context, name string, o Options) (*Source, error) {
	if isTar(name) {
		return openTar(ctx, name, o)
	}
	if _, ok := manifestReaders[strings.ToLower(path.Ext(name))]; ok {
		return openListedObjects(ctx, name, o.Times)
	}
	if isPicture(name) {
		return nil, fmt.Errorf("%s: expected what the keys of pictures begin with, such as s3://bucket/photos/, a manifest (.csv, .jsonl, .parquet) or tar shards", name)
	}
	return openPrefix(ctx, strings.TrimSuffix(name, "/")+"/")
}

// prefix is every picture below a prefix, in byte order of the keys.
type prefix struct {
	url      string // with its slash
	sum      digest
	ignored  int
	pictures int
	deep     bool // all lie at least one folder deep
}

// each lists the pictures. Hidden ones, of which a part of the key behind the prefix begins with a dot, are passed over.
func (p *prefix) each(ctx context.Context, use func(o bucket.Object, below string) bool) error {
	p.sum, p.deep = newDigest(), true
	for o, err := range bucket.List(ctx, p.url) {
		if err != nil {
			return err
		}
		below := o.URL[len(p.url):]
		switch {
		case strings.Contains("/"+below, "/."):
			continue
		case !isPicture(below):
			p.ignored++
			continue
		}
		p.sum.add(below, o.Size)
		p.deep = p.deep && strings.Contains(below, "/")
		p.pictures++
		if !use(o, below) {
			return errStop
		}
	}
	return nil
}

// openPrefix lists the keys once, for the number of pictures, their classes and the fingerprint.
func openPrefix(ctx context.Context, url string) (*Source, error) {
	p := prefix{url: url}
	if err := p.each(ctx, func(bucket.Object, string) bool { return true }); err != nil {
		return nil, err
	}
	if p.pictures == 0 {
		return nil, fmt.Errorf("%s: %w among %d objects there: expected keys that end in .jpg, .png or another picture's ending; of shards, name them: %s*.tar", url, ErrEmpty, p.ignored, url)
	}
	s := &Source{Kind: "folder", Ignored: p.ignored, fingerprint: p.sum.String(), n: p.pictures, root: strings.TrimSuffix(url, "/")}
	if p.deep {
		s.Kind = "classes"
	}
	s.all = func(ctx context.Context) iter.Seq2[Item, error] {
		return func(yield func(Item, error) bool) {
			now := prefix{url: url}
			err := now.each(ctx, func(o bucket.Object, below string) bool {
				item := objectItem(ctx, o.URL)
				if p.deep {
					item.Label, _, _ = strings.Cut(below, "/")
				}
				return yield(item, nil)
			})
			if err == nil && now.sum.String() != s.fingerprint {
				err = fmt.Errorf("%s: %w", url, errListing)
			}
			if err != nil && !errors.Is(err, errStop) {
				yield(Item{}, err)
			}
		}
	}
	return s, nil
}

// openListedObjects reads a manifest in a bucket through once, for the number of rows and the fingerprint. Its paths are relative to its own place, and stay
// below it, or are URLs of the same bucket.
func openListedObjects(ctx context.Context, name string, times TimeFormat) (*Source, error) {
	p := manifestPass{times: times, item: objectRow(ctx, name)}
	if err := p.read(ctx, name, func(Item) error { return nil }); err != nil {
		return nil, err
	}
	s := &Source{Kind: "manifest", Ignored: len(p.ignored), fingerprint: p.sum.String(), n: p.rows, root: bucket.Dir(name)}
	s.all = func(ctx context.Context) iter.Seq2[Item, error] {
		return func(yield func(Item, error) bool) {
			now := manifestPass{times: times, item: objectRow(ctx, name)}
			err := now.read(ctx, name, func(i Item) error {
				if !yield(i, nil) {
					return errStop
				}
				return nil
			})
			if err == nil && now.sum.String() != s.fingerprint {
				err = fmt.Errorf("%s: %w", name, bucket.ErrChanged)
			}
			if err != nil && !errors.Is(err, errStop) {
				yield(Item{}, err)
			}
		}
	}
	return s, nil
}

// objectRow makes the picture of a path in a manifest at a URL.
func objectRow(ctx context.Context, manifest string) func(string) (Item, error) {
	folder := bucket.Dir(manifest)
	scheme, rest, _ := strings.Cut(manifest, "://")
	name, _, _ := strings.Cut(rest, "/")
	own := scheme + "://" + name + "/" // the whole bucket
	return func(p string) (Item, error) {
		switch {
		case strings.HasPrefix(p, own):
			return objectItem(ctx, p), nil
		case strings.Contains(p, "://"), strings.HasPrefix(p, "/"), strings.HasPrefix(path.Clean(p)+"/", "../"):
			return Item{}, fmt.Errorf("%s leaves the manifest's place %s: expected a path below it, or a URL that begins with %s", p, folder, own)
		}
		return objectItem(ctx, bucket.Join(folder, path.Clean(p))), nil
	}
}

// objectItem is the picture in an object, of which nothing else is known.
func objectItem(ctx context.Context, url string) Item {
	return Item{Path: url, read: func() ([]byte, error) { return readObject(ctx, url) }, decode: decodeNamed(url)}
}

func readObject(ctx context.Context, url string) ([]byte, error) {
	data, err := bucket.ReadFile(ctx, url, maxFile)
	if errors.Is(err, bucket.ErrSize) {
		return nil, fmt.Errorf("%w: %w", ErrFileTooLarge, err)
	}
	return data, err
}

// ofSource tells an error of reading a picture that says nothing of the picture: the rest of the source would be lost with it.
func ofSource(err error) bool {
	return errors.Is(err, bucket.ErrUnavailable) || errors.Is(err, bucket.ErrBucket)
}

// openStream opens a file, or an object, to be read through.
func openStream(ctx context.Context, name string) (io.ReadCloser, error) {
	if bucket.IsURL(name) {
		return bucket.OpenAhead(ctx, name)
	}
	return regular.Open(name)
}

const (
	fetches    = 16      // objects that are read before they are asked for
	fetchBytes = 4 << 20 // of an object; a larger one is read when it is asked for, so that what waits stays within 64 MiB
)

// fetched gives the items of a source in order. Where each is an object of its own, some are read before they are asked for.
func (s *Source) fetched(ctx context.Context, from int) iter.Seq2[Item, error] {
	if s.Kind == "tar" || !bucket.IsURL(s.root) {
		return s.Items(ctx, from)
	}
	return func(yield func(Item, error) bool) {
		type next struct {
			item Item
			err  error
		}
		waiting := make(chan next, fetches)
		running, cancel := context.WithCancel(ctx) // of the listing: what was given is read on
		var listing sync.WaitGroup
		defer listing.Wait()
		defer cancel()
		listing.Go(func() {
			defer close(waiting)
			for item, err := range s.Items(running, from) {
				if err == nil {
					item.read = begun(ctx, item.Path)
				}
				select {
				case waiting <- next{item, err}:
				case <-running.Done():
					return
				}
			}
		})
		for n := range waiting {
			if !yield(n.item, n.err) {
				return
			}
		}
	}
}

// begun starts reading an object, and gives what came of it to who asks first.
func begun(ctx context.Context, url string) func() ([]byte, error) {
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		data, err := bucket.ReadFile(ctx, url, fetchBytes)
		done <- result{data, err}
		close(done)
	}()
	return func() ([]byte, error) {
		r, first := <-done
		if !first || errors.Is(r.err, bucket.ErrSize) {
			return readObject(ctx, url)
		}
		return r.data, r.err
	}
}
