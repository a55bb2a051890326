package dataset

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"iter"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/facet-clip/facet/internal/bucket"
	"github.com/facet-clip/facet/internal/regular"
)

// maxMember is the most bytes that a member of a shard may have; a larger picture is unreadable, and said so.
const maxMember = 256 << 20

// maxShards bounds what a brace range stands for.
const maxShards = 1_000_000

func isTar(name string) bool {
	name = strings.ToLower(name)
	return strings.HasSuffix(name, ".tar") || strings.HasSuffix(name, ".tar.gz") || strings.HasSuffix(name, ".tgz")
}

var braceRange = regexp.MustCompile(`\{(\d+)\.\.(\d+)\}`)

// shard is a file or an object of a source.
type shard struct {
	path string
	size int64
}

// shards are the files that a name stands for: a file of that name, one range {000..009}, or a pattern.
func shards(ctx context.Context, name string) (all []shard, err error) {
	if bucket.IsURL(name) {
		return objectShards(ctx, name)
	}
	files, err := shardFiles(name)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if err := regular.Check(f, info); err != nil {
			return nil, err
		}
		all = append(all, shard{f, info.Size()})
	}
	return all, nil
}

// objectShards are the objects that a URL stands for. Those that a range names must be there.
func objectShards(ctx context.Context, name string) (all []shard, err error) {
	stem, pattern := strings.IndexAny(name, "*?["), true
	names, err := Range(name)
	if err != nil {
		return nil, err
	}
	switch {
	case names != nil:
		stem, pattern = strings.Index(name, "{"), false
	case stem < 0:
		o, err := bucket.Stat(ctx, name)
		return []shard{{name, o.Size}}, err
	}
	sizes := map[string]int64{}
	for o, err := range bucket.List(ctx, name[:stem]) {
		if err != nil {
			return nil, err
		}
		if match, err := path.Match(name, o.URL); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		} else if pattern && match {
			all = append(all, shard{o.URL, o.Size})
		} else if !pattern && isTar(o.URL) {
			sizes[o.URL] = o.Size
		}
	}
	for _, n := range names {
		size, there := sizes[n]
		if !there {
			return nil, fmt.Errorf("%s: %w, of %s", n, bucket.ErrKey, name)
		}
		all = append(all, shard{n, size})
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: %w", name, ErrEmpty)
	}
	return all, nil
}

// Range are the names that one range {000..009} stands for; none where a name has no range.
func Range(name string) (all []string, err error) {
	if m := braceRange.FindStringSubmatchIndex(name); m != nil {
		first, last := name[m[2]:m[3]], name[m[4]:m[5]]
		from, err1 := strconv.Atoi(first)
		to, err2 := strconv.Atoi(last)
		if err1 != nil || err2 != nil || to < from || to-from >= maxShards {
			return nil, fmt.Errorf("%s: expected a rising range of at most %d shards", name, maxShards)
		}
		for i := from; i <= to; i++ {
			all = append(all, fmt.Sprintf("%s%0*d%s", name[:m[0]], len(first), i, name[m[1]:]))
		}
	}
	return all, nil
}

func shardFiles(name string) ([]string, error) {
	if regular.Exists(name) {
		return []string{name}, nil // whatever is in it
	}
	if all, err := Range(name); err != nil || all != nil {
		return all, err
	}
	if !strings.ContainsAny(name, "*?[") {
		return []string{name}, nil
	}
	all, err := regular.Glob(name)
	if err == nil && len(all) == 0 {
		err = ErrEmpty
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return all, nil
}

// openTar takes WebDataset shards, which are read through and never unpacked; see [tarSample]. A part of them is every so many-th file, so that nobody
// reads what is another's. Where there are fewer files than parts, or only every so many-th picture is wanted, it is of pictures.
func openTar(ctx context.Context, name string, o Options) (*Source, error) {
	files, err := shards(ctx, name)
	if err != nil {
		return nil, err
	}
	s := &Source{Kind: "tar", n: -1, whole: o.Stride == 1 && o.Shards > 1 && len(files) >= o.Shards}
	if bucket.IsURL(name) {
		if s.root = bucket.Dir(name); strings.ContainsAny(s.root, "*?[{") {
			s.root = bucket.Dir(s.root[:strings.IndexAny(s.root, "*?[{")])
		}
	}
	d := newDigest()
	for _, f := range files {
		d.add(path.Base(filepath.ToSlash(f.path)), f.size)
	}
	if s.whole {
		d.add(fmt.Sprintf("files %d of %d", o.Shard, o.Shards), 0)
		var mine []shard
		for i := o.Shard; i < len(files); i += o.Shards {
			mine = append(mine, files[i])
		}
		files = mine
	}
	s.fingerprint = d.String()
	s.all = func(ctx context.Context) iter.Seq2[Item, error] {
		return func(yield func(Item, error) bool) {
			s.Ignored = 0
			for _, f := range files {
				ignored, err := readShard(ctx, f.path, func(i Item) bool { return yield(i, nil) })
				s.Ignored += ignored
				if errors.Is(err, errDamaged) { // which is listed like a picture that cannot be read
					lost := Item{Path: f.path, read: func() ([]byte, error) { return nil, err }, decode: failing(err)}
					if !yield(lost, nil) {
						return
					}
					continue
				}
				if err != nil {
					if !errors.Is(err, errStop) {
						yield(Item{}, err)
					}
					return
				}
			}
		}
	}
	return s, nil
}

// errDamaged is why what is left of a shard is not read.
var errDamaged = errors.New("a damaged tar shard")

// watched remembers an error of reading, which says nothing of what was read.
type watched struct {
	io.Reader
	err error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}

// errStop ends reading when nobody wants more.
var errStop = errors.New("enough")

// readShard gives the pictures of a shard: one of each sample, and every other that is lost, with the reason. It counts the members that were not
// looked at. [errDamaged]: the shard is none, or none from some place on.
func readShard(ctx context.Context, file string, use func(Item) bool) (ignored int, err error) {
	f, err := openStream(ctx, file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	in := &watched{Reader: f}
	ignored, err = readMembers(ctx, file, in, use)
	switch {
	case err == nil || errors.Is(err, errStop):
		return ignored, err
	case ctx.Err() != nil:
		return ignored, ctx.Err()
	case in.err != nil:
		return ignored, fmt.Errorf("%s: %w", file, in.err)
	}
	return ignored, fmt.Errorf("%s: %w: %w", file, errDamaged, err)
}

// readMembers gives the pictures of a shard; its errors do not name it.
func readMembers(ctx context.Context, file string, in io.Reader, use func(Item) bool) (ignored int, err error) {
	t, err := members(in)
	if err != nil {
		return 0, err
	}
	var s tarSample
	flush := func() error {
		for _, item := range s.items(file, &ignored) {
			if !use(item) {
				return errStop
			}
		}
		return nil
	}
	for {
		if err := ctx.Err(); err != nil {
			return ignored, err
		}
		h, err := t.Next()
		if err == io.EOF {
			return ignored, flush()
		}
		if err != nil {
			return ignored, errors.Join(err, flush())
		}
		if h.Typeflag == tar.TypeDir {
			continue
		}
		key, ending := splitMember(h.Name)
		if key == "" {
			ignored++
			continue
		}
		if key != s.key {
			if err := flush(); err != nil {
				return ignored, err
			}
			s = tarSample{key: key}
		}
		if err := s.add(h, ending, t, &ignored); err != nil {
			return ignored, fmt.Errorf("member %s: %w", h.Name, err)
		}
	}
}

// members reads a shard, gzipped or not by its content.
func members(f io.Reader) (*tar.Reader, error) {
	in := bufio.NewReaderSize(f, 1<<20)
	if magic, _ := in.Peek(2); !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return tar.NewReader(in), nil
	}
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, err
	}
	return tar.NewReader(z), nil
}

// tarPicture reads through a shard to a member.
func (d *Decoder) tarPicture(ctx context.Context, shard, member string, use func(*image.NRGBA) error) error {
	c, err := tarContent(ctx, shard, member)
	if err != nil {
		return err
	}
	return c.Decode(ctx, d, use)
}
