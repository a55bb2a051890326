package cli

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
)

// project is a folder with two class folders of pictures and a model, in which a scan was started by relative names.
type project struct{ dir string }

// newProject makes pictures in photos/, the same in shards/s.tar and list.csv, and the model m.safetensors.
func newProject(t *testing.T) project {
	t.Helper()
	model, err := os.ReadFile(tinyModel)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "project")
	write := func(name string, data []byte) {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, data, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	var shard bytes.Buffer
	list, members := "path,label\n", tar.NewWriter(&shard)
	for i := range 8 {
		name := fmt.Sprintf("%s/%d.png", []string{"cat", "dog"}[i%2], i)
		data, err := os.ReadFile(drawn(t, t.TempDir(), "p.png", uint64(i+1)))
		if err != nil {
			t.Fatal(err)
		}
		write(filepath.Join("photos", name), data)
		list += "photos/" + name + "," + filepath.Dir(name) + "\n"
		err = members.WriteHeader(&tar.Header{Name: strings.ReplaceAll(name, "/", "-"), Size: int64(len(data)), Mode: 0o600, Typeflag: tar.TypeReg})
		if _, werr := members.Write(data); err != nil || werr != nil {
			t.Fatal(err, werr)
		}
	}
	if err := members.Close(); err != nil {
		t.Fatal(err)
	}
	write("list.csv", []byte(list))
	write("shards/s.tar", shard.Bytes())
	write("m.safetensors", model)
	return project{dir}
}

func (p project) path(name string) string { return filepath.Join(p.dir, name) }

// scan makes an atlas by the names that someone in the project's folder would type.
func (p project) scan(t *testing.T, source, output string, more ...string) string {
	t.Helper()
	t.Chdir(p.dir)
	succeed(t, append([]string{"scan", source, "-o", output, "--model", "m.safetensors", "--keep-scalars"}, more...)...)
	return p.path(output)
}

// look runs the verbs that open the model and the pictures of an atlas.
func look(t *testing.T, at string, more ...string) {
	t.Helper()
	sheet := filepath.Join(t.TempDir(), "n.png")
	succeed(t, append([]string{"neuron", at, "1", "--images", "2", "--top", "2", "-o", sheet}, more...)...)
	checkPNG(t, sheet)
	var r answer.Sink
	if err := json.Unmarshal([]byte(succeed(t, append([]string{"sink", at, "--json", "--limit", "3", "--classes", ""}, more...)...)), &r); err == nil && r.Images != 3 {
		t.Errorf("%d pictures", r.Images)
	}
}

// unlabelled drops labels, of which the tiny model, without a vocabulary here, can say nothing.
func unlabelled(t *testing.T, p project) {
	t.Helper()
	for i, class := range []string{"cat", "dog"} {
		entries, err := os.ReadDir(p.path("photos/" + class))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if err := os.Rename(p.path("photos/"+class+"/"+e.Name()), p.path(fmt.Sprintf("photos/%d-%s", i, e.Name()))); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Remove(p.path("photos/" + class)); err != nil {
			t.Fatal(err)
		}
	}
}

// move renames a file or folder into a new folder.
func move(t *testing.T, from string) (to string) {
	t.Helper()
	to = filepath.Join(t.TempDir(), "moved", filepath.Base(from))
	if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.Rename(from, to)); err != nil {
		t.Fatal(err)
	}
	return to
}

// TestAtlasFromElsewhere: an atlas that was made by relative names serves from another folder, and after it, its pictures or its model moved.
func TestAtlasFromElsewhere(t *testing.T) {
	if testing.Short() {
		t.Skip("scans from several folders")
	}
	for name, c := range map[string]struct {
		source string
		move   func(t *testing.T, p project, at string) (now string, more []string)
	}{
		"another working folder": {"photos", func(_ *testing.T, _ project, at string) (string, []string) { return at, nil }},
		"the whole project": {"photos", func(t *testing.T, p project, _ string) (string, []string) {
			return filepath.Join(move(t, p.dir), "a.atlas"), nil
		}},
		"the atlas alone": {"photos", func(t *testing.T, _ project, at string) (string, []string) { return move(t, at), nil }},
		"the pictures": {"photos", func(t *testing.T, p project, at string) (string, []string) {
			return at, []string{"--root", move(t, p.path("photos"))}
		}},
		"the model": {"photos", func(t *testing.T, p project, at string) (string, []string) {
			return at, []string{"--model", move(t, p.path("m.safetensors"))}
		}},
		"shards": {"shards/s.tar", func(t *testing.T, p project, at string) (string, []string) {
			return at, []string{"--root", move(t, p.path("shards"))}
		}},
		"a manifest's pictures": {"list.csv", func(t *testing.T, p project, at string) (string, []string) {
			to := move(t, p.path("photos"))
			return at, []string{"--root", filepath.Dir(to)}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProject(t)
			if c.source == "photos" {
				unlabelled(t, p)
			}
			at := p.scan(t, c.source, "a.atlas")
			t.Chdir(t.TempDir())
			now, more := c.move(t, p, at)
			if c.source == "photos" {
				look(t, now, more...)
				return
			}
			sheet := filepath.Join(t.TempDir(), "n.png")
			succeed(t, append([]string{"neuron", now, "1", "--images", "2", "--top", "1", "-o", sheet}, more...)...)
			checkPNG(t, sheet)
		})
	}
}

// TestPathsInAnAtlas: paths start from the root, whatever the scan was told; results say where pictures lie.
func TestPathsInAnAtlas(t *testing.T) {
	p := newProject(t)
	dir := p.scan(t, "./photos/../photos", "a.atlas")
	a, err := atlas.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for image, err := range a.Images() {
		if err != nil || !strings.HasPrefix(image.Path, image.Label+"/") {
			t.Errorf("%q of class %q: %v", image.Path, image.Label, err)
		}
	}
	if root := a.Manifest.Datasets[0].Root; root.Path != p.path("photos") || root.Relative != "../photos" {
		t.Errorf("root %+v", root)
	}
	if m := a.Manifest.Model; m.File.Path != p.path("m.safetensors") || m.File.Relative != "../m.safetensors" || m.Bytes == 0 {
		t.Errorf("model %+v", m)
	}
	t.Chdir(t.TempDir())
	var shown struct{ Rows []answer.Unit }
	if err := json.Unmarshal([]byte(succeed(t, "neuron", dir, "1", "--json")), &shown); err != nil {
		t.Fatal(err)
	}
	if got := shown.Rows[0].Images[0].Path; !strings.HasPrefix(got, p.path("photos")) {
		t.Errorf("a picture at %s", got)
	}
}

// TestMergedAtlasFromElsewhere: every picture is found below the root of its own dataset, though both have pictures of one name.
func TestMergedAtlasFromElsewhere(t *testing.T) {
	if testing.Short() {
		t.Skip("scans from several folders")
	}
	p := newProject(t)
	unlabelled(t, p)
	if err := os.CopyFS(p.path("more"), os.DirFS(p.path("photos"))); err != nil {
		t.Fatal(err)
	}
	one, two := p.scan(t, "photos", "parts/one.atlas", "--limit", "3"), p.scan(t, "more", "parts/two.atlas", "--limit", "4")
	merged := p.path("deeper/down/merged.atlas")
	if err := os.MkdirAll(filepath.Dir(merged), 0o755); err != nil {
		t.Fatal(err)
	}
	succeed(t, "atlas", "merge", one, two, "-o", merged)
	t.Chdir(t.TempDir())
	look(t, merged)
	to := move(t, p.dir)
	merged = filepath.Join(to, "deeper/down/merged.atlas")
	look(t, merged)
	a, err := atlas.Open(merged)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range map[int]string{3: "more", 4: "photos"} {
		got, err := a.Picture(i, "0-0.png", nil)
		if err != nil || filepath.Base(filepath.Dir(got)) != want {
			t.Errorf("image %d: %s, %v; want one in %s", i, got, err, want)
		}
	}
	photos, more := move(t, filepath.Join(to, "photos")), move(t, filepath.Join(to, "more"))
	look(t, merged, "--root", more, "--root", photos)
	if code, _, log := facet(t, "neuron", merged, "1", "-o", "n.png", "--root", more, "--root", photos, "--root", more); code != exitFailure || !strings.Contains(log, "one for each of its 2 datasets") {
		t.Errorf("three roots: %d, %s", code, log)
	}
}

// TestPicturesGone: the error says what is missing, where facet looked, and what to do.
func TestPicturesGone(t *testing.T) {
	p := newProject(t)
	unlabelled(t, p)
	dir := p.scan(t, "photos", "a.atlas")
	move(t, p.path("photos"))
	for _, more := range [][]string{nil, {"--root", t.TempDir()}} {
		for _, verb := range [][]string{{"neuron", dir, "1", "-o", "n.png"}, {"sink", dir}} {
			code, _, log := facet(t, append(verb, more...)...)
			if code != exitFailure || !strings.Contains(log, "--root") || !strings.Contains(log, ".png") {
				t.Errorf("%q %q: exit code %d: %s", verb, more, code, log)
			}
		}
	}
}

// TestModelOfAnAtlas: an atlas's model is known by its digest. It is found in the cache under any name, another one is refused with both digests,
// and of one that is gone the error says what to do.
func TestModelOfAnAtlas(t *testing.T) {
	p := newProject(t)
	unlabelled(t, p)
	dir := p.scan(t, "photos", "a.atlas")
	a, err := atlas.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	verbs := [][]string{{"pairs", dir}, {"neuron", dir, "1", "--json"}, {"sink", dir}, {"label", dir, "--bank", "none.txt"}, {"reconstruct", dir}, {"ablate", dir},
		{"polysemanticity", dir}, {"evaluate", "labels", dir}, {"search", "a cat", "--atlas", dir, "--no-center"}, {"explain", p.path("photos/0-0.png"), "--atlas", dir},
		{"segment", p.path("photos/0-0.png"), "--classes", "a cat, a dog", "--atlas", dir}}
	for _, verb := range verbs {
		code, _, log := facet(t, append(verb, "--model", "demo")...)
		if code != exitFailure || !strings.Contains(log, a.Manifest.Model.SHA256) || !strings.Contains(log, demoDigest(t)) {
			t.Errorf("%q: exit code %d: %s, want both digests", verb, code, log)
		}
	}
	moved := move(t, p.path("m.safetensors"))
	for _, verb := range verbs {
		code, _, log := facet(t, verb...)
		if code != exitFailure || !strings.Contains(log, a.Manifest.Model.SHA256) || !strings.Contains(log, "--model FILE") {
			t.Errorf("%q: exit code %d: %s, want the digest and what to do", verb, code, log)
		}
	}
	cache := t.TempDir()
	data, err := os.ReadFile(moved)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.MkdirAll(filepath.Join(cache, "mine"), 0o755), os.WriteFile(filepath.Join(cache, "mine", "another name.bin"), data, 0o600)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("FACET_CACHE", cache)
	var out, log bytes.Buffer
	if code := Main([]string{"pairs", dir}, &out, &log); code != exitOK {
		t.Errorf("a model in the cache: %s", &log)
	}
}

func demoDigest(t *testing.T) string {
	t.Helper()
	var i answer.Inspection
	if err := json.Unmarshal([]byte(succeed(t, "model", "inspect", "--model", "demo", "--json")), &i); err != nil {
		t.Fatal(err)
	}
	return i.SHA256
}
