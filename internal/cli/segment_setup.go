package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/segment"
)

const refineNone = "none"

// segmentSettings are the flags of everything that segments.
type segmentSettings struct {
	preset                    string
	shortSide, window, stride int
	scale, threshold          float64
	pairs                     int
	templates, atlas          string
	refine, sink              string
}

func (s *segmentSettings) flags(f *pflag.FlagSet) {
	f.StringVar(&s.preset, "protocol", "native", "sizes of canvas and windows: "+strings.Join(segment.Presets, ", "))
	numberVar(f, &s.shortSide, "short-side", 0, span[int]{least: 32, most: segment.MostShortSide}, "of the resized picture in pixels, instead of the protocol's")
	numberVar(f, &s.window, "window-side", 0, span[int]{least: 32, most: segment.MostWindow}, "side of a window in pixels, a multiple of 32, instead of the protocol's; its half is the stride")
	numberVar(f, &s.stride, "window-stride", 0, span[int]{least: 1, most: segment.MostWindow}, "from window to window in pixels, instead of the protocol's")
	numberVar(f, &s.scale, "scale", 0, span[float64]{least: 0, most: 1e6, above: true}, "what logits are multiplied by before the softmax (default 40)")
	numberVar(f, &s.pairs, "pairs", 0, some, "neuron–head pairs of each text (default: the share that 20,000 are of RN50x16's)")
	f.StringVar(&s.atlas, "atlas", "", "an `ATLAS` of the same model: take the signs of pairs' directions from it, as the paper does (default: + for all)")
	f.StringVar(&s.refine, "refine", refineNone, "what is done to the logits of pixels: none, or pamr (they take on those of like pixels around them)")
	f.StringVar(&s.sink, "sink", sinkAuto, "the last token and the neurons through which it draws attention: method facet drops them if it does and leaves it alone if not (auto), all methods do so (drop), or all replace the last token and nothing else (published)")
	f.StringVar(&s.templates, "templates", "", "a `FILE` with a prompt a line, {} for the text (default: facet's own for photographs)")
}

// protocol is the preset with what flags change of it.
func (s *segmentSettings) protocol(native int) (segment.Protocol, error) {
	p, err := segment.Preset(s.preset, native)
	changed := s.shortSide != 0 || s.window != 0 || s.stride != 0
	if err != nil && !changed {
		return p, fmt.Errorf("--protocol %s: %w", s.preset, err)
	}
	if s.shortSide != 0 {
		p.ShortSide = s.shortSide
	}
	if s.window != 0 {
		p.Window, p.Stride = s.window, s.window/2
	}
	if s.stride != 0 {
		p.Stride = s.stride
	}
	if s.scale != 0 {
		p.Scale = s.scale
	}
	p.Threshold = s.threshold
	switch s.refine {
	case refineNone:
	case string(segment.PAMR):
		p.Refine = segment.PAMR
	default:
		return p, usagef("--refine %s: expected %s or %s", s.refine, refineNone, segment.PAMR)
	}
	if err := p.Validate(); err != nil {
		return p, usageError{err}
	}
	return p, nil
}

// thresholds are probabilities below which a pixel is background.
var thresholds = span[float64]{least: 0, most: 1, below: true}

// background takes the values of --background: a number is a threshold, anything else a list of what is background.
func (s *segmentSettings) background(values []string, classes []segment.Class) ([]segment.Class, error) {
	back := segment.Class{Name: segment.Background}
	for _, v := range values {
		if _, err := strconv.ParseFloat(v, 64); err == nil || errors.Is(err, strconv.ErrRange) {
			if s.threshold, err = thresholds.parse(v); err != nil {
				return nil, usagef("--background %s: %w, or a list of texts", v, err)
			}
			continue
		}
		if err := checkText("--background", v, ""); err != nil {
			return nil, err
		}
		c, err := segment.ParseClass(v)
		if err != nil {
			return nil, usagef("--background %w", err)
		}
		back.Texts = append(back.Texts, c.Texts...)
	}
	if len(values) == 0 {
		return classes, nil
	}
	return append([]segment.Class{back}, classes...), nil
}

// fill gives the prompts of a text of a class.
type fill func(class int, text string) []string

// prompts are the templates of --templates, or facet's own.
func (s *segmentSettings) prompts(ctx context.Context) (concept.Templates, error) {
	if s.templates == "" {
		return concept.DefaultTemplates(), nil
	}
	return readText(ctx, s.templates, concept.ReadTemplates)
}

// embedClasses embeds every text of every class in its prompts.
func (m *model) embedClasses(ctx context.Context, classes []segment.Class, f fill) (*segment.Classes, error) {
	var names, queries, prompts []string
	var of, ends []int
	for i, c := range classes {
		names = append(names, c.Name)
		for _, text := range c.Texts {
			queries, of = append(queries, text), append(of, i)
			prompts = append(prompts, f(i, text)...)
			ends = append(ends, len(prompts))
		}
	}
	if len(prompts) == 0 {
		return nil, fmt.Errorf("expected classes with texts, found none")
	}
	embeddings, err := m.encodeTexts(ctx, prompts, false)
	if err != nil {
		return nil, err
	}
	D, start := m.Config.Embed, 0
	var texts []float32
	for q, end := range ends {
		one, err := concept.ZeroShot(queries[q:q+1], embeddings[start*D:end*D], end-start, D)
		if err != nil {
			return nil, err
		}
		texts, start = append(texts, one.Embeddings...), end
	}
	return segment.NewClasses(names, of, queries, texts, D)
}

// signs are those of the pairs' principal directions in the atlas of --atlas; nil without one.
func (m *model) signs(ctx context.Context, dir string) ([]int8, error) {
	if dir == "" {
		return nil, nil
	}
	at, err := atlas.Open(dir)
	if err != nil {
		return nil, err
	}
	sum, err := m.Checkpoint().SHA256(ctx)
	if err != nil {
		return nil, err
	}
	if err := at.Manifest.Model.SameModel(atlas.Model{Name: m.name, SHA256: sum, Config: m.Config}); err != nil {
		return nil, fmt.Errorf("--atlas %s: %w", dir, err)
	}
	return at.Stats.PairSigns(atlas.Extremes), nil
}

// runner prepares methods.
func (m *model) runner(ctx context.Context, s segmentSettings, methods []segment.Method, classes *segment.Classes) (*segment.Runner, error) {
	if all := m.Config.Heads * m.Config.Channels; s.pairs > all {
		return nil, usagef("--pairs %d: expected 1 to %d, the pairs of the model", s.pairs, all)
	}
	p, err := s.protocol(m.Config.Image)
	if err != nil {
		return nil, err
	}
	pool, err := segment.PoolOf(m.Model, p.Window)
	if err != nil {
		return nil, err
	}
	signs, err := m.signs(ctx, s.atlas)
	if err != nil {
		return nil, err
	}
	r := &segment.Runner{Model: m.Model, Protocol: p}
	sink, err := m.lookForSink(ctx, s, methods, p.Window)
	if err != nil {
		return nil, err
	}
	for _, method := range methods {
		o := segment.Options{Pairs: s.pairs, Signs: signs}
		if s.sink == sinkDrop || method == segment.Facet {
			o.Sink = sink
		}
		one, err := segment.New(pool, classes, method, o)
		if err != nil {
			return nil, err
		}
		r.Methods = append(r.Methods, one)
	}
	return r, nil
}

// parseMethods reads a list with commas.
func parseMethods(list string) ([]segment.Method, error) {
	if list == "all" {
		return segment.Methods(), nil
	}
	var methods []segment.Method
	for name := range strings.SplitSeq(list, ",") {
		m, err := segment.ParseMethod(strings.TrimSpace(name))
		if err != nil {
			return nil, usageError{fmt.Errorf("--method: %w", err)}
		}
		if slices.Contains(methods, m) {
			return nil, usagef("--method %s: %s is there twice", list, m)
		}
		methods = append(methods, m)
	}
	return methods, nil
}

// protocolRecord is all that decides a segmentation but the picture. The same methods differ by 6 points of mIoU from a background threshold alone,
// so every result carries one.
type protocolRecord struct {
	Preset string `json:"preset"`
	segment.Protocol
	Resize     string          `json:"resize"`
	Methods    []string        `json:"methods"`
	Pairs      int             `json:"pairs"`       // of each text
	ExifRotate bool            `json:"exif_rotate"` // pictures were turned as their EXIF data say
	Signs      string          `json:"signs"`       // "+", or the hash of an atlas' signs
	Sink       sinkRecord      `json:"sink"`
	Classes    []segment.Class `json:"classes"`
	Prompts    string          `json:"prompts_sha256"` // of all prompts, in order
	Model      string          `json:"model_sha256"`
	Activation string          `json:"activation"`
	Dataset    string          `json:"dataset,omitempty"`
	ReduceZero bool            `json:"reduce_zero_label,omitempty"`
	SHA256     string          `json:"sha256"` // of this record without this field
}

// protocolRecord describes a run.
func (m *model) protocolRecord(ctx context.Context, s segmentSettings, r *segment.Runner, classes []segment.Class, f fill) (protocolRecord, error) {
	record := protocolRecord{
		Preset: s.preset, Protocol: r.Protocol, Resize: "bilinear, antialiased where it shrinks", Pairs: s.pairs, Classes: classes,
		Activation: string(m.Activation), ExifRotate: m.app.exifRotate,
	}
	if record.Pairs == 0 {
		record.Pairs = segment.DefaultPairs(m.Config.Heads, m.Config.Channels)
	}
	record.Sink.Rule = s.sink
	for _, one := range r.Methods {
		record.Methods = append(record.Methods, one.Method.String())
		if one.Sink != nil {
			record.Sink.Exists, record.Sink.Registers = one.Sink.Exists, one.Sink.Registers
		}
	}
	sum := sha256.New()
	for i, c := range classes {
		for _, text := range c.Texts {
			fmt.Fprintf(sum, "%q\n", f(i, text))
		}
	}
	record.Prompts = hex.EncodeToString(sum.Sum(nil))
	signs, err := m.signs(ctx, s.atlas)
	if err != nil {
		return record, err
	}
	if record.Signs = "+"; signs != nil {
		record.Signs = fmt.Sprintf("%x", sha256.Sum256([]byte(fmt.Sprint(signs))))
	}
	record.Model, err = m.Checkpoint().SHA256(ctx)
	return record, err
}

// seal fills in the hash.
func (r *protocolRecord) seal() error {
	r.SHA256 = ""
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(data)
	r.SHA256 = hex.EncodeToString(sum[:])
	return nil
}
