package cli

import (
	"encoding/json"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/scenes"
)

// TestReproducePaper: one data set of three is measured, the others are listed as missing; the page is where it says; a second run keeps the step.
func TestReproducePaper(t *testing.T) {
	dir := t.TempDir()
	voc := filepath.Join(dir, "VOC2010")
	spec, err := scenes.Sample(scenes.DefaultWorld(), 5, 0)
	if err != nil {
		t.Fatal(err)
	}
	s, err := scenes.Render(spec, 64)
	if err != nil {
		t.Fatal(err)
	}
	mask := image.NewGray(s.Owners.Rect)
	for i := range mask.Pix {
		mask.Pix[i] = 12 + min(s.Owners.Pix[i], 1)
	}
	for _, d := range []string{"JPEGImages", "SegmentationClassContext", "ImageSets/SegmentationContext"} {
		if err := os.MkdirAll(filepath.Join(voc, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := writePNG(filepath.Join(voc, "JPEGImages", "2008_000002.jpg"), s.Image); err != nil { // the content decides
		t.Fatal(err)
	}
	if err := writePNG(filepath.Join(voc, "SegmentationClassContext", "2008_000002.png"), mask); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(voc, "ImageSets", "SegmentationContext", "val.txt"), []byte("2008_000002\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"reproduce", "paper", "--context", voc, "-o", filepath.Join(dir, "out")}
	text := succeed(t, args...)
	for _, want := range []string{"26.2 %", "other model", "imagenet: not measured: the folder of ImageNet", "paper.html"} {
		if !strings.Contains(text, want) {
			t.Errorf("printed nothing of %q:\n%s", want, text)
		}
	}
	var r answer.Reproduction
	if err := json.Unmarshal([]byte(succeed(t, append(args, "--json")...)), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Steps) != 3 || !r.Steps[1].Kept || r.Steps[1].Figures[0].Measured == nil || r.Steps[2].Missing == "" {
		t.Errorf("%+v", r)
	}
	if _, err := os.Stat(r.Page); err != nil {
		t.Error(err)
	}
	if code, _, stderr := facet(t, "reproduce", "paper", "--context", voc); code != exitUsage || !strings.Contains(stderr, "-o") {
		t.Errorf("without -o: exit code %d: %s", code, stderr)
	}
}
