package demo

import (
	_ "embed"
	"html/template"
	"io"
)

// Page is what index.html shows. Paths are relative to it.
type Page struct {
	Scenes   []PageScene
	Text     string // that was explained, of the first scene
	Pairs    int
	Residual float64
	Summary  string // path
	Top      []PagePair
	Words    int // of the bank that names pairs
	Next     []Step
}

// PageScene is a scene beside the map of a text.
type PageScene struct {
	Picture, Map string // paths
	Text         string
	Logit        float64
	Sees         string
}

// PagePair is a row of the table of pairs.
type PagePair struct {
	Neuron, Head      int
	Share, Map, Words string
}

// Step is a command to try.
type Step struct{ Command, Why string }

//go:embed page.html
var pageHTML string

var page = template.Must(template.New("page").Parse(pageHTML))

// Write writes the page as one HTML file without scripts.
func (p Page) Write(w io.Writer) error { return page.Execute(w, p) }
