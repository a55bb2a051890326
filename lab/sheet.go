package lab

import (
	"context"
	"fmt"
	"image"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/plot"
)

// The extent of the sheet of a search.
const (
	searchRows   = 6
	searchImages = 5
)

// SearchSheet shows the images in which the best pairs of a search with an atlas contribute most. Roots are where the pictures lie now, if they
// were moved.
func (l *Lab) SearchSheet(ctx context.Context, a *answer.Search, roots []string) (*image.RGBA, error) {
	if a.Atlas == "" {
		return nil, mistake("atlas", "is missing: pictures come from an atlas")
	}
	use, ov, err := l.openBoth(ctx, a.Atlas)
	if err != nil {
		return nil, err
	}
	rank := ranking{ov: ov, at: use.atlas}
	var units []answer.Unit
	var wanted [][]decompose.Extreme
	for _, h := range a.Hits[:min(searchRows, len(a.Hits))] {
		units = append(units, answer.Unit{Neuron: *h.Neuron, Head: h.Head, Names: h.Names})
		wanted = append(wanted, rank.pair(ov.Index(decompose.Pair{Head: *h.Head, Neuron: *h.Neuron}), searchImages))
	}
	if err := nameImages(use, units, wanted, roots); err != nil {
		return nil, err
	}
	return l.unitSheet(ctx, use, units, fmt.Sprintf("The pairs most like “%s”, with the images in which each contributes most", a.Text))
}

// NeuronSheet shows a neuron and its strongest pairs, each with its images and the map of where its contribution comes from (paper, sub-concepts).
func (l *Lab) NeuronSheet(ctx context.Context, a *answer.Neuron) (*image.RGBA, error) {
	if len(a.Rows) == 0 {
		return nil, fmt.Errorf("%s: no unit to show", a.Atlas)
	}
	use, err := l.openAtlas(ctx, a.Atlas)
	if err != nil {
		return nil, err
	}
	return l.unitSheet(ctx, use, a.Rows, fmt.Sprintf("Neuron %d and its strongest pairs, with the images in which each contributes most", a.Rows[0].Neuron))
}

// unitSheet draws a row for each unit: pictures, each beside the map of the unit over it.
func (l *Lab) unitSheet(ctx context.Context, use *use, rows []answer.Unit, title string) (*image.RGBA, error) {
	columns := 0
	for _, r := range rows {
		columns = max(columns, len(r.Images))
	}
	var panels []plot.Panel
	step := l.Step(ctx, "pictures", len(rows)*columns)
	defer step.Done()
	for _, r := range rows {
		name := unitName(r)
		for i := range columns {
			if i >= len(r.Images) {
				panels = append(panels, plot.Panel{Image: image.NewRGBA(image.Rect(0, 0, l.model.Config.Image, l.model.Config.Image))})
				continue
			}
			if err := r.Images[i].Missing; err != nil {
				return nil, err
			}
			heat, err := l.unitMap(ctx, use, r, r.Images[i].Path)
			if err != nil {
				return nil, err
			}
			panels = append(panels, plot.Panel{Title: name, Caption: fmt.Sprintf("%s %.2f", r.Images[i].Label, r.Images[i].Norm), Image: heat})
			step.Add(1)
		}
	}
	return plot.ContactSheet(title, columns, panels, plot.Key{Less: "lowers the scalar", More: "raises the scalar; full colour: the largest place of each map"}), nil
}

// unitName heads the panels of a unit: its number, and a word for it.
func unitName(u answer.Unit) string {
	if u.Head == nil {
		return fmt.Sprintf("neuron %d", u.Neuron)
	}
	name := fmt.Sprintf("(%d,%d)", u.Neuron, *u.Head)
	if note := note(u.Names); note != "" {
		return name + " " + note
	}
	if len(u.Words) > 0 && u.Says == nil {
		return name + " " + u.Words[0].Text
	}
	return name
}

// note is the shortest name: a word that a pair fires for, else that it says; empty when it is unnamed.
func note(n answer.Names) string {
	for _, name := range []*answer.Name{n.Fires, n.Says} {
		if name == nil || !name.Named {
			continue
		}
		if w := name.Label[0]; w.Weight < 0 {
			return "−" + w.Text
		}
		return name.Label[0].Text
	}
	return ""
}

// unitMap is a picture beside the map of a pair, or of a neuron (the sum of its pairs' maps).
func (l *Lab) unitMap(ctx context.Context, use *use, r answer.Unit, path string) (image.Image, error) {
	ov, err := l.ov()
	if err != nil {
		return nil, err
	}
	seen, err := l.cropped(ctx, use.decoder(l), path)
	if err != nil {
		return nil, fmt.Errorf("reading a picture of the scan again: %w", err)
	}
	grid := l.model.Config.Grid()
	tokens, err := l.tokens(ctx, ov, seen)
	if err != nil {
		return nil, err
	}
	var heads []int
	if r.Head != nil {
		heads = []int{*r.Head}
	}
	heat := plot.HeatMap(seen, mapOf(tokens, &r.Neuron, heads...), grid, grid, 0)
	return plot.Beside(seen, heat), nil
}

// tokens are those of a picture as the model sees it.
func (l *Lab) tokens(ctx context.Context, ov *decompose.OV, seen *image.RGBA) (decompose.Tokens, error) {
	out, err := l.model.EncodePictures(ctx, []*image.RGBA{seen}, clip.Attention, clip.Tokens)
	if err != nil {
		return decompose.Tokens{}, err
	}
	return ov.Tokens(out[clip.Tokens].Floats, out[clip.Attention].Floats)
}

// cropped opens a picture again by its path in an atlas, a profile or a store, as the model sees it.
func (l *Lab) cropped(ctx context.Context, d *dataset.Decoder, path string) (seen *image.RGBA, err error) {
	err = d.Picture(ctx, path, func(img *image.NRGBA) error {
		seen = preprocess.Crop(img, l.model.Config.Image)
		return nil
	})
	return seen, err
}

// decoder opens the pictures of an atlas as its scan did.
func (u *use) decoder(l *Lab) *dataset.Decoder {
	return l.decoder.Rotating(u.atlas.Manifest.Options.ExifRotate)
}
