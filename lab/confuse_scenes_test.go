package lab_test

import (
	"image"
	"math"
	"slices"
	"testing"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/internal/numeric"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/scenes"
)

// TestConfuseOnScenes draws what Confuse names from the weights alone. In scenes of B with a second thing, those whose second thing Confuse names first for "A rather
// than B" look more like A than those with any other second thing do on average.
func TestConfuseOnScenes(t *testing.T) {
	if testing.Short() {
		t.Skip("encodes some 150 scenes")
	}
	l := open(t, lab.Config{})
	better, pairs, gain := 0, 0, 0.0
	for _, names := range [][2]string{{"bird", "airplane"}, {"airplane", "bird"}, {"moon", "cat"}, {"snail", "bird"}, {"cat", "moon"}} {
		a, b := categoryOf(names[0]), categoryOf(names[1])
		if !a.Valid() || !b.Valid() {
			t.Fatalf("%v are no categories", names)
		}
		c, err := l.Confuse(t.Context(), lab.Confuse{Text: "a " + names[0], Against: "a " + names[1], Top: 40})
		if err != nil {
			t.Fatal(err)
		}
		named := scenes.NoCategory
		for _, w := range c.Words {
			if k := categoryOf(w.Text); k.Valid() && k != a && k != b {
				named = k
				break
			}
		}
		if !named.Valid() {
			t.Errorf("%v: no thing among %d words", names, len(c.Words))
			continue
		}
		leans := leanings(t, l, "a "+names[0], "a "+names[1], a, b, named)
		own := leans[named]
		var all []float64
		for k, v := range leans {
			if k != named {
				all = append(all, v)
			}
		}
		slices.Sort(all)
		rank, _ := slices.BinarySearch(all, own)
		mean, spread := meanOf(all)
		t.Logf("%s rather than %s: %v leans by %+.4f, others by %+.4f ± %.4f; more than %d of %d", names[0], names[1], named, own, mean, spread, rank, len(all))
		pairs++
		gain += (own - mean) / spread
		if own > mean {
			better++
		}
	}
	if better*4 < pairs*3 || gain/float64(pairs) < 0.5 {
		t.Errorf("the thing that is named leans to the text more than others in %d of %d pairs, by %.2f deviations", better, pairs, gain/float64(pairs))
	}
}

func meanOf(values []float64) (mean, deviation float64) {
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for _, v := range values {
		deviation += (v - mean) * (v - mean) / float64(len(values))
	}
	return mean, math.Sqrt(deviation)
}

// categoryOf is the category of a name.
func categoryOf(name string) scenes.Category {
	for _, c := range scenes.Categories() {
		if c.String() == name {
			return c
		}
	}
	return scenes.NoCategory
}

// leanings are ⟨e/‖e‖, t_a − t_b⟩ of scenes of b with a second thing, on average, by what that is: the one that is named, and every third other.
func leanings(t *testing.T, l *lab.Lab, text, against string, a, b, named scenes.Category) map[scenes.Category]float64 {
	t.Helper()
	texts, err := l.Few(t.Context(), []string{text, against}, false)
	if err != nil {
		t.Fatal(err)
	}
	D := texts.Embed
	world := scenes.DefaultWorld().Only(b)
	world.Counts, world.Print = [1 + scenes.MaxObjects]float64{0, 0, 1}, 0
	const each = 2
	out := map[scenes.Category]float64{}
	for _, second := range scenes.Categories() {
		if second == a || second == b || int(second)%3 > 0 && second != named { // a third of the others is enough
			continue
		}
		var pictures []*image.RGBA
		for i := range each {
			spec, err := scenes.Sample(world, 97, uint64(i))
			if err != nil {
				t.Fatal(err)
			}
			spec.Objects[1].Category = second
			scene, err := scenes.Render(spec, l.Model().Config.Image)
			if err != nil {
				t.Fatal(err)
			}
			pictures = append(pictures, scene.Image)
		}
		seen, err := l.Model().EncodePictures(t.Context(), pictures, clip.Embedding)
		if err != nil {
			t.Fatal(err)
		}
		for e := range slices.Chunk(seen[clip.Embedding].Floats, D) {
			out[second] += (numeric.Dot(e, texts.Embeddings[:D]) - numeric.Dot(e, texts.Embeddings[D:])) / numeric.Norm(e) / each
		}
	}
	return out
}
