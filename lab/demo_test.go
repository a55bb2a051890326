package lab

import (
	"image"
	"slices"
	"testing"

	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/scenes"
)

// TestShows: the demo's scenes are the first that its rule takes.
func TestShows(t *testing.T) {
	l, err := Open(t.Context(), Config{Cache: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, s := range demo.Shows() {
		for i := range s.Scene + 1 {
			spec, err := scenes.Sample(scenes.DefaultWorld(), demo.ShowSeed, i)
			if err != nil {
				t.Fatal(err)
			}
			if s.Fits(spec) && isRight(t, l, s, spec) != (i == s.Scene) {
				t.Errorf("%s: the rule takes or leaves scene %d otherwise, the demo shows %d", s.Word(), i, s.Scene)
			}
		}
	}
}

// isRight tells whether the model is right of a scene, as [demo.Shows] says.
func isRight(t *testing.T, l *Lab, s demo.Shown, spec scenes.Spec) bool {
	t.Helper()
	r, err := scenes.Render(spec, 192)
	if err != nil {
		t.Fatal(err)
	}
	e, err := l.Explain(t.Context(), Explain{Image: r.Image, Text: scenes.Phrase(s.Word())})
	if err != nil {
		t.Fatal(err)
	}
	world, err := l.world(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	leads := slices.IndexFunc(e.Answer.Groups, worded)
	return world.Categories.Classify(e.Embedding, e.scale)[0].Label == s.Thing.String() &&
		world.Backgrounds.Classify(e.Embedding, e.scale)[0].Label == spec.Background.String() &&
		e.Answer.Groups[leads].Word == s.Word()
}

// TestStory: one neuron is read by two heads: through one it fires for the printed thing wherever it is, through the other for the carrier alone.
func TestStory(t *testing.T) {
	l, err := Open(t.Context(), Config{Cache: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	d, err := l.Demo(t.Context(), Demo{Folder: "demo"})
	if err != nil {
		t.Fatal(err)
	}
	s := d.Answer.Story
	if s == nil || len(s.Facets) != 2 || s.Facets[0].Head == s.Facets[1].Head || d.Story == nil {
		t.Fatalf("%+v", s)
	}
	print, carrier := s.Facets[0], s.Facets[1]
	if print.Word != "butterfly" || carrier.Word != "shirt" || print.Amount <= 0 || carrier.Amount <= 0 {
		t.Errorf("%+v", s)
	}
	if print.Scalars[0] < 2*print.Mean || print.Scalars[2] < 2*print.Mean || carrier.Scalars[0] < 3*carrier.Mean || carrier.Scalars[2] > 2*carrier.Mean {
		t.Errorf("it does not fire as the page says: %+v", s)
	}
	if got := d.Answer.Segmentation.Classes; len(got) != 3 || d.Overlay.Bounds() == (image.Rectangle{}) {
		t.Errorf("the first scene has 3 classes, found %+v", got)
	}
	c := d.Answer.Drift.Comparison
	if len(c.Changes) == 0 || c.Changes[0].Word != "snow" || !c.Changes[0].More || c.Images != 100 || c.ProfileImages != 200 || d.Report == nil {
		t.Errorf("expected more snow in 100 scenes than in 200 earlier ones, found %+v", c)
	}
}
