package cli

import (
	"context"
	"image"
	"log/slog"
	"slices"

	"golang.org/x/image/draw"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/scenes"
	"github.com/facet-clip/facet/segment"
)

// What --sink takes: what is done about the last token and its register neurons.
const (
	sinkAuto      = "auto"      // method facet goes by whether there is a sink
	sinkDrop      = "drop"      // all methods do
	sinkPublished = "published" // none does: the last token is replaced
)

const (
	probes        = 4        // drawn scenes in which a sink is looked for: it is there whatever a picture shows
	probeSeed     = 20250919 // of no evaluation's
	mostRegisters = 16
	largestScene  = 512 // that can be drawn, in pixels
)

// sinkRecord is the sink's part of a protocol.
type sinkRecord struct {
	Rule      string `json:"rule"`
	Exists    bool   `json:"exists"`              // false as well where nobody looked
	Registers []int  `json:"registers,omitempty"` // strongest first
}

// lookForSink says whether the last token of windows of a side in pixels is a sink, and through which neurons; nil where the settings do not ask.
func (m *model) lookForSink(ctx context.Context, s segmentSettings, methods []segment.Method, side int) (*segment.Sink, error) {
	switch s.sink {
	case sinkPublished:
		return nil, nil
	case sinkAuto:
		if !slices.Contains(methods, segment.Facet) {
			return nil, nil
		}
	case sinkDrop:
	default:
		return nil, usagef("--sink %s: expected %s, %s or %s", s.sink, sinkAuto, sinkDrop, sinkPublished)
	}
	query, err := m.PoolQuery()
	if err != nil {
		return nil, err
	}
	var pictures [][]float32
	for i := range probes {
		seen, err := m.probe(ctx, uint64(i), side)
		if err != nil {
			return nil, err
		}
		pictures = append(pictures, seen)
	}
	grid := side / clip.Stride
	report, registers, err := experiment.Registers(query, grid*grid, mostRegisters, pictures)
	if err != nil {
		return nil, err
	}
	slog.Info("looked for an attention sink", "last token", report.Token == grid*grid-1, "ratio", report.Ratio, "registers", registers)
	return &segment.Sink{Exists: len(registers) > 0, Registers: registers, Query: query}, nil
}

// probe gives the tokens [K+1,C] of a drawn scene.
func (m *model) probe(ctx context.Context, index uint64, side int) ([]float32, error) {
	spec, err := scenes.Sample(scenes.DefaultWorld(), probeSeed, index)
	if err != nil {
		return nil, err
	}
	scene, err := scenes.Render(spec, min(side, largestScene))
	if err != nil {
		return nil, err
	}
	canvas := image.NewRGBA(image.Rect(0, 0, side, side))
	draw.BiLinear.Scale(canvas, canvas.Rect, scene.Image, scene.Image.Rect, draw.Src, nil)
	out, err := m.EncodeImages(ctx, graph.Floats(preprocess.Normalise(canvas), 1, 3, side, side), clip.Tokens)
	return out[clip.Tokens].Floats, err
}
