package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/plot"
)

// studyOptions are the flags of the verbs that ask a question of an atlas and score the answer.
type studyOptions struct {
	unit, classes, templates, means, chart, compat string
}

const compatReference = "reference"

func (o *studyOptions) flags(f *pflag.FlagSet, unit string) {
	o.unitFlags(f, unit)
	f.StringVar(&o.classes, "classes", "", "class names: a list with commas, or a `FILE` with one a line (default: the atlas' labels)")
	f.StringVar(&o.templates, "templates", "", "a `FILE` with a prompt a line, {} for the class (default: facet's own)")
	f.StringVar(&o.means, "means", "", "take means, components and scores from this other `ATLAS` (default: every other image, scored on the rest)")
}

// unitFlags are those of a question that scores nothing.
func (o *studyOptions) unitFlags(f *pflag.FlagSet, unit string) {
	f.StringVar(&o.unit, "unit", unit, "the unit: pair, neuron or head")
	f.StringVarP(&o.chart, "output", "o", "", "write a chart into `FILE`.png or .svg")
}

func (o studyOptions) check() error {
	if !slices.Contains(experiment.Units(), experiment.Unit(o.unit)) {
		return usagef("--unit %s: expected pair, neuron or head", o.unit)
	}
	if o.compat != "" && o.compat != compatReference {
		return usagef("--compat %s: expected reference", o.compat)
	}
	return checkChart(o.chart)
}

func checkChart(name string) error {
	if name != "" && !slices.Contains(plot.Formats(), strings.TrimPrefix(filepath.Ext(name), ".")) {
		return usagef("-o %s: expected a name that ends in .png or .svg", name)
	}
	return nil
}

func writeChart(name string, c plot.Curve) error {
	return writeFile(name, func(w io.Writer) error { return c.Write(w, strings.TrimPrefix(filepath.Ext(name), ".")) })
}

// study is an atlas with its model, ready for questions.
type study struct {
	*model
	*experiment.Data
	atlas *atlas.Atlas
	means *decompose.Stats // of the images that s̄, components and scores come from
	fit   *experiment.Data // of those images; nil where --means names an atlas without scalars
	from  []int            // those images
	unfit error            // why there is no fit
	test  []int

	closers []func() error
}

// openAtlas opens an atlas with the model that made it.
func (a *app) openAtlas(ctx context.Context, dir string) (*model, *atlas.Atlas, error) {
	at, err := atlas.Open(dir)
	if err != nil {
		return nil, nil, err
	}
	if err := a.turnLike(dir, at.Manifest.Options.ExifRotate); err != nil {
		return nil, nil, err
	}
	m, err := a.openFor(ctx, dir)
	if err != nil {
		return nil, nil, err
	}
	if err := m.made(ctx, at); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", dir, joinClose(err, m))
	}
	return m, at, nil
}

// made is an error unless the model made the atlas.
func (m *model) made(ctx context.Context, at *atlas.Atlas) error {
	sum, err := m.Checkpoint().SHA256(ctx)
	if err != nil {
		return err
	}
	return at.Manifest.Model.SameModel(atlas.Model{Name: m.name, SHA256: sum, Config: m.Config})
}

func joinClose(err error, m *model) error {
	if closing := m.Close(); closing != nil {
		return fmt.Errorf("%w; %w", err, closing)
	}
	return err
}

// openStudy reads what a question needs: the scalars of every image, and classes to score with.
func (a *app) openStudy(ctx context.Context, dir string, o studyOptions) (*study, error) {
	m, at, err := a.openAtlas(ctx, dir)
	if err != nil {
		return nil, err
	}
	s := &study{model: m, atlas: at, closers: []func() error{m.Close}}
	if err := s.prepare(ctx, dir, o); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *study) close() (err error) {
	for _, c := range slices.Backward(s.closers) {
		err = errors.Join(err, c())
	}
	return err
}

func (s *study) prepare(ctx context.Context, dir string, o studyOptions) (err error) {
	if s.Data, err = s.model.data(s.atlas); err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	if s.Row, err = s.scalars(s.atlas); err != nil {
		return err
	}
	if err := s.classes(ctx, o); err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	if o.means != "" {
		return s.meansOf(o.means)
	}
	if s.Images() < 4 {
		return fmt.Errorf("%s: %d images are too few to take means from some and test on others", dir, s.Images())
	}
	s.fit = s.Data
	s.from, s.test = experiment.Halves(s.Images())
	s.means, err = s.Fit(ctx, s.from)
	return err
}

// meansOf takes s̄, components and scores from another atlas of the model. Its scalars are opened where it keeps them.
func (s *study) meansOf(dir string) error {
	other, err := atlas.Open(dir)
	if err != nil {
		return fmt.Errorf("--means: %w", err)
	}
	if err := other.Manifest.Model.SameModel(s.atlas.Manifest.Model); err != nil {
		return fmt.Errorf("--means %s: %w", dir, err)
	}
	s.means = other.Stats
	for i := range s.Images() {
		s.test = append(s.test, i)
	}
	row, err := s.scalars(other)
	if errors.Is(err, atlas.ErrNoScalars) {
		s.unfit = fmt.Errorf("--means %w", err)
		return nil
	} else if err != nil {
		return err
	}
	fit := *s.Data
	fit.Row, s.fit = row, &fit
	for i := range other.Manifest.Images {
		s.from = append(s.from, i)
	}
	return nil
}

// fitting are the images that s̄, components and scores come from, with their scalars.
func (s *study) fitting() (*experiment.Data, []int, error) { return s.fit, s.from, s.unfit }

// scores are how much the model uses each unit in the images that s̄ comes from. Those of pairs are in every atlas; those of neurons and heads need scalars.
func (s *study) scores(ctx context.Context, u experiment.Unit) ([]float64, error) {
	if u == experiment.Pair {
		return s.Scores(ctx, s.means, nil, u, referenceTop)
	}
	fit, images, err := s.fitting()
	if err != nil {
		return nil, err
	}
	return fit.Scores(ctx, s.means, images, u, referenceTop)
}

// scalars opens the scalars that an atlas keeps, until the study is closed.
func (s *study) scalars(at *atlas.Atlas) (func(int, []float32) error, error) {
	scalars, err := at.Scalars()
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, scalars.Close)
	return scalars.Row, nil
}

// data is an atlas' data, without scalars and classes.
func (m *model) data(at *atlas.Atlas) (*experiment.Data, error) {
	w, err := m.PoolWeights()
	if err != nil {
		return nil, err
	}
	d := &experiment.Data{Weights: w, Gram: at.NeuronGram, Norms: at.Norms}
	if d.OV, err = decompose.New(d.Weights); err != nil {
		return nil, err
	}
	d.Embeddings, err = at.Embeddings()
	return d, err
}

// classes gives the data its zero-shot head and the class of each image.
func (s *study) classes(ctx context.Context, o studyOptions) error {
	labels, err := s.atlas.Labels()
	if err != nil {
		return err
	}
	if s.Head, err = s.classHead(ctx, labels, o); err != nil {
		return err
	}
	for _, l := range labels {
		s.Labels = append(s.Labels, slices.Index(s.Head.Texts, className(l)))
	}
	if !slices.ContainsFunc(s.Labels, func(l int) bool { return l >= 0 }) {
		slog.Warn("no image has a label among the classes, so no accuracy is measured", "classes", len(s.Head.Texts), "images", len(labels))
	}
	return nil
}

// className is a folder's name as prompts say it.
func className(label string) string { return strings.ReplaceAll(label, "_", " ") }

// classNames are the classes among labels, in order.
func classNames(labels []string) (classes []string) {
	for _, l := range labels {
		if l != "" {
			classes = append(classes, className(l))
		}
	}
	slices.Sort(classes)
	return slices.Compact(classes)
}

// classHead is the zero-shot head over the classes asked for, or the labels at hand. The demo model's own classes are said as its world says them.
func (m *model) classHead(ctx context.Context, labels []string, o studyOptions) (*concept.Bank, error) {
	var classes []string
	if o.classes != "" {
		var err error
		if classes, err = readLabels(ctx, "--classes", o.classes); err != nil {
			return nil, err
		}
	} else {
		classes = classNames(labels)
	}
	if classes = distinct(classes); len(classes) < 2 {
		return nil, fmt.Errorf("%d classes among the labels: expected at least two to tell apart, or --classes", len(classes))
	}
	if m.name == demoName && o.templates == "" {
		concepts, err := demo.NewConcepts(ctx, m.Model)
		if err != nil {
			return nil, err
		}
		if bank := concepts.Categories; !slices.ContainsFunc(classes, func(c string) bool { return !slices.Contains(bank.Texts, c) }) {
			return bank.Some(classes), nil
		}
	}
	templates := concept.DefaultTemplates()
	if o.templates != "" {
		var err error
		if templates, err = readText(ctx, o.templates, concept.ReadTemplates); err != nil {
			return nil, err
		}
	}
	return m.zeroShot(ctx, classes, templates)
}

// studyRecord says what a result was measured on: every result carries it.
type studyRecord struct {
	studied
	Means   string `json:"means"` // where s̄, components and scores come from
	Classes int    `json:"classes"`
	Compat  string `json:"compat,omitempty"`
}

// studied is what was asked of what.
type studied struct {
	Model  modelRecord `json:"model"`
	Atlas  string      `json:"atlas"`
	Unit   string      `json:"unit"`
	Images int         `json:"images"` // scored
}

func (s *study) record(ctx context.Context, dir string, o studyOptions) (studyRecord, error) {
	m, err := s.model.record(ctx)
	r := studyRecord{studied: studied{m, dir, o.unit, len(s.test)}, Means: fmt.Sprintf("the %d images of odd index", len(s.from)), Classes: len(s.Head.Texts), Compat: o.compat}
	if o.means != "" {
		r.Means = o.means
	}
	return r, err
}

func percent(x float64) string { return fmt.Sprintf("%.1f %%", 100*x) }

func interval(s experiment.Share) string {
	if s.Of == 0 {
		return "no labels"
	}
	return fmt.Sprintf("%.1f %% (%.1f to %.1f)", 100*s.Value(), 100*s.Low, 100*s.High)
}
