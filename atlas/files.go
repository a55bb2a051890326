package atlas

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/facet-clip/facet/internal/atomicfile"
	"github.com/facet-clip/facet/internal/regular"
)

// The files of an atlas. Those of a scan under way end in .part; the state says how much of them counts.
const (
	ManifestFile   = "atlas.json"
	pairsFile      = "pairs.parquet"
	neuronsFile    = "neurons.parquet"
	imagesFile     = "images.parquet"
	imagesFolder   = "images" // of a merged atlas, in place of imagesFile: a file for each part
	sumsFile       = "moment_sums.parquet"
	topFile        = "top_images.parquet"
	labelsFile     = "labels.parquet"
	neuronCovFile  = "neuron_covariance.npy"
	headCovFile    = "head_covariance.npy"
	headMeanFile   = "head_mean.npy"
	gramFile       = "neuron_gram.npy"
	scalarsFile    = "scalars.npy"
	stateFile      = "state.part"
	rowsPart       = "images.part"
	scalarsPart    = "scalars.part"
	mergePart      = "merge.part" // while a merge is under way, whose tables count for nothing yet
	lockFile       = ".lock"      // which stays
	scalarsHeader  = 128          // bytes before the numbers of scalars.npy
	maxManifest    = 1 << 28
	maxStateHeader = 1 << 28
)

// partFile holds the images of one part of a merged atlas. It is a file's name in an atlas, with a slash in every system.
func partFile(part int) string { return fmt.Sprintf("%s/part-%05d.parquet", imagesFolder, part) }

// isPartFile tells the name of such a file in its folder.
func isPartFile(base string) bool {
	var part int
	n, err := fmt.Sscanf(base, "part-%05d.parquet", &part)
	return n == 1 && err == nil && imagesFolder+"/"+base == partFile(part)
}

// writeFile writes a file whole or not at all, and gives its size and digests.
func writeFile(dir, name string, write func(io.Writer) error) (File, error) {
	d := newDigests()
	err := atomicfile.Write(filepath.Join(dir, filepath.FromSlash(name)), func(f io.Writer) error {
		out := bufio.NewWriterSize(io.MultiWriter(f, d), 1<<18)
		return errors.Join(write(out), out.Flush())
	})
	if err != nil {
		return File{}, err
	}
	return d.of(name), nil
}

// digests sums up what is written.
type digests struct {
	size   counter
	sha256 hash.Hash
	crc    uint32
}

func newDigests() *digests { return &digests{sha256: sha256.New()} }

func (d *digests) Write(p []byte) (int, error) {
	d.size += counter(len(p))
	d.crc = crc32.Update(d.crc, castagnoli, p)
	return d.sha256.Write(p)
}

func (d *digests) of(name string) File {
	return File{name, int64(d.size), hex.EncodeToString(d.sha256.Sum(nil)), d.crc}
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// hashFile gives the size and digests of a file.
func hashFile(dir, name string) (File, error) {
	f, err := regular.Open(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		return File{}, err
	}
	defer f.Close()
	d := newDigests()
	_, err = io.Copy(d, f)
	return d.of(name), err
}

// sum is what a file is checked by: CRC-32C, which takes a tenth of the time, or SHA-256 where an earlier version of facet listed no other. It also gives what is expected.
func (f File) sum() (_ hash.Hash, want string) {
	if f.CRC32C != 0 {
		return crc32.New(castagnoli), hex.EncodeToString(binary.BigEndian.AppendUint32(nil, f.CRC32C))
	}
	return sha256.New(), f.SHA256
}

// checked reads a file and is an error that wraps [ErrFormat] unless it is the one that is listed. Each piece is read into the memory that room gives.
func (f File) checked(path string, room func(read int64) []byte) error {
	in, err := regular.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	sum, want := f.sum()
	size := int64(0)
	for {
		piece := room(size)
		n, err := in.Read(piece)
		size += int64(n)
		if size > f.Bytes || err == io.EOF && size < f.Bytes {
			return fmt.Errorf("%s: %w: expected a file of %d bytes, found another size", path, ErrFormat, f.Bytes)
		}
		sum.Write(piece[:n])
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != want {
		return fmt.Errorf("%s: %w: its digest is %.12s…, expected %.12s… of %d bytes", path, ErrFormat, got, want, f.Bytes)
	}
	return nil
}

const checkedPiece = 1 << 18 // bytes that are read at a time: they are still in the processor's cache when they are summed up

// check is checked, and keeps nothing.
func (f File) check(path string) error {
	piece := make([]byte, checkedPiece)
	return f.checked(path, func(int64) []byte { return piece })
}

// contents are the bytes of a table, checked; they are read into the memory of old, if that is large enough.
func (a *Atlas) contents(name string, old []byte) ([]byte, error) {
	want, err := a.Manifest.file(name)
	if err != nil {
		return nil, err
	}
	if err := checkSize(a.dir, want); err != nil { // before memory is taken
		return nil, err
	}
	data := slices.Grow(old[:0], int(want.Bytes)+1) // with room to find out that there is no more
	data = data[:cap(data)]
	err = want.checked(filepath.Join(a.dir, filepath.FromSlash(name)), func(read int64) []byte { return data[read:min(read+checkedPiece, int64(len(data)))] })
	return data[:want.Bytes], err
}

// exists tells whether there is such a file.
func exists(dir, name string) bool {
	_, err := os.Lstat(filepath.Join(dir, name))
	return err == nil
}

// part is a file that only grows; a state records how much of it counts.
type part struct {
	f    *os.File
	w    *bufio.Writer
	size int64
	crc  uint32
}

// mark is the part of a file that counts.
type mark struct {
	Bytes int64  `json:"bytes"`
	CRC   uint32 `json:"crc32c"`
}

// openPart opens a file, checks what counts of it and drops the rest.
func openPart(path string, m mark) (_ *part, err error) {
	f, err := atomicfile.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	sum := crc32.New(castagnoli)
	n, err := io.CopyN(sum, f, m.Bytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if n != m.Bytes || sum.Sum32() != m.CRC {
		return nil, fmt.Errorf("%s: %w: its first %d bytes are not those of the last checkpoint", path, ErrFormat, m.Bytes)
	}
	if err := f.Truncate(m.Bytes); err != nil {
		return nil, err
	}
	if _, err := f.Seek(m.Bytes, io.SeekStart); err != nil {
		return nil, err
	}
	return &part{f, bufio.NewWriterSize(f, 1<<18), m.Bytes, m.CRC}, nil
}

func (p *part) Write(b []byte) (int, error) {
	n, err := p.w.Write(b)
	p.size += int64(n)
	p.crc = crc32.Update(p.crc, castagnoli, b[:n])
	return n, err
}

// sync makes what was written last and marks it.
func (p *part) sync() (mark, error) {
	return mark{p.size, p.crc}, errors.Join(p.w.Flush(), p.f.Sync())
}

// reader reads what was synced, from the beginning.
func (p *part) reader() io.Reader {
	return bufio.NewReaderSize(io.NewSectionReader(p.f, 0, p.size), 1<<18)
}
