package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"strings"

	"github.com/facet-clip/facet/internal/atomicfile"
	"github.com/facet-clip/facet/internal/regular"
)

// part is an unfinished download: a file that grows at its end, and the running sum of all its bytes.
type part struct {
	f      *os.File
	sum    hash.Hash
	size   int64
	joined bool // its bytes come from more than one response, so it may mix two files
}

// openPart opens the part at path, and reads what an earlier run left there. A part over limit is of no use and emptied.
func openPart(ctx context.Context, path string, limit int64) (*part, error) {
	f, err := atomicfile.Open(path)
	if err != nil {
		return nil, err
	}
	p := &part{f: f, sum: sha256.New()}
	if err := p.load(ctx, limit); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return p, nil
}

func (p *part) load(ctx context.Context, limit int64) error {
	info, err := p.f.Stat()
	if err != nil {
		return err
	}
	if p.size = info.Size(); p.size > limit {
		return p.discard()
	}
	p.size, err = copyContext(ctx, p.sum, io.LimitReader(p.f, p.size))
	return err
}

// write appends. Its error names the file.
func (p *part) write(b []byte) error {
	n, err := p.f.Write(b)
	p.sum.Write(b[:n])
	p.size += int64(n)
	return err
}

// discard empties the part.
func (p *part) discard() error {
	if p.size == 0 {
		return nil
	}
	p.sum.Reset()
	p.size, p.joined = 0, false
	if err := p.f.Truncate(0); err != nil {
		return err
	}
	_, err := p.f.Seek(0, io.SeekStart)
	return err
}

// check compares the sum of all bytes with the published one; the error is a [ChecksumError].
func (p *part) check(want string) error {
	if found := p.digits(); !strings.HasPrefix(found, want) {
		return &ChecksumError{Path: p.f.Name(), Expected: want, Found: found}
	}
	return nil
}

// digits is the sum of all bytes.
func (p *part) digits() string { return hex.EncodeToString(p.sum.Sum(nil)) }

// close leaves what was downloaded for the next run, or nothing when there is nothing.
func (p *part) close() error {
	err := p.f.Close()
	if p.size == 0 {
		err = errors.Join(err, os.Remove(p.f.Name()))
	}
	return err
}

// commit gives the part its final name, after its bytes have reached the disk.
func (p *part) commit(target string) error {
	if err := errors.Join(p.f.Sync(), p.f.Close()); err != nil {
		return err
	}
	return atomicfile.Rename(p.f.Name(), target)
}

// verify reads the file at path and compares its sum; the error is a [ChecksumError] when only the sum is wrong.
func verify(ctx context.Context, path, want string) error {
	found, err := sumOf(ctx, path)
	if err == nil && !strings.HasPrefix(found, want) {
		err = &ChecksumError{Path: path, Expected: want, Found: found}
	}
	return err
}

// sumOf reads a file and gives the 64 digits of its SHA-256.
func sumOf(ctx context.Context, path string) (string, error) {
	f, err := regular.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := copyContext(ctx, sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// checkDigits refuses a published sum that would accept too much.
func checkDigits(sum string) error {
	if len(sum) < 8 || len(sum) > 64 || strings.Trim(sum, "0123456789abcdef") != "" {
		return fmt.Errorf("SHA-256 %q: expected 8 to 64 lower-case hexadecimal digits", sum)
	}
	return nil
}

// copyContext is io.Copy that a context can stop.
func copyContext(ctx context.Context, w io.Writer, r io.Reader) (int64, error) {
	return io.CopyBuffer(w, readerFunc(func(b []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return r.Read(b)
	}), make([]byte, chunk))
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }
