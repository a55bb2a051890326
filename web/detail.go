package web

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/lab"
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

// registerDetails registers what pages ask of one pair or one head, and of all pairs at once.
func (s *Server) registerDetails(api huma.API) {
	ask(s, api, question{"pair", "/atlases/{atlas}/pairs/{pair}", "All that an atlas knows of a pair",
		"Names with the evidence for them, scalars, images of every kind, classes, and the pairs beside it."}, s.pairDetail)
	ask(s, api, question{"pair-images", "/atlases/{atlas}/pairs/{pair}/images", "The images in which a pair's scalar is in a range", "It needs an atlas that keeps scalars."}, s.pairScalars)
	ask(s, api, question{"compare-pairs", "/atlases/{atlas}/pairs/{pair}/with/{other}", "How like each other two pairs are", ""}, s.pairsCompared)
	ask(s, api, question{"head", "/atlases/{atlas}/heads/{head}", "What an atlas knows of a head", "Its pairs, its words, and the directions along which it differs between images."}, s.headDetail)
	ask(s, api, question{"strengths", "/atlases/{atlas}/strengths", "How much the model uses each pair", ""}, s.strengths)
}

func (s *Server) pairDetail(ctx context.Context, in *pairDetailInput) (*answer.PairDetail, error) {
	dir, err := s.shelf.atlas(in.Atlas)
	if err != nil {
		return nil, err
	}
	pair, err := lab.ParsePair(in.Pair)
	if err != nil {
		return nil, err
	}
	bank, err := s.labelBank(in.Words)
	if err != nil {
		return nil, err
	}
	a, err := s.lab.PairDetail(ctx, lab.PairDetail{Atlas: dir, Pair: pair, Bank: bank, Truncate: in.Truncate, Images: in.Images})
	return hidden(s, a, err)
}

func (s *Server) pairScalars(ctx context.Context, in *pairScalarsInput) (*answer.PairScalars, error) {
	dir, err := s.shelf.atlas(in.Atlas)
	if err != nil {
		return nil, err
	}
	pair, err := lab.ParsePair(in.Pair)
	if err != nil {
		return nil, err
	}
	a, err := s.lab.PairScalars(ctx, lab.PairScalars{Atlas: dir, Pair: pair, Least: in.Least, Most: in.Most, Skip: in.From, Top: in.Top})
	return hidden(s, a, err)
}

func (s *Server) headDetail(ctx context.Context, in *headDetailInput) (*answer.HeadDetail, error) {
	dir, err := s.shelf.atlas(in.Atlas)
	if err != nil {
		return nil, err
	}
	bank, err := s.shelf.bank(in.Bank)
	if err != nil {
		return nil, err
	}
	a, err := s.lab.HeadDetail(ctx, lab.HeadDetail{Atlas: dir, Head: in.Head, Bank: bank, Truncate: in.Truncate, Top: in.Top})
	return hidden(s, a, err)
}

func (s *Server) strengths(ctx context.Context, in *InAtlas) (*answer.PairStrengths, error) {
	dir, err := s.shelf.atlas(in.Atlas)
	if err != nil {
		return nil, err
	}
	a, err := s.lab.PairStrengths(ctx, dir)
	return hidden(s, a, err)
}

func (s *Server) pairsCompared(ctx context.Context, in *pairsComparedInput) (*answer.PairsCompared, error) {
	dir, err := s.shelf.atlas(in.Atlas)
	if err != nil {
		return nil, err
	}
	one, err := lab.ParsePair(in.Pair)
	if err != nil {
		return nil, err
	}
	other, err := lab.ParsePair(in.Other)
	if err != nil {
		return nil, err
	}
	a, err := s.lab.ComparePairs(ctx, dir, one, other)
	return hidden(s, a, err)
}
