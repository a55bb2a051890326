package lab

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/internal/numeric"
)

// Study is what the questions share that score images of an atlas: reconstruction and ablation.
type Study struct {
	// Atlas is the folder of the atlas, which keeps the scalars of every image.
	Atlas string
	// Unit is pair (also empty), neuron or head.
	Unit string
	// Classes are those that images are told apart by. Empty, they are the labels of the atlas.
	Classes []string
	// Templates are the prompts that each class is put into. Empty, they are [concept.DefaultTemplates], and for the demo model its world's own.
	Templates concept.Templates
	// Means is the folder of another atlas of the model, which means, components and scores come from. Empty, they come from every other image, and
	// the rest is scored.
	Means string
}

// ReferenceTop is how many images the reference takes a unit's direction and score from.
const ReferenceTop = 50

// checkUnit fills in a unit.
func checkUnit(unit string) (experiment.Unit, error) {
	if unit == "" {
		unit = UnitPair
	}
	if !slices.Contains(experiment.Units(), experiment.Unit(unit)) {
		return "", mistake("unit", "%s: expected pair, neuron or head", unit)
	}
	return experiment.Unit(unit), nil
}

// CheckClasses wants none, or some to tell apart.
func CheckClasses(classes []string) error {
	if len(classes) == 1 {
		return mistake("classes", "%s: expected at least two to tell apart", classes[0])
	}
	return nil
}

// study is an atlas with its model, ready for questions.
type study struct {
	*experiment.Data
	lab   *Lab
	asked Study
	unit  experiment.Unit
	atlas *atlas.Atlas
	means *decompose.Stats // of the images that s̄, components and scores come from
	fit   *experiment.Data // of those images; nil where the atlas of the means keeps no scalars
	from  []int            // those images
	unfit error            // why there is no fit
	test  []int

	closers []func() error
}

// openStudy reads what a question needs: the scalars of every image, and classes to score with.
func (l *Lab) openStudy(ctx context.Context, q Study) (*study, error) {
	unit, err := checkUnit(q.Unit)
	if err != nil {
		return nil, err
	}
	if err := CheckClasses(q.Classes); err != nil {
		return nil, err
	}
	use, err := l.openAtlas(ctx, q.Atlas)
	if err != nil {
		return nil, err
	}
	s := &study{lab: l, asked: q, unit: unit, atlas: use.atlas}
	if err := s.prepare(ctx); err != nil {
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

func (s *study) prepare(ctx context.Context) (err error) {
	dir := s.asked.Atlas
	if s.Data, err = s.lab.data(s.atlas); err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	if s.Row, err = s.scalars(s.atlas); err != nil {
		return err
	}
	if err := s.classes(ctx); err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	if s.asked.Means != "" {
		return s.meansOf(ctx, s.asked.Means)
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
func (s *study) meansOf(ctx context.Context, dir string) error {
	other, err := s.lab.anyAtlas(ctx, dir)
	if err != nil {
		return fmt.Errorf("means: %w", err)
	}
	s.means = other.stats
	s.test = numeric.Indices(s.Images())
	row, err := s.scalars(other.atlas)
	if errors.Is(err, atlas.ErrNoScalars) {
		s.unfit = fmt.Errorf("means: %w", err)
		return nil
	} else if err != nil {
		return err
	}
	fit := *s.Data
	fit.Row, s.fit = row, &fit
	for i := range other.atlas.Manifest.Images {
		s.from = append(s.from, i)
	}
	return nil
}

// fitting are the images that s̄, components and scores come from, with their scalars.
func (s *study) fitting() (*experiment.Data, []int, error) { return s.fit, s.from, s.unfit }

// scores are how much the model uses each unit in the images that s̄ comes from. Those of pairs are in every atlas; those of neurons and heads need scalars.
func (s *study) scores(ctx context.Context, u experiment.Unit) ([]float64, error) {
	if u == experiment.Pair {
		return s.Scores(ctx, s.means, nil, u, ReferenceTop)
	}
	fit, images, err := s.fitting()
	if err != nil {
		return nil, err
	}
	return fit.Scores(ctx, s.means, images, u, ReferenceTop)
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
func (l *Lab) data(at *atlas.Atlas) (*experiment.Data, error) {
	w, err := l.weights()
	if err != nil {
		return nil, err
	}
	d := &experiment.Data{Weights: w, Gram: at.NeuronGram, Norms: at.Norms}
	if d.OV, err = l.ov(); err != nil {
		return nil, err
	}
	d.Embeddings, err = at.Embeddings()
	return d, err
}

// classes gives the data its zero-shot head and the class of each image.
func (s *study) classes(ctx context.Context) error {
	labels, err := s.atlas.Labels()
	if err != nil {
		return err
	}
	if s.Head, err = s.lab.ClassHead(ctx, labels, s.asked.Classes, s.asked.Templates); err != nil {
		return err
	}
	for _, l := range labels {
		s.Labels = append(s.Labels, slices.Index(s.Head.Texts, ClassName(l)))
	}
	if !slices.ContainsFunc(s.Labels, func(l int) bool { return l >= 0 }) {
		s.lab.log.Warn("no image has a label among the classes, so no accuracy is measured", "classes", len(s.Head.Texts), "images", len(labels))
	}
	return nil
}

// ClassName is a folder's name as prompts say it.
func ClassName(label string) string { return strings.ReplaceAll(label, "_", " ") }

// ClassNames are the classes among labels, in order.
func ClassNames(labels []string) (classes []string) {
	for _, l := range labels {
		if l != "" {
			classes = append(classes, ClassName(l))
		}
	}
	slices.Sort(classes)
	return slices.Compact(classes)
}

// ClassHead is the zero-shot head over the classes asked for, or the labels at hand. The demo model's own classes are said as its world says them.
func (l *Lab) ClassHead(ctx context.Context, labels, classes []string, templates concept.Templates) (*concept.Bank, error) {
	if len(classes) == 0 {
		classes = ClassNames(labels)
	}
	if len(classes) < 2 {
		return nil, fmt.Errorf("%d classes among the labels: expected at least two to tell apart, or classes to be named", len(classes))
	}
	if l.knowsWorld && len(templates) == 0 {
		world, err := l.world(ctx)
		if err != nil {
			return nil, err
		}
		if bank := world.Categories; !slices.ContainsFunc(classes, func(c string) bool { return !slices.Contains(bank.Texts, c) }) {
			return bank.Some(classes), nil
		}
	}
	if len(templates) == 0 {
		templates = concept.DefaultTemplates()
	}
	return l.zeroShot(ctx, classes, templates)
}

// record says what a result was measured on.
func (s *study) record(ctx context.Context, reference bool) (answer.Study, error) {
	m, err := s.lab.describe(ctx)
	r := answer.Study{
		Asked:   answer.Asked{Model: m, Atlas: s.asked.Atlas, Unit: string(s.unit), Images: len(s.test)},
		Means:   fmt.Sprintf("the %d images of odd index", len(s.from)),
		Classes: len(s.Head.Texts),
	}
	if s.asked.Means != "" {
		r.Means = s.asked.Means
	}
	if reference {
		r.Compat = compatReference
	}
	return r, err
}

// compatReference names the published code's way in results.
const compatReference = "reference"
