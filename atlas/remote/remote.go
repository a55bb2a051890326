// Package remote keeps finished atlases in buckets, so that many machines can scan parts of one dataset and one can join them.
//
// An atlas at s3://bucket/part-0 is s3://bucket/part-0/atlas.json, written last, and its tables in a folder beside that, named by what is in them:
// s3://bucket/part-0/tables-0123456789abcdef/pairs.parquet. So two machines that write the same part at once never mix their files: the
// last atlas.json stands, and every file that it names is there. An atlas that was copied to a bucket file by file, without such a folder, is read too.
package remote

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/internal/atomicfile"
	"github.com/facet-clip/facet/internal/bucket"
	"github.com/facet-clip/facet/internal/regular"
)

// most bounds the bytes that are read of an atlas.json.
const most = 1 << 28

// ErrDamaged is returned when a file of an atlas in a bucket is not what its atlas.json says.
var ErrDamaged = errors.New("not the file that atlas.json lists")

// Manifest reads what an atlas in a bucket says of itself. Where there is none, the error wraps [bucket.ErrKey].
func Manifest(ctx context.Context, url string) (atlas.Manifest, error) {
	_, m, err := manifest(ctx, url)
	return m, err
}

func manifest(ctx context.Context, url string) ([]byte, atlas.Manifest, error) {
	name := bucket.Join(url, atlas.ManifestFile)
	data, err := bucket.ReadFile(ctx, name, most)
	if errors.Is(err, bucket.ErrKey) {
		return nil, atlas.Manifest{}, fmt.Errorf("%s: expected an atlas, found no %s: %w", url, atlas.ManifestFile, err)
	}
	if err != nil {
		return nil, atlas.Manifest{}, err
	}
	m, err := atlas.ParseManifest(data)
	if err != nil {
		return nil, m, fmt.Errorf("%s: %w", name, err)
	}
	return data, m, nil
}

// tables is the place of an atlas's files in a bucket.
func tables(url string, m atlas.Manifest) string {
	sum := sha256.New()
	for _, f := range m.Files {
		fmt.Fprintf(sum, "%d %s %d %s\n", len(f.Name), f.Name, f.Bytes, f.SHA256)
	}
	return bucket.Join(url, "tables-"+hex.EncodeToString(sum.Sum(nil)[:8]))
}

// Put writes the atlas in a folder to a bucket, atlas.json last. Of an earlier Put that was cut off, files that are there are not written again.
func Put(ctx context.Context, dir, url string) error {
	m, err := atlas.ReadManifest(dir)
	if err != nil {
		return err
	}
	for _, f := range m.Files {
		to := bucket.Join(tables(url, m), f.Name)
		if there, err := bucket.Stat(ctx, to); err == nil && there.Size == f.Bytes {
			continue
		}
		if err := put(ctx, dir, f.Name, to); err != nil {
			return err
		}
	}
	return put(ctx, dir, atlas.ManifestFile, bucket.Join(url, atlas.ManifestFile))
}

func put(ctx context.Context, dir, name, url string) error {
	return bucket.Write(ctx, url, func() (io.ReadCloser, error) { return regular.Open(filepath.Join(dir, filepath.FromSlash(name))) })
}

// Get reads an atlas in a bucket into a new or empty folder, and checks the digest of every file.
func Get(ctx context.Context, url, dir string) error {
	data, m, err := manifest(ctx, url)
	if err != nil {
		return err
	}
	for _, f := range m.Files {
		if !filepath.IsLocal(filepath.FromSlash(f.Name)) || f.Name == atlas.ManifestFile {
			return fmt.Errorf("%s: %w: it lists a file %q", bucket.Join(url, atlas.ManifestFile), atlas.ErrFormat, f.Name)
		}
		to := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		err := get(ctx, bucket.Join(tables(url, m), f.Name), to, f)
		if errors.Is(err, bucket.ErrKey) {
			err = get(ctx, bucket.Join(url, f.Name), to, f)
		}
		if err != nil {
			return err
		}
	}
	return atomicfile.Write(filepath.Join(dir, atlas.ManifestFile), func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

func get(ctx context.Context, url, to string, f atlas.File) error {
	in, err := bucket.OpenAhead(ctx, url)
	if err != nil {
		return err
	}
	defer in.Close()
	return atomicfile.Write(to, func(w io.Writer) error {
		sum := sha256.New()
		n, err := io.Copy(io.MultiWriter(w, sum), io.LimitReader(in, f.Bytes+1))
		if err == nil && (n != f.Bytes || digest(sum) != f.SHA256) {
			err = fmt.Errorf("%s: %w: expected %d bytes of sha256 %.12s…, found %d of %.12s…", url, ErrDamaged, f.Bytes, f.SHA256, n, digest(sum))
		}
		return err
	})
}

func digest(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

// Shelf is a folder of this machine for work in progress: scans that are to go to a bucket, and atlases that came from one. Empty, there is none.
type Shelf string

// held has a folder of the shelf that nobody else uses meanwhile. It may hold what an earlier use that was cut off left.
func (s Shelf) held(ctx context.Context, key string, waiting func(), use func(dir string) error) (err error) {
	if s == "" {
		return errors.New("no cache folder for atlases on their way to and from buckets: set FACET_CACHE to one")
	}
	sum := sha256.Sum256([]byte(key))
	dir := filepath.Join(string(s), hex.EncodeToString(sum[:12]))
	if err := os.MkdirAll(string(s), 0o755); err != nil {
		return err
	}
	lock, err := atomicfile.WaitLock(ctx, dir+".lock", waiting)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	return use(dir)
}

// Show has the atlas at a URL read from a folder that is gone afterwards; one in a folder is read there.
func (s Shelf) Show(ctx context.Context, name string, use func(dir string) error) error {
	if !bucket.IsURL(name) {
		return use(name)
	}
	return s.held(ctx, "show\x00"+name, nil, func(dir string) (err error) {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		if err := Get(ctx, name, dir); err != nil {
			return err
		}
		return named(use(dir), dir, name)
	})
}

// renamed is an error that says a URL where it said a folder.
type renamed struct {
	error
	text string
}

func (r renamed) Error() string { return r.text }

func (r renamed) Unwrap() error { return r.error }

func named(err error, dir, url string) error {
	if err == nil || !strings.Contains(err.Error(), dir) {
		return err
	}
	return renamed{err, strings.ReplaceAll(err.Error(), dir, url)}
}
