package lab

import (
	"cmp"
	"context"
	"fmt"
	"image"
	"math"
	"slices"
	"strings"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/dataset/known"
	"github.com/facet-clip/facet/plot"
	"github.com/facet-clip/facet/segment"
	"github.com/facet-clip/facet/segment/benchmark"
)

// EvaluateSegmentation asks how well methods segment the pictures of a data set.
type EvaluateSegmentation struct {
	SegmentSettings
	// Set is the data set. Nil, it is 500 scenes of the demo world.
	Set *benchmark.Set
	// Methods are the methods; none: facet and nap.
	Methods []segment.Method
	// Journal is a file that keeps what is known of each finished picture, so that a run that was cut off goes on there. Its folder is made.
	// Empty: none is kept.
	Journal string
}

// check fills in what is not said. It needs no model.
func (q EvaluateSegmentation) check() (EvaluateSegmentation, error) {
	var err error
	if q.Set == nil {
		if q.Set, err = benchmark.Open("scenes:default"); err != nil {
			return q, err
		}
	}
	if len(q.Methods) == 0 {
		q.Methods = []segment.Method{segment.Facet, segment.NAP}
	}
	if q.Set.Split && q.Set.Shown == nil {
		if q.Set, err = shownOfImageNet(q.Set); err != nil {
			return q, err
		}
	}
	switch {
	case q.Set.Len() == 0:
		return q, mistake("limit", "leaves no picture of %s: expected 1 or more", q.Set.Name)
	case q.Set.Split && q.earlier():
		return q, mistake("neurons-back", "and heads-back: %s asks what a picture shows, which the last block alone knows", q.Set.Name)
	case q.Set.Split && q.Refine == string(segment.PAMR):
		return q, mistake("refine", "%s: %s has no logits of classes to refine", q.Refine, q.Set.Name)
	case q.Threshold > 0 && !q.Set.Background && !q.Set.Split:
		return q, mistake("threshold", "%g: %s has no background class", q.Threshold, q.Set.Name)
	case q.Area > 0 && !q.Set.Background:
		return q, mistake("area-threshold", "%g: %s has no background class", q.Area, q.Set.Name)
	}
	q.SegmentSettings, err = q.SegmentSettings.check(q.Methods)
	return q, err
}

// shownOfImageNet is a set whose pictures show things of ImageNet's classes, in its prompts. Of classes with one name, the first stands for all.
func shownOfImageNet(of *benchmark.Set) (*benchmark.Set, error) {
	words, err := known.Protocol("imagenet")
	if err != nil {
		return nil, err
	}
	set, seen := *of, map[string]bool{}
	for _, c := range words.Classes {
		if !seen[c.Name] {
			seen[c.Name] = true
			set.Shown = append(set.Shown, segment.Class{Name: c.Name, Texts: []string{c.Name}})
		}
	}
	set.Prompts = func(_ int, text string) []string { return words.Templates.Fill(text) }
	return &set, nil
}

// EvaluatedSegmentation is the answer of an [EvaluateSegmentation], with what its tables and pictures are made of.
type EvaluatedSegmentation struct {
	// Answer is what can be said in JSON.
	Answer answer.SegmentationScores

	evaluation *benchmark.Evaluation
	pictures   []benchmark.Picture
}

// EvaluateSegmentation measures methods on one forward pass of each picture.
func (l *Lab) EvaluateSegmentation(ctx context.Context, q EvaluateSegmentation) (*EvaluatedSegmentation, error) {
	q, err := q.check()
	if err != nil {
		return nil, err
	}
	if l.config.ExifRotate {
		return nil, &Mistake{Problem: fmt.Errorf("%s: masks are not turned, so pictures cannot be", q.Set.Name)}
	}
	if q.Reference && q.Set.Split {
		q.Set = q.Set.Squeezed(l.model.Config.Image)
	}
	e, err := l.evaluation(ctx, q)
	if err != nil {
		return nil, err
	}
	progress := l.Step(ctx, "images", q.Set.Len())
	defer progress.Done()
	e.evaluation.Done = func() { progress.Add(1) }
	if e.pictures, err = e.evaluation.Run(ctx); err != nil {
		return nil, err
	}
	return e, e.count(q.Methods)
}

// evaluation prepares the run and the head of its answer.
func (l *Lab) evaluation(ctx context.Context, q EvaluateSegmentation) (*EvaluatedSegmentation, error) {
	prompts := fill(q.Set.Prompts)
	if prompts == nil || q.Templates != nil {
		prompts = q.prompts()
	}
	runner, record, err := l.prepare(ctx, q.SegmentSettings, q.Methods, prompted(q.Set.Named(), prompts))
	if err != nil {
		return nil, err
	}
	record.Dataset, record.ReduceZero = q.Set.Name, q.Set.ReduceZero
	if record.SHA256, err = protocolDigest(record); err != nil {
		return nil, err
	}
	e := &EvaluatedSegmentation{Answer: answer.SegmentationScores{Protocol: record}}
	if e.Answer.Model, err = l.describe(ctx); err != nil {
		return nil, err
	}
	e.evaluation = &benchmark.Evaluation{Set: q.Set, Runner: runner, Decoder: l.decoder, Protocol: record.SHA256, Journal: q.Journal}
	return e, nil
}

// count accumulates the confusions over the pictures.
func (e *EvaluatedSegmentation) count(methods []segment.Method) error {
	set, a := e.evaluation.Set, &e.Answer
	a.Images = len(e.pictures)
	a.Encoding = medianOf(e.pictures, func(p benchmark.Picture) float64 { return p.Encoding })
	for i, method := range methods {
		total, err := segment.NewConfusion(len(set.Classes))
		if err != nil {
			return err
		}
		for _, p := range e.pictures {
			one, err := p.Methods[i].Confusion(len(set.Classes))
			if err != nil {
				return err
			}
			total.Merge(one)
		}
		score := scoreOf(set, total)
		score.Method = method.String()
		score.AP = meanPrecision(e.pictures, i)
		score.Seconds = medianOf(e.pictures, func(p benchmark.Picture) float64 { return p.Methods[i].Seconds })
		a.Methods = append(a.Methods, score)
	}
	return nil
}

func scoreOf(set *benchmark.Set, c *segment.Confusion) answer.MethodScore {
	s := c.Scores()
	score := answer.MethodScore{MIoU: answer.Number(s.MIoU), MAcc: answer.Number(s.MAcc), AAcc: answer.Number(s.AAcc)}
	groups := map[string][]float64{}
	for i, class := range set.Classes {
		score.Classes = append(score.Classes, answer.ClassIoU{
			Class: class.Name, IoU: answer.Number(s.IoU[i]), Accuracy: answer.Number(s.Accuracy[i]), Mistaken: mistakenFor(set, c, i),
		})
		if set.Groups == nil {
			continue
		}
		if g := set.Groups[i]; groups[g] == nil {
			score.Groups = append(score.Groups, answer.GroupScore{Group: g})
		}
		groups[set.Groups[i]] = append(groups[set.Groups[i]], s.IoU[i])
	}
	for i, g := range score.Groups {
		score.Groups[i].MIoU = answer.Number(segment.Mean(groups[g.Group]))
	}
	return score
}

// mistakenFor is the class that most of a class's missed pixels were given; empty where none was missed.
func mistakenFor(set *benchmark.Set, c *segment.Confusion, class int) string {
	most, name := int64(0), ""
	for other, n := range c.Counts[class*c.Classes : (class+1)*c.Classes] {
		if other != class && n > most {
			most, name = n, set.Classes[other].Name
		}
	}
	return name
}

// medianOf is the median of a number of the pictures: the first picture pays for building the tower.
func medianOf(pictures []benchmark.Picture, f func(benchmark.Picture) float64) float64 {
	var values []float64
	for _, p := range pictures {
		values = append(values, f(p))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// meanPrecision is the mean over pictures of a method's average precision; nil in sets that have none.
func meanPrecision(pictures []benchmark.Picture, method int) *answer.Number {
	sum := 0.0
	for _, p := range pictures {
		if p.Methods[method].Precision == nil {
			return nil
		}
		sum += *p.Methods[method].Precision
	}
	mean := answer.Number(sum / float64(len(pictures)))
	return &mean
}

// PictureScore is what a method scored on one picture.
type PictureScore struct {
	// Image names the picture in its data set.
	Image string
	// Method is the name of the method.
	Method string
	// MIoU is the mean of the IoUs of classes that are defined, NaN where none is.
	MIoU float64
	// AAcc is the share of right pixels, NaN where all are ignored.
	AAcc float64
	// Encoding is what the picture took in the image tower, in seconds.
	Encoding float64
	// Seconds is what it took beyond, in seconds.
	Seconds float64
}

// Pictures are the scores of every method on every picture, in the data set's order.
func (e *EvaluatedSegmentation) Pictures() ([]PictureScore, error) {
	var list []PictureScore
	for _, p := range e.pictures {
		for i, m := range p.Methods {
			one, err := m.Confusion(len(e.evaluation.Set.Classes))
			if err != nil {
				return nil, err
			}
			s := one.Scores()
			list = append(list, PictureScore{p.Name, e.evaluation.Runner.Methods[i].Method.String(), s.MIoU, s.AAcc, p.Encoding, m.Seconds})
		}
	}
	return list, nil
}

// Chart shows the methods' mIoU as bars.
func (e *EvaluatedSegmentation) Chart() image.Image {
	a := e.Answer
	var bars []plot.Bar
	for _, m := range a.Methods {
		bars = append(bars, plot.Bar{Label: m.Method, Value: float64(m.MIoU), Number: m.MIoU.Percent() + " %"})
	}
	subtitle := fmt.Sprintf("mIoU; %d images, model %s, protocol %s", a.Images, a.Model.Name, a.Protocol.Preset)
	return plot.BarChart("Segmentation: "+a.Protocol.Dataset, subtitle, bars, "record "+a.Protocol.SHA256)
}

const worstShown = 8

// Worst is a sheet of the pictures with the fewest right pixels by the first method: as they are, in truth, and as segmented.
func (e *EvaluatedSegmentation) Worst(ctx context.Context) (image.Image, error) {
	set := e.evaluation.Set
	order := make([]int, len(e.pictures))
	right := make([]float64, len(e.pictures))
	for i, p := range e.pictures {
		one, err := p.Methods[0].Confusion(len(set.Classes))
		if err != nil {
			return nil, err
		}
		order[i], right[i] = i, one.Scores().AAcc
		if math.IsNaN(right[i]) {
			right[i] = 1 // nothing to get wrong
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(right[a], right[b]) })
	var panels []plot.Panel
	for _, i := range order[:min(worstShown, len(order))] {
		three, err := e.compared(ctx, i, fmt.Sprintf("%.1f %% right", 100*right[i]))
		if err != nil {
			return nil, err
		}
		panels = append(panels, three...)
	}
	return plot.ContactSheet("Worst pictures of "+set.Name, 6, panels, plot.Key{}), nil
}

// compared are picture i with a caption, its truth, and what the first method gives it.
func (e *EvaluatedSegmentation) compared(ctx context.Context, i int, caption string) ([]plot.Panel, error) {
	set := e.evaluation.Set
	photo, truth, err := set.Load(ctx, i, e.evaluation.Decoder)
	if err != nil {
		return nil, err
	}
	given, err := e.evaluation.Labels(ctx, photo)
	if err != nil {
		return nil, err
	}
	right := segment.NewLabels(given.Size, truth)
	return []plot.Panel{
		{Title: set.Item(i), Caption: caption, Image: photo},
		{Title: "truth", Caption: largestNames(set, right), Image: right.Colours()},
		{Title: e.evaluation.Runner.Methods[0].Method.String(), Caption: largestNames(set, given), Image: given.Colours()},
	}, nil
}

// largestNames are the three largest classes of some labels. What counts for nothing is none.
func largestNames(set *benchmark.Set, l *segment.Labels) string {
	counts := l.Counts(segment.Ignore + 1)[:len(set.Classes)]
	var names []string
	for range 3 {
		best := slices.Index(counts, slices.Max(counts))
		if counts[best] > 0 {
			names = append(names, set.Classes[best].Name)
		}
		counts[best] = 0
	}
	return strings.Join(names, ", ")
}
