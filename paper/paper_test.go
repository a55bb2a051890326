package paper

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/facet-clip/facet/answer"
)

// TestDocumented: docs/research/paper.md has every figure with its published value, and no other.
func TestDocumented(t *testing.T) {
	data, err := os.ReadFile("../docs/research/paper.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	_, figures, _ := strings.Cut(string(data), "## Figures")
	figures, _, _ = strings.Cut(figures, "\n## ")
	for _, line := range strings.Split(figures, "\n") {
		if cells := strings.Split(line, "|"); len(cells) == 7 && !strings.HasPrefix(line, "|---") && !strings.HasPrefix(line, "| key") {
			rows[strings.TrimSpace(cells[1])] = cells[3] + cells[4]
		}
	}
	for _, f := range Figures() {
		value := Number(f.Unit, number(f.Published))
		if row := rows[f.Key]; !strings.Contains(row, value) || !strings.Contains(row, f.Step) && f.Key != "butterfly" {
			t.Errorf("%s: expected %s of %s, found %q", f.Key, value, f.Step, row)
		}
		delete(rows, f.Key)
	}
	if len(rows) > 0 {
		t.Errorf("no figures: %v", rows)
	}
}

// TestVerdict: a published value agrees to the digits that are printed, or within the interval.
func TestVerdict(t *testing.T) {
	percent, r := Figure{Unit: "%", Published: 70.7}, Figure{Unit: "r", Published: 0.85}
	for _, c := range []struct {
		figure       Figure
		m            Measured
		unlike, want string
	}{
		{percent, Measured{Value: 70.74, Low: 70.73, High: 70.75}, "", answer.Agrees},
		{percent, Measured{Value: 71.9, Low: 70.6, High: 73}, "", answer.Agrees},
		{percent, Measured{Value: 72.1, Low: 70.8, High: 73}, "", answer.Differs},
		{percent, Measured{Value: 70.8, Low: math.NaN(), High: math.NaN()}, "", answer.Differs},
		{percent, Measured{Value: math.NaN()}, "", answer.NotMeasured},
		{percent, Measured{Value: 70.7}, answer.OtherModel, answer.OtherModel},
		{Figure{Published: none}, Measured{Value: 3}, "", answer.Unpublished},
		{r, Measured{Value: 0.846, Low: math.NaN(), High: math.NaN()}, "", answer.Agrees},
		{r, Measured{Value: 0.80, Low: 0.78, High: 0.82}, "", answer.Differs},
	} {
		if got := c.figure.Beside(c.m, c.unlike); got.Verdict != c.want {
			t.Errorf("%+v of %v: %+v, expected %s", c.m, c.figure.Published, got, c.want)
		}
	}
}

// TestPage: the page has published and measured values, and writes what comes from outside as text.
func TestPage(t *testing.T) {
	r := &answer.Reproduction{
		Model: answer.Model{Name: "<script>alert(1)</script>"}, PublishedFor: Model,
		Steps: []answer.ReproductionStep{
			{Step: ImageNet, Data: "5000 pictures", Seconds: 12, Bytes: 1_500_000_000, Figures: []answer.PaperFigure{
				Figure{"k", ImageNet, "what", "%", 70.7}.Beside(Measured{Value: 70.5, Low: 69.2, High: 71.8, Of: 5000, Found: "<b>"}, ""),
			}},
			{Step: Cars, Missing: "its folder", Figures: []answer.PaperFigure{Figure{"c", Cars, "cars", "r", 0.85}.Missing()}},
		},
	}
	var b bytes.Buffer
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"70.7 %", "70.5 %", "69.2 to 71.8", `class="agrees"`, "1.5 GB", "Not measured: its folder", `class="not-measured"`, "0.85", "&lt;b&gt;"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the page does not have %s", want)
		}
	}
	if strings.Contains(b.String(), "<script>") {
		t.Error("the model's name is no text")
	}
	if got := fmt.Sprint(size(2_500_000)); got != "2.5 MB" {
		t.Errorf("2,500,000 bytes are %s", got)
	}
}
