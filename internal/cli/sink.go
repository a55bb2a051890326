package cli

import (
	"context"
	"fmt"
	"image"
	"iter"
	"log/slog"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/plot"
)

// sinkResult is what facet sink --json prints.
type sinkResult struct {
	Model  modelRecord `json:"model"`
	Source string      `json:"source"`
	experiment.SinkReport
	Unread   int               `json:"unread"`             // pictures that cannot be read, which are left out
	Accuracy *sinkAccuracy     `json:"accuracy,omitempty"` // absent without labels of two classes at least
	Words    [][]concept.Match `json:"words,omitempty"`    // of each register: nearest to its direction when every head passes it alike
	Pairs    []registerPair    `json:"pairs,omitempty"`    // of each register, with a bank or a labelled atlas: the one used most, or of the longest direction

	names *names // of the pairs
}

// registerPair is the strongest pair of a register neuron.
type registerPair struct {
	Neuron int `json:"neuron"`
	Head   int `json:"head"`
	pairNames
}

// sinkAccuracy is zero-shot accuracy with every place, and with the last one left out.
type sinkAccuracy struct {
	With    experiment.Share `json:"with"`
	Without experiment.Share `json:"without"`
}

func (a *app) sinkCommand() *cobra.Command {
	var o studyOptions
	var limit int
	var bank string
	var roots []string
	cmd := &cobra.Command{
		Use:   "sink SOURCE|ATLAS",
		Short: "Ask where the class token looks: attention of each place, and whether one of them is a sink",
		Long: `In CLIP-ResNets the last spatial token draws attention whatever it shows. For a dataset, or the pictures of an atlas: mean attention of each
place, the neurons that draw it to the last one, and zero-shot accuracy when that place is not looked at.`,
		Example: `  facet sink photos/ --model RN50 -o sink.png
  facet sink scenes:default?n=500`,
		Args: argsBetween(1, 1, "one dataset or atlas"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.chart != "" && filepath.Ext(o.chart) != ".png" {
				return usagef("-o %s: expected a name that ends in .png", o.chart)
			}
			return a.sink(cmd.Context(), args[0], bank, roots, limit, o)
		},
	}
	f := cmd.Flags()
	numberVar(f, &limit, "limit", 500, some, "take at most so many pictures")
	f.StringVar(&bank, "bank", "", "a `BANK` of facet texts, or a file with a text a line: name register neurons by it (the demo model has its own)")
	f.StringVar(&o.classes, "classes", "", "class names: a list with commas, or a `FILE` of them (default: the labels)")
	f.StringVar(&o.templates, "templates", "", "a `FILE` with a prompt a line, {} for the class (default: facet's own)")
	rootFlag(f, &roots)
	f.StringVarP(&o.chart, "output", "o", "", "write the map of attention into `FILE`.png")
	return cmd
}

// labelled is a picture with its class.
type labelled struct {
	label  string
	seen   *image.RGBA // cropped to the model's size
	unread error       // why there is no picture
}

// picturesOf gives the pictures of an atlas, cropped to a size, and all its labels.
func (a *app) picturesOf(ctx context.Context, at *atlas.Atlas, roots []string, limit int) (func(size int) iter.Seq2[labelled, error], []string, error) {
	if err := at.CheckRoots(roots); err != nil {
		return nil, nil, err
	}
	labels, err := at.Labels()
	return func(size int) iter.Seq2[labelled, error] {
		return func(yield func(labelled, error) bool) {
			n := 0
			for img, err := range at.Images() {
				var l labelled
				if err == nil {
					l.label = img.Label
					l.seen, l.unread = a.pictureOf(ctx, at, n, img.Path, roots, size)
				}
				if n++; !yield(l, err) || err != nil || n == limit {
					return
				}
			}
		}
	}, labels, err
}

// pictureOf opens the picture of an image of an atlas, cropped to a size.
func (a *app) pictureOf(ctx context.Context, at *atlas.Atlas, index int, path string, roots []string, size int) (*image.RGBA, error) {
	found, err := at.Picture(index, path, roots)
	if err != nil {
		return nil, err
	}
	return a.cropped(ctx, found, size)
}

// pictures gives the pictures of a dataset, cropped to a size, and all labels there are.
func (a *app) pictures(ctx context.Context, source string, limit int) (func(size int) iter.Seq2[labelled, error], []string, error) {
	s, err := dataset.Open(source, dataset.Options{Limit: limit})
	if err != nil {
		return nil, nil, err
	}
	var labels []string
	for item, err := range s.Items(ctx, 0) {
		if err != nil {
			return nil, nil, err
		}
		labels = append(labels, item.Label)
	}
	return func(size int) iter.Seq2[labelled, error] {
		crop := func(_ dataset.Item, img *image.NRGBA) (*image.RGBA, error) { return preprocess.Crop(img, size), nil }
		return func(yield func(labelled, error) bool) {
			for l, err := range dataset.Load(ctx, s, 0, a.decoder(), crop) {
				if !yield(labelled{l.Label, l.Made, l.Err}, err) || err != nil {
					return
				}
			}
		}
	}, labels, nil
}

// openSink opens a dataset with the model of --model, or an atlas with its own, and the use of pairs in it.
func (a *app) openSink(ctx context.Context, source string, roots []string, limit int) (m *model, use *use, pictures func(size int) iter.Seq2[labelled, error], labels []string, err error) {
	if isAtlas(source) {
		if m, use, err = a.openUse(ctx, source); err == nil {
			pictures, labels, err = a.picturesOf(ctx, use.atlas, roots, limit)
		}
	} else if len(roots) > 0 {
		err = usagef("--root: %s is no atlas; name the folder where its pictures are instead", source)
	} else if pictures, labels, err = a.pictures(ctx, source, limit); err == nil {
		m, err = a.open(ctx)
	}
	if err != nil && m != nil {
		err = joinClose(err, m)
	}
	return m, use, pictures, labels, err
}

func (a *app) sink(ctx context.Context, source, bank string, roots []string, limit int, o studyOptions) error {
	m, use, pictures, labels, err := a.openSink(ctx, source, roots, limit)
	if err != nil {
		return err
	}
	defer m.Close()
	w, err := m.newWatcher(ctx, labels, o)
	if err != nil {
		return err
	}
	looked := 0
	bar := a.progress("pictures", min(limit, len(labels)))
	defer bar.done()
	var bad unread
	for l, err := range pictures(m.Config.Image) {
		if err != nil {
			return err
		}
		bar.add(1)
		if l.unread != nil {
			bad.add(l.unread.Error())
			continue
		}
		if err := w.look(ctx, l); err != nil {
			return err
		}
		looked++
	}
	bar.done()
	if looked == 0 && bad.count > 0 {
		return fmt.Errorf("%s: none of %d pictures can be read; the first: %s", source, bad.count, bad.first)
	}
	bad.warn()
	r := sinkResult{Source: source, Unread: bad.count}
	if r.SinkReport, err = w.sink.Report(10); err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	if w.counts > 0 {
		r.Accuracy = &sinkAccuracy{experiment.NewShare(w.right, w.counts), experiment.NewShare(w.without, w.counts)}
	}
	if bank != "" || m.name == demoName {
		words, err := m.wordBank(ctx, bank, false)
		if err != nil {
			return err
		}
		for _, n := range r.Registers {
			r.Words = append(r.Words, words.Nearest(w.ov.NeuronDirection(n.Neuron), wordsPerPair))
		}
	}
	if r.Pairs, r.names, err = m.registerPairs(ctx, w.ov, use, bank, r.Registers); err != nil {
		return err
	}
	if o.chart != "" {
		if err := writePNG(o.chart, plot.HeatMap(w.mean(), floats(r.Mass), w.grid, w.grid, 0)); err != nil {
			return err
		}
	}
	if a.json {
		if r.Model, err = m.record(ctx); err != nil {
			return err
		}
		return encodeJSON(a.stdout, r)
	}
	a.printSink(r, w.grid)
	return nil
}

// registerPairs are each register's strongest pair with its label: by use in an atlas of the model, else by the length of its direction. None
// without a bank, unless the atlas keeps labels.
func (m *model) registerPairs(ctx context.Context, ov *decompose.OV, use *use, bank string, registers []experiment.Register) ([]registerPair, *names, error) {
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
	labels, err := m.namesFor(ctx, ov, use, best, bank, false)
	if labels == nil || err != nil {
		return nil, nil, err
	}
	var pairs []registerPair
	for _, p := range best {
		pairs = append(pairs, registerPair{p.Neuron, p.Head, labels.of(ov.Index(p))})
	}
	return pairs, labels, nil
}

// watcher looks at pictures for a sink. It watches the last place, the field's sink.
type watcher struct {
	*model
	ov                     *decompose.OV
	sink                   *experiment.Sink
	head                   *concept.Bank // nil without labels
	grid                   int
	right, without, counts int       // classified right with all places and without the last one, of so many
	light                  []float64 // sum of all pictures [H·W]
}

func (m *model) newWatcher(ctx context.Context, labels []string, o studyOptions) (*watcher, error) {
	qk, err := m.PoolQuery()
	if err != nil {
		return nil, err
	}
	ov, err := m.Decomposition()
	if err != nil {
		return nil, err
	}
	g := m.Config.Grid()
	w := &watcher{model: m, ov: ov, grid: g, sink: experiment.NewSink(qk, g*g, g*g-1), light: make([]float64, m.Config.Image*m.Config.Image)}
	if o.classes != "" || len(classNames(labels)) > 1 {
		if w.head, err = m.classHead(ctx, labels, o); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func (w *watcher) look(ctx context.Context, l labelled) error {
	size := w.Config.Image
	for p := range w.light {
		w.light[p] += float64(l.seen.Pix[4*p+1])
	}
	out, err := w.EncodeImages(ctx, graph.Floats(preprocess.Normalise(l.seen), 1, 3, size, size), clip.Embedding, clip.Tokens)
	if err != nil {
		return err
	}
	x := out[clip.Tokens].Floats
	if err := w.classify(slices.Index(w.labels(), className(l.label)), out[clip.Embedding].Floats, x); err != nil {
		return err
	}
	return w.sink.Add(x)
}

func (w *watcher) labels() []string {
	if w.head == nil {
		return nil
	}
	return w.head.Texts
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
	name := w.head.Texts[label]
	w.counts++
	if w.head.Classify(embedding, 1)[0].Label == name {
		w.right++
	}
	if w.head.Classify(scalars.Embedding(), 1)[0].Label == name {
		w.without++
	}
	return nil
}

// mean is the mean of all pictures' green, in grey.
func (w *watcher) mean() *image.Gray {
	size := w.Config.Image
	img := image.NewGray(image.Rect(0, 0, size, size))
	most := slices.Max(w.light)
	for p, v := range w.light {
		img.Pix[p] = uint8(255 * v / max(most, 1))
	}
	return img
}

func floats(x []float64) []float32 {
	out := make([]float32, len(x))
	for i, v := range x {
		out[i] = float32(v)
	}
	return out
}

func (a *app) printSink(r sinkResult, grid int) {
	fmt.Fprintf(a.stdout, "Attention of each place, mean over heads and %d pictures (the class token itself: %s)\n", r.Images, percent(r.Class))
	for y := range grid {
		for x := range grid {
			fmt.Fprintf(a.stdout, " %6s", percent(r.Mass[y*grid+x]))
		}
		fmt.Fprintln(a.stdout)
	}
	fmt.Fprintf(a.stdout, "Place %d (row %d, column %d) stands out most: %.2f times the attention of its neighbours%s.\n", r.Token, r.Token/grid, r.Token%grid, r.Ratio, r.verdict())
	a.printRegisters(r)
	if r.Accuracy != nil {
		fmt.Fprintf(a.stdout, "Zero-shot accuracy %s; without place %d, %s.\n", interval(r.Accuracy.With), r.Watched, interval(r.Accuracy.Without))
	}
}

// verdict says whether the place that stands out most is a sink.
func (r sinkResult) verdict() string {
	if r.RatioLow == nil {
		return "; one picture does not tell whether it is a sink"
	}
	verdict := "no sink"
	if r.Exists {
		verdict = "a sink"
	}
	return fmt.Sprintf(" (%.2f to %.2f), %s", *r.RatioLow, *r.RatioHigh, verdict)
}

// printRegisters lists the neurons that make a sink of the watched place; where there is none, nothing.
func (a *app) printRegisters(r sinkResult) {
	if len(r.Registers) == 0 {
		return
	}
	columns := []string{"register neuron", fmt.Sprintf("share of the attention of place %d that goes without it", r.Watched)}
	switch {
	case r.Pairs != nil:
		columns = append(columns, append([]string{"its strongest pair"}, r.names.columns()...)...)
	case r.Words != nil:
		columns = append(columns, "words")
	}
	t := a.table(columns...)
	for i, n := range r.Registers {
		row := []any{n.Neuron, percent(n.Share)}
		switch {
		case r.Pairs != nil:
			p := r.Pairs[i]
			row = append(append(row, decompose.Pair{Head: p.Head, Neuron: p.Neuron}.String()), r.names.cells(p.pairNames)...)
		case r.Words != nil:
			row = append(row, wordList(r.Words[i]))
		}
		t.AppendRow(row)
	}
	t.Render()
}

// unread counts the pictures of a source that cannot be read.
type unread struct {
	count int
	first string
}

func (u *unread) add(what string) {
	if u.count++; u.count == 1 {
		u.first = what
	}
}

func (u *unread) warn() {
	if u.count > 0 {
		slog.Warn("some pictures cannot be read and are left out", "count", u.count, "first", u.first)
	}
}
