package watch

import (
	"context"
	"errors"
	"image"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/drift/store"
	"github.com/facet-clip/facet/engine"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/engine/portable"
)

// moody is an engine that fails, or answers NaN, when a batch holds a picture that it does not like.
type moody struct {
	engine.Engine
	fails, infects func(picture []float32) bool
}

func (m moody) Compile(g *graph.Graph) (engine.Session, error) {
	s, err := m.Engine.Compile(g)
	return moodySession{s, m}, err
}

type moodySession struct {
	engine.Session
	moody
}

func (s moodySession) Run(ctx context.Context, inputs map[string]graph.Tensor) (map[string]graph.Tensor, error) {
	out, err := s.Session.Run(ctx, inputs)
	pixels := inputs["pixels"]
	n := pixels.Shape[0]
	for i := range n {
		picture := pixels.Floats[i*len(pixels.Floats)/n : (i+1)*len(pixels.Floats)/n]
		if s.fails(picture) {
			return nil, errors.New("out of memory")
		}
		if s.infects(picture) {
			e := out[string(clip.Embedding)].Floats
			e[i*len(e)/n] = float32(math.NaN())
		}
	}
	return out, err
}

// pixelsOf are those that the model gets of picture k.
func pixelsOf(t *testing.T, k, size int) []float32 {
	t.Helper()
	var pixels []float32
	err := dataset.NewDecoder(0).Bytes(t.Context(), "", picture(k, 0), func(img *image.NRGBA) error {
		pixels = preprocess.Normalise(preprocess.Crop(img, size))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return pixels
}

func moodyWatcher(t *testing.T, s *store.Store, fails, infects func([]float32) bool) *Watcher {
	t.Helper()
	return newWatcher(t, s, func(c *Config) {
		m, err := clip.New(c.Model.Checkpoint(), moody{portable.New(), fails, infects}, clip.QuickGELU)
		if err != nil {
			t.Fatal(err)
		}
		c.Model = m
	})
}

func never([]float32) bool { return false }

// TestPicturesThatFail: a picture on which the engine fails, and one that the model answers with NaN, are kept on record, once; the others of
// their batch are counted.
func TestPicturesThatFail(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "drift.db"))
	is := func(k int) func([]float32) bool {
		want := pixelsOf(t, k, 32)
		return func(picture []float32) bool { return cmp.Equal(want, picture) }
	}
	fails, infects := is(3), is(5)
	for range 2 {
		w := moodyWatcher(t, s, fails, infects)
		run(t, w, w.Items(list(t, 0, 12, 0), ignore))
		if d := cmp.Diff(store.Totals{Images: 10, Waiting: 10, Unreadable: 2}, totals(t, s)); d != "" {
			t.Errorf("(-want +got)\n%s", d)
		}
	}
	for k, says := range map[int]string{3: "the model cannot encode it: out of memory", 5: "NaN"} {
		known, err := s.Known(context.Background(), store.Image{Hash: dataset.NewContent("", picture(k, 0)).Hash})
		if !known.There || !strings.Contains(known.Reason, says) || err != nil {
			t.Errorf("picture %d: %+v, %v; expected %q", k, known, err, says)
		}
	}
}

// TestEngineThatFails: an engine that encodes nothing ends the run and leaves the pictures for the next; so does a model of NaNs, also for a
// single picture.
func TestEngineThatFails(t *testing.T) {
	always := func([]float32) bool { return true }
	for _, n := range []int{1, 12} {
		for says, moods := range map[string][2]func([]float32) bool{"out of memory": {always, never}, "NaN": {never, always}} {
			s := openStore(t, filepath.Join(t.TempDir(), "drift.db"))
			w := moodyWatcher(t, s, moods[0], moods[1])
			err := w.Run(context.Background(), w.Items(list(t, 0, n, 0), ignore))
			if err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "encodes no picture") {
				t.Errorf("%d pictures: got %v, expected %q", n, err, says)
			}
			if d := cmp.Diff(store.Totals{}, totals(t, s)); d != "" {
				t.Errorf("%d pictures: (-want +got)\n%s", n, d)
			}
		}
	}
}
