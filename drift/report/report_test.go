package report

import (
	"bytes"
	"html/template"
	"image"
	"strings"
	"testing"

	"github.com/facet-clip/facet/plot"
)

func TestPage(t *testing.T) {
	picture, err := Picture(image.NewGray(image.Rect(0, 0, 8, 8)))
	if err != nil {
		t.Fatal(err)
	}
	chart, err := Draw(plot.Curve{Title: "<script>alert(1)</script>", Series: []plot.Series{{Name: "score", X: []float64{1, 2}, Y: []float64{1, 3}}}}, "a & b")
	if err != nil {
		t.Fatal(err)
	}
	page := Page{
		Headline: "More <b>yellow</b>", Title: "x", Facts: []Fact{{"Model", "demo"}},
		Shares:  []Share{{Name: "more yellow", Share: "40.0 %", Width: 100}, {Name: "(unnamed)", Share: "-2.0 %", Width: 5, Negative: true}},
		Changes: []Change{{Name: "more yellow", Pairs: []Pair{{Pair: "(1,2)", Label: "<i>"}}, Before: []template.URL{picture}}},
		Columns: []string{"year"}, Parts: [][]string{{"2015"}}, Charts: []Chart{chart},
	}
	var b bytes.Buffer
	if err := page.Write(&b); err != nil {
		t.Fatal(err)
	}
	html := b.String()
	for _, want := range []string{"More &lt;b&gt;yellow&lt;/b&gt;", `src="data:image/jpeg;base64,`, "width: 100%", "bar negative", "&lt;i&gt;", "2015", "a &amp; b", "<svg"} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	html = strings.ReplaceAll(html, "http://www.w3.org/", "") // names of SVG, which nothing loads
	for _, bad := range []string{"<script>alert", "ZgotmplZ", "http://", "https://"} {
		if strings.Contains(html, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
}

func TestPageWithoutChanges(t *testing.T) {
	var b bytes.Buffer
	if err := (Page{Headline: "Nothing changed"}).Write(&b); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "nothing to name") {
		t.Error("a page without changes does not say so")
	}
}
