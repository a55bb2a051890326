package atlas

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/parquet-go/parquet-go"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/half"
	"github.com/facet-clip/facet/internal/numeric"
	"github.com/facet-clip/facet/internal/regular"
	"github.com/facet-clip/facet/npy"
)

// Atlas is a finished atlas. Its statistics are in memory; images and scalars are read when asked for. Safe for concurrent use.
type Atlas struct {
	Manifest   Manifest
	Stats      *decompose.Stats
	Norms      []float32 // ‖u‖ of every pair [M,C]
	NeuronGram []float32 // ⟨u[h,n],u[g,n]⟩ for each neuron, packed [C, M(M+1)/2]

	dir   string
	first []int // of each dataset, where its images begin

	scalars *onceChecked
}

// onceChecked is whether the digest of a file was found to be the one that is listed.
type onceChecked struct {
	sync.Mutex
	done bool
}

// Open reads an atlas and checks it: the format version, the sizes of all files, and the digests of those it reads here. Errors wrap
// [ErrUnfinished] or [ErrFormat]. Compare Manifest.Model with the model at hand by [Model.SameModel].
func Open(dir string) (*Atlas, error) {
	m, err := readManifest(dir)
	if err != nil {
		return nil, err
	}
	a := newAtlas(dir, m)
	for _, f := range m.Files {
		if err := checkSize(dir, f); err != nil {
			return nil, err
		}
	}
	if err := a.readStats(); err != nil {
		return nil, err
	}
	return a, nil
}

// newAtlas is an atlas of which no table is read.
func newAtlas(dir string, m Manifest) *Atlas {
	c := m.Model.Config
	a := &Atlas{Manifest: m, dir: dir, Stats: &decompose.Stats{Heads: c.Heads, Channels: c.Channels, Embed: c.Embed, Count: m.Images}, scalars: &onceChecked{}}
	n := 0
	for _, d := range m.Datasets {
		a.first, n = append(a.first, n), n+d.Images
	}
	return a
}

// Dir is the folder of the atlas.
func (a *Atlas) Dir() string { return a.dir }

func checkSize(dir string, f File) error {
	base, below := strings.CutPrefix(f.Name, imagesFolder+"/")
	if base != filepath.Base(base) || !filepath.IsLocal(base) || below && !isPartFile(base) {
		return fmt.Errorf("%s: %w: it lists a file %q", filepath.Join(dir, ManifestFile), ErrFormat, f.Name)
	}
	path := filepath.Join(dir, filepath.FromSlash(f.Name))
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Size() != f.Bytes {
		return fmt.Errorf("%s: %w: expected a file of %d bytes, found %d", path, ErrFormat, f.Bytes, info.Size())
	}
	return nil
}

// verified opens a file whose bytes are those that were written.
func (a *Atlas) verified(name string) (*os.File, File, error) {
	want, err := a.Manifest.file(name)
	if err != nil {
		return nil, want, err
	}
	path := filepath.Join(a.dir, filepath.FromSlash(name))
	if err := want.check(path); err != nil {
		return nil, want, err
	}
	f, err := regular.Open(path)
	return f, want, err
}

func refuseDigest(path string, got, want File) error {
	return fmt.Errorf("%s: %w: %d bytes with sha256 %.12s…, expected %d with %.12s…", path, ErrFormat, got.Bytes, got.SHA256, want.Bytes, want.SHA256)
}

// readStats fills the statistics, one table after another.
func (a *Atlas) readStats() (err error) {
	var h held
	if err := h.hold(a); err != nil {
		return err
	}
	if err := a.readMoments(&h); err != nil {
		return err
	}
	if err := a.readGram(h.gram); err != nil {
		return err
	}
	top := h.top
	h = held{} // whose memory is free now
	return a.readTop(top)
}

// readMoments fills the moments and the norms. The covariances come first: their files are as large as the shape says, so that a shape that is
// only claimed is found out before memory is taken for it.
func (a *Atlas) readMoments(h *held) (err error) {
	s := a.Stats
	M, C, d := s.Heads, s.Channels, s.Width()
	if s.NeuronCov, err = a.numbers(neuronCovFile, h.neuronCov, s.NeuronCov, C, decompose.Packed(M)); err != nil {
		return err
	}
	if s.HeadCov, err = a.numbers(headCovFile, h.headCov, s.HeadCov, M, decompose.Packed(d)); err != nil {
		return err
	}
	if s.HeadMean, err = a.numbers(headMeanFile, h.headMean, s.HeadMean, M, d); err != nil {
		return err
	}
	for _, cov := range [][]float64{s.NeuronCov, s.HeadCov} {
		for i := range cov {
			cov[i] *= float64(s.Count)
		}
	}
	return a.readPairs(h.pairs)
}

// numbers are those of a .npy file in memory, in the memory of old, if that is large enough.
func (a *Atlas) numbers(name string, file []byte, old []float64, shape ...int) ([]float64, error) {
	h, err := npy.ReadHeader(bytes.NewReader(file))
	if err != nil {
		return nil, a.refuse(name, "%w", err)
	}
	n := 1
	for _, v := range shape {
		n *= v
	}
	if data := file[h.Bytes:]; h.Kind != "<f8" || !slices.Equal(h.Shape, shape) || len(data) != 8*n {
		return nil, a.refuse(name, "%d bytes of type %s in shape %v, expected <f8 in %v", len(data), h.Kind, h.Shape, shape)
	}
	data := slices.Grow(old[:0], n)[:n]
	for i := range data {
		if data[i] = float64At(file[int(h.Bytes)+8*i:]); data[i]-data[i] != 0 {
			return nil, a.refuse(name, "number %d is %g", i, data[i])
		}
	}
	return data, nil
}

func float64At(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) }

func (a *Atlas) readGram(file []byte) error {
	shape := []int{a.Stats.Channels, decompose.Packed(a.Stats.Heads)}
	gram, err := npy.Parse(file)
	if err != nil {
		return a.refuse(gramFile, "%w", err)
	}
	if !slices.Equal(gram.Shape, shape) {
		return a.refuse(gramFile, "shape %v, expected %v", gram.Shape, shape)
	}
	a.NeuronGram = gram.Data
	return nil
}

func (a *Atlas) refuse(name, format string, args ...any) error {
	return fmt.Errorf("%s: %w: %w", filepath.Join(a.dir, filepath.FromSlash(name)), ErrFormat, fmt.Errorf(format, args...))
}

// readPairs reads the columns of pairs.parquet that are not made of others.
func (a *Atlas) readPairs(data []byte) error {
	s := a.Stats
	n := s.Heads * s.Channels
	t, err := openTable[pairRow](a, pairsFile, data, n)
	if err != nil {
		return err
	}
	s.Mean, s.M2, a.Norms = slices.Grow(s.Mean[:0], n), slices.Grow(s.M2[:0], n), slices.Grow(a.Norms[:0], n)
	err = guarded(func() error {
		if err := inOrder(t, 0, n, s.Channels, math.MaxInt32, int32s); err != nil {
			return err
		}
		if err := inOrder(t, 1, n, 1, int32(s.Channels), int32s); err != nil {
			return err
		}
		for k, use := range map[int]func(row int, number []byte) error{
			2: func(row int, number []byte) error {
				s.Mean = append(s.Mean, float64At(number))
				if v := s.Mean[row]; v-v != 0 {
					return fmt.Errorf("row %d: mean %g", row, v)
				}
				return nil
			},
			3: func(row int, number []byte) error {
				v := float64At(number)
				s.M2 = append(s.M2, v*float64(s.Count))
				if v-v != 0 || v < 0 {
					return fmt.Errorf("row %d: variance %g", row, v)
				}
				return nil
			},
			4: func(_ int, number []byte) error {
				a.Norms = append(a.Norms, math.Float32frombits(binary.LittleEndian.Uint32(number)))
				return nil
			},
		} {
			column, err := t.plain(k, map[bool]int{true: 4, false: 8}[k == 4], n)
			if err != nil {
				return err
			}
			if err := column.all(use); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return a.refuse(pairsFile, "%w", err)
	}
	return nil
}

// momentSums are the sums of a merged atlas, nil of another.
func (a *Atlas) momentSums(data []byte) (*numeric.Sums, error) {
	if len(a.Manifest.Parts) == 0 {
		return nil, nil
	}
	n := decompose.MomentSums(a.Stats.Heads, a.Stats.Channels)
	t, err := openTable[sumRow](a, sumsFile, data, n)
	if err != nil {
		return nil, err
	}
	sums := numeric.NewSums(n)
	err = guarded(func() error {
		var columns [4]plain
		for k := range columns {
			if columns[k], err = t.plain(1+k, 8, n); err != nil {
				return err
			}
		}
		row := 0
		for _, group := range t.file.RowGroups() {
			row, err = readChunk(group.ColumnChunks()[0], row, n, func(row int, page parquet.Page) (int, error) {
				places, err := int32s(page)
				var spare [8]byte
				for i, place := range places {
					var d [4]int64
					for k := range d {
						d[k] = int64(binary.LittleEndian.Uint64(columns[k].run(row+i, 1, spare[:0])))
					}
					if err := sums.SetDigits(row+i, int(place), d, numeric.Numbers*len(a.Manifest.Parts)); err != nil {
						return 0, fmt.Errorf("row %d: %w", row+i, err)
					}
				}
				return len(places), err
			})
			if err != nil {
				return err
			}
		}
		if row != n {
			return fmt.Errorf("%d of %d rows", row, n)
		}
		return nil
	})
	if err != nil {
		return nil, a.refuse(sumsFile, "%w", err)
	}
	return sums, nil
}

// guarded gives the panics of the library over some broken files as errors; digests keep such files out unless someone made them on purpose.
func guarded(do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	return do()
}

// errStop ends the reading of a table early.
var errStop = errors.New("stop")

// openTable opens a table of exactly n rows of a type, of which these are the bytes.
func openTable[T any](a *Atlas, name string, data []byte, n int) (table, error) {
	file, err := openParquet[T](a, name, bytes.NewReader(data), int64(len(data)), n)
	return table{name, data, file}, err
}

// openParquet opens a Parquet file of an atlas.
func openParquet[T any](a *Atlas, name string, f io.ReaderAt, size int64, n int) (file *parquet.File, err error) {
	err = guarded(func() (err error) {
		if err = checkFooter(f, size); err == nil {
			file, err = parquet.OpenFile(f, size, parquet.SkipBloomFilters(true), parquet.SkipPageIndex(true))
		}
		return err
	})
	if err != nil {
		return nil, a.refuse(name, "%w", err)
	}
	if want := parquet.SchemaOf(new(T)); !parquet.SameNodes(file.Schema(), want) {
		return nil, a.refuse(name, "columns %s, expected %s", columns(file.Schema()), columns(want))
	}
	if file.NumRows() != int64(n) {
		return nil, a.refuse(name, "%d rows, expected %d", file.NumRows(), n)
	}
	return file, nil
}

// checkFooter refuses a Parquet file whose last words claim a footer larger than the file, for which the library would take memory.
func checkFooter(f io.ReaderAt, size int64) error {
	const around = 12 // two marks of 4 bytes, and the length of the footer
	var end [8]byte
	if size < around {
		return fmt.Errorf("%d bytes, expected %d at least", size, around)
	}
	if _, err := f.ReadAt(end[:], size-int64(len(end))); err != nil {
		return err
	}
	if n := int64(binary.LittleEndian.Uint32(end[:])); n > size-around {
		return fmt.Errorf("a footer of %d bytes in a file of %d", n, size)
	}
	return nil
}

// readTable gives the rows of a table of exactly n, one after another; each is overwritten by a later one but what it points to is not.
// Errors wrap [ErrFormat]. The library panics over some broken files, which the digest keeps out unless someone made them on purpose.
func readTable[T any](a *Atlas, name string, n int, each func(*T) error) (err error) {
	reading := true // and not in the caller's code, whose panics are its own
	defer func() {
		if !reading {
			return
		}
		if r := recover(); r != nil {
			err = a.refuse(name, "%v", r)
		}
	}()
	f, entry, err := a.verified(name)
	if err != nil {
		return err
	}
	defer f.Close()
	file, err := openParquet[T](a, name, f, entry.Bytes, n)
	if err != nil {
		return err
	}
	r := parquet.NewGenericReader[T](file)
	defer r.Close()
	batch := make([]T, batchRows)
	for seen := 0; ; {
		clear(batch)
		got, err := r.Read(batch)
		reading = false
		for i := range batch[:got] {
			if err := each(&batch[i]); errors.Is(err, errStop) {
				return nil
			} else if err != nil {
				return a.refuse(name, "%w", err)
			}
		}
		reading = true
		seen += got
		if errors.Is(err, io.EOF) && seen == n {
			return nil
		}
		if err != nil || got == 0 {
			return a.refuse(name, "after %d of %d rows: %w", seen, n, cmpErr(err))
		}
	}
}

// cmpErr is an error where a reader gave neither rows nor one.
func cmpErr(err error) error {
	if err == nil {
		return io.ErrNoProgress
	}
	return err
}

func columns(s *parquet.Schema) string {
	var names []string
	for _, f := range s.Fields() {
		names = append(names, f.Name())
	}
	return strings.Join(names, ", ")
}

// Images are the images in order, streamed. An error ends them; it wraps [ErrFormat] when the file is not what was written.
func (a *Atlas) Images() iter.Seq2[Image, error] {
	return func(yield func(Image, error) bool) {
		for _, p := range a.Manifest.sections() {
			i, more := 0, true
			err := readTable(a, p.file, p.Images, func(row *imageRow) error {
				image, err := a.image(row, i, p.image+i)
				if err != nil {
					return err
				}
				i++
				if more = yield(image, nil); !more {
					return errStop
				}
				return nil
			})
			if err != nil {
				yield(Image{}, err)
			}
			if err != nil || !more {
				return
			}
		}
	}
}

// image checks row i of a part's images, of an image with some number in the atlas.
func (a *Atlas) image(row *imageRow, i, number int) (Image, error) {
	s := a.Stats
	if int(row.Image) != i || len(row.Embedding) != s.Embed || len(row.TopHeads) > Uses ||
		len(row.TopHeads) != len(row.TopNeurons) || len(row.TopHeads) != len(row.TopScalars) {
		return Image{}, fmt.Errorf("row %d: image %d with an embedding of %d numbers and %d, %d, %d strongest pairs", i,
			row.Image, len(row.Embedding), len(row.TopHeads), len(row.TopNeurons), len(row.TopScalars))
	}
	image := Image{
		Path: a.path(strings.Clone(row.Path), number), Label: strings.Clone(row.Label), Group: strings.Clone(row.Group), Truth: strings.Clone(row.Truth),
		Embedding: slices.Clone(row.Embedding), Top: make([]Use, len(row.TopHeads)),
	}
	if row.Time != nil {
		image.Time = row.Time.UTC()
	}
	for j, h := range row.TopHeads {
		n := row.TopNeurons[j]
		if h < 0 || int(h) >= s.Heads || n < 0 || int(n) >= s.Channels {
			return Image{}, fmt.Errorf("row %d: pair (%d,%d)", i, n, h)
		}
		image.Top[j] = Use{int(h)*s.Channels + int(n), row.TopScalars[j]}
	}
	return image, nil
}

// Embeddings are all embeddings [N,D], not normalised.
func (a *Atlas) Embeddings() ([]float32, error) {
	var all []float32
	for image, err := range a.Images() {
		if err != nil {
			return nil, err
		}
		all = append(all, image.Embedding...)
	}
	return all, nil
}

// Labels are all labels [N]; empty where an image has none.
func (a *Atlas) Labels() ([]string, error) {
	var all []string
	for image, err := range a.Images() {
		if err != nil {
			return nil, err
		}
		all = append(all, image.Label)
	}
	return all, nil
}

// checkScalars reads scalars.npy through, once.
func (a *Atlas) checkScalars(path string) error {
	a.scalars.Lock()
	defer a.scalars.Unlock()
	if a.scalars.done {
		return nil
	}
	want, err := a.Manifest.file(scalarsFile)
	if err == nil {
		err = want.check(path)
	}
	a.scalars.done = err == nil
	return err
}

// Scalars opens the scalars of single images; [ErrNoScalars] when they were not kept. The first call checks the digest of all. The caller closes them.
func (a *Atlas) Scalars() (*Scalars, error) {
	path := filepath.Join(a.dir, scalarsFile)
	if !a.Manifest.Options.KeepScalars {
		return nil, fmt.Errorf("%s: %w", a.dir, ErrNoScalars)
	}
	if err := a.checkScalars(path); err != nil {
		return nil, err
	}
	f, err := regular.Open(path)
	if err != nil {
		return nil, err
	}
	shape := []int{a.Manifest.Images, a.Stats.Heads, a.Stats.Channels}
	h, err := npy.ReadHeader(f)
	if err == nil && (h.Kind != "<f2" || !slices.Equal(h.Shape, shape)) {
		err = fmt.Errorf("numbers of type %s in shape %v, expected <f2 in %v", h.Kind, h.Shape, shape)
	}
	pairs := shape[1] * shape[2]
	if info, e := f.Stat(); err == nil && (e != nil || info.Size() != h.Bytes+2*int64(pairs)*int64(shape[0])) {
		err = errors.Join(e, fmt.Errorf("%d bytes do not hold %v halves", info.Size(), shape))
	}
	if err != nil {
		return nil, errors.Join(a.refuse(scalarsFile, "%w", err), f.Close())
	}
	return &Scalars{Images: shape[0], Pairs: pairs, f: f, start: h.Bytes}, nil
}

// Scalars are the scalars [N,M,C] of every image, on disk, rounded to float16. Rows can be read at the same time.
type Scalars struct {
	Images, Pairs int // N, M·C

	f     *os.File
	start int64
}

// Row reads the scalars of image i into dst [M,C].
func (s *Scalars) Row(i int, dst []float32) error {
	if i < 0 || i >= s.Images || len(dst) != s.Pairs {
		return fmt.Errorf("scalars of image %d of %d into %d numbers, expected %d", i, s.Images, len(dst), s.Pairs)
	}
	b := make([]byte, 2*s.Pairs)
	if _, err := s.f.ReadAt(b, s.start+int64(i)*int64(len(b))); err != nil {
		return err
	}
	for p := range dst {
		dst[p] = half.ToFloat(binary.LittleEndian.Uint16(b[2*p:]))
	}
	return nil
}

// Pair reads the scalars of one pair in every image into dst [N].
func (s *Scalars) Pair(p int, dst []float32) error {
	if p < 0 || p >= s.Pairs || len(dst) != s.Images {
		return fmt.Errorf("scalars of pair %d of %d into %d numbers, expected %d", p, s.Pairs, len(dst), s.Images)
	}
	var b [2]byte
	for i := range dst {
		if _, err := s.f.ReadAt(b[:], s.start+2*(int64(i)*int64(s.Pairs)+int64(p))); err != nil {
			return err
		}
		dst[i] = half.ToFloat(binary.LittleEndian.Uint16(b[:]))
	}
	return nil
}

// Close closes the file.
func (s *Scalars) Close() error { return s.f.Close() }
