package lab_test

import (
	"bytes"
	"errors"
	"image"
	_ "image/png"
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
)

const scene = "../docs/images/scene.png"

// TestExplainIsExact: the parts of all pairs and the constant term sum to what is split, and the answer lists the largest.
func TestExplainIsExact(t *testing.T) {
	l := open(t, lab.Config{})
	for _, text := range []string{"", "a red pickup"} {
		e, err := l.Explain(t.Context(), lab.Explain{Picture: scene, Text: text})
		if err != nil {
			t.Fatal(err)
		}
		a, sum := e.Answer, e.Split.Bias
		for _, v := range e.Split.Amounts {
			sum += float64(v)
		}
		if !(math.Abs(sum-a.Total) <= 1e-5*math.Abs(a.Total)) || !(a.Residual <= 1e-5) || text == "" && a.Total != 1 {
			t.Errorf("%q: parts sum to %g, the total is %g, the residual %g", text, sum, a.Total, a.Residual)
		}
		if len(a.Pairs) != 20 || a.Text != text || a.Model.Name != lab.DemoName || a.Model.SHA256 == "" || a.Image.Path != scene {
			t.Errorf("%q: %+v", text, a)
		}
		for i, p := range a.Pairs {
			if i > 0 && math.Abs(p.Amount) > math.Abs(a.Pairs[i-1].Amount) || len(p.Words) == 0 {
				t.Errorf("%q: pair %d: %+v", text, i, p)
			}
		}
		if len(e.Maps()) != 20 || e.Maps()[0].Rect != e.Seen.Rect || e.Summary().Rect.Dx() != 1600 {
			t.Errorf("%q: %d maps, summary %v", text, len(e.Maps()), e.Summary().Rect)
		}
	}
}

// TestExplainPictures: a file, its bytes and its decoded picture have one explanation, whole or not.
func TestExplainPictures(t *testing.T) {
	l := open(t, lab.Config{})
	data, err := os.ReadFile(scene)
	if err != nil {
		t.Fatal(err)
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for _, whole := range []bool{false, true} {
		var want *answer.Explanation
		for name, q := range map[string]lab.Explain{"file": {Picture: scene}, "bytes": {Picture: scene, Data: data}, "decoded": {Picture: scene, Image: img}} {
			q.Whole, q.Top = whole, 3
			e, err := l.Explain(t.Context(), q)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if want == nil {
				want = e.Answer
			}
			if diff := cmp.Diff(want, e.Answer); diff != "" {
				t.Errorf("%s, whole %t: %s", name, whole, diff)
			}
		}
	}
	e, err := open(t, lab.Config{Brief: true}).Explain(t.Context(), lab.Explain{Data: data})
	if err != nil || e.Answer.Image.Path != "the picture" || !cmp.Equal(e.Answer.Model, answer.Model{Name: lab.DemoName}) {
		t.Errorf("without a name: %+v, %v", e, err)
	}
}

// TestExplainRefuses: a mistake in the question is an ErrQuestion, a bad picture is not.
func TestExplainRefuses(t *testing.T) {
	l := open(t, lab.Config{MaxPixels: 1 << 20})
	img := image.NewGray(image.Rect(0, 0, 8, 8))
	for name, q := range map[string]lab.Explain{
		"nothing":   {},
		"two kinds": {Picture: scene, Pixels: "pixels.npy"},
		"two forms": {Data: []byte("x"), Image: img},
		"top":       {Picture: scene, Top: -1},
	} {
		if _, err := l.Explain(t.Context(), q); !errors.Is(err, lab.ErrQuestion) || strings.Contains(err.Error(), "--") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, q := range map[string]lab.Explain{
		"no file":    {Picture: filepath.Join(t.TempDir(), "nothere.png")},
		"damaged":    {Picture: "upload.png", Data: []byte("no picture")},
		"empty file": {Picture: "upload.png", Data: []byte{}},
		"no pixels":  {Picture: "drawn", Image: image.NewGray(image.Rectangle{})},
		"two scenes": {Picture: "scenes:default?n=2"},
		"no atlas":   {Picture: scene, Atlas: "nothere"},
	} {
		if _, err := l.Explain(t.Context(), q); err == nil || errors.Is(err, lab.ErrQuestion) {
			t.Errorf("%s: %v", name, err)
		} else if q.Data != nil && !strings.HasPrefix(err.Error(), "upload.png: ") {
			t.Errorf("%s: the error does not name the picture: %v", name, err)
		}
	}
	large := image.NewGray(image.Rect(0, 0, 1025, 1024))
	if _, err := l.Explain(t.Context(), lab.Explain{Image: large}); !errors.Is(err, dataset.ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
}

// TestDemo: the demo's answer is of its own scenes, and no other model gives it.
func TestDemo(t *testing.T) {
	l := open(t, lab.Config{})
	d, err := l.Demo(t.Context(), lab.Demo{Folder: "shown"})
	if err != nil {
		t.Fatal(err)
	}
	a := d.Answer
	if len(a.Scenes) == 0 || len(d.Pictures) != len(a.Scenes) || len(d.Maps) != len(a.Scenes) || len(a.Pairs) != 16 || d.Words == 0 {
		t.Fatalf("%d scenes, %d pictures, %d maps, %d pairs, %d words", len(a.Scenes), len(d.Pictures), len(d.Maps), len(a.Pairs), d.Words)
	}
	if a.Text != a.Scenes[0].Text || a.Total < 10 || a.Image.Path != filepath.Join("shown", a.Scenes[0].Picture) {
		t.Errorf("explained: %+v", a.Explanation)
	}
	other := open(t, lab.Config{Model: tiny})
	for name, err := range map[string]error{
		"demo of another model":       func() error { _, err := other.Demo(t.Context(), lab.Demo{}); return err }(),
		"evaluation of another model": func() error { _, err := other.EvaluateDemo(t.Context(), lab.EvaluateDemo{}); return err }(),
		"too few scenes":              func() error { _, err := l.EvaluateDemo(t.Context(), lab.EvaluateDemo{Scenes: 1}); return err }(),
	} {
		if !errors.Is(err, lab.ErrQuestion) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestExplainTogether: questions that are asked at once have the answers that they have alone.
func TestExplainTogether(t *testing.T) {
	l := open(t, lab.Config{})
	bank := words(t)
	texts := []string{"", "a snail"}
	ask := func(i int) (*answer.Explanation, error) {
		e, err := l.Explain(t.Context(), lab.Explain{Picture: scene, Text: texts[i%len(texts)], Bank: bank, Top: 1})
		if err != nil {
			return nil, err
		}
		if e.Summary().Rect.Empty() {
			return nil, errors.New("an empty summary")
		}
		return e.Answer, nil
	}
	want := make([]*answer.Explanation, len(texts))
	for i := range texts {
		var err error
		if want[i], err = ask(i); err != nil {
			t.Fatal(err)
		}
	}
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			got, err := ask(i)
			if diff := cmp.Diff(want[i%len(texts)], got); err != nil || diff != "" {
				t.Errorf("%q: %v, %s", texts[i%len(texts)], err, diff)
			}
		})
	}
	all.Wait()
}
