package atlas

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"path/filepath"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/atomicfile"
	"github.com/facet-clip/facet/internal/regular"
)

// stateMagic begins a state.
const stateMagic = "facet atlas state 1\n"

// stateHeader is what a state holds beside the accumulator. On disk: magic, length and JSON of the header, its CRC-32C, the accumulator.
type stateHeader struct {
	Model   Model     `json:"model"`
	Dataset Dataset   `json:"dataset"`
	Options Options   `json:"options"`
	Skipped []Skipped `json:"skipped"`
	Rows    mark      `json:"rows"`
	Scalars mark      `json:"scalars"`
}

func (w *Writer) header() stateHeader {
	m := w.manifest
	return stateHeader{Model: m.Model, Dataset: m.Datasets[0], Options: m.Options, Skipped: m.Skipped}
}

func writeState(out io.Writer, h stateHeader, acc *decompose.Accumulator) error {
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	b := append([]byte(stateMagic), binary.LittleEndian.AppendUint32(nil, uint32(len(text)))...)
	b = append(b, text...)
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(text, castagnoli))
	if _, err := out.Write(b); err != nil {
		return err
	}
	return encodeState(out, acc.State())
}

// readStateHeader reads up to the accumulator. Memory grows with what arrives. Errors wrap [ErrFormat].
func readStateHeader(in io.Reader) (stateHeader, error) {
	refuse := func(format string, args ...any) (stateHeader, error) {
		return stateHeader{}, fmt.Errorf("%w: state of the scan: %w", ErrFormat, fmt.Errorf(format, args...))
	}
	head := make([]byte, len(stateMagic)+4)
	if _, err := io.ReadFull(in, head); err != nil || string(head[:len(stateMagic)]) != stateMagic {
		return refuse("it does not begin with %q", stateMagic)
	}
	size := binary.LittleEndian.Uint32(head[len(stateMagic):])
	if size > maxStateHeader {
		return refuse("a header of %d bytes, expected at most %d", size, maxStateHeader)
	}
	var text bytes.Buffer
	if _, err := io.CopyN(&text, in, int64(size)); err != nil {
		return refuse("cut off in its header")
	}
	var sum [4]byte
	if _, err := io.ReadFull(in, sum[:]); err != nil || binary.LittleEndian.Uint32(sum[:]) != crc32.Checksum(text.Bytes(), castagnoli) {
		return refuse("the checksum of its header is wrong")
	}
	var h stateHeader
	if err := json.Unmarshal(text.Bytes(), &h); err != nil {
		return refuse("%w", err)
	}
	if len(h.Skipped) > MaxSkipped || h.Rows.Bytes < 0 || h.Scalars.Bytes < 0 {
		return refuse("%d skipped items, %d and %d bytes of rows", len(h.Skipped), h.Rows.Bytes, h.Scalars.Bytes)
	}
	return h, nil
}

// load takes up the last checkpoint.
func (w *Writer) load() error {
	if err := atomicfile.RemoveTemporaries(w.dir); err != nil {
		return err
	}
	path := filepath.Join(w.dir, stateFile)
	f, err := regular.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	h, err := readStateHeader(f)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := w.same(h); err != nil {
		return fmt.Errorf("%s: %w", w.dir, err)
	}
	if err := decodeState(f, w.acc); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	w.manifest.Skipped = append(w.manifest.Skipped, h.Skipped...)
	return w.openParts(h)
}

// same tells whether a state is of the scan that is to go on.
func (w *Writer) same(h stateHeader) error {
	m := w.manifest
	if err := h.Model.SameModel(m.Model); err != nil {
		return err
	}
	if h.Model.Engine != m.Model.Engine {
		return fmt.Errorf("%w: the scan was begun with the engine %s, now it is %s", ErrMismatch, h.Model.Engine, m.Model.Engine)
	}
	if h.Dataset.Fingerprint != m.Datasets[0].Fingerprint {
		return fmt.Errorf("%w: the scan was begun over %s (fingerprint %.12s…), now it is %s (%.12s…)", ErrMismatch,
			h.Dataset.Source, h.Dataset.Fingerprint, m.Datasets[0].Source, m.Datasets[0].Fingerprint)
	}
	if h.Options.KeepScalars != m.Options.KeepScalars {
		return fmt.Errorf("%w: the scan was begun with keeping scalars = %t, now it is %t", ErrMismatch, h.Options.KeepScalars, m.Options.KeepScalars)
	}
	return nil
}

// openParts opens the growing files where the checkpoint left them.
func (w *Writer) openParts(h stateHeader) (err error) {
	if w.rows, err = openPart(filepath.Join(w.dir, rowsPart), h.Rows); err != nil || !h.Options.KeepScalars {
		return err
	}
	path := filepath.Join(w.dir, scalarsPart)
	if exists(w.dir, scalarsFile) && !exists(w.dir, scalarsPart) { // killed while it finished
		if err := unfinishScalars(filepath.Join(w.dir, scalarsFile), path); err != nil {
			return err
		}
	}
	w.scalars, err = openPart(path, h.Scalars)
	return err
}

// unfinishScalars makes a growing file of scalars.npy again: the header is zeros until the end.
func unfinishScalars(from, to string) error {
	f, err := atomicfile.Open(from)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(make([]byte, scalarsHeader), 0)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return atomicfile.Rename(from, to)
}
