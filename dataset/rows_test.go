package dataset

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
)

// TestManifestCases: what stands in testdata/cases/manifests.
func TestManifestCases(t *testing.T) {
	for name, want := range map[string][]described{
		"date85.parquet": {{Path: "p/0.png", Time: "1985-06-15T00:00:00Z"}, {Index: 1, Path: "p/1.png", Time: "1985-06-16T00:00:00Z"},
			{Index: 2, Path: "p/2.png", Time: "1985-06-17T00:00:00Z"}, {Index: 3, Path: "p/3.png", Time: "1985-06-18T00:00:00Z"},
			{Index: 4, Path: "p/4.png", Time: "1985-06-19T00:00:00Z"}, {Index: 5, Path: "p/5.png", Time: "1985-06-20T00:00:00Z"}},
		"date90.parquet": {{Path: "p/0.png", Label: "a", Time: "1990-01-01T00:00:00Z"}, {Index: 1, Path: "p/1.png", Label: "b", Time: "1990-01-01T00:00:00Z"},
			{Index: 2, Path: "p/2.png", Time: "1990-01-01T00:00:00Z"}},
		"u32dec.parquet": {{Path: "p/0.png", Label: "4294967295", Truth: "12.50"}},
		"uuid.parquet": {{Path: "p/0.png", Label: "6d5b6c5e-3f1e-4f5c-8d8e-0f5b6c5e3f1e"}, {Index: 1, Path: "p/1.png", Label: "6d5b6c5e-3f1e-4f5c-8d8e-0f5b6c5e3f1e"},
			{Index: 2, Path: "p/2.png", Label: "6d5b6c5e-3f1e-4f5c-8d8e-0f5b6c5e3f1e"}},
		"int96.parquet": {{Path: "p/0.png", Time: "2021-03-28T02:30:00Z"}},
		"big.jsonl":     {{Path: "p/0.png", Label: "12345678901234567890", Truth: "1e21"}},
		"bom.jsonl":     {{Path: "p/0.png", Label: "a"}},
		"bomq.csv":      {{Path: "p/0.png", Label: "a", Time: "2020-03-29T01:30:00Z"}, {Index: 1, Path: "p/1.png", Label: `b "x", y`, Time: "2020-10-25T02:30:00Z"}},
		"cr.csv":        {{Path: "p/0.png", Label: "a"}, {Index: 1, Path: "p/1.png", Label: "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := read(t, open1(t, "../testdata/cases/manifests/"+name, Options{}), 0)
			for i := range got {
				if got[i].Says < 0 {
					t.Errorf("%s is not read", got[i].Path)
				}
				got[i].Path, got[i].Says = strings.TrimPrefix(got[i].Path, "../testdata/cases/manifests/"), 0
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	for name, want := range map[string]string{
		"utf16.csv":  "UTF-16",
		"list.jsonl": `line 1: expected an object such as {"path": "a.png"} on each line, found a list`,
	} {
		if _, err := Open("../testdata/cases/manifests/"+name, Options{}); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
}

// texts are the rows that a reader gives, by column.
func texts(t *testing.T, rows func(use func(row) error) error) (all []map[string]string) {
	t.Helper()
	if err := rows(func(r row) error { all = append(all, r.values); return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestParquetTypes: each type that pyarrow writes, under the name of a column that facet reads (testdata/parquet.py).
func TestParquetTypes(t *testing.T) {
	for _, c := range []struct {
		file string
		want map[string]string
	}{
		{"types.parquet", map[string]string{
			"path": "a.png", "string": "é", "large": "x", "binary": "plain", "dictionary": "a", "bool": "true", "i8": "-128", "i64": "-9223372036854775808",
			"u8": "255", "u16": "65535", "u32": "4294967295", "u64": "18446744073709551615", "f32": "0.1", "f64": "1e-07", "whole": "100000000",
			"d9": "-0.05", "d38": "-12345678901234567890.123456789", "d76": strings.Repeat("1", 60) + ".5", "d0": "7",
			"date32": "1965-02-28", "date64": "2024-02-29", "t_ms": "01:02:03.004", "t_us": "23:59:59.999999", "t_ns": "01:02:03",
			"ts_ms": "1969-12-31T23:59:58.123", "ts_us": "1969-12-31T23:59:58.123456", "ts_ns": "1969-12-31T23:59:58.123456",
			"utc_ms": "1969-12-31T23:59:58.123Z", "utc_us": "1969-12-31T23:59:58.123456Z", "utc_ns": "1969-12-31T23:59:58.123456Z",
			"uuid": "6d5b6c5e-3f1e-4f5c-8d8e-0f5b6c5e3f1e", "json": `{"a": 1}`,
		}},
		{"legacy.parquet", map[string]string{
			"path": "a.png", "date32": "1965-02-28", "d9": "-0.05", "u32": "4294967295", "ts": "1969-12-31T23:59:58.123456Z", "string": "é",
		}},
	} {
		known := columns
		for name := range c.want {
			if !isColumn(name) {
				columns = append(slices.Clone(columns), name)
			}
		}
		data, err := os.ReadFile("testdata/" + c.file)
		if err != nil {
			t.Fatal(err)
		}
		got := texts(t, func(use func(row) error) error { return readParquet(tableOf(data), use) })
		columns = known
		if diff := cmp.Diff([]map[string]string{c.want, {"path": "b.png"}}, got); diff != "" {
			t.Errorf("%s: %s", c.file, diff)
		}
	}
}

// tableOf is a manifest in memory.
func tableOf(data []byte) table {
	in := bytes.NewReader(data)
	return table{in, in, int64(len(data))}
}

// TestParquetRefuses: lists, groups and bytes, by the name of the column.
func TestParquetRefuses(t *testing.T) {
	known := columns
	defer func() { columns = known }()
	for column, want := range map[string]string{
		"label": "column label holds lists or groups of values: expected one plain value a row",
		"group": "column group holds lists or groups",
		"truth": "row 1: truth: expected a text in UTF-8, found the bytes ff00",
		"time":  "row 1: time: expected a text in UTF-8",
	} {
		columns = []string{"path", column}
		if _, err := Open("testdata/nested.parquet", Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", column, err, want)
		}
	}
	whole, err := os.ReadFile("testdata/types.parquet")
	if err != nil {
		t.Fatal(err)
	}
	long := append(slices.Clone(whole[:len(whole)-8]), 0xff, 0xff, 0xff, 0x7f, 'P', 'A', 'R', '1') // a footer of 2 GB
	for name, data := range map[string][]byte{"long.parquet": long, "cut.parquet": whole[:len(whole)/2], "short.parquet": []byte("PAR1"), "empty.parquet": nil} {
		path := filepath.Join(t.TempDir(), name)
		write(t, path, data)
		if _, err := Open(path, Options{}); err == nil || !strings.Contains(err.Error(), "Parquet file") || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Open("testdata/lz4.parquet", Options{}); err == nil || !strings.Contains(err.Error(), "LZ4 is unsupported") {
		t.Errorf("LZ4: %v", err)
	}
	columns = []string{"path"}
	if s := open1(t, "testdata/nested.parquet", Options{}); s.Ignored != 4 {
		t.Errorf("%d columns ignored, want 4", s.Ignored)
	}
}

// TestJSONValues: numbers stay as they are written, and what is no plain value is refused in words.
func TestJSONValues(t *testing.T) {
	for value, want := range map[string]string{
		"12345678901234567890": "12345678901234567890", "1e400": "1e400", "1.0": "1.0", "-0": "-0", "1E+2": "1E+2", "0.10": "0.10",
		`"1.0"`: "1.0", `"\u00e9"`: "é", "true": "true", "false": "false", "null": "", ` 7 `: "7",
	} {
		got := texts(t, func(use func(row) error) error {
			return jsonRows(strings.NewReader(`{"path":"a","label":`+value+"}"), use)
		})
		if got[0]["label"] != want {
			t.Errorf("%s: got %q, want %q", value, got[0]["label"], want)
		}
	}
	for line, want := range map[string]string{
		`{"path":"a","label":["x"]}`:   "line 1: label: expected a text, a number, true or false, found a list",
		`{"path":"a","label":{"a":1}}`: "label: expected a text, a number, true or false, found an object",
		`{"path":[]}`:                  "path: expected a text, a number, true or false, found a list",
		`["a.png"]`:                    "on each line, found a list",
		`"a.png"`:                      "on each line, found a text",
		"7":                            "on each line, found a number",
		"null":                         "on each line, found null",
		`{"path":"a"} {"path":"b"}`:    "line 1: invalid character",
		"\n\n{":                        "line 3: unexpected end",
		`{"path":"caf` + "\xe9\"}":     "Latin-1",
	} {
		err := jsonRows(strings.NewReader(line), func(row) error { return nil })
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "map[") || strings.Contains(err.Error(), "Go ") {
			t.Errorf("%s: got %v, want %q", line, err, want)
		}
	}
}

func TestCSVRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"path,label\na\n":                         "line 2: 1 values, expected 2",
		"path,label\n\na,b\n\"x\ny\",b,c\n":       "line 4: 3 values, expected 2",
		"path,label\na,b\n\"c,d\n":                "line 3",
		"path;label\na;b\n":                       `the header is ["path;label"]: expected a column path, with commas`,
		"path,label,label\n":                      "the column label twice",
		"path\na\x00b\n":                          "NUL",
		"path\n\"" + strings.Repeat("x\n", 4<<20): "a quote not closed",
		"path\n" + strings.Repeat("x", 2<<20):     "line 2: line is too long",
	} {
		err := csvRows(strings.NewReader(text), []string{"path"}, func(row) error { return nil })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: got %v, want %q", text, err, want)
		}
	}
}

func FuzzParquet(f *testing.F) {
	for _, pattern := range []string{"testdata/*.parquet", "../testdata/cases/manifests/*.parquet"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		n := 0
		_ = readParquet(tableOf(data), func(row) error {
			if n++; n > 1000 {
				return io.EOF
			}
			return nil
		})
	})
}

// TestRowsKeepTheirLines: an error names the line of the file, blank lines counted.
func TestRowsKeepTheirLines(t *testing.T) {
	for _, text := range []string{"\n\n{\"path\":\"a\"}\n{\"path\":", "\r\r\r{", "path\n\n\na,b\n"} {
		err := readRows(bytes.NewReader([]byte(text)), func(row) error { return nil })
		if err == nil || !strings.Contains(err.Error(), "line 4") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// parquetOf is a table of rows.
func parquetOf[T any](t *testing.T, rows ...T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
