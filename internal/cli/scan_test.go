package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/engine/ort"
	"github.com/facet-clip/facet/engine/portable"
)

// TestMain lets the test binary be facet itself, so that tests can kill it.
func TestMain(m *testing.M) {
	switch os.Getenv("FACET_TEST_MAIN") {
	case "":
	case "stuck": // in something that does not look at its context
		_, stop := withSignals(context.Background())
		defer stop()
		fmt.Fprintln(os.Stderr, "stuck")
		select {}
	default:
		os.Exit(Main(os.Args[1:], os.Stdout, os.Stderr))
	}
	dir, err := os.MkdirTemp("", "facet")
	if err != nil {
		panic(err)
	}
	shared.dir = dir
	if _, err := ort.New(ort.Options{}); err == nil { // so that each command has the same engine, whatever its cache
		if path, err := ort.Find(); err == nil {
			os.Setenv(ort.Variable, path)
		}
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// start runs facet as a process of its own.
func start(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd, log := startLogged(t, args...)
	go io.Copy(io.Discard, log)
	return cmd
}

// startLogged is start with what the process says on stderr, to be read to its end.
func startLogged(t *testing.T, args ...string) (*exec.Cmd, io.Reader) {
	t.Helper()
	return startAs(t, "1", args...)
}

// startAs is startLogged with what the process is to be; its standard input never says anything.
func startAs(t *testing.T, what string, args ...string) (*exec.Cmd, io.Reader) {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "FACET_TEST_MAIN="+what, "FACET_CACHE="+t.TempDir())
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close() })
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, log
}

const someScenes = "scenes:default?n=20&size=96"

// scanArgs scan with the demo model on the engine that every machine has.
func scanArgs(source, output string, more ...string) []string {
	return append([]string{"scan", source, "-o", output, "--model", "demo"}, more...)
}

// atlasFiles are the bytes of a finished atlas.
func atlasFiles(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		files[strings.TrimPrefix(path, dir)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func sameAtlas(t *testing.T, got, want map[string]string) {
	t.Helper()
	for name, data := range want {
		if got[name] != data {
			t.Errorf("%s: its %d bytes are not the %d expected", name, len(got[name]), len(data))
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d files, want %d", len(got), len(want))
	}
}

// TestScan: the mean of the embeddings is what the mean scalars add up to, and rows name their scenes.
func TestScan(t *testing.T) {
	const source = "scenes:default?n=30&size=96"
	dir := filepath.Join(t.TempDir(), "atlas")
	var shown atlas.Manifest
	out := succeed(t, scanArgs(source, dir, "--limit", "12", "--stride", "2", "--json")...)
	if err := json.Unmarshal([]byte(out), &shown); err != nil || shown.Images != 12 || shown.Datasets[0].Source != source {
		t.Fatalf("%v: %s", err, out)
	}
	a, err := atlas.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	w, ov := demoMap(t)
	mean, i := make([]float64, w.Embed), 0
	for image, err := range a.Images() {
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("%s#%d", source, 2*i); image.Path != want || image.Label == "" || len(image.Top) != atlas.Uses {
			t.Errorf("image %d: %q of class %q with %d pairs, want %q", i, image.Path, image.Label, len(image.Top), want)
		}
		for d, v := range image.Embedding {
			mean[d] += float64(v) / 12
		}
		i++
	}
	for d, b := range ov.Bias() {
		mean[d] -= float64(b)
	}
	var left, length float64
	for _, v := range mean {
		length += v * v
	}
	for h, u := range ov.Directions() {
		for n := range w.Channels {
			for d := range mean {
				mean[d] -= a.Stats.Mean[h*w.Channels+n] * float64(u[n*w.Embed+d])
			}
		}
	}
	for _, v := range mean {
		left += v * v
	}
	if r := math.Sqrt(left / length); !(r < 1e-5) {
		t.Errorf("Σ s̄·u + b differs from the mean embedding by %g of its length", r)
	}
	if again := succeed(t, "atlas", "show", dir, "--json"); again != out {
		t.Errorf("facet atlas show prints %s, the scan printed %s", again, out)
	}
}

func demoMap(t *testing.T) (decompose.Weights, *decompose.OV) {
	t.Helper()
	ck, err := demo.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	defer ck.Close()
	return poolOf(t, ck)
}

func poolOf(t *testing.T, ck *checkpoint.Checkpoint) (decompose.Weights, *decompose.OV) {
	t.Helper()
	m, err := clip.New(ck, portable.New(), clip.QuickGELU)
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.PoolWeights()
	if err != nil {
		t.Fatal(err)
	}
	ov, err := decompose.New(decompose.Weights(p))
	if err != nil {
		t.Fatal(err)
	}
	return decompose.Weights(p), ov
}

// TestScanKilled: killed at random moments and resumed, a scan ends in the bytes of an undisturbed one. So does one that was interrupted.
func TestScanKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: takes some seconds")
	}
	root := t.TempDir()
	whole := filepath.Join(root, "whole")
	began := time.Now()
	succeed(t, scanArgs(someScenes, whole, "--keep-scalars")...)
	took := time.Since(began)
	want := atlasFiles(t, whole)
	dir := filepath.Join(root, "killed")
	args := scanArgs(someScenes, dir, "--keep-scalars", "--checkpoint-every", "3", "--resume")
	r := rand.New(rand.NewPCG(uint64(began.UnixNano()), 0))
	kills := 0
	for range 3 {
		cmd := start(t, args...)
		time.Sleep(time.Duration(r.Int64N(int64(took))))
		cmd.Process.Kill()
		if cmd.Wait() != nil {
			kills++
		}
	}
	t.Logf("killed %d times", kills)
	if kills == 0 {
		t.Error("no process was killed before its end")
	}
	succeed(t, args...)
	sameAtlas(t, atlasFiles(t, dir), want)
}

func TestScanInterrupted(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: takes some seconds")
	}
	root := t.TempDir()
	whole, dir := filepath.Join(root, "whole"), filepath.Join(root, "interrupted")
	succeed(t, scanArgs(someScenes, whole)...)
	cmd := start(t, scanArgs(someScenes, dir)...)
	for range 500 { // until it is under way
		if _, err := os.Stat(filepath.Join(dir, "state.part")); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	err := cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitInterrupted {
		t.Fatalf("got %v, want exit code %d", err, exitInterrupted)
	}
	if code, _, log := facet(t, "atlas", "show", dir); code != exitFailure || !strings.Contains(log, "--resume") {
		t.Errorf("show of an unfinished atlas: exit code %d: %s", code, log)
	}
	if code, _, log := facet(t, scanArgs(someScenes, dir)...); code != exitFailure || !strings.Contains(log, "--resume") {
		t.Errorf("a new scan over an unfinished one: exit code %d: %s", code, log)
	}
	if code, _, log := facet(t, scanArgs(someScenes+"&seed=1", dir, "--resume")...); code != exitFailure || !strings.Contains(log, "begun over") {
		t.Errorf("resumed with another dataset: exit code %d: %s", code, log)
	}
	succeed(t, scanArgs(someScenes, dir, "--resume")...)
	sameAtlas(t, atlasFiles(t, dir), atlasFiles(t, whole))
	succeed(t, scanArgs(someScenes, dir, "--resume")...) // nothing is left to do
	sameAtlas(t, atlasFiles(t, dir), atlasFiles(t, whole))
}

// TestScanShards: the parts of two machines, merged, hold what one scan does.
func TestScanShards(t *testing.T) {
	root := t.TempDir()
	const source = "scenes:single?n=12&size=96"
	whole, a, b, merged := filepath.Join(root, "whole"), filepath.Join(root, "a"), filepath.Join(root, "b"), filepath.Join(root, "merged")
	succeed(t, scanArgs(source, whole)...)
	succeed(t, scanArgs(source, a, "--shard", "0/2")...)
	succeed(t, scanArgs(source, b, "--shard", "1/2")...)
	if out := succeed(t, "atlas", "merge", a, b, "-o", merged); !strings.Contains(out, "images     12") {
		t.Error(out)
	}
	again := filepath.Join(root, "again")
	succeed(t, "atlas", "merge", b, a, "-o", again)
	wantFiles, gotFiles := atlasFiles(t, merged), atlasFiles(t, again)
	sameAtlas(t, gotFiles, wantFiles)
	one, err := atlas.Open(whole)
	if err != nil {
		t.Fatal(err)
	}
	two, err := atlas.Open(merged)
	if err != nil {
		t.Fatal(err)
	}
	if d := two.Manifest.Datasets; d[0].Shard != 0 || d[1].Shard != 1 || d[1].Shards != 2 {
		t.Errorf("datasets %+v", d)
	}
	for p, want := range one.Stats.Mean {
		// Batches differ, and with them the engine's rounding.
		if got := two.Stats.Mean[p]; math.Abs(got-want) > 1e-5*(1+math.Abs(want)) {
			t.Fatalf("mean of pair %d: %g, want %g", p, got, want)
		}
		if got, want := two.Stats.Variance(p), one.Stats.Variance(p); math.Abs(got-want) > 1e-5*(1e-3+want) {
			t.Fatalf("variance of pair %d: %g, want %g", p, got, want)
		}
	}
	if code, _, log := facet(t, "atlas", "merge", a, a, "-o", filepath.Join(root, "twice")); code != exitFailure || !strings.Contains(log, "same images") {
		t.Errorf("merged with itself: exit code %d: %s", code, log)
	}
}

// TestScanUnreadable: what cannot be read is listed with the reason, or fatal with --strict.
func TestScanUnreadable(t *testing.T) {
	root := t.TempDir()
	photos, dir := filepath.Join(root, "photos"), filepath.Join(root, "atlas")
	succeed(t, "scenes", "-n", "2", "--size", "64", "-o", photos)
	bad := filepath.Join(photos, "a", "broken.png")
	if err := errors.Join(os.MkdirAll(filepath.Dir(bad), 0o755), os.WriteFile(bad, []byte("not a picture"), 0o644)); err != nil {
		t.Fatal(err)
	}
	out := succeed(t, scanArgs(photos, dir)...)
	if !strings.Contains(out, "skipped    1 unreadable") || !strings.Contains(out, "broken.png") {
		t.Error(out)
	}
	a, err := atlas.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if s := a.Manifest.Skipped; len(s) != 1 || s[0].Path != "a/broken.png" || s[0].Reason == "" || strings.Contains(s[0].Reason, bad) {
		t.Errorf("skipped: %+v", s)
	}
	code, _, log := facet(t, scanArgs(photos, filepath.Join(root, "strict"), "--strict")...)
	if code != exitFailure || !strings.Contains(log, "broken.png") || !strings.Contains(log, "--strict") {
		t.Errorf("--strict: exit code %d: %s", code, log)
	}
}

func TestScanUsage(t *testing.T) {
	for _, c := range [][]string{
		{"scan"}, {"scan", "a"}, {"scan", "a", "b", "-o", "c"}, {"scan", "a", "-o", "b", "--shard", "2/2"}, {"scan", "a", "-o", "b", "--shard", "x"},
		{"scan", "a", "-o", "b", "--stride", "0"}, {"scan", "a", "-o", "b", "--limit", "-1"}, {"scan", "a", "-o", "b", "--checkpoint-every", "-1"},
		{"atlas", "merge", "a", "-o", "b"}, {"atlas", "merge", "a", "b"}, {"atlas", "show"},
	} {
		if code, _, log := facet(t, c...); code != exitUsage {
			t.Errorf("facet %s: exit code %d: %s", strings.Join(c, " "), code, log)
		}
	}
}
