package web

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/lab/editing"
)

// InPair names a pair of an atlas.
type InPair struct {
	InAtlas
	Pair string `path:"pair" maxLength:"40" doc:"NEURON,HEAD such as 12,3"`
}

type pairDetailInput struct {
	InPair
	Words
	Images int `query:"images" minimum:"0" maximum:"50" doc:"how many images of each kind to give; 0 is 8"`
}

type pairScalarsInput struct {
	InPair
	Least float64 `query:"least" default:"-1e300" doc:"the smallest scalar asked for"`
	Most  float64 `query:"most" default:"1e300" doc:"the largest scalar asked for"`
	From  int     `query:"from" minimum:"0" maximum:"16777216" doc:"leave out so many of the first"`
	Top   int     `query:"top" minimum:"0" maximum:"1000" doc:"how many images to give; 0 is 20"`
}

type headDetailInput struct {
	InAtlas
	Words
	Head int `path:"head" minimum:"0"`
	Top  int `query:"top" minimum:"0" maximum:"1000" doc:"how many pairs to give; 0 is 20"`
}

type pairsComparedInput struct {
	InPair
	Other string `path:"other" maxLength:"40" doc:"the other pair"`
}

type treeInput struct {
	InAtlas
	Words
	Neuron   int    `path:"neuron" minimum:"0"`
	Linkage  string `query:"linkage" doc:"how distances of clusters are formed: average or ward"`
	Clusters int    `query:"clusters" minimum:"0" doc:"how many parts the neuron is cut into; 0 cuts it at the largest gap"`
	Images   int    `query:"images" minimum:"0" maximum:"50" doc:"how many images of each part to give; 0 is 5"`
}

// registerDetails registers what pages ask of one pair or one head, and of all pairs at once.
func (s *Server) registerDetails(api huma.API) {
	ask(s, api, question{"pair", "/atlases/{atlas}/pairs/{pair}", "All that an atlas knows of a pair",
		"Names with the evidence for them, scalars, images of every kind, classes, and the pairs beside it."}, inAtlas(s, s.pairDetail))
	ask(s, api, question{"pair-images", "/atlases/{atlas}/pairs/{pair}/images", "The images in which a pair's scalar is in a range", "It needs an atlas that keeps scalars."}, inAtlas(s, s.pairScalars))
	ask(s, api, question{"compare-pairs", "/atlases/{atlas}/pairs/{pair}/with/{other}", "How like each other two pairs are", ""}, inAtlas(s, s.pairsCompared))
	ask(s, api, question{"head", "/atlases/{atlas}/heads/{head}", "What an atlas knows of a head", "Its pairs, its words, and the directions along which it differs between images."}, inAtlas(s, s.headDetail))
	ask(s, api, question{"tree", "/atlases/{atlas}/neurons/{neuron}/tree", "A neuron as sub-concepts over its heads",
		"What facet tree --json prints, but that path is that of the picture in its dataset; image is its number, by which it is served."}, inAtlas(s, s.tree))
	ask(s, api, question{"strengths", "/atlases/{atlas}/strengths", "How much the model uses each pair", ""}, inAtlas(s, s.strengths))
}

func (s *Server) pairDetail(ctx context.Context, dir string, in *pairDetailInput) (*answer.PairDetail, error) {
	pair, err := lab.ParsePair(in.Pair)
	if err != nil {
		return nil, err
	}
	bank, err := s.labelBank(ctx, in.Words)
	if err != nil {
		return nil, err
	}
	a, err := s.lab.PairDetail(ctx, lab.PairDetail{Atlas: dir, Pair: pair, Bank: bank, Truncate: in.Truncate, Images: in.Images})
	return hidden(ctx, s, a, err)
}

func (s *Server) pairScalars(ctx context.Context, dir string, in *pairScalarsInput) (*answer.PairScalars, error) {
	pair, err := lab.ParsePair(in.Pair)
	if err != nil {
		return nil, err
	}
	a, err := s.lab.PairScalars(ctx, lab.PairScalars{Atlas: dir, Pair: pair, Least: in.Least, Most: in.Most, Skip: in.From, Top: in.Top})
	return hidden(ctx, s, a, err)
}

func (s *Server) headDetail(ctx context.Context, dir string, in *headDetailInput) (*answer.HeadDetail, error) {
	bank, err := s.shelf(ctx).bank(in.Bank)
	if err != nil {
		return nil, err
	}
	a, err := s.lab.HeadDetail(ctx, lab.HeadDetail{Atlas: dir, Head: in.Head, Bank: bank, Truncate: in.Truncate, Top: in.Top})
	return hidden(ctx, s, a, err)
}

func (s *Server) strengths(ctx context.Context, dir string, in *InAtlas) (*answer.PairStrengths, error) {
	a, err := s.lab.PairStrengths(ctx, dir)
	return hidden(ctx, s, a, err)
}

func (s *Server) pairsCompared(ctx context.Context, dir string, in *pairsComparedInput) (*answer.PairsCompared, error) {
	one, err := lab.ParsePair(in.Pair)
	if err != nil {
		return nil, err
	}
	other, err := lab.ParsePair(in.Other)
	if err != nil {
		return nil, err
	}
	a, err := s.lab.ComparePairs(ctx, dir, one, other)
	return hidden(ctx, s, a, err)
}

type placesInput struct {
	ImageInput
	PlacesInput
}

// PlacesInput are the parameters of what places give.
type PlacesInput struct {
	Words
	Text    string `query:"text" maxLength:"2000" doc:"the text whose logit is split; without it the embedding is"`
	Against string `query:"against" maxLength:"2000" doc:"measure against another text"`
}

type placesUploadInput struct {
	PlacesInput
	Name  string `query:"name" maxLength:"200" doc:"what the picture is called; a form has its own"`
	Atlas string `query:"atlas" maxLength:"200" doc:"an atlas whose labels name the pairs"`
}

type editInput struct {
	InAtlas
	Units  []string `query:"unit,explode" maxItems:"8" doc:"what can be scaled: pair:NEURON,HEAD, head:HEAD or word:WORD; may be given again"`
	Texts  []string `query:"text,explode" maxItems:"8" doc:"a text that is told beside the classes; may be given again"`
	Images []int    `query:"image,explode" maxItems:"200" doc:"an image that is told beside those that are scored; may be given again"`
}

// registerParts registers what pages need to answer at once while somebody points or drags.
func (s *Server) registerParts(api huma.API) {
	ask(s, api, question{"places", "/atlases/{atlas}/images/{image}/places", "What each place of an image gives to a logit, over words and pairs", ""}, s.places)
	post(s, api, question{"places-upload", "/explain/places", "What each place of a picture gives to a logit, over words and pairs", ""}, s.placesUpload)
	ask(s, api, question{"edit", "/atlases/{atlas}/edit", "What scaling some units does to logits",
		"All that is needed to tell it for any scales. It needs an atlas that keeps scalars and has classes."}, inAtlas(s, s.editParts))
}

func (s *Server) places(ctx context.Context, in *placesInput) (*answer.Places, error) {
	dir, q, err := s.imageQuestion(ctx, in.ImageInput, ExplainInput{Words: in.Words, Text: in.Text, Against: in.Against})
	if err != nil {
		return nil, err
	}
	a, err := s.lab.PlacesIn(ctx, dir, in.Image, q)
	return hidden(ctx, s, a, err)
}

func (s *Server) placesUpload(ctx context.Context, in *placesUploadInput) (*answer.Places, error) {
	dir, err := s.shelf(ctx).optionalAtlas(in.Atlas)
	if err != nil {
		return nil, err
	}
	q, err := s.explainQuestion(ctx, ExplainInput{Words: in.Words, Text: in.Text, Against: in.Against}, dir)
	if err != nil {
		return nil, err
	}
	u := uploadOf(ctx)
	q.Picture, q.Data = u.name, u.data
	a, err := s.lab.Places(ctx, q)
	return hidden(ctx, s, a, err)
}

func (s *Server) editParts(ctx context.Context, dir string, in *editInput) (*answer.EditParts, error) {
	a, err := editing.Of(s.lab).EditParts(ctx, editing.EditParts{Atlas: dir, Units: in.Units, Texts: in.Texts, Images: in.Images})
	return hidden(ctx, s, a, err)
}

func (s *Server) tree(ctx context.Context, dir string, in *treeInput) (*answer.Tree, error) {
	bank, err := s.labelBank(ctx, in.Words)
	if err != nil {
		return nil, err
	}
	a, err := s.lab.Tree(ctx, lab.Tree{Atlas: dir, Neuron: in.Neuron, Linkage: in.Linkage, Clusters: in.Clusters, Bank: bank, Truncate: in.Truncate, Images: in.Images})
	if err != nil {
		return nil, err
	}
	return a, s.shelf(ctx).hideTree(ctx, a, dir)
}
