// Package report writes a drift comparison as one HTML page that needs nothing beside it: charts and pictures are inside.
package report

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"html/template"
	"image"
	"image/jpeg"
	"io"

	"github.com/facet-clip/facet/plot"
)

// Page is what the report shows; numbers come as they are to be printed.
type Page struct {
	Headline  string     // the result in a sentence
	Title     string     // what was compared
	Verdict   string     // what the numbers come to
	Watched   [][]string // text, score now, in the profile, p
	Facts     []Fact
	Shares    []Share // of the whole shift; they add up to it
	Changes   []Change
	Columns   []string // of Parts
	Parts     [][]string
	PartsNote string
	Charts    []Chart
}

// Fact is a line on how the comparison was made.
type Fact struct{ Name, Value string }

// Share is a bar.
type Share struct {
	Name, Share     string
	Width           float64 // of the bar, in percent of the room
	Negative, Plain bool    // against the whole; not a change
}

// Change is a named change with pictures.
type Change struct {
	Name, Kind, Share, Effect string // Kind says what sort of name it is, where that is not plain
	Count                     int    // of pairs
	Pairs                     []Pair // the strongest
	Before, After             []template.URL
}

// Pair is a line of a change.
type Pair struct{ Pair, Label, Share, Effect, P string }

// Chart is a drawing with a line below it.
type Chart struct {
	SVG     template.HTML
	Caption string
}

//go:embed page.html
var pageHTML string

var page = template.Must(template.New("page").Parse(pageHTML))

// Write writes the page.
func (p Page) Write(w io.Writer) error { return page.Execute(w, p) }

// Picture puts a picture into an address, as JPEG.
func Picture(img image.Image) (template.URL, error) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 85}); err != nil {
		return "", err
	}
	return template.URL("data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(b.Bytes())), nil
}

// Draw draws a chart; what is in it is drawn as paths and text by the plot library, which escapes it.
func Draw(c plot.Curve, caption string) (Chart, error) {
	var b bytes.Buffer
	if err := c.Write(&b, "svg"); err != nil {
		return Chart{}, err
	}
	if _, svg, found := bytes.Cut(b.Bytes(), []byte("<svg")); found { // without the XML declaration
		return Chart{template.HTML("<svg" + string(svg)), caption}, nil
	}
	return Chart{template.HTML(b.String()), caption}, nil
}
