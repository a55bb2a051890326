package lab

import (
	"cmp"
	"context"
	"fmt"
	"image"
	"slices"
	"strconv"
	"strings"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/plot"
)

// treeThumbnail is the side of the pictures of a tree, in pixels.
const treeThumbnail = 132

// HeadList is a list of heads for people.
func HeadList(heads []int) string {
	var list []string
	for _, h := range heads {
		list = append(list, strconv.Itoa(h))
	}
	return strings.Join(list, ", ")
}

// TreeDrawing draws the answer of [Lab.Tree]: the parts as rows, with the images for which they fire.
func (l *Lab) TreeDrawing(ctx context.Context, a *answer.Tree) (*plot.Tree, error) {
	use, err := l.openAtlas(ctx, a.Atlas)
	if err != nil {
		return nil, err
	}
	root, err := l.treeBranch(ctx, use, a, len(a.Nodes)-1)
	if err != nil {
		return nil, err
	}
	axis := "distance of what is merged: growth of the sum of squares (Ward)"
	if a.Linkage != "ward" {
		axis = "distance of what is merged: mean of 1 − cosine"
	}
	return &plot.Tree{
		Title:    fmt.Sprintf("Neuron %d in %d parts", a.Neuron, len(a.Parts)),
		Subtitle: fmt.Sprintf("The heads, clustered by what they do in %d images. The parts sum to the neuron; so do their shares.", a.Images),
		Root:     root, Axis: axis,
	}, nil
}

// treeBranch draws a node and what is below it; what is below a part has no name and no pictures.
func (l *Lab) treeBranch(ctx context.Context, use *use, a *answer.Tree, node int) (b plot.Branch, err error) {
	n := a.Nodes[node]
	b = plot.Branch{Height: n.Height, Row: slices.Contains(a.Parts, node), Share: fmt.Sprintf("%.1f %% of the neuron", 100*n.Share)}
	switch b.Note = "heads " + HeadList(n.Heads); {
	case node == len(a.Nodes)-1:
		b.Note = "all heads"
	case len(n.Heads) == 1:
		b.Note = "head " + HeadList(n.Heads)
	}
	if n.Fires != nil {
		b.Name = n.Fires.String()
	}
	if len(n.Children) == 0 && !b.Row {
		b.Name = strconv.Itoa(n.Heads[0])
	}
	if b.Row || node == len(a.Nodes)-1 {
		if b.Pictures, err = l.thumbnails(ctx, use, n.Images); err != nil {
			return b, err
		}
	}
	for _, c := range byShare(a, n.Children) {
		child, err := l.treeBranch(ctx, use, a, c)
		if err != nil {
			return b, err
		}
		b.Children = append(b.Children, child)
	}
	return b, nil
}

// byShare puts the larger of two children first.
func byShare(a *answer.Tree, children []int) []int {
	list := slices.Clone(children)
	slices.SortStableFunc(list, func(i, j int) int { return cmp.Compare(a.Nodes[j].Share, a.Nodes[i].Share) })
	return list
}

// thumbnails are images of an atlas, small.
func (l *Lab) thumbnails(ctx context.Context, use *use, list []answer.UnitImage) (pictures []image.Image, err error) {
	for _, img := range list {
		if img.Missing != nil {
			return nil, img.Missing
		}
		seen, err := cropped(ctx, use.decoder(l), img.Path, treeThumbnail)
		if err != nil {
			return nil, fmt.Errorf("reading a picture of the scan again: %w", err)
		}
		pictures = append(pictures, seen)
	}
	return pictures, nil
}
