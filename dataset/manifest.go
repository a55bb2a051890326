package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/facet-clip/facet/internal/bucket"
	"github.com/facet-clip/facet/internal/regular"
)

// row is a line of a manifest: values by column.
type row struct {
	place  string // line 2, with the header where there is one, or row 1
	values map[string]string
}

// rowReader hands every row of a manifest to use.
type rowReader func(t table, use func(row) error) error

// table is a manifest's content, to be read through or, as Parquet is, here and there.
type table struct {
	io.Reader
	io.ReaderAt
	size int64
}

var manifestReaders = map[string]rowReader{".csv": readCSV, ".jsonl": readJSONL, ".parquet": readParquet}

// columns that facet reads; of these path is required.
var columns = []string{"path", "label", "group", "time", "truth"}

func isColumn(name string) bool { return slices.Contains(columns, name) }

// openManifest reads a table with the column path, and if it has them label, group, time and truth. Paths are relative to the manifest's
// folder and stay within it, or are absolute.
func openManifest(name string, read rowReader, times TimeFormat) (*Source, error) {
	f, err := regular.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	p := manifestPass{times: times, item: fileRow(filepath.Dir(name))}
	var items []Item
	err = p.rowsOf(name, read, table{f, f, info.Size()}, func(i Item) error {
		items = append(items, i)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &Source{
		Kind: "manifest", Ignored: len(p.ignored), fingerprint: p.sum.String(), n: len(items), at: func(i int) Item { return items[i] },
	}, nil
}

// manifestPass is one reading of a manifest from its beginning to its end.
type manifestPass struct {
	times TimeFormat
	item  func(path string) (Item, error)

	rows    int
	ignored map[string]bool // columns
	sum     digest
}

// read reads a manifest in a bucket.
func (p *manifestPass) read(ctx context.Context, url string, use func(Item) error) error {
	ending := strings.ToLower(path.Ext(url))
	var t table
	if ending == ".parquet" {
		r, err := bucket.OpenRanges(ctx, url)
		if err != nil {
			return err
		}
		t.ReaderAt, t.size = r, r.Size()
	} else {
		in, err := bucket.OpenAhead(ctx, url)
		if err != nil {
			return err
		}
		defer in.Close()
		t.Reader = in
	}
	return p.rowsOf(url, manifestReaders[ending], t, use)
}

func (p *manifestPass) rowsOf(name string, read rowReader, t table, use func(Item) error) error {
	p.sum, p.ignored = newDigest(), map[string]bool{}
	if p.times != "" && p.times != RFC3339 {
		p.sum.add(string(p.times), 0)
	}
	err := read(t, func(r row) error {
		item, err := r.item(p.item, p.times)
		if err != nil {
			return fmt.Errorf("%s: %w", r.place, err)
		}
		for c := range r.values {
			if !isColumn(c) {
				p.ignored[c] = true
			}
		}
		p.sum.add(strings.Join([]string{r.values["path"], item.Label, item.Group, r.values["time"], item.Truth}, "\x00"), 0)
		p.rows++
		return use(item)
	})
	if err != nil && !errors.Is(err, errStop) {
		return fmt.Errorf("%s: %w: %w", name, ErrManifest, err)
	}
	return err
}

// fileRow makes the picture of a path in a manifest in a folder.
func fileRow(dir string) func(string) (Item, error) {
	return func(path string) (Item, error) {
		if !filepath.IsAbs(path) {
			if !filepath.IsLocal(filepath.FromSlash(path)) {
				return Item{}, fmt.Errorf("%s leaves the manifest's folder: expected a path below it, or an absolute one", path)
			}
			path = filepath.Join(dir, filepath.FromSlash(path))
		}
		return FileItem(path), nil
	}
}

func (r row) item(of func(path string) (Item, error), times TimeFormat) (Item, error) {
	if r.values["path"] == "" {
		return Item{}, errors.New("no path: expected a column path, relative to the manifest's folder or absolute")
	}
	item, err := of(r.values["path"])
	if err != nil {
		return Item{}, err
	}
	item.Label, item.Group, item.Truth = r.values["label"], r.values["group"], truthText(r.values["truth"])
	if t := r.values["time"]; t != "" {
		if item.Time, err = times.Parse(t); err != nil {
			return Item{}, err
		}
	}
	return item, nil
}

// truthText writes true and false as the 1 and 0 that scenes have.
func truthText(s string) string {
	if holds, err := strconv.ParseBool(s); err == nil && len(s) > 1 {
		return truth(holds)
	}
	return s
}
