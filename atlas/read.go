package atlas

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

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
	a := &Atlas{Manifest: m, dir: dir, Stats: &decompose.Stats{Heads: c.Heads, Channels: c.Channels, Embed: c.Embed, Count: m.Images}}
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
	got, err := hashFile(a.dir, name)
	if err != nil {
		return nil, want, err
	}
	if got != want {
		return nil, want, refuseDigest(path, got, want)
	}
	f, err := regular.Open(path)
	return f, want, err
}

func refuseDigest(path string, got, want File) error {
	return fmt.Errorf("%s: %w: %d bytes with sha256 %.12s…, expected %d with %.12s…", path, ErrFormat, got.Bytes, got.SHA256, want.Bytes, want.SHA256)
}

// readStats fills the statistics. The covariances come first: their files are as large as the shape says, so that a shape that is
// only claimed is found out before memory is taken for it.
func (a *Atlas) readStats() (err error) {
	s := a.Stats
	M, C, d := s.Heads, s.Channels, s.Width()
	if s.NeuronCov, err = a.readNumbers(neuronCovFile, C, decompose.Packed(M)); err != nil {
		return err
	}
	if s.HeadCov, err = a.readNumbers(headCovFile, M, decompose.Packed(d)); err != nil {
		return err
	}
	if s.HeadMean, err = a.readNumbers(headMeanFile, M, d); err != nil {
		return err
	}
	if err := a.readGram(C, decompose.Packed(M)); err != nil {
		return err
	}
	for _, cov := range [][]float64{s.NeuronCov, s.HeadCov} {
		for i := range cov {
			cov[i] *= float64(s.Count)
		}
	}
	if err := a.readPairs(); err != nil {
		return err
	}
	return a.readTop()
}

func (a *Atlas) readNumbers(name string, shape ...int) ([]float64, error) {
	f, _, err := a.verified(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := npy.ReadFloat64(f, shape...)
	if err != nil {
		return nil, a.refuse(name, "%w", err)
	}
	for i, v := range data {
		if v-v != 0 {
			return nil, a.refuse(name, "number %d is %g", i, v)
		}
	}
	return data, nil
}

func (a *Atlas) readGram(shape ...int) error {
	f, _, err := a.verified(gramFile)
	if err != nil {
		return err
	}
	defer f.Close()
	gram, err := npy.Read(f)
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

func (a *Atlas) readPairs() error {
	s := a.Stats
	n := s.Heads * s.Channels
	s.Mean, s.M2, a.Norms = make([]float64, 0, n), make([]float64, 0, n), make([]float32, 0, n)
	return readTable(a, pairsFile, n, func(row *pairRow) error {
		p := len(s.Mean)
		if int(row.Head) != p/s.Channels || int(row.Neuron) != p%s.Channels {
			return fmt.Errorf("row %d is of pair (%d,%d)", p, row.Neuron, row.Head)
		}
		if v := row.Mean + row.Variance; v-v != 0 || row.Variance < 0 {
			return fmt.Errorf("row %d: mean %g, variance %g", p, row.Mean, row.Variance)
		}
		s.Mean = append(s.Mean, row.Mean)
		s.M2 = append(s.M2, row.Variance*float64(s.Count))
		a.Norms = append(a.Norms, row.DirectionNorm)
		return nil
	})
}

// momentSums are the sums of a merged atlas, nil of another.
func (a *Atlas) momentSums() (*numeric.Sums, error) {
	if len(a.Manifest.Parts) == 0 {
		return nil, nil
	}
	n, i := decompose.MomentSums(a.Stats.Heads, a.Stats.Channels), 0
	sums := numeric.NewSums(n)
	err := readTable(a, sumsFile, n, func(row *sumRow) error {
		if err := sums.SetDigits(i, int(row.Place), [...]int64{row.Digit0, row.Digit1, row.Digit2, row.Digit3}, numeric.Numbers*len(a.Manifest.Parts)); err != nil {
			return fmt.Errorf("row %d: %w", i, err)
		}
		i++
		return nil
	})
	return sums, err
}

// readTop reads the extremes, which come in a known order and number.
func (a *Atlas) readTop() error {
	s := a.Stats
	pairs, each := s.Heads*s.Channels, min(s.Count, decompose.Extremes)
	all := make([]decompose.Extreme, 2*pairs*each)
	first := topPlace{largest: true, each: int32(each), channels: int32(s.Channels)}
	at := first // of the row whose scalar comes next
	err := readColumns[topRow](a, topFile, len(all),
		inOrder(first, int32s, func(at *topPlace) int32 { return at.head }),
		inOrder(first, int32s, func(at *topPlace) int32 { return at.neuron }),
		inOrder(first, booleans, func(at *topPlace) bool { return at.largest }),
		inOrder(first, int32s, func(at *topPlace) int32 { return at.rank }),
		column(uint32s, func(i int, image uint32) error {
			all[i].Image = image
			return nil
		}),
		column(floats, func(i int, scalar float32) error {
			x := decompose.Extreme{Image: all[i].Image, Scalar: scalar}
			if all[i] = x; int(x.Image) >= s.Count || scalar-scalar != 0 || at.rank > 0 && !all[i-1].Before(x, at.largest) {
				return fmt.Errorf("row %d: image %d of %d, scalar %g", i, x.Image, s.Count, scalar)
			}
			at.next()
			return nil
		}),
	)
	if err != nil {
		return err
	}
	s.Largest, s.Smallest = make([][]decompose.Extreme, pairs), make([][]decompose.Extreme, pairs)
	for p := range pairs {
		at := 2 * p * each
		s.Largest[p], s.Smallest[p] = all[at:at+each:at+each], all[at+each:at+2*each:at+2*each]
	}
	return nil
}

// topPlace is what a row of top_images.parquet says of its place, and goes through the rows without a division for each.
type topPlace struct {
	head, neuron, rank int32
	largest            bool
	each, channels     int32 // images in a list, neurons of a head
}

func (t *topPlace) next() {
	if t.rank++; t.rank < t.each {
		return
	}
	t.rank = 0
	if t.largest = !t.largest; !t.largest {
		return
	}
	if t.neuron++; t.neuron == t.channels {
		t.neuron = 0
		t.head++
	}
}

// inOrder checks a column that says where a row stands.
func inOrder[N comparable](at topPlace, numbers func(parquet.Page) ([]N, error), want func(*topPlace) N) pageReader {
	return func(row int, page parquet.Page) (int, error) {
		all, err := numbers(page)
		for i, number := range all {
			if number != want(&at) {
				return 0, fmt.Errorf("row %d is out of order", row+i)
			}
			at.next()
		}
		return len(all), err
	}
}

// errStop ends the reading of a table early.
var errStop = errors.New("stop")

// openTable opens a table of exactly n rows of a type.
func openTable[T any](a *Atlas, name string, n int) (*os.File, *parquet.File, error) {
	f, entry, err := a.verified(name)
	if err != nil {
		return nil, nil, err
	}
	var file *parquet.File
	if err = checkFooter(f, entry.Bytes); err == nil {
		file, err = parquet.OpenFile(f, entry.Bytes, parquet.SkipBloomFilters(true), parquet.SkipPageIndex(true))
	}
	if err != nil {
		return nil, nil, errors.Join(a.refuse(name, "%w", err), f.Close())
	}
	if want := parquet.SchemaOf(new(T)); !parquet.SameNodes(file.Schema(), want) {
		return nil, nil, errors.Join(a.refuse(name, "columns %s, expected %s", columns(file.Schema()), columns(want)), f.Close())
	}
	if file.NumRows() != int64(n) {
		return nil, nil, errors.Join(a.refuse(name, "%d rows, expected %d", file.NumRows(), n), f.Close())
	}
	return f, file, nil
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
	f, file, err := openTable[T](a, name, n)
	if err != nil {
		return err
	}
	defer f.Close()
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

// Scalars opens the scalars of single images; [ErrNoScalars] when they were not kept. The caller closes them.
func (a *Atlas) Scalars() (*Scalars, error) {
	path := filepath.Join(a.dir, scalarsFile)
	if !a.Manifest.Options.KeepScalars {
		return nil, fmt.Errorf("%s: %w", a.dir, ErrNoScalars)
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
