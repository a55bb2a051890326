package watch

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"iter"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/drift/store"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/engine/portable"
	"github.com/facet-clip/facet/internal/randomclip"
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
	data, err := randomclip.Checkpoint(clip.Config{Image: 32, Width: 8, Blocks: [4]int{1, 1, 1, 1}, Channels: 256, Heads: 4, Embed: 32}, 1)
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
	ov, err := decompose.New(weights)
	if err != nil {
		return Config{}, err
	}
	c := Config{Model: m, OV: ov, Rule: store.Rule{Images: 20}, Budget: 0.05, Level: 0.05, Decoder: dataset.NewDecoder(1 << 20)}
	if c.Profile, err = reference(m, ov); err != nil {
		return c, err
	}
	c.Words, err = directions(m, ov, c.Profile)
	return c, err
})

// directions are words that mean nothing, and "red": how the mean embedding moves when red prevails.
func directions(m *clip.Model, ov *decompose.OV, p *drift.Profile) (*concept.Dictionary, error) {
	const n = 50
	seen, _, err := encode(m, 2_000_000, n, 255)
	if err != nil {
		return nil, err
	}
	embed := ov.Embed
	red := make([]float32, embed)
	for i := range red {
		red[i] = -float32(p.Embedding.Mean[i])
		for k := range n {
			red[i] += seen[k*embed+i] / n
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	texts, e := []string{"red"}, red
	for i := range 40 {
		texts = append(texts, fmt.Sprint("word ", i))
		for range embed {
			e = append(e, float32(random.NormFloat64()))
		}
	}
	bank, err := concept.NewBank(texts, e, embed)
	if err != nil {
		return nil, err
	}
	return concept.NewDictionary(bank, concept.UnitRows)
}

// encode gives embeddings [n,D] and scalars [n,M,C] of n pictures of a kind.
func encode(m *clip.Model, from, n int, red uint8) (embeddings, scalars []float32, err error) {
	size := m.Config.Image
	var pixels []float32
	for k := range n {
		err := dataset.NewDecoder(0).Bytes(context.Background(), "", picture(from+k, red), func(img *image.NRGBA) error {
			pixels = append(pixels, preprocess.Normalise(preprocess.Crop(img, size))...)
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
	}
	out, err := m.EncodeImages(context.Background(), graph.Floats(pixels, n, 3, size, size), clip.Embedding, clip.Scalars)
	if err != nil {
		return nil, nil, err
	}
	return out[clip.Embedding].Floats, out[clip.Scalars].Floats, nil
}

func reference(m *clip.Model, ov *decompose.OV) (*drift.Profile, error) {
	const n = 200
	e, s, err := encode(m, 1_000_000, n, 0)
	if err != nil {
		return nil, err
	}
	watched, err := drift.NewConcept("a text", concept.Unit(ov.Direction(ov.Pair(5))), ov)
	if err != nil {
		return nil, err
	}
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
	w, err := New(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// redShift is how far the mean embedding moves when red prevails.
func (w *Watcher) redShift(t testing.TB) []float32 {
	t.Helper()
	const n = 50
	seen, _, err := encode(w.Model, 2_000_000, n, 255)
	if err != nil {
		t.Fatal(err)
	}
	out, D := make([]float32, w.OV.Embed), w.OV.Embed
	for i := range out {
		out[i] = -float32(w.Profile.Embedding.Mean[i])
		for k := range n {
			out[i] += seen[k*D+i] / n
		}
	}
	return out
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
	windows := func(parts [][2]int) (out []answer.Window) {
		s := openStore(t, filepath.Join(t.TempDir(), "drift.db"))
		for _, part := range parts {
			w := newWatcher(t, s, func(c *Config) { c.Closed = func(w answer.Window) { out = append(out, w) } })
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
	same := cmp.Options{cmpopts.IgnoreFields(answer.Window{}, "First", "Last", "Closed", "Repeated", "RepeatedShare"), cmpopts.EquateApprox(1e-4, 1e-9)}
	if d := cmp.Diff(whole, parts, same); d != "" {
		t.Errorf("watched in three runs: (-one +three)\n%s", d)
	}
	if len(whole) != 10 {
		t.Fatalf("%d windows, expected 10", len(whole))
	}
	var alerts []string
	for i, w := range whole {
		if i < 5 && len(w.Alerts) > 0 {
			t.Errorf("window %d raised an alert before anything changed: %v", w.Number, w.Alerts)
		}
		if i >= 5 {
			for _, a := range w.Alerts {
				alerts = append(alerts, a.New...)
			}
		}
	}
	if !slices.Contains(alerts, "more red") {
		t.Errorf("alerts after red prevailed: %v; evidence %v", alerts, whole[9].Evidence)
	}
}

// TestSmallDriftHasAName: a drift that is too small for a name in the window of its alert has the name that it has in all windows since it began.
func TestSmallDriftHasAName(t *testing.T) {
	dir := t.TempDir()
	some := func(yield func(dataset.Item, error) bool) { // one picture in eight is red
		for k := 100; k < 400; k++ {
			red, name := uint8(0), fmt.Sprintf("%d.png", k)
			if k%8 == 0 {
				red = 255
			}
			if write(t, dir, name, picture(k, red)); !yield(dataset.FileItem(filepath.Join(dir, name)), nil) {
				return
			}
		}
	}
	s := openStore(t, filepath.Join(t.TempDir(), "drift.db"))
	var alone, said []string
	w := newWatcher(t, s, func(c *Config) {
		c.Closed = func(w answer.Window) {
			for _, a := range w.Alerts {
				if said = append(said, a.New...); a.From != 6 || len(a.Changes) == 0 || a.Changes[0].String() != "more red" {
					t.Errorf("window %d: from %d on: %v", w.Number, a.From, a.Changes)
				}
				for _, c := range w.Compared.Changes {
					alone = append(alone, fmt.Sprint(w.Number, " ", c))
				}
			}
		}
	})
	run(t, w, w.Items(list(t, 0, 100, 0), ignore), func(ctx context.Context) error { // windows 1 to 5
		for totals(t, s).Images < 100 {
			time.Sleep(10 * time.Millisecond)
		}
		return w.Items(some, ignore)(ctx)
	})
	if d := cmp.Diff([]string{"more red"}, said); d != "" {
		t.Errorf("alerts said: (-want +got)\n%s", d)
	}
	if slices.Contains(alone, "8 more red") {
		t.Error("the window of the first alert has the name by itself: nothing was tested")
	}
}

// TestEpisodesAreTold: a drift that stays is told when it begins and when it has a name, then when it is over, and when it is back: by its name, or
// by the way in which the images move, whatever its name was. Another drift is not back.
func TestEpisodesAreTold(t *testing.T) {
	for _, c := range []struct {
		name   string
		second float32 // of the shift of the first drift
		forget string  // of the state after the first episode
		want   []string
	}{
		{"it comes back", 1, "", []string{"begin 1", "clear 1", "return 2"}},
		{"it had another name", 1, "past", []string{"begin 1", "clear 1", "return 2"}},
		{"as older versions stored it", 1, "moves", []string{"begin 1", "clear 1", "return 2"}},
		{"its opposite", -1, "", []string{"begin 1", "clear 1", "begin 2"}},
	} {
		t.Run(c.name, func(t *testing.T) { tellEpisodes(t, c.second, c.forget, c.want) })
	}
}

func tellEpisodes(t *testing.T, second float32, forget string, want []string) {
	w := newWatcher(t, nil, nil)
	payload := drifting(t, w)
	var state []byte
	var events []string
	for window := 1; window <= 24; window++ {
		times := float32(0)
		switch {
		case window > 18:
			times = second
		case window > 4 && window <= 12:
			times = 1
		}
		full := store.Full{Number: window, State: state, Earlier: func(from int) (int, []store.Image, error) { return from, nil, nil }}
		for k := range 40 {
			full.Images = append(full.Images, store.Image{Hash: [32]byte{byte(window), byte(k)}, Name: fmt.Sprint(window, " ", k), Payload: payload(times)})
		}
		result, o, err := w.judge(context.Background(), full)
		if err != nil {
			t.Fatal(err)
		}
		if state = o.State; window == 18 && forget != "" {
			state = without(t, state, forget)
		}
		for _, a := range result.Alerts {
			if events = append(events, fmt.Sprint(a.Event, " ", a.Episode)); !strings.Contains(Sentence(a), fmt.Sprint("episode ", a.Episode)) {
				t.Errorf("the sentence lacks the episode: %s", Sentence(a))
			}
			t.Log(window, Sentence(a))
		}
		if (result.Episode > 0) != (w.monitor.Episode != nil) || result.Order == nil {
			t.Errorf("window %d: episode %d, order %v", window, result.Episode, result.Order)
		}
	}
	if d := cmp.Diff(want, events); d != "" {
		t.Errorf("events (-want +got)\n%s", d)
	}
}

// drifting gives payloads of images of the profile that are moved by so many times the shift of red.
func drifting(t *testing.T, w *Watcher) func(times float32) []byte {
	_, red, err := encode(w.Model, 2_000_000, 50, 255)
	if err != nil {
		t.Fatal(err)
	}
	p, pairs, along := w.Profile, w.OV.Heads*w.OV.Channels, w.redShift(t)
	sample, random := p.Sample(), rand.New(rand.NewPCG(3, 4))
	return func(times float32) (out []byte) {
		image := sample[random.IntN(len(sample))]
		values := slices.Clone(image.Embedding)
		for i := range values {
			values[i] += times * along[i]
		}
		for k, v := range image.Scalars {
			for n := range 50 {
				v += times * (red[n*pairs+p.Strong[k]] - float32(p.Pairs.Mean[p.Strong[k]])) / 50
			}
			values = append(values, v)
		}
		for _, v := range append(values, float32(image.Scores[0].Signed), float32(image.Scores[0].Norm)) {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
		}
		return out
	}
}

// without is a stored state without one of its fields.
func without(t *testing.T, state []byte, field string) []byte {
	t.Helper()
	var all map[string]json.RawMessage
	if err := json.Unmarshal(state, &all); err != nil {
		t.Fatal(err)
	}
	if _, there := all[field]; !there {
		t.Fatalf("the state has no %s", field)
	}
	delete(all, field)
	out, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestAnotherDrift: a second drift, for which there is no word, tells an alert while the first, which has one, goes on.
func TestAnotherDrift(t *testing.T) {
	w := newWatcher(t, nil, nil)
	_, red, err := encode(w.Model, 2_000_000, 50, 255)
	if err != nil {
		t.Fatal(err)
	}
	p, pairs := w.Profile, w.OV.Heads*w.OV.Channels
	sample, random := p.Sample(), rand.New(rand.NewPCG(1, 2))
	const other, first, second = 8, 6, 16 // the pairs of the second drift, and the first windows of both
	shift, along := make([]float32, len(p.Strong)), w.redShift(t)
	across := make([]float32, w.OV.Embed) // of the second drift
	for k, i := range p.Strong {
		for n := range 50 {
			shift[k] += (red[n*pairs+i] - float32(p.Pairs.Mean[i])) / 50
		}
		if k < other {
			for d, u := range w.OV.Direction(w.OV.Pair(i)) {
				across[d] -= shift[k] * u
			}
		}
	}
	// payload is that of an image of the profile with what the drifts do to pairs: the one makes some redder, the other makes others less red.
	payload := func(window int) (out []byte) {
		image := sample[random.IntN(len(sample))]
		values := slices.Clone(image.Embedding)
		for i := range values {
			if window >= first {
				values[i] += along[i]
			}
			if window >= second {
				values[i] += across[i]
			}
		}
		for k, v := range image.Scalars {
			if k >= other && window >= first {
				v += shift[k]
			}
			if k < other && window >= second {
				v -= shift[k]
			}
			values = append(values, v)
		}
		for _, v := range append(values, float32(image.Scores[0].Signed), float32(image.Scores[0].Norm)) {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
		}
		return out
	}
	var kept []store.Image
	var state []byte
	said := map[int][]string{}
	for window := 1; window <= 25; window++ {
		full := store.Full{Number: window, State: state, Earlier: func(from int) (int, []store.Image, error) { return from, kept[20*(from-1) : 20*(window-1)], nil }}
		for k := range 20 {
			full.Images = append(full.Images, store.Image{Hash: [32]byte{byte(window), byte(k)}, Name: fmt.Sprint(window, " ", k), Payload: payload(window)})
		}
		result, o, err := w.judge(context.Background(), full)
		if err != nil {
			t.Fatal(err)
		}
		state, kept = o.State, append(kept, full.Images...)
		for _, a := range result.Alerts {
			said[window] = a.New
		}
	}
	t.Log(said)
	var others []string
	for window, names := range said {
		if window < second && !cmp.Equal(names, []string{"more red"}) {
			t.Errorf("window %d, of the first drift, said %v", window, names)
		}
		if window >= second {
			others = append(others, names...)
		}
	}
	for _, name := range others {
		if k := slices.Index(w.monitor.Names, name) - len(p.Watched); k < 0 || k >= other {
			t.Errorf("the second drift was called %q", name)
		}
	}
	if len(others) == 0 {
		t.Error("the second drift was not told")
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

// TestFolderOnce: a file that is still being written is waited for, but not for ever.
func TestFolderOnce(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, filepath.Join(t.TempDir(), "drift.db"))
	data, path := picture(1, 0), filepath.Join(dir, "young.png")
	if err := os.WriteFile(path, data[:50], 0o644); err != nil {
		t.Fatal(err)
	}
	rest := time.AfterFunc(still/2, func() {
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Error(err)
		}
	})
	defer rest.Stop()
	w := newWatcher(t, s, nil)
	run(t, w, w.Folder(dir, time.Hour, true, ignore))
	if d := cmp.Diff(store.Totals{Images: 1, Waiting: 1}, totals(t, s)); d != "" {
		t.Errorf("a file that was written in two goes: (-want +got)\n%s", d)
	}
	written := make(chan struct{})
	go func() { // for longer than the watcher waits
		defer close(written)
		for range 40 {
			write(t, dir, "growing.png", data)
			os.Chtimes(filepath.Join(dir, "growing.png"), time.Now(), time.Now())
			time.Sleep(still / 10)
		}
	}()
	time.Sleep(still / 10)
	w = newWatcher(t, s, nil)
	w.limits.settling = still / 2
	run(t, w, w.Folder(dir, time.Hour, true, ignore))
	select {
	case <-written:
		t.Error("a file that is written for ever was waited for")
	default:
	}
	<-written
}

// TestFilesOfFolder: what is too large is kept on record without being read, what cannot be opened is reported once as it is, and what is gone is
// forgotten, but for its content.
func TestFilesOfFolder(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	s := openStore(t, filepath.Join(t.TempDir(), "drift.db"))
	write(t, dir, "a.png", picture(1, 0))
	write(t, dir, "b.png", picture(2, 0))
	write(t, dir, "huge.png", nil)
	if err := os.Truncate(filepath.Join(dir, "huge.png"), 1<<42); err != nil {
		t.Skip("no sparse files here: ", err)
	}
	old := time.Now().Add(-time.Minute)
	if err := os.Chtimes(filepath.Join(dir, "huge.png"), old, old); err != nil {
		t.Fatal(err)
	}
	if err := s.MarkRead(ctx, []store.File{{Path: "/elsewhere/c.png"}, {Path: filepath.Join(dir, "\uFFFD.png")}}); err != nil {
		t.Fatal(err)
	}
	watchOnce := func() {
		t.Helper()
		w := newWatcher(t, s, nil)
		run(t, w, w.Folder(dir, time.Millisecond, true, ignore))
	}
	watchOnce()
	if err := os.Remove(filepath.Join(dir, "a.png")); err != nil {
		t.Fatal(err)
	}
	watchOnce()
	paths, err := s.Files(ctx, "", 10)
	want := []string{"/elsewhere/c.png", filepath.Join(dir, "b.png"), filepath.Join(dir, "huge.png"), filepath.Join(dir, "\uFFFD.png")}
	if d := cmp.Diff(want, paths); d != "" || err != nil {
		t.Errorf("marked files: %v (-want +got)\n%s", err, d)
	}
	write(t, dir, "again.png", picture(1, 0))
	watchOnce()
	if d := cmp.Diff(store.Totals{Images: 2, Waiting: 2, Unreadable: 1}, totals(t, s)); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	w := newWatcher(t, s, nil)
	missing := filepath.Join(dir, "missing.png")
	for _, c := range []struct {
		size int64
		want Status
	}{{1, Missing}, {1, reported}, {2, Missing}, {2, reported}} {
		a, err := w.open(ctx, fed{dataset.FileItem(missing), &store.File{Path: missing, Size: c.size, Modified: old}})
		if err != nil || a.status != c.want {
			t.Errorf("a file of %d bytes that cannot be opened is %q, expected %q: %v", c.size, a.status, c.want, err)
		}
	}
}

// TestInterruptedWhileStoreFails: who is interrupted does not try for a quarter of an hour to mark what was read.
func TestInterruptedWhileStoreFails(t *testing.T) {
	dir, path := t.TempDir(), filepath.Join(t.TempDir(), "drift.db")
	s := openStore(t, path)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	w := newWatcher(t, s, nil)
	run(t, w, w.Items(list(t, 1, 2, 0), ignore)) // so that the file is a repeat, which is marked after it was looked up
	if _, err := db.Exec(`CREATE TRIGGER no BEFORE INSERT ON files BEGIN SELECT RAISE(ABORT, 'no'); END`); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "a.png", picture(1, 0))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w = newWatcher(t, s, nil)
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx, w.Folder(dir, time.Hour, false, func(int) { cancel() })) }()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
	case <-time.After(time.Minute):
		t.Error("it goes on a minute after it was interrupted")
	}
}

func TestFeedErrorsEndTheRun(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "drift.db"))
	w := newWatcher(t, s, nil)
	dir := t.TempDir()
	write(t, dir, "a.png", picture(1, 0))
	in := bytes.NewBufferString("path\na.png\nmissing.png\n../b.png\n")
	err := w.Run(context.Background(), func(ctx context.Context) error { return w.Items(dataset.Feed(ctx, in, dir, ""), ignore)(ctx) })
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
	m := &memory{Said: map[string]int{}}
	name := func(i int) string { return w.monitor.Names[i] }
	last := len(w.monitor.Names) - 1
	red := map[string]string{name(1): "more red", name(2): "more red"}
	blue := map[string]string{name(1): "more red", anyOther: "less blue"}
	for k, c := range []struct {
		what    string
		crossed []int
		since   int // how many windows there were when their evidence began to grow
		holds   map[string]string
		new     []string // nil: no alert
	}{
		{"first", []int{1}, 0, red, []string{"more red"}},
		{"the same change again", []int{2}, 0, red, nil},
		{"what no name holds", []int{0, 3}, 0, red, []string{"a text", unnamed}},
		{"the largest change, for all that no name holds", []int{0, 1, 4, last}, 0, blue, []string{"less blue"}},
		{"what began before the largest change was said", []int{5, 6}, 3, blue, nil},
		{"what began afterwards: another drift", []int{7, 8, 1}, 4, blue, []string{name(7), name(8)}},
		{"and that again", []int{7, 1}, 4, blue, nil},
	} {
		for _, i := range c.crossed {
			w.monitor.Detectors[i].Windows, w.monitor.Detectors[i].Since = k+1, c.since
		}
		a := w.alert(m, c.crossed, comparison{window: k + 1, from: 3, taken: 7, holds: c.holds})
		if (a == nil) != (c.new == nil) {
			t.Errorf("%s: %+v", c.what, a)
		}
		if a == nil {
			continue
		}
		if d := cmp.Diff(c.new, a.New); d != "" || len(a.RaisedBy) != len(c.crossed) || a.Window != k+1 || a.From != 3 || a.Images != 7 {
			t.Errorf("%s: %+v (-want +got)\n%s", c.what, a, d)
		}
	}
	data, err := json.Marshal(m)
	if err != nil || len(data) == 0 {
		t.Error(err)
	}
}

// TestNamelessDriftIsAskedAgain: a drift that was told without a name is told again when it has one, and is asked 1, 3, 7 windows later.
func TestNamelessDriftIsAskedAgain(t *testing.T) {
	w := newWatcher(t, nil, nil)
	m := &memory{Said: map[string]int{}}
	w.monitor.Episode = &drift.Episode{Number: 1, Begin: 1, Raised: []drift.Raiser{{Followed: 3}}}
	w.monitor.Detectors[0].Windows = 1
	if a := w.tell(m, []int{3}, comparison{window: 4}); a == nil || a.Event != begins || !slices.Equal(a.New, []string{unnamed}) {
		t.Fatalf("an alert without a name: %+v", a)
	}
	var asked []int
	for window := 4; window < 20; window++ {
		if _, nameless := w.due(m, window); len(nameless) > 0 {
			asked = append(asked, window)
		}
	}
	if !slices.Equal(asked, []int{5, 7, 11, 19}) {
		t.Errorf("asked in windows %v", asked)
	}
	w.monitor.Detectors[0].Windows = 2
	c := comparison{window: 5, holds: map[string]string{anyOther: "more red"}, late: []int{3}}
	if a := w.tell(m, []int{3}, c); a == nil || a.Event != changes || !slices.Equal(a.New, []string{"more red"}) {
		t.Errorf("an alert with the name: %+v", a)
	}
	if _, nameless := w.due(m, 7); len(nameless) > 0 {
		t.Error("asked again after it has a name")
	}
}

// TestTiesGoByContent: an image ranks the same under every name, and images of one name are dealt to both sides of a tie.
func TestTiesGoByContent(t *testing.T) {
	w := newWatcher(t, nil, nil)
	known := w.Profile.Sample()[0] // which ties with itself in everything
	rank := func(hash byte, name string) int {
		image := store.Image{Hash: [32]byte{hash}, Name: name}
		for _, values := range [][]float32{known.Embedding, known.Scalars, {float32(known.Scores[0].Signed), float32(known.Scores[0].Norm)}} {
			for _, v := range values {
				image.Payload = binary.LittleEndian.AppendUint32(image.Payload, math.Float32bits(v))
			}
		}
		unpacked, err := w.unpack(image)
		if err != nil {
			t.Fatal(err)
		}
		return w.monitor.Ranks(unpacked)[1]
	}
	sides := map[int]bool{}
	for hash := range byte(10) {
		sides[rank(hash, "camera.jpg")] = true
		for name := range 10 {
			if a, b := rank(hash, fmt.Sprint(name)), rank(hash, "camera.jpg"); a != b {
				t.Errorf("one content has ranks %d and %d under two names", a, b)
			}
		}
	}
	if len(sides) != 2 {
		t.Errorf("ten contents of one name fall on %d sides of a tie, expected 2", len(sides))
	}
}

// TestSuccessorForgetsWhatWasAsked: with a new reference, nothing that was asked of the one before is asked again.
func TestSuccessorForgetsWhatWasAsked(t *testing.T) {
	before, after := newWatcher(t, nil, nil), newWatcher(t, nil, nil)
	state, err := json.Marshal(memory{Monitor: before.initial, Said: map[string]int{"more red": 3}, Named: true, Shared: map[string]int{"red": 3}, Nameless: 2,
		Moves: []episodeMove{{1, drift.Move{Shift: make([]byte, 4*before.OV.Embed)}}}})
	if err != nil {
		t.Fatal(err)
	}
	if state, err = after.Succeed(state, before); err != nil {
		t.Fatal(err)
	}
	m, err := after.recall(state)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Said)+len(m.Shared)+len(m.Moves) > 0 || m.Named || m.Nameless != 0 {
		t.Errorf("said %v, named %v, still to be asked: %v and window %d", m.Said, m.Named, m.Shared, m.Nameless)
	}
	if _, told := m.Past["more red"]; !told {
		t.Errorf("what was told is not in the past: %v", m.Past)
	}
}

// TestSeenAgainIsNoRepeat: the file of a folder that another watcher counted, and a list that is read again, repeat nothing; a copy of a file does.
func TestSeenAgainIsNoRepeat(t *testing.T) {
	s, dir := openStore(t, filepath.Join(t.TempDir(), "drift.db")), t.TempDir()
	repeats := func() int {
		w := newWatcher(t, s, nil)
		run(t, w, w.Folder(dir, time.Hour, true, ignore), w.Items(func(yield func(dataset.Item, error) bool) {
			yield(dataset.FileItem(filepath.Join(dir, "c.png")), nil)
		}, ignore))
		return w.repeats.of("")
	}
	write(t, dir, "a.png", picture(1, 0))
	write(t, dir, "c.png", picture(2, 0))
	repeats()
	if n := repeats(); n > 0 {
		t.Errorf("%d repeats of what was seen before", n)
	}
	write(t, dir, "b.png", picture(1, 0))
	if n := repeats(); n != 1 {
		t.Errorf("%d repeats of a copy, expected 1", n)
	}
}
