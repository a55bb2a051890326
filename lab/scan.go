package lab

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/atlas/remote"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/internal/bucket"
	"github.com/facet-clip/facet/internal/place"
)

// Scan asks what every pair does in a dataset: it passes the pictures through the model and leaves an atlas.
type Scan struct {
	// Source is the dataset.
	Source *dataset.Source
	// Folder is where the atlas is written, new or empty.
	Folder string
	// Every is how many images lie between checkpoints: what a kill can lose; 0 is 500, and −1 makes none but at the end.
	Every int
	// KeepScalars keeps the scalars of every image too, float16 [N,M,C].
	KeepScalars bool
	// Resume goes on after the last checkpoint, and begins if nothing was begun. A finished atlas is left as it is: [atlas.ErrFinished].
	Resume bool
	// Strict ends with the first picture that cannot be read, instead of listing it: [ErrStrict].
	Strict bool
}

// everyDefault is how many images lie between checkpoints where the question does not say.
const everyDefault = 500

// Stopped is the error of a scan that ended early, with a checkpoint: resumed, it goes on.
type Stopped struct {
	Images, Unreadable int   // so far
	Reason             error // why it ended
}

func (s *Stopped) Error() string { return s.Reason.Error() }

func (s *Stopped) Unwrap() error { return s.Reason }

// ScanTo is [Lab.Scan] into a folder or to a URL, which ends with what the atlas says of itself. A scan to a URL always resumes, in a folder of the cache.
// Where the atlas is complete already and the question was to resume, the manifest comes with [atlas.ErrFinished].
func (l *Lab) ScanTo(ctx context.Context, q Scan) (atlas.Manifest, error) {
	if !bucket.IsURL(q.Folder) {
		at, err := l.Scan(ctx, q)
		if q.Resume && errors.Is(err, atlas.ErrFinished) {
			m, unread := atlas.ReadManifest(q.Folder)
			return m, errors.Join(err, unread)
		}
		if err != nil {
			return atlas.Manifest{}, err
		}
		return at.Manifest, nil
	}
	question, err := l.scanManifest(ctx, q)
	if err != nil {
		return atlas.Manifest{}, err
	}
	waiting := func() { l.log.Warn("another facet of this machine scans this part: waiting for it", "atlas", q.Folder) }
	return l.config.Shelf().Scan(ctx, q.Folder, question, waiting, func(dir string) error {
		here := q
		here.Folder, here.Resume = dir, true
		_, err := l.Scan(ctx, here)
		return err
	})
}

// Shelf is where atlases on their way to and from buckets lie.
func (c Config) Shelf() remote.Shelf {
	cache, err := c.cacheDir()
	if err != nil {
		return "" // which only a URL needs
	}
	return remote.Shelf(filepath.Join(cache, "atlases"))
}

// Scan writes an atlas. Interrupted, it ends with a checkpoint and a [Stopped].
func (l *Lab) Scan(ctx context.Context, q Scan) (*atlas.Atlas, error) {
	switch {
	case q.Source == nil:
		return nil, &Mistake{Problem: errors.New("no dataset: expected pictures to scan")}
	case q.Folder == "":
		return nil, mistake("output", "is missing: expected the folder to write")
	}
	manifest, err := l.scanManifest(ctx, q)
	if err != nil {
		return nil, err
	}
	root := manifest.Datasets[0].Root.Path
	w, err := l.beginAtlas(q, manifest)
	if err != nil {
		return nil, err
	}
	s := &scanner{
		Lab: l, source: q.Source, decoder: l.decoder, from: w.Next(), strict: q.Strict,
		take: func(item *scanned) error { return addToAtlas(w, root, item) },
	}
	if err := s.run(ctx); err != nil {
		return nil, stopped(w, err)
	}
	if err := errors.Join(w.Finish(), w.Close()); err != nil {
		return nil, err
	}
	return atlas.Open(q.Folder)
}

// scanManifest is what an atlas of the question says of model, dataset and options.
func (l *Lab) scanManifest(ctx context.Context, q Scan) (atlas.Manifest, error) {
	root, err := q.Source.Root()
	if err != nil {
		return atlas.Manifest{}, err
	}
	by, err := l.Made(ctx)
	if err != nil {
		return atlas.Manifest{}, err
	}
	set := atlas.Dataset{Source: q.Source.Name, Root: place.Place{Path: root}, Fingerprint: q.Source.Fingerprint()}
	if shard, shards := q.Source.Shard(); shards > 1 {
		set.Shard, set.Shards = shard, shards
	}
	every := max(q.Every, 0)
	if q.Every == 0 {
		every = everyDefault
	}
	return atlas.Manifest{
		Model: by, Datasets: []atlas.Dataset{set}, Options: atlas.Options{CheckpointEvery: every, KeepScalars: q.KeepScalars, ExifRotate: l.config.ExifRotate},
	}, nil
}

// beginAtlas begins the atlas, or goes on with it.
func (l *Lab) beginAtlas(q Scan, m atlas.Manifest) (*atlas.Writer, error) {
	weights, err := l.weights()
	if err != nil {
		return nil, err
	}
	if q.Resume {
		return atlas.Resume(q.Folder, m, weights, m.Options)
	}
	return atlas.Create(q.Folder, m, weights, m.Options)
}

// addToAtlas keeps the item's path as seen from the root, so that atlas and pictures may move.
func addToAtlas(w *atlas.Writer, root string, item *scanned) error {
	path := dataset.Within(root, item.Path)
	if item.Err != nil {
		return w.Skip(path, item.reason())
	}
	return w.Add(atlas.Image{
		Path: path, Label: item.Label, Group: item.Group, Truth: item.Truth, Time: item.Time, Embedding: item.embedding,
	}, item.scalars)
}

// stopped makes a last checkpoint of a scan that ends early.
func stopped(w *atlas.Writer, cause error) error {
	if err := w.Checkpoint(); err != nil {
		return errors.Join(cause, w.Close())
	}
	s := &Stopped{Images: w.Images(), Unreadable: len(w.Skipped())}
	s.Reason = errors.Join(cause, w.Close())
	return s
}
