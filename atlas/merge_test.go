package atlas

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/place"
)

// shards are scans of seven parts of the little world, of which one names its source otherwise and one is of many images.
func shards(t testing.TB, opts Options) []string {
	t.Helper()
	var dirs []string
	for k, cut := range [][2]int{{0, 60}, {60, 61}, {61, 130}, {130, 138}, {138, 260}, {260, 262}, {262, 300}} {
		dir := filepath.Join(t.TempDir(), fmt.Sprint("of ", k))
		m := manifest("photos")
		m.Datasets[0].Fingerprint = fmt.Sprint("of ", cut)
		m.Datasets[0].Shard, m.Datasets[0].Shards = k, 7
		m.Datasets[0].Root = place.Place{Path: filepath.Dir(dir)}
		if k == 4 {
			m.Datasets[0].Source = "others"
		}
		w, err := Create(dir, m, small, opts)
		if err != nil {
			t.Fatal(err)
		}
		for i := cut[0]; i < cut[1]; i++ {
			if image, scalars, readable := item(i); readable {
				err = w.Add(image, scalars)
			} else {
				err = w.Skip(image.Path, "not a picture")
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Finish(); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		dirs = append(dirs, dir)
	}
	return dirs
}

// mergedBy merges atlases in an order and by steps that chance decides.
func mergedBy(t *testing.T, r *rand.Rand, dirs []string) string {
	t.Helper()
	dirs = slices.Clone(dirs)
	for len(dirs) > 1 {
		r.Shuffle(len(dirs), func(i, j int) { dirs[i], dirs[j] = dirs[j], dirs[i] })
		n := 2 + r.IntN(len(dirs)-1)
		out := filepath.Join(t.TempDir(), "merged")
		if err := Merge(dirs[:n], out); err != nil {
			t.Fatal(err)
		}
		dirs = append(dirs[n:], out)
	}
	return dirs[0]
}

// TestMergeHasNoOrder: seven atlases, merged in any order and by any steps, give the same bytes in every file. In atlas.json, places differ.
func TestMergeHasNoOrder(t *testing.T) {
	for _, keep := range []bool{false, true} {
		dirs := shards(t, Options{KeepScalars: keep})
		one := filepath.Join(t.TempDir(), "merged")
		if err := Merge(dirs, one); err != nil {
			t.Fatal(err)
		}
		want := contents(t, one)
		r := rand.New(rand.NewPCG(5, 6))
		for range 8 {
			got := contents(t, mergedBy(t, r, dirs))
			got[ManifestFile], want[ManifestFile] = withoutPlaces(got[ManifestFile]), withoutPlaces(want[ManifestFile])
			for _, name := range slices.Sorted(maps.Keys(want)) {
				if got[name] != want[name] {
					t.Errorf("keep=%t: %s differs", keep, name)
				}
			}
			if len(got) != len(want) {
				t.Errorf("%d files, want %d", len(got), len(want))
			}
		}
		a := reopen(t, one)
		order := []int{4, 0, 1, 2, 3, 5, 6} // others before photos
		for k, p := range a.Manifest.sections() {
			part := reopen(t, dirs[order[k]])
			if diff := cmp.Diff(part.Manifest.Skipped, a.Manifest.Skipped[p.item:][:p.Skipped]); diff != "" {
				t.Errorf("part %d: %s", k, diff)
			}
			if diff := cmp.Diff(images(t, part), images(t, a)[p.image:][:p.Images]); diff != "" {
				t.Errorf("part %d: %s", k, diff)
			}
			if d := a.dataset(p.image); d != k || a.Manifest.Datasets[d].Root.Path != filepath.Dir(part.dir) {
				t.Errorf("part %d: dataset %d %v", k, d, a.Manifest.Datasets[d])
			}
		}
	}
}

// withoutPlaces drops the lines that say where things lay, seen from the atlas.
func withoutPlaces(manifest string) string {
	lines := strings.Split(manifest, "\n")
	return strings.Join(slices.DeleteFunc(lines, func(l string) bool { return strings.Contains(l, `"relative"`) }), "\n")
}

// TestPartsAgree: the same images as one scan, and as four and seven parts, give the same statistics but for rounding.
func TestPartsAgree(t *testing.T) {
	const N = 300
	want := reopen(t, scan(t, 0, N, Options{}))
	for _, n := range []int{2, 4, 7} {
		var dirs []string
		for k := range n {
			dirs = append(dirs, scan(t, k*N/n, (k+1)*N/n, Options{}))
		}
		out := filepath.Join(t.TempDir(), "merged")
		if err := Merge(dirs, out); err != nil {
			t.Fatal(err)
		}
		got := reopen(t, out)
		got.Stats.Largest, got.Stats.Smallest = scalarsAlone(got.Stats.Largest), scalarsAlone(got.Stats.Smallest)
		parts := *want.Stats
		parts.Largest, parts.Smallest = scalarsAlone(parts.Largest), scalarsAlone(parts.Smallest)
		sameStats(t, got.Stats, &parts, 1e-13)
	}
}

// scalarsAlone are extremes without images, whose numbers depend on the order of the parts.
func scalarsAlone(lists [][]decompose.Extreme) [][]decompose.Extreme {
	out := make([][]decompose.Extreme, len(lists))
	for p, list := range lists {
		for _, e := range list {
			out[p] = append(out[p], decompose.Extreme{Scalar: e.Scalar})
		}
	}
	return out
}

// TestMergeOfEarlierMerge: an atlas that an earlier version merged has no parts; it counts as one part, whatever is merged with it.
func TestMergeOfEarlierMerge(t *testing.T) {
	earlier := copyOf(t, scan(t, 0, 50, Options{}))
	edit(t, earlier, ManifestFile, `"datasets": [`, `"datasets": [
    {"source": "9", "root": {}, "fingerprint": "of 9", "images": 0},`)
	dirs := []string{earlier, scan(t, 50, 90, Options{}), scan(t, 90, 100, Options{})}
	out := filepath.Join(t.TempDir(), "merged")
	if err := Merge(dirs, out); err != nil {
		t.Fatal(err)
	}
	a := reopen(t, out)
	want := []Part{{1, 34, 6}, {2, 43, 7}, {1, 9, 1}}
	if diff := cmp.Diff(want, a.Manifest.Parts); diff != "" {
		t.Error(diff)
	}
	got := contents(t, mergedBy(t, rand.New(rand.NewPCG(1, 1)), dirs))
	for name, data := range contents(t, out) {
		if name != ManifestFile && got[name] != data {
			t.Errorf("%s differs", name)
		}
	}
}

// TestMergeRefusesGarbage: a part of which any file is not what was written is named, and nothing is left of the merge.
func TestMergeRefusesGarbage(t *testing.T) {
	keep := Options{KeepScalars: true}
	dirs := []string{scan(t, 0, 50, keep), scan(t, 50, 90, keep)}
	merged := filepath.Join(t.TempDir(), "merged")
	if err := Merge(dirs, merged); err != nil {
		t.Fatal(err)
	}
	third := scan(t, 90, 100, keep)
	for _, name := range []string{pairsFile, neuronsFile, scalarsFile, topFile, neuronCovFile, headMeanFile, gramFile, sumsFile, partFile(0), partFile(1), imagesFile, ManifestFile} {
		from := merged
		if name == imagesFile {
			from = dirs[1]
		}
		broken := copyOf(t, from)
		path := filepath.Join(broken, filepath.FromSlash(name))
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		data[len(data)/2] ^= 1
		if name == ManifestFile {
			data = data[:len(data)/2]
		}
		write(t, path, string(data))
		out := filepath.Join(t.TempDir(), "out")
		if err := Merge([]string{third, broken}, out); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v", name, err)
		}
		left, err := os.ReadDir(out)
		if name != ManifestFile && (err != nil || len(left) != 1 || left[0].Name() != lockFile) {
			t.Errorf("%s: left %v, %v", name, left, err)
		}
	}
}

// TestMergedStands: a merged atlas is whole when the atlases it was made of are gone, and when one of them is made anew in its place.
func TestMergedStands(t *testing.T) {
	dirs := []string{scan(t, 0, 50, Options{}), scan(t, 50, 90, Options{})}
	out := filepath.Join(t.TempDir(), "merged")
	if err := Merge(dirs, out); err != nil {
		t.Fatal(err)
	}
	want := images(t, reopen(t, out))
	for _, dir := range dirs {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
	w, err := Create(dirs[0], manifest("0"), small, Options{})
	if err != nil {
		t.Fatal(err)
	}
	feed(t, w, 20)
	if err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, images(t, reopen(t, out))); diff != "" {
		t.Error(diff)
	}
}
