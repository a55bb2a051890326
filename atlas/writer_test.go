package atlas

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/regular"
)

// A little world: 3 heads, 12 neurons, embedding 5.
var small = weights(3, 12, 5, 7)

func manifest(dataset string) Manifest {
	return Manifest{
		Model:    Model{Name: "m", SHA256: "abc", Engine: "test", Config: clip.Config{Heads: small.Heads, Channels: small.Channels, Embed: small.Embed}},
		Datasets: []Dataset{{Source: dataset, Fingerprint: "of " + dataset}},
	}
}

// item is image i of a dataset: every seventh cannot be read. Scalars are coarse, so that many are equal.
func item(i int) (image Image, scalars []float32, readable bool) {
	r := rand.New(rand.NewPCG(uint64(i), 3))
	image = Image{Path: fmt.Sprintf("a/%d é.png", i), Label: fmt.Sprint("class ", i%3), Embedding: make([]float32, small.Embed)}
	if i%2 == 0 {
		image.Group = "even"
		image.Truth = "1"
		image.Time = time.Date(1850+i, 2, 3, 4, 5, 6, 7000, time.UTC)
	}
	for k := range image.Embedding {
		image.Embedding[k] = float32(r.NormFloat64())
	}
	scalars = make([]float32, small.Heads*small.Channels)
	for p := range scalars {
		scalars[p] = float32(math.Round(8*(r.NormFloat64()+float64(p)))) / 8
	}
	return image, scalars, i%7 != 3
}

func feed(t testing.TB, w *Writer, until int) {
	t.Helper()
	for i := w.Next(); i < until; i++ {
		image, scalars, readable := item(i)
		var err error
		if readable {
			err = w.Add(image, scalars)
		} else {
			err = w.Skip(image.Path, "not a picture")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// scan makes an atlas of items from..to-1.
func scan(t testing.TB, from, to int, opts Options) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "atlas")
	w, err := Create(dir, manifest(fmt.Sprint(from)), small, opts)
	if err != nil {
		t.Fatal(err)
	}
	for i := from; i < to; i++ {
		if image, scalars, readable := item(i); readable {
			err = w.Add(image, scalars)
		} else {
			err = w.Skip(image.Path, "not a picture")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Finish(), w.Close()); err != nil {
		t.Fatal(err)
	}
	return dir
}

// contents are the bytes of every file of a folder and of those below it, by names with slashes.
func contents(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		files[filepath.ToSlash(name)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func sameFiles(t testing.TB, got, want map[string]string) {
	t.Helper()
	for name, data := range want {
		if got[name] != data {
			t.Errorf("%s: %d bytes differ from the %d expected", name, len(got[name]), len(data))
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d files, want %d", len(got), len(want))
	}
}

// TestRoundTrip: what is read is what was added, and the statistics are those of the scalars.
func TestRoundTrip(t *testing.T) {
	const N = 200
	dir := scan(t, 0, N, Options{KeepScalars: true})
	a, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := a.Scalars()
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var want []Image
	var all [][]float32
	var skipped []Skipped
	for i := range N {
		image, scalars, readable := item(i)
		if !readable {
			skipped = append(skipped, Skipped{image.Path, "not a picture"})
			continue
		}
		all = append(all, scalars)
		want = append(want, image)
	}
	i := 0
	for image, err := range a.Images() {
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want[i], image, cmpopts.IgnoreFields(Image{}, "Top")); diff != "" {
			t.Fatal(diff)
		}
		checkTop(t, image.Top, all[i], a.Norms)
		got := make([]float32, rows.Pairs)
		if err := rows.Row(i, got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(all[i], got); diff != "" { // multiples of 1/8 under 64 are exact halves
			t.Fatal(diff)
		}
		i++
	}
	if i != len(want) || a.Manifest.Images != i || rows.Images != i {
		t.Errorf("%d images, %d in the manifest, %d rows of scalars, want %d", i, a.Manifest.Images, rows.Images, len(want))
	}
	if diff := cmp.Diff(skipped, a.Manifest.Skipped); diff != "" {
		t.Error(diff)
	}
	acc, err := decompose.NewAccumulator(small)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range all {
		if err := acc.Add(uint32(i), s); err != nil {
			t.Fatal(err)
		}
	}
	sameStats(t, a.Stats, acc.Stats(), 1e-14)
	labels, err := a.Labels()
	if err != nil || len(labels) != i || labels[1] != "class 1" {
		t.Errorf("labels %v: %v", labels, err)
	}
	embeddings, err := a.Embeddings()
	if err != nil || len(embeddings) != i*small.Embed || embeddings[small.Embed] != want[1].Embedding[0] {
		t.Errorf("%d numbers of embeddings: %v", len(embeddings), err)
	}
	for range a.Images() {
		break // must not panic or go on
	}
}

// checkTop sorts all pairs instead.
func checkTop(t *testing.T, got []Use, scalars, norms []float32) {
	t.Helper()
	if len(got) != min(Uses, len(scalars)) {
		t.Fatalf("%d strongest pairs", len(got))
	}
	size := func(u Use) float64 { return math.Abs(float64(u.Scalar * norms[u.Pair])) }
	in := map[int]bool{}
	for i, u := range got {
		if u.Scalar != scalars[u.Pair] || in[u.Pair] || i > 0 && size(got[i-1]) < size(u) {
			t.Fatalf("strongest pairs %v", got)
		}
		in[u.Pair] = true
	}
	for p, s := range scalars {
		if !in[p] && size(Use{p, s}) > size(got[len(got)-1]) {
			t.Fatalf("pair %d is missing", p)
		}
	}
}

// sameStats compares statistics to a relative rounding; extremes exactly.
func sameStats(t testing.TB, got, want *decompose.Stats, tolerance float64) {
	t.Helper()
	near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) <= tolerance*(1+math.Abs(a)+math.Abs(b)) })
	if diff := cmp.Diff(want, got, near); diff != "" {
		t.Fatal(diff)
	}
}

// TestResume: stopped anywhere, with anything left half-written, a scan ends in the same bytes.
func TestResume(t *testing.T) {
	const N = 120
	for _, keep := range []bool{false, true} {
		want := contents(t, scan(t, 0, N, Options{KeepScalars: keep}))
		for _, every := range []int{1, 7, 50} {
			t.Run(fmt.Sprintf("keep=%t,every=%d", keep, every), func(t *testing.T) {
				dir := filepath.Join(t.TempDir(), "atlas")
				opts := Options{CheckpointEvery: every, KeepScalars: keep}
				for _, stop := range []int{0, 3, 40, 41, 97, N} {
					w, err := Resume(dir, manifest("0"), small, opts)
					if err != nil {
						t.Fatal(err)
					}
					if n := w.Next(); stop > 0 && n > stop {
						t.Fatalf("resumes at %d, before %d", n, stop)
					}
					feed(t, w, stop)
					if stop == 41 {
						if err := w.Checkpoint(); err != nil {
							t.Fatal(err)
						}
					}
					w.rows.w.Flush() // as much as a killed process may have written
					if err := w.Close(); err != nil {
						t.Fatal(err)
					}
					appendTo(t, filepath.Join(dir, rowsPart), "half a row")
					write(t, filepath.Join(dir, ".facet-123"), "half a table")
				}
				w, err := Resume(dir, manifest("0"), small, opts)
				if err != nil {
					t.Fatal(err)
				}
				feed(t, w, N)
				if err := errors.Join(w.Finish(), w.Close()); err != nil {
					t.Fatal(err)
				}
				sameFiles(t, contents(t, dir), want)
			})
		}
	}
}

// TestKilledWhileFinishing: every state in which the last steps can stop is finished by a resumed scan.
func TestKilledWhileFinishing(t *testing.T) {
	const N = 60
	opts := Options{KeepScalars: true}
	want := contents(t, scan(t, 0, N, opts))
	begun := func() string {
		dir := t.TempDir()
		w, err := Create(dir, manifest("0"), small, opts)
		if err != nil {
			t.Fatal(err)
		}
		feed(t, w, N)
		if err := errors.Join(w.Checkpoint(), w.Close()); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	for name, kill := range map[string]func(dir string){
		"tables written":  func(dir string) { write(t, filepath.Join(dir, pairsFile), want[pairsFile]) },
		"scalars renamed": func(dir string) { rename(t, dir, scalarsPart, scalarsFile) },
		"scalars headed": func(dir string) {
			if err := os.Remove(filepath.Join(dir, scalarsPart)); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, scalarsFile), want[scalarsFile])
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := begun()
			kill(dir)
			w, err := Resume(dir, manifest("0"), small, opts)
			if err != nil {
				t.Fatal(err)
			}
			if w.Next() != N {
				t.Errorf("resumes at %d, want %d", w.Next(), N)
			}
			if err := errors.Join(w.Finish(), w.Close()); err != nil {
				t.Fatal(err)
			}
			sameFiles(t, contents(t, dir), want)
		})
	}
	t.Run("manifest written", func(t *testing.T) {
		dir := begun()
		for name, data := range want {
			write(t, filepath.Join(dir, name), data)
		}
		if _, err := Resume(dir, manifest("0"), small, opts); !errors.Is(err, ErrFinished) {
			t.Errorf("got %v, want ErrFinished", err)
		}
		sameFiles(t, contents(t, dir), want)
	})
}

// TestMergeIsUnion: merging parts equals scanning the whole, to rounding.
func TestMergeIsUnion(t *testing.T) {
	for _, cuts := range [][]int{{0, 90, 200}, {0, 1, 200}, {0, 33, 64, 65, 200}} {
		t.Run(fmt.Sprint(cuts), func(t *testing.T) {
			opts := Options{KeepScalars: true}
			var parts []string
			for i := 1; i < len(cuts); i++ {
				parts = append(parts, scan(t, cuts[i-1], cuts[i], opts))
			}
			out := filepath.Join(t.TempDir(), "merged")
			if err := Merge(parts, out); err != nil {
				t.Fatal(err)
			}
			whole := scan(t, 0, 200, opts)
			got, err := Open(out)
			if err != nil {
				t.Fatal(err)
			}
			want, err := Open(whole)
			if err != nil {
				t.Fatal(err)
			}
			sameStats(t, got.Stats, want.Stats, 1e-12)
			a, b := contents(t, out), contents(t, whole)
			for _, name := range []string{topFile, scalarsFile} {
				if a[name] != b[name] {
					t.Errorf("%s differs", name)
				}
			}
			if diff := cmp.Diff(images(t, want), images(t, got)); diff != "" {
				t.Error(diff)
			}
			if got.Manifest.Images != want.Manifest.Images || len(got.Manifest.Datasets) != len(parts) || got.Manifest.Model != want.Manifest.Model {
				t.Errorf("manifest %+v", got.Manifest)
			}
			if diff := cmp.Diff(want.Manifest.Skipped, got.Manifest.Skipped); diff != "" {
				t.Error(diff)
			}
			left, err := os.ReadDir(filepath.Dir(out))
			if err != nil || len(left) != 1 {
				t.Errorf("left beside the atlas: %v %v", left, err)
			}
		})
	}
}

// images are all of an atlas.
func images(t testing.TB, a *Atlas) (all []Image) {
	t.Helper()
	for image, err := range a.Images() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, image)
	}
	return all
}

// TestMergeKilled: what a merge that was killed leaves counts for nothing, and the next merge or scan takes its place.
func TestMergeKilled(t *testing.T) {
	parts := []string{scan(t, 0, 50, Options{}), scan(t, 50, 90, Options{})}
	whole := filepath.Join(t.TempDir(), "merged")
	if err := Merge(parts, whole); err != nil {
		t.Fatal(err)
	}
	want := contents(t, whole)
	killed := func() string {
		dir := copyOf(t, whole)
		if err := os.Remove(filepath.Join(dir, ManifestFile)); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, mergePart), "")
		write(t, filepath.Join(dir, ".facet-1"), "half a table")
		write(t, filepath.Join(dir, topFile), "of another merge")
		write(t, filepath.Join(dir, imagesFolder, ".facet-2"), "half a copy")
		write(t, filepath.Join(dir, partFile(7)), "of another merge")
		return dir
	}
	dir := killed()
	if _, err := Open(dir); !errors.Is(err, ErrUnfinished) || !errors.Is(err, ErrUnfinishedMerge) {
		t.Errorf("an unfinished merge opens: %v", err)
	}
	if err := Merge(parts, dir); err != nil {
		t.Fatal(err)
	}
	sameFiles(t, contents(t, dir), want)
	dir = killed()
	w, err := Create(dir, manifest("0"), small, Options{})
	if err != nil {
		t.Fatal(err)
	}
	feed(t, w, 50)
	if err := errors.Join(w.Finish(), w.Close()); err != nil {
		t.Fatal(err)
	}
	sameFiles(t, contents(t, dir), contents(t, parts[0]))
	full := t.TempDir()
	write(t, filepath.Join(full, pairsFile), "somebody's")
	if err := Merge(parts, full); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("got %v", err)
	}
	dir = killed()
	write(t, filepath.Join(dir, imagesFolder, "holiday.jpg"), "somebody's")
	if err := Merge(parts, dir); err == nil || !strings.Contains(err.Error(), "holiday.jpg") {
		t.Errorf("got %v", err)
	}
	if contents(t, dir)[partFile(7)] == "" {
		t.Error("a folder of pictures was cleared")
	}
}

// TestPartsAreNoLinks: a link in the place of a growing file is refused, and what it leads to stays as it is.
func TestPartsAreNoLinks(t *testing.T) {
	for _, name := range []string{rowsPart, scalarsPart} {
		dir, target := t.TempDir(), filepath.Join(t.TempDir(), "target")
		write(t, target, "precious")
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Skip("no symbolic links here: ", err)
		}
		if _, err := Create(dir, manifest("0"), small, Options{KeepScalars: true}); !errors.Is(err, regular.ErrKind) {
			t.Errorf("%s: got %v, want %v", name, err, regular.ErrKind)
		}
		if got := contents(t, filepath.Dir(target))["target"]; got != "precious" {
			t.Errorf("%s: the target holds %q", name, got)
		}
	}
}

func write(t testing.TB, path, data string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

func appendTo(t testing.TB, path, data string) {
	t.Helper()
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, string(old)+data)
}

func rename(t testing.TB, dir, from, to string) {
	t.Helper()
	if err := os.Rename(filepath.Join(dir, from), filepath.Join(dir, to)); err != nil {
		t.Fatal(err)
	}
}

func copyOf(t testing.TB, dir string) string {
	t.Helper()
	out := t.TempDir()
	for name, data := range contents(t, dir) {
		write(t, filepath.Join(out, name), data)
	}
	return out
}

// edit replaces every occurrence of a text in a file.
func edit(t testing.TB, dir, name, from, to string) {
	t.Helper()
	path := filepath.Join(dir, name)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), from) {
		t.Fatalf("%s does not hold %q", path, from)
	}
	write(t, path, strings.ReplaceAll(string(data), from, to))
}

// TestMemory: what a scan holds does not grow with its images.
func TestMemory(t *testing.T) {
	w, err := Create(t.TempDir(), manifest("0"), small, Options{CheckpointEvery: 5000, KeepScalars: true})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	image, scalars, _ := item(0)
	held := func(until int) uint64 {
		for w.Next() < until {
			scalars[w.Next()%len(scalars)] += 0.25
			if err := w.Add(image, scalars); err != nil {
				t.Fatal(err)
			}
		}
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	few, many := held(2_000), held(20_000)
	t.Logf("%d bytes after 2,000 images, %d after 20,000", few, many)
	if many > few+few/10 {
		t.Errorf("%d bytes after 2,000 images, %d after 20,000", few, many)
	}
}
