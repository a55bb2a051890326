package dataset

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/internal/bucket"
	"github.com/facet-clip/facet/internal/s3test"
)

// TestBucketFolder: a prefix is a folder, of classes where all lie deep; a server that fails one request in ten changes nothing.
func TestBucketFolder(t *testing.T) {
	s := s3test.Start(t, "data")
	s.FailEvery(10)
	for i, key := range []string{"photos/dog/x/1.png", "photos/cat/2.PNG", "photos/cat/é 3.png", "photos/notes.txt", "photos/.hidden/4.png", "photos-too/5.png"} {
		s.Put("data", key, pngOf(t, i))
	}
	s.Put("data", "photos/cat/broken.jpg", []byte("no"))
	for _, name := range []string{"s3://data/photos", "s3://data/photos/"} {
		src := open1(t, name, Options{})
		want := []described{
			{Index: 0, Path: "s3://data/photos/cat/2.PNG", Label: "cat", Says: 1}, {Index: 1, Path: "s3://data/photos/cat/broken.jpg", Label: "cat", Says: -1},
			{Index: 2, Path: "s3://data/photos/cat/é 3.png", Label: "cat", Says: 2}, {Index: 3, Path: "s3://data/photos/dog/x/1.png", Label: "dog"},
		}
		if diff := cmp.Diff(want, read(t, src, 0)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if diff := cmp.Diff(want[2:], read(t, src, 2)); diff != "" {
			t.Errorf("%s from item 2: %s", name, diff)
		}
		if src.Kind != "classes" || src.Len() != 4 || src.Ignored != 1 {
			t.Errorf("%s: %s of %d, %d ignored", name, src.Kind, src.Len(), src.Ignored)
		}
		root, err := src.Root()
		if within := Within(root, want[0].Path); err != nil || within != "cat/2.PNG" || Under(root, within) != want[0].Path {
			t.Errorf("%s: root %q, within it %q, %v", name, root, within, err)
		}
	}
	part := read(t, open1(t, "s3://data/photos/", Options{Shard: 1, Shards: 2}), 0)
	if len(part) != 2 || part[0].Path != "s3://data/photos/cat/broken.jpg" || part[1].Path != "s3://data/photos/dog/x/1.png" {
		t.Errorf("part 1 of 2: %+v", part)
	}
}

// TestBucketChanged: keys that came or went since a prefix was listed end the source with an error, in place of other numbers.
func TestBucketChanged(t *testing.T) {
	s := s3test.Start(t, "data")
	s.Put("data", "p/1.png", pngOf(t, 1))
	src := open1(t, "s3://data/p/", Options{})
	s.Put("data", "p/2.png", pngOf(t, 2))
	var last error
	for _, err := range src.Items(t.Context(), 0) {
		last = err
	}
	if !errors.Is(last, errListing) || !strings.Contains(last.Error(), "s3://data/p/") {
		t.Errorf("got %v", last)
	}
}

// TestBucketManifest: tables of every kind in a bucket name pictures beside them, or anywhere in the bucket, and nothing else.
func TestBucketManifest(t *testing.T) {
	s := s3test.Start(t, "data")
	s.FailEvery(10)
	s.Put("data", "lists/p/1.png", pngOf(t, 1))
	s.Put("data", "far/2.png", pngOf(t, 2))
	s.Put("data", "lists/m.csv", []byte("path,label,extra\np/1.png,a,x\ns3://data/far/2.png,b,\nnone.png,c,\n"))
	s.Put("data", "lists/m.jsonl", []byte(`{"path":"p/1.png","label":"a","extra":1}`+"\n"+`{"path":"s3://data/far/2.png","label":"b"}`+"\n"+`{"path":"none.png","label":"c"}`))
	type line struct {
		Path  string `parquet:"path"`
		Label string `parquet:"label"`
		Extra int64  `parquet:"extra"`
	}
	s.Put("data", "lists/m.parquet", parquetOf(t, line{"p/1.png", "a", 1}, line{"s3://data/far/2.png", "b", 2}, line{"none.png", "c", 3}))
	want := []described{
		{Path: "s3://data/lists/p/1.png", Label: "a", Says: 1}, {Index: 1, Path: "s3://data/far/2.png", Label: "b", Says: 2},
		{Index: 2, Path: "s3://data/lists/none.png", Label: "c", Says: -1},
	}
	for _, name := range []string{"m.csv", "m.jsonl", "m.parquet"} {
		src := open1(t, "s3://data/lists/"+name, Options{})
		if diff := cmp.Diff(want, read(t, src, 0)); diff != "" || src.Len() != 3 || src.Ignored != 1 {
			t.Errorf("%s: %d items, %d columns ignored: %s", name, src.Len(), src.Ignored, diff)
		}
	}
	for path, want := range map[string]string{"../x.png": "leaves", "/etc/x.png": "leaves", "file:///etc/x.png": "leaves", "s3://other/x.png": "leaves", "p/../../x.png": "leaves", "": "no path"} {
		s.Put("data", "lists/bad.csv", fmt.Appendf(nil, "path,label\n%s,a\n", path))
		if _, err := Open("s3://data/lists/bad.csv", Options{}); !errors.Is(err, ErrManifest) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "s3://data/lists/bad.csv") {
			t.Errorf("%q: %v", path, err)
		}
	}
}

// TestBucketTar: shards by a range, a pattern or one name; a part reads its own shards alone; a garbage shard is listed.
func TestBucketTar(t *testing.T) {
	s := s3test.Start(t, "data")
	s.FailEvery(10)
	for i := range 4 {
		shard := tarOf(t, member{fmt.Sprintf("%d.png", i), pngOf(t, i)}, member{fmt.Sprintf("%d.cls", i), []byte("7")})
		s.Put("data", fmt.Sprintf("t/s-%d.tar", i), shard)
	}
	s.Put("data", "t/s-2.tar", []byte("garbage"))
	want := []described{
		{Index: 0, Path: "s3://data/t/s-0.tar#0.png", Label: "7"}, {Index: 1, Path: "s3://data/t/s-1.tar#1.png", Label: "7", Says: 1},
		{Index: 2, Path: "s3://data/t/s-2.tar", Says: -1}, {Index: 3, Path: "s3://data/t/s-3.tar#3.png", Label: "7", Says: 3},
	}
	for _, name := range []string{"s3://data/t/s-{0..3}.tar", "s3://data/t/s-*.tar", "s3://data/t/*.tar"} {
		src := open1(t, name, Options{})
		if diff := cmp.Diff(want, read(t, src, 0)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if root, err := src.Root(); root != "s3://data/t" || err != nil {
			t.Errorf("%s: root %q, %v", name, root, err)
		}
	}
	part := open1(t, "s3://data/t/s-*.tar", Options{Shard: 1, Shards: 2})
	other := open1(t, "s3://data/t/s-*.tar", Options{Shard: 0, Shards: 2})
	if part.Fingerprint() == other.Fingerprint() {
		t.Error("two parts of one fingerprint")
	}
	if shard, shards := part.Shard(); shard != 1 || shards != 2 {
		t.Errorf("part 1 of 2 calls itself %d of %d", shard, shards)
	}
	before := s.Requests()
	got := read(t, part, 0)
	if len(got) != 2 || got[0].Path != "s3://data/t/s-1.tar#1.png" || got[1].Path != "s3://data/t/s-3.tar#3.png" {
		t.Errorf("part 1 of 2: %+v", got)
	}
	if n := s.Requests() - before; n > 8 { // both shards twice: read opens each picture again
		t.Errorf("%d requests for two shards", n)
	}
	if _, err := Open("s3://data/t/s-{0..4}.tar", Options{}); !errors.Is(err, bucket.ErrKey) || !strings.Contains(err.Error(), "s3://data/t/s-4.tar") {
		t.Errorf("a range of which one is not there: %v", err)
	}
}

// TestBucketRefuses: what is no source in a bucket, by its URL.
func TestBucketRefuses(t *testing.T) {
	s := s3test.Start(t, "data")
	s.Put("data", "t/s-0.tar", tarOf(t))
	for name, want := range map[string]error{
		"s3://data/none/": ErrEmpty, "s3://data/t/": ErrEmpty, "s3://other/p/": bucket.ErrBucket, "s3://data/none.csv": bucket.ErrKey,
		"s3://data/none.tar": bucket.ErrKey, "s3://data/none.parquet": bucket.ErrKey, "s3:///p/": bucket.ErrURL, "s3://data/n-*.tar": ErrEmpty,
	} {
		if _, err := Open(name, Options{}); !errors.Is(err, want) || !strings.Contains(err.Error(), strings.TrimSuffix(name, "/")) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
}

// TestBucketUnreachable: a server that goes away while pictures are read ends the source; they are not listed as unreadable.
func TestBucketUnreachable(t *testing.T) {
	if !ofSource(fmt.Errorf("s3://data/1.png: %w", bucket.ErrUnavailable)) || ofSource(bucket.ErrKey) {
		t.Error("what is lost with its bucket is taken for a picture that cannot be read, or the other way around")
	}
}
