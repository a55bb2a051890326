package lab

import (
	"context"
	"errors"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/concept"
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
	// Each takes each picture as soon as it is done. Where it is given, the answer holds no pictures.
	Each func(answer.ClassifiedImage) error
}

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
	τ, err := l.model.LogitScale()
	if err != nil {
		return nil, err
	}
	a := &answer.Classification{Templates: q.Templates, Images: []answer.ClassifiedImage{}}
	use := q.Each
	if use == nil {
		use = func(c answer.ClassifiedImage) error { a.Images = append(a.Images, c); return nil }
	}
	a.Skipped, err = l.embeddings(ctx, q.Input, func(names []string, rows []float32) error {
		D := l.model.Config.Embed
		for i, name := range names {
			classes := head.Classify(rows[i*D:(i+1)*D], τ)
			top := slices.Clone(classes[:min(q.Top, len(classes))]) // and not the memory of all
			if err := use(answer.ClassifiedImage{Image: name, Classes: top}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	a.Model, err = l.describe(ctx)
	return a, err
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
	return l.batches(ctx, in, l.decoder, func(b batch) error {
		out, err := l.model.EncodeImages(ctx, b.pixels, clip.Embedding)
		if err != nil {
			return err
		}
		return use(b.names, out[clip.Embedding].Floats)
	})
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
