package watch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/drift/store"
	"github.com/facet-clip/facet/engine/portable"
	"github.com/facet-clip/facet/graph"
)

// picture is picture k of a kind: a few random blocks of colour, in which red prevails as much as is asked for.
func picture(k int, red uint8) []byte {
	random := rand.New(rand.NewPCG(uint64(k), 1))
	img := image.NewRGBA(image.Rect(0, 0, 16, 16))
	for by := range 4 {
		for bx := range 4 {
			c := color.RGBA{max(red, uint8(random.IntN(256))), uint8(random.IntN(256)), uint8(random.IntN(256)), 255}
			for y := range 4 {
				for x := range 4 {
					img.SetRGBA(4*bx+x, 4*by+y, c)
				}
			}
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// fixture is a very small model of random weights with a profile of pictures in which no colour prevails.
var fixture = sync.OnceValues(func() (Config, error) {
	data, err := clip.RandomCheckpoint(clip.Config{Image: 32, Width: 8, Blocks: [4]int{1, 1, 1, 1}, Channels: 256, Heads: 4, Embed: 32}, 1)
	if err != nil {
		return Config{}, err
	}
	ck, err := checkpoint.OpenBytes("random", data)
	if err != nil {
		return Config{}, err
	}
	m, err := clip.New(ck, portable.New(), clip.QuickGELU)
	if err != nil {
		return Config{}, err
	}
	weights, err := m.PoolWeights()
	if err != nil {
		return Config{}, err
	}
	ov, err := decompose.New(decompose.Weights(weights))
	if err != nil {
		return Config{}, err
	}
	c := Config{Model: m, OV: ov, Rule: store.Rule{Images: 20}, Budget: 0.05, Level: 0.05, MaxPixels: 1 << 20}
	if c.Words, err = directions(ov); err != nil {
		return c, err
	}
	if c.Profile, err = reference(m, ov); err != nil {
		return c, err
	}
	red, err := redness(m, ov, c.Profile.Strong)
	if err != nil {
		return c, err
	}
	c.Words, err = c.Words.With([]string{"red"}, red)
	return c, err
})

// redness is what more red does to the strong pairs: the one word that means something to a random model.
func redness(m *clip.Model, ov *decompose.OV, strong []int) ([]float32, error) {
	const n = 50
	shift := make([]float32, ov.Embed)
	for k := range n {
		for _, red := range []uint8{0, 255} {
			img, err := dataset.NewContent("", picture(2_000_000+k, red)).Decode(1 << 20)
			if err != nil {
				return nil, err
			}
			size := m.Config.Image
			pixels := preprocess.Normalise(preprocess.Crop(img, size))
			out, err := m.EncodeImages(context.Background(), graph.Floats(pixels, 1, 3, size, size), clip.Scalars)
			if err != nil {
				return nil, err
			}
			for _, p := range strong {
				s := out[clip.Scalars].Floats[p] / n
				if red == 0 {
					s = -s
				}
				for i, u := range ov.Direction(ov.Pair(p)) {
					shift[i] += s * u
				}
			}
		}
	}
	return shift, nil
}

// directions are words that mean nothing: random directions, by which no change may be named.
func directions(ov *decompose.OV) (*concept.Dictionary, error) {
	random := rand.New(rand.NewPCG(1, 2))
	var texts []string
	var e []float32
	for i := range 40 {
		texts = append(texts, fmt.Sprint("word ", i))
		for range ov.Embed {
			e = append(e, float32(random.NormFloat64()))
		}
	}
	bank, err := concept.NewBank(texts, e, ov.Embed)
	if err != nil {
		return nil, err
	}
	return concept.NewDictionary(bank, concept.UnitRows)
}

func reference(m *clip.Model, ov *decompose.OV) (*drift.Profile, error) {
	const n = 200
	size := m.Config.Image
	var pixels []float32
	for k := range n {
		img, err := dataset.NewContent("", picture(1_000_000+k, 0)).Decode(1 << 20)
		if err != nil {
			return nil, err
		}
		pixels = append(pixels, preprocess.Normalise(preprocess.Crop(img, size))...)
	}
	out, err := m.EncodeImages(context.Background(), graph.Floats(pixels, n, 3, size, size), clip.Embedding, clip.Scalars)
	if err != nil {
		return nil, err
	}
	watched, err := drift.NewConcept("a text", concept.Unit(ov.Direction(ov.Pair(5))), ov)
	if err != nil {
		return nil, err
	}
	e, s := out[clip.Embedding].Floats, out[clip.Scalars].Floats
	pairs := ov.Heads * ov.Channels
	summary := drift.NewSummary(pairs, ov.Embed, 1, n)
	for k := range n {
		row := s[k*pairs : (k+1)*pairs]
		bound, err := ov.Scalars(row)
		if err != nil {
			return nil, err
		}
		embedding := e[k*ov.Embed : (k+1)*ov.Embed]
		image := drift.Image{Path: fmt.Sprint("reference ", k), Embedding: embedding, Scores: []drift.Score{watched.Score(bound, embedding)}}
		if err := summary.Add(image, row, nil); err != nil {
			return nil, err
		}
	}
	return drift.NewProfile(summary, ov.Norms(), []drift.Concept{watched}), nil
}

func openStore(t testing.TB, path string) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if err := s.Bind(context.Background(), "{}"); err != nil {
		t.Fatal(err)
	}
	return s
}

// newWatcher is a watcher over a store; change, when given, changes its settings.
func newWatcher(t testing.TB, s *store.Store, change func(*Config)) *Watcher {
	t.Helper()
	c, err := fixture()
	if err != nil {
		t.Fatal(err)
	}
	if c.Store = s; change != nil {
		change(&c)
	}
	w, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func totals(t testing.TB, s *store.Store) store.Totals {
	t.Helper()
	got, err := s.Totals(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func write(t testing.TB, dir, name string, data []byte) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Minute) // not one that is being written
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
}

func ignore(int) {}

// list are pictures from to to of a kind, as a feed of files.
func list(t testing.TB, from, to int, red uint8) iter.Seq2[dataset.Item, error] {
	dir := t.TempDir()
	return func(yield func(dataset.Item, error) bool) {
		for k := from; k < to; k++ {
			name := fmt.Sprintf("%06d.png", k)
			write(t, dir, name, picture(k, red))
			if !yield(dataset.FileItem(filepath.Join(dir, name)), nil) {
				return
			}
		}
	}
}

func run(t testing.TB, w *Watcher, jobs ...func(context.Context) error) {
	t.Helper()
	if err := w.Run(context.Background(), jobs...); err != nil {
		t.Fatal(err)
	}
}

// TestStreamGoesOn: a stream that is watched in three runs gives the windows of one that is watched in one, and an alert where red begins to prevail, once.
func TestStreamGoesOn(t *testing.T) {
	windows := func(parts [][2]int) (out []Window) {
		s := openStore(t, filepath.Join(t.TempDir(), "drift.db"))
		for _, part := range parts {
			w := newWatcher(t, s, func(c *Config) { c.Closed = func(w Window) { out = append(out, w) } })
			run(t, w, w.Items(func(yield func(dataset.Item, error) bool) {
				for k := part[0]; k < part[1]; k++ {
					red := uint8(0)
					if k >= 100 {
						red = 200
					}
					for item := range list(t, k, k+1, red) {
						item.Path = fmt.Sprint("picture ", k)
						if !yield(item, nil) {
							return
						}
					}
				}
			}, ignore))
		}
		return out
	}
	whole := windows([][2]int{{0, 200}})
	parts := windows([][2]int{{0, 33}, {33, 130}, {100, 200}})
	same := cmp.Options{cmpopts.IgnoreFields(Window{}, "First", "Last", "Closed"), cmpopts.EquateApprox(1e-4, 1e-9)}
	if d := cmp.Diff(whole, parts, same); d != "" {
		t.Errorf("watched in three runs: (-one +three)\n%s", d)
	}
	if len(whole) != 10 {
		t.Fatalf("%d windows, expected 10", len(whole))
	}
	alerts := 0
	for i, w := range whole {
		if i < 5 && len(w.Alerts) > 0 {
			t.Errorf("window %d raised an alert before anything changed: %v", w.Number, w.Alerts)
		}
		if i >= 5 {
			alerts += len(w.Alerts)
		}
	}
	if alerts == 0 {
		t.Errorf("no alert after red prevailed; evidence %v", whole[9].Evidence)
	}
}

func TestFolder(t *testing.T) {
	dir, path := t.TempDir(), filepath.Join(t.TempDir(), "drift.db")
	s := openStore(t, path)
	watchOnce := func() {
		t.Helper()
		w := newWatcher(t, s, nil)
		run(t, w, w.Folder(dir, time.Millisecond, true, ignore))
	}
	for k := range 30 {
		write(t, dir, fmt.Sprintf("%02d.png", k), picture(k, 0))
	}
	write(t, dir, "copy.png", picture(3, 0))
	write(t, dir, "broken.png", picture(99, 0)[:60])
	write(t, dir, "empty.png", nil)
	write(t, dir, ".hidden.png", picture(98, 0))
	write(t, dir, "notes.txt", []byte("no picture"))
	watchOnce()
	want := store.Totals{Images: 30, Waiting: 10, Unreadable: 2, Windows: 1}
	if d := cmp.Diff(want, totals(t, s)); d != "" {
		t.Errorf("a folder: (-want +got)\n%s", d)
	}
	watchOnce()
	if d := cmp.Diff(want, totals(t, s)); d != "" {
		t.Errorf("the same again: (-want +got)\n%s", d)
	}
	write(t, dir, "broken.png", picture(99, 0)) // the whole of it has come
	write(t, dir, "00.png", picture(97, 0))     // another picture under an old name
	watchOnce()
	want.Images, want.Waiting = 32, 12
	if d := cmp.Diff(want, totals(t, s)); d != "" {
		t.Errorf("after changes: (-want +got)\n%s", d)
	}
}

// TestFolderGrows: new files are found while the watcher runs, and those that are still written are left for later.
func TestFolderGrows(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, filepath.Join(t.TempDir(), "drift.db"))
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	w := newWatcher(t, s, nil)
	counted := make(chan int, 100)
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx, w.Folder(dir, 5*time.Millisecond, false, func(n int) { counted <- n })) }()
	write(t, dir, "a.png", picture(1, 0))
	<-counted
	if err := os.WriteFile(filepath.Join(dir, "young.png"), picture(7, 0)[:50], 0o644); err != nil { // just now
		t.Fatal(err)
	}
	write(t, dir, "b.png", picture(2, 0))
	if n := <-counted; n != 2 {
		t.Errorf("%d images counted in all, expected 2", n)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	if d := cmp.Diff(store.Totals{Images: 2, Waiting: 2}, totals(t, s)); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func TestFeedErrorsEndTheRun(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "drift.db"))
	w := newWatcher(t, s, nil)
	dir := t.TempDir()
	write(t, dir, "a.png", picture(1, 0))
	in := bytes.NewBufferString("path\na.png\nmissing.png\n../b.png\n")
	err := w.Run(context.Background(), func(ctx context.Context) error { return w.Items(dataset.Feed(ctx, in, dir), ignore)(ctx) })
	if err == nil || !bytes.Contains([]byte(err.Error()), []byte("line 4")) {
		t.Errorf("got %v, expected one that names line 4", err)
	}
	if got := totals(t, s); got.Images > 1 || got.Unreadable != 0 {
		t.Errorf("%+v", got)
	}
}

// TestOtherPayloadsAreRefused: a store of another model's payloads is not read as if it were this one's.
func TestOtherPayloadsAreRefused(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "drift.db"))
	var images []store.Image
	for k := range 20 {
		images = append(images, store.Image{Hash: [32]byte{byte(k)}, Payload: []byte{1, 2, 3}})
	}
	if _, err := s.Add(context.Background(), images); err != nil {
		t.Fatal(err)
	}
	w := newWatcher(t, s, nil)
	if err := w.Run(context.Background(), w.Items(list(t, 0, 1, 0), ignore)); err == nil || !bytes.Contains([]byte(err.Error()), []byte("a payload of 3 bytes")) {
		t.Errorf("got %v", err)
	}
}

func TestOneAlertForOneDrift(t *testing.T) {
	w := newWatcher(t, nil, nil)
	m := &memory{}
	holds := map[string]string{w.monitor.Names[1]: "more red", w.monitor.Names[2]: "more red"}
	first := w.alert(m, []int{1}, holds)
	if first == nil || cmp.Diff([]string{"more red"}, first.New) != "" {
		t.Errorf("first: %+v", first)
	}
	if again := w.alert(m, []int{2}, holds); again != nil {
		t.Errorf("the same change again: %+v", again)
	}
	other := w.alert(m, []int{0, 3}, holds)
	if other == nil || cmp.Diff([]string{"a text", w.monitor.Names[3]}, other.New) != "" {
		t.Errorf("another: %+v", other)
	}
	if none := w.alert(m, nil, holds); none != nil {
		t.Errorf("of nothing: %+v", none)
	}
	data, err := json.Marshal(m)
	if err != nil || len(data) == 0 {
		t.Error(err)
	}
}
