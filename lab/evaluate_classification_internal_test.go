package lab

import (
	"testing"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/dataset/known"
)

// TestPublishedName: a published model is known by its name, its repository or its digest, and the demo model is none.
func TestPublishedName(t *testing.T) {
	for _, c := range []struct{ name, sha256, want string }{
		{"RN50x16", "", "RN50x16"}, {"RN50/yfcc15m", "", "RN50/yfcc15m"}, {"hf:timm/resnet50_clip.cc12m", "", "RN50/cc12m"},
		{"/data/a.pt", "afeb0e10f9e5a86da6080e35cf09123aca3b358a0c3e3b6c78a7b63bc04b6762", "RN50"},
		{"demo", "9f964630418ed247de0f33f7f27b25e43dbdf0b436b63ecc68b76c9635af9e98", ""}, {"hf:somebody/else", "", ""}, {"/data/b.pt", "", ""},
	} {
		l := &Lab{name: c.name}
		if got, ok := l.publishedName(c.sha256); got != c.want || ok != (c.want != "") {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

func TestPublishedScore(t *testing.T) {
	measured := answer.Estimate{Value: 0.7, Low: 0.69, High: 0.71}
	for value, within := range map[float64]bool{0.68: false, 0.69: true, 0.7: true, 0.72: false} {
		p := publishedScore(known.Published{Metric: known.Top1, Value: value, Differs: []string{"x"}}, measured)
		if p.Within != within || p.Value != value || p.Measured != measured || p.Metric != "top-1" || len(p.Differs) != 1 || p.Source == "" {
			t.Errorf("%+v", p)
		}
	}
}
