package lab

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/registry"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/dataset/known"
	"github.com/facet-clip/facet/experiment"
)

// EvaluateClassification asks how well a model classifies the pictures of a data set that it was not trained on.
type EvaluateClassification struct {
	// Set is the data set.
	Set *known.Set
	// Classes are other names for the classes, in the order of the labels. Empty, they are the data set's own.
	Classes []string
	// Templates are the prompts that each name is put into. Empty, they are the data set's own.
	Templates concept.Templates
	// Journal is a file that keeps what is known of each finished picture, so that a run that was cut off goes on there. Its folder is made.
	// Empty: none is kept.
	Journal string
}

// check fills in what is not said.
func (q EvaluateClassification) check() (EvaluateClassification, error) {
	switch {
	case q.Set == nil:
		return q, mistake("dataset", "is missing: expected one of %v", known.Names())
	case q.Set.Len() == 0:
		return q, mistake("limit", "leaves no picture of %s: expected 1 or more", q.Set.Name)
	}
	if len(q.Classes) > 0 {
		if err := q.Set.Rename(q.Classes); err != nil {
			return q, &Mistake{"classes", err}
		}
	}
	if len(q.Templates) == 0 {
		q.Templates = q.Set.Templates
	}
	return q, nil
}

// EvaluateClassification classifies every picture by the names of the classes, without training, and counts.
func (l *Lab) EvaluateClassification(ctx context.Context, q EvaluateClassification) (*answer.ClassificationScores, error) {
	q, err := q.check()
	if err != nil {
		return nil, err
	}
	a := &answer.ClassificationScores{Images: q.Set.Len()}
	if a.Protocol, err = l.classificationProtocol(ctx, q); err != nil {
		return nil, err
	}
	head, err := l.cachedBank(ctx, q.Set.Kind, a.Protocol.Classes, q.Templates, false)
	if err != nil {
		return nil, err
	}
	run := &classification{Lab: l, set: q.Set, head: head}
	if a.Encoding, err = run.all(ctx, q.Journal, a.Protocol.SHA256); err != nil {
		return nil, err
	}
	if q.Set.Several {
		run.countSeveral(a)
	} else {
		run.count(a)
	}
	a.Published = l.published(q, a)
	a.Model, err = l.describe(ctx)
	return a, err
}

// classificationProtocol says all that decides the scores.
func (l *Lab) classificationProtocol(ctx context.Context, q EvaluateClassification) (p answer.ClassificationProtocol, err error) {
	p = answer.ClassificationProtocol{
		Dataset: q.Set.Kind, Pictures: q.Set.Fingerprint(), Templates: q.Templates, Words: q.Set.Words,
		Preprocessing: l.preprocessing(), ExifRotate: l.config.ExifRotate, Ties: "of equal scores the first class", Activation: string(l.model.Activation),
	}
	for _, c := range q.Set.Classes {
		p.Classes = append(p.Classes, c.Name)
	}
	if p.Model, err = l.model.Checkpoint().SHA256(ctx); err == nil {
		p.SHA256, err = recordDigest(p)
	}
	return p, err
}

// preprocessing says what is done to a picture before the model sees it.
func (l *Lab) preprocessing() string {
	return fmt.Sprintf("short side to %d pixels, bicubic with antialiasing; the square in the middle; CLIP's mean and deviation", l.model.Config.Image)
}

// recordDigest is the SHA-256 of a record as JSON.
func recordDigest(record any) (string, error) {
	data, err := json.Marshal(record)
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), err
}

// count fills in the scores of pictures of one class each.
func (r *classification) count(a *answer.ClassificationScores) {
	C := len(r.set.Classes)
	top1 := experiment.TopK(r.answers, 1)
	a.Top1 = &top1
	if C > 5 {
		top5 := experiment.TopK(r.answers, 5)
		a.Top5 = &top5
	}
	shares := experiment.ClassShares(r.answers, C)
	mean := experiment.MeanPerClass(shares, drawSeed)
	a.MeanPerClass = &mean
	mistaken := make([]map[int]int, C)
	for c := range mistaken {
		mistaken[c] = map[int]int{}
	}
	for _, one := range r.answers {
		if one.Given != one.Truth {
			mistaken[one.Truth][one.Given]++
		}
	}
	for c, class := range r.set.Classes {
		score := answer.ClassScore{Class: class.Name, Key: class.Key, Images: shares[c].Of, Accuracy: answer.Number(math.NaN())}
		if shares[c].Of > 0 {
			score.Accuracy = answer.Number(shares[c].Value())
		}
		most := 0
		for other, name := range r.set.Classes {
			if mistaken[c][other] > most {
				most, score.Mistaken = mistaken[c][other], name.Name
			}
		}
		a.Classes = append(a.Classes, score)
	}
}

// drawSeed is that of the samples that intervals are read off.
const drawSeed = 1

// countSeveral fills in the scores of pictures of any number of classes.
func (r *classification) countSeveral(a *answer.ClassificationScores) {
	n := r.set.Len()
	var ranked []experiment.Ranking
	for c, class := range r.set.Classes {
		scores, truth := make([]float32, n), make([]experiment.Presence, n)
		for i := range n {
			scores[i] = r.scores[i][c]
		}
		score := answer.ClassScore{Class: class.Name, Key: class.Key, Accuracy: answer.Number(math.NaN())}
		for i := range n {
			truth[i] = r.presence(i, c)
			if truth[i] == experiment.Present {
				score.Images++
			}
		}
		one := experiment.Rank(scores, truth)
		precision := one.Precision(nil)
		area, eleven := answer.Number(precision.Area), answer.Number(precision.Eleven)
		score.Area, score.Eleven = &area, &eleven
		a.Classes = append(a.Classes, score)
		ranked = append(ranked, one)
	}
	area, eleven := experiment.MeanPrecision(ranked, n, drawSeed)
	a.Area, a.Eleven = &area, &eleven
}

// published puts the published score of the model beside the measured one.
func (l *Lab) published(q EvaluateClassification, a *answer.ClassificationScores) *answer.PublishedScore {
	name, ok := l.publishedName(a.Protocol.Model)
	if !ok {
		return nil
	}
	p, ok := q.Set.Published(name, l.model.Activation == clip.QuickGELU)
	if !ok {
		return nil
	}
	measured := shareEstimate(*a.Top1)
	if p.Metric == known.MeanPerClass {
		measured = *a.MeanPerClass
	}
	score := publishedScore(p, measured)
	if q.Set.Words == known.Given || !slices.Equal(q.Templates, q.Set.Templates) {
		score.Differs = append(score.Differs, "names or templates are given")
	}
	if a.Protocol.ExifRotate {
		score.Differs = append(score.Differs, "pictures are turned as their EXIF data say")
	}
	return score
}

// publishedScore puts a published score beside a measured one.
func publishedScore(p known.Published, measured answer.Estimate) *answer.PublishedScore {
	return &answer.PublishedScore{
		Source: known.PublishedSource, Metric: string(p.Metric), Value: p.Value, Measured: measured,
		Within: p.Value >= float64(measured.Low) && p.Value <= float64(measured.High), Differs: append([]string{}, p.Differs...),
	}
}

// shareEstimate is a share as a number with its interval.
func shareEstimate(s answer.Share) answer.Estimate {
	return answer.Estimate{Value: answer.Number(s.Value()), Low: answer.Number(s.Low), High: answer.Number(s.High)}
}

// publishedName is what the lab's model is called, if it is a published one: by its own name, its repository on the hub, or its digest.
func (l *Lab) publishedName(sha256 string) (string, bool) {
	asked, _ := registry.Lookup(l.name) // of a file or the demo there is none
	for _, m := range registry.Models() {
		if m.Name == asked.Name || m.Is(sha256) || asked.Hub != "" && m.Hub == asked.Hub {
			return m.Name, true
		}
	}
	return "", false
}
