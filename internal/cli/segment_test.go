package cli

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/internal/golden"
	"github.com/facet-clip/facet/scenes"
)

// drawn writes a scene of the demo world.
func drawn(t *testing.T, dir, name string, seed uint64) string {
	t.Helper()
	spec, err := scenes.Sample(scenes.DefaultWorld(), seed, 0)
	if err != nil {
		t.Fatal(err)
	}
	s, err := scenes.Render(spec, 192)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	if err := writePNG(path, s.Image); err != nil {
		t.Fatal(err)
	}
	return path
}

func readPNG(t *testing.T, path string) image.Image {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// TestSegment: labels, shares, maps and reasons agree with each other.
func TestSegment(t *testing.T) {
	folder, out := t.TempDir(), filepath.Join(t.TempDir(), "out")
	drawn(t, folder, "a.png", 1)
	drawn(t, folder, "b.png", 2)
	stdout := succeed(t, "segment", "--model", "demo", folder, "--classes", "a car, a bird, grass", "--background", "sky, water",
		"--background", "0.3", "--save-logits", "--json", "-o", out)
	var r answer.Segmentation
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Images) != 2 || len(r.Protocol.Classes) != 4 || r.Protocol.Threshold != 0.3 || len(r.Protocol.SHA256) != 64 {
		t.Fatalf("got %d images, protocol %+v", len(r.Images), r.Protocol)
	}
	labels, ok := readPNG(t, filepath.Join(out, "b.labels.png")).(*image.Paletted)
	if !ok {
		t.Fatal("the labels are not an indexed PNG")
	}
	counts := map[int]int{}
	for _, v := range labels.Pix {
		counts[int(v)]++
	}
	sum := 0.0
	for _, c := range r.Images[1].Classes {
		if counts[c.Label] != c.Pixels {
			t.Errorf("%s: the PNG has %d pixels, the JSON %d", c.Class, counts[c.Label], c.Pixels)
		}
		sum += c.Share
	}
	if sum < 1-1e-9 || sum > 1+1e-9 {
		t.Errorf("shares sum to %g", sum)
	}
	maps := [][]float32{}
	for _, name := range []string{"000-background", "001-a-car", "002-a-bird", "003-grass"} {
		maps = append(maps, readArray(t, filepath.Join(out, "b.maps", name+".npy"), 192, 192))
	}
	for i, v := range labels.Pix {
		for _, m := range maps {
			if v != 0 && m[i] > maps[v][i] {
				t.Fatalf("pixel %d is class %d, but another's logit is larger", i, v)
			}
		}
	}
	if b := readPNG(t, filepath.Join(out, "a.overlay.png")).Bounds(); b.Dx() < 192 {
		t.Errorf("overlay of %v", b)
	}
}

func TestSegmentWhy(t *testing.T) {
	picture := drawn(t, t.TempDir(), "a.png", 1)
	stdout := succeed(t, "segment", "--model", "demo", picture, "--classes", "a car, a bird, grass", "--why", "20,30,60,50", "--top", "3", "--json")
	var r answer.Segmentation
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatal(err)
	}
	w := r.Images[0].Why
	if w == nil || len(w.Pairs) != 3 || len(w.Pairs[0].Words) == 0 || w.Pairs[0].Amount < w.Pairs[1].Amount {
		t.Errorf("got %+v", w)
	}
}

// TestSegmentOddSizes: a single pixel, a panorama, and windows larger than any scene is drawn.
func TestSegmentOddSizes(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		size    image.Point
		windows int
		flags   []string
	}{
		"pixel":    {image.Pt(1, 1), 1, nil},
		"panorama": {image.Pt(12000, 200), 119, nil}, // 11520×192 on the canvas, windows every 96 pixels
		"large":    {image.Pt(30, 30), 1, []string{"--window-side", "544", "--short-side", "544"}},
	} {
		if testing.Short() && c.windows > 1 {
			continue
		}
		path := filepath.Join(dir, name+".png")
		photo := image.NewGray(image.Rectangle{Max: c.size})
		for i := range photo.Pix {
			photo.Pix[i] = uint8(i / 50)
		}
		if err := writePNG(path, photo); err != nil {
			t.Fatal(err)
		}
		var r answer.Segmentation
		args := append([]string{"segment", "--model", "demo", path, "--classes", "a car, grass", "-o", dir, "--json"}, c.flags...)
		if err := json.Unmarshal([]byte(succeed(t, args...)), &r); err != nil {
			t.Fatal(err)
		}
		one, labels := r.Images[0], readPNG(t, filepath.Join(dir, name+".labels.png"))
		if one.Windows != c.windows || labels.Bounds().Size() != c.size {
			t.Errorf("%s: %d windows, want %d; labels of %v", name, one.Windows, c.windows, labels.Bounds())
		}
		pixels := 0
		for _, class := range one.Classes {
			pixels += class.Pixels
		}
		if pixels != c.size.X*c.size.Y {
			t.Errorf("%s: classes have %d pixels in all", name, pixels)
		}
	}
}

// TestSegmentThousandClasses: more than a palette holds make a 16-bit PNG, which tells the same as the JSON.
func TestSegmentThousandClasses(t *testing.T) {
	dir := t.TempDir()
	picture, classes := drawn(t, dir, "a.png", 3), filepath.Join(dir, "classes.txt")
	var lines []string
	for i := range 1000 {
		lines = append(lines, fmt.Sprintf("%s number %d", scenes.Categories()[i%36], i))
	}
	if err := os.WriteFile(classes, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
	template := filepath.Join(dir, "templates.txt")
	if err := os.WriteFile(template, []byte("{}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var r answer.Segmentation
	out := succeed(t, "segment", "--model", "demo", picture, "--classes-file", classes, "--templates", template, "-o", dir, "--json")
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	grey, ok := readPNG(t, filepath.Join(dir, "a.labels.png")).(*image.Gray16)
	if !ok {
		t.Fatal("expected a 16-bit PNG")
	}
	counts := map[int]int{}
	for i := 0; i < len(grey.Pix); i += 2 {
		counts[int(grey.Pix[i])<<8|int(grey.Pix[i+1])]++
	}
	for _, c := range r.Images[0].Classes {
		if counts[c.Label] != c.Pixels || lines[c.Label] != c.Class {
			t.Errorf("%s, label %d: %d pixels in the PNG, %d in the JSON", c.Class, c.Label, counts[c.Label], c.Pixels)
		}
	}
}

// TestSegmentBackground: with the usual scale, a threshold leaves sure pixels their class and takes unsure ones, by each method over pairs.
func TestSegmentBackground(t *testing.T) {
	picture := drawn(t, t.TempDir(), "a.png", 1)
	spec, err := scenes.Sample(scenes.DefaultWorld(), 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	classes := spec.Background.String() + ", " + spec.Objects[0].Category.String() + ", a bird, a chair"
	for _, method := range []string{"facet", "nap"} {
		last := 0
		for _, threshold := range []string{"0.3", "0.6", "0.999999"} {
			var r answer.Segmentation
			args := []string{"segment", "--model", "demo", picture, "--classes", classes, "--method", method, "--background", threshold, "--json"}
			if err := json.Unmarshal([]byte(succeed(t, args...)), &r); err != nil {
				t.Fatal(err)
			}
			pixels := 0
			for _, c := range r.Images[0].Classes {
				if c.Label == 0 {
					pixels = c.Pixels
				}
			}
			if share := float64(pixels) / (192 * 192); pixels < last || threshold == "0.3" && share > 0.1 || threshold == "0.999999" && share < 0.1 {
				t.Errorf("%s, threshold %s: %.2f is background, %d pixels before", method, threshold, share, last)
			}
			last = pixels
		}
	}
}

func TestSegmentMistakes(t *testing.T) {
	dir := t.TempDir()
	picture := drawn(t, dir, "a.png", 1)
	other := filepath.Join(dir, "sub")
	if err := os.Mkdir(other, 0o755); err != nil {
		t.Fatal(err)
	}
	twin := drawn(t, other, "a.png", 2)
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{picture}, exitUsage, "--classes"},
		{[]string{"--classes", "a,b"}, exitUsage, "pictures"},
		{[]string{picture, "--classes", "a car"}, exitUsage, "background"},
		{[]string{picture, "--classes", "a car, a car"}, exitFailure, "twice"},
		{[]string{picture, "--classes", "a car, a bird", "--method", "magic"}, exitUsage, "maskclip"},
		{[]string{picture, "--classes", "a car, a bird", "--why", "7"}, exitUsage, "X,Y"},
		{[]string{picture, "--classes", "a car, a bird", "--why", "7,x"}, exitUsage, "numbers"},
		{[]string{picture, "--classes", "a car, a bird", "--why", "700,7"}, exitUsage, "192×192"},
		{[]string{picture, "--classes", "a car, a bird", "--why", "7,7", "--method", "cam"}, exitUsage, "sum over pairs"},
		{[]string{picture, "--classes", "a car, a bird", "--window-side", "50"}, exitUsage, "multiple of 32"},
		{[]string{picture, "--classes", "a car, a bird", "--short-side", "64"}, exitUsage, "short side"},
		{[]string{picture, "--classes", "a car, a bird", "--protocol", "mine"}, exitFailure, "paper-384"},
		{[]string{picture, "--classes", "a car, a bird", "--refine", "crf"}, exitUsage, "pamr"},
		{[]string{picture, "--classes", "a car, a bird", "--sink", "maybe"}, exitUsage, "published"},
		{[]string{picture, "--classes", "a car, a bird", "--pairs", "1000000"}, exitUsage, "pairs"},
		{[]string{picture, "--classes", "a car, a bird", "--save-logits"}, exitUsage, "-o"},
		{[]string{picture, "--classes", "a car, a bird", "--background", "1.5"}, exitUsage, "--background 1.5"},
		{[]string{picture, twin, "--classes", "a car, a bird", "-o", dir}, exitFailure, "one name"},
		{[]string{filepath.Join(dir, "none.png"), "--classes", "a car, a bird"}, exitFailure, "none.png"},
	} {
		code, _, stderr := facet(t, append([]string{"segment", "--model", "demo"}, c.args...)...)
		if code != c.code || !strings.Contains(stderr, c.want) {
			t.Errorf("segment %v: exit code %d (want %d), stderr %q, expected %q in it", c.args, code, c.code, stderr, c.want)
		}
	}
}

// TestSegmentEngines: both engines make the same float maps.
func TestSegmentEngines(t *testing.T) {
	engines := engineNames(t)
	if len(engines) < 2 {
		t.Skip("one engine at hand: nothing to compare")
	}
	picture := drawn(t, t.TempDir(), "a.png", 4)
	var maps [][]float32
	for _, e := range engines {
		out := t.TempDir()
		succeed(t, "segment", "--model", "demo", "--engine", e, picture, "--classes", "a car, a bird", "--method", "nap", "--refine", "pamr", "--save-logits", "-o", out)
		maps = append(maps, readArray(t, filepath.Join(out, "a.maps", "000-a-car.npy"), 192, 192))
	}
	golden.Compare(t, "logits of two engines", maps[0], maps[1], 1e-4, 1e-5)
}

// TestEvaluateSegmentation writes every file, and a second run takes its pictures from the journal.
func TestEvaluateSegmentation(t *testing.T) {
	out := t.TempDir()
	args := []string{"evaluate", "segmentation", "scenes:default?n=5&seed=77", "--model", "demo", "--method", "facet,nap", "--json", "-o", out}
	first := succeed(t, args...)
	var r struct {
		Images  int
		Methods []struct {
			Method  string
			MIoU    float64
			Groups  []struct{ Group string }
			Classes []any
		}
	}
	if err := json.Unmarshal([]byte(first), &r); err != nil {
		t.Fatal(err)
	}
	if r.Images != 5 || len(r.Methods) != 2 || r.Methods[0].Method != "facet" || len(r.Methods[0].Classes) != 48 || len(r.Methods[0].Groups) != 2 {
		t.Errorf("got %+v", r)
	}
	if again := succeed(t, args...); again != first {
		t.Error("a finished evaluation was run again")
	}
	for _, name := range []string{"chart.png", "worst.png"} {
		readPNG(t, filepath.Join(out, name))
	}
	for name, rows := range map[string]int{"classes.csv": 1 + 2*48, "images.csv": 1 + 2*5} {
		data, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		if table, err := csv.NewReader(strings.NewReader(string(data))).ReadAll(); err != nil || len(table) != rows {
			t.Errorf("%s: %d rows, want %d (%v)", name, len(table), rows, err)
		}
	}
	code, _, stderr := facet(t, append(args, "--pairs", "7")...)
	if code != exitFailure || !strings.Contains(stderr, "protocol") {
		t.Errorf("another protocol in the same folder: exit code %d, %q", code, stderr)
	}
	if code, _, stderr := facet(t, "evaluate", "segmentation", "scenes:default", "--threshold", "0.5"); code != exitUsage || !strings.Contains(stderr, "background") {
		t.Errorf("a threshold without background: exit code %d, %q", code, stderr)
	}
}

// TestSegmentAtlas takes the signs of an atlas, which the protocol tells, and refuses an atlas of another model.
func TestSegmentAtlas(t *testing.T) {
	dir := t.TempDir()
	picture, demoAtlas, other := drawn(t, dir, "a.png", 1), filepath.Join(dir, "demo.atlas"), filepath.Join(dir, "tiny.atlas")
	succeed(t, "scan", "scenes:default?n=6", "--model", "demo", "-o", demoAtlas)
	succeed(t, "scan", "scenes:default?n=6&size=64", "--model", tinyModel, "-o", other)
	args := []string{"segment", "--model", "demo", picture, "--classes", "a car, a bird", "--json"}
	var r answer.Segmentation
	if err := json.Unmarshal([]byte(succeed(t, append(args, "--atlas", demoAtlas)...)), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Protocol.Signs) != 64 {
		t.Errorf("the protocol says %q of the signs", r.Protocol.Signs)
	}
	code, _, stderr := facet(t, append(args, "--atlas", other)...)
	if code != exitFailure || !strings.Contains(stderr, "tiny.atlas") {
		t.Errorf("an atlas of another model: exit code %d, %q", code, stderr)
	}
}
