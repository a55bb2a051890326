package dataset

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/parquet-go/parquet-go"
)

// pngOf is a picture whose first pixel says i.
func pngOf(t testing.TB, i int) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 4, 4))
	for p := range 16 {
		img.SetNRGBA(p%4, p/4, color.NRGBA{uint8(i), 0, 0, 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// described is what a test compares of an item.
type described struct {
	Index                     int
	Path, Label, Group, Truth string
	Time                      string
	Says                      int // the first pixel; −1: unreadable
}

func read(t *testing.T, s *Source, from int) []described {
	t.Helper()
	var all []described
	for l, err := range Load(t.Context(), s, from, NewDecoder(DefaultMaxPixels), whole) {
		if err != nil {
			t.Fatal(err)
		}
		d := described{Index: l.Index, Path: filepath.ToSlash(l.Path), Label: l.Label, Group: l.Group, Truth: l.Truth, Says: -1}
		if !l.Time.IsZero() {
			d.Time = l.Time.UTC().Format(time.RFC3339)
		}
		if l.Err == nil {
			d.Says = int(l.Made.Pix[0])
			again, err := openPicture(l.Path, DefaultMaxPixels)
			if err != nil {
				t.Errorf("%s, opened again: %v", l.Path, err)
			} else if !bytes.Equal(again.Pix, l.Made.Pix) {
				t.Errorf("%s, opened again, is another picture", l.Path)
			}
		}
		all = append(all, d)
	}
	return all
}

func open1(t *testing.T, name string, o Options) *Source {
	t.Helper()
	s, err := Open(name, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	for i, name := range []string{"b.png", "a/z.PNG", "a.png", "é.png"} {
		write(t, filepath.Join(dir, name), pngOf(t, i))
	}
	write(t, filepath.Join(dir, "notes.txt"), nil)
	write(t, filepath.Join(dir, ".hidden/c.png"), nil)
	write(t, filepath.Join(dir, "broken.jpg"), []byte("no"))
	s := open1(t, dir, Options{})
	base := filepath.ToSlash(dir) + "/"
	want := []described{
		{Index: 0, Path: base + "a/z.PNG", Says: 1}, {Index: 1, Path: base + "a.png", Says: 2}, {Index: 2, Path: base + "b.png"},
		{Index: 3, Path: base + "broken.jpg", Says: -1}, {Index: 4, Path: base + "é.png", Says: 3},
	}
	if diff := cmp.Diff(want, read(t, s, 0)); diff != "" {
		t.Error(diff)
	}
	if s.Len() != 5 || s.Kind != "folder" || s.Ignored != 1 {
		t.Errorf("%d items of kind %s, %d ignored", s.Len(), s.Kind, s.Ignored)
	}
	before := s.Fingerprint()
	if again := open1(t, dir, Options{}).Fingerprint(); again != before {
		t.Error("the fingerprint changes by itself")
	}
	write(t, filepath.Join(dir, "c.png"), pngOf(t, 9))
	if after := open1(t, dir, Options{}).Fingerprint(); after == before {
		t.Error("a file more, and the fingerprint stays")
	}
}

func TestClasses(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "dog/x/1.png"), pngOf(t, 1))
	write(t, filepath.Join(dir, "cat/2.png"), pngOf(t, 2))
	s := open1(t, dir, Options{})
	got := read(t, s, 0)
	if s.Kind != "classes" || got[0].Label != "cat" || got[1].Label != "dog" {
		t.Errorf("%s: %+v", s.Kind, got)
	}
}

func TestManifests(t *testing.T) {
	dir := t.TempDir()
	for i := range 3 {
		write(t, filepath.Join(dir, fmt.Sprintf("p/%d.png", i)), pngOf(t, i))
	}
	outside := filepath.Join(t.TempDir(), "far.png")
	write(t, outside, pngOf(t, 7))
	write(t, filepath.Join(dir, "m.csv"), []byte("\ufeffpath,label,time,group,extra\np/1.png,\"a, b\",2011,g,x\n"+outside+",,2020-05-01T10:00:00+02:00,,\n"))
	write(t, filepath.Join(dir, "m.jsonl"), []byte(`{"path":"p/1.png","label":"a, b","time":"2011","group":"g","extra":[1]}`+"\n\n"+
		`{"path":"`+outside+`","time":"2020-05-01T08:00:00Z","label":null}`+"\n"))
	type line struct {
		Path  string    `parquet:"path"`
		Label *string   `parquet:"label,optional"`
		Time  time.Time `parquet:"time,timestamp(microsecond)"`
		Group string    `parquet:"group"`
		Extra int64     `parquet:"extra"`
	}
	label := "a, b"
	var b bytes.Buffer
	w := parquet.NewGenericWriter[line](&b)
	if _, err := w.Write([]line{
		{"p/1.png", &label, time.Date(2011, 1, 1, 0, 0, 0, 0, time.UTC), "g", 3}, {outside, nil, time.Date(2020, 5, 1, 8, 0, 0, 0, time.UTC), "", 4},
	}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "m.parquet"), b.Bytes())
	want := []described{
		{Path: filepath.ToSlash(dir) + "/p/1.png", Label: "a, b", Group: "g", Time: "2011-01-01T00:00:00Z", Says: 1},
		{Index: 1, Path: filepath.ToSlash(outside), Time: "2020-05-01T08:00:00Z", Says: 7},
	}
	for _, name := range []string{"m.csv", "m.jsonl", "m.parquet"} {
		s := open1(t, filepath.Join(dir, name), Options{})
		if diff := cmp.Diff(want, read(t, s, 0)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if s.Ignored != 1 {
			t.Errorf("%s: %d columns ignored, want 1", name, s.Ignored)
		}
	}
}

type member struct {
	name string
	data []byte
}

func tarOf(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		if err := w.WriteHeader(&tar.Header{Name: m.name, Mode: 0o600, Size: int64(len(m.data))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(m.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestTar(t *testing.T) {
	dir := t.TempDir()
	first := tarOf(t, member{"a/000.cls", []byte("3\n")}, member{"a/000.png", pngOf(t, 1)}, member{"a/001.seg.png", pngOf(t, 9)},
		member{"a/001.jpg", []byte("broken")}, member{"a/001.json", []byte(`{"label":"dog"}`)}, member{"readme.txt", []byte("hello")})
	write(t, filepath.Join(dir, "s-00.tar"), first)
	write(t, filepath.Join(dir, "s-01.tar"), gzipped(t, tarOf(t, member{"002.txt", []byte("a cat")}, member{"002.png", pngOf(t, 2)})))
	base := filepath.ToSlash(dir)
	want := []described{
		{Index: 0, Path: base + "/s-00.tar#a/000.png", Label: "3", Says: 1}, {Index: 1, Path: base + "/s-00.tar#a/001.jpg", Label: "dog", Says: -1},
		{Index: 2, Path: base + "/s-01.tar#002.png", Label: "a cat", Says: 2},
	}
	for _, name := range []string{"s-{00..01}.tar", "s-*.tar"} {
		s := open1(t, filepath.Join(dir, name), Options{})
		if diff := cmp.Diff(want, read(t, s, 0)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if s.Len() != -1 {
			t.Errorf("%s: length %d before it was read", name, s.Len())
		}
	}
}

// TestDamagedTar: of a shard that is cut off the pictures before the cut are given. What is left of it is listed by its name, and the next shard follows.
func TestDamagedTar(t *testing.T) {
	dir := t.TempDir()
	one := tarOf(t, member{"000.png", pngOf(t, 1)}, member{"001.png", pngOf(t, 2)})
	write(t, filepath.Join(dir, "s-0.tar"), one[:len(one)-1024-600])
	write(t, filepath.Join(dir, "s-1.tar"), []byte("garbage, and too little of it for a header"))
	write(t, filepath.Join(dir, "s-2.tar"), one)
	s := open1(t, filepath.Join(dir, "s-*.tar"), Options{})
	var got []string
	for l, err := range Load(t.Context(), s, 0, NewDecoder(DefaultMaxPixels), whole) {
		if err != nil {
			t.Fatal(err)
		}
		said := filepath.Base(l.Path)
		if l.Err != nil {
			if !strings.Contains(l.Err.Error(), l.Path) || !errors.Is(l.Err, errDamaged) && said != "s-0.tar#001.png" {
				t.Errorf("%s: %v", l.Path, l.Err)
			}
			said += " lost"
		}
		got = append(got, said)
	}
	if want := []string{"s-0.tar#000.png", "s-0.tar lost", "s-1.tar lost", "s-2.tar#000.png", "s-2.tar#001.png"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestScenes(t *testing.T) {
	s := open1(t, "scenes:yellow-cars?n=3&seed=5&size=32", Options{})
	got := read(t, s, 0)
	if len(got) != 30 || s.Len() != 30 {
		t.Fatalf("%d items", len(got))
	}
	if got[0].Group == got[29].Group || got[0].Label == "" || got[0].Truth == "" {
		t.Errorf("%+v, %+v", got[0], got[29])
	}
	if open1(t, "scenes:default?n=3", Options{}).Fingerprint() == open1(t, "scenes:default?n=3&seed=1", Options{}).Fingerprint() {
		t.Error("another seed, the same fingerprint")
	}
	third := open1(t, "scenes:yellow-cars?n=3&seed=5&size=32&window=3", Options{})
	if third.Fingerprint() == open1(t, "scenes:yellow-cars?n=3&seed=5&size=32", Options{}).Fingerprint() {
		t.Error("one window, the fingerprint of all")
	}
	window := read(t, third, 0)
	if len(window) != 3 || third.Len() != 3 {
		t.Fatalf("window 3 has %d items", len(window))
	}
	for i, item := range window {
		want := got[6+i]
		want.Index, want.Path = item.Index, item.Path
		if d := cmp.Diff(want, item); d != "" {
			t.Errorf("item %d of window 3 is not item %d of all: %s", i, 6+i, d)
		}
	}
}

// TestSelection: stride, shards and limit are what slicing by hand gives, shards together give all, and going on gives the tail.
func TestSelection(t *testing.T) {
	paths := func(s *Source, from int) (all []string) {
		for i, err := range s.Items(t.Context(), from) {
			if err != nil {
				t.Fatal(err)
			}
			if i.Index != from+len(all) {
				t.Fatalf("index %d, want %d", i.Index, from+len(all))
			}
			all = append(all, i.Path)
		}
		return all
	}
	dir := t.TempDir()
	var members []member
	for i := range 23 {
		members = append(members, member{fmt.Sprintf("%03d.png", i), pngOf(t, i)})
		write(t, filepath.Join(dir, "folder", members[i].name), members[i].data)
	}
	write(t, filepath.Join(dir, "all.tar"), tarOf(t, members...))
	for _, name := range []string{"folder", "all.tar"} {
		all := paths(open1(t, filepath.Join(dir, name), Options{}), 0)
		if len(all) != 23 {
			t.Fatalf("%s: %d items", name, len(all))
		}
		for stride := 1; stride <= 4; stride++ {
			for shards := 1; shards <= 3; shards++ {
				seen := map[string]int{}
				for shard := range shards {
					for _, limit := range []int{0, 2, 100} {
						s := open1(t, filepath.Join(dir, name), Options{Stride: stride, Shards: shards, Shard: shard, Limit: limit})
						var want []string
						for i := shard * stride; i < len(all) && (limit == 0 || len(want) < limit); i += stride * shards {
							want = append(want, all[i])
						}
						got := paths(s, 0)
						if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
							t.Fatalf("%s stride %d shard %d/%d limit %d: %s", name, stride, shard, shards, limit, diff)
						}
						if s.Len() >= 0 && s.Len() != len(got) {
							t.Errorf("length %d, %d items", s.Len(), len(got))
						}
						if diff := cmp.Diff(want[min(1, len(want)):], paths(s, 1), cmpopts.EquateEmpty()); diff != "" {
							t.Errorf("from the second on: %s", diff)
						}
						if limit == 0 {
							for _, p := range got {
								seen[p]++
							}
						}
					}
				}
				if len(seen) != (len(all)+stride-1)/stride {
					t.Errorf("%s stride %d: %d shards hold %d items", name, stride, shards, len(seen))
				}
			}
		}
	}
}

// TestLoadBounds: pictures that wait are few, the order is the source's, and stopping or cancelling leaves nobody behind.
func TestLoadBounds(t *testing.T) {
	var alive, most atomic.Int64
	const n = 500
	s := &Source{n: n, options: Options{Stride: 1, Shards: 1}, at: func(i int) Item {
		return Item{Path: fmt.Sprint(i), read: func() ([]byte, error) { return nil, nil }, decode: func(_ context.Context, _ *Decoder, _ []byte, use func(*image.NRGBA) error) error {
			if a := alive.Add(1); a > most.Load() {
				most.Store(a)
			}
			return use(image.NewNRGBA(image.Rect(0, 0, 1, 1)))
		}}
	}}
	before := runtime.NumGoroutine()
	i := 0
	for l, err := range Load(t.Context(), s, 0, NewDecoder(1), whole) {
		if err != nil || l.Path != fmt.Sprint(i) {
			t.Fatalf("item %d: %s, %v", i, l.Path, err)
		}
		if i%50 == 0 {
			time.Sleep(2 * time.Millisecond) // so that decoders could run far ahead
		}
		alive.Add(-1)
		i++
	}
	if limit := int64(ahead*runtime.GOMAXPROCS(0) + 1); i != n || most.Load() > limit {
		t.Errorf("%d items, %d at once, want %d and at most %d", i, most.Load(), n, limit)
	}
	for range Load(t.Context(), s, 0, NewDecoder(1), whole) {
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	i = 0
	for _, err := range Load(ctx, s, 0, NewDecoder(1), whole) {
		if last = err; i == 10 {
			cancel()
		}
		i++
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("cancelled: %v", last)
	}
	for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) { // those that were told to stop need a moment
		if time.Now().After(end) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		write(t, path, []byte(text))
		return path
	}
	empty := filepath.Join(dir, "nothing")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, source, want string }{
		{"missing", filepath.Join(dir, "no"), "no such file"},
		{"empty folder", empty, "no pictures found"},
		{"a picture", file("x.png", "x"), "expected a folder, a manifest"},
		{"no header", file("a.csv", ""), "expected a header"},
		{"no path", file("b.csv", "image,label\n"), "expected a column path"},
		{"ragged", file("c.csv", "path,label\nx.png\n"), "line 2: 1 values, expected 2 as in the header"},
		{"empty path", file("d.csv", "path\n\"\"\n"), "line 2: no path"},
		{"outside", file("e.csv", "path\nok.png\n../x.png\n"), "line 3: ../x.png leaves"},
		{"time", file("f.csv", "path,time\nx.png,yesterday\n"), `time "yesterday": expected RFC 3339`},
		{"only a header", file("g.csv", "path\n"), "no pictures found"},
		{"json", file("a.jsonl", "{\"path\":\"x\"}\n{"), "line 2"},
		{"json object", file("b.jsonl", `{"path":{"a":1}}`), "path: expected a text"},
		{"parquet", file("a.parquet", "PAR1"), "a.parquet"},
		{"no shard", filepath.Join(dir, "s-{0..2}.tar"), "no such file"},
		{"falling range", filepath.Join(dir, "s-{5..2}.tar"), "rising range"},
		{"no match", filepath.Join(dir, "t-*.tar"), "no pictures found"},
		{"scenes", "scenes:holiday", "expected scenes: and one of default"},
		{"scenes size", "scenes:default?size=4000", "expected n"},
		{"scenes window", "scenes:steady?window=11", "expected 1 to 10"},
		{"scenes no stream", "scenes:default?window=1", "no stream"},
		{"scenes number", "scenes:default?n=many", "expected a number"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Open(c.source, Options{})
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), strings.TrimPrefix(filepath.Base(c.source), "scenes:")) {
				t.Errorf("got %v, want the source's name and %q", err, c.want)
			}
		})
	}
	if _, err := Open("scenes:default", Options{Shard: 3, Shards: 3}); err == nil {
		t.Error("shard 3 of 3")
	}
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte("path,label,time\na.png,x,2011\n"))
	f.Add([]byte(`{"path":"a.png","time":2011}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		check := func(r row) error {
			item, err := r.item(fileRow("/data"), "")
			if err == nil && !filepath.IsAbs(r.values["path"]) && !strings.HasPrefix(item.Path, "/data/") && item.Path != "/data" {
				t.Errorf("%q leaves the folder: %s", r.values["path"], item.Path)
			}
			return nil
		}
		_ = csvRows(bytes.NewReader(data), []string{"path"}, check)
		_ = jsonRows(bytes.NewReader(data), check)
		_ = readRows(bytes.NewReader(data), check)
	})
}

func FuzzTar(f *testing.F) {
	f.Add(tarOf(f, member{"a.png", pngOf(f, 1)}, member{"a.cls", []byte("1")}))
	f.Add(gzipped(f, tarOf(f, member{"a.png", pngOf(f, 1)})))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "x.tar")
		write(t, path, data)
		_, err := readShard(t.Context(), path, func(i Item) bool {
			_, _ = decoded(i.Decode, 1<<16)
			return true
		})
		if err != nil && !strings.Contains(err.Error(), path) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("an error that names no file: %v", err)
		}
	})
}
