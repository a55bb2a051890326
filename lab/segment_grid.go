package lab

import (
	"fmt"
	"image"
	"math"
	"slices"

	"golang.org/x/image/draw"

	"github.com/facet-clip/facet/plot"
)

// The most that a grid of heat maps shows, so that a cell can be seen.
const (
	gridPictures = 12
	gridClasses  = 9
	gridCell     = 320 // pixels of the longer side of a map
)

// Grid is a sheet of heat maps: a row for each picture, a column for each class. The first pictures and classes are shown.
type Grid struct {
	panels         []plot.Panel
	columns        int
	shown, classes int
	all            int // pictures that were given
}

// Add takes the next picture.
func (g *Grid) Add(one *Segmented) {
	if g.all++; g.all > gridPictures {
		return
	}
	names := one.Maps.Classes.Names
	var with []int // a background by a threshold alone has no map
	for c := range names {
		if slices.Contains(one.Maps.Classes.Of, c) {
			with = append(with, c)
		}
	}
	size := one.Maps.Size
	mean := make([]float32, size.X*size.Y)
	maps := map[int][]float32{}
	for at, c := range with {
		logits := one.Maps.Class(c)
		for i, v := range logits {
			mean[i] += v / float32(len(with))
		}
		if at < gridClasses {
			maps[c] = logits
		}
	}
	scale := float32(0)
	for _, logits := range maps {
		for i := range logits {
			logits[i] -= mean[i]
			scale = max(scale, float32(math.Abs(float64(logits[i]))))
		}
	}
	g.shown, g.classes = min(len(with), gridClasses), len(with)
	g.columns = 1 + g.shown
	g.panels = append(g.panels, plot.Panel{Title: one.Answer.Image, Image: reduced(one.Photo)})
	counts := one.Labels.Counts(len(names))
	for _, c := range with[:g.shown] {
		caption := fmt.Sprintf("%.1f %%", 100*float64(counts[c])/float64(len(one.Labels.Class)))
		g.panels = append(g.panels, plot.Panel{Title: names[c], Caption: caption, Image: reduced(plot.HeatMap(one.Photo, maps[c], size.Y, size.X, scale))})
	}
}

// reduced is a picture of at most the size of a cell.
func reduced(img image.Image) image.Image {
	size := img.Bounds().Size()
	longer := max(size.X, size.Y)
	if longer <= gridCell {
		return img
	}
	out := image.NewRGBA(image.Rect(0, 0, max(1, size.X*gridCell/longer), max(1, size.Y*gridCell/longer)))
	draw.BiLinear.Scale(out, out.Rect, img, img.Bounds(), draw.Src, nil)
	return out
}

// Draw makes the sheet.
func (g *Grid) Draw() image.Image {
	title := "Where each class is, with its share of pixels"
	if g.classes > g.shown {
		title += fmt.Sprintf(", the first %d of %d classes", g.shown, g.classes)
	}
	if g.all > gridPictures {
		title += fmt.Sprintf(", the first %d of %d pictures", gridPictures, g.all)
	}
	return plot.ContactSheet(title, g.columns, g.panels, plot.Key{Less: "less than the mean of all classes", More: "more"})
}
