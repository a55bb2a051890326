package benchmark

import (
	"context"
	"fmt"
	"github.com/facet-clip/facet/dataset"
	"image"
	"net/url"
	"strconv"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/scenes"
	"github.com/facet-clip/facet/segment"
)

// The groups of the scenes' classes.
const (
	Things  = "things"
	Grounds = "grounds"
)

// sceneSpec is what scenes:default?n=N&seed=S&size=P asks for.
type sceneSpec struct {
	n, size int
	seed    uint64
}

// openScenes are scenes of the default world, rendered when they are asked for. Their classes are the categories of things and the grounds; prints on
// things are part of the thing.
func openScenes(name, where string) (*Set, error) {
	spec, err := parseScenes(name, where)
	if err != nil {
		return nil, err
	}
	s := &Set{Name: name, ReduceZero: true, load: spec.load}
	for _, c := range scenes.Categories() {
		s.Classes = append(s.Classes, segment.Class{Name: c.String(), Texts: []string{c.String()}})
		s.Groups = append(s.Groups, Things)
	}
	for _, b := range scenes.Backgrounds() {
		s.Classes = append(s.Classes, segment.Class{Name: b.String(), Texts: []string{b.Places()[0]}})
		s.Groups = append(s.Groups, Grounds)
	}
	s.Prompts = func(class int, text string) []string {
		if s.Groups[class] == Things {
			return concept.Templates(scenes.NounPrompts()).Fill(scenes.Phrase(text))
		}
		return concept.Templates(scenes.GroundPrompts()).Fill(text)
	}
	for i := range spec.n {
		s.items = append(s.items, item{name: fmt.Sprintf("%07d", i), mask: fmt.Sprintf("scene %d", i), scene: i})
	}
	return s, nil
}

func parseScenes(name, where string) (sceneSpec, error) {
	spec := sceneSpec{n: 500, size: 192}
	u, err := url.Parse(where)
	if err != nil || u.Path != "default" {
		return spec, fmt.Errorf("%s: expected scenes:default?n=N&seed=S&size=P", name)
	}
	for key, v := range u.Query() {
		n, err := strconv.ParseUint(v[0], 10, 63)
		switch {
		case err == nil && key == "n" && n >= 1 && n <= scenes.MaxScenes:
			spec.n = int(n)
		case err == nil && key == "size" && n >= scenes.MinSize && n <= scenes.MaxSize:
			spec.size = int(n)
		case err == nil && key == "seed":
			spec.seed = n
		default:
			return spec, fmt.Errorf("%s: %s=%s: expected n (1 to %d), seed, or size (%d to %d)", name, key, v[0], scenes.MaxScenes, scenes.MinSize, scenes.MaxSize)
		}
	}
	return spec, nil
}

func (s sceneSpec) load(_ context.Context, it item, _ *dataset.Decoder) (image.Image, []uint8, error) {
	spec, err := scenes.Sample(scenes.DefaultWorld(), s.seed, uint64(it.scene))
	if err != nil {
		return nil, nil, err
	}
	scene, err := scenes.Render(spec, s.size)
	if err != nil {
		return nil, nil, err
	}
	labels := scene.Context()
	return scene.Image, values(labels.Pix, labels.Stride, labels.Rect.Size()), nil
}

// values are the levels of a picture of the given size, row-major.
func values(pix []uint8, stride int, size image.Point) []uint8 {
	out := make([]uint8, 0, size.X*size.Y)
	for y := range size.Y {
		out = append(out, pix[y*stride:][:size.X]...)
	}
	return out
}
