package lab_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/dataset/known"
	"github.com/facet-clip/facet/internal/journal"
	"github.com/facet-clip/facet/lab"
)

// fixture opens a data set of dataset/known/testdata.
func fixture(t *testing.T, name string) *known.Set {
	t.Helper()
	kind, dir, _ := strings.Cut(name, ":")
	if kind != "scenes" {
		name = kind + ":" + filepath.Join("..", "dataset", "known", "testdata", dir)
	}
	s, err := known.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// contents are the pictures of a set as PNG files.
func contents(t *testing.T, s *known.Set) (list []lab.Content) {
	t.Helper()
	src, err := s.Source()
	if err != nil {
		t.Fatal(err)
	}
	for l, err := range dataset.Load(t.Context(), src, 0, dataset.NewDecoder(1<<24), func(_ dataset.Item, img *image.NRGBA) ([]byte, error) {
		var b bytes.Buffer
		err := png.Encode(&b, img)
		return b.Bytes(), err
	}) {
		if err := errors.Join(err, l.Err); err != nil {
			t.Fatal(err)
		}
		list = append(list, lab.Content{Name: l.Path, Data: l.Made})
	}
	return list
}

// sets are data sets whose pictures have one class each.
var sets = []string{"imagefolder:imagefolder", "cifar10:cifar10", "cifar100:cifar100"}

// TestEvaluateClassification: in every layout what is counted is what facet classify says of the same pictures, shown as files.
func TestEvaluateClassification(t *testing.T) {
	l := open(t, lab.Config{Engine: "portable"})
	for _, name := range sets {
		s := fixture(t, name)
		templates := s.Templates[:min(2, len(s.Templates))] // enough to tell the answers apart, in less time
		a, err := l.EvaluateClassification(t.Context(), lab.EvaluateClassification{Set: s, Templates: templates})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var names []string
		for _, c := range s.Classes {
			names = append(names, c.Name)
		}
		each, err := l.Classify(t.Context(), lab.Classify{Input: lab.Input{Contents: contents(t, s)}, Labels: names, Templates: templates, Top: len(names)})
		if err != nil {
			t.Fatal(err)
		}
		right := map[int]int{}
		for i, img := range each.Images {
			truth := s.Classes[s.Truth(i)[0]].Name
			for rank, c := range img.Classes {
				if c.Label == truth {
					for k := range 6 {
						if rank < k {
							right[k]++
						}
					}
				}
			}
		}
		if a.Images != s.Len() || a.Top1.Right != right[1] || a.Top1.Of != s.Len() || len(a.Classes) != len(s.Classes) {
			t.Errorf("%s: %d images, top-1 %+v, expected %d of %d", name, a.Images, *a.Top1, right[1], s.Len())
		}
		if (a.Top5 != nil) != (len(names) > 5) || a.Top5 != nil && a.Top5.Right != right[5] {
			t.Errorf("%s: top-5 %+v, expected %d", name, a.Top5, right[5])
		}
		if a.Published != nil || a.Eleven != nil || a.Encoding <= 0 || len(a.Protocol.SHA256) != 64 || !cmp.Equal(a.Protocol.Classes, names) {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

// TestEvaluateKnownScenes: the demo model knows its own world, and not by the order of the classes.
func TestEvaluateKnownScenes(t *testing.T) {
	l := open(t, lab.Config{Engine: "portable"})
	ask := func(classes ...string) *answer.ClassificationScores {
		a, err := l.EvaluateClassification(t.Context(), lab.EvaluateClassification{Set: fixture(t, "imagefolder:imagefolder"), Classes: classes})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	right, wrong := ask("a butterfly", "a hot-air balloon", "a star", "a van"), ask("a hot-air balloon", "a star", "a van", "a butterfly")
	if right.Top1.Right != 5 || wrong.Top1.Right != 0 || wrong.Classes[0].Mistaken != "a butterfly" {
		t.Errorf("%+v and, by other names, %+v", *right.Top1, *wrong.Top1)
	}
	if right.Protocol.SHA256 == wrong.Protocol.SHA256 {
		t.Error("other names, the same record")
	}
	_, err := l.EvaluateClassification(t.Context(), lab.EvaluateClassification{Set: fixture(t, "imagefolder:imagefolder"), Classes: []string{"a butterfly"}})
	if !errors.Is(err, lab.ErrQuestion) {
		t.Errorf("too few names: %v", err)
	}
	if _, err := l.EvaluateClassification(t.Context(), lab.EvaluateClassification{}); !errors.Is(err, lab.ErrQuestion) {
		t.Errorf("no data set: %v", err)
	}
}

// said is an answer as JSON, without times.
func said(t *testing.T, a answer.ClassificationScores) string {
	t.Helper()
	a.Encoding = 0
	data, err := json.MarshalIndent(a, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestEvaluateClassificationResumes: a run that was cut off in the middle of a line ends with the scores of one that was not, and a journal of another
// protocol or of other pictures is refused.
func TestEvaluateClassificationResumes(t *testing.T) {
	const set = "scenes:default?n=20&seed=3&size=64"
	path := filepath.Join(t.TempDir(), "out", "journal.jsonl")
	whole, err := open(t, lab.Config{Engine: "portable"}).EvaluateClassification(t.Context(), lab.EvaluateClassification{Set: fixture(t, set)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	l := open(t, lab.Config{Engine: "portable", Progress: func(step string, done, _ int) {
		if step == "images" && done >= 8 {
			cancel()
		}
	}})
	if _, err := l.EvaluateClassification(ctx, lab.EvaluateClassification{Set: fixture(t, set), Journal: path}); !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled: %v", err)
	}
	begun, err := os.ReadFile(path)
	if n := bytes.Count(begun, []byte("\n")); err != nil || n < 2 || n > 20 {
		t.Fatalf("%d lines: %v", n, err)
	}
	if err := os.WriteFile(path, append(begun, `{"name":"000`...), 0o644); err != nil {
		t.Fatal(err)
	}
	l = open(t, lab.Config{Engine: "portable"})
	again, err := l.EvaluateClassification(t.Context(), lab.EvaluateClassification{Set: fixture(t, set), Journal: path})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(said(t, *whole), said(t, *again)); diff != "" {
		t.Error(diff)
	}
	third, err := l.EvaluateClassification(t.Context(), lab.EvaluateClassification{Set: fixture(t, set), Journal: path})
	if err != nil || third.Encoding != 0 || third.Top1.Right != whole.Top1.Right {
		t.Errorf("a finished run was run again: %+v, %v", third, err)
	}
	_, err = l.EvaluateClassification(t.Context(), lab.EvaluateClassification{Set: fixture(t, set), Templates: []string{"{}"}, Journal: path})
	if !errors.Is(err, journal.ErrJournal) {
		t.Errorf("other templates: %v", err)
	}
	done, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for what, line := range map[string]string{"a name": `{"name":"x"}`, "a class": `{"name":"0000000","given":36}`, "a rank": `{"name":"0000000","given":1,"rank":-1}`, "JSON": "{"} {
		head := done[:bytes.IndexByte(done, '\n')+1]
		if err := os.WriteFile(path, fmt.Append(bytes.Clone(head), line, "\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := l.EvaluateClassification(t.Context(), lab.EvaluateClassification{Set: fixture(t, set), Journal: path}); !errors.Is(err, journal.ErrJournal) {
			t.Errorf("a line with another %s: %v", what, err)
		}
	}
}
