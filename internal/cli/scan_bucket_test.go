package cli

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/internal/s3test"
	"github.com/facet-clip/facet/scenes"
)

// shardOf is a tar shard of three scenes.
func shardOf(t *testing.T, k int) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := range 3 {
		spec, err := scenes.Sample(scenes.DefaultWorld(), 1, uint64(3*k+i))
		if err != nil {
			t.Fatal(err)
		}
		scene, err := scenes.Render(spec, 96)
		if err != nil {
			t.Fatal(err)
		}
		var picture bytes.Buffer
		if err := png.Encode(&picture, scene.Image); err != nil {
			t.Fatal(err)
		}
		if err := w.WriteHeader(&tar.Header{Name: fmt.Sprintf("%d-%d.png", k, i), Mode: 0o600, Size: int64(picture.Len())}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(picture.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// worker is facet as a process of its own, over a cache that outlives it.
func worker(cache string, args ...string) (*exec.Cmd, *bytes.Buffer) {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "FACET_TEST_MAIN=1", "FACET_CACHE="+cache)
	said := &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = said, said
	return cmd, said
}

// killedOnceUnderWay starts a scan, waits for a checkpoint behind the first, and kills it.
func killedOnceUnderWay(t *testing.T, cache string, args ...string) {
	t.Helper()
	cmd, said := worker(cache, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	begun := ""
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(2 * time.Millisecond) {
		if found, _ := filepath.Glob(filepath.Join(cache, "atlases", "*", "images.part")); len(found) == 1 {
			if info, err := os.Stat(found[0]); err == nil && info.Size() > 0 {
				begun = found[0]
				break
			}
		}
		if time.Now().After(deadline) {
			break
		}
	}
	cmd.Process.Kill()
	if err := cmd.Wait(); err == nil || begun == "" {
		t.Fatalf("it was to be killed in the middle: %v, %q: %s", err, begun, said)
	}
	if _, err := os.Stat(begun); err != nil {
		t.Errorf("what was scanned so far is gone: %v", err)
	}
}

// TestScanBucket: two workers scan the shards of a bucket that fails one request in ten, and put their parts there. One is killed in the middle and started
// again, another is started twice at once. A shard is garbage. Merged, the parts have the bytes of two undisturbed scans of files, and the garbage is listed.
func TestScanBucket(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: takes some seconds")
	}
	s := s3test.Start(t, "data")
	s.FailEvery(10)
	root := t.TempDir()
	for k := range 4 {
		shard := shardOf(t, k)
		if k == 2 {
			shard = []byte("garbage")
		}
		name := fmt.Sprintf("shard-%d.tar", k)
		s.Put("data", name, shard)
		if err := os.WriteFile(filepath.Join(root, name), shard, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	part := func(k int) []string {
		return scanArgs("s3://data/shard-*.tar", fmt.Sprintf("s3://data/run/part-%d", k), "--shard", fmt.Sprintf("%d/2", k), "--checkpoint-every", "1")
	}
	cache := filepath.Join(root, "cache")
	killedOnceUnderWay(t, cache, part(1)...)
	if got := s.Get("data", "run/part-1/atlas.json"); got != nil {
		t.Error("a scan that was killed left an atlas in the bucket")
	}
	if cmd, said := worker(cache, part(1)...); cmd.Run() != nil {
		t.Fatalf("started again: %s", said)
	}
	one, said1 := worker(cache, part(0)...)
	two, said2 := worker(filepath.Join(root, "elsewhere"), part(0)...)
	if err := errors.Join(one.Start(), two.Start()); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(one.Wait(), two.Wait()); err != nil {
		t.Fatalf("twice at once: %v: %s%s", err, said1, said2)
	}
	t.Setenv("FACET_CACHE", filepath.Join(root, "third"))
	if _, out, log := facet(t, part(1)...); !strings.Contains(log, "already done") || !strings.Contains(out, "images     6") {
		t.Errorf("again: %s%s", out, log)
	}
	if code, _, log := facet(t, scanArgs("s3://data/shard-*.tar", "s3://data/run/part-1", "--shard", "0/2")...); code != exitFailure || !strings.Contains(log, "s3://data/run/part-1") || !strings.Contains(log, "part 1 of 2") {
		t.Errorf("another question: exit code %d: %s", code, log)
	}
	merged, want := filepath.Join(root, "merged"), filepath.Join(root, "want")
	var shown atlas.Manifest
	if err := json.Unmarshal([]byte(succeed(t, "atlas", "merge", "s3://data/run/part-1", "s3://data/run/part-0", "-o", merged, "--json")), &shown); err != nil {
		t.Fatal(err)
	}
	if shown.Images != 9 || len(shown.Skipped) != 1 || shown.Skipped[0].Path != "shard-2.tar" || !strings.Contains(shown.Skipped[0].Reason, "damaged") {
		t.Errorf("%d images, skipped %+v", shown.Images, shown.Skipped)
	}
	for k := range 2 {
		succeed(t, scanArgs(filepath.Join(root, "shard-*.tar"), filepath.Join(root, fmt.Sprint("p", k)), "--shard", fmt.Sprintf("%d/2", k))...)
	}
	succeed(t, "atlas", "merge", filepath.Join(root, "p0"), filepath.Join(root, "p1"), "-o", want)
	a, b := manifestOf(t, merged), manifestOf(t, want)
	for i, f := range a.Files {
		if f != b.Files[i] {
			t.Errorf("merged from the bucket %+v, want %+v", f, b.Files[i])
		}
	}
	if out := succeed(t, "atlas", "show", "s3://data/run/part-1"); !strings.Contains(out, "s3://data/run/part-1") || !strings.Contains(out, "images     6") {
		t.Error(out)
	}
}

// TestScanKilledOften: a worker of a bucket that fails one request in ten, with a garbage shard, is killed at 20 random moments, each time started again as it was. Merged into the
// bucket, its parts have the bytes of undisturbed scans.
func TestScanKilledOften(t *testing.T) {
	if os.Getenv("FACET_SLOW") == "" {
		t.Skip("FACET_SLOW=1 kills a worker twenty times, which takes a minute or two")
	}
	s := s3test.Start(t, "data")
	root := t.TempDir()
	for k := range 8 {
		shard := shardOf(t, k)
		if k == 5 {
			shard = []byte("garbage")
		}
		s.Put("data", fmt.Sprintf("shard-%d.tar", k), shard)
	}
	const parts = 4
	scanOf := func(run string, k int) []string {
		return scanArgs("s3://data/shard-*.tar", fmt.Sprintf("s3://data/%s/part-%d", run, k), "--shard", fmt.Sprintf("%d/%d", k, parts), "--checkpoint-every", "1")
	}
	began := time.Now()
	for k := range parts {
		if cmd, said := worker(filepath.Join(root, "calm"), scanOf("calm", k)...); cmd.Run() != nil {
			t.Fatalf("undisturbed: %s", said)
		}
	}
	each := time.Since(began) / parts
	s.FailEvery(10)
	r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 23))
	cache, killed, k := filepath.Join(root, "cache"), 0, 0
	for killed < 20 || k < parts {
		run := fmt.Sprintf("killed-%d", k/parts)
		cmd, said := worker(cache, scanOf(run, k%parts)...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		after := time.AfterFunc(time.Duration(r.Int64N(int64(each))), func() { cmd.Process.Kill() })
		err := cmd.Wait()
		after.Stop()
		var exit *exec.ExitError
		switch {
		case err == nil:
			k++
		case errors.As(err, &exit) && exit.ExitCode() == -1:
			killed++
		default:
			t.Fatalf("not killed, and yet: %v: %s", err, said)
		}
	}
	for k%parts != 0 { // what was begun is finished
		if cmd, said := worker(cache, scanOf(fmt.Sprintf("killed-%d", k/parts), k%parts)...); cmd.Run() != nil {
			t.Fatalf("at last: %s", said)
		}
		k++
	}
	t.Logf("%d kills, %d parts of about %v", killed, k, each)
	t.Setenv("FACET_CACHE", filepath.Join(root, "third"))
	want := mergedTables(t, "calm", parts)
	for run := range k / parts {
		name := fmt.Sprintf("killed-%d", run)
		if diff := cmp.Diff(want, mergedTables(t, name, parts)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// mergedTables merges the parts of a run into the bucket, and gives the digests of the tables, with what is listed as unreadable.
func mergedTables(t *testing.T, run string, parts int) map[string]string {
	t.Helper()
	var m atlas.Manifest
	out := succeed(t, "atlas", "merge", fmt.Sprintf("s3://data/%s/part-{0..%d}", run, parts-1), "-o", "s3://data/"+run+"/atlas", "--json")
	if err := json.Unmarshal([]byte(out), &m); err != nil {
		t.Fatal(err)
	}
	tables := map[string]string{"skipped": fmt.Sprint(m.Skipped)}
	for _, f := range m.Files {
		tables[f.Name] = f.SHA256
	}
	if len(m.Skipped) != 1 || len(tables) < 8 {
		t.Errorf("%s: skipped %v, %d tables", run, m.Skipped, len(tables))
	}
	return tables
}

func manifestOf(t *testing.T, dir string) atlas.Manifest {
	t.Helper()
	m, err := atlas.ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
