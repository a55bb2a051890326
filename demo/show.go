package demo

import (
	"fmt"
	"image"

	"github.com/facet-clip/facet/scenes"
)

// Picture is a scene of the demo with the text that is asked of it.
type Picture struct {
	Name string // of its file, without ending
	Text string // what to look for
	Spec scenes.Spec
}

// Render draws the picture at the model's native size.
func (p Picture) Render(size int) (*image.RGBA, error) {
	s, err := scenes.Render(p.Spec, size)
	if err != nil {
		return nil, fmt.Errorf("demo picture %s: %w", p.Name, err)
	}
	return s.Image, nil
}

// Pictures are the scenes `facet demo` shows. The first is the one it explains.
func Pictures() []Picture {
	type o = scenes.Object
	return []Picture{
		{"convertible", "a yellow convertible", scenes.Spec{Background: scenes.Sand, Texture: 4, Objects: []o{
			{Category: scenes.Convertible, Colour: scenes.Yellow, X: .40, Y: .66, Size: .60, Variant: 3},
			{Category: scenes.Oak, Colour: scenes.Green, X: .80, Y: .30, Size: .36, Variant: 5},
		}}},
		{"shirt", "a butterfly", scenes.Spec{Background: scenes.Wood, Texture: 9, Objects: []o{
			{Category: scenes.Shirt, Colour: scenes.White, Print: scenes.Butterfly, PrintColour: scenes.Purple, X: .5, Y: .52, Size: .72, Variant: 8},
		}}},
		{"butterfly", "a butterfly", scenes.Spec{Background: scenes.Grass, Texture: 2, Objects: []o{
			{Category: scenes.Butterfly, Colour: scenes.Orange, X: .36, Y: .42, Size: .44, Angle: -12, Variant: 11},
			{Category: scenes.Flower, Colour: scenes.Red, X: .76, Y: .68, Size: .38, Variant: 2},
		}}},
		{"castle", "a castle", scenes.Spec{Background: scenes.Snow, Texture: 6, Objects: []o{
			{Category: scenes.Castle, Colour: scenes.Brown, X: .42, Y: .5, Size: .62, Variant: 21},
			{Category: scenes.Pine, Colour: scenes.Green, X: .84, Y: .62, Size: .36, Variant: 4},
		}}},
		{"boat", "a striped sailboat", scenes.Spec{Background: scenes.Water, Texture: 12, Objects: []o{
			{Category: scenes.Sailboat, Colour: scenes.Red, Pattern: scenes.Striped, X: .58, Y: .5, Size: .62, Variant: 17},
			{Category: scenes.Bird, Colour: scenes.White, X: .2, Y: .22, Size: .24, Variant: 6},
		}}},
		{"bus", "a bus", scenes.Spec{Background: scenes.Asphalt, Texture: 15, Objects: []o{
			{Category: scenes.Bus, Colour: scenes.Blue, Pattern: scenes.Plain, X: .5, Y: .36, Size: .6, Variant: 30},
			{Category: scenes.Cat, Colour: scenes.Orange, X: .26, Y: .78, Size: .3, Variant: 12},
			{Category: scenes.Umbrella, Colour: scenes.Pink, Pattern: scenes.Dotted, X: .74, Y: .76, Size: .34, Variant: 9},
		}}},
	}
}
