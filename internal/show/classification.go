package show

import (
	"fmt"
	"io"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/internal/terminal"
)

// Classification prints the scores of zero-shot classification.
func Classification(out io.Writer, r *answer.ClassificationScores) {
	t := terminal.Table(out, "measure", "score (95 %)")
	for _, row := range []struct {
		name  string
		share *answer.Share
	}{{"top-1", r.Top1}, {"top-5", r.Top5}} {
		if row.share != nil {
			t.AppendRow([]any{row.name, Interval(*row.share)})
		}
	}
	for _, row := range []struct {
		name     string
		estimate *answer.Estimate
	}{{"mean per class", r.MeanPerClass}, {"mAP, 11 points", r.Eleven}, {"mAP, area", r.Area}} {
		if row.estimate != nil {
			t.AppendRow([]any{row.name, estimated(*row.estimate)})
		}
	}
	t.Render()
	p := r.Protocol
	fmt.Fprintf(out, "\n%d images of %s; classes: %d; templates: %d (%s); record %.12s\n", r.Images, p.Dataset, len(p.Classes), len(p.Templates), p.Words, p.SHA256)
	published(out, r.Published)
}

// published puts the published score below the measured ones.
func published(out io.Writer, p *answer.PublishedScore) {
	if p == nil {
		return
	}
	fmt.Fprintf(out, "Published %s: %.1f %% (%s); measured here: %s.\n", p.Metric, 100*p.Value, p.Source, estimated(p.Measured))
	for _, d := range p.Differs {
		fmt.Fprintf(out, "  not measured alike: %s\n", d)
	}
}

// estimated is an estimate in hundredths with its interval.
func estimated(e answer.Estimate) string {
	return fmt.Sprintf("%s %% (%s to %s)", e.Value.Percent(), e.Low.Percent(), e.High.Percent())
}

// Retrieval prints recall of captions by pictures and of pictures by captions.
func Retrieval(out io.Writer, r *answer.RetrievalScores) {
	columns := []string{"found"}
	for _, x := range r.Text {
		columns = append(columns, fmt.Sprintf("R@%d (95 %%)", x.K))
	}
	t := terminal.Table(out, columns...)
	for _, direction := range []struct {
		what string
		list []answer.Recall
	}{{"a caption by its picture", r.Text}, {"a picture by its caption", r.Image}} {
		row := []any{direction.what}
		for _, x := range direction.list {
			row = append(row, estimated(x.Recall))
		}
		t.AppendRow(row)
	}
	t.Render()
	fmt.Fprintf(out, "\n%d images and %d captions of %s, %s; mean of both R@1 %s; record %.12s\n",
		r.Images, r.Captions, r.Protocol.Dataset, r.Protocol.Split, estimated(r.MeanRecall), r.Protocol.SHA256)
	published(out, r.Published)
}
