// Package report writes a drift comparison as one HTML page that needs nothing beside it: charts and pictures are inside, and there is no program in it.
package report

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"html/template"
	"image"
	"image/jpeg"
	"io"
)

// Page is what the report shows; numbers come as they are to be printed.
type Page struct {
	Title     string // what was compared
	What      string // what changed, as a headline
	Detail    string // how sure that is, or what could have been seen
	Changed   bool   // something did
	Figures   []Figure
	Shares    []Share // of the whole shift; they add up to it
	Changes   []Change
	Given     *Given // nil where nothing was given
	Watched   []Watched
	Charts    []Chart
	Columns   []string // of Parts
	Parts     [][]string
	PartsNote string

	Performance     [][]string // part, images, accuracy, estimate, ATC
	PerformanceNote string

	Facts []Fact
}

// Figure is a number that stands out, with what it would be without drift.
type Figure struct{ Name, Value, Note string }

// Fact is a line on how the comparison was made.
type Fact struct{ Name, Value string }

// Share is a bar.
type Share struct {
	Name, Share     string
	Width           float64 // of the bar, in percent of the room
	Negative, Plain bool    // against the whole; not a change
}

// Change is a change with pictures.
type Change struct {
	Name, Kind, Share, Effect string // Kind says what sort of name it is, where that is not plain
	Count                     int    // of pairs
	Pairs                     []Pair // the strongest
	Rows                      []Row
}

// Row is some pictures of a change and what they are.
type Row struct {
	Name, Note string
	Pictures   []Picture
}

// Picture is a picture in a page.
type Picture struct {
	Name    string // its path
	Address template.URL
}

// Pair is a line of a change.
type Pair struct{ Pair, Label, Share, Effect, P string }

// Watched is a watched text: its mean signed score now and in the profile.
type Watched struct {
	Text, Verdict string
	Changed       bool
	Now, Before   string // means with their intervals; Before is empty where the profile did not watch the text
	Said          string // how far it moved, and what of that is its own
	Strip         *Strip // both on one scale; nil where there is no profile's
}

// Strip is two intervals on one scale, in percent of the room.
type Strip struct {
	Before, Now Bar
	Low, High   string // what the ends stand for
}

// Bar is an interval and its mean.
type Bar struct{ From, To, Mean string }

//go:embed page.html
var pageHTML string

var page = template.Must(template.New("page").Parse(pageHTML))

// Write writes the page.
func (p Page) Write(w io.Writer) error { return page.Execute(w, p) }

// address puts a picture into an address, as JPEG.
func address(img image.Image) (template.URL, error) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 85}); err != nil {
		return "", err
	}
	return template.URL("data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(b.Bytes())), nil
}
