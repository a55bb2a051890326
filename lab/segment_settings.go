package lab

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/segment"
)

// What [SegmentSettings.Sink] may be.
const (
	// SinkAuto: method facet drops the last token and its register neurons if it is a sink, and leaves it alone if not. Others replace it.
	SinkAuto = "auto"
	// SinkDrop: all methods do as facet does by SinkAuto.
	SinkDrop = "drop"
	// SinkPublished: all methods replace the last token, as the paper does, and nothing else.
	SinkPublished = "published"
)

// RefineNone leaves the logits of pixels as they are.
const RefineNone = "none"

// SegmentSettings are the settings of everything that segments.
type SegmentSettings struct {
	// Protocol names the sizes of canvas and windows: one of [segment.Presets]; empty is [segment.Native].
	Protocol string
	// ShortSide is that of the resized picture in pixels; 0 is the protocol's.
	ShortSide int
	// WindowSide is the side of a window in pixels, a multiple of 32; 0 is the protocol's. Its half is the stride.
	WindowSide int
	// WindowStride is the distance from window to window in pixels; 0 is the protocol's.
	WindowStride int
	// Scale is what logits are multiplied by before the softmax; 0 is 40.
	Scale float64
	// Threshold is the probability below which a pixel is background; 0: there is no threshold.
	Threshold float64
	// Area is the share of what is not background from which on a class may have pixels; 0: any.
	Area float64
	// Reference segments as the published code does: MaskCLIP keeps the positions, the last token is replaced (as [SinkPublished]), and the prompts are
	// OpenAI's 80 of ImageNet where no templates are given.
	Reference bool
	// Pairs is how many neuron–head pairs each text has; 0 is the share that 20,000 are of RN50x16's.
	Pairs int
	// Atlas is an atlas of the same model, from which the signs of the pairs' directions are taken. Empty: + for all.
	Atlas string
	// Refine is what is done to the logits of pixels: [RefineNone] (also empty) or pamr.
	Refine string
	// Sink is what is done about the last token: [SinkAuto] (also empty), [SinkDrop] or [SinkPublished].
	Sink string
	// NeuronsBack takes what neurons do from the block so many before the last of the trunk's last stage, and HeadsBack what heads take from tokens. Both
	// blocks are pooled with the pool's own weights. With one of them, SinkAuto is [SinkPublished].
	NeuronsBack, HeadsBack int
	// Templates are the prompts of a text; nil: facet's own for photographs, or those of the data set.
	Templates concept.Templates
}

// check fills in what is not said, and looks at what needs no model.
func (s SegmentSettings) check(methods []segment.Method) (SegmentSettings, error) {
	if s.Protocol == "" {
		s.Protocol = segment.Native
	}
	if s.Refine == "" {
		s.Refine = RefineNone
	}
	if s.Sink = cmp.Or(s.Sink, SinkAuto); s.Sink == SinkAuto && (s.Reference || s.earlier()) {
		s.Sink = SinkPublished
	}
	if s.Reference && s.Templates == nil {
		var err error
		if s.Templates, err = publishedPrompts(); err != nil {
			return s, err
		}
	}
	for i, m := range methods {
		switch {
		case !m.Known():
			return s, mistake("method", "%d: there is no such method", m)
		case slices.Contains(methods[:i], m):
			return s, mistake("method", "%s is there twice", m)
		}
	}
	switch {
	case s.Refine != RefineNone && s.Refine != string(segment.PAMR):
		return s, mistake("refine", "%s: expected %s or %s", s.Refine, RefineNone, segment.PAMR)
	case s.Sink != SinkAuto && s.Sink != SinkDrop && s.Sink != SinkPublished:
		return s, mistake("sink", "%s: expected %s, %s or %s", s.Sink, SinkAuto, SinkDrop, SinkPublished)
	case s.Reference && s.Sink == SinkDrop:
		return s, mistake("sink", "%s: the published code replaces the last token", s.Sink)
	case s.earlier() && s.Sink == SinkDrop:
		return s, mistake("sink", "%s: registers are known of the last block alone", s.Sink)
	case s.Pairs < 0:
		return s, mistake("pairs", "%d: expected 1 or more", s.Pairs)
	}
	return s, nil
}

// protocol is the preset for a model of a native side in pixels, with what the settings change of it.
func (s SegmentSettings) protocol(native int) (segment.Protocol, error) {
	p, err := segment.Preset(s.Protocol, native)
	changed := s.ShortSide != 0 || s.WindowSide != 0 || s.WindowStride != 0
	if err != nil && !changed {
		return p, fmt.Errorf("protocol %s: %w", s.Protocol, err)
	}
	if s.ShortSide != 0 {
		p.ShortSide = s.ShortSide
	}
	if s.WindowSide != 0 {
		p.Window, p.Stride = s.WindowSide, s.WindowSide/2
	}
	if s.WindowStride != 0 {
		p.Stride = s.WindowStride
	}
	if s.Scale != 0 {
		p.Scale = s.Scale
	}
	p.Threshold, p.Area = s.Threshold, s.Area
	if s.Refine == string(segment.PAMR) {
		p.Refine = segment.PAMR
	}
	if err := p.Validate(); err != nil {
		return p, &Mistake{Problem: err}
	}
	return p, nil
}

// earlier tells whether other blocks than the last are looked at.
func (s SegmentSettings) earlier() bool { return s.NeuronsBack != 0 || s.HeadsBack != 0 }

// fill gives the prompts of a text of a class.
type fill func(class int, text string) []string

// prompts are the settings' templates, or facet's own.
func (s SegmentSettings) prompts() fill {
	templates := s.Templates
	if templates == nil {
		templates = concept.DefaultTemplates()
	}
	return func(_ int, text string) []string { return templates.Fill(text) }
}

// dropsSink tells whether a method asks for what is known of the last token.
func (s SegmentSettings) dropsSink(m segment.Method) bool {
	return s.Sink == SinkDrop || s.Sink == SinkAuto && m == segment.Facet
}
