package lab

import (
	"cmp"
	"context"
	"fmt"
	"image"
	"iter"
	"os"
	"path/filepath"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/internal/numeric"
	"github.com/facet-clip/facet/plot"
)

// Sink asks where the class token looks, and whether the last place is an attention sink.
type Sink struct {
	// Source is a dataset, or the folder of an atlas whose pictures are looked at.
	Source string
	// Roots are the folders where the pictures of an atlas lie now, if they were moved.
	Roots []string
	// Limit is how many pictures are looked at; 0 is 500.
	Limit int
	// Classes are those that pictures are told apart by. Empty, they are the labels.
	Classes []string
	// Templates are the prompts that each class is put into. Empty, they are facet's own.
	Templates concept.Templates
	// Reference adds what the published code finds: see [answer.PublishedSink].
	Reference bool
	// Zeroed is how many neurons its ablation sets to zero; 0 is its 18.
	Zeroed int
	// Bank names register neurons and their pairs: a bank or a file with a text a line.
	Bank string
}

// IsAtlas tells whether there is an atlas in a folder, finished or not.
func IsAtlas(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, atlas.ManifestFile))
	return err == nil
}

// Watched is what was found out about the places of a dataset, with the picture of it.
type Watched struct {
	// Answer is what is printed.
	Answer *answer.Sink

	mean image.Image
}

// Map is the mean of all pictures with the attention of each place over it, and its scale.
func (w *Watched) Map() *image.RGBA {
	heat := plot.HeatMap(w.mean, numeric.Float32(w.Answer.Mass), w.Answer.Grid, w.Answer.Grid, 0)
	return plot.Keyed("Mean attention of each place, over the mean picture", heat, fmt.Sprintf("%.1f %%", 100*slices.Max(w.Answer.Mass)))
}

// Sink looks at pictures: the mean attention of each place, the neurons that draw it to the last one, and zero-shot accuracy when that place is not
// looked at (docs/design.md, 22).
func (l *Lab) Sink(ctx context.Context, q Sink) (*Watched, error) {
	if q.Limit == 0 {
		q.Limit = 500
	}
	if q.Limit < 0 {
		return nil, mistake("limit", "%d: expected 1 or more", q.Limit)
	}
	if err := CheckClasses(q.Classes); err != nil {
		return nil, err
	}
	pictures, use, err := l.openPictures(ctx, q)
	if err != nil {
		return nil, err
	}
	w, err := l.newWatcher(ctx, pictures.labels, q)
	if err != nil {
		return nil, err
	}
	unread, err := w.watch(ctx, pictures, q)
	if err != nil {
		return nil, err
	}
	a := &answer.Sink{Source: q.Source, Unread: unread, Grid: w.grid}
	if a.SinkReport, err = w.sink.Report(10); err != nil {
		return nil, fmt.Errorf("%s: %w", q.Source, err)
	}
	if w.counts > 0 {
		a.Accuracy = &answer.SinkAccuracy{With: experiment.NewShare(w.right, w.counts), Without: experiment.NewShare(w.without, w.counts)}
	}
	if q.Reference {
		if a.Published, err = w.publish(ctx, pictures, cmp.Or(q.Zeroed, 18)); err != nil {
			return nil, err
		}
	}
	if err := l.nameRegisters(ctx, w.ov, use, q.Bank, a); err != nil {
		return nil, err
	}
	a.Model, err = l.describe(ctx)
	return &Watched{a, w.average()}, err
}

// labelled is a picture with its class.
type labelled struct {
	label  string
	seen   *image.RGBA // cropped to the model's size
	unread error       // why there is no picture
}

// labelledPictures are pictures one by one, and all labels there are.
type labelledPictures struct {
	each   iter.Seq2[labelled, error]
	labels []string
}

// openPictures opens a dataset, or the pictures of an atlas with the use of pairs in it.
func (l *Lab) openPictures(ctx context.Context, q Sink) (labelledPictures, *use, error) {
	if IsAtlas(q.Source) {
		use, err := l.openAtlas(ctx, q.Source)
		if err != nil {
			return labelledPictures{}, nil, err
		}
		p, err := l.picturesOf(ctx, use, q.Roots, q.Limit)
		return p, use, err
	}
	if len(q.Roots) > 0 {
		return labelledPictures{}, nil, mistake("root", "%s: it is no atlas; name the folder where its pictures are instead", q.Source)
	}
	p, err := l.picturesIn(ctx, q.Source, q.Limit)
	return p, nil, err
}

// picturesOf gives the pictures of an atlas.
func (l *Lab) picturesOf(ctx context.Context, use *use, roots []string, limit int) (labelledPictures, error) {
	at := use.atlas
	if err := at.CheckRoots(roots); err != nil {
		return labelledPictures{}, err
	}
	labels, err := at.Labels()
	return labelledPictures{labels: labels, each: func(yield func(labelled, error) bool) {
		n := 0
		for img, err := range at.Images() {
			var p labelled
			if err == nil {
				p.label = img.Label
				p.seen, p.unread = l.pictureOf(ctx, use, n, img.Path, roots)
			}
			if n++; !yield(p, err) || err != nil || n == limit {
				return
			}
		}
	}}, err
}

// pictureOf opens the picture of an image of an atlas, as the model sees it.
func (l *Lab) pictureOf(ctx context.Context, use *use, index int, path string, roots []string) (*image.RGBA, error) {
	found, err := use.atlas.Picture(index, path, roots)
	if err != nil {
		return nil, err
	}
	return l.cropped(ctx, use.decoder(l), found)
}

// picturesIn gives the pictures of a dataset.
func (l *Lab) picturesIn(ctx context.Context, source string, limit int) (p labelledPictures, err error) {
	s, err := dataset.Open(source, dataset.Options{Limit: limit})
	if err != nil {
		return p, err
	}
	for item, err := range s.Items(ctx, 0) {
		if err != nil {
			return p, err
		}
		p.labels = append(p.labels, item.Label)
	}
	crop := func(_ dataset.Item, img *image.NRGBA) (*image.RGBA, error) {
		return preprocess.Crop(img, l.model.Config.Image), nil
	}
	p.each = func(yield func(labelled, error) bool) {
		for item, err := range dataset.Load(ctx, s, 0, l.decoder, crop) {
			if !yield(labelled{item.Label, item.Made, item.Err}, err) || err != nil {
				return
			}
		}
	}
	return p, nil
}

// nameRegisters gives registers their words and their strongest pairs' names.
func (l *Lab) nameRegisters(ctx context.Context, ov *decompose.OV, use *use, bank string, a *answer.Sink) error {
	words, err := l.nearestWords(ctx, bank, false, use)
	if err != nil {
		return err
	}
	if words != nil {
		for _, n := range a.Registers {
			a.Words = append(a.Words, words.Nearest(ov.NeuronDirection(n.Neuron), wordsPerPair))
		}
	}
	best := strongestPairs(ov, use, a.Registers)
	labels, err := l.namesFor(ctx, ov, use, best, bank, false)
	if labels == nil || err != nil {
		return err
	}
	a.Labelling = labels.Labelling()
	for _, p := range best {
		a.Pairs = append(a.Pairs, answer.NamedPair{Neuron: p.Neuron, Head: p.Head, Names: labels.Of(ov.Index(p))})
	}
	return nil
}

// strongestPairs are each register's pair of most use in an atlas of the model, else of the longest direction.
func strongestPairs(ov *decompose.OV, use *use, registers []answer.Register) []decompose.Pair {
	strength := ov.Norms()
	if use != nil {
		strength = use.strength
	}
	best := make([]decompose.Pair, len(registers))
	for i, n := range registers {
		best[i].Neuron = n.Neuron
		for h := range ov.Heads {
			if p := (decompose.Pair{Head: h, Neuron: n.Neuron}); strength[ov.Index(p)] > strength[ov.Index(best[i])] {
				best[i] = p
			}
		}
	}
	return best
}

// watcher looks at pictures for a sink. It watches the last place, the field's sink.
type watcher struct {
	*Lab
	ov                     *decompose.OV
	sink                   *experiment.Sink
	head                   *concept.Bank // nil without labels
	grid                   int
	right, without, counts int                       // classified right with all places and without the last one, of so many
	light                  []float64                 // sum of all pictures [H·W]
	published              *experiment.ReferenceSink // nil where nobody asks
	dark, bare             int                       // classified right as it zeroes the sink, and its neurons
}

func (l *Lab) newWatcher(ctx context.Context, labels []string, q Sink) (*watcher, error) {
	query, err := l.query()
	if err != nil {
		return nil, err
	}
	ov, err := l.ov()
	if err != nil {
		return nil, err
	}
	g, size := l.model.Config.Grid(), l.model.Config.Image
	w := &watcher{Lab: l, ov: ov, grid: g, sink: experiment.NewSink(query, g*g, g*g-1), light: make([]float64, size*size)}
	if q.Reference {
		if w.published, err = l.publishedSink(query, g); err != nil {
			return nil, err
		}
	}
	if len(q.Classes) > 0 || len(ClassNames(labels)) > 1 {
		if w.head, err = l.ClassHead(ctx, labels, q.Classes, q.Templates); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// watch looks at all pictures and counts those that cannot be read.
func (w *watcher) watch(ctx context.Context, pictures labelledPictures, q Sink) (unread int, err error) {
	step := w.Step(ctx, "pictures", min(q.Limit, len(pictures.labels)))
	defer step.Done()
	var first error
	for p, err := range pictures.each {
		if err != nil {
			return 0, err
		}
		step.Add(1)
		if p.unread != nil {
			if unread++; unread == 1 {
				first = p.unread
			}
			continue
		}
		if err := w.look(ctx, p); err != nil {
			return 0, err
		}
	}
	if unread > 0 && unread == step.count {
		return 0, fmt.Errorf("%s: none of %d pictures can be read; the first: %w", q.Source, unread, first)
	}
	if unread > 0 {
		w.log.Warn("some pictures cannot be read and are left out", "count", unread, "first", first)
	}
	return unread, nil
}

// look takes up one picture.
func (w *watcher) look(ctx context.Context, p labelled) error {
	for i := range w.light {
		w.light[i] += float64(p.seen.Pix[4*i+1])
	}
	out, err := w.model.EncodePictures(ctx, []*image.RGBA{p.seen}, clip.Embedding, clip.Tokens)
	if err != nil {
		return err
	}
	x := out[clip.Tokens].Floats
	if w.head != nil {
		if err := w.classify(slices.Index(w.head.Texts, ClassName(p.label)), out[clip.Embedding].Floats, x); err != nil {
			return err
		}
	}
	if w.published != nil {
		if err := w.published.Add(x); err != nil {
			return err
		}
	}
	return w.sink.Add(x)
}

// publishedSink is the published code's way for a grid of g×g places.
func (l *Lab) publishedSink(query decompose.Query, g int) (*experiment.ReferenceSink, error) {
	weights, err := l.weights()
	if err != nil {
		return nil, err
	}
	positions, err := l.model.Positions(g, g)
	if err != nil {
		return nil, err
	}
	return experiment.NewReferenceSink(query, weights, positions)
}

// publish sums up the published code's way. With classes it looks at all pictures again, without the neurons found.
func (w *watcher) publish(ctx context.Context, pictures labelledPictures, zeroed int) (*answer.PublishedSink, error) {
	a := w.published.Report(10, zeroed)
	if w.counts == 0 {
		return a, nil
	}
	for p, err := range pictures.each {
		if err != nil {
			return nil, err
		}
		if p.unread != nil {
			continue
		}
		label := slices.Index(w.head.Texts, ClassName(p.label))
		if label < 0 {
			continue
		}
		out, err := w.model.EncodePictures(ctx, []*image.RGBA{p.seen}, clip.Tokens)
		if err != nil {
			return nil, err
		}
		dark, err := w.published.ZeroSink(out[clip.Tokens].Floats)
		if err != nil {
			return nil, err
		}
		bare, err := w.published.ZeroNeurons(out[clip.Tokens].Floats, a.Zeroed)
		if err != nil {
			return nil, err
		}
		w.dark += w.hit(dark, label)
		w.bare += w.hit(bare, label)
	}
	dark, bare := experiment.NewShare(w.dark, w.counts), experiment.NewShare(w.bare, w.counts)
	a.ZeroSink, a.ZeroNeurons = &dark, &bare
	return a, nil
}

// hit is 1 where an embedding is classified as a label, else 0.
func (w *watcher) hit(embedding []float32, label int) int {
	if w.head.Classify(embedding, 1)[0].Label == w.head.Texts[label] {
		return 1
	}
	return 0
}

// classify asks for a picture's class with all places, and without the last one.
func (w *watcher) classify(label int, embedding, x []float32) error {
	if label < 0 {
		return nil
	}
	without, err := w.sink.Without(x)
	if err != nil {
		return err
	}
	scalars, err := w.ov.Scalars(without)
	if err != nil {
		return err
	}
	w.counts++
	w.right += w.hit(embedding, label)
	w.without += w.hit(scalars.Embedding(), label)
	return nil
}

// average is the mean of all pictures' green, in grey.
func (w *watcher) average() *image.Gray {
	size := w.model.Config.Image
	img := image.NewGray(image.Rect(0, 0, size, size))
	most := slices.Max(w.light)
	for p, v := range w.light {
		img.Pix[p] = uint8(255 * v / max(most, 1))
	}
	return img
}
