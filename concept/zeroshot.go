package concept

import (
	"bufio"
	_ "embed"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

const (
	hole     = "{}"
	maxLines = 1_000_000
)

// Templates are prompts with a hole {} for the name of a class, such as "a photo of a {}.".
type Templates []string

// ReadTemplates reads one template a line; blank lines and lines that begin with # are left out. A line without exactly
// one {} is an error that names it.
func ReadTemplates(name string, r io.Reader) (Templates, error) {
	lines, err := ReadLines(name, r)
	if err != nil {
		return nil, err
	}
	for _, line := range lines {
		if strings.Count(line, hole) != 1 {
			return nil, fmt.Errorf("%s: template %q: expected exactly one {} for the class name", name, line)
		}
	}
	return lines, nil
}

//go:embed templates.txt
var defaultTemplates string

// DefaultTemplates are facet's own prompts for photographs.
func DefaultTemplates() Templates {
	t, err := ReadTemplates("templates.txt", strings.NewReader(defaultTemplates))
	if err != nil {
		panic(err) // the file is part of the program; a test reads it
	}
	return t
}

// Fill puts a class name into every template.
func (t Templates) Fill(label string) []string {
	prompts := make([]string, len(t))
	for i, template := range t {
		prompts[i] = strings.Replace(template, hole, label, 1)
	}
	return prompts
}

// ReadLines reads one text a line; blank lines and lines that begin with # are left out. Nothing left is an error.
func ReadLines(name string, r io.Reader) ([]string, error) {
	all, err := ReadTexts(name, r)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, line := range all {
		line = strings.TrimSpace(strings.TrimPrefix(line, "\ufeff"))
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
	in := bufio.NewScanner(r)
	for in.Scan() {
		if lines = append(lines, in.Text()); len(lines) > maxLines {
			return nil, fmt.Errorf("%s: expected at most %d lines", name, maxLines)
		}
	}
	if err := in.Err(); err != nil {
		return nil, fmt.Errorf("%s: line %d: %w", name, len(lines)+1, err)
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
	Label       string  `json:"label"`
	Logit       float64 `json:"logit"`
	Probability float64 `json:"probability"`
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
