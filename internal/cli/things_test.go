package cli

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/engine/ort"
	"github.com/facet-clip/facet/engine/portable"
	"github.com/facet-clip/facet/internal/s3test"
	"github.com/facet-clip/facet/lab/labtest"
)

// things is what the pages name and a reader has: pictures, atlases, servers. Each is made once, when a page names it.
type things struct {
	folder, programs string
	env              []string
	replacements     []replacement
	makers           map[string]maker
	python           string // the test that runs blocks of Python
}

// maker makes a thing at a path.
type maker func(t *testing.T, th *things, path string)

// replacement is what is typed in place of what stands on a page.
type replacement struct {
	from *regexp.Regexp
	to   string
}

// makers are of things by the names that pages give them.
var makers = map[string]maker{
	"photo.jpg": picture("scenes:default?n=1"),
	"other.jpg": picture("scenes:default?n=1&seed=5"),
	"photos":    folder(map[string]string{"2025": "scenes:steady?n=30&size=64&window=1", "2026": "scenes:yellow-cars?n=12&size=64&window=10"}),
	"var": folder(map[string]string{"spool/camera": "scenes:steady?n=210&size=64&window=2",
		"spool/cameras/north": "scenes:snow-arrives?n=400&seed=2&window=1", "spool/cameras/yard": "scenes:snow-arrives?n=50&seed=3"}),
	"data":          folder(map[string]string{"photos": "scenes:steady?n=8&size=64&window=1"}),
	"nightly":       night,
	"shared":        folder(map[string]string{"pictures": "scenes:default?n=1"}),
	"words.txt":     contents("car\ntree\nhouse\nsnow\nyellow\n"),
	"classes.txt":   contents("car\ntree\ngrass\n"),
	"photos.atlas":  verb("scan", "scenes:default?n=300&seed=3", "--keep-scalars", "-o"),
	"test.atlas":    verb("scan", "scenes:default?n=300&seed=4", "--keep-scalars", "-o"),
	"mixed":         verb("scan", "scenes:default?n=2000&seed=22", "--keep-scalars", "-o"), // of research/findings.md
	"birds.atlas":   blindly("scenes:shortcut-even?n=48&size=64"),
	"birds-2.atlas": blindly("scenes:shortcut-even?n=48&size=64&seed=2"),
	"others.atlas":  blindly("scenes:single?n=48&size=64"),

	"reference.profile": verb("drift", "profile", "scenes:steady?n=40&size=64&window=1", "--vary", "0", "-o"),
	"sensor.profile":    verb("drift", "profile", "scenes:noisy-sensor?n=200&window=1", "-o"),
	"gate.profile":      verb("drift", "profile", "scenes:steady?n=40&size=64&window=1", "--vary", "0", "-o"),
	"drift.db":          stream("reference.profile", "scenes:steady?n=30&size=64&window=2"),
	"gate.db":           stream("gate.profile", "scenes:steady?n=30&size=64&window=3"),
	"yard.db":           stream("gate.profile", "scenes:steady?n=20&size=64&window=4"),
	"before.csv":        weather(1, 120, 40),
	"after.csv":         weather(2, 40, 120),

	"dataset":           ours("dataset"),
	"testdata":          ours("testdata"),
	"scripts":           ours("scripts"),
	"flickr30k":         ours("dataset/known/testdata/flickr30k"),
	"VOCdevkit":         devkit,
	"trunk.safetensors": stronger,
	"gtsegs_ijcv.mat":   segmentations,
}

// picture is a scene as a photograph.
func picture(scene string) maker {
	return func(t *testing.T, _ *things, path string) {
		var b bytes.Buffer
		draw(t, scene+"#0", func(img *image.NRGBA) error { return jpeg.Encode(&b, img, nil) })
		write(t, path, b.Bytes())
	}
}

// draw renders a scene of a source.
func draw(t *testing.T, scene string, use func(*image.NRGBA) error) {
	t.Helper()
	if err := dataset.NewDecoder(0).Picture(t.Context(), scene, use); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// scenePNG is scene k of a source.
func scenePNG(t *testing.T, source string, k int) []byte {
	t.Helper()
	var b bytes.Buffer
	draw(t, fmt.Sprintf("%s#%d", source, k), func(img *image.NRGBA) error { return png.Encode(&b, img) })
	return b.Bytes()
}

// folder has folders of the scenes of some sources.
func folder(sources map[string]string) maker {
	return func(t *testing.T, _ *things, path string) {
		for name, source := range sources {
			s, err := dataset.Open(source, dataset.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for k := range s.Len() {
				write(t, filepath.Join(path, name, fmt.Sprintf("%04d.png", k)), scenePNG(t, source, k))
			}
		}
	}
}

func contents(content string) maker {
	return func(t *testing.T, _ *things, path string) { write(t, path, []byte(content)) }
}

// verb is what facet writes, when asked so.
func verb(args ...string) maker {
	return func(t *testing.T, _ *things, path string) {
		succeed(t, append(slices.Clone(args), path, "--model", "demo")...)
	}
}

// blindly is a scan by a model that sees no more what the text says of cats and takes some of them for birds: only such a model has a cue to be suspected.
func blindly(source string) maker {
	return func(t *testing.T, th *things, path string) {
		model := filepath.Join(th.folder, "blind.safetensors")
		if _, err := os.Stat(model); err != nil {
			succeed(t, "edit", "--means", th.have(t, "photos.atlas"), "--erase-texts", "cat", "--side", "image", "-o", model)
		}
		succeed(t, "scan", source, "--keep-scalars", "--model", model, "-o", path)
	}
}

// stream is the store of one that was compared with a profile, in windows of ten images.
func stream(profile, source string) maker {
	return func(t *testing.T, th *things, path string) {
		succeed(t, "drift", "watch", th.have(t, profile), source, "--window", "10", "--store", path)
	}
}

// weather is a manifest of so many dry scenes with cars and so many snowy ones.
func weather(seed, dry, snowy int) maker {
	return func(t *testing.T, _ *things, path string) {
		labtest.Weather(t, path, path+".pictures", seed, dry, snowy)
	}
}

// night has what before.csv has: as much snow, in other pictures.
func night(t *testing.T, th *things, path string) {
	labtest.Weather(t, filepath.Join(th.folder, "night.csv"), path, 3, 120, 40)
}

// ours is a folder of the repository.
func ours(name string) maker {
	return func(t *testing.T, _ *things, path string) {
		if err := os.Symlink(filepath.Join(repository(t), name), path); err != nil {
			t.Fatal(err)
		}
	}
}

func repository(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// devkit has scenes in the folders of PASCAL VOC and of PASCAL Context.
func devkit(t *testing.T, _ *things, path string) {
	for year, last := range map[string]uint8{"VOC2012": 20, "VOC2010": 59} {
		dir, masks, list := filepath.Join(path, year), "SegmentationClass", "Segmentation"
		succeed(t, "scenes", "-n", "8", "--seed", "19", "--layout", "voc", "-o", dir)
		ids := ""
		for k := range 8 {
			ids += fmt.Sprintf("%07d\n", k)
		}
		if year == "VOC2010" {
			masks, list = "SegmentationClassContext", "SegmentationContext"
			if err := os.Rename(filepath.Join(dir, "SegmentationContext"), filepath.Join(dir, masks)); err != nil {
				t.Fatal(err)
			}
		}
		for k := range 8 {
			keepLabels(t, filepath.Join(dir, masks, fmt.Sprintf("%07d.png", k)), last)
		}
		write(t, filepath.Join(dir, "ImageSets", list, "val.txt"), []byte(ids))
	}
}

// keepLabels makes the labels of a mask above the last one the background.
func keepLabels(t *testing.T, path string, last uint8) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	mask, ok := decoded(t, data).(*image.Paletted)
	if !ok {
		t.Fatalf("%s: expected a palette", path)
	}
	for i, label := range mask.Pix {
		if label > last {
			mask.Pix[i] = 0
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, mask); err != nil {
		t.Fatal(err)
	}
	write(t, path, b.Bytes())
}

// stronger is the demo model with half as much again of what neuron 273 leaves the trunk with.
func stronger(t *testing.T, _ *things, path string) {
	ck, err := demo.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	m, err := clip.New(ck, portable.New(), clip.QuickGELU)
	if err != nil {
		t.Fatal(err)
	}
	scaled := map[string][]float32{}
	for _, norm := range []string{"bn3", "downsample.1"} {
		for _, name := range []string{"visual.layer4.0." + norm + ".weight", "visual.layer4.0." + norm + ".bias"} {
			values, err := ck.Float32(name, m.Config.Channels)
			if err != nil {
				t.Fatal(err)
			}
			values = slices.Clone(values)
			values[273] *= 1.5
			scaled[name] = values
		}
	}
	if err := m.Export(path, clip.Export{Replace: scaled}, nil); err != nil {
		t.Fatal(err)
	}
}

// segmentations is a file in the layout of ImageNet-Segmentation, with one picture.
func segmentations(t *testing.T, _ *things, path string) {
	const program = `
import sys, h5py, numpy
with h5py.File(sys.argv[1], "w") as f:
    picture = f.create_dataset("pictures/0", data=numpy.full((3, 48, 64), 200, numpy.uint8))
    mask = f.create_dataset("masks/0", data=numpy.eye(48, 64, dtype=numpy.uint8))
    cell = f.create_dataset("cells/0", data=numpy.array([[mask.ref]], dtype=h5py.ref_dtype))
    f.create_dataset("value/img", data=numpy.array([[picture.ref]], dtype=h5py.ref_dtype))
    f.create_dataset("value/gt", data=numpy.array([[cell.ref]], dtype=h5py.ref_dtype))
`
	if out, err := exec.Command("python3", "-c", program, path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// newThings has the programs and servers that all pages share.
func newThings(t *testing.T) *things {
	t.Helper()
	dir := t.TempDir()
	th := &things{folder: filepath.Join(dir, "things"), programs: filepath.Join(dir, "programs"), makers: makers}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(th.folder, ".keep"), nil)
	write(t, filepath.Join(th.programs, "facet"), []byte("#!/bin/sh\nFACET_TEST_MAIN=1 exec "+self+" \"$@\"\n"))
	if err := os.Chmod(filepath.Join(th.programs, "facet"), 0o755); err != nil {
		t.Fatal(err)
	}
	hook := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(hook.Close)
	photoBucket(t)
	hub := hubOfPages(t, th.programs, filepath.Join(dir, "hub"))
	th.env = slices.DeleteFunc(os.Environ(), func(e string) bool {
		return strings.HasPrefix(e, "HF_") || strings.HasPrefix(e, "XDG_") || strings.HasPrefix(e, "FACET_CACHE=")
	})
	for _, name := range []string{"GOENV", "GOCACHE", "GOMODCACHE"} {
		value, err := exec.Command("go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		th.env = append(th.env, name+"="+strings.TrimSpace(string(value)))
	}
	th.env = append(th.env, "HF_ENDPOINT="+hub, "HF_HUB_DISABLE_TELEMETRY=1")
	th.replacements = replacements(t, hook.URL)
	python, err := os.ReadFile("../../python/tests/test_pages.py")
	if err != nil {
		t.Fatal(err)
	}
	th.python = string(python)
	return th
}

// replacements are for what no test has: other models' weights, machines and folders at the root, and ports that are taken.
func replacements(t *testing.T, hook string) (list []replacement) {
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	port := fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
	for _, r := range [][2]string{
		{`(model (?:pull|verify)) RN50(x16)?\b`, "$1 hf:example/clip"}, // see hubOfPages
		{`RN50 is ready: /home/you/.cache/facet/RN50/`, "hf:example/clip is ready: /home/you/.cache/facet/models--example--clip/"},
		{`PHOTO --model RN50`, "PHOTO --model hf:example/clip"},
		{`explain photo.jpg --model RN50x16`, "explain photo.jpg --model hf:example/clip"},
		{`(--model|label) RN50(x16)?\b`, "$1 demo"},
		{`/var/spool/`, "var/spool/"},
		{`/new/place/photos`, "photos"},
		{`/data/`, "data/"},
		{`/shared/`, "shared/"},
		{`/tmp/scenes`, "scenes"},
		{`/opt/ort/libonnxruntime.so.1`, os.Getenv(ort.Variable)},
		{` --device cuda`, ""},
		{` --runner flink --endpoint localhost:8099`, ""}, // scripts/flink.sh
		{`--shards 64`, "--shards 4"},
		{`([01])/64`, "$1/2"},
		{`part-\{0\.\.31\}`, "part-0"},
		{`part-\{32\.\.63\}`, "part-1"},
		{`cluster:`, ""},
		{`localhost:8080|:8080`, "localhost:" + port},
		{`https://example.com/hook`, hook},
		{`^go (install|test) `, "go -C " + repository(t) + " $1 "}, // what is compiled there already
		{`^go build -o facet-beam `, "go -C " + repository(t) + `/beam build -o "$$PWD/facet-beam" `},
		{`=../facet$`, "=" + repository(t)},
		{`^make `, "make -C " + repository(t) + " "},
	} {
		list = append(list, replacement{regexp.MustCompile(r[0]), r[1]})
	}
	return list
}

func (th *things) replaced(text string) string {
	for _, r := range th.replacements {
		text = r.from.ReplaceAllString(text, r.to)
	}
	return text
}

// photoBucket is s3://bucket, with photos and shards of them.
func photoBucket(t *testing.T) {
	t.Helper()
	s3 := s3test.Start(t, "bucket")
	for shard := range 2 {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for k := range 4 {
			data, name := scenePNG(t, "scenes:default?n=8&size=64", 4*shard+k), fmt.Sprintf("%d.png", 4*shard+k)
			if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(data))}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(data); err != nil {
				t.Fatal(err)
			}
			s3.Put("bucket", "photos/"+name, data)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		s3.Put("bucket", fmt.Sprintf("shard-%d.tar", shard), b.Bytes())
	}
}

// hubOfPages serves a small model under the names of large ones, as the Hugging Face hub would.
func hubOfPages(t *testing.T, programs, dir string) (url string) {
	t.Helper()
	weights, err := os.ReadFile(tinyModel)
	if err != nil {
		t.Fatal(err)
	}
	vocabulary, err := json.Marshal(fullVocabulary())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"example/clip", "timm/resnet50_clip.cc12m", "timm/resnet50_clip.openai"} {
		write(t, filepath.Join(dir, name, "open_clip_config.json"), []byte(tinyCard))
		write(t, filepath.Join(dir, name, "tokenizer.json"), vocabulary)
		write(t, filepath.Join(dir, name, "open_clip_model.safetensors"), weights)
	}
	program := filepath.Join(programs, "standin")
	if out, err := exec.Command("go", "build", "-o", program, "../standin").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd := exec.Command(program, dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	if _, err := fmt.Fscan(out, &url); err != nil {
		t.Fatal(err)
	}
	return url
}

// fullVocabulary is a tokenizer.json of 49,408 tokens: bytes, pairs of them, and both specials.
func fullVocabulary() any {
	const size = 49_408
	letters, vocab := byteTokens()
	var merges []string
	for _, a := range letters {
		for _, b := range letters {
			if len(vocab) < size-2 {
				merges, vocab[a+b] = append(merges, a+" "+b), len(vocab)
			}
		}
	}
	return tokenizerJSON(vocab, merges)
}

// desk is a clean one. Its home folder has ONNX Runtime alone.
func (th *things) desk(t *testing.T) *desk {
	t.Helper()
	dir := t.TempDir()
	d := &desk{t: t, things: th, home: filepath.Join(dir, "home"), folder: filepath.Join(dir, "folder")}
	cache := filepath.Join(d.home, ".cache", "facet")
	for _, folder := range []string{cache, d.folder} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Dir(os.Getenv(ort.Variable)), filepath.Join(cache, "onnxruntime")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(d.home, ".gitconfig"), fmt.Appendf(nil, "[safe]\ndirectory = *\n[url %q]\ninsteadOf = https://github.com/facet-clip/facet\n", repository(t)))
	d.env = append(slices.Clone(th.env), "HOME="+d.home, "GOPATH="+filepath.Join(d.home, "go"),
		fmt.Sprintf("PATH=%s:%s:%s", filepath.Join(d.home, "go", "bin"), th.programs, os.Getenv("PATH")))
	return d
}

// have makes a thing that is not there yet.
func (th *things) have(t *testing.T, name string) (path string) {
	t.Helper()
	path = filepath.Join(th.folder, name)
	if _, err := os.Lstat(path); err != nil {
		th.makers[name](t, th, path)
	}
	return path
}
