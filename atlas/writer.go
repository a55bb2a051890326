package atlas

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/half"
	"github.com/facet-clip/facet/internal/atomicfile"
	"github.com/facet-clip/facet/internal/place"
	"github.com/facet-clip/facet/npy"
)

// Writer makes an atlas in a folder. Rows of images go to files that only grow, and a checkpoint writes down how much of them counts,
// together with the accumulator: killed at any moment, a scan loses at most the images since its last checkpoint, and what
// a resumed scan leaves is byte for byte what an uninterrupted one leaves. Not safe for concurrent use.
//
// After an error a Writer takes nothing more; the last checkpoint stands.
type Writer struct {
	dir      string
	manifest Manifest
	ov       *decompose.OV
	every    int
	acc      *decompose.Accumulator
	top      strongest
	lock     *atomicfile.Lock
	rows     *part
	scalars  *part  // nil unless kept
	buf      []byte // of one image
	since    int    // items since the last checkpoint
	err      error
}

// Create begins an atlas in a new or empty folder. Of the manifest it takes Model and the first of Datasets; of their places, the absolute
// paths.
func Create(dir string, m Manifest, w decompose.Weights, opts Options) (*Writer, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if err := fresh(dir); err != nil && !errors.Is(err, ErrUnfinished) { // which may be under way: the lock tells
		return nil, err
	}
	return begin(dir, m, w, opts, (*Writer).start)
}

// Resume goes on with an atlas that was begun with the same model, engine, dataset and options, after its last checkpoint; in a folder
// where nothing was begun, it begins. It is [ErrFinished] when the atlas is complete, and [ErrMismatch] when it is of something else.
func Resume(dir string, m Manifest, w decompose.Weights, opts Options) (*Writer, error) {
	if exists(dir, ManifestFile) {
		return nil, errors.Join(fmt.Errorf("%s: %w", dir, ErrFinished), tidy(dir))
	}
	if !exists(dir, stateFile) {
		return Create(dir, m, w, opts)
	}
	return begin(dir, m, w, opts, (*Writer).load)
}

// begin makes a Writer that holds the folder's lock, and takes its first step.
func begin(dir string, m Manifest, w decompose.Weights, opts Options, step func(*Writer) error) (*Writer, error) {
	if len(m.Datasets) != 1 || m.Datasets[0].Fingerprint == "" || m.Model.SHA256 == "" {
		return nil, fmt.Errorf("a scan is of one model and one dataset with their fingerprints, found the model %q and %d datasets", m.Model.SHA256, len(m.Datasets))
	}
	ov, err := decompose.New(w)
	if err != nil {
		return nil, err
	}
	c := m.Model.Config
	if c.Heads != w.Heads || c.Channels != w.Channels || c.Embed != w.Embed {
		return nil, fmt.Errorf("%w: attention pool of %d heads, %d neurons, embedding %d; the configuration says %d, %d, %d", ErrMismatch,
			w.Heads, w.Channels, w.Embed, c.Heads, c.Channels, c.Embed)
	}
	acc, err := decompose.NewAccumulator(w)
	if err != nil {
		return nil, err
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return nil, err
	}
	m.Format, m.Options, m.Images, m.Skipped, m.Files = scanFormat, opts, 0, []Skipped{}, nil
	m.Datasets = []Dataset{m.Datasets[0]}
	m.Datasets[0].Images = 0
	m.Datasets[0].Root, m.Model.File = place.Of(m.Datasets[0].Root.Path, dir), place.Of(m.Model.File.Path, dir)
	wr := &Writer{dir: dir, manifest: m, ov: ov, every: opts.CheckpointEvery, acc: acc, top: strongest{norms: ov.Norms()}, lock: lock}
	if err := step(wr); err != nil {
		return nil, errors.Join(err, wr.Close())
	}
	return wr, nil
}

// lockFolder makes this the only process that writes into a folder.
func lockFolder(dir string) (*atomicfile.Lock, error) {
	lock, err := atomicfile.TryLock(filepath.Join(dir, lockFile))
	if !errors.Is(err, atomicfile.ErrLocked) {
		return lock, err
	}
	if exists(dir, stateFile) {
		return nil, fmt.Errorf("%s: another scan is running there: %w; wait for it, or give another folder", dir, ErrBusy)
	}
	return nil, fmt.Errorf("%s: %w; wait for it, or give another folder", dir, ErrBusy)
}

// tidy removes what a scan that was killed just after its end left, unless another process is writing there.
func tidy(dir string) error {
	lock, err := lockFolder(dir)
	if errors.Is(err, ErrBusy) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(removeParts(dir), atomicfile.RemoveTemporaries(dir), lock.Unlock())
}

// fresh is an error unless a folder holds nothing but what a scan killed before its first checkpoint, or a merge before its end, left.
func fresh(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	known := []string{lockFile, rowsPart, scalarsPart, mergePart}
	merging := exists(dir, mergePart)
	if merging {
		known = append(known, ofMerges()...)
	}
	for _, e := range entries {
		switch name := e.Name(); {
		case name == ManifestFile:
			return fmt.Errorf("%s: %w; give another folder, or remove this one", dir, ErrFinished)
		case name == stateFile:
			return fmt.Errorf("%s: %w", dir, ErrUnfinished)
		case merging && name == imagesFolder && e.IsDir():
			if _, err := partsIn(dir); err != nil {
				return err
			}
		case !slices.Contains(known, name) && !atomicfile.IsTemporary(name):
			return fmt.Errorf("%s: not empty: it holds %s; expected a new or empty folder", dir, name)
		}
	}
	return nil
}

// start begins with nothing.
func (w *Writer) start() error {
	err := errors.Join(fresh(w.dir), clearLeftovers(w.dir))
	if err != nil {
		return err
	}
	if w.rows, err = openPart(filepath.Join(w.dir, rowsPart), mark{}); err != nil {
		return err
	}
	if w.manifest.Options.KeepScalars {
		if w.scalars, err = openPart(filepath.Join(w.dir, scalarsPart), mark{}); err != nil {
			return err
		}
		if _, err := w.scalars.Write(make([]byte, scalarsHeader)); err != nil { // its numbers are known at the end
			return err
		}
	}
	return w.Checkpoint()
}

// Next is the source item that comes next: images added and items skipped so far.
func (w *Writer) Next() int { return w.acc.Count() + len(w.manifest.Skipped) }

// Images is the number of images added so far.
func (w *Writer) Images() int { return w.acc.Count() }

// Skipped are the items that gave no image so far.
func (w *Writer) Skipped() []Skipped { return w.manifest.Skipped }

// Add adds the next item as an image with its pair scalars [M,C], and fills its strongest pairs in. It may make a checkpoint.
func (w *Writer) Add(image Image, scalars []float32) error {
	return w.do(func() error { return w.add(image, scalars) })
}

func (w *Writer) add(image Image, scalars []float32) error {
	image, err := checked(image, w.ov.Embed)
	if err != nil {
		return err
	}
	i := w.acc.Count()
	if i == math.MaxUint32 {
		return fmt.Errorf("%s: an atlas holds at most %d images", image.Path, i)
	}
	if err := w.acc.Add(uint32(i), scalars); err != nil {
		return fmt.Errorf("%s: %w", image.Path, err)
	}
	image.Top = w.top.of(scalars)
	w.buf = appendRow(w.buf[:0], image)
	if _, err := w.rows.Write(w.buf); err != nil {
		return err
	}
	if w.scalars != nil {
		w.buf = w.buf[:0]
		for _, v := range scalars {
			w.buf = binary.LittleEndian.AppendUint16(w.buf, half.FromFloat(v))
		}
		if _, err := w.scalars.Write(w.buf); err != nil {
			return err
		}
	}
	return w.counted()
}

// Skip notes that the next item gave no image, and why.
func (w *Writer) Skip(path, reason string) error {
	return w.do(func() error {
		if len(w.manifest.Skipped) == MaxSkipped {
			return fmt.Errorf("%s: %s: more than %d items could not be read: is this a dataset of images?", path, reason, MaxSkipped)
		}
		w.manifest.Skipped = append(w.manifest.Skipped, Skipped{strings.ToValidUTF8(path, "\uFFFD"), strings.ToValidUTF8(reason, "\uFFFD")})
		return w.counted()
	})
}

// counted makes a checkpoint when it is time.
func (w *Writer) counted() error {
	if w.since++; w.every > 0 && w.since >= w.every {
		return w.checkpoint()
	}
	return nil
}

// Checkpoint makes what was added so far survive whatever happens.
func (w *Writer) Checkpoint() error { return w.do(w.checkpoint) }

// do runs a step unless one failed before.
func (w *Writer) do(step func() error) error {
	if w.err != nil {
		return fmt.Errorf("the scan stopped: %w", w.err)
	}
	w.err = step()
	return w.err
}

func (w *Writer) checkpoint() (err error) {
	h := w.header()
	if h.Rows, err = w.rows.sync(); err != nil {
		return err
	}
	if w.scalars != nil {
		if h.Scalars, err = w.scalars.sync(); err != nil {
			return err
		}
	}
	if _, err := writeFile(w.dir, stateFile, func(out io.Writer) error { return writeState(out, h, w.acc) }); err != nil {
		return err
	}
	w.since = 0
	return nil
}

// Finish writes the tables and, last of all, atlas.json. Nothing can be added afterwards. It is an error when there is no image.
func (w *Writer) Finish() error {
	err := w.do(w.finish)
	if err == nil {
		w.err = ErrFinished
	}
	return err
}

func (w *Writer) finish() error {
	if w.acc.Count() == 0 {
		return fmt.Errorf("%s: no image was added (%d unreadable): an atlas needs at least one", w.dir, len(w.manifest.Skipped))
	}
	if err := w.checkpoint(); err != nil {
		return err
	}
	s := w.acc.Stats()
	images := readRows(w.rows.reader(), s.Count, len(s.Mean), s.Embed)
	files, err := tables(w.dir, s, unitNorms{w.top.norms, w.ov.NeuronGram()})
	if err != nil {
		return err
	}
	f, err := writeImages(w.dir, imagesFile, images, s.Channels)
	if err != nil {
		return err
	}
	files = append(files, f)
	if w.scalars != nil {
		f, err := w.finishScalars(s.Count)
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	w.manifest.Images, w.manifest.Datasets[0].Images = s.Count, s.Count
	if err := writeManifest(w.dir, w.manifest, files); err != nil {
		return err
	}
	return errors.Join(w.rows.f.Close(), removeParts(w.dir))
}

// finishScalars turns the part file of scalars into scalars.npy. The header comes last, so that what is in the part file is what was
// checkpointed.
func (w *Writer) finishScalars(images int) (File, error) {
	path := filepath.Join(w.dir, scalarsFile)
	if err := atomicfile.Rename(filepath.Join(w.dir, scalarsPart), path); err != nil {
		return File{}, err
	}
	f := w.scalars.f
	if err := errors.Join(writeScalarsHeader(io.NewOffsetWriter(f, 0), images, w.ov), f.Sync(), f.Close()); err != nil {
		return File{}, err
	}
	return hashFile(w.dir, scalarsFile)
}

// writeScalarsHeader writes a header of exactly scalarsHeader bytes.
func writeScalarsHeader(out io.Writer, images int, ov *decompose.OV) error {
	n := counter(0)
	if err := npy.WriteHalfHeader(io.MultiWriter(out, &n), images, ov.Heads, ov.Channels); err != nil {
		return err
	}
	if n != scalarsHeader {
		return fmt.Errorf("header of %s takes %d bytes, expected %d", scalarsFile, n, scalarsHeader)
	}
	return nil
}

// Close gives up the folder. What was added since the last checkpoint is lost unless the atlas is finished.
func (w *Writer) Close() error {
	var err error
	for _, p := range []*part{w.rows, w.scalars} {
		if p == nil {
			continue
		}
		if e := p.f.Close(); !errors.Is(e, fs.ErrClosed) {
			err = errors.Join(err, e)
		}
	}
	if !errors.Is(w.err, ErrFinished) && w.err == nil {
		w.err = errors.New("the writer is closed")
	}
	return errors.Join(err, w.lock.Unlock())
}

// removeParts removes what a scan needs no more, the state first: without it nothing else counts.
func removeParts(dir string) error {
	for _, name := range []string{stateFile, rowsPart, scalarsPart} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
