package lab

import (
	"context"
	"errors"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/engine/graph"
)

// Classify asks which of some labels fit pictures, without training.
type Classify struct {
	Input
	// Labels are what is told apart.
	Labels []string
	// Templates are the prompts that each label is put into. Empty, they are [concept.DefaultTemplates].
	Templates concept.Templates
	// Top is how many labels of each picture to give; 0 is 5.
	Top int
	// Why adds what speaks for the first label rather than for another, word by word: for one of Labels, or for [WhySecond]. Of a picture whose first
	// label is the one named here, it is the second. Empty, nothing is added.
	Why string
	// Bank names the pairs for Why: a list, a bank or a file with a text a line. Empty, it is the labels of the atlas, or without one the
	// demo model's table and for other models the common words: see [Lab.Bank].
	Bank string
	// Atlas is an atlas of the same model, whose labels name the pairs for Why.
	Atlas string
	// Each takes each picture as soon as it is done. Where it is given, the answer holds no pictures.
	Each func(answer.ClassifiedImage) error
}

// WhySecond asks why the first label and not the second.
const WhySecond = "second"

// labelsDefault is how many labels of a picture an answer has where the question does not say.
const labelsDefault = 5

func (q Classify) check() (Classify, error) {
	if q.Top == 0 {
		q.Top = labelsDefault
	}
	if len(q.Templates) == 0 {
		q.Templates = concept.DefaultTemplates()
	}
	if len(q.Labels) == 0 {
		return q, mistake("labels", "is missing: expected the labels to tell apart")
	}
	if q.Top < 0 {
		return q, mistake("top", "%d: expected 1 or more", q.Top)
	}
	switch named := q.Bank != "" || q.Atlas != ""; {
	case q.Why != "" && len(q.Labels) < 2:
		return q, mistake("why", "asks why one label and not another: expected two labels or more")
	case q.Why != "" && q.Why != WhySecond && !slices.Contains(q.Labels, q.Why):
		return q, mistake("why", "%s: expected one of the labels, or %s", q.Why, WhySecond)
	case named && q.Why == "":
		return q, &Mistake{Problem: errors.New("a bank or an atlas names the pairs behind a label, which only why asks for")}
	}
	for i, l := range q.Labels {
		if slices.Contains(q.Labels[:i], l) { // between two of one name a probability would be split
			return q, mistake("labels", "has %q twice", l)
		}
	}
	return q, q.Input.check()
}

// Classify compares pictures with labels: of each label the mean embedding of its prompts.
func (l *Lab) Classify(ctx context.Context, q Classify) (*answer.Classification, error) {
	q, err := q.check()
	if err != nil {
		return nil, err
	}
	head, err := l.zeroShot(ctx, q.Labels, q.Templates)
	if err != nil {
		return nil, err
	}
	use, err := l.openUse(ctx, q.Atlas)
	if err != nil {
		return nil, err
	}
	c := classifier{Lab: l, head: head, top: q.Top, each: q.Each}
	if c.scale, err = l.model.LogitScale(); err != nil {
		return nil, err
	}
	if c.why, err = l.reasons(ctx, q, use, head, c.scale); err != nil {
		return nil, err
	}
	a := &answer.Classification{Templates: q.Templates, Images: []answer.ClassifiedImage{}}
	if c.each == nil {
		c.each = func(one answer.ClassifiedImage) error { a.Images = append(a.Images, one); return nil }
	}
	decoder := l.decoder
	if use != nil {
		decoder = use.decoder(l)
	}
	if a.Skipped, err = l.batches(ctx, q.Input, decoder, func(b batch) error { return c.classify(ctx, b) }); err != nil {
		return nil, err
	}
	a.Model, err = l.describe(ctx)
	return a, err
}

// classifier compares pictures with a zero-shot head.
type classifier struct {
	*Lab
	head  *concept.Bank
	scale float64 // τ
	top   int
	why   *reasons // nil: nobody asks
	each  func(answer.ClassifiedImage) error
}

func (c *classifier) classify(ctx context.Context, b batch) error {
	outputs := []clip.Output{clip.Embedding}
	if c.why != nil {
		outputs = append(outputs, clip.Scalars)
	}
	out, err := c.model.EncodeImages(ctx, b.pixels, outputs...)
	if err != nil {
		return err
	}
	for i, name := range b.names {
		row := func(o clip.Output) []float32 {
			n := len(out[o].Floats) / len(b.names)
			return out[o].Floats[i*n : (i+1)*n]
		}
		classes := c.head.Classify(row(clip.Embedding), c.scale)
		one := answer.ClassifiedImage{Image: name, Classes: slices.Clone(classes[:min(c.top, len(classes))])} // and not the memory of all
		if c.why != nil {
			if one.Why, err = c.why.of(ctx, row(clip.Scalars), row(clip.Embedding), classes); err != nil {
				return err
			}
		}
		if err := c.each(one); err != nil {
			return err
		}
	}
	return nil
}

// zeroShot is the head of labels: each is put into every template.
func (l *Lab) zeroShot(ctx context.Context, labels []string, templates concept.Templates) (*concept.Bank, error) {
	var prompts []string
	for _, label := range labels {
		prompts = append(prompts, templates.Fill(label)...)
	}
	embeddings, err := l.EncodeTexts(ctx, prompts, false)
	if err != nil {
		return nil, err
	}
	return concept.ZeroShot(labels, embeddings, len(templates), l.model.Config.Embed)
}

// embeddings gives those of pictures [n,D], batch by batch.
func (l *Lab) embeddings(ctx context.Context, in Input, use func(names []string, rows []float32) error) ([]answer.Skipped, error) {
	return l.Look(ctx, in, func(names []string, out map[clip.Output]graph.Tensor) error {
		return use(names, out[clip.Embedding].Floats)
	}, clip.Embedding)
}

// check is a mistake unless there is one kind of input.
func (in Input) check() error {
	kinds := 0
	for _, given := range []bool{len(in.Sources) > 0, len(in.Contents) > 0, in.Pixels != ""} {
		if given {
			kinds++
		}
	}
	if kinds != 1 {
		return &Mistake{Problem: errors.New("expected pictures or datasets, or pixels in their place")}
	}
	return nil
}
