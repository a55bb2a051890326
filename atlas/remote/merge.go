package remote

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/internal/bucket"
)

// group is how many atlases from buckets lie on the disk at a time while many are merged. [atlas.Merge] gives the same bytes in one step or in several.
const group = 16

// Merge is [atlas.Merge] of folders and URLs; s3://bucket/part-{0..63} is 64 of them. Atlases in buckets are fetched one by one into a folder beside out, out.parts, which is gone
// afterwards; there are at most [group] of them at a time, and one that holds what was merged so far. Where out is a URL, the atlas is merged in a folder of the shelf
// and then put there, whole or not at all; what lies there already is [atlas.ErrFinished].
func (s Shelf) Merge(ctx context.Context, names []string, out string) error {
	if bucket.IsURL(out) {
		return s.mergeTo(ctx, names, out)
	}
	names, err := expanded(names)
	if err != nil {
		return err
	}
	var urls []string
	for _, n := range names {
		if bucket.IsURL(n) {
			urls = append(urls, n)
		}
	}
	if len(urls) == 0 || len(names) < 2 {
		return atlas.Merge(names, out)
	}
	if _, err := atlas.ReadManifest(out); err == nil {
		return fmt.Errorf("%s: %w; give another folder, or remove this one", out, atlas.ErrFinished)
	}
	for _, u := range urls { // before anything is fetched
		if _, err := Manifest(ctx, u); err != nil {
			return err
		}
	}
	absolute, err := filepath.Abs(out)
	if err != nil {
		return err
	}
	return s.held(ctx, "merge\x00"+absolute, nil, func(string) (err error) {
		m := merging{ctx: ctx, folder: absolute + ".parts", urls: map[string]string{}}
		if err := m.clear(); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(m.folder)) }()
		for _, n := range names {
			if err := m.add(n); err != nil {
				return err
			}
		}
		return m.explained(atlas.Merge(m.held, out))
	})
}

// mergeTo is Merge into a bucket.
func (s Shelf) mergeTo(ctx context.Context, names []string, url string) error {
	return s.held(ctx, "merge to\x00"+url, nil, func(dir string) (err error) {
		if _, err := Manifest(ctx, url); err == nil {
			return fmt.Errorf("%s: %w; give another place, or remove it", url, atlas.ErrFinished)
		} else if !errors.Is(err, bucket.ErrKey) {
			return err
		}
		if err := os.RemoveAll(dir); err != nil { // of a merge that was killed
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		merged := filepath.Join(dir, "atlas")
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
		if err := s.Merge(ctx, names, merged); err != nil {
			return err
		}
		return Put(ctx, merged, url)
	})
}

// expanded has every name that a URL with a range stands for: s3://bucket/part-{0..63}.
func expanded(names []string) (all []string, err error) {
	for _, n := range names {
		var several []string
		if bucket.IsURL(n) {
			if several, err = dataset.Range(n); err != nil {
				return nil, err
			}
		}
		if several == nil {
			several = []string{n}
		}
		all = append(all, several...)
	}
	return all, nil
}

// merging is a merge under way.
type merging struct {
	ctx     context.Context
	folder  string
	held    []string          // atlases on the disk that are to be merged
	fetched []string          // those of them that were made here
	urls    map[string]string // of what was fetched, for errors
	made    int
}

func (m *merging) add(name string) error {
	if !bucket.IsURL(name) {
		m.held = append(m.held, name)
		return nil
	}
	if len(m.fetched) == group {
		if err := m.join(); err != nil {
			return err
		}
	}
	dir := m.next()
	m.urls[dir] = name
	if err := Get(m.ctx, name, dir); err != nil {
		return err
	}
	m.held, m.fetched = append(m.held, dir), append(m.fetched, dir)
	return nil
}

// clear removes what a merge that was killed left. A folder of that name that holds anything else is not ours, and an error.
func (m *merging) clear() error {
	entries, err := os.ReadDir(m.folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if _, err := strconv.Atoi(e.Name()); err != nil || len(e.Name()) != 6 || !e.IsDir() {
			return fmt.Errorf("%s: it holds %s: expected no folder of that name, where parts are fetched to; move it, or write the atlas elsewhere", m.folder, e.Name())
		}
	}
	return os.RemoveAll(m.folder)
}

func (m *merging) next() string {
	m.made++
	return filepath.Join(m.folder, fmt.Sprintf("%06d", m.made))
}

// join makes one atlas of all that were fetched, and makes room. What was given as a folder waits for the end.
func (m *merging) join() error {
	joined := m.next()
	if err := m.explained(atlas.Merge(m.fetched, joined)); err != nil {
		return err
	}
	for _, dir := range m.fetched {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	kept := []string{joined}
	for _, dir := range m.held {
		if _, gone := m.urls[dir]; !gone && filepath.Dir(dir) != m.folder {
			kept = append(kept, dir)
		}
	}
	m.held, m.fetched = kept, []string{joined}
	return nil
}

// explained names URLs in place of the folders that they were fetched to.
func (m *merging) explained(err error) error {
	for dir, url := range m.urls {
		err = named(err, dir, url)
	}
	return err
}
