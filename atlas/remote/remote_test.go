package remote_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/atlas/remote"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/bucket"
	"github.com/facet-clip/facet/internal/s3test"
)

// pool is a little attention pool: 2 heads, 4 neurons, embedding 3.
func pool() decompose.Weights {
	r := rand.New(rand.NewPCG(1, 2))
	random := func(n int) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(r.NormFloat64())
		}
		return v
	}
	return decompose.Weights{Heads: 2, Channels: 4, Embed: 3, Value: random(16), ValueBias: random(4), Output: random(12), OutputBias: random(3)}
}

func question(dataset string) atlas.Manifest {
	return atlas.Manifest{
		Model:    atlas.Model{Name: "m", SHA256: "abc", Engine: "test", Config: clip.Config{Heads: 2, Channels: 4, Embed: 3}},
		Datasets: []atlas.Dataset{{Source: dataset, Fingerprint: "of " + dataset}},
	}
}

// scanning makes an atlas of three images in a folder, or goes on with one.
func scanning(q atlas.Manifest) func(dir string) error {
	return func(dir string) error {
		w, err := atlas.Resume(dir, q, pool(), q.Options)
		if err != nil {
			return err
		}
		r := rand.New(rand.NewPCG(uint64(len(q.Datasets[0].Source)), uint64(q.Datasets[0].Source[0])))
		for i := range 3 {
			scalars := make([]float32, 8)
			for p := range scalars {
				scalars[p] = float32(r.NormFloat64())
			}
			if err := w.Add(atlas.Image{Path: fmt.Sprint(i), Embedding: make([]float32, 3)}, scalars); err != nil {
				return err
			}
		}
		return errors.Join(w.Finish(), w.Close())
	}
}

func filesOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == ".lock" {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files[filepath.ToSlash(name)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// empty is an error unless a shelf keeps nothing but locks.
func empty(t *testing.T, shelf remote.Shelf) {
	t.Helper()
	entries, err := os.ReadDir(string(shelf))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() {
			t.Errorf("the shelf keeps %s", e.Name())
		}
	}
}

// TestScan: what comes back from a bucket that fails one request in ten is what was scanned. Asked again, nothing is done; asked something else, it is refused.
func TestScan(t *testing.T) {
	s := s3test.Start(t, "data")
	s.FailEvery(10)
	shelf, q := remote.Shelf(t.TempDir()), question("a")
	here := filepath.Join(t.TempDir(), "here")
	if err := scanning(q)(here); err != nil {
		t.Fatal(err)
	}
	const url = "s3://data/run/part-0"
	m, err := shelf.Scan(t.Context(), url, q, nil, scanning(q))
	if err != nil || m.Images != 3 {
		t.Fatalf("%d images, %v", m.Images, err)
	}
	back := filepath.Join(t.TempDir(), "back")
	if err := remote.Get(t.Context(), url, back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(filesOf(t, here), filesOf(t, back)); diff != "" {
		t.Error(diff)
	}
	empty(t, shelf)
	again := func(string) error {
		t.Error("a finished part is scanned again")
		return nil
	}
	q.Model.Engine = "another engine"
	if m, err := shelf.Scan(t.Context(), url, q, nil, again); !errors.Is(err, atlas.ErrFinished) || m.Images != 3 {
		t.Errorf("the same question again: %d images, %v", m.Images, err)
	}
	for name, change := range map[string]func(*atlas.Manifest){
		"dataset": func(q *atlas.Manifest) { q.Datasets = question("b").Datasets }, "model": func(q *atlas.Manifest) { q.Model.SHA256 = "def" },
		"scalars": func(q *atlas.Manifest) { q.Options.KeepScalars = true }, "turned": func(q *atlas.Manifest) { q.Options.ExifRotate = true },
	} {
		other := question("a")
		change(&other)
		if _, err := shelf.Scan(t.Context(), url, other, nil, again); !errors.Is(err, atlas.ErrMismatch) || !strings.Contains(err.Error(), url) {
			t.Errorf("another %s: %v", name, err)
		}
	}
}

// TestScanCutOff: a scan or an upload that ends early leaves no atlas in the bucket, and goes on in the same folder.
func TestScanCutOff(t *testing.T) {
	s := s3test.Start(t, "data")
	shelf, q := remote.Shelf(t.TempDir()), question("a")
	const url = "s3://data/part-0"
	var first string
	broken := errors.New("killed")
	if _, err := shelf.Scan(t.Context(), url, q, nil, func(dir string) error { first = dir; return broken }); !errors.Is(err, broken) {
		t.Fatal(err)
	}
	_, err := shelf.Scan(t.Context(), url, q, nil, func(dir string) error {
		if dir != first {
			t.Errorf("it goes on in %s, it was in %s", dir, first)
		}
		defer s.Deny(true)
		return scanning(q)(dir)
	})
	if !errors.Is(err, bucket.ErrAccess) {
		t.Errorf("an upload that is refused: %v", err)
	}
	s.Deny(false)
	if _, err := remote.Manifest(t.Context(), url); !errors.Is(err, bucket.ErrKey) {
		t.Errorf("half an atlas: %v", err)
	}
	if m, err := shelf.Scan(t.Context(), url, q, nil, scanning(q)); err != nil || m.Images != 3 {
		t.Errorf("after that: %d images, %v", m.Images, err)
	}
	empty(t, shelf)
}

// TestScanAtOnce: of two machines and two processes of each, all end with the one atlas there.
func TestScanAtOnce(t *testing.T) {
	s3test.Start(t, "data")
	q := question("a")
	var all sync.WaitGroup
	for _, shelf := range []remote.Shelf{remote.Shelf(t.TempDir()), remote.Shelf(t.TempDir())} {
		for range 2 {
			all.Go(func() {
				if m, err := shelf.Scan(t.Context(), "s3://data/part-0", q, nil, scanning(q)); err != nil && !errors.Is(err, atlas.ErrFinished) || m.Images != 3 {
					t.Errorf("%d images, %v", m.Images, err)
				}
			})
		}
	}
	all.Wait()
	if err := remote.Get(t.Context(), "s3://data/part-0", t.TempDir()); err != nil {
		t.Error(err)
	}
}

// TestOverwritten: an atlas of other bytes put to the same place leaves the files of the first alone, so that who reads it meanwhile gets it whole.
func TestOverwritten(t *testing.T) {
	s := s3test.Start(t, "data")
	for _, name := range []string{"a", "b"} {
		dir := filepath.Join(t.TempDir(), "atlas")
		if err := errors.Join(scanning(question(name))(dir), remote.Put(t.Context(), dir, "s3://data/p")); err != nil {
			t.Fatal(err)
		}
	}
	folders := map[string]bool{}
	for _, key := range s.Keys("data") {
		if folder, _, below := strings.Cut(strings.TrimPrefix(key, "p/"), "/"); below {
			folders[folder] = true
		}
	}
	if len(folders) != 2 {
		t.Errorf("folders %v, want two", folders)
	}
}

// TestMerge: merged from a bucket, more parts than lie on the disk at a time give the bytes that folders give.
func TestMerge(t *testing.T) {
	s3test.Start(t, "data")
	shelf := remote.Shelf(t.TempDir())
	var dirs, urls []string
	for i := range 35 {
		q := question(fmt.Sprintf("part %02d", i))
		dir := filepath.Join(t.TempDir(), "atlas")
		if err := scanning(q)(dir); err != nil {
			t.Fatal(err)
		}
		dirs = append(dirs, dir)
		if i%10 == 7 { // some stay folders
			urls = append(urls, dir)
			continue
		}
		urls = append(urls, fmt.Sprintf("s3://data/part-%d", i))
		if err := remote.Put(t.Context(), dir, urls[i]); err != nil {
			t.Fatal(err)
		}
	}
	want, got := filepath.Join(t.TempDir(), "m"), filepath.Join(t.TempDir(), "m")
	if err := errors.Join(atlas.Merge(dirs, want), shelf.Merge(t.Context(), urls, got)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(filesOf(t, want), filesOf(t, got)); diff != "" {
		t.Error(diff)
	}
	if _, err := os.Stat(got + ".parts"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what was fetched is still there: %v", err)
	}
	for _, dir := range dirs {
		if _, err := atlas.ReadManifest(dir); err != nil {
			t.Errorf("a folder that was merged is gone: %v", err)
		}
	}
	back := filepath.Join(t.TempDir(), "m")
	if err := errors.Join(shelf.Merge(t.Context(), urls, "s3://data/merged"), remote.Get(t.Context(), "s3://data/merged", back)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(filesOf(t, want), filesOf(t, back)); diff != "" {
		t.Errorf("merged into the bucket: %s", diff)
	}
	if err := shelf.Merge(t.Context(), urls, "s3://data/merged"); !errors.Is(err, atlas.ErrFinished) || !strings.Contains(err.Error(), "s3://data/merged") {
		t.Errorf("merged into the bucket again: %v", err)
	}
	empty(t, shelf)
	ranged := filepath.Join(t.TempDir(), "m")
	if err := shelf.Merge(t.Context(), append([]string{"s3://data/part-{0..6}", "s3://data/part-{8..9}"}, urls[7], urls[10]), ranged); err != nil {
		t.Error(err)
	} else if m, err := atlas.ReadManifest(ranged); err != nil || m.Images != 3*11 {
		t.Errorf("of ranges: %d images, %v", m.Images, err)
	}
	twice := []string{"s3://data/part-0", "s3://data/part-1", "s3://data/part-0"}
	if err := shelf.Merge(t.Context(), twice, filepath.Join(t.TempDir(), "m")); err == nil || !strings.Contains(err.Error(), "s3://data/part-0") || strings.Contains(err.Error(), ".parts") {
		t.Errorf("the same part twice: %v", err)
	}
	missing := []string{"s3://data/part-0", "s3://data/none"}
	if err := shelf.Merge(t.Context(), missing, filepath.Join(t.TempDir(), "m")); !errors.Is(err, bucket.ErrKey) || !strings.Contains(err.Error(), "s3://data/none: expected an atlas") {
		t.Errorf("a part that is not there: %v", err)
	}
	own := filepath.Join(t.TempDir(), "m")
	letter := filepath.Join(own+".parts", "letter.txt") // a folder of that name that somebody else made
	if err := errors.Join(os.Mkdir(own+".parts", 0o700), os.WriteFile(letter, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := shelf.Merge(t.Context(), []string{"s3://data/part-0", "s3://data/part-1"}, own); err == nil || !strings.Contains(err.Error(), "letter.txt") {
		t.Errorf("a folder of somebody else: %v", err)
	}
	if _, err := os.Stat(letter); err != nil {
		t.Errorf("what somebody kept there is gone: %v", err)
	}
	left := filepath.Join(t.TempDir(), "m")
	if err := os.MkdirAll(filepath.Join(left+".parts", "000001"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := shelf.Merge(t.Context(), []string{"s3://data/part-0", "s3://data/part-1"}, left); err != nil {
		t.Errorf("after a merge that was killed: %v", err)
	}
}

// TestCopied: an atlas that was copied to a bucket file by file is shown; one of which a file was changed is refused.
func TestCopied(t *testing.T) {
	s := s3test.Start(t, "data")
	dir := filepath.Join(t.TempDir(), "atlas")
	if err := scanning(question("a"))(dir); err != nil {
		t.Fatal(err)
	}
	for name, data := range filesOf(t, dir) {
		s.Put("data", "photos.atlas/"+name, []byte(data))
	}
	shelf := remote.Shelf(t.TempDir())
	images := 0
	show := func() error {
		return shelf.Show(t.Context(), "s3://data/photos.atlas", func(dir string) error {
			a, err := atlas.Open(dir)
			if err == nil {
				images = a.Manifest.Images
			}
			return err
		})
	}
	if err := show(); err != nil || images != 3 {
		t.Errorf("%d images, %v", images, err)
	}
	empty(t, shelf)
	s.Put("data", "photos.atlas/pairs.parquet", []byte("other"))
	if err := show(); !errors.Is(err, remote.ErrDamaged) || !strings.Contains(err.Error(), "s3://data/photos.atlas/pairs.parquet") {
		t.Errorf("a changed file: %v", err)
	}
}

// TestOutside: an atlas.json from a stranger writes nothing outside the folder.
func TestOutside(t *testing.T) {
	s := s3test.Start(t, "data")
	dir := filepath.Join(t.TempDir(), "atlas")
	if err := scanning(question("a"))(dir); err != nil {
		t.Fatal(err)
	}
	for name, data := range filesOf(t, dir) {
		data = strings.Replace(data, `"files": [`, `"files": [{"name": "../../x", "bytes": 1, "sha256": "a"},`, 1)
		s.Put("data", "a/"+name, []byte(data))
	}
	if err := remote.Get(t.Context(), "s3://data/a", t.TempDir()); !errors.Is(err, atlas.ErrFormat) || !strings.Contains(err.Error(), "../../x") {
		t.Errorf("got %v", err)
	}
}
