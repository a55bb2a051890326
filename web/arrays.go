package web

import (
	"context"

	"github.com/danielgtaylor/huma/v2"
)

type arrayInput struct{ ImageInput }

type rowsInput struct {
	InAtlas
	From int `query:"from" minimum:"0" maximum:"16777216" doc:"leave out so many of the first"`
	Top  int `query:"top" minimum:"0" maximum:"4096" doc:"how many rows to give; 0 is 100"`
}

// registerArrays registers what is answered as arrays.
func (s *Server) registerArrays(api huma.API) {
	ask(s, api, question{"embeddings", "/atlases/{atlas}/embeddings", "The embeddings of the images of an atlas",
		"float32 [N,D], not normalised, in the order of the images."}, inAtlas(s, s.embeddings))
	ask(s, api, question{"embedding", "/atlases/{atlas}/images/{image}/embedding", "The embedding of an image of an atlas", "float32 [D], not normalised, encoded anew."}, inAtlas(s, s.embedding))
	ask(s, api, question{"scalars", "/atlases/{atlas}/images/{image}/scalars", "The scalars of all pairs in an image of an atlas", "float32 [M,C], head by head, encoded anew."}, inAtlas(s, s.scalars))
	ask(s, api, question{"map-values", "/atlases/{atlas}/images/{image}/maps/values", "The map of a unit over an image of an atlas, as numbers",
		"float32 [rows,columns] of the grid of tokens: of a pair a·x, which with the class token sums to its scalar; of a neuron the sum of its pairs; of a head its attention."}, inAtlas(s, s.mapValues))
}

func (s *Server) embeddings(ctx context.Context, dir string, in *rowsInput) (*Array, error) {
	all, width, err := s.lab.AtlasEmbeddings(ctx, dir)
	if err != nil {
		return nil, err
	}
	top := in.Top
	if top == 0 {
		top = imagesDefault
	}
	n := len(all) / width
	from := min(in.From, n)
	to := min(from+top, n)
	return &Array{[]int{to - from, width}, all[from*width : to*width]}, nil
}

func (s *Server) embedding(ctx context.Context, dir string, in *arrayInput) (*Array, error) {
	e, _, err := s.lab.AtlasNumbers(ctx, dir, in.Image)
	return &Array{[]int{len(e)}, e}, err
}

func (s *Server) scalars(ctx context.Context, dir string, in *arrayInput) (*Array, error) {
	_, v, err := s.lab.AtlasNumbers(ctx, dir, in.Image)
	if err != nil {
		return nil, err
	}
	heads := s.lab.Model().Config.Heads
	return &Array{[]int{heads, len(v) / heads}, v}, nil
}

func (s *Server) mapValues(ctx context.Context, dir string, in *mapInput) (*Array, error) {
	v, rows, err := s.lab.AtlasMapValues(ctx, dir, in.Image, in.Neuron.pointer(), in.Heads...)
	if err != nil {
		return nil, err
	}
	return &Array{[]int{rows, len(v) / rows}, v}, nil
}
