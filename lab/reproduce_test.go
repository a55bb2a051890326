package lab_test

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/stat"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/dataset/known"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/scenes"
)

// drawnScene is a scene of one thing of a category.
func drawnScene(t *testing.T, seed uint64, categories ...scenes.Category) *scenes.Scene {
	t.Helper()
	spec, err := scenes.Sample(scenes.DefaultWorld().Only(categories...).Single(), seed, 0)
	if err != nil {
		t.Fatal(err)
	}
	s, err := scenes.Render(spec, 192)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// writePicture writes a picture as JPEG or, for masks, as PNG.
func writePicture(t *testing.T, img image.Image, elements ...string) {
	t.Helper()
	path := filepath.Join(elements...)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Ext(path) == ".png" {
		err = png.Encode(f, img)
	} else {
		err = jpeg.Encode(f, img, &jpeg.Options{Quality: 95})
	}
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

func writeLines(t *testing.T, lines []string, elements ...string) {
	t.Helper()
	path := filepath.Join(elements...)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// synsets are things of the demo world that ImageNet knows.
var synsets = map[string]scenes.Category{"n03100240": scenes.Convertible, "n04507155": scenes.Umbrella, "n03063599": scenes.Mug, "n03930630": scenes.Pickup}

// paperData writes scenes in the layouts of the paper's three data sets: ImageNet's val, VOC2010 and Stanford Cars with refined labels.
func paperData(t *testing.T) (q lab.Reproduce) {
	t.Helper()
	dir := t.TempDir()
	q = lab.Reproduce{
		ImageNet: filepath.Join(dir, "imagenet"), Context: filepath.Join(dir, "VOC2010"), Cars: filepath.Join(dir, "cars"),
		Folder: filepath.Join(dir, "out"), Stride: 2, Means: 12,
	}
	for synset, category := range synsets {
		for i := range uint64(8) {
			writePicture(t, drawnScene(t, 100+i, category).Image, q.ImageNet, "val", synset, fmt.Sprintf("ILSVRC2012_val_%08d.JPEG", i))
		}
	}
	var listed []string
	for i := range uint64(3) {
		name := fmt.Sprintf("2008_%06d", i)
		s := drawnScene(t, 200+i, scenes.Bus)
		mask := image.NewGray(s.Owners.Rect)
		for at, owner := range s.Owners.Pix { // 12 is bus, 29 grass
			mask.Pix[at] = 29
			if owner > 0 {
				mask.Pix[at] = 12
			}
		}
		mask.SetGray(0, 0, color.Gray{}) // background, which counts for nothing
		listed = append(listed, name)
		writePicture(t, s.Image, q.Context, "JPEGImages", name+".jpg")
		writePicture(t, mask, q.Context, "SegmentationClassContext", name+".png")
	}
	writeLines(t, listed, q.Context, "ImageSets", "SegmentationContext", "val.txt")
	models, err := known.Protocol("cars")
	if err != nil {
		t.Fatal(err)
	}
	rows := []string{"image,x1,Class"}
	for i, yellow := uint64(0), 0; yellow < 5; i++ {
		s := drawnScene(t, 300+i, scenes.Sedan, scenes.Convertible)
		colour := 1
		if s.Spec.Main().Colour == scenes.Yellow {
			colour, yellow = 9, yellow+1
		}
		model := 1
		for strings.Contains(models.Classes[model-1].Name, "Convertible") != (s.Spec.Main().Category == scenes.Convertible) {
			model++
		}
		rows = append(rows, fmt.Sprintf("%05d.jpg,4,%d_%d", i+1, model, colour))
		writePicture(t, s.Image, q.Cars, "stanford_cars", "cars_train", fmt.Sprintf("%05d.jpg", i+1))
	}
	writeLines(t, rows, q.Cars, "cars_refined", "refined_train.csv")
	return q
}

// figuresOf are the figures of a reproduction by key.
func figuresOf(a *answer.Reproduction) map[string]answer.PaperFigure {
	all := map[string]answer.PaperFigure{}
	for _, s := range a.Steps {
		for _, f := range s.Figures {
			all[f.Key] = f
		}
	}
	return all
}

// TestReproduce: every figure is measured on scenes in the layouts of the paper's data sets, with the values that facet's other questions give; a second
// run keeps all steps, one that was cut off goes on, and what has changed alone is made again.
func TestReproduce(t *testing.T) {
	if testing.Short() {
		t.Skip("scans three data sets and segments")
	}
	q := paperData(t)
	l := open(t, lab.Config{})
	cut, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Reproduce(cut, q); !errors.Is(err, context.Canceled) {
		t.Fatalf("cut off: %v", err)
	}
	a, err := l.Reproduce(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	got := figuresOf(a)
	for key, f := range got {
		if key != "butterfly" && (f.Measured == nil || f.Of == 0) || f.Verdict != answer.OtherModel {
			t.Errorf("%+v", f)
		}
	}
	if zero, one := got["zero-shot"], got["pairs-1pc"]; *zero.Measured != *one.Measured || *zero.Measured < 75 {
		t.Errorf("zero-shot %v, from pairs %v: expected the same, and most pictures right", *zero.Measured, *one.Measured)
	}
	checkReconstruction(t, l, q, got)
	page, err := os.ReadFile(a.Page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"70.7 %", fmt.Sprintf("%.1f %%", float64(*got["zero-shot"].Measured)), "0.85", "other model", "24.7 %"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page does not have %s", want)
		}
	}
	again, err := l.Reproduce(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range again.Steps {
		if !s.Kept {
			t.Errorf("%s is made again", s.Step)
		}
		if diff := cmp.Diff(a.Steps[i].Figures, s.Figures); diff != "" {
			t.Errorf("%s differs: %s", s.Step, diff)
		}
	}
	checkChanged(t, l, q)
}

// checkReconstruction holds a figure to the same question asked by itself.
func checkReconstruction(t *testing.T, l *lab.Lab, q lab.Reproduce, got map[string]answer.PaperFigure) {
	t.Helper()
	set, err := known.Open("imagefolder:" + filepath.Join(q.ImageNet, "val"))
	if err != nil {
		t.Fatal(err)
	}
	study := lab.Study{
		Atlas: filepath.Join(q.Folder, "imagenet-test.atlas"), Means: filepath.Join(q.Folder, "imagenet-means.atlas"), Unit: "neuron", Templates: set.Templates,
	}
	for _, c := range set.Classes {
		study.Classes = append(study.Classes, c.Name)
	}
	r, err := l.Reconstruct(t.Context(), lab.Reconstruct{Study: study, Reference: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range r.Rows {
		if f := got[fmt.Sprintf("neurons-%dpc", row.Components)]; float64(*f.Measured) != 100*row.Accuracy.Value() {
			t.Errorf("%s: %v, by itself %v", f.Key, *f.Measured, 100*row.Accuracy.Value())
		}
	}
}

// checkChanged changes one thing at a time.
func checkChanged(t *testing.T, l *lab.Lab, q lab.Reproduce) {
	t.Helper()
	cars := q
	cars.ImageNet, cars.Context, q.ImageNet, q.Cars, q.Pairs = "", "", "", "", 50
	a, err := l.Reproduce(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range a.Steps {
		if missing := s.Step != "context"; (s.Missing != "") != missing || s.Kept {
			t.Errorf("of VOC2010 alone, with 50 pairs: %+v", s)
		}
	}
	checkCars(t, l, cars)
	if f := figuresOf(a)["zero-shot"]; f.Measured != nil || f.Verdict != answer.NotMeasured || f.Published == nil {
		t.Errorf("without ImageNet: %+v", f)
	}
}

// checkCars holds the correlation to scores of package drift, which has the paper's formula too; without ImageNet both take all signs for +.
func checkCars(t *testing.T, l *lab.Lab, q lab.Reproduce) {
	t.Helper()
	a, err := l.Reproduce(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	weights, err := l.Model().PoolWeights()
	if err != nil {
		t.Fatal(err)
	}
	ov, err := decompose.New(weights)
	if err != nil {
		t.Fatal(err)
	}
	imagenet, err := known.Protocol("imagenet")
	if err != nil {
		t.Fatal(err)
	}
	embeddings, err := l.EncodeTexts(t.Context(), imagenet.Templates.Fill("yellow"), false)
	if err != nil {
		t.Fatal(err)
	}
	text, err := concept.ZeroShot([]string{"yellow"}, embeddings, len(imagenet.Templates), ov.Embed)
	if err != nil {
		t.Fatal(err)
	}
	yellow, err := drift.NewConcept("yellow", text.Embeddings, ov)
	if err != nil {
		t.Fatal(err)
	}
	at, err := atlas.Open(filepath.Join(q.Folder, "cars.atlas"))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := at.Scalars()
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	list, err := os.ReadFile(filepath.Join(q.Cars, "cars_refined", "refined_train.csv"))
	if err != nil {
		t.Fatal(err)
	}
	var scores, truth []float64
	row := make([]float32, ov.Heads*ov.Channels)
	for i, line := range strings.Fields(string(list))[1:] {
		if err := rows.Row(i, row); err != nil {
			t.Fatal(err)
		}
		s, err := ov.Scalars(row)
		if err != nil {
			t.Fatal(err)
		}
		scores = append(scores, yellow.Score(s, s.Embedding()).Norm)
		truth = append(truth, float64(strings.Count(line, "_9")))
	}
	f := figuresOf(a)["cars-yellow"]
	if want := stat.Correlation(scores, truth, nil); !(math.Abs(float64(*f.Measured)-want) < 1e-3) || f.Of != len(scores) { // scalars are kept in half precision
		t.Errorf("%+v: expected a correlation of %v over %d pictures", f, want, len(scores))
	}
}

// TestReproduceRefuses: mistakes and layouts that are none end with what was expected.
func TestReproduceRefuses(t *testing.T) {
	l := open(t, lab.Config{})
	cars := t.TempDir()
	if err := os.MkdirAll(filepath.Join(cars, "cars_train"), 0o755); err != nil {
		t.Fatal(err)
	}
	writeLines(t, []string{"image,Class", "00001.jpg,197_9"}, cars, "refined_train.csv")
	for want, q := range map[string]lab.Reproduce{
		"no data":             {Folder: t.TempDir()},
		"output":              {Context: "x"},
		"stride":              {Context: "x", Folder: t.TempDir(), Stride: 1},
		"val.txt":             {Context: t.TempDir(), Folder: t.TempDir()},
		"refined_train.csv:2": {Cars: cars, Folder: t.TempDir()},
		"cars_train":          {Cars: t.TempDir(), Folder: t.TempDir()},
		"imagenet: imagenet":  {ImageNet: t.TempDir(), Folder: t.TempDir()},
	} {
		if _, err := l.Reproduce(t.Context(), q); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, expected %s", q, err, want)
		}
	}
}
