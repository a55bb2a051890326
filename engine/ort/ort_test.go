//go:build cgo

package ort

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/facet-clip/facet/engine"
	"github.com/facet-clip/facet/engine/enginetest"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/engine/portable"
	"github.com/facet-clip/facet/internal/golden"
)

// newEngine skips the test where there is no ONNX Runtime.
func newEngine(t testing.TB, o Options) engine.Engine {
	t.Helper()
	e, err := New(o)
	if errors.Is(err, ErrUnavailable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestContract(t *testing.T) {
	for _, threads := range []int{0, 1, 3} {
		t.Run(fmt.Sprint(threads, " threads"), func(t *testing.T) { enginetest.Test(t, newEngine(t, Options{Threads: threads})) })
	}
}

func TestCancelMidway(t *testing.T) {
	e := newEngine(t, Options{Threads: 1})
	s, err := e.Compile(newTrunk(16))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	// 32 images take some hundred times as long as the wait.
	const images = 32
	inputs := map[string]graph.Tensor{"image": graph.Floats(make([]float32, images*3*224*224), images, 3, 224, 224)}
	time.AfterFunc(5*time.Millisecond, cancel)
	if _, err := s.Run(ctx, inputs); !errors.Is(err, context.Canceled) {
		t.Errorf("a run that is cancelled midway gives %v", err)
	}
	one := map[string]graph.Tensor{"image": graph.Floats(make([]float32, 3*224*224), 1, 3, 224, 224)}
	if _, err := s.Run(t.Context(), one); err != nil {
		t.Errorf("the run after it: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := s.Run(t.Context(), one); err == nil {
		t.Error("a closed session runs")
	}
	if err := s.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
}

// TestWeightsAreLent: a session is made from weights that stay in Go's memory, and needs them no longer when it is there.
func TestWeightsAreLent(t *testing.T) {
	e := newEngine(t, Options{})
	if runtime.GOOS != "windows" {
		o, err := e.(ortEngine).options()
		if err != nil {
			t.Fatal(err)
		}
		if newWeightLoan(o) == nil {
			t.Error("weights cannot be lent to this version of ONNX Runtime through this version of the binding")
		}
		if err := o.Destroy(); err != nil {
			t.Error(err)
		}
	}
	g := newTrunk(16)
	s, err := e.Compile(g)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	one := map[string]graph.Tensor{"image": graph.Floats(make([]float32, 3*224*224), 1, 3, 224, 224)}
	for i := range one["image"].Floats {
		one["image"].Floats[i] = float32(i%7) - 3
	}
	want, err := portable.New().Compile(g)
	if err != nil {
		t.Fatal(err)
	}
	expected, err := want.Run(t.Context(), one)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range g.Constants() {
		clear(c.Floats)
	}
	got, err := s.Run(t.Context(), one)
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, "tokens", got["tokens"].Floats, expected["tokens"].Floats, 1e-5, 1e-5)
}

func TestOptions(t *testing.T) {
	if _, err := New(Options{Threads: -1}); err == nil || errors.Is(err, ErrUnavailable) {
		t.Errorf("-1 threads: %v", err)
	}
	e := newEngine(t, Options{})
	if !strings.HasPrefix(e.Name(), "ort 1.") {
		t.Errorf("the engine's name is %q", e.Name())
	}
	other := write(t, filepath.Join(t.TempDir(), "other.so"), "x")
	if _, err := New(Options{Library: other}); err == nil || !strings.Contains(err.Error(), other) {
		t.Errorf("a second library: %v", err)
	}
	newEngine(t, Options{Library: loaded.path})
}

// TestLoad makes an engine in a process of its own: it is the child of TestBadLibraries.
func TestLoad(t *testing.T) {
	if os.Getenv("FACET_TEST_LOAD") == "" {
		t.Skip("runs only as a child of TestBadLibraries")
	}
	_, err := New(Options{})
	fmt.Printf("unavailable: %t\nerror: %v\n", errors.Is(err, ErrUnavailable), err)
}

func TestBadLibraries(t *testing.T) {
	dir := t.TempDir()
	text := write(t, filepath.Join(dir, "text.so"), "no library at all")
	libraries := map[string]string{"text": text, "empty": write(t, filepath.Join(dir, "empty.so"), "")}
	if runtime.GOOS == "linux" {
		libraries["another library"] = compile(t, dir, "another", `int f(void) { return 1; }`)
		libraries["too old"] = compile(t, dir, "old", `
			static const void *api(unsigned version) { return 0; } // as ONNX Runtime does for a version that it does not know
			static const char *version(void) { return "1.17.0"; }
			static struct { const void *(*api)(unsigned); const char *(*version)(void); } base = {api, version};
			const void *OrtGetApiBase(void) { return &base; }`)
		elf, err := os.ReadFile(libraries["too old"])
		if err != nil {
			t.Fatal(err)
		}
		elf[18], elf[19] = 2, 0 // SPARC
		libraries["another machine"] = write(t, filepath.Join(dir, "sparc.so"), string(elf))
	}
	for name, path := range libraries {
		t.Run(name, func(t *testing.T) {
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLoad$", "-test.v")
			child.Env = append(os.Environ(), "FACET_TEST_LOAD=1", Variable+"="+path)
			out, err := child.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if s := string(out); !strings.Contains(s, "unavailable: true") || !strings.Contains(s, path) || !strings.Contains(s, "1.24") {
				t.Errorf("the error is none, or does not name %s:\n%s", path, s)
			}
		})
	}
}

// A broken library beside the program must not hide a good one further down.
func TestNextLibrary(t *testing.T) {
	good, err := Find()
	if err != nil {
		t.Skip(err)
	}
	beside := filepath.Join(t.TempDir(), libraryNames(runtime.GOOS)[0])
	write(t, beside, "broken")
	program := filepath.Join(filepath.Dir(beside), "program.test")
	if err := os.Link(os.Args[0], program); err != nil {
		copyFile(t, os.Args[0], program)
	}
	cache := t.TempDir()
	if err := os.MkdirAll(filepath.Join(cache, "onnxruntime"), 0o755); err != nil {
		t.Fatal(err)
	}
	copyFile(t, good, filepath.Join(cache, "onnxruntime", libraryNames(runtime.GOOS)[0]))
	child := exec.CommandContext(t.Context(), program, "-test.run=^TestLoad$", "-test.v")
	child.Env = append(os.Environ(), "FACET_TEST_LOAD=1", Variable+"=", "FACET_CACHE="+cache)
	if out, err := child.CombinedOutput(); err != nil || !strings.Contains(string(out), "error: <nil>") {
		t.Errorf("%v\n%s", err, out)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o755); err != nil {
		t.Fatal(err)
	}
}

// compile makes a shared library of C code.
func compile(t *testing.T, dir, name, code string) string {
	t.Helper()
	source, library := write(t, filepath.Join(dir, name+".c"), code), filepath.Join(dir, name+".so")
	if out, err := exec.CommandContext(t.Context(), "cc", "-shared", "-fPIC", "-o", library, source).CombinedOutput(); err != nil {
		t.Skipf("no C compiler: %v\n%s", err, out)
	}
	return library
}

// TestSendsNothingHome: a process that loads ONNX Runtime and runs something leaves no identity and no database of its own under the user's home.
func TestSendsNothingHome(t *testing.T) {
	if os.Getenv("FACET_TEST_HOME") != "" { // the process that is watched
		e := newEngine(t, Options{})
		s, err := e.Compile(newTrunk(16))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Run(t.Context(), map[string]graph.Tensor{"image": graph.Floats(make([]float32, 3*224*224), 1, 3, 224, 224)}); err != nil {
			t.Fatal(err)
		}
		return
	}
	newEngine(t, Options{})
	library, err := filepath.Abs(Library())
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSendsNothingHome$")
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); name != "ORT_DISABLE_TELEMETRY" && name != "CI" && name != "GITHUB_ACTIONS" && name != "TF_BUILD" {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "FACET_TEST_HOME="+home, "HOME="+home, "XDG_CACHE_HOME="+filepath.Join(home, ".cache"), "TMPDIR="+home, "FACET_ONNXRUNTIME="+library)
	if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), "SKIP") {
		t.Fatalf("%v: %s", err, out)
	}
	err = filepath.WalkDir(home, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			t.Errorf("ONNX Runtime left %s", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
