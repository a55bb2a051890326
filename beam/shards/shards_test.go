package shards_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"golang.org/x/sync/errgroup"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/beam/shards"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/lab"
)

func TestMain(m *testing.M) {
	beam.Init()
	os.Exit(m.Run())
}

// scenes are few and small.
const scenes = "scenes:single?n=9&seed=3&size=64"

// tables are the digests of an atlas's files, but for atlas.json, which has places.
func tables(t *testing.T, dir string) map[string]string {
	t.Helper()
	m, err := atlas.ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	digests := map[string]string{}
	for _, f := range m.Files {
		data, err := os.ReadFile(filepath.Join(dir, f.Name))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(data)
		if digests[f.Name] = hex.EncodeToString(sum[:]); digests[f.Name] != f.SHA256 {
			t.Errorf("%s: sha256 %s, its manifest says %s", f.Name, digests[f.Name], f.SHA256)
		}
	}
	if len(digests) < 6 {
		t.Fatalf("%s: %d tables", dir, len(digests))
	}
	return digests
}

// same fails a test unless two atlases have the same tables.
func same(t *testing.T, got, want string) {
	t.Helper()
	g, w := tables(t, got), tables(t, want)
	if len(g) != len(w) {
		t.Errorf("%s: %d tables, %s has %d", got, len(g), want, len(w))
	}
	for name := range w {
		if g[name] != w[name] {
			t.Errorf("%s: %s: sha256 %.12s…, of %s %.12s…", got, name, g[name], want, w[name])
		}
	}
}

// plain scans without Beam, so many shards at a time, and merges them.
func plain(t *testing.T, source string, shards, workers int) string {
	t.Helper()
	dir := t.TempDir()
	out := filepath.Join(dir, "atlas")
	var group errgroup.Group
	group.SetLimit(workers)
	var parts []string
	for i := range shards {
		part := filepath.Join(dir, fmt.Sprint("part-", i))
		parts = append(parts, part)
		group.Go(func() error { return scanPart(t, source, part, i, shards) })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if shards == 1 {
		return parts[0]
	}
	if err := atlas.Merge(parts, out); err != nil {
		t.Fatal(err)
	}
	return out
}

func scanPart(t *testing.T, source, part string, shard, shards int) error {
	l, err := lab.Open(t.Context(), lab.Config{Engine: "portable"})
	if err != nil {
		return err
	}
	defer l.Close()
	s, err := dataset.Open(source, dataset.Options{Shard: shard, Shards: shards})
	if err != nil {
		return err
	}
	_, err = l.Scan(t.Context(), lab.Scan{Source: s, Folder: part})
	return err
}

// run runs a job on Prism.
func run(t *testing.T, source, output string, n int) (shards.Result, error) {
	t.Helper()
	return shards.Run(t.Context(), shards.Job{Source: source, Output: output, Shards: n, Engine: "portable"})
}

// TestSameTables: Prism leaves the bits of plain processes, however many there are.
func TestSameTables(t *testing.T) {
	for _, n := range []int{1, 4} {
		r, err := run(t, scenes, t.TempDir(), n)
		if err != nil {
			t.Fatal(err)
		}
		if c := r.Counters; c["images"] < 1 || c["images"] > 9 || c["milliseconds"] < 1 || c["kept"] != 0 || n == 1 && c["images"] != 9 {
			t.Errorf("%d shards: Beam counted %v", n, c)
		}
		if r.Images != 9 || r.Unreadable != 0 || len(r.SHA256) != 64 {
			t.Errorf("%d shards: %+v", n, r)
		}
		for _, workers := range []int{1, 2, 4} {
			same(t, r.Atlas, plain(t, scenes, n, workers))
		}
	}
}

// written is when an atlas was.
func written(t *testing.T, dir string) time.Time {
	t.Helper()
	info, err := os.Stat(filepath.Join(dir, atlas.ManifestFile))
	if err != nil {
		t.Fatal(err)
	}
	return info.ModTime()
}

// TestRunAgain: shards that are done are kept, lost ones are scanned again, and the atlas is the same; another question is refused.
func TestRunAgain(t *testing.T) {
	out := t.TempDir()
	r, err := run(t, scenes, out, 3)
	if err != nil {
		t.Fatal(err)
	}
	first := filepath.Join(t.TempDir(), "first")
	if err := errors.Join(os.CopyFS(first, os.DirFS(r.Atlas)), os.RemoveAll(r.Atlas), os.RemoveAll(filepath.Join(out, "part-1"))); err != nil {
		t.Fatal(err)
	}
	old := written(t, filepath.Join(out, "part-0"))
	for range 2 { // the second time, the merged atlas is kept too
		if r, err = run(t, scenes, out, 3); err != nil || r.Images != 9 || r.Counters["kept"] < 1 {
			t.Fatalf("again: %+v, %v", r, err)
		}
		same(t, r.Atlas, first)
	}
	if now := written(t, filepath.Join(out, "part-0")); now != old {
		t.Errorf("a shard that was done was scanned again: %v, it was of %v", now, old)
	}
	for source, expect := range map[string]string{strings.Replace(scenes, "seed=3", "seed=4", 1): "another dataset", filepath.Join(out, "nowhere"): "no such file"} {
		if _, err := run(t, source, out, 3); err == nil || !strings.Contains(err.Error(), expect) {
			t.Errorf("%s: %v, expected %q", source, err, expect)
		}
	}
}

// TestGarbage: files that are no pictures are counted, and listed in the atlas with the reason.
func TestGarbage(t *testing.T) {
	photos, out := t.TempDir(), t.TempDir()
	picture, err := os.ReadFile("../../docs/images/scene.png")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		err = errors.Join(err, os.WriteFile(filepath.Join(photos, fmt.Sprint(i, ".png")), picture, 0o644))
	}
	if err := errors.Join(err, os.WriteFile(filepath.Join(photos, "4.png"), []byte("garbage"), 0o644)); err != nil {
		t.Fatal(err)
	}
	r, err := run(t, photos, out, 2)
	if err != nil || r.Images != 4 || r.Unreadable != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	m, err := atlas.ReadManifest(r.Atlas)
	if err != nil || len(m.Skipped) != 1 || m.Skipped[0].Path != "4.png" || m.Skipped[0].Reason == "" {
		t.Errorf("skipped: %+v, %v", m.Skipped, err)
	}
}

// TestRefused: what is wrong with a job is said before anything runs.
func TestRefused(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	for expect, job := range map[string]shards.Job{
		"a dataset to scan":  {Output: out, Shards: 1},
		"a folder to write":  {Source: scenes, Shards: 1},
		"0 shards: expected": {Source: scenes, Output: out},
		"100001 shards":      {Source: scenes, Output: out, Shards: shards.MostShards + 1},
	} {
		if _, err := shards.Run(t.Context(), job); err == nil || !strings.Contains(err.Error(), expect) {
			t.Errorf("%+v: %v, expected %q", job, err, expect)
		}
	}
	if _, err := os.Stat(out); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something was written: %v", err)
	}
}
