package lab_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
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

// namesOf are the names of the classes; one that is there twice has its key too.
func namesOf(s *known.Set) (names []string, twice bool) {
	for _, c := range s.Classes {
		name := c.Name
		if slices.Contains(names, name) {
			name, twice = name+" "+c.Key, true
		}
		names = append(names, name)
	}
	return names, twice
}

// sets are data sets whose pictures have one class each.
var sets = []string{
	"imagefolder:imagefolder", "cifar10:cifar10", "cifar100:cifar100", "cifar10:cifar10-python", "stl10:stl10", "voc2007-objects:voc2007", "pets:pets", "flowers102:flowers102",
	"cars:cars", "dtd:dtd", "eurosat:eurosat", "gtsrb:gtsrb", "imagenet:imagenet-devkit",
}

// TestEvaluateClassification: in every layout what is counted is what facet classify says of the same pictures, shown as files.
func TestEvaluateClassification(t *testing.T) {
	l := open(t, lab.Config{})
	all := sets
	if testing.Short() {
		all = sets[:4]
	}
	for _, name := range all {
		s := fixture(t, name)
		q := lab.EvaluateClassification{Set: s, Templates: s.Templates[:1]} // enough to tell the answers apart, in less time
		names, twice := namesOf(s)
		if twice { // ImageNet has two missiles, which facet classify refuses
			q.Classes = names
		}
		a, err := l.EvaluateClassification(t.Context(), q)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		each, err := l.Classify(t.Context(), lab.Classify{Input: lab.Input{Contents: contents(t, s)}, Labels: names, Templates: q.Templates, Top: len(names)})
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

// TestEvaluateSeveral: mean average precisions are those of the cosines, counted by the definition.
func TestEvaluateSeveral(t *testing.T) {
	l := open(t, lab.Config{})
	s := fixture(t, "voc2007:voc2007")
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	a, err := l.EvaluateClassification(t.Context(), lab.EvaluateClassification{Set: s, Journal: path})
	if err != nil {
		t.Fatal(err)
	}
	names, _ := namesOf(s)
	each, err := l.Classify(t.Context(), lab.Classify{Input: lab.Input{Contents: contents(t, s)}, Labels: names, Templates: s.Templates, Top: len(names)})
	if err != nil {
		t.Fatal(err)
	}
	sum, classes := 0.0, 0
	for c, name := range names {
		logit := map[int]float64{} // of the pictures that count
		right := map[int]bool{}
		for i, img := range each.Images {
			for _, k := range img.Classes {
				if k.Label == name && !slices.Contains(s.Unsure(i), c) {
					logit[i], right[i] = k.Logit, slices.Contains(s.Truth(i), c)
				}
			}
		}
		precision, found := 0.0, 0.0
		for i, r := range right {
			if !r {
				continue
			}
			before, good := 0.0, 0.0 // pictures that score as much or more, and those of the class
			for j, v := range logit {
				if v >= logit[i] {
					before++
					if right[j] {
						good++
					}
				}
			}
			precision, found = precision+good/before, found+1
		}
		got := a.Classes[c]
		if found == 0 {
			if !math.IsNaN(float64(*got.Area)) || got.Images != 0 {
				t.Errorf("%s is in no picture: %+v", name, got)
			}
			continue
		}
		if math.Abs(float64(*got.Area)-precision/found) > 1e-12 || got.Images != int(found) {
			t.Errorf("%s: %g in %d pictures, expected %g in %g", name, *got.Area, got.Images, precision/found, found)
		}
		sum, classes = sum+precision/found, classes+1
	}
	if classes != 4 || math.Abs(float64(a.Area.Value)-sum/float64(classes)) > 1e-12 || a.Top1 != nil || a.MeanPerClass != nil || a.Eleven == nil {
		t.Errorf("%+v, expected a mean of %g over %d classes", a, sum/float64(classes), classes)
	}
	again, err := l.EvaluateClassification(t.Context(), lab.EvaluateClassification{Set: s, Journal: path})
	if err != nil || again.Encoding != 0 {
		t.Fatalf("%+v, %v", again, err)
	}
	if diff := cmp.Diff(said(t, *a), said(t, *again)); diff != "" {
		t.Error(diff)
	}
}

// TestEvaluateKnownScenes: the demo model knows its own world, and not by the order of the classes.
func TestEvaluateKnownScenes(t *testing.T) {
	l := open(t, lab.Config{})
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
	whole, err := open(t, lab.Config{}).EvaluateClassification(t.Context(), lab.EvaluateClassification{Set: fixture(t, set)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	l := open(t, lab.Config{Progress: func(step string, done, _ int) {
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
	l = open(t, lab.Config{})
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
