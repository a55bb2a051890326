package lab

import (
	"context"
	"fmt"
	"math"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/plot"
	"github.com/facet-clip/facet/scenes"
	"github.com/facet-clip/facet/segment"
)

// storyScenes are the scenes on the sheet of the story: the printed thing, the thing itself, and one with neither.
var storyScenes = []int{0, 2, 1}

// tellStory looks for a neuron that fires for the print through one head and for the carrier through another. Of several it is the one whose weaker
// pair brings most to the logit; of several pairs of a neuron and a word, the one that brings most.
func (d *Demonstration) tellStory(s demo.Shown) error {
	known, err := knownPairs()
	if err != nil {
		return err
	}
	ov, amounts := d.Explained.Scalars.OV, d.Explained.parts.Pairs
	words := [2]string{s.Print.String(), s.Thing.String()}
	chosen, found := twoFacets(known, words, amounts, ov)
	if !found {
		return nil
	}
	story := &answer.DemoStory{Neuron: ov.Pair(chosen[0]).Neuron, Picture: "story.png"}
	for i, p := range chosen {
		f := answer.DemoFacet{Head: ov.Pair(p).Head, Word: words[i], Amount: amounts[p], Mean: known.Means[p]}
		for _, t := range d.tokens {
			f.Scalars = append(f.Scalars, scalar(t, ov.Pair(p)))
		}
		story.Facets = append(story.Facets, f)
	}
	d.Answer.Story = story
	d.drawStory()
	return nil
}

// twoFacets are two pairs of one neuron, each of which fires first of all for one of two words.
func twoFacets(known demo.Pairs, words [2]string, amounts []float64, ov *decompose.OV) (chosen [2]int, found bool) {
	best := make([][2]int, ov.Channels) // of each neuron, 1 + the pair of each word
	for p, label := range known.Labels {
		shown := label.Fires.Shown()
		if !label.Fires.Named || len(shown) == 0 || shown[0].Weight < 0 {
			continue
		}
		pair := &best[ov.Pair(p).Neuron]
		for i, w := range words {
			if shown[0].Text == w && (pair[i] == 0 || amounts[p] > amounts[pair[i]-1]) {
				pair[i] = p + 1
			}
		}
	}
	most := math.Inf(-1)
	for _, pair := range best {
		if pair[0] == 0 || pair[1] == 0 {
			continue
		}
		if weaker := min(amounts[pair[0]-1], amounts[pair[1]-1]); weaker > most {
			most, chosen, found = weaker, [2]int{pair[0] - 1, pair[1] - 1}, true
		}
	}
	return chosen, found
}

// scalar is s[h,n] of a picture.
func scalar(t decompose.Tokens, p decompose.Pair) float64 {
	sum := 0.0
	for _, v := range t.Map(p) {
		sum += float64(v)
	}
	return sum
}

// drawStory shows where each pair of the story fires, a row for each, all in one scale.
func (d *Demonstration) drawStory() {
	s := d.Answer.Story
	grid := d.Explained.Answer.Image.Grid
	var maps [][]float32
	for _, f := range s.Facets {
		for _, i := range storyScenes {
			maps = append(maps, d.tokens[i].Map(decompose.Pair{Head: f.Head, Neuron: s.Neuron})[1:])
		}
	}
	scale := mapScale(maps)
	var panels []plot.Panel
	for row, f := range s.Facets {
		for k, i := range storyScenes {
			panels = append(panels, plot.Panel{
				Title:   fmt.Sprintf("(%d,%d) fires for %s", s.Neuron, f.Head, f.Word),
				Caption: fmt.Sprintf("scalar %.2f, %.2f on average", f.Scalars[i], f.Mean),
				Image:   plot.HeatMap(d.Pictures[i], maps[row*len(storyScenes)+k], grid[0], grid[1], scale),
			})
		}
	}
	key := plot.Key{Less: "lowers the scalar", More: fmt.Sprintf("raises the scalar; full colour: ±%.2g a place", scale)}
	d.Story = plot.ContactSheet(fmt.Sprintf("Neuron %d through two heads", s.Neuron), len(storyScenes), panels, key)
}

// segmentScene divides the first scene into what is drawn in it.
func (l *Lab) segmentScene(ctx context.Context, d *Demonstration, spec scenes.Spec) error {
	names := []string{spec.Background.String()}
	for _, o := range spec.Objects {
		names = append(names, o.Category.String())
	}
	var q Segment
	for _, name := range names {
		q.Classes = append(q.Classes, segment.Class{Name: name, Texts: []string{name}})
	}
	s, err := l.Segment(ctx, q)
	if err != nil {
		return err
	}
	scene := d.Answer.Scenes[0].Picture
	return s.Picture(ctx, scene, d.Pictures[0], func(one *Segmented) error {
		d.Overlay = one.Overlay()
		d.Answer.Segmentation = answer.DemoSegmentation{Scene: scene, Overlay: "segmentation.png", Classes: one.Answer.Classes}
		return nil
	})
}
