package plot

import (
	"fmt"
	"image"
	"io"
	"math"
	"strings"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Tree is a drawing of a clustering: what was clustered on the left, its branches on the right, each with a name and pictures.
type Tree struct {
	Title, Subtitle string
	Root            Branch
	Axis            string // what the places of the forks mean
}

// Branch is a node of a [Tree]. One with Row, or without children, is drawn as a row: a name, a note and pictures. What is below it is drawn thin.
type Branch struct {
	Name, Note string
	Share      string
	Height     float64 // where its children fork; 0 for one without children
	Children   []Branch
	Row        bool // it is one of the rows
	Pictures   []image.Image
}

// The measures of a tree, in points.
const (
	treeWidth   = 800.0
	treeEdge    = 18.0
	treeForks   = 230.0 // the width of the forks
	treeLeaf    = 11.0  // the least height of what has no children
	treePicture = 66.0
	treeGap     = 6.0
	treeTop     = 58.0 // of title and subtitle
	treeAxis    = 34.0
)

// Write draws the tree in one of [Formats], as high as its rows need.
func (t Tree) Write(w io.Writer, format string) error {
	rows := t.Root.rows()
	height := treeTop + treeAxis + 2*treeEdge
	for _, r := range rows {
		height += r.height()
	}
	head := Branch{Pictures: t.Root.Pictures}.height()
	if t.Root.Row {
		head = 0
	}
	height += head
	out, err := draw.NewFormattedCanvas(treeWidth, vg.Length(height), format)
	if err != nil {
		return fmt.Errorf("tree %q: %w", t.Title, err)
	}
	d := treeCanvas{draw.New(out), height, t.Root.highest()}
	d.SetColor(paper)
	d.Fill(d.Rectangle.Path())
	d.text(t.Title, treeEdge, treeEdge, 17, xfont.WeightBold, treeWidth-2*treeEdge)
	d.text(t.Subtitle, treeEdge, treeEdge+24, 11, xfont.WeightNormal, treeWidth-2*treeEdge)
	y := treeTop + treeEdge
	if !t.Root.Row {
		d.row(t.Root, y, head)
	}
	y += head
	from := y
	at := d.branch(t.Root, &y, true)
	d.line(treeEdge, at, d.x(t.Root.Height), at, 2)
	d.scale(t.Axis, from, y)
	return send(w, out, format)
}

// rows are the branches that are drawn as rows, from the top.
func (b Branch) rows() (all []Branch) {
	if b.Row || len(b.Children) == 0 {
		return []Branch{b}
	}
	for _, c := range b.Children {
		all = append(all, c.rows()...)
	}
	return all
}

// leaves counts what has no children.
func (b Branch) leaves() (n int) {
	if len(b.Children) == 0 {
		return 1
	}
	for _, c := range b.Children {
		n += c.leaves()
	}
	return n
}

// highest is the largest height of a fork.
func (b Branch) highest() float64 {
	h := b.Height
	for _, c := range b.Children {
		h = max(h, c.highest())
	}
	return h
}

// height is that of the branch's row.
func (b Branch) height() float64 {
	return max(float64(b.leaves())*treeLeaf, 34, float64(min(len(b.Pictures), 1))*treePicture) + 2*treeGap
}

// treeCanvas is a canvas on which y counts from the top, in points.
type treeCanvas struct {
	draw.Canvas
	height, highest float64
}

func (d treeCanvas) point(x, y float64) vg.Point {
	return vg.Point{X: d.Min.X + vg.Length(x), Y: d.Min.Y + vg.Length(d.height-y)}
}

// x is where a fork of some height stands: 0 on the right, beside the rows, and the highest on the left.
func (d treeCanvas) x(height float64) float64 {
	const right = treeEdge + treeForks
	if !(d.highest > 0) {
		return right
	}
	return right - (treeForks-12)*height/d.highest
}

func (d treeCanvas) line(x1, y1, x2, y2, width float64) {
	style := draw.LineStyle{Color: ink, Width: vg.Length(width)}
	if width < 1 {
		style.Color = muted
	}
	d.StrokeLines(style, []vg.Point{d.point(x1, y1), d.point(x2, y2)})
}

// branch draws a branch and all below it, from y on, which it moves down. It gives the middle, where the line to its parent starts.
func (d treeCanvas) branch(b Branch, y *float64, bold bool) float64 {
	width := 0.7
	if bold {
		width = 2
	}
	if bold && (b.Row || len(b.Children) == 0) {
		top := *y
		middle := top + b.height()/2
		d.row(b, top, b.height())
		if len(b.Children) > 0 {
			inner := top + (b.height()-float64(b.leaves())*treeLeaf)/2
			middle = d.branch(Branch{Children: b.Children, Height: b.Height}, &inner, false)
		} else {
			d.line(d.x(0), middle, d.x(0)+4, middle, 2)
		}
		*y = top + b.height()
		return middle
	}
	if len(b.Children) == 0 {
		at := *y + treeLeaf/2
		*y += treeLeaf
		return at
	}
	first, last := math.Inf(1), math.Inf(-1)
	for _, c := range b.Children {
		at := d.branch(c, y, bold)
		thick := 0.7
		if bold {
			thick = 2
		}
		d.line(d.x(b.Height), at, d.x(c.Height), at, thick)
		if len(c.Children) == 0 && !bold {
			d.text(c.Name, d.x(0)+3, at-4, 7, xfont.WeightNormal, 14)
		}
		first, last = min(first, at), max(last, at)
	}
	d.line(d.x(b.Height), first, d.x(b.Height), last, width)
	middle := (first + last) / 2
	return middle
}

// row writes a branch's name, share and note, and puts its pictures beside them.
func (d treeCanvas) row(b Branch, y, height float64) {
	const left, words = treeEdge + treeForks + 22, 128.0
	middle := y + height/2
	d.text(b.Name, left, middle-22, 12, xfont.WeightBold, words)
	d.text(b.Share, left, middle-5, 11, xfont.WeightNormal, words)
	d.text(b.Note, left, middle+9, 9, xfont.WeightNormal, words)
	for i, p := range b.Pictures {
		x := left + words + 8 + float64(i)*(treePicture+treeGap)
		if p == nil || p.Bounds().Empty() || x+treePicture > treeWidth-4 {
			continue
		}
		d.DrawImage(vg.Rectangle{Min: d.point(x, middle+treePicture/2), Max: d.point(x+treePicture, middle-treePicture/2)}, p)
	}
}

// text writes a line with its top at y, cut with an ellipsis where it would be wider than a width.
func (d treeCanvas) text(s string, x, y, size float64, weight xfont.Weight, width float64) {
	var style text.Style
	letter(&style, size, weight, ink)
	if size < 12 {
		style.Color = muted
	}
	runes := []rune(s)
	for len(runes) > 0 && float64(style.Width(s)) > width {
		runes = runes[:len(runes)-1]
		s = strings.TrimSpace(string(runes)) + "…"
	}
	style.XAlign, style.YAlign = text.XLeft, text.YTop
	d.FillText(style, d.point(x, y), s)
}

// scale draws where heights stand, below the forks.
func (d treeCanvas) scale(name string, from, to float64) {
	if !(d.highest > 0) {
		return
	}
	for _, v := range round(0, d.highest) {
		x := d.x(v)
		d.StrokeLines(draw.LineStyle{Color: rule, Width: 0.5}, []vg.Point{d.point(x, from), d.point(x, to+4)})
		d.text(fmt.Sprintf("%.3g", v), x-6, to+6, 8, xfont.WeightNormal, 40)
	}
	d.text(name, treeEdge, to+19, 9, xfont.WeightNormal, treeForks+100)
}
