package cli

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/internal/golden"
)

// pictureFolder is a folder with pictures of the demo world in two classes, and a file that is none.
func pictureFolder(t *testing.T) (dir string, pictures []string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "photos")
	if err := runScenes(t, "-n", "3", "-o", dir, "--size", "64"); err != nil {
		t.Fatal(err)
	}
	pictures, err := filepath.Glob(filepath.Join(dir, "images", "*", "*.png"))
	if err == nil && len(pictures) == 0 {
		pictures, err = filepath.Glob(filepath.Join(dir, "*", "*.png"))
	}
	if err != nil || len(pictures) != 3 {
		t.Fatalf("%d pictures of 3: %v", len(pictures), err)
	}
	plain := t.TempDir()
	for i, p := range pictures {
		data, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		pictures[i] = filepath.Join(plain, string(rune('a'+i))+".png")
		if err := os.WriteFile(pictures[i], data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(plain, "broken.png"), []byte("no picture"), 0o644); err != nil {
		t.Fatal(err)
	}
	return plain, pictures
}

// shard is a tar shard of files.
func shard(t *testing.T, files ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s.tar")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := tar.NewWriter(f)
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.WriteHeader(&tar.Header{Name: filepath.Base(name), Size: int64(len(data)), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestEmbedSources embeds pictures, a folder, a shard, a manifest and scenes in one run: a row for each picture that can be read, with its
// name, in the order of the command line, and the numbers of each are those of the picture alone.
func TestEmbedSources(t *testing.T) {
	dir, pictures := pictureFolder(t)
	tarred := shard(t, pictures[1], pictures[2])
	list := filepath.Join(t.TempDir(), "list.csv")
	if err := os.WriteFile(list, []byte("path\n"+pictures[2]+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "e.npy")
	var r answer.Embeddings
	stdout := succeed(t, "embed", "--model", tinyModel, pictures[0], dir, tarred, list, "scenes:default?n=9", pictures[1], "-o", out, "--json")
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatal(err)
	}
	want := []string{pictures[0], pictures[0], pictures[1], pictures[2], tarred + "#b.png", tarred + "#c.png", pictures[2]}
	same := []int{0, 0, 1, 2, 1, 2, 2} // which picture each row is of
	if len(r.Inputs) != len(want)+10 {
		t.Fatalf("%d rows, want %d: %q", len(r.Inputs), len(want)+10, r.Inputs)
	}
	if diff := cmp.Diff(append(want, pictures[1]), append(r.Inputs[:len(want):len(want)], r.Inputs[len(r.Inputs)-1])); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]answer.Skipped{{Path: filepath.Join(dir, "broken.png"), Reason: r.Skipped[0].Reason}}, r.Skipped); diff != "" || r.Skipped[0].Reason == "" {
		t.Error(diff)
	}
	names, err := os.ReadFile(strings.TrimSuffix(out, ".npy") + ".names.txt")
	if err != nil || string(names) != strings.Join(r.Inputs, "\n")+"\n" {
		t.Errorf("names of the rows:\n%s, %v", names, err)
	}
	if r.File != out || r.Names != strings.TrimSuffix(out, ".npy")+".names.txt" || r.Embeddings != nil {
		t.Errorf("file %q, names %q, %d embeddings", r.File, r.Names, len(r.Embeddings))
	}
	const D = 32
	rows := readArray(t, out, len(r.Inputs), D)
	for i, p := range same {
		alone := filepath.Join(t.TempDir(), "one.npy")
		succeed(t, "embed", "--model", tinyModel, pictures[p], "-o", alone)
		golden.Compare(t, r.Inputs[i], rows[i*D:(i+1)*D], readArray(t, alone, 1, D), 1e-5, 1e-5)
	}
}

// TestEmbedRefusals: what ends a run, and that no file is left of it.
func TestEmbedRefusals(t *testing.T) {
	dir, pictures := pictureFolder(t)
	broken := filepath.Join(dir, "broken.png")
	only := t.TempDir()
	if err := os.Rename(broken, filepath.Join(only, "broken.png")); err != nil {
		t.Fatal(err)
	}
	broken = filepath.Join(only, "broken.png")
	for _, c := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"nothing", nil, exitUsage, "expected pictures or datasets, --texts FILE or --pixels FILE.npy"},
		{"two kinds", []string{pictures[0], "--texts", "x.txt"}, exitUsage, "expected only one of"},
		{"a named picture is broken", []string{pictures[0], broken}, exitFailure, broken},
		{"all of a folder are broken", []string{only}, exitFailure, "none of 1 pictures can be read"},
		{"no such picture", []string{pictures[0], "nowhere.jpg"}, exitFailure, "nowhere.jpg"},
		{"no such shard", []string{"nowhere.tar"}, exitFailure, "nowhere.tar"},
		{"an empty folder", []string{t.TempDir()}, exitFailure, "no pictures found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := t.TempDir()
			code, stdout, log := facet(t, append([]string{"embed", "--model", tinyModel, "-o", filepath.Join(out, "e.npy")}, c.args...)...)
			if code != c.code || !strings.Contains(log, c.want) || stdout != "" {
				t.Errorf("exit code %d, want %d: %s", code, c.code, log)
			}
			checkEmpty(t, out)
		})
	}
}

func checkEmpty(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left in %s: %v, %v", dir, left, err)
	}
}

// TestEmbedInterrupted stops a long run: it ends soon and leaves nothing.
func TestEmbedInterrupted(t *testing.T) {
	out := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	root := (&app{stdout: t.Output(), stderr: t.Output()}).root()
	root.SetArgs([]string{"embed", "--model", tinyModel, "scenes:default?n=1000000", "-o", filepath.Join(out, "e.npy")})
	if err := root.ExecuteContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	checkEmpty(t, out)
}

// TestClassifySources: of a folder and scenes, each picture has the labels that were asked for and no more, in JSON as in print.
func TestClassifySources(t *testing.T) {
	dir, pictures := pictureFolder(t)
	args := []string{"classify", dir, "scenes:default?n=2", "--labels", "car, tree, house, dog", "--model", "demo", "--top", "2"}
	var r answer.Classification
	if err := json.Unmarshal([]byte(succeed(t, append(args, "--json")...)), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Images) != 5 || r.Images[0].Image != pictures[0] || len(r.Skipped) != 1 || !strings.HasSuffix(r.Skipped[0].Path, "broken.png") {
		t.Fatalf("%d pictures, skipped %+v", len(r.Images), r.Skipped)
	}
	for _, c := range r.Images {
		if len(c.Classes) != 2 || c.Classes[0].Probability < c.Classes[1].Probability {
			t.Errorf("%s: %+v", c.Image, c.Classes)
		}
	}
	code, out, log := facet(t, args...)
	if code != exitOK || strings.Count(out, "%") != 10 || !strings.Contains(log, "broken.png: left out: ") {
		t.Errorf("exit code %d:\n%s\n%s", code, out, log)
	}
}
