package lab

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/scenes"
	"github.com/facet-clip/facet/segment"
)

// segmenting is what questions about segments have in common, kept for those to come.
type segmenting struct {
	pools   cache[int, *segment.Pool] // by the side of a window in pixels, as sinks
	sinks   cache[int, *segment.Sink]
	classes cache[[sha256.Size]byte, *segment.Classes] // by [promptedClasses.key]
	methods cache[methodKey, *segment.Segmenter]
}

// methodKey is all that decides a prepared method of this model.
type methodKey struct {
	classes [sha256.Size]byte
	method  segment.Method
	window  int
	pairs   int
	signs   string // as the protocol tells them
	whole   bool   // tokens keep their positions
	sink    bool   // it is told what is known of the last token
}

// mostKeptTexts is the most texts that a question may have for its classes and methods to be kept: of RN50x16, a text takes 120 kB in a method.
const mostKeptTexts = 512

// promptedClasses are classes with the prompts of each of their texts, all texts in order.
type promptedClasses struct {
	classes []segment.Class
	prompts [][]string
}

func prompted(classes []segment.Class, f fill) promptedClasses {
	p := promptedClasses{classes: classes}
	for i, c := range classes {
		for _, text := range c.Texts {
			p.prompts = append(p.prompts, f(i, text))
		}
	}
	return p
}

// key is a digest of all that decides the embedded classes.
func (p promptedClasses) key() [sha256.Size]byte {
	return sha256.Sum256(fmt.Appendf(nil, "%q %s", p.classes, p.digest()))
}

// digest is the SHA-256 of all prompts, in order.
func (p promptedClasses) digest() string {
	sum := sha256.New()
	for _, prompts := range p.prompts {
		fmt.Fprintf(sum, "%q\n", prompts)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// prepare gives methods that are ready for pictures, and the record of their protocol, not yet sealed.
func (l *Lab) prepare(ctx context.Context, s SegmentSettings, methods []segment.Method, p promptedClasses) (*segment.Runner, answer.SegmentationProtocol, error) {
	var record answer.SegmentationProtocol
	classes, err := l.embedded(ctx, p)
	if err != nil {
		return nil, record, err
	}
	if all := l.model.Config.Heads * l.model.Config.Channels; s.Pairs > all {
		return nil, record, mistake("pairs", "%d: expected 1 to %d, the pairs of the model", s.Pairs, all)
	}
	r := &segment.Runner{Model: l.model}
	if r.Protocol, err = s.protocol(l.model.Config.Image); err != nil {
		return nil, record, err
	}
	signs, told, err := l.signs(ctx, s.Atlas)
	if err != nil {
		return nil, record, err
	}
	for _, m := range methods {
		key := methodKey{classes: p.key(), method: m, window: r.Protocol.Window, pairs: s.Pairs, signs: told, whole: s.Reference, sink: s.dropsSink(m)}
		one, err := l.method(ctx, key, classes, signs)
		if err != nil {
			return nil, record, err
		}
		r.Methods = append(r.Methods, one)
	}
	if r.Earlier, err = l.earlierBlocks(s, methods); err != nil {
		return nil, record, err
	}
	record, err = l.protocolRecord(ctx, s, r, p, told)
	return r, record, err
}

// earlierBlocks are the blocks that methods look at; nil: the last.
func (l *Lab) earlierBlocks(s SegmentSettings, methods []segment.Method) (*segment.Earlier, error) {
	if !s.earlier() {
		return nil, nil
	}
	query, err := l.query()
	if err != nil {
		return nil, err
	}
	e := &segment.Earlier{Neurons: s.NeuronsBack, Heads: s.HeadsBack, Query: query}
	blocks := l.model.Config.Blocks
	if err := e.Check(blocks[len(blocks)-1], methods); err != nil {
		return nil, &Mistake{Problem: err}
	}
	return e, nil
}

// method prepares a method, or takes it from an earlier question.
func (l *Lab) method(ctx context.Context, key methodKey, classes *segment.Classes, signs []int8) (*segment.Segmenter, error) {
	prepare := func(ctx context.Context) (*segment.Segmenter, error) {
		pool, err := l.pool(ctx, key.window)
		if err != nil {
			return nil, err
		}
		o := segment.Options{Pairs: key.pairs, Signs: signs, Published: key.whole}
		if key.sink {
			if o.Sink, err = l.sinkOf(ctx, key.window); err != nil {
				return nil, err
			}
		}
		return segment.New(pool, classes, key.method, o)
	}
	if len(classes.Queries) > mostKeptTexts {
		return prepare(ctx)
	}
	return l.segmenting.methods.get(ctx, key, prepare)
}

// pool is the attention pool for windows of a side in pixels.
func (l *Lab) pool(ctx context.Context, side int) (*segment.Pool, error) {
	return l.segmenting.pools.get(ctx, side, func(context.Context) (*segment.Pool, error) {
		w, err := l.weights()
		if err != nil {
			return nil, err
		}
		return segment.PoolOf(l.model, w, side)
	})
}

// embedded are the classes with the embeddings of their texts, each the mean over its prompts.
func (l *Lab) embedded(ctx context.Context, p promptedClasses) (*segment.Classes, error) {
	embed := func(ctx context.Context) (*segment.Classes, error) { return l.embedClasses(ctx, p) }
	if len(p.prompts) > mostKeptTexts {
		return embed(ctx)
	}
	return l.segmenting.classes.get(ctx, p.key(), embed)
}

func (l *Lab) embedClasses(ctx context.Context, p promptedClasses) (*segment.Classes, error) {
	var names, queries []string
	var of []int
	for i, c := range p.classes {
		names = append(names, c.Name)
		for _, text := range c.Texts {
			queries, of = append(queries, text), append(of, i)
		}
	}
	prompts := slices.Concat(p.prompts...)
	if len(prompts) == 0 {
		return nil, errors.New("expected classes with texts, found none")
	}
	embeddings, err := l.EncodeTexts(ctx, prompts, false)
	if err != nil {
		return nil, err
	}
	D := l.model.Config.Embed
	var texts []float32
	for q, prompts := range p.prompts {
		n := len(prompts)
		one, err := concept.ZeroShot(queries[q:q+1], embeddings[:n*D], n, D)
		if err != nil {
			return nil, err
		}
		texts, embeddings = append(texts, one.Embeddings...), embeddings[n*D:]
	}
	classes, err := segment.NewClasses(names, of, queries, texts, D)
	return classes, mistaken(err, segment.ErrAlike, segment.ErrNames)
}

// signs are those of the pairs' principal directions in an atlas, and how a protocol tells them; nil and "+" without one.
func (l *Lab) signs(ctx context.Context, dir string) (signs []int8, told string, err error) {
	if dir == "" {
		return nil, "+", nil
	}
	u, err := l.anyAtlas(ctx, dir)
	if err != nil {
		return nil, "", err
	}
	return u.signs, fmt.Sprintf("%x", sha256.Sum256([]byte(fmt.Sprint(u.signs)))), nil
}

const (
	probes        = 4        // drawn scenes in which a sink is looked for: it is there whatever a picture shows
	probeSeed     = 20250919 // of no evaluation's
	mostRegisters = 16
	largestScene  = 512 // that can be drawn, in pixels
)

// sinkOf says whether the last token of windows of a side in pixels is a sink, and through which neurons.
func (l *Lab) sinkOf(ctx context.Context, side int) (*segment.Sink, error) {
	return l.segmenting.sinks.get(ctx, side, func(ctx context.Context) (*segment.Sink, error) { return l.lookForSink(ctx, side) })
}

func (l *Lab) lookForSink(ctx context.Context, side int) (*segment.Sink, error) {
	query, err := l.query()
	if err != nil {
		return nil, err
	}
	var pictures [][]float32
	for i := range probes {
		seen, err := l.probe(ctx, uint64(i), side)
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
	l.log.Info("looked for an attention sink", "last token", report.Token == grid*grid-1, "ratio", report.Ratio, "registers", registers)
	return &segment.Sink{Exists: len(registers) > 0, Registers: registers, Query: query}, nil
}

// probe gives the tokens [K+1,C] of a drawn scene.
func (l *Lab) probe(ctx context.Context, index uint64, side int) ([]float32, error) {
	spec, err := scenes.Sample(scenes.DefaultWorld(), probeSeed, index)
	if err != nil {
		return nil, err
	}
	scene, err := scenes.Render(spec, min(side, largestScene))
	if err != nil {
		return nil, err
	}
	out, err := l.model.EncodePictures(ctx, []*image.RGBA{preprocess.Bilinear(scene.Image, side, side)}, clip.Tokens)
	return out[clip.Tokens].Floats, err
}

// protocolRecord describes a run. It is not sealed: a data set may be added.
func (l *Lab) protocolRecord(ctx context.Context, s SegmentSettings, r *segment.Runner, p promptedClasses, signs string) (answer.SegmentationProtocol, error) {
	sizes := r.Protocol
	record := answer.SegmentationProtocol{
		Preset: s.Protocol, ShortSide: sizes.ShortSide, Window: sizes.Window, Stride: sizes.Stride, Scale: sizes.Scale,
		Threshold: sizes.Threshold, Area: sizes.Area, Refine: string(sizes.Refine), Resize: "bilinear, antialiased where it shrinks",
		Pairs: s.Pairs, ExifRotate: l.config.ExifRotate, Signs: signs, Sink: answer.SegmentationSink{Rule: s.Sink},
		Prompts: p.digest(), Activation: string(l.model.Activation),
	}
	if record.Pairs == 0 {
		record.Pairs = segment.DefaultPairs(l.model.Config.Heads, l.model.Config.Channels)
	}
	record.NeuronsBack, record.HeadsBack = s.NeuronsBack, s.HeadsBack
	if s.Reference {
		record.Compat = compatReference
	}
	for _, one := range r.Methods {
		record.Methods = append(record.Methods, one.Method.String())
		if one.Sink != nil {
			record.Sink.Exists, record.Sink.Registers = one.Sink.Exists, one.Sink.Registers
		}
	}
	for _, c := range p.classes {
		record.Classes = append(record.Classes, answer.SegmentationClass(c))
	}
	var err error
	record.Model, err = l.model.Checkpoint().SHA256(ctx)
	return record, err
}

// protocolDigest is the SHA-256 of a record as JSON, with its own field empty.
func protocolDigest(record answer.SegmentationProtocol) (string, error) {
	record.SHA256 = ""
	data, err := json.Marshal(record)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}
