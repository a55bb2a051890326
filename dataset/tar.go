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
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

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

// shards are the files that a name stands for: a file of that name, one range {000..009}, or a pattern.
func shards(name string) ([]string, error) {
	if regular.Exists(name) {
		return []string{name}, nil // whatever is in it
	}
	if m := braceRange.FindStringSubmatchIndex(name); m != nil {
		first, last := name[m[2]:m[3]], name[m[4]:m[5]]
		from, err1 := strconv.Atoi(first)
		to, err2 := strconv.Atoi(last)
		if err1 != nil || err2 != nil || to < from || to-from >= maxShards {
			return nil, fmt.Errorf("%s: expected a rising range of at most %d shards", name, maxShards)
		}
		var all []string
		for i := from; i <= to; i++ {
			all = append(all, fmt.Sprintf("%s%0*d%s", name[:m[0]], len(first), i, name[m[1]:]))
		}
		return all, nil
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

// openTar takes WebDataset shards, which are read through and never unpacked; see [tarSample].
func openTar(name string) (*Source, error) {
	files, err := shards(name)
	if err != nil {
		return nil, err
	}
	d := newDigest()
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if err := regular.Check(f, info); err != nil {
			return nil, err
		}
		d.add(filepath.Base(f), info.Size())
	}
	s := &Source{Kind: "tar", n: -1, fingerprint: d.String()}
	s.all = func(ctx context.Context) iter.Seq2[Item, error] {
		return func(yield func(Item, error) bool) {
			s.Ignored = 0
			for _, f := range files {
				ignored, err := readShard(ctx, f, func(i Item) bool { return yield(i, nil) })
				if s.Ignored += ignored; err != nil {
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

// errStop ends reading when nobody wants more.
var errStop = errors.New("enough")

// readShard gives the pictures of a shard: one of each sample, and every other that is lost, with the reason. It counts the members that were not
// looked at.
func readShard(ctx context.Context, file string, use func(Item) bool) (ignored int, err error) {
	f, err := regular.Open(file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	t, err := members(file, f)
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
			return ignored, fmt.Errorf("%s: a damaged tar shard: %w", file, err)
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
			return ignored, fmt.Errorf("%s: member %s: %w", file, h.Name, err)
		}
	}
}

// members reads a shard, gzipped or not by its content.
func members(file string, f io.Reader) (*tar.Reader, error) {
	in := bufio.NewReaderSize(f, 1<<20)
	if magic, _ := in.Peek(2); !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return tar.NewReader(in), nil
	}
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
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
