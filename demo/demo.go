// Package demo is the model that ships inside facet, for trying every verb with nothing at hand.
//
// Until a trained one exists its weights are random: every number is exact, no word means anything.
package demo

import (
	"bytes"
	_ "embed"
	"fmt"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/clip/tokenizer"
)

// Notice is what every user of the demo model must be told.
const Notice = "Its weights are random, so its numbers are exact and its words mean nothing."

const seed = 2026

// vocabulary holds a few merges over the bytes, in OpenAI's file format.
//
//go:embed vocabulary.txt
var vocabulary []byte

// Config is the demo's architecture: a real ModifiedResNet, small.
var Config = clip.Config{
	Image: 192, Width: 24, Blocks: [4]int{1, 1, 1, 1}, Channels: 768, Heads: 12, Embed: 128,
	Text: clip.TextConfig{Width: 128, Layers: 2, Heads: 2, Context: 77},
}

// Checkpoint is the demo model in memory.
func Checkpoint() (*checkpoint.Checkpoint, error) {
	t, err := Tokenizer()
	if err != nil {
		return nil, err
	}
	c := Config
	c.Text.Vocabulary = t.Size()
	data, err := clip.RandomCheckpoint(c, seed)
	if err != nil {
		return nil, fmt.Errorf("demo model: %w", err)
	}
	return checkpoint.OpenBytes("demo", data)
}

// Tokenizer is the demo's own.
func Tokenizer() (*tokenizer.Tokenizer, error) {
	return tokenizer.Read("demo vocabulary", bytes.NewReader(vocabulary))
}
