// Package demo is the model that ships inside facet, for trying every verb with nothing at hand: a small CLIP-ResNet trained on
// package scenes' world, its vocabulary, its concepts, and what `facet demo` shows of it.
package demo

import (
	"bytes"
	_ "embed"

	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/clip/tokenizer"
)

// Notice is what every user of the demo model must be told.
const Notice = "It knows a small drawn world, not photographs."

// weights are what training/train.py leaves: OpenAI's names, matrices in half precision.
//
//go:embed model.safetensors
var weights []byte

// vocabulary holds the merges of the captions' words, in OpenAI's file format.
//
//go:embed vocabulary.txt
var vocabulary []byte

// Checkpoint is the demo model in memory.
func Checkpoint() (*checkpoint.Checkpoint, error) { return checkpoint.OpenBytes("demo", weights) }

// Tokenizer is the demo's own.
func Tokenizer() (*tokenizer.Tokenizer, error) {
	return tokenizer.Read("demo vocabulary", bytes.NewReader(vocabulary))
}
