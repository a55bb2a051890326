package lab_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/scenes"
	"github.com/facet-clip/facet/segment"
	"github.com/facet-clip/facet/segment/benchmark"
)

// drawn is a scene of the demo world.
func drawn(t *testing.T, seed uint64) image.Image {
	t.Helper()
	spec, err := scenes.Sample(scenes.DefaultWorld(), seed, 0)
	if err != nil {
		t.Fatal(err)
	}
	s, err := scenes.Render(spec, 192)
	if err != nil {
		t.Fatal(err)
	}
	return s.Image
}

// encoded is a picture as a PNG.
func encoded(t *testing.T, img image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func classesOf(names ...string) (list []segment.Class) {
	for _, n := range names {
		list = append(list, segment.Class{Name: n, Texts: []string{n}})
	}
	return list
}

// segmentation prepares a question.
func segmentation(t *testing.T, l *lab.Lab, q lab.Segment) *lab.Segmentation {
	t.Helper()
	s, err := l.Segment(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// pictured is what is found in a picture in memory.
func pictured(t *testing.T, s *lab.Segmentation, img image.Image) (found *lab.Segmented, err error) {
	t.Helper()
	err = s.Picture(t.Context(), "a.png", img, func(one *lab.Segmented) error { found = one; return nil })
	return found, err
}

// kept reads an answer of the command line that its tests keep.
func kept(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "internal", "cli", "testdata", "answers", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

// TestSegmentProtocol: the record of a protocol and its hash are those that the command line has always given.
func TestSegmentProtocol(t *testing.T) {
	l := open(t, lab.Config{})
	s := segmentation(t, l, lab.Segment{Classes: classesOf("sedan", "tree", "grass")})
	var want answer.Segmentation
	kept(t, "segment.json", &want)
	if diff := cmp.Diff(want.Protocol, s.Head.Protocol); diff != "" {
		t.Error(diff)
	}
	bare := s.Head.Protocol
	bare.SHA256 = ""
	data, err := json.Marshal(bare)
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != s.Head.Protocol.SHA256 {
		t.Errorf("the hash %s is not that of %s", s.Head.Protocol.SHA256, data)
	}
	if s.Head.Model.Name != lab.DemoName || s.Head.Images != nil {
		t.Errorf("%+v", s.Head)
	}
}

// TestSegmentUploads: a picture in memory, one that is a part of another, and bytes with a name have the labels of the same picture in a file.
func TestSegmentUploads(t *testing.T) {
	l := open(t, lab.Config{})
	photo := drawn(t, 4)
	file := filepath.Join(t.TempDir(), "a.png")
	if err := os.WriteFile(file, encoded(t, photo), 0o644); err != nil {
		t.Fatal(err)
	}
	sources, err := dataset.OpenAll([]string{file})
	if err != nil {
		t.Fatal(err)
	}
	s := segmentation(t, l, lab.Segment{Classes: classesOf("a car", "a bird"), Background: []string{"grass", "sky"}, Why: image.Rect(20, 30, 60, 50)})
	var all []*lab.Segmented
	take := func(one *lab.Segmented) error { all = append(all, one); return nil }
	if _, err := s.Each(t.Context(), sources, func(_ *dataset.Source, one *lab.Segmented) error { return take(one) }); err != nil {
		t.Fatal(err)
	}
	if err := s.Content(t.Context(), "b.png", encoded(t, photo), take); err != nil {
		t.Fatal(err)
	}
	large := image.NewRGBA(image.Rect(0, 0, 300, 300))
	place := photo.Bounds().Add(image.Pt(70, 80))
	draw.Draw(large, place, photo, photo.Bounds().Min, draw.Src)
	sheer := image.NewNRGBA(photo.Bounds()) // whose transparency is dropped, as a file's is
	draw.Draw(sheer, sheer.Rect, photo, photo.Bounds().Min, draw.Src)
	for i := 3; i < len(sheer.Pix); i += 4 {
		sheer.Pix[i] = uint8(i)
	}
	for _, img := range []image.Image{photo, large.SubImage(place), sheer} {
		if err := s.Picture(t.Context(), "c", img, take); err != nil {
			t.Fatal(err)
		}
	}
	overlay := encoded(t, all[0].Overlay())
	for i, name := range []string{file, "b.png", "c", "c", "c"} {
		one := all[i]
		if diff := cmp.Diff(all[0].Labels, one.Labels); diff != "" || one.Answer.Image != name {
			t.Errorf("picture %d, %s: other labels than in a file: %s", i, one.Answer.Image, diff)
		}
		if diff := cmp.Diff(all[0].Answer.Why, one.Answer.Why); diff != "" {
			t.Errorf("%s: other reasons: %s", name, diff)
		}
		if !bytes.Equal(overlay, encoded(t, one.Overlay())) {
			t.Errorf("picture %d, %s: another overlay", i, name)
		}
	}
}

// TestSegmentWhySums: the amounts of all pairs sum to the logit of the region.
func TestSegmentWhySums(t *testing.T) {
	l := open(t, lab.Config{})
	for _, method := range []segment.Method{0, segment.NAP} {
		s := segmentation(t, l, lab.Segment{Classes: classesOf("a car", "a bird"), Method: method, Why: image.Rect(20, 30, 60, 50), Top: 1 << 20})
		one, err := pictured(t, s, drawn(t, 1))
		if err != nil {
			t.Fatal(err)
		}
		w, sum := one.Answer.Why, 0.0
		for _, p := range w.Pairs {
			sum += p.Amount
		}
		if math.Abs(sum-w.Logit) > 1e-5*math.Abs(w.Logit) || w.Logit == 0 || len(w.Pairs[0].Words) != 3 {
			t.Errorf("method %v: %d pairs sum to %g, the logit is %g; the first has words %v", method, len(w.Pairs), sum, w.Logit, w.Pairs[0].Words)
		}
	}
}

// counter counts lines of a log that hold a text.
type counter struct {
	slog.Handler
	text string
	mu   sync.Mutex
	n    int
}

func (c *counter) Enabled(context.Context, slog.Level) bool { return true }

func (c *counter) Handle(_ context.Context, r slog.Record) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if strings.Contains(r.Message, c.text) {
		c.n++
	}
	return nil
}

// TestSegmentKeeps: what a question prepares serves those after it, and no other classes; answers are the same from many goroutines.
func TestSegmentKeeps(t *testing.T) {
	var mu sync.Mutex
	embedded := 0
	looked := &counter{Handler: slog.DiscardHandler, text: "attention sink"}
	l := open(t, lab.Config{Log: slog.New(looked), Progress: func(step string, done, _ int) {
		mu.Lock()
		defer mu.Unlock()
		if step == "texts" && done < 0 {
			embedded++
		}
	}})
	photo := drawn(t, 2)
	ask := func(q lab.Segment) (*segment.Labels, error) {
		s, err := l.Segment(t.Context(), q)
		if err != nil {
			return nil, err
		}
		one, err := pictured(t, s, photo)
		if err != nil {
			return nil, err
		}
		return one.Labels, nil
	}
	questions := []lab.Segment{
		{Classes: classesOf("a car", "a bird")},
		{Classes: classesOf("a car", "a bird"), Method: segment.CAM},
		{Classes: classesOf("a car", "a bird"), SegmentSettings: lab.SegmentSettings{Threshold: 0.6, Scale: 10}},
		{Classes: classesOf("grass", "sky")},
	}
	var group sync.WaitGroup
	labels := make([]*segment.Labels, 4*len(questions))
	for i := range labels {
		group.Go(func() {
			var err error
			if labels[i], err = ask(questions[i%len(questions)]); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if t.Failed() {
		return
	}
	for i, got := range labels {
		if diff := cmp.Diff(labels[i%len(questions)], got); diff != "" {
			t.Errorf("question %d: %s", i%len(questions), diff)
		}
	}
	if cmp.Equal(labels[0], labels[2]) || cmp.Equal(labels[0], labels[1]) {
		t.Error("another method, or a background, changes no label")
	}
	if embedded != 3 || looked.n != 1 { // with a background there is one class more
		t.Errorf("three sets of classes were embedded %d times, a sink was looked for %d times", embedded, looked.n)
	}
}

// TestSegmentStreams: pictures are given one by one, what cannot be read is listed, and who takes them can stop.
func TestSegmentStreams(t *testing.T) {
	dir := t.TempDir()
	for i := range 3 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.png", i)), encoded(t, drawn(t, uint64(i))), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "broken.png"), []byte("no picture"), 0o644); err != nil {
		t.Fatal(err)
	}
	sources, err := dataset.OpenAll([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	l := open(t, lab.Config{})
	s := segmentation(t, l, lab.Segment{Classes: classesOf("a car", "a bird")})
	var names []string
	skipped, err := s.Each(t.Context(), sources, func(source *dataset.Source, one *lab.Segmented) error {
		if source != sources[0] {
			t.Errorf("a picture of %s", source.Name)
		}
		names = append(names, filepath.Base(one.Answer.Image))
		return nil
	})
	if diff := cmp.Diff([]string{"0.png", "1.png", "2.png"}, names); diff != "" || err != nil || len(skipped) != 1 {
		t.Errorf("skipped %v, %v, %s", skipped, err, diff)
	}
	enough, taken := errors.New("enough"), 0
	if _, err := s.Each(t.Context(), sources, func(*dataset.Source, *lab.Segmented) error { taken++; return enough }); !errors.Is(err, enough) || taken != 1 {
		t.Errorf("%d pictures, %v", taken, err)
	}
	why := segmentation(t, l, lab.Segment{Classes: classesOf("a car", "a bird"), Why: image.Rect(1, 1, 2, 2)})
	if _, err := why.Each(t.Context(), sources, nil); !errors.Is(err, lab.ErrQuestion) {
		t.Errorf("reasons for several pictures: %v", err)
	}
}

// TestSegmentMistakes: what is wrong with a question is an ErrQuestion; what does not fit a picture has an error of its own.
func TestSegmentMistakes(t *testing.T) {
	l := open(t, lab.Config{})
	two := classesOf("a car", "a bird")
	for name, q := range map[string]lab.Segment{
		"no classes": {},
		"method":     {Classes: two, Method: 99},
		"top":        {Classes: two, Top: -1},
		"refine":     {Classes: two, SegmentSettings: lab.SegmentSettings{Refine: "crf"}},
		"sink":       {Classes: two, SegmentSettings: lab.SegmentSettings{Sink: "maybe"}},
		"pairs":      {Classes: two, SegmentSettings: lab.SegmentSettings{Pairs: 1 << 30}},
		"no pairs":   {Classes: two, SegmentSettings: lab.SegmentSettings{Pairs: -1}},
		"window":     {Classes: two, SegmentSettings: lab.SegmentSettings{WindowSide: 50}},
		"threshold":  {Classes: two, SegmentSettings: lab.SegmentSettings{Threshold: 1.5}},
		"block":      {Classes: two, SegmentSettings: lab.SegmentSettings{HeadsBack: 9}},
		"selfself":   {Classes: two, Method: segment.SelfSelf, SegmentSettings: lab.SegmentSettings{NeuronsBack: 1}},
		"registers":  {Classes: two, SegmentSettings: lab.SegmentSettings{NeuronsBack: 1, Sink: lab.SinkDrop}},
		"no number":  {Classes: two, SegmentSettings: lab.SegmentSettings{Threshold: math.NaN()}},
	} {
		if _, err := l.Segment(t.Context(), q); !errors.Is(err, lab.ErrQuestion) || strings.Contains(err.Error(), "--") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := l.Segment(t.Context(), lab.Segment{Classes: classesOf("a car")}); !errors.Is(err, segment.ErrAlike) || !errors.Is(err, lab.ErrQuestion) {
		t.Errorf("a single class: %v", err)
	}
	for want, q := range map[error]lab.Segment{
		segment.ErrRegion:  {Classes: two, Why: image.Rect(700, 7, 701, 8)},
		segment.ErrNoPairs: {Classes: two, Why: image.Rect(7, 7, 8, 8), Method: segment.CAM},
	} {
		if _, err := pictured(t, segmentation(t, l, q), drawn(t, 1)); !errors.Is(err, want) || !errors.Is(err, lab.ErrQuestion) || !strings.HasPrefix(err.Error(), "a.png: ") {
			t.Errorf("want %v, found %v", want, err)
		}
	}
	scene, err := benchmark.Open("scenes:default?n=1")
	if err != nil {
		t.Fatal(err)
	}
	turning := open(t, lab.Config{ExifRotate: true})
	for name, ask := range map[string]func() error{
		"no background": func() error {
			_, err := l.EvaluateSegmentation(t.Context(), lab.EvaluateSegmentation{Set: scene, SegmentSettings: lab.SegmentSettings{Threshold: 0.5}})
			return err
		},
		"twice": func() error {
			_, err := l.EvaluateSegmentation(t.Context(), lab.EvaluateSegmentation{Set: scene, Methods: []segment.Method{segment.NAP, segment.NAP}})
			return err
		},
		"turned": func() error {
			_, err := turning.EvaluateSegmentation(t.Context(), lab.EvaluateSegmentation{Set: scene})
			return err
		},
	} {
		if err := ask(); !errors.Is(err, lab.ErrQuestion) || strings.Contains(err.Error(), "--") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestEvaluateSegmentation: the scores are those that the command line has always given, and those of pictures fit them.
func TestEvaluateSegmentation(t *testing.T) {
	set, err := benchmark.Open("scenes:default?n=2&seed=5")
	if err != nil {
		t.Fatal(err)
	}
	l := open(t, lab.Config{})
	journal := filepath.Join(t.TempDir(), "new", "journal.jsonl")
	e, err := l.EvaluateSegmentation(t.Context(), lab.EvaluateSegmentation{Set: set, Journal: journal})
	if err != nil {
		t.Fatal(err)
	}
	var want answer.SegmentationScores
	kept(t, "evaluate-segmentation.json", &want)
	if diff := cmp.Diff(want.Protocol, e.Answer.Protocol); diff != "" {
		t.Error(diff)
	}
	for i, m := range want.Methods {
		got := e.Answer.Methods[i]
		if math.Abs(float64(m.MIoU-got.MIoU)) > 3e-3*float64(m.MIoU) || m.Method != got.Method {
			t.Errorf("%s: mIoU %g, was %g", got.Method, got.MIoU, m.MIoU)
		}
	}
	pictures, err := e.Pictures()
	if err != nil || len(pictures) != 4 {
		t.Fatalf("%d scores, %v", len(pictures), err)
	}
	for i, m := range e.Answer.Methods {
		lo, hi := min(pictures[i].AAcc, pictures[2+i].AAcc), max(pictures[i].AAcc, pictures[2+i].AAcc)
		if a := float64(m.AAcc); a < lo || a > hi || pictures[i].Method != m.Method {
			t.Errorf("%s: %g of all pixels are right, of those of pictures %g and %g", m.Method, a, lo, hi)
		}
	}
	sheet, err := e.Worst(t.Context())
	if err != nil || sheet.Bounds().Dx() < 6*192 || e.Chart().Bounds().Empty() {
		t.Errorf("a sheet of %v, %v", sheet, err)
	}
	again, err := l.EvaluateSegmentation(t.Context(), lab.EvaluateSegmentation{Set: set, Journal: journal})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(jsonOf(t, e.Answer), jsonOf(t, again.Answer)); diff != "" {
		t.Errorf("a finished evaluation was run again: %s", diff)
	}
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
