package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/clip/registry"
)

// The verdicts of facet model doctor.
const (
	verdictOK      = "ok"
	verdictAssumed = "assumed" // nothing says otherwise, and nothing says so
	verdictWrong   = "wrong"
)

// errUnfit is what facet model doctor ends with when something is wrong.
var errUnfit = errors.New("not fit for use as it is")

// finding is one answer of facet model doctor.
type finding struct {
	Check   string `json:"check"`
	Verdict string `json:"verdict"`
	Found   string `json:"found"`
}

// diagnosis is what facet model doctor --json prints.
type diagnosis struct {
	Path     string    `json:"path"`
	Findings []finding `json:"findings"`
}

// doctor says whether a checkpoint, its activation and its vocabulary fit each other, and from what it knows so.
func (a *app) doctor(ctx context.Context) error {
	name, ck, err := a.openCheckpoint()
	if err != nil {
		return err
	}
	defer ck.Close()
	c, err := clip.InferConfig(ck)
	if err != nil {
		return err
	}
	d := diagnosis{Path: ck.Path()}
	d.Findings = append(d.Findings, checkTensors(ck, c)...)
	numbers, err := checkNumbers(ctx, ck, c)
	if err != nil {
		return err
	}
	d.Findings = append(d.Findings, numbers, finding{"input size", verdictOK, fmt.Sprintf(
		"%d pixels: the table of positions has %d×%d places, 32 pixels apart", c.Image, c.Grid(), c.Grid())})
	if c.HasText() {
		d.Findings = append(d.Findings, a.checkActivation(name, ck), a.checkVocabulary(name, ck, c), checkScale(ck))
	} else {
		d.Findings = append(d.Findings, finding{"text tower", verdictOK, "none: pictures can be explained, texts cannot be asked"})
	}
	return a.printDiagnosis(d)
}

func (a *app) printDiagnosis(d diagnosis) error {
	var wrong []string
	for _, f := range d.Findings {
		if f.Verdict == verdictWrong {
			wrong = append(wrong, f.Check)
		}
	}
	if a.json {
		if err := encodeJSON(a.stdout, d); err != nil {
			return err
		}
	} else {
		t := a.table("check", "verdict", "what was found")
		for _, f := range d.Findings {
			t.AppendRow([]any{f.Check, f.Verdict, f.Found})
		}
		t.Render()
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%s: %w: see %s", d.Path, errUnfit, strings.Join(wrong, ", "))
	}
	return nil
}

// checkTensors finds tensors that the architecture needs and the file lacks or has in another shape.
func checkTensors(ck *checkpoint.Checkpoint, c clip.Config) []finding {
	var bad []finding
	for _, s := range c.Tensors() {
		if err := ck.Check(s.Name, s.Shape...); err != nil {
			bad = append(bad, finding{"tensors", verdictWrong, err.Error()})
		}
	}
	if len(bad) > 0 {
		return bad
	}
	return []finding{{"tensors", verdictOK, fmt.Sprintf("%s: all %d are there", c.Architecture(), len(c.Tensors()))}}
}

// checkNumbers looks for numbers that no training leaves.
func checkNumbers(ctx context.Context, ck *checkpoint.Checkpoint, c clip.Config) (finding, error) {
	for _, s := range c.Tensors() {
		if err := ctx.Err(); err != nil {
			return finding{}, err
		}
		data, err := ck.Float32(s.Name, s.Shape...)
		if err != nil {
			continue // which checkTensors has said
		}
		variance := strings.HasSuffix(s.Name, "running_var")
		for i, v := range data {
			switch {
			case math.IsNaN(float64(v)) || math.IsInf(float64(v), 0):
				return finding{"numbers", verdictWrong, fmt.Sprintf("%s has %v at place %d", s.Name, v, i)}, nil
			case variance && v < 0:
				return finding{"numbers", verdictWrong, fmt.Sprintf("%s has the negative variance %v at place %d", s.Name, v, i)}, nil
			}
		}
	}
	return finding{"numbers", verdictOK, "all are finite, no variance is negative"}, nil
}

// checkActivation says which activation the text tower gets, and why.
func (a *app) checkActivation(name string, ck *checkpoint.Checkpoint) finding {
	act, assumed, err := a.chooseActivation(name, ck)
	if err != nil {
		return finding{"activation", verdictWrong, err.Error()}
	}
	_, unknown := registry.Lookup(name)
	switch {
	case a.activation != "":
		return finding{"activation", verdictOK, fmt.Sprintf("%s, because --activation says so", act)}
	case name == demoName || unknown == nil:
		return finding{"activation", verdictOK, fmt.Sprintf("%s, as %s is known to use", act, name)}
	case assumed:
		return finding{"activation", verdictAssumed, fmt.Sprintf(
			"%s, as every published CLIP-ResNet uses; this file does not say: with --activation you can", act)}
	}
	return finding{"activation", verdictOK, fmt.Sprintf("%s, as in every file that OpenAI wrote this way", act)}
}

// checkVocabulary looks for the vocabulary and compares its size with the token embedding's.
func (a *app) checkVocabulary(name string, ck *checkpoint.Checkpoint, c clip.Config) finding {
	m := &model{Model: &clip.Model{Config: c}, name: name, app: a, folder: folderOf(ck)}
	tok, err := m.tokenizer()
	switch {
	case err != nil:
		return finding{"vocabulary", verdictWrong, err.Error()}
	case tok.Size() != c.Text.Vocabulary:
		return finding{"vocabulary", verdictWrong, fmt.Sprintf("%d tokens found, the text tower was trained with %d", tok.Size(), c.Text.Vocabulary)}
	}
	return finding{"vocabulary", verdictOK, fmt.Sprintf("%d tokens, as the text tower was trained with", tok.Size())}
}

// checkScale looks at the factor of the logits, which training holds at 100 or below.
func checkScale(ck *checkpoint.Checkpoint) finding {
	data, err := ck.Float32("logit_scale")
	if err != nil {
		return finding{"logit scale", verdictWrong, err.Error()}
	}
	τ := math.Exp(float64(data[0]))
	if !(τ > 0.5 && τ < 101) {
		return finding{"logit scale", verdictWrong, fmt.Sprintf("exp(%.4g) = %.4g: expected 1 to 100", data[0], τ)}
	}
	return finding{"logit scale", verdictOK, fmt.Sprintf("%.4g", τ)}
}
