package lab

import (
	"context"
	"fmt"
	"image"
	"math"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/clip/verify"
	"github.com/facet-clip/facet/clip/verify/photographs"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/scenes"
)

const (
	shippedScenes = "scenes:single?n=48&seed=41"
	guessed       = 1e-3 // a model that guesses does as well as is asked of one that knows with a chance below this
	photoGuessed  = 2e-3 // five of ten photographs
	surely        = 3    // standard errors between two activations
	sharper       = 0.05 // and that much in the log-probability: the demo model, which is sure of everything, differs by 0.001
)

// shipped are pictures that come with facet, of one kind, with what a model makes of them.
type shipped struct {
	kind     string
	chance   float64 // below which labels are no guesses
	labels   []string
	pictures []labelled

	embeddings [][]float32 // [D] of each picture
}

// onPictures looks at the pictures that come with facet, through both activations.
func (v *verifying) onPictures(ctx context.Context) error {
	l, err := Open(ctx, v.config)
	if err != nil {
		return err
	}
	defer l.Close()
	kinds, err := l.shipped(ctx)
	if err != nil {
		return err
	}
	sink, err := l.lookAt(ctx, kinds)
	if err != nil {
		return err
	}
	v.sink(sink, l.model.Config.Grid())
	const check = "plain labels"
	if _, err := l.Tokenizer(ctx); err != nil {
		v.say(check, answer.NotApplicable, "%v", err)
		return nil
	}
	return v.plainLabels(ctx, l, kinds)
}

// shipped are scenes, and for models that may know photographs those.
func (l *Lab) shipped(ctx context.Context) ([]*shipped, error) {
	drawn := &shipped{kind: "scenes", chance: guessed}
	for _, c := range scenes.Categories() {
		drawn.labels = append(drawn.labels, c.String())
	}
	p, err := l.picturesIn(ctx, shippedScenes, 0)
	if err != nil {
		return nil, err
	}
	for picture, err := range p.each {
		if err != nil {
			return nil, err
		}
		drawn.pictures = append(drawn.pictures, picture)
	}
	if l.name == DemoName {
		return []*shipped{drawn}, nil
	}
	all, err := photographs.All()
	if err != nil {
		return nil, err
	}
	photos := &shipped{kind: "photographs", chance: photoGuessed}
	for _, p := range all {
		err := l.decoder.Bytes(ctx, p.Name, p.Data, func(img *image.NRGBA) error {
			photos.pictures = append(photos.pictures, labelled{label: p.Label, seen: preprocess.Crop(img, l.model.Config.Image)})
			return nil
		})
		if err != nil {
			return nil, err
		}
		photos.labels = append(photos.labels, p.Label)
	}
	return []*shipped{photos, drawn}, nil
}

// lookAt encodes all pictures, and gathers where the class query looks.
func (l *Lab) lookAt(ctx context.Context, kinds []*shipped) (answer.SinkReport, error) {
	query, err := l.query()
	if err != nil {
		return answer.SinkReport{}, err
	}
	g := l.model.Config.Grid()
	sink := experiment.NewSink(query, g*g, g*g-1)
	total := 0
	for _, kind := range kinds {
		total += len(kind.pictures)
	}
	step := l.Step(ctx, "pictures", total)
	defer step.Done()
	l.model.Expect(total)
	for _, kind := range kinds {
		for _, p := range kind.pictures {
			out, err := l.model.EncodePictures(ctx, []*image.RGBA{p.seen}, clip.Embedding, clip.Tokens)
			if err != nil {
				return answer.SinkReport{}, err
			}
			kind.embeddings = append(kind.embeddings, out[clip.Embedding].Floats)
			if err := sink.Add(out[clip.Tokens].Floats); err != nil {
				return answer.SinkReport{}, err
			}
			step.Add(1)
		}
	}
	return sink.Report(0)
}

// sink says where the class query looks. That a trained CLIP-ResNet looks at its last place is a finding of the field, not a promise: nothing is wrong without.
func (v *verifying) sink(s answer.SinkReport, grid int) {
	const check = "attention sink"
	place := fmt.Sprintf("place %d of %d (row %d, column %d)", s.Token+1, grid*grid, s.Token/grid+1, s.Token%grid+1)
	last := s.Token == grid*grid-1
	switch {
	case s.Exists && last:
		v.say(check, answer.OK, "the last place draws %.1f times the attention of its neighbours, as in OpenAI's models", s.Ratio)
	case s.Exists:
		v.say(check, answer.NotApplicable, "%s draws %.1f times the attention of its neighbours; in OpenAI's models it is the last", place, s.Ratio)
	default:
		v.say(check, answer.NotApplicable, "no place stands out: %s has the most, %.1f times its neighbours'", place, s.Ratio)
	}
}

// plainLabels classifies the pictures by plain labels, with the activation that the model has and with the other.
func (v *verifying) plainLabels(ctx context.Context, l *Lab, kinds []*shipped) error {
	other := v.config
	other.Activation = string(clip.GELU)
	if l.model.Activation == clip.GELU {
		other.Activation = string(clip.QuickGELU)
	}
	second, err := Open(ctx, other)
	if err != nil {
		return err
	}
	defer second.Close()
	var taken, instead []float64 // log probabilities of the right labels
	known := false
	for _, kind := range kinds {
		right, logs, err := l.labelPictures(ctx, kind)
		if err != nil {
			return err
		}
		otherRight, otherLogs, err := second.labelPictures(ctx, kind)
		if err != nil {
			return err
		}
		v.labelled(kind, right)
		if verify.Guessing(max(right, otherRight), len(kind.pictures), len(kind.labels)) < kind.chance {
			known, taken, instead = true, append(taken, logs...), append(instead, otherLogs...)
		}
	}
	v.activation(l.model.Activation, clip.Activation(other.Activation), known, taken, instead)
	return nil
}

// labelPictures counts the pictures whose label comes first, and gives the log of each right label's probability.
func (l *Lab) labelPictures(ctx context.Context, kind *shipped) (right int, logs []float64, err error) {
	head, err := l.ClassHead(ctx, nil, kind.labels, concept.Templates(nil))
	if err != nil {
		return 0, nil, err
	}
	τ, err := l.model.LogitScale()
	if err != nil {
		return 0, nil, err
	}
	for i, p := range kind.pictures {
		classes := head.Classify(kind.embeddings[i], τ)
		at := slices.IndexFunc(classes, func(c concept.Class) bool { return c.Label == p.label })
		if at < 0 {
			return 0, nil, fmt.Errorf("%s: a picture of %q, which is no label", kind.kind, p.label)
		}
		if at == 0 {
			right++
		}
		logs = append(logs, classes[at].Logit-classes[0].Logit+math.Log(classes[0].Probability))
	}
	return right, logs, nil
}

// labelled is the verdict on plain labels. OpenAI's weights know the photographs, and the demo its scenes; what drawings are is nothing that others need know.
func (v *verifying) labelled(kind *shipped, right int) {
	check := "plain labels, " + kind.kind
	n := len(kind.pictures)
	chance := verify.Guessing(right, n, len(kind.labels))
	found := fmt.Sprintf("%d of %d by %d labels; guesses are right as often with a chance of %.1g", right, n, len(kind.labels), chance)
	switch {
	case chance < kind.chance:
		v.say(check, answer.OK, "%s", found)
	case v.name == DemoName, v.claimed != nil && kind.chance == photoGuessed:
		v.say(check, answer.Wrong, "%s", found)
	default:
		v.say(check, answer.NotApplicable, "%s: the model does not know them", found)
	}
}

// activation says which activation gives the right labels more. It is evidence and no proof, so none is wrong.
func (v *verifying) activation(taken, other clip.Activation, known bool, first, second []float64) {
	const check = "activation"
	if !known {
		v.say(check, answer.NotApplicable, "plain labels are guesses with %s and with %s, so the answers of neither are sharper", taken, other)
		return
	}
	mean, deviation := verify.Sharper(first, second)
	found := fmt.Sprintf("the right label's log-probability with %s less that with %s is %+.3f ± %.3f over %d pictures", taken, other, mean, deviation, len(first))
	switch {
	case math.Abs(mean) < sharper || math.Abs(mean) < surely*deviation:
		v.say(check, answer.NotApplicable, "the answers of neither are surely sharper: %s", found)
	case mean > 0:
		v.say(check, answer.OK, "%s gives the sharper answers: %s", taken, found)
	default:
		v.say(check, answer.Doubtful, "%s gives sharper answers than %s, which the model has: %s", other, taken, found)
	}
}
