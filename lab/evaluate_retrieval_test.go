package lab_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/dataset/known"
	"github.com/facet-clip/facet/internal/journal"
	"github.com/facet-clip/facet/lab"
)

// captions opens a data set with captions in dataset/known/testdata.
func captions(t *testing.T, kind string) *known.Captions {
	t.Helper()
	c, err := known.OpenCaptions(kind + ":" + filepath.Join("..", "dataset", "known", "testdata", kind))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// place is how many of some scores come before number i.
func place(scores []float64, i int) (n int) {
	for j, s := range scores {
		if s > scores[i] || s == scores[i] && j < i {
			n++
		}
	}
	return n
}

// TestEvaluateRetrieval: recalls are those of the cosines of facet embed, counted one by one; a run goes on where its journal ends.
func TestEvaluateRetrieval(t *testing.T) {
	l := open(t, lab.Config{})
	for _, kind := range []string{"flickr8k", "flickr30k", "coco"} {
		c := captions(t, kind)
		path := filepath.Join(t.TempDir(), "out", "journal.jsonl")
		a, err := l.EvaluateRetrieval(t.Context(), lab.EvaluateRetrieval{Set: c, Journal: path})
		if err != nil {
			t.Fatal(err)
		}
		images, err := l.Embed(t.Context(), lab.Embed{Input: lab.Input{Contents: contents(t, &c.Set)}})
		if err != nil {
			t.Fatal(err)
		}
		texts, err := l.Embed(t.Context(), lab.Embed{Texts: c.Texts})
		if err != nil {
			t.Fatal(err)
		}
		byImage, byText := make([][]float64, c.Len()), make([][]float64, len(c.Texts))
		for i, img := range images.Embeddings {
			for j, text := range texts.Embeddings {
				s := cosine(img, text)
				byImage[i], byText[j] = append(byImage[i], s), append(byText[j], s)
			}
		}
		for n, k := range []int{1, 5, 10} {
			text, image := 0.0, 0.0
			for i, scores := range byImage {
				own := false
				for j, of := range c.Of {
					own = own || of == i && place(scores, j) < k
				}
				if own {
					text += 1 / float64(c.Len())
				}
			}
			for j, scores := range byText {
				if place(scores, c.Of[j]) < k {
					image += 1 / float64(len(c.Texts))
				}
			}
			if a.Text[n].K != k || math.Abs(float64(a.Text[n].Recall.Value)-text) > 1e-12 || math.Abs(float64(a.Image[n].Recall.Value)-image) > 1e-12 {
				t.Errorf("%s: R@%d %+v and %+v, expected %g and %g", kind, k, a.Text[n], a.Image[n], text, image)
			}
		}
		if a.Images != c.Len() || a.Captions != len(c.Texts) || a.Published != nil || a.Protocol.Dataset != kind || len(a.Protocol.SHA256) != 64 {
			t.Errorf("%s: %+v", kind, a)
		}
		resumed(t, l, kind, path, a)
	}
}

func cosine(a, b []float32) float64 {
	var ab, aa, bb float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	return ab / math.Sqrt(aa*bb)
}

// resumed cuts a journal off after every line, and asks again.
func resumed(t *testing.T, l *lab.Lab, kind, path string, want *answer.RetrievalScores) {
	t.Helper()
	all, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(all, []byte("\n"))
	for keep := range len(lines) {
		if err := os.WriteFile(path, append(bytes.Join(lines[:keep], nil), `{"rows`...), 0o644); err != nil {
			t.Fatal(err)
		}
		a, err := l.EvaluateRetrieval(t.Context(), lab.EvaluateRetrieval{Set: captions(t, kind), Journal: path})
		if err != nil {
			t.Fatal(err)
		}
		a.Encoding = want.Encoding
		got, err1 := json.Marshal(a)
		expected, err2 := json.Marshal(want)
		if diff := cmp.Diff(string(expected), string(got)); diff != "" || errors.Join(err1, err2) != nil {
			t.Errorf("%s after %d lines: %s", kind, keep, diff)
		}
	}
	limited := captions(t, kind)
	limited.Limit(1)
	if _, err := l.EvaluateRetrieval(t.Context(), lab.EvaluateRetrieval{Set: limited, Journal: path}); !errors.Is(err, journal.ErrJournal) {
		t.Errorf("%s: the journal of more pictures: %v", kind, err)
	}
	for what, line := range map[string]string{
		"name": `{"name":"x","rows":""}`, "count": `{"captions":99,"rows":""}`, "size": strings.Replace(string(lines[1]), `"rows":"`, `"rows":"AAAA`, 1),
	} {
		if err := os.WriteFile(path, append(bytes.Clone(lines[0]), strings.TrimSpace(line)+"\n"...), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := l.EvaluateRetrieval(t.Context(), lab.EvaluateRetrieval{Set: captions(t, kind), Journal: path}); !errors.Is(err, journal.ErrJournal) {
			t.Errorf("%s: a line of another %s: %v", kind, what, err)
		}
	}
}

func TestEvaluateRetrievalMistakes(t *testing.T) {
	l := open(t, lab.Config{})
	empty := captions(t, "coco")
	empty.Limit(0)
	for _, q := range []lab.EvaluateRetrieval{{}, {Set: empty}} {
		if _, err := l.EvaluateRetrieval(t.Context(), q); !errors.Is(err, lab.ErrQuestion) {
			t.Errorf("%+v: %v", q, err)
		}
	}
}
