package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/engine/ort"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/golden"
	"github.com/facet-clip/facet/npy"
)

// facet runs a command line as a user would.
func facet(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	t.Setenv("FACET_CACHE", t.TempDir())
	var out, log bytes.Buffer
	code = Main(args, &out, &log)
	return code, out.String(), log.String()
}

// succeed runs a command line that must work.
func succeed(t *testing.T, args ...string) (stdout string) {
	t.Helper()
	code, out, log := facet(t, args...)
	if code != exitOK {
		t.Fatalf("facet %s: exit code %d: %s", strings.Join(args, " "), code, log)
	}
	return out
}

// engineNames are the engines at hand.
func engineNames(t *testing.T) []string {
	if _, err := ort.New(ort.Options{}); errors.Is(err, ort.ErrUnavailable) {
		t.Log("without ONNX Runtime:", err)
		return []string{"portable"}
	}
	return []string{"portable", "ort"}
}

// goldenImage writes golden picture i of a set as a PNG, at the model's native size.
func goldenImage(t *testing.T, a golden.Arrays, i int) string {
	t.Helper()
	images := a.Array("images")
	S := images.Shape[1]
	img := image.NewNRGBA(image.Rect(0, 0, S, S))
	for p := range S * S {
		rgb := images.Data[(i*S*S+p)*3:]
		img.SetNRGBA(p%S, p/S, color.NRGBA{uint8(rgb[0]), uint8(rgb[1]), uint8(rgb[2]), 255})
	}
	path := filepath.Join(t.TempDir(), "picture.png")
	if err := writePNG(path, img); err != nil {
		t.Fatal(err)
	}
	return path
}

func readArray(t *testing.T, path string, shape ...int) []float32 {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	a, err := npy.Read(f)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if diff := cmp.Diff(shape, a.Shape); diff != "" {
		t.Fatalf("%s: %s", path, diff)
	}
	return a.Data
}

const tinyModel = "../../testdata/tiny/model.safetensors"

// TestExplain is the main job on the golden model, against PyTorch's numbers, from a picture and from its pixels.
func TestExplain(t *testing.T) {
	a := golden.Open(t, "tiny")
	picture := goldenImage(t, a, 0)
	pixels := filepath.Join(t.TempDir(), "pixels.npy")
	err := dataset.NewDecoder(0).File(t.Context(), picture, func(img *image.NRGBA) error {
		S := img.Rect.Dx()
		return writeNPY(pixels, preprocess.Native(img, S), 1, 3, S, S)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, engine := range engineNames(t) {
		for name, source := range map[string][]string{"picture": {picture}, "pixels": {"--pixels", pixels}} {
			t.Run(engine+"/"+name, func(t *testing.T) {
				dir := filepath.Join(t.TempDir(), "out")
				args := append([]string{"explain", "--model", tinyModel, "--engine", engine, "--top", "7", "--json", "-o", dir}, source...)
				checkExplanation(t, a, dir, succeed(t, args...))
			})
		}
	}
}

func checkExplanation(t *testing.T, a golden.Arrays, dir, stdout string) {
	t.Helper()
	const M, C, D, N = 8, 512, 32, 5
	golden.Compare(t, "embedding", readArray(t, filepath.Join(dir, "embedding.npy"), D), a.Array("embedding").Data[:D], 1e-5, 1e-5)
	golden.Compare(t, "attention", readArray(t, filepath.Join(dir, "attention.npy"), M, N), a.Array("attention").Data[:M*N], 1e-5, 1e-5)
	golden.Compare(t, "scalars", readArray(t, filepath.Join(dir, "scalars.npy"), M, C), a.Array("scalars").Data[:M*C], 1e-5, 1e-5)
	var r answer.Explanation
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(dir, "explain.json"))
	if err != nil || string(file) != stdout {
		t.Errorf("explain.json differs from what --json printed, %v", err)
	}
	if !(r.Residual <= 1e-5) || len(r.Pairs) != 7 || r.Model.Config.Channels != C || len(r.Model.SHA256) != 64 {
		t.Errorf("residual %g, %d pairs, model %+v", r.Residual, len(r.Pairs), r.Model)
	}
	scalars, directions := a.Array("scalars").Data, a.Array("directions").Data
	for i, p := range r.Pairs {
		index := p.Head*C + p.Neuron
		u := 0.0
		for _, v := range directions[index*D : (index+1)*D] {
			u += float64(v) * float64(v)
		}
		want := math.Abs(float64(scalars[index])) * math.Sqrt(u)
		if math.Abs(p.ContributionNorm-want) > 1e-4*want || math.Abs(p.Scalar-float64(scalars[index])) > 1e-4 {
			t.Errorf("pair (%d,%d): norm %g, want %g", p.Neuron, p.Head, p.ContributionNorm, want)
		}
		if i > 0 && math.Abs(p.Amount) > math.Abs(r.Pairs[i-1].Amount) {
			t.Errorf("pair %d is larger than the one before it", i)
		}
		checkPNG(t, filepath.Join(dir, p.Map))
	}
	checkPNG(t, filepath.Join(dir, "summary.png"))
}

func checkPNG(t *testing.T, path string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := png.Decode(f); err != nil {
		t.Errorf("%s: %v", path, err)
	}
}

func TestEmbed(t *testing.T) {
	a := golden.Open(t, "tiny")
	out := filepath.Join(t.TempDir(), "e.npy")
	succeed(t, "embed", "--model", tinyModel, goldenImage(t, a, 0), goldenImage(t, a, 1), "-o", out)
	golden.Compare(t, "embedding", readArray(t, out, 2, 32), a.Array("embedding").Data[:64], 1e-5, 1e-5)

	texts := filepath.Join(t.TempDir(), "t.txt")
	if err := os.WriteFile(texts, []byte("a yellow car\n# no comment\n\na boat on the water\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var result answer.Embeddings
	printed := succeed(t, "embed", "--model", "demo", "--texts", texts, "--json")
	if err := json.Unmarshal([]byte(printed), &result); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a yellow car", "# no comment", "", "a boat on the water"}, result.Inputs); diff != "" || len(result.Embeddings) != 4 || len(result.Embeddings[0]) != 128 {
		t.Errorf("%s %d embeddings", diff, len(result.Embeddings))
	}
}

// TestEmbedTexts is the golden prompts through the whole command line; it needs CLIP's vocabulary.
func TestEmbedTexts(t *testing.T) {
	vocabulary := os.Getenv("FACET_CLIP_VOCAB")
	if vocabulary == "" {
		t.Skip("FACET_CLIP_VOCAB does not name CLIP's bpe_simple_vocab_16e6.txt.gz")
	}
	a := golden.Open(t, "tiny")
	// the first ten of the golden prompts, of which the last is empty
	texts, out := filepath.Join(t.TempDir(), "t.txt"), filepath.Join(t.TempDir(), "t.npy")
	prompts := "a photo of a car\na photo of a yellow convertible on the road\ngrass\nSky.\nit's snowing & raining\na diagram\nbutterfly\n" +
		"a butterfly printed on a T-shirt\n3 dogs and 12 cats\n\n"
	if err := os.WriteFile(texts, []byte(prompts), 0o600); err != nil {
		t.Fatal(err)
	}
	succeed(t, "embed", "--model", tinyModel, "--vocab", vocabulary, "--texts", texts, "-o", out)
	golden.Compare(t, "prompts", readArray(t, out, 10, 32), a.Array("prompt_embedding").Data[:10*32], 1e-5, 1e-5)
}

func TestExplainText(t *testing.T) {
	a := golden.Open(t, "tiny")
	words := filepath.Join(t.TempDir(), "words.txt")
	if err := os.WriteFile(words, []byte("car\ntree\ngrass\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	picture := goldenImage(t, a, 2)
	var r answer.Explanation
	printed := succeed(t, "explain", "--model", "demo", picture, "--text", "a yellow car", "--bank", words, "--top", "3", "--json")
	if err := json.Unmarshal([]byte(printed), &r); err != nil {
		t.Fatal(err)
	}
	if r.Text != "a yellow car" || len(r.Pairs) != 3 || len(r.Pairs[0].Words) != 3 || math.Abs(r.Pairs[0].Amount/r.Total-r.Pairs[0].Share) > 1e-12 {
		t.Errorf("%+v", r)
	}
	table := succeed(t, "explain", picture, "--text", "a yellow car", "--top", "3")
	if !strings.Contains(table, "(neuron,head)") || strings.Contains(table, "\x1b") {
		t.Errorf("table: %q", table)
	}
	whole := succeed(t, "explain", "--model", "demo", picture, "--whole", "--json")
	if err := json.Unmarshal([]byte(whole), &r); err != nil || r.Image.Grid != [2]int{6, 6} {
		t.Errorf("whole: %+v, %v", r.Image, err)
	}
}

func TestClassify(t *testing.T) {
	a := golden.Open(t, "tiny")
	templates := filepath.Join(t.TempDir(), "templates.txt")
	if err := os.WriteFile(templates, []byte("a {}\nthe {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	picture := goldenImage(t, a, 0)
	var r answer.Classification
	printed := succeed(t, "classify", "--model", "demo", picture, picture, "--labels", "car, tree,boat", "--templates", templates, "--json")
	if err := json.Unmarshal([]byte(printed), &r); err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, c := range r.Images[0].Classes {
		sum += c.Probability
	}
	if len(r.Images) != 2 || len(r.Images[0].Classes) != 3 || math.Abs(sum-1) > 1e-9 || len(r.Templates) != 2 {
		t.Errorf("%+v", r)
	}
	if diff := cmp.Diff(r.Images[0].Classes, r.Images[1].Classes); diff != "" {
		t.Errorf("the same picture twice: %s", diff)
	}
}

func TestInspect(t *testing.T) {
	var i answer.Inspection
	if err := json.Unmarshal([]byte(succeed(t, "model", "inspect", tinyModel, "--json")), &i); err != nil {
		t.Fatal(err)
	}
	want := clip.Config{
		Image: 64, Width: 16, Blocks: [4]int{1, 1, 1, 1}, Channels: 512, Heads: 8, Embed: 32,
		Text: clip.TextConfig{Width: 64, Layers: 2, Heads: 1, Vocabulary: 49408, Context: 77},
	}
	if diff := cmp.Diff(want, i.Config); diff != "" {
		t.Error(diff)
	}
	if i.Format != "safetensors" || i.Naming != "open_clip" || i.Activation != "quickgelu" {
		t.Errorf("%+v", i)
	}
	if list := succeed(t, "model", "list"); !strings.Contains(list, "RN50x64") {
		t.Errorf("list: %s", list)
	}
}

func TestErrors(t *testing.T) {
	alone(t)
	dir := t.TempDir()
	text := filepath.Join(dir, "text.jpg")
	if err := os.WriteFile(text, []byte("no picture"), 0o600); err != nil {
		t.Fatal(err)
	}
	pixels := filepath.Join(dir, "pixels.npy")
	if err := writeNPY(pixels, make([]float32, 3*40*40), 1, 3, 40, 40); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		says []string
	}{
		{[]string{"nonsense"}, exitUsage, []string{"nonsense"}},
		{[]string{"embed", "--no-such-flag"}, exitUsage, []string{"no-such-flag"}},
		{[]string{"embed", "a.png"}, exitUsage, []string{"-o"}},
		{[]string{"embed", "-o", "x.npy"}, exitUsage, []string{"--texts"}},
		{[]string{"explain"}, exitUsage, []string{"one picture"}},
		{[]string{"explain", "a.png", "--top", "0"}, exitUsage, []string{"--top 0"}},
		{[]string{"explain", "a.png", "--engine", "gpu"}, exitUsage, []string{"gpu", "portable"}},
		{[]string{"explain", "a.png", "--activation", "relu"}, exitUsage, []string{"relu", "quickgelu"}},
		{[]string{"classify", "a.png"}, exitUsage, []string{"--labels"}},
		{[]string{"explain", "a.png", "--threads", "-1"}, exitUsage, []string{"--threads"}},
		{[]string{"explain", text, "--model", "demo"}, exitFailure, []string{text, "JPEG"}},
		{[]string{"explain", filepath.Join(dir, "none.png"), "--model", "demo"}, exitFailure, []string{"none.png"}},
		{[]string{"explain", text, "--model", "RN51"}, exitFailure, []string{"RN51", "RN50x16"}},
		{[]string{"explain", text, "--model", "RN50"}, exitFailure, []string{"facet model pull RN50"}},
		{[]string{"explain", text, "--model", text}, exitFailure, []string{text}},
		{[]string{"explain", "--pixels", pixels, "--model", "demo"}, exitFailure, []string{pixels, "multiples of 32"}},
		{[]string{"explain", "--pixels", text, "--model", "demo"}, exitFailure, []string{text, ".npy"}},
		{[]string{"embed", "--texts", text, "--model", tinyModel, "--json"}, exitFailure, []string{"--vocab"}},
	} {
		code, stdout, stderr := facet(t, c.args...)
		if code != c.code || stdout != "" {
			t.Errorf("facet %v: exit code %d, want %d; stdout %q", c.args, code, c.code, stdout)
		}
		for _, s := range c.says {
			if !strings.Contains(stderr, s) {
				t.Errorf("facet %v: stderr does not say %q: %s", c.args, s, stderr)
			}
		}
	}
}

func TestExitCodes(t *testing.T) {
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	for name, c := range map[string]struct {
		ctx  context.Context
		err  error
		want int
	}{
		"done":                 {t.Context(), nil, exitOK},
		"failed":               {t.Context(), errors.New("no such file"), exitFailure},
		"usage":                {t.Context(), flags.Mistakef("--top 0"), exitUsage},
		"usage, wrapped":       {t.Context(), fmt.Errorf("explain: %w", flags.Mistakef("--top 0")), exitUsage},
		"interrupted":          {cancelled, fmt.Errorf("graph image: %w", context.Canceled), exitInterrupted},
		"failed while stopped": {cancelled, errors.New("no such file"), exitFailure},
	} {
		var log bytes.Buffer
		if got := exitCode(c.ctx, "facet", c.err, &log); got != c.want || (c.err == nil) != (log.Len() == 0) {
			t.Errorf("%s: got %d, want %d; %q", name, got, c.want, log.String())
		}
	}
}
