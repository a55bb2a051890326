package lab

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/clip/registry"
	"github.com/facet-clip/facet/demo"
)

// Doctor says whether the checkpoint of a config, its activation and its vocabulary fit each other, and from what it knows so. It needs no
// lab: a checkpoint that is not fit opens none.
func Doctor(ctx context.Context, config Config) (*answer.Diagnosis, error) {
	config = config.filled()
	name, ck, c, err := config.inferred(ctx)
	if err != nil {
		return nil, err
	}
	defer ck.Close()
	d := &answer.Diagnosis{Path: ck.Path()}
	d.Findings = append(d.Findings, checkTensors(ck, c)...)
	numbers, err := checkNumbers(ctx, ck, c)
	if err != nil {
		return nil, err
	}
	d.Findings = append(d.Findings, numbers, found("input size", answer.OK, "%d pixels: the table of positions has %d×%d places, 32 pixels apart", c.Image, c.Grid(), c.Grid()))
	if c.HasText() {
		d.Findings = append(d.Findings, config.checkActivation(name, ck), config.checkVocabulary(name, ck, c), checkScale(ck))
	} else {
		d.Findings = append(d.Findings, found("text tower", answer.OK, "none: pictures can be explained, texts cannot be asked"))
	}
	return d, nil
}

// found is one finding.
func found(check, verdict, format string, args ...any) answer.Finding {
	return answer.Finding{Check: check, Verdict: verdict, Found: fmt.Sprintf(format, args...)}
}

// checkTensors finds tensors that the architecture needs and the file lacks or has in another shape.
func checkTensors(ck *checkpoint.Checkpoint, c clip.Config) []answer.Finding {
	var bad []answer.Finding
	for _, s := range c.Tensors() {
		if err := ck.Check(s.Name, s.Shape...); err != nil {
			bad = append(bad, found("tensors", answer.Wrong, "%v", err))
		}
	}
	if len(bad) > 0 {
		return bad
	}
	return []answer.Finding{found("tensors", answer.OK, "%s: all %d are there", c.Architecture(), len(c.Tensors()))}
}

// checkNumbers looks for numbers that no training leaves.
func checkNumbers(ctx context.Context, ck *checkpoint.Checkpoint, c clip.Config) (answer.Finding, error) {
	for _, s := range c.Tensors() {
		if err := ctx.Err(); err != nil {
			return answer.Finding{}, err
		}
		data, err := ck.Float32(s.Name, s.Shape...)
		if err != nil {
			continue // which checkTensors has said
		}
		variance := strings.HasSuffix(s.Name, "running_var")
		for i, v := range data {
			switch {
			case math.IsNaN(float64(v)) || math.IsInf(float64(v), 0):
				return found("numbers", answer.Wrong, "%s has %v at place %d", s.Name, v, i), nil
			case variance && v < 0:
				return found("numbers", answer.Wrong, "%s has the negative variance %v at place %d", s.Name, v, i), nil
			}
		}
	}
	return found("numbers", answer.OK, "all are finite, no variance is negative"), nil
}

// checkActivation says which activation the text tower gets, and why.
func (c Config) checkActivation(name string, ck *checkpoint.Checkpoint) answer.Finding {
	act, assumed, err := c.activation(name, ck)
	if err != nil {
		return found("activation", answer.Wrong, "%v", err)
	}
	published, unknown := registry.Lookup(name)
	_, told, _ := registry.Activation(name, ck.Path())
	switch {
	case c.Activation != "":
		return found("activation", answer.OK, "%s, because it was asked for", act)
	case name == DemoName || unknown == nil && published.Source != registry.SourceHub:
		return found("activation", answer.OK, "%s, as %s is known to use", act, name)
	case told:
		return found("activation", answer.OK, "%s, as %s beside the file says", act, registry.CardFile)
	case assumed:
		return found("activation", answer.Assumed, "%s, as every published CLIP-ResNet uses; this file does not say: say it if you know", act)
	}
	return found("activation", answer.OK, "%s, as in every file that OpenAI wrote this way", act)
}

// checkVocabulary looks for the vocabulary and compares its size with the token embedding's.
func (config Config) checkVocabulary(name string, ck *checkpoint.Checkpoint, c clip.Config) answer.Finding {
	tok, err := demo.Tokenizer()
	if name != DemoName || config.Vocabulary != "" {
		tok, err = config.tokenizer(folder(ck))
	}
	switch {
	case err != nil:
		return found("vocabulary", answer.Wrong, "%v", err)
	case tok.Size() != c.Text.Vocabulary:
		return found("vocabulary", answer.Wrong, "%d tokens found, the text tower was trained with %d", tok.Size(), c.Text.Vocabulary)
	}
	return found("vocabulary", answer.OK, "%d tokens, as the text tower was trained with", tok.Size())
}

// checkScale looks at the factor of the logits, which training holds at 100 or below.
func checkScale(ck *checkpoint.Checkpoint) answer.Finding {
	data, err := ck.Float32("logit_scale")
	if err != nil {
		return found("logit scale", answer.Wrong, "%v", err)
	}
	τ := math.Exp(float64(data[0]))
	if !(τ > 0.5 && τ < 101) {
		return found("logit scale", answer.Wrong, "exp(%.4g) = %.4g: expected 1 to 100", data[0], τ)
	}
	return found("logit scale", answer.OK, "%.4g", τ)
}
