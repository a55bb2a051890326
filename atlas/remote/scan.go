package remote

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/internal/bucket"
)

// Scan has an atlas scanned in a folder of the shelf and puts it to a URL. The question is a manifest with the model, the one dataset and the options.
// What lies at the URL decides what is done: a finished atlas of the same question is [atlas.ErrFinished], with what it says of itself, and nothing is
// scanned; one of another question is [atlas.ErrMismatch]. The folder depends on URL and question: after a kill, scan finds there what it left. A second
// process of this machine waits for the first; one of another machine does the same work, and either result stands.
func (s Shelf) Scan(ctx context.Context, url string, question atlas.Manifest, waiting func(), scan func(dir string) error) (atlas.Manifest, error) {
	var done atlas.Manifest
	q := question
	key := fmt.Sprintf("scan\x00%s\x00%s\x00%s\x00%s\x00%t\x00%t", url, q.Model.SHA256, q.Model.Engine, q.Datasets[0].Fingerprint, q.Options.KeepScalars, q.Options.ExifRotate)
	err := s.held(ctx, key, waiting, func(dir string) error {
		var err error
		if done, err = Manifest(ctx, url); err == nil {
			return sameQuestion(url, done, q)
		}
		if !errors.Is(err, bucket.ErrKey) {
			return err
		}
		if err := scan(dir); err != nil && !errors.Is(err, atlas.ErrFinished) {
			return err
		}
		if err := Put(ctx, dir, url); err != nil {
			return err
		}
		if done, err = atlas.ReadManifest(dir); err != nil {
			return err
		}
		return os.RemoveAll(dir)
	})
	return done, err
}

// sameQuestion is [atlas.ErrFinished] where an atlas answers a question, whatever engine made it, and [atlas.ErrMismatch] where it does not.
func sameQuestion(url string, there, asked atlas.Manifest) error {
	elsewhere := fmt.Errorf("%s: %w; give another place, or remove it", url, atlas.ErrMismatch)
	if err := there.Model.SameModel(asked.Model); err != nil {
		return fmt.Errorf("%s: %w; give another place, or remove it", url, err)
	}
	set := asked.Datasets[0]
	switch {
	case len(there.Datasets) != 1:
		return fmt.Errorf("%w: it is of %d datasets", elsewhere, len(there.Datasets))
	case there.Datasets[0].Fingerprint != set.Fingerprint:
		return fmt.Errorf("%w: it is of %s (part %d of %d, fingerprint %.12s…), expected %s (part %d of %d, %.12s…)", elsewhere,
			there.Datasets[0].Source, there.Datasets[0].Shard, max(there.Datasets[0].Shards, 1), there.Datasets[0].Fingerprint, set.Source, set.Shard, max(set.Shards, 1), set.Fingerprint)
	case there.Options.KeepScalars != asked.Options.KeepScalars:
		return fmt.Errorf("%w: it keeps scalars = %t, expected %t", elsewhere, there.Options.KeepScalars, asked.Options.KeepScalars)
	case there.Options.ExifRotate != asked.Options.ExifRotate:
		return fmt.Errorf("%w: it is of pictures turned by EXIF data = %t, expected %t", elsewhere, there.Options.ExifRotate, asked.Options.ExifRotate)
	}
	return fmt.Errorf("%s: %w", url, atlas.ErrFinished)
}
