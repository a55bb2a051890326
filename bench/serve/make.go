package main

import (
	"os"
	"path/filepath"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/internal/randomclip"
)

// rn50 is OpenAI's RN50 with its text tower.
var rn50 = clip.Config{
	Image: 224, Width: 64, Blocks: [4]int{3, 4, 6, 3}, Channels: 2048, Heads: 32, Embed: 1024,
	Text: clip.TextConfig{Width: 512, Heads: 8, Layers: 12, Context: 77, Vocabulary: 49408},
}

const modelFile = "rn50.safetensors"

// makeModel writes rn50.safetensors, which has learnt nothing, into a folder, and the vocabulary beside it.
func makeModel(dir, vocabulary string) error {
	data, err := os.ReadFile(vocabulary)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, filepath.Base(vocabulary)), data, 0o600); err != nil {
		return err
	}
	if data, err = randomclip.Checkpoint(rn50, 1); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, modelFile), data, 0o600)
}
