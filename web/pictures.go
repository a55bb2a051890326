package web

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/lab"
)

// longSide is the most pixels of the longer side of a whole picture.
const longSide = 1024

// picture is a PNG.
type picture struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

// ImageInput names an image of an atlas.
type ImageInput struct {
	InAtlas
	Image int `path:"image" minimum:"0" doc:"its number in the atlas"`
}

type pictureInput struct {
	ImageInput
	Whole bool `query:"whole" doc:"the whole picture, at most 1,024 pixels long, and not the square that the model sees"`
}

type mapInput struct {
	ImageInput
	Neuron optional `query:"neuron" doc:"without a head, the sum over its heads"`
	Heads  []int    `query:"head,explode" maxItems:"200" doc:"may be given again, for the sum over some heads; without a neuron, the head's attention"`
}

// ExplainInput are the parameters of an explanation.
type ExplainInput struct {
	Words
	Text          string   `query:"text" maxLength:"2000" doc:"explain the logit of this text instead of the embedding"`
	By            string   `query:"by" doc:"sum pairs by word, neuron, head, token or pair"`
	Assign        string   `query:"assign" doc:"give a pair of several words to each of them by weight (shared), or to the first"`
	Cover         float64  `query:"cover" minimum:"0" maximum:"1" doc:"list words until they hold this share of all that words add or take away; 0 is 0.5"`
	Against       string   `query:"against" maxLength:"2000" doc:"measure against another text"`
	Baseline      string   `query:"baseline" doc:"measure against the average text of the bank, the average picture of the atlas, or none"`
	BaselineImage optional `query:"baseline_image" doc:"measure against another image of the atlas, by its number: why this picture rather than that"`
	Intervals     bool     `query:"intervals" doc:"give each word a 95 % interval, by naming the 200 strongest pairs anew from their images drawn with replacement; it needs an atlas with labels, and seconds"`
	Top           int      `query:"top" minimum:"0" maximum:"1000" doc:"how many pairs to give; 0 is 20"`
}

type explainImageInput struct {
	ImageInput
	ExplainInput
}

// registerPictures registers what is asked of the pictures of atlases.
func (s *Server) registerPictures(api huma.API) {
	draw(s, api, question{"image", "/atlases/{atlas}/images/{image}", "An image of an atlas, as the model sees it", ""}, inAtlas(s, s.image))
	draw(s, api, question{"map", "/atlases/{atlas}/images/{image}/maps", "An image of an atlas with the map of a pair, a neuron or a head over it", "A neuron, a head or both."}, inAtlas(s, s.pairMap))
	ask(s, api, question{"explain-image", "/atlases/{atlas}/images/{image}/explanation", "Which pairs made the embedding of an image, or its logit for a text",
		"What facet explain --json prints. Labels of the atlas name the pairs where it keeps any and no bank is named."}, s.explainImage)
}

// draw registers a GET whose answer is a PNG.
func draw[In any](s *Server, api huma.API, q question, answer func(context.Context, *In) (image.Image, error)) {
	op := q.operation(http.MethodGet)
	op.Responses = pngResponse()
	huma.Register(api, op, func(ctx context.Context, in *In) (*picture, error) {
		img, err := answer(ctx, in)
		if err != nil {
			return nil, s.failed(ctx, err)
		}
		return pngOf(img)
	})
}

// pngResponse describes a PNG.
func pngResponse() map[string]*huma.Response {
	return map[string]*huma.Response{"200": {
		Description: "OK", Content: map[string]*huma.MediaType{"image/png": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
	}}
}

func pngOf(img image.Image) (*picture, error) {
	var out bytes.Buffer
	e := png.Encoder{CompressionLevel: png.BestSpeed}
	err := e.Encode(&out, img)
	return &picture{"image/png", out.Bytes()}, err
}

func (s *Server) image(ctx context.Context, dir string, in *pictureInput) (image.Image, error) {
	if in.Whole {
		return s.lab.AtlasWhole(ctx, dir, in.Image, longSide)
	}
	return s.lab.AtlasSeen(ctx, dir, in.Image)
}

func (s *Server) pairMap(ctx context.Context, dir string, in *mapInput) (image.Image, error) {
	return s.lab.AtlasMap(ctx, dir, in.Image, in.Neuron.pointer(), in.Heads...)
}

// question is that of the parameters, without a picture.
func (s *Server) explainQuestion(ctx context.Context, in ExplainInput, atlas string) (q lab.Explain, err error) {
	q = lab.Explain{
		Text: in.Text, Atlas: atlas, Truncate: in.Truncate, By: in.By, Assign: in.Assign, Cover: in.Cover, Against: in.Against,
		Baseline: in.Baseline, Intervals: in.Intervals, Top: in.Top,
	}
	q.Bank, err = s.labelBank(ctx, in.Words)
	return q, err
}

// against has a question measured against another image of the atlas in a folder, where it asks for that.
func (s *Server) against(ctx context.Context, q *lab.Explain, in ExplainInput, dir string) error {
	i := in.BaselineImage.pointer()
	if i == nil {
		return nil
	}
	if dir == "" {
		return &lab.Mistake{Field: "baseline_image", Problem: errors.New("is an image of an atlas: expected an atlas too")}
	}
	rows, err := s.lab.AtlasImages(ctx, dir)
	if err != nil {
		return err
	}
	if q.Other, err = s.lab.LookIn(ctx, dir, *i); err == nil {
		q.Contrast = rows[*i].Name
	}
	return err
}

func (s *Server) explainImage(ctx context.Context, in *explainImageInput) (*answer.Explanation, error) {
	dir, q, err := s.imageQuestion(ctx, in.ImageInput, in.ExplainInput)
	if err == nil {
		err = s.against(ctx, &q, in.ExplainInput, dir)
	}
	if err != nil {
		return nil, err
	}
	e, err := s.lab.ExplainImage(ctx, dir, in.Image, q)
	if err != nil {
		return nil, err
	}
	return hidden(ctx, s, e.Answer, nil)
}

// imageQuestion is a question about an image of an atlas in a folder, whose labels name the pairs where it keeps any and no bank is named.
func (s *Server) imageQuestion(ctx context.Context, in ImageInput, how ExplainInput) (dir string, q lab.Explain, err error) {
	if dir, err = s.shelf(ctx).atlas(in.Atlas); err != nil {
		return dir, q, err
	}
	state, err := s.lab.AtlasState(ctx, dir)
	if err != nil {
		return dir, q, err
	}
	labels := dir
	if state.Manifest.Labels == nil && how.Bank == "" {
		labels = ""
	}
	if q, err = s.explainQuestion(ctx, how, labels); err != nil {
		return dir, q, err
	}
	rows, err := s.lab.AtlasImages(ctx, dir)
	if err == nil && in.Image < len(rows) {
		q.Picture = rows[in.Image].Name
	}
	return dir, q, err
}

func (s *Server) explain(ctx context.Context, q lab.Explain) (*answer.Explanation, error) {
	e, err := s.lab.Explain(ctx, q)
	if err != nil {
		return nil, err
	}
	return hidden(ctx, s, e.Answer, nil)
}
