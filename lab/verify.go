package lab

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/clip/registry"
	"github.com/facet-clip/facet/clip/verify"
	"github.com/facet-clip/facet/engine"
	"github.com/facet-clip/facet/engine/ort"
	"github.com/facet-clip/facet/engine/portable"
)

// How far a model may be from itself: rounding in float32, at most ten times what models of random weights show.
const (
	residualTolerance  = 1e-5
	attentionTolerance = 1e-4
	poolTolerance      = 4e-5
	rowsTolerance      = 1e-5
	engineTolerance    = 3e-5
)

// Verify says whether the checkpoint of a config is the one that it is taken for, and whether facet computes it rightly: its digest, the
// published answers of its weights, facet against itself, and what it makes of pictures that come with facet. A file that is named as no published model
// is told that it is none, and is not wrong for it.
func Verify(ctx context.Context, config Config) (*answer.Verification, error) {
	config = config.filled()
	name, ck, err := config.checkpoint(ctx)
	if err != nil {
		return nil, err
	}
	sum, err := ck.SHA256(ctx)
	v := &verifying{config: config, name: name, answer: &answer.Verification{Path: ck.Path()}}
	if err = errors.Join(err, ck.Close()); err != nil {
		return nil, err
	}
	v.digest(sum)
	if err := v.models(ctx); err != nil {
		return nil, err
	}
	return v.answer, nil
}

// verifying is a verification in the making.
type verifying struct {
	config  Config
	name    string
	answer  *answer.Verification
	is      *registry.Model // the published model that the file is, by its digest
	claimed *registry.Model // the published model that the file is named as, by the name asked for or its own
}

// say adds a verdict without a number.
func (v *verifying) say(check, verdict, format string, args ...any) {
	v.answer.Checks = append(v.answer.Checks, answer.Check{Check: check, Verdict: verdict, Found: fmt.Sprintf(format, args...)})
}

// compare adds the verdict on a number. NaN is wrong.
func (v *verifying) compare(check string, measured, expected, tolerance float64, found string) {
	verdict := answer.Wrong
	if math.Abs(measured-expected) <= tolerance {
		verdict = answer.OK
	}
	v.number(check, verdict, measured, expected, tolerance, found)
}

// number adds a verdict with what was measured and what is expected.
func (v *verifying) number(check, verdict string, measured, expected, tolerance float64, found string) {
	number := func(x float64) *answer.Number { n := answer.Number(x); return &n }
	v.answer.Checks = append(v.answer.Checks, answer.Check{
		Check: check, Verdict: verdict, Found: found, Measured: number(measured), Expected: number(expected), Tolerance: number(tolerance),
	})
}

// digest compares the file with the published ones.
func (v *verifying) digest(sum string) {
	const check = "digest"
	v.claimed = v.published(func(m registry.Model) bool { return m.Claims(v.name) })
	named := v.claimed
	v.is = v.published(func(m registry.Model) bool { return m.Is(sum) })
	asked, err := registry.Lookup(v.name)
	switch {
	case v.name == DemoName:
		v.say(check, answer.NotApplicable, "the demo model is part of the program")
	case err == nil && asked.Source == registry.SourceHub && v.is == nil && v.stated(asked) == sum:
		v.say(check, answer.OK, "%.12s, as the repository %s stated when it was pulled", sum, asked.Hub)
	case v.is != nil && (named == nil || named.Name == v.is.Name):
		v.say(check, answer.OK, "%.12s, that of %s", sum, v.is.Name)
	case named != nil && v.stated(*named) == sum:
		v.is = named
		v.say(check, answer.OK, "%.12s, as the repository %s stated when it was pulled", sum, named.Hub)
	case named != nil && strings.HasPrefix(filepath.Base(v.answer.Path), "open_clip_"):
		v.say(check, answer.NotApplicable, "%.12s: facet does not know what the file of %s should have; facet model pull %s asks the hub", sum, named.Hub, named.Name)
	case named != nil:
		v.say(check, answer.Wrong, "%.12s, expected %.12s of %s", sum, named.SHA256, named.Name)
	default:
		v.say(check, answer.NotApplicable, "%.12s is that of no checkpoint that facet knows", sum)
	}
	if v.is != nil {
		v.claimed = v.is
	}
}

// stated is what the hub stated of the file, or the name of the blob in its cache, when it was checked; empty where nothing did.
func (v *verifying) stated(m registry.Model) string {
	return registry.ThisMachine(v.config.Cache).Checked(m, v.answer.Path)
}

// published is the first published model of a kind, nil where there is none.
func (v *verifying) published(is func(registry.Model) bool) *registry.Model {
	models := registry.Models()
	if i := slices.IndexFunc(models, is); i >= 0 {
		return &models[i]
	}
	return nil
}

// models makes the checks that run a model: on the portable engine, and on ONNX Runtime where it is at hand.
func (v *verifying) models(ctx context.Context) error {
	slow, err := v.model(ctx, portable.New())
	if err != nil {
		return err
	}
	defer slow.Close()
	fast, err := v.fast(ctx)
	if err != nil {
		return err
	}
	first := slow
	if fast != nil {
		defer fast.Close()
		first = fast
	}
	if err := v.answers(ctx, first); err != nil {
		return err
	}
	if err := v.self(ctx, first); err != nil {
		return err
	}
	if err := v.engines(ctx, fast, slow); err != nil {
		return err
	}
	return v.onPictures(ctx)
}

// model opens the checkpoint on an engine.
func (v *verifying) model(ctx context.Context, e engine.Engine) (*clip.Model, error) {
	var ck *checkpoint.Checkpoint
	_, ck, err := v.config.checkpoint(ctx)
	if err != nil {
		return nil, err
	}
	act, _, err := v.config.activation(v.name, ck)
	if err != nil {
		return nil, errors.Join(err, ck.Close())
	}
	m, err := clip.New(ck, e, act)
	if err != nil {
		return nil, errors.Join(err, ck.Close())
	}
	m.Log = v.config.Log
	return m, nil
}

// fast is the model on ONNX Runtime; nil where that is not at hand, or where only the portable engine is wanted.
func (v *verifying) fast(ctx context.Context) (*clip.Model, error) {
	if v.config.Engine == enginePortable {
		return nil, nil
	}
	e, err := ort.New(ort.Options{Log: v.config.Log})
	if errors.Is(err, ort.ErrUnavailable) && v.config.Engine == engineAuto {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return v.model(ctx, e)
}

// answers compares with what OpenAI's weights of this architecture answer.
func (v *verifying) answers(ctx context.Context, m *clip.Model) error {
	const check = "known answers"
	known, ok := verify.Published(m.Config)
	switch {
	case v.name == DemoName || !ok:
		v.say(check, answer.NotApplicable, "none are published for %s", v.name)
		return nil
	case v.claimed != nil && v.claimed.Source != registry.SourceOpenAI:
		v.say(check, answer.NotApplicable, "they are published for OpenAI's weights, and these are %s", v.claimed.Name)
		return nil
	}
	values, err := known.Check(ctx, m)
	if err != nil {
		return err
	}
	others := slices.ContainsFunc(values, func(value verify.Value) bool { return !value.Right() })
	for _, value := range values {
		found := fmt.Sprintf("mean %+.5f, that of OpenAI's %s is %+.4f; noise passes both answers with a chance of %.1g",
			value.Measured, known.Model, value.Published, known.Chance(m.Config.Embed))
		if others && v.claimed == nil { // nobody says that it is the published model
			v.number(check+", "+value.What, answer.NotApplicable, value.Measured, value.Published, verify.Tolerance, "not the published weights: "+found)
			continue
		}
		v.compare(check+", "+value.What, value.Measured, value.Published, verify.Tolerance, found)
	}
	return nil
}

// self compares what a model answers with what it must answer, whatever its weights.
func (v *verifying) self(ctx context.Context, m *clip.Model) error {
	s, err := verify.CheckSelf(ctx, m)
	if err != nil {
		return err
	}
	v.compare("exactness", s.Residual, 0, residualTolerance, fmt.Sprintf("all pairs and the constant miss the embedding by %.1e of its length", s.Residual))
	v.compare("attention sums", s.Rows, 0, rowsTolerance, fmt.Sprintf("the attention of every head sums to 1, within %.1e", s.Rows))
	v.compare("plain attention", s.Attention, 0, attentionTolerance, fmt.Sprintf("with a query, a key and a value for each token it differs by %.1e at most", s.Attention))
	v.compare("plain pool", s.Pool, 0, poolTolerance, fmt.Sprintf("with a query, a key and a value for each token the embedding differs by %.1e of its length", s.Pool))
	return nil
}

// engines compares ONNX Runtime with the portable engine.
func (v *verifying) engines(ctx context.Context, fast, slow *clip.Model) error {
	const check = "engines"
	if fast == nil {
		v.say(check, answer.NotApplicable, "ONNX Runtime is not at hand or not wanted: only the portable engine answers")
		return nil
	}
	a, err := verify.Embed(ctx, fast)
	if err != nil {
		return err
	}
	b, err := verify.Embed(ctx, slow)
	if err != nil {
		return err
	}
	tell := func(what string, a, b []float32) {
		d := verify.Distance(a, b)
		v.compare(check+", "+what, d, 0, engineTolerance, fmt.Sprintf("ONNX Runtime's embedding differs from the portable engine's by %.1e of its length", d))
	}
	if tell("picture", a.Picture, b.Picture); b.Text != nil {
		tell("text", a.Text, b.Text)
	}
	return nil
}
