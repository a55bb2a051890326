package scenes

import (
	"image"
	"image/color"
)

// Record is a line of captions.jsonl: the truth about one written scene. Paths
// are relative to the folder, with forward slashes.
type Record struct {
	Index      int            `json:"index"`
	File       string         `json:"file,omitempty"`
	Mask       string         `json:"mask,omitempty"`
	Caption    string         `json:"caption"`  // the first of Captions
	Captions   []string       `json:"captions"` // true, of varying completeness
	Full       string         `json:"full"`     // plain words, nothing left out
	Background string         `json:"background"`
	Noise      int            `json:"noise,omitempty"`
	Objects    []ObjectRecord `json:"objects"` // in painting order, the main object first
}

// ObjectRecord is the truth about one object. Print and PrintColour are empty if it carries nothing.
type ObjectRecord struct {
	Category    string `json:"category"`
	Colour      string `json:"colour"`
	Pattern     string `json:"pattern"`
	Print       string `json:"print,omitempty"`
	PrintColour string `json:"print_colour,omitempty"`
	Box         [4]int `json:"box"`    // visible part in pixels: left, top, right, bottom, the last two exclusive
	Pixels      int    `json:"pixels"` // visible
}

// Record puts the scene's truth in words. Index, file and mask are the caller's.
func (s *Scene) Record(index int, file, mask string) Record {
	r := Record{
		Index: index, File: file, Mask: mask, Captions: s.Spec.Captions, Full: s.Spec.Full(),
		Background: s.Spec.Background.String(), Noise: s.Spec.Noise,
	}
	if len(r.Captions) > 0 {
		r.Caption = r.Captions[0]
	}
	for i, o := range s.Spec.Objects {
		b := s.Seen[i].Box
		or := ObjectRecord{
			Category: o.Category.String(), Colour: o.Colour.String(), Pattern: o.Pattern.String(),
			Box: [4]int{b.Min.X, b.Min.Y, b.Max.X, b.Max.Y}, Pixels: s.Seen[i].Pixels,
		}
		if o.Print != NoCategory {
			or.Print, or.PrintColour = o.Print.String(), o.PrintColour.String()
		}
		r.Objects = append(r.Objects, or)
	}
	return r
}

// Indexed turns a label map into a paletted image whose pixel values are the
// labels, in the palette PASCAL VOC uses for its masks.
func Indexed(labels *image.Gray) *image.Paletted {
	return &image.Paletted{Pix: labels.Pix, Stride: labels.Stride, Rect: labels.Rect, Palette: vocPalette}
}

// vocPalette spreads the bits of the index over the high bits of red, green and
// blue, lowest first, three bits a turn: neighbouring labels get far apart colours.
var vocPalette = func() color.Palette {
	p := make(color.Palette, 256)
	for i := range p {
		var c [3]uint8
		for bit := range 8 {
			c[bit%3] |= uint8(i>>bit&1) << (7 - bit/3)
		}
		p[i] = color.RGBA{c[0], c[1], c[2], 255}
	}
	return p
}()
