package scenes

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	_ "image/jpeg" // to read what was written
	_ "image/png"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/npy"
)

func readImage(t *testing.T, path string) image.Image {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, _, err := image.Decode(f)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return m
}

func readRecords(t *testing.T, dir string) []Record {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "captions.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var records []Record
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var r Record
		d := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		d.DisallowUnknownFields()
		if err := d.Decode(&r); err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
	return records
}

// files returns every file of a folder with its contents.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		all[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestWriteImageFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "world")
	calls := 0
	w := Writing{Scenes: 12, Seed: 9, Size: 64, Progress: func() { calls++ }}
	if err := WriteImageFolder(t.Context(), dir, w); err != nil {
		t.Fatal(err)
	}
	if calls != 12 {
		t.Errorf("progress called %d times, want 12", calls)
	}
	records := readRecords(t, dir)
	if len(records) != 12 {
		t.Fatalf("%d records, want 12", len(records))
	}
	for i, r := range records {
		scene := render(t, sample(t, DefaultWorld(), 9, uint64(i)), 64)
		if diff := cmp.Diff(scene.Record(i, r.File, r.Mask), r); diff != "" {
			t.Errorf("record %d: %s", i, diff)
		}
		class := strings.ReplaceAll(r.Objects[0].Category, " ", "_")
		if want := "images/" + class + "/" + name(i) + ".png"; r.File != want {
			t.Errorf("file %q, want %q", r.File, want)
		}
		samePixels(t, r.File, scene.Image, readImage(t, filepath.Join(dir, r.File)))
		sameLabels(t, r.Mask, scene.Labels(), readImage(t, filepath.Join(dir, r.Mask)))
	}
}

func samePixels(t *testing.T, name string, want, got image.Image) {
	t.Helper()
	for y := range want.Bounds().Dy() {
		for x := range want.Bounds().Dx() {
			wr, wg, wb, _ := want.At(x, y).RGBA()
			gr, gg, gb, _ := got.At(x, y).RGBA()
			if wr != gr || wg != gg || wb != gb {
				t.Fatalf("%s: pixel (%d,%d) differs", name, x, y)
			}
		}
	}
}

func sameLabels(t *testing.T, name string, want *image.Gray, got image.Image) {
	t.Helper()
	p, ok := got.(*image.Paletted)
	if !ok {
		t.Fatalf("%s is a %T, want an indexed image", name, got)
	}
	if !bytes.Equal(want.Pix, p.Pix) {
		t.Errorf("%s: labels differ", name)
	}
}

func TestWriteVOC(t *testing.T) {
	dir := t.TempDir()
	if err := WriteVOC(t.Context(), dir, Writing{Scenes: 3, Seed: 2, Size: 96}); err != nil {
		t.Fatal(err)
	}
	all := files(t, dir)
	if got, want := all["ImageSets/Segmentation/val.txt"], "0000000\n0000001\n0000002\n"; got != want {
		t.Errorf("val.txt is %q, want %q", got, want)
	}
	if got, want := all["context-labels.txt"], strings.Join(ContextNames(), "\n")+"\n"; got != want {
		t.Errorf("context-labels.txt is %q", got)
	}
	for i, r := range readRecords(t, dir) {
		scene := render(t, sample(t, DefaultWorld(), 2, uint64(i)), 96)
		sameLabels(t, r.Mask, scene.Labels(), readImage(t, filepath.Join(dir, r.Mask)))
		sameLabels(t, "context", scene.Context(), readImage(t, filepath.Join(dir, "SegmentationContext", name(i)+".png")))
		if got := readImage(t, filepath.Join(dir, r.File)).Bounds(); got != image.Rect(0, 0, 96, 96) || !strings.HasPrefix(r.File, "JPEGImages/") {
			t.Errorf("%s has bounds %v", r.File, got)
		}
	}
}

// An interrupted run leaves no half file, and its continuation ends where an uninterrupted one does.
func TestWriteResumes(t *testing.T) {
	whole, broken := t.TempDir(), t.TempDir()
	w := Writing{Scenes: 20, Seed: 4, Size: 48}
	if err := WriteImageFolder(t.Context(), whole, w); err != nil {
		t.Fatal(err)
	}
	want := files(t, whole)

	ctx, cancel := context.WithCancel(t.Context())
	interrupted := w
	calls := 0
	interrupted.Progress = func() {
		if calls++; calls == 5 {
			cancel()
		}
	}
	if err := WriteImageFolder(ctx, broken, interrupted); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want a cancelled context", err)
	}
	partial := files(t, broken)
	if _, ok := partial["captions.jsonl"]; ok {
		t.Error("captions.jsonl of an interrupted run")
	}
	for name, data := range partial {
		if want[name] != data {
			t.Errorf("%s is not what it should become", name)
		}
	}
	if err := WriteImageFolder(t.Context(), broken, w); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, files(t, broken)); diff != "" {
		t.Error(diff)
	}
}

// Files that are there are kept, also when more scenes are asked for.
func TestWriteKeepsWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	w := Writing{Scenes: 3, Seed: 4, Size: 48}
	if err := WriteVOC(t.Context(), dir, w); err != nil {
		t.Fatal(err)
	}
	mark := filepath.Join(dir, "JPEGImages", "0000001.jpg")
	if err := os.WriteFile(mark, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	w.Scenes = 5
	if err := WriteVOC(t.Context(), dir, w); err != nil {
		t.Fatal(err)
	}
	all := files(t, dir)
	if all["JPEGImages/0000001.jpg"] != "mine" || all["JPEGImages/0000004.jpg"] == "" || strings.Count(all["captions.jsonl"], "\n") != 5 {
		t.Error("a second run did not add to the first")
	}
}

func TestWriteRefuses(t *testing.T) {
	begun := t.TempDir()
	good := Writing{Scenes: 1, Seed: 4, Size: 48}
	if err := WriteVOC(t.Context(), begun, good); err != nil {
		t.Fatal(err)
	}
	foreign := t.TempDir()
	garbled := t.TempDir()
	for path, data := range map[string]string{filepath.Join(foreign, "thesis.tex"): "", filepath.Join(garbled, manifestName): "{"} {
		if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct {
		name  string
		write func(context.Context, string, Writing) error
		dir   string
		w     Writing
		is    error
		want  string
	}{
		{"other seed", WriteVOC, begun, Writing{Scenes: 1, Seed: 5, Size: 48}, ErrOtherScenes, "Seed:4"},
		{"other size", WriteVOC, begun, Writing{Scenes: 1, Seed: 4, Size: 64}, ErrOtherScenes, "Size:48"},
		{"other layout", WriteImageFolder, begun, good, ErrOtherScenes, "Layout:voc"},
		{"foreign", WriteVOC, foreign, good, ErrOtherScenes, "thesis.tex"},
		{"garbled", WriteVOC, garbled, good, nil, manifestName},
		{"no scenes", WriteVOC, begun, Writing{Size: 48}, nil, "0 scenes"},
		{"many scenes", WriteVOC, begun, Writing{Scenes: MaxScenes + 1, Size: 48}, nil, "want 1 to"},
		{"size", WriteVOC, begun, Writing{Scenes: 1, Size: 5000}, nil, "size 5000"},
	} {
		err := tc.write(t.Context(), tc.dir, tc.w)
		if err == nil || !strings.Contains(err.Error(), tc.want) || (tc.is != nil && !errors.Is(err, tc.is)) {
			t.Errorf("%s: error %v, want one with %q", tc.name, err, tc.want)
		}
	}
	if got := files(t, foreign); len(got) != 1 {
		t.Errorf("a refused folder now has %d files", len(got))
	}
}

// The palette's published values: aeroplane, bicycle, tv monitor, void.
func TestIndexedUsesPascalPalette(t *testing.T) {
	p := Indexed(image.NewGray(image.Rect(0, 0, 1, 1))).Palette
	for i, want := range map[int]color.RGBA{
		0: {0, 0, 0, 255}, 1: {128, 0, 0, 255}, 2: {0, 128, 0, 255}, 15: {192, 128, 128, 255}, 20: {0, 64, 128, 255}, 255: {224, 224, 192, 255},
	} {
		if p[i] != want {
			t.Errorf("entry %d is %v, want %v", i, p[i], want)
		}
	}
}

// BenchmarkWriteScene times one core's share of writing an image folder at 192 pixels.
func BenchmarkWriteScene(b *testing.B) {
	dir := b.TempDir()
	i := 0
	for b.Loop() {
		if _, err := imageFolder.writeScene(dir, Writing{Seed: 1, Size: 192}, i); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

func TestWriteNPY(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "world")
	calls := 0
	w := Writing{Scenes: 300, Seed: 9, Size: 32, Progress: func() { calls++ }}
	if err := WriteNPY(t.Context(), dir, w); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, "images.npy"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := npy.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{300, 32, 32, 3}, got.Shape); diff != "" {
		t.Fatal(diff)
	}
	records := readRecords(t, dir)
	if len(records) != 300 || calls != 300 {
		t.Fatalf("%d records, %d calls of progress; want 300 of each", len(records), calls)
	}
	for _, i := range []int{0, 255, 256, 299} {
		spec, err := Sample(DefaultWorld(), 9, uint64(i))
		if err != nil {
			t.Fatal(err)
		}
		s, err := Render(spec, 32)
		if err != nil {
			t.Fatal(err)
		}
		want := rgbBytes(s.Image.Pix)
		for j, v := range want {
			if got.Data[i*len(want)+j] != float32(v) {
				t.Fatalf("scene %d, value %d: %v, want %d", i, j, got.Data[i*len(want)+j], v)
			}
		}
		if diff := cmp.Diff(s.Record(i, "", ""), records[i]); diff != "" {
			t.Fatal(diff)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := WriteNPY(ctx, t.TempDir(), w); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
