package checkpoint

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/facet-clip/facet/internal/foreign"
)

const (
	maxPickle  = 16 << 20 // bytes of data.pkl; RN50x64's takes under 200 kB
	maxEntries = 1 << 18
	encrypted  = 1 // bit of a zip entry's flags
)

// archive is the zip that torch.save and torch.jit.save write: TOP/data.pkl, TOP/data/0, TOP/data/1, …
// with any name for TOP. Go's reader parses the directory (zip64 included); contents are slices of the mapping.
type archive struct {
	data    []byte
	top     string
	entries map[string]*zip.File
}

func readArchive(data []byte) (*archive, error) {
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if errors.Is(err, zip.ErrFormat) {
		return nil, fmt.Errorf("%w: it starts as a zip archive, but the directory at its end is missing or "+
			"points past the %d bytes there are (a half download?)", ErrTruncated, len(data))
	}
	if err != nil {
		return nil, fmt.Errorf("%w: zip directory: %w", ErrCorrupt, err)
	}
	if len(r.File) > maxEntries {
		return nil, fmt.Errorf("%w: zip directory: expected at most %d entries, found %d", ErrCorrupt, maxEntries, len(r.File))
	}
	a := &archive{data: data, entries: make(map[string]*zip.File, len(r.File))}
	for _, f := range r.File {
		if a.entries[f.Name] != nil {
			return nil, fmt.Errorf("%w: zip directory: entry %s appears twice", ErrCorrupt, foreign.Quote(f.Name))
		}
		a.entries[f.Name] = f
	}
	if err := a.checkOverlap(r.File); err != nil {
		return nil, err
	}
	if err := a.findTop(); err != nil {
		return nil, err
	}
	return a, a.checkByteOrder()
}

// extent returns where the bytes of an entry lie, inside the file.
func (a *archive) extent(f *zip.File) (extent, error) {
	begin, err := f.DataOffset()
	if err != nil {
		return extent{}, fmt.Errorf("%w: zip entry %s: %w", ErrCorrupt, foreign.Quote(f.Name), err)
	}
	size := uint64(len(a.data))
	if begin < 0 || uint64(begin) > size || f.CompressedSize64 > size-uint64(begin) {
		return extent{}, fmt.Errorf("%w: zip entry %s: expected %d bytes at %d, found a file of %d bytes",
			ErrCorrupt, foreign.Quote(f.Name), f.CompressedSize64, begin, size)
	}
	return extent{int(begin), int(begin) + int(f.CompressedSize64)}, nil
}

// checkOverlap refuses entries that share bytes: the trick behind the densest zip bombs.
func (a *archive) checkOverlap(files []*zip.File) error {
	type placed struct {
		extent
		name string
	}
	all := make([]placed, 0, len(files))
	for _, f := range files {
		e, err := a.extent(f)
		if err != nil {
			return err
		}
		if e.begin < e.end {
			all = append(all, placed{e, f.Name})
		}
	}
	slices.SortFunc(all, func(x, y placed) int { return x.begin - y.begin })
	for i := 1; i < len(all); i++ {
		if all[i].begin < all[i-1].end {
			return fmt.Errorf("%w: zip entries %s and %s overlap", ErrCorrupt, foreign.Quote(all[i-1].name), foreign.Quote(all[i].name))
		}
	}
	return nil
}

// findTop finds the folder that holds data.pkl.
func (a *archive) findTop() error {
	var tops []string
	for name := range a.entries {
		if top, ok := strings.CutSuffix(name, "/data.pkl"); ok && top != "" && !strings.Contains(top, "/") {
			tops = append(tops, top)
		}
	}
	switch len(tops) {
	case 1:
		a.top = tops[0]
		return nil
	case 0:
		return fmt.Errorf("%w: expected a PyTorch archive with an entry FOLDER/data.pkl, found a zip archive of %d entries without one",
			ErrNotCheckpoint, len(a.entries))
	}
	slices.Sort(tops)
	return fmt.Errorf("%w: expected one FOLDER/data.pkl, found them in %s and %s", ErrCorrupt, foreign.Quote(tops[0]), foreign.Quote(tops[1]))
}

// checkByteOrder reads the entry that PyTorch 2.1 and later write; earlier ones wrote little-endian on all
// machines it was commonly built for.
func (a *archive) checkByteOrder() error {
	if a.entries[a.top+"/byteorder"] == nil {
		return nil
	}
	order, err := a.stored("byteorder")
	if err != nil {
		return err
	}
	if s := string(order); s != "little" {
		return fmt.Errorf("%w: expected byte order \"little\", found %s; save it again on a little-endian machine",
			ErrUnsupported, foreign.Quote(s))
	}
	return nil
}

// stored returns the bytes of an uncompressed entry, as a slice of the mapping.
func (a *archive) stored(name string) ([]byte, error) {
	full := a.top + "/" + name
	f := a.entries[full]
	switch {
	case f == nil:
		return nil, fmt.Errorf("%w: expected a zip entry %s, found none", ErrCorrupt, foreign.Quote(full))
	case f.Flags&encrypted != 0:
		return nil, fmt.Errorf("%w: zip entry %s is encrypted", ErrUnsupported, foreign.Quote(full))
	case f.Method != zip.Store:
		return nil, fmt.Errorf("%w: zip entry %s is compressed; PyTorch stores tensors as they are (unpack the "+
			"archive and zip it again with zip -0)", ErrUnsupported, foreign.Quote(full))
	case f.UncompressedSize64 != f.CompressedSize64:
		return nil, fmt.Errorf("%w: zip entry %s: expected %d bytes, found %d stored",
			ErrCorrupt, foreign.Quote(full), f.UncompressedSize64, f.CompressedSize64)
	}
	e, err := a.extent(f)
	if err != nil {
		return nil, err
	}
	return a.data[e.begin:e.end:e.end], nil
}

// pickle returns data.pkl, unpacking it if some tool compressed it.
func (a *archive) pickle() ([]byte, error) {
	f := a.entries[a.top+"/data.pkl"]
	if f.UncompressedSize64 > maxPickle {
		return nil, fmt.Errorf("%w: data.pkl: expected at most %d bytes, found a claim of %d", ErrCorrupt, maxPickle, f.UncompressedSize64)
	}
	if f.Method == zip.Store {
		return a.stored("data.pkl")
	}
	if f.Flags&encrypted != 0 {
		return nil, fmt.Errorf("%w: data.pkl is encrypted", ErrUnsupported)
	}
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("%w: data.pkl: %w", ErrCorrupt, err)
	}
	defer r.Close()
	p, err := io.ReadAll(io.LimitReader(r, maxPickle+1)) // the claim may be a lie
	if err != nil {
		return nil, fmt.Errorf("%w: data.pkl: %w", ErrCorrupt, err)
	}
	if len(p) > maxPickle {
		return nil, fmt.Errorf("%w: data.pkl unpacks to more than %d bytes", ErrCorrupt, maxPickle)
	}
	return p, nil
}
