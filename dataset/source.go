package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"image"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/facet-clip/facet/internal/bucket"
	"github.com/facet-clip/facet/internal/regular"
	"github.com/facet-clip/facet/scenes"
)

var (
	// ErrEmpty is returned when a source holds no picture.
	ErrEmpty = errors.New("no pictures found")
	// ErrManifest is returned when a manifest cannot be understood.
	ErrManifest = errors.New("not a usable manifest")
)

// Item is one picture of a source and what is known of it.
type Item struct {
	Index int // among the selected items of the source
	// Path says where the picture is: a file, SHARD.tar#member, or scenes:…#index. [Picture] opens it again.
	Path  string
	Label string    // its class; empty: unknown
	Group string    // what it belongs to, such as a camera or a batch; empty: unknown
	Time  time.Time // when it was taken; zero: unknown
	Truth string    // what a manifest's column truth says of it; empty: unknown

	read   func() ([]byte, error) // its content; of a scene its path, which says all of it
	decode decodeFunc
}

// decodeFunc decodes content and has it used.
type decodeFunc func(ctx context.Context, d *Decoder, content []byte, use func(*image.NRGBA) error) error

// failing decodes nothing.
func failing(err error) decodeFunc {
	return func(context.Context, *Decoder, []byte, func(*image.NRGBA) error) error { return err }
}

// Decode reads the picture and has it used; see [Decoder.Bytes].
func (i Item) Decode(ctx context.Context, d *Decoder, use func(*image.NRGBA) error) error {
	data, err := i.read()
	if err != nil {
		return err
	}
	return i.decode(ctx, d, data, use)
}

// Options select items: every Stride-th one, of these part Shard of Shards, of these the first Limit.
type Options struct {
	Limit  int // 0: all
	Stride int // 0: 1
	Shard  int // 0 to Shards−1
	Shards int // 0: 1

	Times TimeFormat // of a manifest
}

func (o Options) check() (Options, error) {
	o.Stride, o.Shards = max(o.Stride, 1), max(o.Shards, 1)
	if o.Limit < 0 || o.Shard < 0 || o.Shard >= o.Shards {
		return o, fmt.Errorf("selection: limit %d, shard %d of %d: expected a limit of 0 or more and a shard from 0 to %d", o.Limit, o.Shard, o.Shards, o.Shards-1)
	}
	return o, o.Times.Check()
}

// count is how many of n items are selected.
func (o Options) count(n int) int {
	n = (n + o.Stride - 1) / o.Stride
	n = (n - o.Shard + o.Shards - 1) / o.Shards
	if o.Limit > 0 {
		n = min(n, o.Limit)
	}
	return max(n, 0)
}

// raw is where selected item k stands among all items.
func (o Options) raw(k int) int { return (k*o.Shards + o.Shard) * o.Stride }

// Source is an ordered set of pictures.
type Source struct {
	Name    string // as it was asked for
	Kind    string // folder, classes, manifest, tar, scenes, waterbirds or celeba
	Ignored int    // files of a folder, columns of a manifest, or members of shards that were read through, that were not looked at

	fingerprint string
	root        string // below which all pictures lie, absolute; empty: see [Source.Root]
	whole       bool   // it holds the files of its part alone: no item is passed over for another part
	options     Options
	n           int                                              // of all items; −1: unknown
	at          func(i int) Item                                 // item i of all; nil for sources that can only be read through
	all         func(ctx context.Context) iter.Seq2[Item, error] // where at is nil; n may be known all the same
}

// Open finds out what a source is: a folder of pictures, or of a folder for each class; a manifest (.csv, .jsonl, .parquet); tar shards
// (.tar, .tar.gz, .tgz; shard-{000..009}.tar or a pattern with *); scenes:NAME?n=N&seed=S&size=P&window=K of package scenes; or a data set with groups,
// waterbirds:DIR?split=test or celeba:DIR?split=test&label=Blond_Hair&group=Male. Folders, manifests and shards may lie in a bucket: s3://bucket/photos/,
// s3://bucket/list.csv, s3://bucket/shard-{000..009}.tar; see package bucket. It reads no picture. Errors name the source.
func Open(name string, o Options) (*Source, error) { return OpenContext(context.Background(), name, o) }

// OpenContext is [Open] that ends with a context: of a bucket, all keys below a prefix are listed, or a manifest is read through.
func OpenContext(ctx context.Context, name string, o Options) (*Source, error) {
	o, err := o.check()
	if err != nil {
		return nil, err
	}
	s, err := open(ctx, name, o)
	if err != nil {
		return nil, err
	}
	s.Name, s.options = name, o
	if s.n == 0 || s.n > 0 && s.Len() == 0 {
		return nil, fmt.Errorf("%s: %w", name, ErrEmpty)
	}
	return s, nil
}

func open(ctx context.Context, name string, o Options) (*Source, error) {
	if bucket.IsURL(name) {
		return openBucket(ctx, name, o)
	}
	if spec, ok := strings.CutPrefix(name, scenesPrefix); ok {
		return openScenes(name, spec)
	}
	if kind, rest, ok := isGrouped(name); ok {
		return openGrouped(kind, rest)
	}
	info, err := os.Stat(name)
	if isTar(name) && (err != nil || !info.IsDir()) {
		return openTar(ctx, name, o)
	}
	if err != nil {
		return nil, fmt.Errorf("dataset: %w: expected a folder, a manifest, tar shards or scenes:…", err)
	}
	if info.IsDir() {
		return openFolder(name)
	}
	if err := regular.Check(name, info); err != nil {
		return nil, err
	}
	if dir := filepath.Dir(name); filepath.Base(name) == scenes.Captions {
		if _, written := scenes.Beside(dir); written {
			return openFolder(dir)
		}
	}
	read, ok := manifestReaders[strings.ToLower(filepath.Ext(name))]
	if !ok {
		return nil, fmt.Errorf("%s: expected a folder, a manifest (.csv, .jsonl, .parquet), tar shards (.tar, .tar.gz, .tgz) or scenes:…", name)
	}
	return openManifest(name, read, o.Times)
}

// Len is the number of selected items, −1 when it is not known before all is read.
func (s *Source) Len() int {
	if s.n < 0 {
		return -1
	}
	return s.options.count(s.n)
}

// Fingerprint changes with the selected items, their order, names and sizes; not with what is in the files.
func (s *Source) Fingerprint() string {
	o := s.options
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %d %d %d %d", s.Kind, s.fingerprint, o.Limit, o.Stride, o.Shard, o.Shards))
	return hex.EncodeToString(sum[:])
}

// Shard is which part of the items is selected, of how many: 0 of 1 where all are.
func (s *Source) Shard() (shard, shards int) { return s.options.Shard, s.options.Shards }

// Items gives the selected items from item from on, without decoding any. It ends after the first error.
func (s *Source) Items(ctx context.Context, from int) iter.Seq2[Item, error] {
	if s.at == nil {
		return s.readThrough(ctx, from)
	}
	return func(yield func(Item, error) bool) {
		for k := from; k < s.Len(); k++ {
			if err := ctx.Err(); err != nil {
				yield(Item{}, err)
				return
			}
			item := s.at(s.options.raw(k))
			item.Index = k
			if !yield(item, nil) {
				return
			}
		}
	}
}

// readThrough reads all items and gives the selected ones.
func (s *Source) readThrough(ctx context.Context, from int) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		i, k := 0, 0
		selected := s.options
		if s.whole {
			selected.Shard, selected.Shards = 0, 1
		}
		for item, err := range s.all(ctx) {
			if err != nil {
				yield(Item{}, err)
				return
			}
			if selected.Limit > 0 && k == selected.Limit {
				return
			}
			if i == selected.raw(k) {
				if item.Index = k; k >= from && !yield(item, nil) {
					return
				}
				k++
			}
			i++
		}
	}
}

// Picture opens a picture again by the [Item.Path] that a source gave it, and has it used; see [Decoder.Bytes].
func (d *Decoder) Picture(ctx context.Context, path string, use func(*image.NRGBA) error) error {
	if spec, ok := strings.CutPrefix(path, scenesPrefix); ok {
		img, err := scenePicture(path, spec)
		if err != nil {
			return err
		}
		return use(img)
	}
	if shard, member := locate(path); member != "" {
		return d.tarPicture(ctx, shard, strings.TrimPrefix(member, memberMark), use)
	}
	if bucket.IsURL(path) {
		return objectItem(ctx, path).Decode(ctx, d, use)
	}
	return d.File(ctx, path, use)
}

// digest collects names and sizes.
type digest struct{ hash.Hash }

func newDigest() digest { return digest{sha256.New()} }

func (d digest) add(name string, size int64) { fmt.Fprintf(d, "%d %s %d\n", len(name), name, size) }

func (d digest) String() string { return hex.EncodeToString(d.Sum(nil)) }

// FileItem is the picture in a file, of which nothing else is known.
func FileItem(path string) Item {
	if bucket.IsURL(path) {
		return objectItem(context.Background(), path)
	}
	return Item{Path: path, read: func() ([]byte, error) { return readFile(path) }, decode: decodeNamed(path)}
}

// decodeNamed decodes content under a name for errors.
func decodeNamed(name string) decodeFunc {
	return func(ctx context.Context, d *Decoder, data []byte, use func(*image.NRGBA) error) error {
		return d.Bytes(ctx, name, data, use)
	}
}
