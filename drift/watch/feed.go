package watch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/drift/store"
)

const (
	listed = 1000        // files of a folder that are looked up at once
	marked = 64          // files that are marked as read at once, at most
	still  = time.Second // since a file was written, before it is read

	forgetting  = time.Hour // between looks for files that are gone
	mostRefused = 10_000    // files that cannot be opened are remembered, to report each once
)

// fed is an item of a feed, and the file that it is, when it is one of a folder.
type fed struct {
	dataset.Item
	file *store.File
}

// Items takes up the items of a list, in their order. After each, count is told how many there were.
func (w *Watcher) Items(items iter.Seq2[dataset.Item, error], count func(int)) func(context.Context) error {
	return func(ctx context.Context) error {
		return w.feed(ctx, func(yield func(fed, error) bool) {
			for item, err := range items {
				if !yield(fed{Item: item}, err) || err != nil {
					return
				}
			}
		}, count)
	}
}

// Folder takes up the pictures below a folder, and looks every so often for new or changed ones; once: only those that are there. A file is
// left for the next look while it may still be written. Files that were read in an earlier run, and have the same size and time, are not
// opened again.
func (w *Watcher) Folder(dir string, every time.Duration, once bool, count func(int)) func(context.Context) error {
	return func(ctx context.Context) error {
		done, began, forgot := 0, time.Now(), time.Time{}
		if once {
			every = still
		}
		for {
			n, young := 0, 0
			err := w.feed(ctx, w.fresh(ctx, dir, once, &young), func(k int) {
				n = k
				count(done + n)
			})
			if err != nil {
				return err
			}
			if time.Since(forgot) > forgetting {
				forgot = time.Now()
				if err := w.forget(ctx, dir); err != nil {
					return err
				}
			}
			if done += n; once && (young == 0 || time.Since(began) > w.limits.settling) {
				if young > 0 {
					w.Log.Warn("files are still being written and are left out", "files", young, "folder", dir)
				}
				return nil
			}
			select {
			case <-time.After(every):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}

// forget forgets the files that are gone from a folder.
func (w *Watcher) forget(ctx context.Context, dir string) error {
	for after := ""; ; {
		paths, err := insist(ctx, w.Log, "looking up files", func(ctx context.Context) ([]string, error) { return w.Store.Files(ctx, after, listed) })
		if err != nil || len(paths) == 0 {
			return err
		}
		after = paths[len(paths)-1]
		gone := slices.DeleteFunc(paths, func(path string) bool { return !isGone(dir, path) })
		if _, err := insist(ctx, w.Log, "forgetting files", func(ctx context.Context) (any, error) { return nil, w.Store.Forget(ctx, gone) }); err != nil {
			return err
		}
	}
}

// isGone reports whether a path of a folder has no file any more. Of a name that is not UTF-8 the store does not know the whole.
func isGone(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	if err != nil || !filepath.IsLocal(rel) || strings.ContainsRune(path, utf8.RuneError) {
		return false
	}
	_, err = os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// fresh are the pictures below a folder that were not read as they are now. It counts those that may still be written, which are left out.
func (w *Watcher) fresh(ctx context.Context, dir string, once bool, young *int) iter.Seq2[fed, error] {
	return func(yield func(fed, error) bool) {
		var some []store.File
		flush := func() error {
			unread, err := insist(ctx, w.Log, "looking up files", func(ctx context.Context) ([]store.File, error) { return w.Store.Unread(ctx, some) })
			some = some[:0]
			for i := range unread {
				item := dataset.FileItem(unread[i].Path)
				item.Group = groupOfFile(dir, item.Path)
				if !yield(fed{item, &unread[i]}, nil) {
					return errEnough
				}
			}
			return err
		}
		_, err := dataset.Walk(dir, func(found dataset.Found) error {
			if found.Err != nil {
				if !yield(fed{found.Item(), &store.File{Path: found.Path}}, nil) { // which is reported once
					return errEnough
				}
				return ctx.Err()
			}
			info := found.Info
			if age := time.Since(info.ModTime()); age >= 0 && age < still {
				*young++
				return ctx.Err()
			}
			if some = append(some, store.File{Path: found.Path, Size: info.Size(), Modified: info.ModTime()}); len(some) < listed {
				return ctx.Err()
			}
			return flush()
		})
		if err == nil {
			err = flush()
		}
		if refused := (*fs.PathError)(nil); !once && errors.As(err, &refused) {
			w.Log.Warn("a folder cannot be looked through; trying again later", "reason", err)
			return
		}
		if err != nil && !errors.Is(err, errEnough) {
			yield(fed{}, err)
		}
	}
}

// errEnough ends a walk when nobody wants more.
var errEnough = errors.New("enough")

// feed prepares items side by side and queues them in order.
func (w *Watcher) feed(ctx context.Context, items iter.Seq2[fed, error], count func(int)) error {
	group, ctx := errgroup.WithContext(ctx)
	places, queued := make(chan chan *arrival, 2*batchSize), make(chan *arrival, 4*batchSize)
	group.Go(func() error {
		defer close(places)
		for item, err := range items {
			if err != nil {
				return err
			}
			place := make(chan *arrival, 1)
			select {
			case places <- place:
			case <-ctx.Done():
				return ctx.Err()
			}
			if err := w.decode.Acquire(ctx, 1); err != nil { // before a file is read: large ones are in memory by ones
				close(place)
				return err
			}
			group.Go(func() error {
				defer w.decode.Release(1)
				a, err := w.open(ctx, item)
				place <- a
				return err
			})
		}
		return nil
	})
	group.Go(func() error {
		defer close(queued)
		for place := range places {
			a := <-place
			if a == nil {
				return nil // its error ends the group
			}
			if err := w.submit(ctx, a); err != nil {
				return err
			}
			select {
			case queued <- a:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	group.Go(func() error { return w.settle(ctx, queued, count) })
	return group.Wait()
}

// open reads and prepares an item. A file that cannot be opened, or lies in a folder whose name cannot be a group's, is passed over, and reported when it
// was not before as it is now.
func (w *Watcher) open(ctx context.Context, item fed) (*arrival, error) {
	group, badGroup := w.groupOf(item.Group)
	if badGroup != nil {
		badGroup = fmt.Errorf("%s: %w", item.Path, badGroup)
		if item.file == nil { // of a list, which ends at what cannot be understood
			return nil, badGroup
		}
	}
	c, err := item.Content()
	if err = cmp.Or(err, badGroup); err != nil && item.file != nil && w.refusedBefore(*item.file) {
		return w.settled(reported), nil
	}
	if err != nil {
		w.Log.Warn("a picture cannot be taken up and is left out", "reason", err)
		return w.settled(Missing), nil
	}
	a, err := w.prepare(ctx, c, store.Image{Name: item.Path, Group: group, Moment: item.Time, File: item.file, Listed: item.file == nil && item.Time.IsZero()})
	if err != nil {
		return nil, err
	}
	if a.status == Unreadable {
		w.Log.Warn("a picture cannot be read; it is kept on record", "reason", a.image.Reason)
	}
	return a, nil
}

// refusedBefore remembers a file that cannot be opened, and tells whether it was known.
func (w *Watcher) refusedBefore(f store.File) bool {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	known := w.refused[f]
	if !known && len(w.refused) == mostRefused {
		clear(w.refused)
	}
	w.refused[f] = true
	return known
}

// settle waits for arrivals to be in the store, and then marks their files as read. What is taken up is waited for when ctx is done too.
func (w *Watcher) settle(ctx context.Context, queued <-chan *arrival, count func(int)) error {
	var read []store.File
	mark := func() error {
		if len(read) == 0 {
			return nil
		}
		_, err := insist(ctx, w.Log, "marking files as read", func(ctx context.Context) (any, error) { return nil, w.Store.MarkRead(ctx, read) })
		read = read[:0]
		return err
	}
	n := 0
	for a := range queued {
		status, err := w.wait(context.WithoutCancel(ctx), a)
		if err != nil {
			return errors.Join(err, mark())
		}
		if status == reported {
			continue
		}
		if f := a.image.File; f != nil && status != Counted && !a.again { // those are marked with their images
			read = append(read, *f)
		}
		n++
		count(n)
		if len(queued) > 0 && len(read) < marked {
			continue
		}
		if err := mark(); err != nil {
			return err
		}
	}
	return mark()
}
