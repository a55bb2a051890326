package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/facet-clip/facet/atlas"
)

const picturesDir = "../../testdata/cases/pictures/"

// TestExifRotate: a turned picture gives what the same picture gives that was stored turned; the atlas keeps whether it was, and is held to it.
func TestExifRotate(t *testing.T) {
	embed := func(args ...string) string {
		return succeed(t, append([]string{"embed", "--model", "demo", "--json"}, args...)...)
	}
	vector := func(out string) string {
		_, v, _ := strings.Cut(out, `"embedding`)
		if v == "" {
			t.Fatalf("no embedding in %s", out)
		}
		return v
	}
	dir := t.TempDir()
	for name, from := range map[string]string{"a.png": "exif.png", "b.png": "exif.png.turned.png", "c.jpg": "turned6.jpg"} {
		data, err := os.ReadFile(picturesDir + from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	stored, turned := filepath.Join(dir, "a.png"), filepath.Join(dir, "b.png")
	as, rotated, want := vector(embed(stored)), vector(embed("--exif-rotate", stored)), vector(embed(turned))
	if rotated != want || as == want {
		t.Errorf("turned as stored: %t, as it is to be seen: %t", rotated == as, rotated == want)
	}

	out := filepath.Join(t.TempDir(), "atlas")
	succeed(t, scanArgs(dir, out, "--exif-rotate")...)
	a, err := atlas.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	if !a.Manifest.Options.ExifRotate {
		t.Error("the atlas does not say that its pictures were turned")
	}
	plain := filepath.Join(t.TempDir(), "plain")
	succeed(t, scanArgs(dir, plain)...)
	if code, _, stderr := facet(t, "sink", plain, "--exif-rotate"); code != exitFailure || !strings.Contains(stderr, "was made without exif-rotate") {
		t.Errorf("an atlas that was not turned: %d, %s", code, stderr)
	}
	if code, _, stderr := facet(t, "atlas", "merge", out, plain, "-o", filepath.Join(t.TempDir(), "m")); code != exitFailure {
		t.Errorf("merging turned with stored: %d, %s", code, stderr)
	}
	if code, _, stderr := facet(t, "evaluate", "segmentation", "scenes:default?n=2", "--exif-rotate"); code != exitUsage || !strings.Contains(stderr, "masks are not turned") {
		t.Errorf("masks: %d, %s", code, stderr)
	}
	var result struct {
		Protocol struct {
			ExifRotate bool `json:"exif_rotate"`
		} `json:"protocol"`
	}
	said := succeed(t, "segment", stored, "--classes", "a car, a bird", "--model", "demo", "--json", "--exif-rotate")
	if err := json.Unmarshal([]byte(said), &result); err != nil || !result.Protocol.ExifRotate {
		t.Errorf("%v: the protocol does not say that pictures were turned", err)
	}
}
