package tracing_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/internal/golden"
	"github.com/facet-clip/facet/internal/numeric"
	"github.com/facet-clip/facet/internal/randomclip"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/lab/labtest"
	"github.com/facet-clip/facet/lab/tracing"
	"github.com/facet-clip/facet/npy"
	"github.com/facet-clip/facet/segment"
)

// pixels are the pictures of testdata/tiny, normalised, in a file.
func pixels(t *testing.T, n int) string {
	t.Helper()
	images := golden.Open(t, "tiny").Array("images") // [N,64,64,3], 0 to 255
	mean, deviation := []float64{0.48145466, 0.4578275, 0.40821073}, []float64{0.26862954, 0.26130258, 0.27577711}
	const side = 64
	out := make([]float32, n*3*side*side)
	for i := range n * side * side {
		for c := range 3 {
			v := (float64(images.Data[i*3+c])/255 - mean[c]) / deviation[c]
			out[(i/(side*side)*3+c)*side*side+i%(side*side)] = float32(v)
		}
	}
	var b bytes.Buffer
	if err := npy.Write(&b, out, n, 3, side, side); err != nil {
		t.Fatal(err)
	}
	return written(t, "pixels.npy", b.Bytes())
}

func written(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// traced are the rows of a question, one after the other, and the shape of one.
func traced(t *testing.T, l *lab.Lab, q tracing.Question) (rows []float32, shape []int) {
	t.Helper()
	q.Shape = func(s []int) error { shape = s; return nil }
	q.Each = func(_ []string, some []float32) error { rows = append(rows, some...); return nil }
	a, err := tracing.Run(t.Context(), l, q)
	if err != nil {
		t.Fatal(err)
	}
	want := len(a.Inputs)
	for _, n := range shape {
		want *= n
	}
	if len(rows) != want || !slices.Equal(a.Shape, shape) {
		t.Fatalf("%s: %d numbers of %d inputs, %v each", q.What, len(rows), len(a.Inputs), shape)
	}
	return rows, shape
}

// TestAgainstPyTorch compares tokens, attention and scalars with the golden arrays, attention of all queries with a transcription in NumPy, and what a
// neuron writes at all places with what it contributes.
func TestAgainstPyTorch(t *testing.T) {
	s := golden.Open(t, "tiny")
	l := labtest.Open(t, lab.Config{Model: "../../testdata/tiny/model.safetensors"})
	in := lab.Input{Pixels: pixels(t, 2)}
	for what, name := range map[string]string{tracing.Tokens: "tokens", tracing.Attention: "attention", tracing.Scalars: "scalars"} {
		rows, _ := traced(t, l, tracing.Question{Input: in, What: what})
		golden.Compare(t, what, rows, s.Array(name).Data[:len(rows)], 1e-4, 1e-4)
	}
	data, err := os.ReadFile("../../experiment/testdata/attentions.json")
	if err != nil {
		t.Fatal(err)
	}
	var want struct{ Attentions []float64 }
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	rows, _ := traced(t, l, tracing.Question{Input: in, What: tracing.Attentions})
	golden.Compare(t, tracing.Attentions, rows, numeric.Float32(want.Attentions), 1e-4, 1e-4)

	const neuron = 7
	rows, shape := traced(t, l, tracing.Question{Input: in, What: tracing.Neuron, Neuron: neuron})
	all, sum := s.Array("contributions_image0"), make([]float32, shape[1]) // with an even share of the biases, which are no part of places
	for i, v := range rows[:shape[0]*shape[1]] {
		sum[i%shape[1]] += v
	}
	contribution := make([]float32, shape[1])
	M, C, D := all.Shape[0], all.Shape[1], all.Shape[2]
	for h := range M {
		for o := range D {
			contribution[o] += all.Data[(h*C+neuron)*D+o]
		}
	}
	bias := s.Array("bias").Data
	for o := range contribution {
		contribution[o] -= bias[o] / float32(C)
	}
	golden.Compare(t, "a neuron's places", sum, contribution, 1e-3, 1e-3)
}

// TestLengths compares the lengths of a block's tokens, and of what they write, with the golden arrays, and their mean's with the mean of the tokens.
func TestLengths(t *testing.T) {
	s := golden.Open(t, "tiny")
	l := labtest.Open(t, lab.Config{Model: "../../testdata/tiny/model.safetensors"})
	rows, shape := traced(t, l, tracing.Question{Input: lab.Input{Pixels: pixels(t, 2)}, What: tracing.Lengths})
	trunk, written := s.Array("trunk"), s.Array("head_tokens") // [I,C,h,w] and [I,K+1,M,D]
	C, N, M, D := trunk.Shape[1], written.Shape[1], written.Shape[2], written.Shape[3]
	if !slices.Equal(shape, []int{2, 1, N}) {
		t.Fatalf("shape %v", shape)
	}
	var want []float32
	for i := range 2 {
		mean, places := make([]float32, C), make([][]float32, N-1)
		for n := range C {
			for k := range places {
				v := trunk.Data[(i*C+n)*(N-1)+k]
				places[k] = append(places[k], v)
				mean[n] += v / float32(N-1)
			}
		}
		for _, v := range append([][]float32{mean}, places...) {
			want = append(want, float32(numeric.Norm(v)))
		}
		for k := range N {
			sum := make([]float32, D)
			for j, v := range written.Data[(i*N+k)*M*D:][:M*D] {
				sum[j%D] += v
			}
			want = append(want, float32(numeric.Norm(sum)))
		}
	}
	golden.Compare(t, tracing.Lengths, rows, want, 1e-4, 1e-4)
}

// TestEarlier: what a block of the last stage gives when it is pooled is what a model that ends with this block gives.
func TestEarlier(t *testing.T) {
	c := clip.Config{Image: 64, Width: 4, Blocks: [4]int{1, 1, 1, 3}, Channels: 128, Heads: 2, Embed: 16,
		Text: clip.TextConfig{Width: 64, Layers: 1, Heads: 1, Vocabulary: 49408, Context: 77}}
	whole, err := randomclip.Checkpoint(c, 5)
	if err != nil {
		t.Fatal(err)
	}
	open := func(data []byte) *lab.Lab {
		return labtest.Open(t, lab.Config{Activation: "quickgelu", Model: written(t, "model.safetensors", data)})
	}
	in := lab.Input{Pixels: pixels(t, 2)}
	rows, shape := traced(t, open(whole), tracing.Question{Input: in, What: tracing.Earlier})
	J, one := shape[0], shape[1]*shape[2]
	if J != 3 {
		t.Fatalf("%d blocks", J)
	}
	for j := range J {
		scalars, _ := traced(t, open(ending(t, whole, j)), tracing.Question{Input: in, What: tracing.Scalars})
		for i := range 2 {
			golden.Compare(t, fmt.Sprintf("block %d", j), rows[(i*J+j)*one:][:one], scalars[i*one:][:one], 1e-4, 1e-4)
		}
	}
	last, first := rows[(J-1)*one:J*one], rows[:one]
	if d := numeric.Norm(last) - numeric.Norm(first); math.Abs(d) < 1e-6 {
		t.Error("the blocks give the same, and the test tests nothing")
	}
}

// TestEarlierMaps: maps from an earlier block are those of a model that ends with this block. Neurons of one block and heads of another give maps of neither.
func TestEarlierMaps(t *testing.T) {
	c := clip.Config{Image: 64, Width: 4, Blocks: [4]int{1, 1, 1, 3}, Channels: 128, Heads: 2, Embed: 16,
		Text: clip.TextConfig{Width: 64, Layers: 1, Heads: 1, Vocabulary: 979, Context: 32}}
	whole, err := randomclip.Checkpoint(c, 5)
	if err != nil {
		t.Fatal(err)
	}
	maps := func(data []byte, neurons, heads int) []float32 {
		l := labtest.Open(t, lab.Config{Activation: "quickgelu", Vocabulary: "../../demo/vocabulary.txt", Model: written(t, "model.safetensors", data)})
		q := lab.Segment{Classes: []segment.Class{{Name: "a", Texts: []string{"a"}}, {Name: "b", Texts: []string{"b"}}}, Method: segment.NAP}
		q.NeuronsBack, q.HeadsBack = neurons, heads
		s, err := l.Segment(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if p := s.Head.Protocol; p.NeuronsBack != neurons || p.HeadsBack != heads {
			t.Errorf("the protocol says %d and %d", p.NeuronsBack, p.HeadsBack)
		}
		picture := image.NewRGBA(image.Rect(0, 0, 96, 64))
		for i := range picture.Pix {
			picture.Pix[i] = uint8(i * i)
		}
		var logits []float32
		if err := s.Picture(t.Context(), "a.png", picture, func(one *lab.Segmented) error { logits = one.Maps.Logits(0, 1); return nil }); err != nil {
			t.Fatal(err)
		}
		return logits
	}
	for back := 1; back < 3; back++ {
		golden.Compare(t, fmt.Sprintf("%d before the last", back), maps(whole, back, back), maps(ending(t, whole, 2-back), 0, 0), 1e-4, 1e-5)
	}
	mixed := maps(whole, 1, 0)
	for i, other := range [][]float32{maps(whole, 0, 0), maps(whole, 1, 1), maps(whole, 0, 1)} {
		if slices.Equal(mixed, other) {
			t.Errorf("%d: the same maps from other blocks", i)
		}
	}
}

// ending is a checkpoint without the blocks of the last stage that come after block j.
func ending(t *testing.T, data []byte, j int) []byte {
	t.Helper()
	ck, err := checkpoint.Open(written(t, "whole.safetensors", data))
	if err != nil {
		t.Fatal(err)
	}
	defer ck.Close()
	var kept []checkpoint.Data
	for _, name := range ck.Names() {
		var block int
		if _, err := fmt.Sscanf(name, "visual.layer4.%d.", &block); err == nil && block > j {
			continue
		}
		x, err := ck.Stored(name)
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, x)
	}
	var b bytes.Buffer
	if err := checkpoint.WriteSafetensors(&b, kept); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestMistakes(t *testing.T) {
	l := labtest.Open(t, lab.Config{})
	nothing := func([]int) error { t.Error("began"); return nil }
	for _, q := range []tracing.Question{{What: "x"}, {What: tracing.Neuron, Neuron: 768}, {What: tracing.Neuron, Neuron: -1}, {What: tracing.Tokens, Input: lab.Input{Whole: true}}} {
		q.Sources, q.Shape = []string{"scenes:default?n=1"}, nothing
		if _, err := tracing.Run(t.Context(), l, q); !errors.Is(err, lab.ErrQuestion) {
			t.Errorf("%+v: %v", q, err)
		}
	}
	q := tracing.Question{What: tracing.Tokens, Input: lab.Input{Pixels: pixels(t, 1)}, Shape: func([]int) error { return nil }}
	if _, err := tracing.Run(t.Context(), l, q); err == nil { // the demo model's pictures are larger
		t.Error("pixels of another size are traced")
	}
}
