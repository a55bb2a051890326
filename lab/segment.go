package lab

import (
	"context"
	"fmt"
	"image"
	"slices"
	"strings"
	"time"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/plot"
	"github.com/facet-clip/facet/segment"
)

// Segment asks what each pixel of a picture shows. The pictures are given to its answer, one by one or as datasets: see [Segmentation].
type Segment struct {
	SegmentSettings
	// Classes are what a picture is divided into.
	Classes []segment.Class
	// Background are texts of what is none of the classes. Where it is not nil, or there is a threshold, class 0 is the background.
	Background []string
	// Method is the method; 0 is [segment.Facet].
	Method segment.Method
	// Why is a region of the picture in pixels: the answer names the pairs behind it. Empty: nobody asks.
	Why image.Rectangle
	// Bank names those pairs: a list, a bank or a file with a text a line. Empty, it is the default: see [Lab.Bank].
	Bank string
	// Top is how many pairs Why names; 0 is 10.
	Top int
}

// pairsDefault is how many pairs behind a region an answer names where the question does not say.
const pairsDefault = 10

// check fills in what is not said. It needs no model.
func (q Segment) check() (Segment, error) {
	if q.Method == 0 {
		q.Method = segment.Facet
	}
	if q.Top == 0 {
		q.Top = pairsDefault
	}
	none := len(q.Classes) == 0 // a background alone divides nothing
	if q.Background != nil || q.Threshold != 0 {
		back := segment.Class{Name: segment.Background, Texts: append([]string(nil), q.Background...)}
		q.Classes = append([]segment.Class{back}, q.Classes...)
	}
	switch {
	case none:
		return q, mistake("classes", "is missing: expected the names of two classes or more")
	case q.Top < 0:
		return q, mistake("top", "%d: expected 1 or more", q.Top)
	}
	var err error
	q.SegmentSettings, err = q.SegmentSettings.check([]segment.Method{q.Method})
	return q, err
}

// Segmentation answers a [Segment] picture by picture. Safe for concurrent use.
type Segmentation struct {
	// Head is the answer without pictures.
	Head answer.Segmentation

	lab      *Lab
	question Segment
	runner   *segment.Runner
}

// Segment prepares all of a question that does not depend on a picture. What it prepares is kept: another question with the same classes,
// method or window begins at once.
func (l *Lab) Segment(ctx context.Context, q Segment) (*Segmentation, error) {
	q, err := q.check()
	if err != nil {
		return nil, err
	}
	p := prompted(q.Classes, q.prompts())
	s := &Segmentation{lab: l, question: q}
	if s.runner, s.Head.Protocol, err = l.prepare(ctx, q.SegmentSettings, []segment.Method{q.Method}, p); err != nil {
		return nil, err
	}
	if s.Head.Protocol.SHA256, err = protocolDigest(s.Head.Protocol); err != nil {
		return nil, err
	}
	s.Head.Model, err = l.describe(ctx)
	return s, err
}

// Segmented is one picture with what was found in it.
type Segmented struct {
	// Answer is what can be said in JSON.
	Answer answer.SegmentedImage
	// Photo is the picture, without transparency.
	Photo *image.NRGBA
	// Labels are the classes of pixels [H,W].
	Labels *segment.Labels
	// Maps are the logits; [segment.Maps.Class] is the map [H,W] of a class.
	Maps *segment.Maps
}

// Each segments the pictures of sources, in order, and gives each to use, after which its room in the lab's budget of pixels is free again.
// It lists the pictures of datasets that cannot be read; one that was named itself must be readable.
func (s *Segmentation) Each(ctx context.Context, sources []*dataset.Source, use func(*dataset.Source, *Segmented) error) ([]answer.Skipped, error) {
	total := dataset.Total(sources)
	if !s.question.Why.Empty() && total != 1 {
		return nil, mistake("why", "asks about one picture, found several")
	}
	progress := s.lab.Step(ctx, "images", total)
	defer progress.Done()
	skipped, err := s.lab.eachPicture(ctx, sources, func(source *dataset.Source, path string, photo *image.NRGBA) error {
		return s.give(ctx, path, photo, func(one *Segmented) error {
			err := use(source, one)
			progress.Add(1)
			return err
		})
	})
	progress.Done()
	s.lab.warnSkipped(skipped)
	return skipped, err
}

// Content decodes a picture file whose bytes are at hand, such as an upload, and gives use what was found in it. name is what the answer calls
// it. Its room in the lab's budget of pixels is free again when use returns.
func (s *Segmentation) Content(ctx context.Context, name string, data []byte, use func(*Segmented) error) error {
	return s.lab.decoder.Bytes(ctx, name, data, func(photo *image.NRGBA) error { return s.give(ctx, name, photo, use) })
}

// Picture is [Segmentation.Content] of a picture that is decoded already. Its transparency is dropped.
func (s *Segmentation) Picture(ctx context.Context, name string, img image.Image, use func(*Segmented) error) error {
	return s.lab.decoder.Image(ctx, name, img, func(photo *image.NRGBA) error { return s.give(ctx, name, photo, use) })
}

func (s *Segmentation) give(ctx context.Context, name string, photo *image.NRGBA, use func(*Segmented) error) error {
	one, err := s.segment(ctx, name, photo)
	if err != nil {
		return err
	}
	return use(one)
}

// segment does one picture.
func (s *Segmentation) segment(ctx context.Context, name string, photo *image.NRGBA) (*Segmented, error) {
	started := time.Now()
	maps, err := s.runner.Run(ctx, photo)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	one := &Segmented{Photo: photo, Maps: maps[0], Labels: maps[0].Labels()}
	one.Answer = answer.SegmentedImage{
		Image: name, Width: one.Labels.Size.X, Height: one.Labels.Size.Y, Windows: one.Maps.Windows(), Seconds: time.Since(started).Seconds(),
		Classes: shares(one.Labels, one.Maps.Classes.Names),
	}
	if !s.question.Why.Empty() {
		if one.Answer.Why, err = s.why(ctx, one); err != nil {
			return nil, mistaken(fmt.Errorf("%s: why: %w", name, err), segment.ErrRegion, segment.ErrNoPairs)
		}
	}
	return one, nil
}

// shares are the classes that some pixel has, the largest first.
func shares(l *segment.Labels, names []string) (list []answer.ClassShare) {
	for i, n := range l.Counts(len(names)) {
		if n > 0 {
			list = append(list, answer.ClassShare{Class: names[i], Label: i, Pixels: n, Share: float64(n) / float64(len(l.Class))})
		}
	}
	slices.SortStableFunc(list, func(a, b answer.ClassShare) int { return b.Pixels - a.Pixels })
	return list
}

// why names the pairs behind the region that was asked about.
func (s *Segmentation) why(ctx context.Context, one *Segmented) (*answer.RegionReason, error) {
	region := s.question.Why
	reason, err := s.runner.Why(ctx, one.Photo, one.Maps, 0, region)
	if err != nil {
		return nil, err
	}
	classes := one.Maps.Classes
	a := &answer.RegionReason{
		Region: [4]int{region.Min.X, region.Min.Y, region.Max.X, region.Max.Y}, Class: classes.Names[reason.Class],
		Text: classes.Queries[reason.Query], Logit: reason.Logit,
	}
	bank, err := s.lab.nearestWords(ctx, s.question.Bank, false, nil)
	if err != nil {
		return nil, err
	}
	ov := s.runner.Methods[0].Pool.OV
	for _, p := range reason.Top(ov, s.question.Top) {
		amount := float64(reason.Parts[ov.Index(p)])
		pair := answer.PairReason{Neuron: p.Neuron, Head: p.Head, Amount: amount, Share: decompose.Share(amount, reason.Logit)}
		if bank != nil {
			pair.Words = bank.Nearest(ov.Direction(p), wordsPerPair)
		}
		a.Pairs = append(a.Pairs, pair)
	}
	return a, nil
}

// Labelled is the labels as a picture whose values are the classes: see [segment.Labels.Image].
func (s *Segmented) Labelled() image.Image { return s.Labels.Image(len(s.Maps.Classes.Names)) }

// legendLength is how many classes a legend names, the largest first.
const legendLength = 24

// Overlay is the picture with its classes in colours over it, and a legend.
func (s *Segmented) Overlay() image.Image {
	var legend []plot.Entry
	for _, c := range s.Answer.Classes[:min(len(s.Answer.Classes), legendLength)] {
		legend = append(legend, plot.Entry{Colour: segment.Shown(c.Label), Label: c.Class, Note: fmt.Sprintf("%.1f %%", 100*c.Share)})
	}
	return plot.Overlay(s.Photo, s.Labels.Colours(), legend)
}

// usePicture takes a decoded picture of a source; path names it.
type usePicture func(source *dataset.Source, path string, photo *image.NRGBA) error

// eachPicture gives the pictures of sources one by one. It lists those of datasets that cannot be read; one that was named itself must be readable.
func (l *Lab) eachPicture(ctx context.Context, sources []*dataset.Source, use usePicture) (skipped []answer.Skipped, err error) {
	shown := 0
	for _, s := range sources {
		for item, err := range s.Items(ctx, 0) {
			if err != nil {
				return nil, err
			}
			unread, err := l.onePicture(ctx, s, item, use)
			switch {
			case err != nil:
				return nil, err
			case unread != nil && s.Kind == dataset.KindFiles:
				return nil, unread
			case unread != nil:
				skipped = append(skipped, answer.Skipped{Path: item.Path, Reason: strings.TrimPrefix(unread.Error(), item.Path+": ")})
			default:
				shown++
			}
		}
	}
	if shown == 0 && len(skipped) > 0 {
		return nil, fmt.Errorf("none of %d pictures can be read", len(skipped))
	}
	return skipped, nil
}

// onePicture tells why a picture cannot be read from what its use says.
func (l *Lab) onePicture(ctx context.Context, s *dataset.Source, item dataset.Item, use usePicture) (unread, err error) {
	unread = item.Decode(ctx, l.decoder, func(photo *image.NRGBA) error {
		err = use(s, item.Path, photo)
		return err
	})
	if err == nil {
		err = ctx.Err()
	}
	return unread, err
}
