package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/drift/profile"
)

// What the demo compares: a month without snow, and a later one in which snow is on the ground of most scenes.
const (
	demoBefore = "scenes:snow-arrives?n=200&seed=1&window=1"
	demoAfter  = "scenes:snow-arrives?n=100&seed=2&window=12"
)

// compareScenes says what is new in later scenes of the world.
func (l *Lab) compareScenes(ctx context.Context, d *Demonstration) error {
	folder, err := l.demoProfile(ctx)
	if err != nil {
		return fmt.Errorf("the demo's reference scenes: %w", err)
	}
	later, err := dataset.Open(demoAfter, dataset.Options{})
	if err != nil {
		return err
	}
	a, err := l.Compare(ctx, Compare{Profile: folder, Source: later})
	if err != nil {
		return err
	}
	if d.Report, err = l.CompareReport(ctx, a); err != nil {
		return err
	}
	d.Answer.Drift = answer.DemoDrift{Before: demoBefore, After: demoAfter, Report: "drift.html", Comparison: a.All}
	return nil
}

// demoProfile gives the profile of the demo's reference scenes, in the cache folder. It is made where it is not there, which takes some seconds.
func (l *Lab) demoProfile(ctx context.Context) (string, error) {
	source, folder, err := l.demoFolder(ctx, demoBefore, l.config.ExifRotate)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(folder, "before.profile")
	switch _, err := profile.ReadHeader(dir); {
	case err == nil:
		return dir, nil
	case errors.Is(err, profile.ErrFormat):
		return "", err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	_, err = l.Profile(ctx, Profile{Source: source, Folder: dir, Vary: -1, Resume: true})
	return dir, err
}
