package report

import (
	"bytes"
	"image"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/facet-clip/facet/answer"
)

func none([]string) []Opened { return nil }

func written(t *testing.T, r *answer.Drift, open Pictures) string {
	t.Helper()
	made, err := New(r, open)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := made.Write(&b); err != nil {
		t.Fatal(err)
	}
	html := b.String()
	for _, bad := range []string{"<script", "ZgotmplZ", "http://", "https://", "NaN", "Inf"} {
		if strings.Contains(html, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	return html
}

func holds(t *testing.T, html string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(html, w) {
			t.Errorf("the page lacks %q", w)
		}
	}
}

func mean(v, half float64) *answer.Interval {
	low, high := v-half, v+half
	return &answer.Interval{Mean: v, Low: &low, High: &high}
}

// TestPage: names are escaped, each change has pictures of the reference, of now, and those most changed.
func TestPage(t *testing.T) {
	pairs := []answer.PairTest{{Pair: answer.Pair{Neuron: 1, Head: 2}, Label: "<i>"}}
	r := &answer.Drift{Level: 0.05, All: answer.Comparison{Images: 9, ProfileImages: 20, Tested: 40, Changed: 3, Explained: 0.7, Unnamed: 0.2, Chance: 0.125, EnergyP: 0.002,
		Classifier: &answer.DomainClassifier{AUC: 0.9, P: 0.005},
		Changes:    []answer.Change{{Word: "<b>yellow</b>", More: true, Share: 0.5, Effect: 1.25, Pairs: pairs, Count: 1, Before: []string{"b"}, After: []string{"a"}, Carry: []string{"c"}}},
		Rest:       &answer.Change{Share: 0.2, Effect: -1, Pairs: pairs, Count: 2}}}
	var asked []string
	html := written(t, r, func(paths []string) (out []Opened) {
		for _, p := range paths {
			asked = append(asked, p)
			out = append(out, Opened{p + "<&", image.NewGray(image.Rect(0, 0, 8, 8))})
		}
		return out
	})
	holds(t, html, "More &lt;b&gt;yellow&lt;/b&gt;, by 1.2 standard deviations", "3 of 40 tested pairs changed, at most 5 % of them by chance on average (energy test p 0.002, classifier AUC 0.90, p 0.005)",
		`src="data:image/jpeg;base64,`, "width: 100%", "&lt;i&gt;", "most changed", `title="c&lt;&amp;"`, "A change without a name", "50.0 %", "30.0 %")
	if !slices.Equal(asked, []string{"b", "a", "c"}) {
		t.Errorf("pictures asked for: %v", asked)
	}
}

// TestGivenOnPage: what the mix of cameras explains, and what changed within them, stand in a section of their own.
func TestGivenOnPage(t *testing.T) {
	all := answer.Comparison{Images: 160, ProfileImages: 160, Tested: 922, Changed: 489, EnergyP: 0.002}
	r := &answer.Drift{Level: 0.05, All: all, Given: &answer.GivenComparison{Of: "group", Images: 150, ProfileImages: 155, LeftOut: 10, ProfileLeftOut: 5, Mix: 1.04, Within: -0.04, MixP: 3.7e-19,
		Tested: 922, Changed: 2, Explained: 0.3, Shift: 1.5, ShiftNull: 1.2, Values: []answer.GivenValue{{Value: "<dry>", Images: 40, ProfileImages: 120}, {Value: "snowy", Images: 110, ProfileImages: 35}},
		Changes: []answer.Change{{Word: "moon", More: true, Share: 0.25, Effect: 0.4, Count: 2, After: []string{"a"}}}}}
	html := written(t, r, func(paths []string) (out []Opened) {
		for _, p := range paths {
			out = append(out, Opened{p, image.NewGray(image.Rect(0, 0, 8, 8))})
		}
		return out
	})
	holds(t, html, "Given the group", "Within each group, 2 of 922 strong pairs changed. The mix of 2 values differs from the profile&#39;s with p = 3.7e-19.", "104.0 %", "-4.0 %", "&lt;dry&gt;",
		"<td class=\"n\">110</td><td class=\"n\">35</td>", "more moon", "10 and 5 of other values are left out")
	r.Given = nil
	if html := written(t, r, none); strings.Contains(html, "Given the") {
		t.Error("a section without a question")
	}
}

// TestVerdict: what changed, how much and how sure; or what could have been seen.
func TestVerdict(t *testing.T) {
	p := 0.004
	quietly := answer.Comparison{Images: 200, Tested: 40, EnergyP: 0.4, Detectable: 0.361}
	whole := quietly
	whole.EnergyP = 0.01
	changed := answer.Comparison{Images: 9, Tested: 40, Changed: 3, EnergyP: 0.002, Rest: &answer.Change{Effect: -2}}
	for _, c := range []struct {
		r    answer.Drift
		want string
	}{
		{answer.Drift{All: quietly}, "Nothing changed that 200 pictures could show: none of 40 tested pairs changed (energy test p 0.4); a shift of one pair by 0.36 standard deviations would have been found four times in five."},
		{answer.Drift{All: whole}, "The pictures differ as a whole: none of 40 tested pairs changed by itself (energy test p 0.01)."},
		{answer.Drift{All: changed}, "Something changed that no name fits, by 2.0 standard deviations: 3 of 40 tested pairs changed, at most 5 % of them by chance on average (energy test p 0.002)."},
		{answer.Drift{All: quietly, Watched: []answer.FollowedText{{Text: "snow", Changed: true, P: &p, All: answer.MeanScore{Signed: mean(1, 0.5)}}}}, "A watched text changed: “snow”, though none of 40 tested pairs did (energy test p 0.4)."},
		{answer.Drift{All: quietly, Groups: []answer.GroupComparison{{Name: "a"}, {Name: "b", Comparison: changed}}}, "1 of 2 parts changed: b (unnamed), though all 200 pictures together show no change (energy test p 0.4)."},
	} {
		c.r.Level = 0.05
		if got := Verdict(&c.r); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
		html, calm := written(t, &c.r, none), strings.HasPrefix(c.want, "Nothing")
		if strings.Contains(html, "no drift seen") != calm {
			t.Errorf("%s: the page is not told so", c.want)
		}
	}
}

// TestWatched: a watched text is there without parts, with its scores in percent and what is its own; with parts there is a curve with the profile's mean and named axes.
func TestWatched(t *testing.T) {
	p, truth := 0.004, []float64{0.1, 0.3}
	now, profile := answer.MeanScore{Images: 9, Signed: mean(0.02, 0.01)}, answer.MeanScore{Images: 20, Signed: mean(0.01, 0.001)}
	text := answer.FollowedText{Text: "a <yellow> car", All: now, Profile: &profile, P: &p, Specific: &answer.Specificity{Effect: 1.5, Shared: 0.2, Specific: 1.48, P: 0.01}, Changed: true}
	r := &answer.Drift{Level: 0.05, By: "time:year", Watched: []answer.FollowedText{text}}
	holds(t, written(t, r, none), "a &lt;yellow&gt; car", "2.000 % (1.000 to 3.000)", "1.000 % (0.900 to 1.100)", "1.48 is its own", ">changed</span>")
	for i, g := range []string{"2015", "2017"} {
		part := now
		part.Name, part.Truth = g, &truth[i]
		text.Groups = append(text.Groups, part)
	}
	r.Watched = []answer.FollowedText{text}
	html := written(t, r, none)
	holds(t, html, `aria-label="a &lt;yellow&gt; car: mean signed score, % by year"`, ">profile</text>", `class="truth"`, ">2017</text>", "<title>2015: 2.000 % (1.000 to 3.000), 9 images</title>")
}

// TestPerformance: parts with labels, with some and with none have their estimates, and what these were off by.
func TestPerformance(t *testing.T) {
	accuracy := 0.5
	of := func(name string, labelled int, accuracy *float64) answer.PerformanceOf {
		return answer.PerformanceOf{Name: name, Images: 4, Labelled: labelled, Accuracy: accuracy, Calibrated: *mean(0.6, 0.2), Threshold: 0.55}
	}
	r := &answer.Drift{Performance: &answer.Performance{Classes: 3, Other: 2, Reference: 40, ReferenceAccuracy: 0.9, All: of("", 6, &accuracy),
		Parts: []answer.PerformanceOf{of("<may>", 4, &accuracy), of("june", 2, &accuracy), of("july", 0, nil)}, Error: &answer.PerformanceError{Parts: 1, Calibrated: 0.1, Within: 1}}}
	holds(t, written(t, r, none), "Classified right", "&lt;may&gt;", "<td>50.0 %</td>", "50.0 % of 2 labelled", "not known", "60.0 % (40.0 to 80.0)", "2 pictures have a label", "off by 10.0 %", "1 of 1 intervals")
}

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		want      []float64
	}{{0, 1, []float64{0, 0.2, 0.4, 0.6, 0.8, 1}}, {0.3812, 0.4631, []float64{0.4, 0.42, 0.44, 0.46}}, {-1.2, 7, []float64{0, 2, 4, 6}}} {
		got := ticks(c.low, c.high)
		if !slices.EqualFunc(got, c.want, func(a, b float64) bool { return math.Abs(a-b) < 1e-12 }) {
			t.Errorf("ticks from %g to %g: %v, expected %v", c.low, c.high, got, c.want)
		}
	}
}
