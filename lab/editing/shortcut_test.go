package editing_test

import (
	"cmp"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/lab/editing"
	"github.com/facet-clip/facet/lab/labtest"
)

// scanned is an atlas with its scalars in memory.
type scanned struct {
	images  []atlas.Image
	scalars [][]float32
}

// keep scans a source with the demo model; with FACET_EDIT_ATLASES set to a folder, the atlas stays there for the next time.
func keep(t *testing.T, l *lab.Lab, name, source string) (string, scanned) {
	t.Helper()
	dir := os.Getenv("FACET_EDIT_ATLASES")
	if dir == "" {
		dir = t.TempDir()
	}
	dir = filepath.Join(dir, name+".atlas")
	if _, err := os.Stat(dir); err != nil {
		s, err := dataset.Open(source, dataset.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Scan(t.Context(), lab.Scan{Source: s, Folder: dir, KeepScalars: true}); err != nil {
			t.Fatal(err)
		}
	}
	at, err := atlas.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := at.Scalars()
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var k scanned
	for img, err := range at.Images() {
		if err != nil {
			t.Fatal(err)
		}
		s := make([]float32, rows.Pairs)
		if err := rows.Row(len(k.images), s); err != nil {
			t.Fatal(err)
		}
		k.images, k.scalars = append(k.images, img), append(k.scalars, s)
	}
	return dir, k
}

// by writes the atlas that another model with the same trunk would make: scalars are the same, embeddings follow from them.
func (k scanned) by(t *testing.T, l *lab.Lab, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name+".atlas")
	made, err := l.Made(t.Context())
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
	w, err := atlas.Resume(dir, atlas.Manifest{Model: made, Datasets: []atlas.Dataset{{Source: name, Fingerprint: name}}}, weights, atlas.Options{KeepScalars: true})
	if err != nil {
		t.Fatal(err)
	}
	for i, img := range k.images {
		img.Embedding, img.Top = decompose.Scalars{OV: ov, S: k.scalars[i]}.Embedding(), nil
		if err := w.Add(img, k.scalars[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// planting is a shortcut that is put into a model: pairs that tell the ground are made to say the category too.
type planting struct {
	pairs []int
	mean  []float64
	sigma []float64
	sign  []float64 // of the correlation with the second group
}

// findGround gives the pairs that tell two groups best, of those that vary most.
func (k scanned) findGround(group string, count int) planting {
	pairs := len(k.scalars[0])
	p := planting{mean: make([]float64, pairs), sigma: make([]float64, pairs), sign: make([]float64, pairs)}
	n := float64(len(k.images))
	share := 0.0
	for i, img := range k.images {
		if img.Group == group {
			share += 1 / n
		}
		for q, v := range k.scalars[i] {
			p.mean[q] += float64(v) / n
		}
	}
	with := make([]float64, pairs)
	for i, img := range k.images {
		z := -share
		if img.Group == group {
			z++
		}
		for q, v := range k.scalars[i] {
			δ := float64(v) - p.mean[q]
			p.sigma[q] += δ * δ / n
			with[q] += z * δ / n
		}
	}
	order := make([]int, pairs)
	for q := range order {
		order[q] = q
		p.sigma[q] = math.Sqrt(p.sigma[q])
		p.sign[q] = math.Copysign(1, with[q])
		with[q] = math.Abs(with[q]) / max(p.sigma[q]*math.Sqrt(share*(1-share)), 1e-9)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(with[b], with[a]) })
	p.pairs = order[:count]
	return p
}

// plant makes the model whose planted pairs say, by γ times a deviation of their scalar, what a direction [D] says, and a record by which facet knows that it was the
// demo model.
func (p planting) plant(t *testing.T, l *lab.Lab, direction []float32, γ float64) string {
	t.Helper()
	w, err := l.Model().PoolWeights()
	if err != nil {
		t.Fatal(err)
	}
	C, D := w.Channels, w.Embed
	d := C / w.Heads
	for _, q := range p.pairs {
		h, n := q/C, q%C
		out, want := mat.NewDense(D, d, nil), mat.NewVecDense(D, nil)
		for o := range D {
			want.SetVec(o, γ*p.sign[q]/p.sigma[q]*float64(direction[o]))
			for k := range d {
				out.Set(o, k, float64(w.Output[o*C+h*d+k]))
			}
		}
		var column, reached mat.VecDense // W_V^h[:,n] += the least-squares solution of W_O^h column = want, as long as it takes to say as much
		if err := column.SolveVec(out, want); err != nil {
			t.Fatal(err)
		}
		reached.MulVec(out, &column)
		column.ScaleVec(mat.Dot(want, want)/mat.Dot(want, &reached), &column)
		for k := range d {
			w.Value[(h*d+k)*C+n] += float32(column.AtVec(k))
			w.ValueBias[h*d+k] -= float32(p.mean[q] * column.AtVec(k))
		}
	}
	path := filepath.Join(t.TempDir(), "planted.safetensors")
	if err := l.Model().Export(path, clip.Export{Replace: clip.PoolTensors(w), DType: checkpoint.Float32}, nil); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := l.Model().Checkpoint().SHA256(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(answer.EditRecord{Format: 1, File: filepath.Base(path), Bytes: info.Size(), Activation: "quickgelu",
		Steps: []answer.EditStep{{Source: answer.EditSource{Name: lab.DemoName, SHA256: sum}}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".edit.json", data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// shortcut is the file of a model in which ground pairs say cat or bird.
func shortcut(t *testing.T, l *lab.Lab, train scanned, ground planting) string {
	t.Helper()
	const strongly = 0.03 // of an embedding's length, by a deviation of a planted pair's scalar
	heads, err := l.EncodeTexts(t.Context(), []string{"a cat", "a bird"}, false)
	if err != nil {
		t.Fatal(err)
	}
	D := l.Model().Config.Embed
	direction := make([]float32, D)
	for o := range direction {
		direction[o] = heads[D+o] - heads[o]
	}
	length := 0.0
	for _, img := range train.images {
		length += norm(img.Embedding) / float64(len(train.images))
	}
	return ground.plant(t, l, direction, strongly*length/norm(direction))
}

// TestPlantedShortcut: in a model whose ground pairs were made to say the category, facet suggests those pairs; held at their means, the worst group is
// as right as in the model before, other classes lose nothing, and random pairs do nothing.
func TestPlantedShortcut(t *testing.T) {
	if testing.Short() {
		t.Skip("encodes 1,600 scenes")
	}
	const planted = 16
	l := labtest.Open(t, lab.Config{})
	_, train := keep(t, l, "even-train", "scenes:shortcut-even?n=600&seed=21")
	testDemo, test := keep(t, l, "even-test", "scenes:shortcut-even?n=600&seed=22")
	othersDemo, others := keep(t, l, "others", "scenes:single?n=400&seed=23")
	ground := train.findGround("snow", planted)
	model := labtest.Open(t, lab.Config{Model: shortcut(t, l, train, ground)})
	trainAtlas, testAtlas, othersAtlas := train.by(t, model, "train"), test.by(t, model, "test"), others.by(t, model, "others")

	suggestion, err := editing.Of(model).SuggestEdit(t.Context(), editing.SuggestEdit{Atlas: trainAtlas, Classes: []string{"cat", "bird"}})
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	var pairs []decompose.Pair
	for i, s := range suggestion.Pairs {
		pairs = append(pairs, decompose.Pair{Head: s.Head, Neuron: s.Neuron})
		if i < planted && slices.Contains(ground.pairs, s.Head*768+s.Neuron) {
			found++
		}
	}
	t.Logf("of %d planted pairs %d are among the first %d of %d suggested; before %+v, after %+v, random %+v, p %g", planted, found, planted, len(pairs),
		suggestion.Before.Worst, suggestion.After.Worst, suggestion.Random, suggestion.P)
	report, err := editing.Of(model).EvaluateGroups(t.Context(), editing.EvaluateGroups{
		Atlas: testAtlas, Classes: []string{"cat", "bird"}, Edit: editing.Edit{Means: trainAtlas, Pairs: pairs}, Rivals: true, Others: othersAtlas,
	})
	if err != nil {
		t.Fatal(err)
	}
	demo, err := editing.Of(l).EvaluateGroups(t.Context(), editing.EvaluateGroups{Atlas: testDemo, Classes: []string{"cat", "bird"}, Others: othersDemo})
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]answer.GroupOutcome{}
	for _, m := range report.Methods {
		rows[m.Method] = m
		t.Logf("%s: average %.3f, worst %.3f, others %.3f, draws %+v", m.Method, m.Average.Value(), m.Worst.Value(), m.Others.Value(), m.Draws)
	}
	if found < planted*9/10 {
		t.Errorf("%d of %d planted pairs are found", found, planted)
	}
	mended(t, demo.Methods[0], rows)
	if !(suggestion.P <= 0.05) || suggestion.Searched+suggestion.Scored != 600 {
		t.Errorf("p = %g with %d and %d pictures", suggestion.P, suggestion.Searched, suggestion.Scored)
	}
}

// mended fails unless the edit gives back what the shortcut took, at no cost, and random pairs do nothing.
func mended(t *testing.T, before answer.GroupOutcome, rows map[string]answer.GroupOutcome) {
	t.Helper()
	planned, after, random := rows[editing.MethodAsIs], rows[editing.MethodEdit], rows[editing.MethodRandom]
	switch {
	case !(planned.Worst.Value() < before.Worst.Value()-0.2):
		t.Errorf("the shortcut is not taken: the worst group falls from %.3f to %.3f, and the test tests nothing", before.Worst.Value(), planned.Worst.Value())
	case !(after.Worst.Value() >= before.Worst.Value()-0.02):
		t.Errorf("after the edit the worst group is at %.3f, in the model before at %.3f", after.Worst.Value(), before.Worst.Value())
	case !(after.Others.Value() >= before.Others.Value()-0.01):
		t.Errorf("other classes fall from %.3f to %.3f", before.Others.Value(), after.Others.Value())
	case !(math.Abs(random.Draws.Mean-planned.Worst.Value()) < 0.05):
		t.Errorf("random pairs move the worst group from %.3f to %.3f", planned.Worst.Value(), random.Draws.Mean)
	}
	for _, m := range []string{editing.MethodPrompts, editing.MethodCalibrated, editing.MethodRoboShot, editing.MethodHeads} {
		if rows[m].Average.Of != 600 || rows[m].Others == nil {
			t.Errorf("no row of %s", m)
		}
	}
}

func norm(x []float32) float64 {
	sum := 0.0
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum)
}
