package concept

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/facet-clip/facet/textfile"
)

const maxLines = 1_000_000

// ReadLines reads one text a line; blank lines and lines that begin with # are left out. Nothing left is an error.
func ReadLines(name string, r io.Reader) ([]string, error) {
	all, err := ReadTexts(name, r)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, line := range all {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return nil, fmt.Errorf("%s: expected one text a line, found none", name)
	}
	return lines, nil
}

// ReadTexts reads every line as it is, the empty ones too, so that text i is line i. An empty file is an error.
func ReadTexts(name string, r io.Reader) ([]string, error) {
	var lines []string
	for line, err := range textfile.Lines(r) {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if lines = append(lines, line.Text); len(lines) > maxLines {
			return nil, fmt.Errorf("%s: expected at most %d lines", name, maxLines)
		}
	}
	if len(lines) == 0 {
		return nil, fmt.Errorf("%s: expected one text a line, found none", name)
	}
	return lines, nil
}

// ZeroShot is a zero-shot head: for each label the unit mean of the unit embeddings of its prompts. embeddings
// [L·P,D] holds the P prompts of a label one after the other.
func ZeroShot(labels []string, embeddings []float32, prompts, embed int) (*Bank, error) {
	texts := make([]string, 0, len(labels)*prompts)
	for _, l := range labels {
		texts = append(texts, slices.Repeat([]string{l}, prompts)...)
	}
	all, err := NewBank(texts, embeddings, embed)
	if err != nil {
		return nil, err
	}
	means := make([]float32, len(labels)*embed)
	for i := range texts {
		mean := means[i/prompts*embed:][:embed]
		for d, v := range all.row(i) {
			mean[d] += v / float32(prompts)
		}
	}
	return NewBank(labels, means, embed)
}

// Class is a label with its logit τ·cos and its probability among the labels.
type Class struct {
	Label       string  `json:"label"`       // The label.
	Logit       float64 `json:"logit"`       // τ·cos of picture and label.
	Probability float64 `json:"probability"` // The softmax of the logits of all labels.
}

// Classify gives every label's logit τ·cos(embedding, label) and their softmax, most likely first. embedding [D].
func (b *Bank) Classify(embedding []float32, τ float64) []Class {
	total := 0.0
	matches := b.Nearest(embedding, len(b.Texts))
	classes := make([]Class, len(matches))
	for i, m := range matches {
		p := math.Exp(τ * (m.Cosine - matches[0].Cosine))
		classes[i] = Class{m.Text, τ * m.Cosine, p}
		total += p
	}
	for i := range classes {
		classes[i].Probability /= total
	}
	return classes
}
