package dataset

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/facet-clip/facet/internal/regular"
)

// row is a line of a manifest: values by column.
type row struct {
	line   int // from 1, the header included where there is one
	values map[string]string
}

// rowReader hands every row of a manifest to use.
type rowReader func(f *os.File, use func(row) error) error

var manifestReaders = map[string]rowReader{".csv": readCSV, ".jsonl": readJSONL, ".parquet": readParquet}

// columns that facet reads; of these path is required.
var columns = []string{"path", "label", "group", "time", "truth"}

const maxLine = 1 << 20

// openManifest reads a table with the column path, and if it has them label, group, time and truth. Paths are relative to the manifest's
// folder and stay within it, or are absolute.
func openManifest(name string, read rowReader) (*Source, error) {
	f, err := regular.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d := newDigest()
	ignored := map[string]bool{}
	var items []Item
	err = read(f, func(r row) error {
		item, err := r.item(filepath.Dir(name))
		if err != nil {
			return fmt.Errorf("line %d: %w", r.line, err)
		}
		for c := range r.values {
			if !slices.Contains(columns, c) {
				ignored[c] = true
			}
		}
		d.add(strings.Join([]string{r.values["path"], item.Label, item.Group, r.values["time"], item.Truth}, "\x00"), 0)
		items = append(items, item)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", name, ErrManifest, err)
	}
	return &Source{
		Kind: "manifest", Ignored: len(ignored), fingerprint: d.String(), n: len(items), at: func(i int) Item { return items[i] },
	}, nil
}

func (r row) item(dir string) (Item, error) {
	path := r.values["path"]
	if path == "" {
		return Item{}, errors.New("no path: expected a column path, relative to the manifest's folder or absolute")
	}
	if !filepath.IsAbs(path) {
		if !filepath.IsLocal(filepath.FromSlash(path)) {
			return Item{}, fmt.Errorf("%s leaves the manifest's folder: expected a path below it, or an absolute one", path)
		}
		path = filepath.Join(dir, filepath.FromSlash(path))
	}
	item := FileItem(path)
	item.Label, item.Group, item.Truth = r.values["label"], r.values["group"], r.values["truth"]
	if t := r.values["time"]; t != "" {
		var err error
		if item.Time, err = parseTime(t); err != nil {
			return Item{}, err
		}
	}
	return item, nil
}

// parseTime reads RFC 3339, a date, a month or a year; without a zone, UTC.
func parseTime(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", time.DateTime, time.DateOnly, "2006-01", "2006"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("time %q: expected RFC 3339 (2006-01-02T15:04:05Z), 2006-01-02, 2006-01 or 2006", s)
}

func readCSV(f *os.File, use func(row) error) error { return csvRows(f, use) }

func csvRows(in io.Reader, use func(row) error) error {
	c := csv.NewReader(bufio.NewReader(in))
	c.ReuseRecord = true
	header, err := c.Read()
	if err == io.EOF {
		return errors.New("the file is empty: expected a header with a column path")
	}
	if err != nil {
		return err
	}
	names := slices.Clone(header)
	names[0] = strings.TrimPrefix(names[0], "\ufeff") // which spreadsheets write first
	if !slices.Contains(names, "path") {
		return fmt.Errorf("the header is %q: expected a column path", names)
	}
	for {
		record, err := c.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		line, _ := c.FieldPos(0)
		r := row{line: line, values: map[string]string{}}
		for i, v := range record {
			r.values[names[i]] = v
		}
		if err := use(r); err != nil {
			return err
		}
	}
}

func readJSONL(f *os.File, use func(row) error) error { return jsonRows(f, use) }

func jsonRows(in io.Reader, use func(row) error) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLine)
	n := 0
	for lines.Scan() {
		n++
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		var object map[string]any
		if err := json.Unmarshal(lines.Bytes(), &object); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		r := row{line: n, values: map[string]string{}}
		for key, v := range object {
			text, err := plain(v)
			if err != nil && slices.Contains(columns, key) {
				return fmt.Errorf("line %d: %s: %w", n, key, err)
			}
			r.values[key] = text
		}
		if err := use(r); err != nil {
			return err
		}
	}
	return lines.Err()
}

// plain is a JSON value as text.
func plain(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case bool:
		return truth(v), nil
	}
	return "", errors.New("expected a text, a number or a boolean")
}

// readParquet reads the columns of strings, numbers, booleans and timestamps; others are as if they were not there.
func readParquet(f *os.File, use func(row) error) (err error) {
	defer func() { // the library's decoders may panic on damaged files
		if p := recover(); p != nil {
			err = fmt.Errorf("damaged: %v", p)
		}
	}()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	file, err := parquet.OpenFile(f, info.Size())
	if err != nil {
		return err
	}
	leaves := map[int]leaf{}
	for _, path := range file.Schema().Columns() {
		if l, ok := file.Schema().Lookup(path...); ok && len(path) == 1 {
			leaves[l.ColumnIndex] = leaf{path[0], timestampUnit(l.Node.Type().String())}
		}
	}
	reader := parquet.NewReader(file)
	defer reader.Close()
	rows := make([]parquet.Row, 256)
	for n := 1; ; {
		count, err := reader.ReadRows(rows)
		for _, values := range rows[:count] {
			r := row{line: n, values: map[string]string{}}
			for _, v := range values {
				if l, ok := leaves[v.Column()]; ok && !v.IsNull() {
					r.values[l.name] = l.text(v)
				}
			}
			if err := use(r); err != nil {
				return err
			}
			n++
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// leaf is a column of plain values.
type leaf struct {
	name string
	unit time.Duration // of a timestamp, 0 for other columns
}

// timestampUnit finds the unit in the name of a type such as TIMESTAMP(isAdjustedToUTC=true,unit=MICROS).
func timestampUnit(kind string) time.Duration {
	if !strings.HasPrefix(kind, "TIMESTAMP") {
		return 0
	}
	for name, unit := range map[string]time.Duration{"MILLIS": time.Millisecond, "MICROS": time.Microsecond, "NANOS": time.Nanosecond} {
		if strings.Contains(kind, "unit="+name) {
			return unit
		}
	}
	return 0
}

func (l leaf) text(v parquet.Value) string {
	switch {
	case l.unit > 0 && v.Kind() == parquet.Int64:
		per := int64(time.Second / l.unit)
		return time.Unix(v.Int64()/per, v.Int64()%per*int64(l.unit)).UTC().Format(time.RFC3339Nano)
	case v.Kind() == parquet.ByteArray || v.Kind() == parquet.FixedLenByteArray:
		return string(v.ByteArray())
	case v.Kind() == parquet.Boolean:
		return truth(v.Boolean())
	}
	return v.String()
}
