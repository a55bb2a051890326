package lab_test

import (
	"errors"
	"image"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/engine/ort"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/lab/labtest"
)

// TestGroupsSum: whatever pairs are summed by and measured against, on both engines, the groups sum to what is said.
func TestGroupsSum(t *testing.T) {
	at := labtest.ScenesAtlas()
	img := picture(t, 0)
	other := filepath.Join(t.TempDir(), "other.png")
	if err := os.WriteFile(other, encoded(t, picture(t, 3)), 0o644); err != nil {
		t.Fatal(err)
	}
	bank := words(t)
	for _, engine := range []string{"portable", "ort"} {
		if _, err := ort.New(ort.Options{}); engine == "ort" && errors.Is(err, ort.ErrUnavailable) {
			t.Log("without ONNX Runtime:", err)
			continue
		}
		l := open(t, lab.Config{Engine: engine})
		for name, q := range map[string]lab.Explain{
			"embedding":                {Baseline: lab.AgainstNone},
			"embedding, average":       {},
			"embedding, atlas average": {Atlas: at, Bank: bank},
			"logit":                    {Text: "a yellow convertible", Baseline: lab.AgainstNone},
			"average text":             {Text: "a yellow convertible"},
			"average picture":          {Text: "a yellow convertible", Baseline: lab.AgainstAveragePicture},
			"another text":             {Text: "a yellow convertible", Against: "a castle"},
			"another picture":          {Text: "a yellow convertible", Contrast: other},
			"a bank":                   {Text: "a yellow convertible", Bank: bank},
			"first word":               {Text: "a yellow convertible", Assign: lab.AssignFirst, Cover: 1},
		} {
			for _, by := range []string{"", lab.ByNeuron, lab.ByHead, lab.ByPair, lab.ByToken} {
				q.Image, q.Picture, q.By = img, "scene", by
				e, err := l.Explain(t.Context(), q)
				if by == lab.ByToken && (q.Contrast != "" || q.Baseline == lab.AgainstAveragePicture) {
					if !errors.Is(err, lab.ErrQuestion) {
						t.Errorf("%s by token: %v", name, err)
					}
					continue
				}
				if err != nil {
					t.Fatalf("%s by %s: %v", name, by, err)
				}
				checkSum(t, engine+", "+name+" by "+e.Answer.By, e)
			}
		}
	}
}

// checkSum holds groups to their total, and the total to that of the explanation.
func checkSum(t *testing.T, name string, e *lab.Explained) {
	t.Helper()
	a := e.Answer
	size := math.Abs(e.Split.Bias)
	for _, v := range e.Split.Amounts {
		size += math.Abs(float64(v))
	}
	sum, constants := 0.0, 0
	for _, g := range a.Groups {
		sum += g.Amount
		if g.Word == answer.Constant {
			constants++
		}
	}
	total := a.Total
	if a.Against != nil && a.Text != "" {
		total -= a.Against.Total
	}
	if math.Abs(sum-a.GroupsTotal) > 1e-5*size || math.Abs(total-a.GroupsTotal) > 1e-5*size || a.GroupsResidual > 1e-5 || constants != 1 {
		t.Errorf("%s: groups sum to %g of %g, the total less the baseline is %g, residual %g, %d constants", name, sum, a.GroupsTotal, total, a.GroupsResidual, constants)
	}
}

// picture is a scene of the demo as large as the demo model sees it.
func picture(t *testing.T, i int) image.Image {
	t.Helper()
	pictures, err := demo.Pictures()
	if err != nil {
		t.Fatal(err)
	}
	img, err := pictures[i].Render(192)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// TestGroupMistakes: what cannot be measured against each other is a mistake.
func TestGroupMistakes(t *testing.T) {
	demoLab, tinyLab := open(t, lab.Config{}), open(t, lab.Config{Model: tiny})
	img := picture(t, 0)
	for name, q := range map[string]lab.Explain{
		"by":                        {By: "layer"},
		"assign":                    {Assign: "last"},
		"cover":                     {Cover: 2},
		"baseline":                  {Baseline: "noise"},
		"two baselines":             {Text: "a", Against: "b", Baseline: lab.AgainstNone},
		"a text against none":       {Against: "b"},
		"a picture without text":    {Contrast: "b.png"},
		"average text without text": {Baseline: lab.AgainstAverageText},
	} {
		q.Image = img
		if _, err := demoLab.Explain(t.Context(), q); !errors.Is(err, lab.ErrQuestion) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := tinyLab.Explain(t.Context(), lab.Explain{Image: img, Baseline: lab.AgainstAveragePicture}); !errors.Is(err, lab.ErrQuestion) {
		t.Errorf("the average picture of no atlas: %v", err)
	}
}
