package atlas

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/atomicfile"
	"github.com/facet-clip/facet/internal/place"
	"github.com/facet-clip/facet/internal/regular"
	"github.com/facet-clip/facet/npy"
)

// Merge joins finished atlases of one model into a new one: what a scan of all their images would have left, to rounding. Its files depend on
// the atlases that were scanned and on nothing else, to the last bit: not on the order of dirs, nor on which of them are merged atlases already
// ([Part], [decompose.Union]; docs/design.md, formulas 55 to 57). In atlas.json, places alone may differ. It holds two atlases' statistics in memory, however many there are.
//
// Images are not written again: the new atlas has a file for each part, which is the part's own, under a second name where the file system
// has such, else a copy.
//
// It refuses atlases of different models ([ErrMismatch]), of which only some keep scalars, that are not finished ([ErrUnfinished]),
// and the same part of a dataset twice.
func Merge(dirs []string, out string) (err error) {
	if len(dirs) < 2 {
		return fmt.Errorf("merging: expected at least two atlases, found %d", len(dirs))
	}
	p, err := planMerge(dirs, out)
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
	if err := p.write(out); err != nil {
		return errors.Join(err, clearLeftovers(out))
	}
	return os.Remove(filepath.Join(out, mergePart))
}

// clearLeftovers removes what writers that failed or were killed left in a folder without atlas.json: temporaries, and tables of a merge.
func clearLeftovers(dir string) error {
	if err := atomicfile.RemoveTemporaries(dir); err != nil || !exists(dir, mergePart) {
		return err
	}
	parts, err := partsIn(dir)
	if err != nil {
		return err
	}
	for _, name := range append(parts, ofMerges()...) {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// ofMerges are the names of what a merge writes before atlas.json, but for the files of images; the sign that it is under way comes last.
func ofMerges() []string {
	m := Manifest{Options: Options{KeepScalars: true}}
	return append(m.tableFiles(), sumsFile, mergePart)
}

// partsIn are the files of images that a merge left in a folder, and their folder after them. Anything else there is somebody's.
func partsIn(dir string) ([]string, error) {
	if info, err := os.Lstat(filepath.Join(dir, imagesFolder)); err != nil || !info.IsDir() { // not one that a link leads to
		return nil, nil
	}
	entries, err := os.ReadDir(filepath.Join(dir, imagesFolder))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		name := filepath.Join(imagesFolder, e.Name())
		if !isPartFile(e.Name()) && !atomicfile.IsTemporary(name) {
			return nil, fmt.Errorf("%s: not empty: it holds %s; expected a new or empty folder", dir, name)
		}
		names = append(names, name)
	}
	return append(names, imagesFolder), nil
}

// plan is a merge that may be done.
type plan struct {
	manifest Manifest
	atlases  []*Atlas // as they were given, with nothing read of them but atlas.json
	parts    []source // in their order
}

// source is a part of the new atlas.
type source struct {
	section
	from  *Atlas
	first uint32 // number of its first image in the new atlas
}

// Compare orders parts by what they are of, not by where they lie. No two have the same fingerprint.
func (s source) Compare(other source) int {
	a, b := s.from.Manifest.Datasets[s.dataset], other.from.Manifest.Datasets[other.dataset]
	return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Shards, b.Shards), cmp.Compare(a.Shard, b.Shard), cmp.Compare(a.Fingerprint, b.Fingerprint))
}

// planMerge checks that atlases go together.
func planMerge(dirs []string, out string) (*plan, error) {
	p := &plan{}
	seen := map[string]string{}
	for _, dir := range dirs {
		m, err := readManifest(dir)
		if err != nil {
			return nil, err
		}
		for _, d := range m.Datasets {
			if other, ok := seen[d.Fingerprint]; ok {
				return nil, fmt.Errorf("%s: holds the same images of %s as %s", dir, d.Source, other)
			}
			seen[d.Fingerprint] = dir
		}
		a := newAtlas(dir, m)
		if len(p.atlases) > 0 {
			if err := p.atlases[0].mergesWith(a); err != nil {
				return nil, err
			}
		}
		p.atlases = append(p.atlases, a)
		for _, section := range m.sections() {
			p.parts = append(p.parts, source{section: section, from: a})
		}
	}
	slices.SortFunc(p.parts, source.Compare)
	return p, p.describe(out)
}

// mergesWith is an error unless another atlas was scanned alike.
func (a *Atlas) mergesWith(other *Atlas) error {
	m, next := a.Manifest, other.Manifest
	if err := next.Model.SameModel(m.Model); err != nil {
		return fmt.Errorf("%s: %w", other.dir, err)
	}
	if next.Options.KeepScalars != m.Options.KeepScalars {
		return fmt.Errorf("%s: %w: keeping scalars = %t, of %s %t; merge atlases that were scanned alike", other.dir, ErrMismatch,
			next.Options.KeepScalars, a.dir, m.Options.KeepScalars)
	}
	if next.Options.ExifRotate != m.Options.ExifRotate {
		return fmt.Errorf("%s: %w: turned by EXIF data = %t, of %s %t; merge atlases that were scanned alike", other.dir, ErrMismatch,
			next.Options.ExifRotate, a.dir, m.Options.ExifRotate)
	}
	return nil
}

// describe fills in the manifest of the new atlas, in the order of its parts. Of the model it says what the first part does.
func (p *plan) describe(out string) error {
	seen := map[*Atlas]Manifest{}
	for _, a := range p.atlases {
		seen[a] = a.Manifest.seenFrom(a.dir, out)
	}
	first := seen[p.parts[0].from]
	m := Manifest{Format: Format, Model: first.Model, Options: first.Options, Skipped: []Skipped{}}
	for k := range p.parts {
		s := &p.parts[k]
		s.first = uint32(m.Images)
		from := seen[s.from]
		if from.Model.Engine != m.Model.Engine {
			m.Model.Engine = ""
		}
		m.Parts = append(m.Parts, s.Part)
		m.Datasets = append(m.Datasets, from.Datasets[s.dataset:][:s.Datasets]...)
		m.Skipped = append(m.Skipped, from.Skipped[s.item:][:s.Skipped]...)
		m.Images += s.Images
		if m.Images > math.MaxUint32 {
			return fmt.Errorf("merging: %d images and more, an atlas holds at most %d", m.Images, uint32(math.MaxUint32))
		}
	}
	if len(m.Parts) > MaxParts {
		return fmt.Errorf("merging: %d parts, an atlas has at most %d", len(m.Parts), MaxParts)
	}
	if len(m.Skipped) > MaxSkipped {
		return fmt.Errorf("merging: %d skipped items, an atlas lists at most %d", len(m.Skipped), MaxSkipped)
	}
	p.manifest = m
	return nil
}

// seenFrom is the manifest of the atlas in one folder with its places seen from another.
func (m Manifest) seenFrom(dir, out string) Manifest {
	a := newAtlas(dir, m)
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

// write writes the joined atlas.
func (p *plan) write(out string) error {
	union, u, err := p.join()
	if err != nil {
		return err
	}
	files, err := tables(out, union.Stats(), u)
	if err != nil {
		return err
	}
	sums, err := writeTable(out, sumsFile, groupRows, sumRows(union.Sums()))
	if err != nil {
		return err
	}
	files = append(files, sums)
	images, err := p.placeImages(out)
	if err != nil {
		return err
	}
	files = append(files, images...)
	if p.manifest.Options.KeepScalars {
		f, err := p.mergeScalars(out)
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	return writeManifest(out, p.manifest, files)
}

// join reads the statistics of one atlas after another, the next while one is taken up. Lengths of directions are those of the first part.
func (p *plan) join() (union *decompose.Union, u unitNorms, err error) {
	c := p.manifest.Model.Config
	union = decompose.NewUnion(c.Heads, c.Channels, c.Embed)
	ahead := readAhead(p.atlases)
	defer ahead.stop()
	var shared sharing
	for _, planned := range p.atlases {
		h, err := ahead.next()
		if err != nil {
			return nil, u, err
		}
		a := newAtlas(planned.dir, planned.Manifest)
		if err := a.joinInto(union, h, p.numbers(planned), &shared); err != nil {
			return nil, u, err
		}
		if planned == p.parts[0].from {
			if err := a.readGram(h.gram); err != nil {
				return nil, u, err
			}
			u = unitNorms{slices.Clone(a.Norms), a.NeuronGram}
		}
		ahead.done(h)
	}
	return union, u, nil
}

// numbers gives the images of an atlas their numbers in the new one.
func (p *plan) numbers(a *Atlas) func(uint32) uint32 {
	var from, to []uint32 // of the first image of each part
	for _, s := range p.parts {
		if s.from == a {
			from, to = append(from, uint32(s.image)), append(to, s.first)
		}
	}
	if len(from) == 1 {
		return func(image uint32) uint32 { return to[0] + image }
	}
	return func(image uint32) uint32 {
		k, found := slices.BinarySearch(from, image)
		if !found {
			k--
		}
		return to[k] + image - from[k]
	}
}

// placeImages gives the new atlas the images of every part.
func (p *plan) placeImages(out string) ([]File, error) {
	folder := filepath.Join(out, imagesFolder)
	if err := os.Mkdir(folder, 0o755); err != nil {
		return nil, err
	}
	var files []File
	for k, s := range p.parts {
		f, err := s.placeImages(out, partFile(k))
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, errors.Join(atomicfile.SyncFolder(folder), atomicfile.SyncFolder(out))
}

// placeImages makes a part's images a file of the new atlas, and checks that they are what was scanned.
func (s source) placeImages(out, name string) (File, error) {
	if s.from.Manifest.Format < scanFormat { // whose paths only make sense there
		return writeImages(out, name, s.from.Images(), s.from.Stats.Channels)
	}
	want, err := s.from.Manifest.file(s.file)
	if err != nil {
		return File{}, err
	}
	path := filepath.Join(s.from.dir, filepath.FromSlash(s.file))
	to := filepath.Join(out, filepath.FromSlash(name))
	if atomicfile.Link(path, to) != nil {
		return want.copied(path, out, name)
	}
	if err := want.check(to); err != nil {
		return File{}, fmt.Errorf("%s: %w", path, err)
	}
	return want.named(name), nil
}

// named is the entry of the same content under another name.
func (f File) named(name string) File {
	f.Name = name
	return f
}

// copied copies a file into an atlas, and checks it.
func (f File) copied(path, out, name string) (File, error) {
	got, err := writeFile(out, name, func(w io.Writer) error {
		in, err := regular.Open(path)
		if err != nil {
			return err
		}
		_, err = io.Copy(w, in)
		return errors.Join(err, in.Close())
	})
	if err == nil && (got.Bytes != f.Bytes || got.SHA256 != f.SHA256) {
		err = refuseDigest(path, got, f)
	}
	return got, err
}

// mergeScalars copies the rows of every part under one header.
func (p *plan) mergeScalars(out string) (File, error) {
	return writeFile(out, scalarsFile, func(w io.Writer) error {
		c := p.manifest.Model.Config
		if err := npy.WriteHalfHeader(w, p.manifest.Images, c.Heads, c.Channels); err != nil {
			return err
		}
		for _, part := range p.parts {
			s, err := part.from.Scalars()
			if err != nil {
				return err
			}
			row := 2 * int64(s.Pairs)
			section := io.NewSectionReader(s.f, s.start+row*int64(part.image), row*int64(part.Images))
			_, err = io.Copy(w, bufio.NewReaderSize(section, 1<<18))
			if err := errors.Join(err, s.Close()); err != nil {
				return err
			}
		}
		return nil
	})
}
