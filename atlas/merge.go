package atlas

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/atomicfile"
	"github.com/facet-clip/facet/internal/place"
	"github.com/facet-clip/facet/npy"
)

// Merge joins finished atlases of one model into a new one: what a scan of all their images, in this order, would have left, to rounding.
// It refuses atlases of different models ([ErrMismatch]), of which only some keep scalars, that are not finished ([ErrUnfinished]),
// and the same part of a dataset twice.
func Merge(dirs []string, out string) (err error) {
	if len(dirs) < 2 {
		return fmt.Errorf("merging: expected at least two atlases, found %d", len(dirs))
	}
	m, err := mergeManifests(dirs, out)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	if err := fresh(out); err != nil && !errors.Is(err, ErrUnfinished) { // which may be under way: the lock tells
		return err
	}
	lock, err := lockFolder(out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	if err := errors.Join(fresh(out), clearLeftovers(out)); err != nil {
		return err
	}
	if _, err := writeFile(out, mergePart, func(io.Writer) error { return nil }); err != nil {
		return err
	}
	if err := merge(dirs, out, m); err != nil {
		return errors.Join(err, clearLeftovers(out))
	}
	return os.Remove(filepath.Join(out, mergePart))
}

// clearLeftovers removes what writers that failed or were killed left in a folder without atlas.json: temporaries, and tables of a merge.
func clearLeftovers(dir string) error {
	if err := atomicfile.RemoveTemporaries(dir); err != nil || !exists(dir, mergePart) {
		return err
	}
	for _, name := range append(tableFiles(Options{KeepScalars: true}), mergePart) {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// mergeManifests checks that atlases go together.
func mergeManifests(dirs []string, out string) (Manifest, error) {
	var m Manifest
	seen := map[string]string{}
	for i, dir := range dirs {
		next, err := readManifest(dir)
		if err != nil {
			return m, err
		}
		for _, d := range next.Datasets {
			if other, ok := seen[d.Fingerprint]; ok {
				return m, fmt.Errorf("%s: holds the same images of %s as %s", dir, d.Source, other)
			}
			seen[d.Fingerprint] = dir
		}
		next = next.seenFrom(dir, out)
		if i == 0 {
			m = next
			m.Format = Format
			m.Labels = nil // which are of what pairs did there alone
			continue
		}
		if err := next.Model.SameModel(m.Model); err != nil {
			return m, fmt.Errorf("%s: %w", dir, err)
		}
		if next.Options.KeepScalars != m.Options.KeepScalars {
			return m, fmt.Errorf("%s: %w: keeping scalars = %t, of %s %t; merge atlases that were scanned alike", dir, ErrMismatch,
				next.Options.KeepScalars, dirs[0], m.Options.KeepScalars)
		}
		if next.Options.ExifRotate != m.Options.ExifRotate {
			return m, fmt.Errorf("%s: %w: turned by EXIF data = %t, of %s %t; merge atlases that were scanned alike", dir, ErrMismatch,
				next.Options.ExifRotate, dirs[0], m.Options.ExifRotate)
		}
		if next.Model.Engine != m.Model.Engine {
			m.Model.Engine = ""
		}
		m.Datasets = append(m.Datasets, next.Datasets...)
		m.Skipped = append(m.Skipped, next.Skipped...)
		m.Images += next.Images
	}
	if len(m.Skipped) > MaxSkipped {
		return m, fmt.Errorf("merging: %d skipped items, an atlas lists at most %d", len(m.Skipped), MaxSkipped)
	}
	return m, nil
}

// seenFrom is the manifest of the atlas in one folder with its places seen from another.
func (m Manifest) seenFrom(dir, out string) Manifest {
	a := &Atlas{Manifest: m, dir: dir}
	datasets := slices.Clone(m.Datasets)
	for d := range datasets {
		datasets[d].Root = place.Of(firstThere(a.root(d).Candidates(dir)), out)
	}
	m.Datasets, m.Model.File = datasets, place.Of(firstThere(m.Model.File.Candidates(dir)), out)
	return m
}

// firstThere is the first path at which there is something, else the first.
func firstThere(paths []string) string {
	for _, p := range paths {
		if _, err := os.Stat(p); err == nil {
			return p
		}
	}
	return append(paths, "")[0]
}

// merge writes the joined atlas.
func merge(dirs []string, out string, m Manifest) error {
	var atlases []*Atlas
	var acc *decompose.Accumulator
	first, err := Open(dirs[0])
	if err != nil {
		return err
	}
	for i, dir := range dirs {
		a := first
		if i > 0 {
			if a, err = Open(dir); err != nil {
				return err
			}
		}
		next := decompose.AccumulatorOf(a.Stats)
		if acc == nil {
			acc = next
		} else if err := acc.Merge(next, uint32(acc.Count())); err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		a.Stats = &decompose.Stats{Heads: a.Stats.Heads, Channels: a.Stats.Channels, Embed: a.Stats.Embed} // what is read of images needs no more
		atlases = append(atlases, a)
	}
	files, err := tables(out, acc.Stats(), unitNorms{first.Norms, first.NeuronGram}, concatenate(atlases))
	if err != nil {
		return err
	}
	if m.Options.KeepScalars {
		f, err := mergeScalars(out, atlases, m)
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	return writeManifest(out, m, files)
}

func concatenate(atlases []*Atlas) iter.Seq2[Image, error] {
	return func(yield func(Image, error) bool) {
		for _, a := range atlases {
			for image, err := range a.Images() {
				if !yield(image, err) || err != nil {
					return
				}
			}
		}
	}
}

// mergeScalars copies the rows of every atlas under one header.
func mergeScalars(out string, atlases []*Atlas, m Manifest) (File, error) {
	return writeFile(out, scalarsFile, func(w io.Writer) error {
		c := m.Model.Config
		if err := npy.WriteHalfHeader(w, m.Images, c.Heads, c.Channels); err != nil {
			return err
		}
		for _, a := range atlases {
			s, err := a.Scalars()
			if err != nil {
				return err
			}
			size := 2 * int64(s.Images) * int64(s.Pairs)
			_, err = io.Copy(w, bufio.NewReaderSize(io.NewSectionReader(s.f, s.start, size), 1<<18))
			if err := errors.Join(err, s.Close()); err != nil {
				return err
			}
		}
		return nil
	})
}
