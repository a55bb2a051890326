package demo

import (
	"fmt"
	"image"

	"github.com/facet-clip/facet/scenes"
)

// ShowSeed is that of the scenes that facet demo shows. No measurement is made on them.
const ShowSeed = 990_004

// Picture is a scene of the demo with what is asked of it.
type Picture struct {
	Name  string // of its file, without ending
	Word  string // what to look for: the main thing, or what is printed on it
	Scene uint64 // its number under [ShowSeed]
	Spec  scenes.Spec
}

// Text is what is asked of the picture.
func (p Picture) Text() string { return scenes.Phrase(p.Word) }

// Render draws the picture at the model's native size.
func (p Picture) Render(size int) (*image.RGBA, error) {
	s, err := scenes.Render(p.Spec, size)
	if err != nil {
		return nil, fmt.Errorf("demo picture %s: %w", p.Name, err)
	}
	return s.Image, nil
}

// Shown is what one scene of the demo is to show: a thing, and what is printed on it, if it is a printed one.
type Shown struct {
	Thing, Print scenes.Category
	Scene        uint64
}

// Word is what is looked for in the scene.
func (s Shown) Word() string {
	if s.Print != scenes.NoCategory {
		return s.Print.String()
	}
	return s.Thing.String()
}

// Shows are the scenes of the demo. The things are chosen. The scenes are not: each is the first of [ShowSeed] in the default world whose main object
// is the thing with the print, and of which the model is right: the most likely category is the thing, the most likely background is the scene's, and
// of the groups of the explanation of the word's logit, the strongest that has a word has this one. The first is the scene that is explained.
func Shows() []Shown {
	return []Shown{
		{Thing: scenes.Shirt, Print: scenes.Butterfly, Scene: 24},
		{Thing: scenes.Convertible, Scene: 22},
		{Thing: scenes.Butterfly, Scene: 271},
		{Thing: scenes.Castle, Scene: 108},
		{Thing: scenes.Sailboat, Scene: 100},
		{Thing: scenes.Bus, Scene: 32},
	}
}

// Fits tells whether the main object of a scene is the thing with the print.
func (s Shown) Fits(spec scenes.Spec) bool {
	return spec.Main().Category == s.Thing && spec.Main().Print == s.Print
}

// Pictures are the scenes of [Shows].
func Pictures() ([]Picture, error) {
	var list []Picture
	for _, s := range Shows() {
		spec, err := scenes.Sample(scenes.DefaultWorld(), ShowSeed, s.Scene)
		if err != nil {
			return nil, fmt.Errorf("demo scene %d: %w", s.Scene, err)
		}
		list = append(list, Picture{Name: s.Thing.String(), Word: s.Word(), Scene: s.Scene, Spec: spec})
	}
	return list, nil
}
