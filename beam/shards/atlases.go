package shards

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/internal/regular"
	"github.com/facet-clip/facet/lab"
)

func init() {
	register.DoFn2x3[context.Context, int, int, Reference, error](&scanFn{})
	register.DoFn3x3[context.Context, int, func(*Reference) bool, int, Reference, error](&mergeFn{})
	register.Iter1[Reference]()
}

// Reference stands for an atlas on its way through Beam.
type Reference struct {
	Atlas      string // its folder
	SHA256     string // of its atlas.json, in hexadecimal: by the digests in it, of all its files
	Images     int
	Unreadable int
}

// refer makes the reference to an atlas.
func refer(dir string, m atlas.Manifest) (Reference, error) {
	f, err := regular.Open(filepath.Join(dir, atlas.ManifestFile))
	if err != nil {
		return Reference{}, err
	}
	defer f.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return Reference{}, err
	}
	return Reference{dir, hex.EncodeToString(hash.Sum(nil)), m.Images, len(m.Skipped)}, nil
}

// scanFn scans a shard. It gives the atlas with the node that merges it.
type scanFn struct {
	Job   Job
	FanIn int
}

// ProcessElement may be run again for the same shard, also while another worker is at it.
func (f *scanFn) ProcessElement(ctx context.Context, shard int) (int, Reference, error) {
	began := time.Now()
	m, there, err := f.scan(ctx, shard)
	if err != nil {
		return 0, Reference{}, fmt.Errorf("shard %d of %d: %w", shard, f.Job.Shards, err)
	}
	ref, err := refer(f.Job.part(shard), m)
	if err != nil {
		return 0, Reference{}, err
	}
	images.Inc(ctx, int64(ref.Images))
	unreadable.Inc(ctx, int64(ref.Unreadable))
	milliseconds.Inc(ctx, time.Since(began).Milliseconds())
	if there {
		kept.Inc(ctx, 1)
	}
	return shard / f.FanIn, ref, nil
}

// scan leaves the atlas of a shard: the one that is there, one that was begun, or a new one.
func (f *scanFn) scan(ctx context.Context, shard int) (_ atlas.Manifest, there bool, err error) {
	var none atlas.Manifest
	source, err := dataset.Open(f.Job.Source, dataset.Options{Shard: shard, Shards: f.Job.Shards})
	if err != nil {
		return none, false, err
	}
	l, err := openLab(ctx, f.Job)
	if err != nil {
		return none, false, err
	}
	dir := f.Job.part(shard)
	var at *atlas.Atlas
	err = turn(ctx, func() (err error) {
		at, err = l.Scan(ctx, lab.Scan{Source: source, Folder: dir, Resume: true})
		return err
	})
	if err == nil {
		return at.Manifest, false, nil
	}
	if !errors.Is(err, atlas.ErrFinished) {
		return none, false, err
	}
	by, err := l.Made(ctx)
	if err != nil {
		return none, false, err
	}
	m, err := found(dir, by, []string{source.Fingerprint()})
	return m, true, err
}

// found is the manifest of an atlas that was there already. It is [atlas.ErrMismatch] unless the atlas is by this model and engine, of these
// parts of datasets, by fingerprint, and scanned as a job scans.
func found(dir string, by atlas.Model, of []string) (atlas.Manifest, error) {
	m, err := atlas.ReadManifest(dir)
	if err != nil {
		return m, err
	}
	var is []string
	for _, d := range m.Datasets {
		is = append(is, d.Fingerprint)
	}
	slices.Sort(is)
	slices.Sort(of)
	switch err := m.Model.SameModel(by); {
	case err != nil:
		return m, fmt.Errorf("%s: %w; give another output folder", dir, err)
	case m.Model.Engine != by.Engine:
		return m, fmt.Errorf("%s: %w: scanned with the engine %q, now it is %q; give another output folder", dir, atlas.ErrMismatch, m.Model.Engine, by.Engine)
	case !slices.Equal(is, of):
		return m, fmt.Errorf("%s: %w: another dataset, or another number of shards; give another output folder", dir, atlas.ErrMismatch)
	case m.Options.KeepScalars || m.Options.ExifRotate:
		return m, fmt.Errorf("%s: %w: it keeps scalars or turned its pictures; give another output folder", dir, atlas.ErrMismatch)
	}
	return m, nil
}

// turn does something in a folder once nobody else writes there: a worker that Beam has given up, or one that does the same at the same time.
func turn(ctx context.Context, do func() error) error {
	for {
		err := do()
		if !errors.Is(err, atlas.ErrBusy) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(time.Second):
		}
	}
}

// mergeFn merges the atlases of a node of the tree. The nodes of a level are numbered from 0; so are their parents.
type mergeFn struct {
	Job   Job
	FanIn int
	Level int // from 1
	Below int // how many atlases go into this level
}

// ProcessElement gives the merged atlas with the node above.
func (f *mergeFn) ProcessElement(ctx context.Context, node int, refs func(*Reference) bool) (int, Reference, error) {
	var all []Reference
	for ref := (Reference{}); refs(&ref); {
		all = append(all, ref)
	}
	if want := min(f.FanIn, f.Below-node*f.FanIn); len(all) != want {
		return 0, Reference{}, fmt.Errorf("merging: the runner gave %d atlases for node %d of level %d, expected %d", len(all), node, f.Level, want)
	}
	ref, err := all[0], error(nil)
	if len(all) > 1 {
		ref, err = f.merge(ctx, f.folder(node), all)
	}
	return node / f.FanIn, ref, err
}

// folder is where the atlas of a node lies.
func (f *mergeFn) folder(node int) string {
	if f.Below <= f.FanIn {
		return f.Job.result()
	}
	return filepath.Join(f.Job.Output, fmt.Sprintf("merge-%d-%d", f.Level, node))
}

// merge leaves the merged atlas: the one that is there, or a new one. What is referred to must lie where it did, unchanged.
func (f *mergeFn) merge(ctx context.Context, out string, refs []Reference) (Reference, error) {
	var dirs, of []string
	var by atlas.Model
	for i, ref := range refs {
		m, err := atlas.ReadManifest(ref.Atlas)
		if err != nil {
			return Reference{}, err
		}
		now, err := refer(ref.Atlas, m)
		if err != nil {
			return Reference{}, err
		}
		if now != ref {
			return Reference{}, fmt.Errorf("%s: its %s has changed since it was scanned (sha256 %.12s…, expected %.12s…)", ref.Atlas, atlas.ManifestFile, now.SHA256, ref.SHA256)
		}
		if i > 0 && by.Engine != m.Model.Engine {
			return Reference{}, fmt.Errorf("%s: %w: scanned with the engine %q, %s with %q; name one engine for all workers", ref.Atlas, atlas.ErrMismatch, m.Model.Engine, dirs[0], by.Engine)
		}
		by, dirs = m.Model, append(dirs, ref.Atlas)
		for _, d := range m.Datasets {
			of = append(of, d.Fingerprint)
		}
	}
	err := turn(ctx, func() error { return atlas.Merge(dirs, out) })
	if err != nil && !errors.Is(err, atlas.ErrFinished) {
		return Reference{}, err
	}
	m, err := found(out, by, of)
	if err != nil {
		return Reference{}, err
	}
	return refer(out, m)
}

// models are the models that this process holds open, to its end: a runner makes many copies of a function, and they share one.
var models struct {
	sync.Mutex
	open map[modelOf]*lab.Lab
}

// modelOf is what tells one open model from another.
type modelOf struct{ model, engine string }

// openLab gives the lab of a job.
func openLab(ctx context.Context, job Job) (*lab.Lab, error) {
	models.Lock()
	defer models.Unlock()
	of := modelOf{job.Model, job.Engine}
	if l := models.open[of]; l != nil {
		return l, nil
	}
	l, err := lab.Open(ctx, lab.Config{Model: job.Model, Engine: job.Engine, Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		return nil, err
	}
	if models.open == nil {
		models.open = map[modelOf]*lab.Lab{}
	}
	models.open[of] = l
	return l, nil
}
