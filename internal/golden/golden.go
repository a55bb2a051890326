// Package golden gives tests the arrays that PyTorch computed, and the one way to compare floats with them.
//
// testdata/tiny is in the repository. Other sets (small) lie in the folder that FACET_GOLDEN names; tests over
// them skip without it, as docs/testing.md lists.
package golden

import (
	"archive/zip"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/facet-clip/facet/npy"
)

// Sets are the names of the golden models.
var Sets = []string{"tiny", "small"}

// Dir is the folder of a golden set; the test is skipped when the set is not at hand, and with -short for all sets but tiny, which is of the same kind.
func Dir(t testing.TB, set string) string {
	t.Helper()
	if testing.Short() && set != "tiny" {
		t.Skipf("golden set %s: left out with -short", set)
	}
	dir := filepath.Join(repository(t), "testdata", set)
	if root := os.Getenv("FACET_GOLDEN"); root != "" {
		dir = filepath.Join(root, set)
	}
	if _, err := os.Stat(filepath.Join(dir, "golden.npz")); err != nil {
		t.Skipf("golden set %s is not at hand: set FACET_GOLDEN to the folder that holds it", set)
	}
	return dir
}

// repository is the folder above a test's own that has the go.mod. The place of this file is no help: with -trimpath a binary does not know it.
func repository(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the folder that this test runs in")
		}
		dir = filepath.Dir(dir)
	}
}

// Arrays are the arrays of an .npz file.
type Arrays struct {
	t    testing.TB
	file *zip.ReadCloser
}

// Open reads the golden.npz of a set.
func Open(t testing.TB, set string) Arrays {
	t.Helper()
	f, err := zip.OpenReader(filepath.Join(Dir(t, set), "golden.npz"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return Arrays{t, f}
}

// Array reads one array; integers come as float32, which holds every one that the sets use.
func (a Arrays) Array(name string) npy.Array {
	a.t.Helper()
	f, err := a.file.Open(name + ".npy")
	if err != nil {
		a.t.Fatalf("golden array %s: %v", name, err)
	}
	defer f.Close()
	array, err := npy.Read(f)
	if err != nil {
		a.t.Fatalf("golden array %s: %v", name, err)
	}
	return array
}

// Compare fails the test unless ‖got − want‖ ≤ relative·‖want‖ and no |got − want| exceeds absolute plus relative times the largest
// |want|. A NaN or an infinity anywhere fails.
func Compare(t testing.TB, what string, got, want []float32, relative, absolute float64) {
	t.Helper()
	if len(got) != len(want) || len(want) == 0 {
		t.Fatalf("%s: got %d numbers, want %d", what, len(got), len(want))
	}
	var difference, length, worst, largest float64
	for i := range want {
		g, w := float64(got[i]), float64(want[i])
		if math.IsNaN(g) || math.IsInf(g, 0) || math.IsNaN(w) || math.IsInf(w, 0) {
			t.Fatalf("%s[%d]: got %g, want %g", what, i, g, w)
		}
		difference += (g - w) * (g - w)
		length += w * w
		worst, largest = max(worst, math.Abs(g-w)), max(largest, math.Abs(w))
	}
	if r := math.Sqrt(difference / length); !(r <= relative) || worst > absolute+relative*largest {
		t.Errorf("%s: relative error %.2g (≤ %.2g), largest difference %.2g of %.2g", what, r, relative, worst, largest)
	} else {
		t.Logf("%s: relative error %.2g, largest difference %.2g of %.2g", what, r, worst, largest)
	}
}
