package report

import (
	"bytes"
	"html/template"
	"image"
	"strings"
	"testing"

	"github.com/facet-clip/facet/answer"
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

// TestVerdict: what no name explains is said first, and watched texts are there without parts.
func TestVerdict(t *testing.T) {
	low, high, p := 0.01, 0.03, 0.004
	score := answer.MeanScore{Images: 9, Signed: &answer.Interval{Mean: 0.02, Low: &low, High: &high}, Norm: &answer.Interval{}}
	r := &answer.Drift{
		All:     answer.Comparison{Images: 9, Tested: 40, Changed: 3, Explained: 0.7, Unnamed: 0.2, Chance: 0.125, Changes: []answer.Change{{Word: "snow", More: true, Share: 0.5}}},
		Watched: []answer.FollowedText{{Text: "a <yellow> car", All: score, Profile: &score, P: &p}},
	}
	made, err := New(r, func([]string) []image.Image { return nil })
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := made.Write(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"50.0 % of the shift has no name: 20.0 %", "12.5 % of the squared shift", "a &lt;yellow&gt; car", "0.0200 (", "0.004"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
