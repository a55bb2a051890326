package dataset

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
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

// openTar takes WebDataset shards: members of one key (the name up to the first dot of its last part) belong together; the picture is the one
// with a picture's ending, its label is in .cls or .txt, or in .json under label, class or cls. Shards are read through, never unpacked.
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
	return &Source{Kind: "tar", n: -1, fingerprint: d.String(), all: func(ctx context.Context) iter.Seq2[Item, error] {
		return func(yield func(Item, error) bool) {
			for _, f := range files {
				if err := readShard(ctx, f, func(i Item) bool { return yield(i, nil) }); err != nil {
					if !errors.Is(err, errStop) {
						yield(Item{}, err)
					}
					return
				}
			}
		}
	}}, nil
}

// errStop ends reading when nobody wants more.
var errStop = errors.New("enough")

// keyed is the members of one key.
type keyed struct {
	key, member string // member: the picture's name; empty: none yet
	picture     []byte
	err         error // why the picture cannot be read
	label       string
}

func readShard(ctx context.Context, file string, use func(Item) bool) error {
	f, err := regular.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	t, err := members(file, f)
	if err != nil {
		return err
	}
	var s keyed
	flush := func() error {
		if s.member != "" && !use(s.item(file)) {
			return errStop
		}
		return nil
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := t.Next()
		if err == io.EOF {
			return flush()
		}
		if err != nil {
			return fmt.Errorf("%s: a damaged tar shard: %w", file, err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		key, ending := splitMember(h.Name)
		if key != s.key {
			if err := flush(); err != nil {
				return err
			}
			s = keyed{key: key}
		}
		if err := s.add(h.Name, ending, t); err != nil {
			return fmt.Errorf("%s: member %s: %w", file, h.Name, err)
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

// splitMember cuts a/b/000.seg.png into a/b/000 and .seg.png.
func splitMember(name string) (key, ending string) {
	dir, base := path.Split(name)
	base, ending, _ = strings.Cut(base, ".")
	return dir + base, "." + strings.ToLower(ending)
}

func (s *keyed) add(name, ending string, in io.Reader) error {
	text := ending == ".cls" || ending == ".txt" || ending == ".json"
	if !text && !extensions[ending] || extensions[ending] && s.member != "" {
		return nil
	}
	data, err := io.ReadAll(io.LimitReader(in, maxMember+1))
	if err != nil {
		return err
	}
	switch {
	case !text && len(data) > maxMember:
		s.member, s.err = name, fmt.Errorf("more than %d bytes", maxMember)
	case !text:
		s.member, s.picture = name, data
	case ending == ".json":
		s.label = jsonLabel(data, s.label)
	case ending == ".cls" || s.label == "":
		s.label = strings.TrimSpace(string(data[:min(len(data), 1<<10)]))
	}
	return nil
}

// jsonLabel is the label in a sample's .json, or what was known before.
func jsonLabel(data []byte, before string) string {
	var object map[string]json.RawMessage
	if json.Unmarshal(data, &object) != nil {
		return before // WebDataset's .json may hold anything
	}
	for _, key := range []string{"label", "class", "cls"} {
		if text, err := plain(object[key]); err == nil && text != "" {
			return text
		}
	}
	return before
}

func (s keyed) item(file string) Item {
	p := file + memberMark + s.member
	data, err := s.picture, s.err
	return Item{Path: p, Label: s.label, decode: decodeNamed(p), read: func() ([]byte, error) {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p, err)
		}
		return data, nil
	}}
}

// tarPicture reads through a shard to a member.
func (d *Decoder) tarPicture(ctx context.Context, shard, member string, use func(*image.NRGBA) error) (err error) {
	found := false
	want := shard + memberMark + member
	readErr := readShard(ctx, shard, func(i Item) bool {
		if found = i.Path == want; found {
			err = i.Decode(ctx, d, use)
		}
		return !found
	})
	switch {
	case found:
		return err
	case readErr != nil:
		return readErr
	}
	return fmt.Errorf("%s: no picture %s in it", shard, member)
}
