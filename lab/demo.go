package lab

import (
	"context"
	"image"
	"path/filepath"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/drift/report"
	"github.com/facet-clip/facet/plot"
	"github.com/facet-clip/facet/scenes"
)

// Demo asks what the demo model sees in some scenes of its world.
type Demo struct {
	// Folder is where the pictures will be written. The answer names the explained scene by its path there.
	Folder string
}

// Demonstration is what the demo model sees, with the pictures.
type Demonstration struct {
	// Answer is what is printed.
	Answer *answer.Demo
	// Pictures are the scenes of the answer.
	Pictures []*image.RGBA
	// Maps show for each scene where its text is found: the map of the logit over the picture.
	Maps []*image.RGBA
	// Explained is the explanation of the first scene.
	Explained *Explained
	// Words is how many texts name the pairs.
	Words int
	// Story shows what a neuron says through two heads; nil where the answer has no story.
	Story *image.RGBA
	// Overlay is a scene with its classes in colours.
	Overlay image.Image
	// Report is what is new in later scenes, as a page.
	Report *report.Page

	tokens []decompose.Tokens // of the scenes
}

const (
	demoTop = 16  // pairs that the demo explains a scene by
	likely  = 0.1 // the least probability of a category that is listed
)

// Demo draws the demo's scenes, says what the model sees in each, and explains the first. It is a question to the demo model alone.
func (l *Lab) Demo(ctx context.Context, q Demo) (*Demonstration, error) {
	if err := l.checkDemo(); err != nil {
		return nil, err
	}
	d := &Demonstration{Answer: &answer.Demo{Folder: q.Folder}}
	pictures, err := demo.Pictures()
	if err != nil {
		return nil, err
	}
	for _, p := range pictures {
		if err := l.showScene(ctx, d, p); err != nil {
			return nil, err
		}
	}
	first := d.Answer.Scenes[0]
	e, err := l.Explain(ctx, Explain{Picture: filepath.Join(q.Folder, first.Picture), Image: d.Pictures[0], Text: first.Text, Top: demoTop})
	if err != nil {
		return nil, err
	}
	d.Explained, d.Answer.Explanation, d.Words = e, e.Answer, e.words
	if err := d.tellStory(demo.Shows()[0]); err != nil {
		return nil, err
	}
	if err := l.segmentScene(ctx, d, pictures[0].Spec); err != nil {
		return nil, err
	}
	return d, l.compareScenes(ctx, d)
}

// checkDemo is a mistake where the lab's model is not the one that knows the demo world.
func (l *Lab) checkDemo() error {
	if l.name != DemoName {
		return mistake("model", "%s: expected %s, which knows the demo world", l.name, DemoName)
	}
	return nil
}

// showScene draws a scene and says what the model sees in it.
func (l *Lab) showScene(ctx context.Context, d *Demonstration, p demo.Picture) error {
	grid := l.model.Config.Grid()
	img, err := p.Render(l.model.Config.Image)
	if err != nil {
		return err
	}
	ov, err := l.ov()
	if err != nil {
		return err
	}
	world, err := l.world(ctx)
	if err != nil {
		return err
	}
	τ, err := l.model.LogitScale()
	if err != nil {
		return err
	}
	out, err := l.model.EncodePictures(ctx, []*image.RGBA{img}, clip.Embedding, clip.Attention, clip.Tokens)
	if err != nil {
		return err
	}
	embedding := out[clip.Embedding].Floats
	s := answer.DemoScene{Picture: "scenes/" + p.Name + ".png", Map: "scenes/" + p.Name + "-map.png", Text: p.Text()}
	for _, c := range world.Categories.Classify(embedding, τ) {
		if c.Probability >= likely {
			s.Categories = append(s.Categories, c.Label)
		}
	}
	s.Background = world.Backgrounds.Classify(embedding, τ)[0].Label
	text, err := l.Few(ctx, []string{p.Text()}, false)
	if err != nil {
		return err
	}
	s.Logit = text.Classify(embedding, τ)[0].Logit
	tokens, err := ov.Tokens(out[clip.Tokens].Floats, out[clip.Attention].Floats)
	if err != nil {
		return err
	}
	heat := plot.HeatMap(img, tokens.LogitMap(text.Embeddings, embedding, τ)[1:], grid, grid, 0)
	d.Answer.Scenes, d.Pictures, d.Maps = append(d.Answer.Scenes, s), append(d.Pictures, img), append(d.Maps, heat)
	d.tokens = append(d.tokens, tokens)
	return nil
}

// EvaluateDemo asks how well the demo model knows its world.
type EvaluateDemo struct {
	// Scenes is how many scenes of each kind to measure on, [demo.Gallery] at least; 0 is 2000.
	Scenes int
}

// EvaluateDemo measures the demo model on scenes that it was not trained on.
func (l *Lab) EvaluateDemo(ctx context.Context, q EvaluateDemo) (*answer.DemoEvaluation, error) {
	if q.Scenes == 0 {
		q.Scenes = 2000
	}
	if q.Scenes < demo.Gallery || q.Scenes > scenes.MaxScenes {
		return nil, mistake("scenes", "%d: expected %d to %d", q.Scenes, demo.Gallery, scenes.MaxScenes)
	}
	if err := l.checkDemo(); err != nil {
		return nil, err
	}
	step := l.Step(ctx, "scenes", q.Scenes+q.Scenes/demo.Gallery*demo.Gallery)
	defer step.Done()
	metrics, err := demo.Evaluate(ctx, l.model, q.Scenes, step.Add)
	if err != nil {
		return nil, err
	}
	a := &answer.DemoEvaluation{DemoMetrics: metrics}
	a.Model, err = l.describe(ctx)
	return a, err
}
