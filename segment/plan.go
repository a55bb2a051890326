package segment

import (
	"cmp"
	"errors"
	"fmt"
	"image"
	"math"

	"github.com/facet-clip/facet/clip/preprocess"
)

// Protocol is how windows slide over a picture and how logits become labels.
type Protocol struct {
	ShortSide int // of the canvas, in pixels
	Window    int // side in pixels, a multiple of 32
	Stride    int // from window to window, in pixels
	// Scale is what logits are multiplied by before the softmax over queries.
	Scale float64
	// Threshold is the probability below which a pixel is background; 0: none.
	Threshold float64
	// Area is the share of all pixels that are not background from which on a class other than background may have pixels; 0: any. What smaller
	// classes had goes to the next class.
	Area float64
	// Refine is what is done to the logits of pixels; empty: nothing.
	Refine Refinement
}

// Native is the preset whose short side and window are the model's own.
const Native = "native"

// presets are protocols by name: short side and side of a window in pixels, where they are not the model's own.
var presets = []struct {
	name              string
	shortSide, window int
}{
	{name: Native},
	{name: "paper-384", shortSide: 384}, // the paper's published configuration
	{name: "paper-512", shortSide: 512}, // its text
	{name: "sclip", shortSide: 336, window: 224},
}

// Presets are the names of [Preset].
func Presets() []string {
	var names []string
	for _, p := range presets {
		names = append(names, p.name)
	}
	return names
}

// Preset is a protocol by name for a model of the given native side. native: short side and window are the model's own. paper-384 and paper-512:
// windows of the model's own size on a short side of 384 (the paper's published configuration) or 512 (its text). sclip: windows of 224 on
// a short side of 336. All step by half a window.
func Preset(name string, native int) (Protocol, error) {
	for _, preset := range presets {
		if preset.name != name {
			continue
		}
		side := cmp.Or(preset.window, native)
		p := Protocol{ShortSide: cmp.Or(preset.shortSide, native), Window: side, Stride: side / 2, Scale: 40}
		return p, p.Validate()
	}
	return Protocol{}, fmt.Errorf("unknown protocol %q: expected one of %v", name, Presets())
}

// The largest sides that a protocol may have, in pixels.
const (
	MostWindow    = 4096
	MostShortSide = 1 << 14
)

// Validate says what keeps the protocol from being used.
func (p Protocol) Validate() error {
	switch {
	case p.Window < 32 || p.Window%32 != 0 || p.Window > MostWindow:
		return fmt.Errorf("a window of %d pixels: expected a multiple of 32, at most %d", p.Window, MostWindow)
	case p.ShortSide < p.Window || p.ShortSide > MostShortSide:
		return fmt.Errorf("a short side of %d pixels: expected at least the window's %d, and at most %d", p.ShortSide, p.Window, MostShortSide)
	case p.Refine != "" && p.Refine != PAMR:
		return fmt.Errorf("refinement %q: expected %s or none", p.Refine, PAMR)
	case p.Stride < 1 || p.Stride > p.Window:
		return fmt.Errorf("a stride of %d pixels: expected 1 to the window's %d", p.Stride, p.Window)
	case !(p.Scale > 0) || math.IsInf(p.Scale, 0):
		return fmt.Errorf("a scale of %g: expected a positive number", p.Scale)
	case !(p.Threshold >= 0 && p.Threshold < 1):
		return fmt.Errorf("a threshold of %g: expected 0 to 1", p.Threshold)
	case !(p.Area >= 0 && p.Area < 1):
		return fmt.Errorf("an area of %g: expected 0 to 1", p.Area)
	}
	return nil
}

// maxCanvas is the most pixels of a canvas: 8,000 × 8,000, or 384 × 166,000.
const maxCanvas = 1 << 26

// ErrTooLong is returned for a picture whose canvas would be too large because one side is so much longer than the other.
var ErrTooLong = errors.New("the picture is too long for its short side")

// Plan is where the windows lie for a picture.
type Plan struct {
	Protocol
	Size   image.Point // of the picture
	Canvas image.Point // of the resized picture
	Xs, Ys []int       // where windows begin on the canvas
}

// NewPlan places the windows: one at every multiple of the stride, the last ones moved back to end with the canvas.
func NewPlan(size image.Point, p Protocol) (Plan, error) {
	if err := p.Validate(); err != nil {
		return Plan{}, err
	}
	if size.X < 1 || size.Y < 1 {
		return Plan{}, fmt.Errorf("a picture of %d×%d has no pixels", size.X, size.Y)
	}
	scale := float64(p.ShortSide) / float64(min(size.X, size.Y))
	fit := func(side int) float64 { return math.Floor(float64(side)*scale + 0.5) }
	if fit(size.X)*fit(size.Y) > maxCanvas {
		return Plan{}, fmt.Errorf("%w: %d×%d becomes %.0f×%.0f with a short side of %d; expected at most %d pixels",
			ErrTooLong, size.X, size.Y, fit(size.X), fit(size.Y), p.ShortSide, maxCanvas)
	}
	canvas := image.Pt(int(fit(size.X)), int(fit(size.Y)))
	return Plan{Protocol: p, Size: size, Canvas: canvas, Xs: starts(canvas.X, p), Ys: starts(canvas.Y, p)}, nil
}

func starts(side int, p Protocol) (at []int) {
	for x := 0; ; x += p.Stride {
		if x+p.Window >= side {
			return append(at, side-p.Window)
		}
		at = append(at, x)
	}
}

// Windows is how many windows there are, row by row.
func (p Plan) Windows() int { return len(p.Xs) * len(p.Ys) }

// Place is where window i lies on the canvas.
func (p Plan) Place(i int) image.Rectangle {
	x, y := p.Xs[i%len(p.Xs)], p.Ys[i/len(p.Xs)]
	return image.Rect(x, y, x+p.Window, y+p.Window)
}

// Resize makes the canvas: bilinear, and antialiased where it shrinks.
func (p Plan) Resize(img image.Image) *image.RGBA {
	return preprocess.Bilinear(img, p.Canvas.X, p.Canvas.Y)
}
