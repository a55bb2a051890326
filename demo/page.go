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
	Logit    float64
	Against  string // what the groups are measured against
	Pairs    int
	Residual float64
	Summary  string // path
	Groups   []PageGroup
	Story    *PageStory
	Overlay  string // path of the scene in classes
	Drift    PageDrift
	Next     []Step
}

// PageScene is a scene beside the map of a text.
type PageScene struct {
	Picture, Map string // paths
	Text         string
	Logit        float64
	Sees         string
}

// PageGroup is a row of the table of groups.
type PageGroup struct{ Word, Amount, Share, Pairs string }

// PageStory is what one neuron says through two heads.
type PageStory struct {
	Neuron  int
	Heads   [2]int
	Words   [2]string
	Picture string // path
}

// PageDrift is what is new in later scenes.
type PageDrift struct {
	Before, After int // scenes
	Changed       int // pairs
	Tested        int // pairs

	Changes []PageChange
	Report  string // path
}

// PageChange is a named change with its share of the shift of the mean embedding.
type PageChange struct{ Name, Share, Effect string }

// Step is a command to try.
type Step struct{ Command, Why string }

//go:embed page.html
var pageHTML string

var page = template.Must(template.New("page").Parse(pageHTML))

// Write writes the page as one HTML file without scripts.
func (p Page) Write(w io.Writer) error { return page.Execute(w, p) }
