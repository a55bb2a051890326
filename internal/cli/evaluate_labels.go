package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/scenes"
)

// labelTrialOptions are the flags of facet evaluate labels.
type labelTrialOptions struct {
	study        studyOptions
	labels, bank string
	scenes, top  int
	truncate     bool
}

func (a *app) evaluateLabelsCommand() *cobra.Command {
	var o labelTrialOptions
	cmd := &cobra.Command{
		Use:   "labels [ATLAS]",
		Short: "Ask whether the words that pairs are given hold",
		Long: `Three questions of labels. How much of the model is left when every pair's direction is replaced by its words (zero-shot accuracy, the paper's
table)? Does holding the pairs named by a class at their mean hurt that class more than others, and more than random pairs of equal strength? Does a pair's scalar
tell whether its first word is in the picture?

ATLAS holds the images that are asked about, with every scalar and with class labels; of scenes, all that is in them is known. The labels are its own (facet label), or
those of --labels-from OTHER, so that names are not judged by the images they were made from. Without ATLAS the demo model is asked: scenes to name its pairs by, and
others to judge them, are rendered on the spot.`,
		Example: `  facet evaluate labels                                                              the demo model
  facet evaluate labels test.atlas --labels-from train.atlas --bank words -o labels.png   any model`,
		Args: argsBetween(0, 1, "one atlas, scanned with --keep-scalars"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkChart(o.study.chart); err != nil {
				return err
			}
			if len(args) == 1 {
				return a.evaluateLabels(cmd.Context(), o, func(ctx context.Context) (*labelTrial, error) { return a.atlasTrial(ctx, args[0], o) })
			}
			if a.model != "" && a.model != demoName {
				return usagef("facet evaluate labels: expected an ATLAS: without one only the demo model can be asked, found --model %s", a.model)
			}
			a.model = demoName
			return a.evaluateLabels(cmd.Context(), o, func(ctx context.Context) (*labelTrial, error) { return a.sceneTrial(ctx, o) })
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.labels, "labels-from", "", "ask about the labels that this other `ATLAS` keeps")
	f.StringVar(&o.bank, "bank", "", "a `BANK` of facet texts, or a file with a text a line: rebuild directions from it (the demo model has its own)")
	f.StringVar(&o.study.classes, "classes", "", "class names: a list with commas, or a `FILE` with one a line (default: the atlas' labels)")
	f.StringVar(&o.study.templates, "templates", "", "a `FILE` with a prompt a line, {} for the class (default: facet's own)")
	f.StringVar(&o.study.means, "means", "", "take means from this other `ATLAS` (default: every other image; the rest is held and rebuilt)")
	numberVar(f, &o.scenes, "scenes", 1000, span[int]{least: 100, most: scenes.MaxScenes / 4}, "how many scenes of each kind to ask without ATLAS; pairs are named by twice as many")
	numberVar(f, &o.top, "top", 20, some, "show at most so many: pairs")
	f.BoolVar(&o.truncate, "truncate", false, "cut texts that are too long instead of refusing them")
	f.StringVarP(&o.study.chart, "output", "o", "", "write a chart of how well the strongest pairs tell their words into `FILE`.png or .svg")
	return cmd
}

// strongestPairs is how many pairs are asked what they tell.
const strongestPairs = 200

// labelTrial is what labels are asked with.
type labelTrial struct {
	*model
	asked    asked               // causal
	rebuilt  asked               // reconstruction
	concepts experiment.Concepts // whose presence is known, in all images of asked.data
	labels   []atlas.Label
	signs    []int8    // that the labels go by [M,C]
	strength []float32 // likewise
	names    string    // where the labels are from
	close    func() error
}

// asked are images with every scalar, and the halves of means and of tests.
type asked struct {
	data *experiment.Data
	mean []float64
	test []int
}

// labelReport is what is found.
type labelReport struct {
	Reconstruction []experiment.WordReconstruction `json:"reconstruction"`
	Causal         []experiment.Ablated            `json:"causal"`       // by what pairs say
	CausalFires    []experiment.Ablated            `json:"causal_fires"` // by what they fire for
	Truth          experiment.Truth                `json:"truth"`        // of what pairs say
	Fires          experiment.Truth                `json:"fires"`        // of what they fire for
}

func (a *app) evaluateLabels(ctx context.Context, o labelTrialOptions, open func(context.Context) (*labelTrial, error)) error {
	t, err := open(ctx)
	if err != nil {
		return err
	}
	defer t.close()
	var r labelReport
	if r.Truth, r.Causal, err = t.judge(ctx, func(l atlas.Label) atlas.Words { return l.Says }); err != nil {
		return err
	}
	if r.Fires, r.CausalFires, err = t.judge(ctx, func(l atlas.Label) atlas.Words { return l.Fires }); err != nil {
		return err
	}
	if r.Reconstruction, err = t.reconstruct(ctx, o); err != nil {
		return err
	}
	if o.study.chart != "" {
		if err := writeChart(o.study.chart, r.chart()); err != nil {
			return err
		}
	}
	if a.json {
		record, err := t.record(ctx)
		if err != nil {
			return err
		}
		r.Truth.Rows, r.Fires.Rows = first(r.Truth.Rows, o.top), first(r.Fires.Rows, o.top)
		return encodeJSON(a.stdout, struct {
			Model  modelRecord `json:"model"`
			Labels string      `json:"labels"`
			labelReport
		}{record, t.names, r})
	}
	a.printLabelReport(r, t.names, o.top)
	return nil
}

// atlasTrial asks about the images of an atlas.
func (a *app) atlasTrial(ctx context.Context, dir string, o labelTrialOptions) (*labelTrial, error) {
	s, err := a.openStudy(ctx, dir, o.study)
	if err != nil {
		return nil, err
	}
	t := &labelTrial{model: s.model, close: s.close, names: dir}
	if err := t.fromAtlas(ctx, s, o); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return t, nil
}

func (t *labelTrial) fromAtlas(ctx context.Context, s *study, o labelTrialOptions) (err error) {
	if t.name != demoName && o.bank == "" {
		return usagef("facet evaluate labels: expected --bank, the words to rebuild directions from")
	}
	t.asked = asked{s.Data, s.means.Mean, s.test}
	t.rebuilt = t.asked
	if t.concepts, err = t.known(ctx, s); err != nil {
		return err
	}
	if o.labels == "" {
		return t.take(s.atlas)
	}
	other, err := t.openLabels(ctx, o.labels)
	if err != nil {
		return err
	}
	return t.take(other)
}

func (m *model) openLabels(ctx context.Context, dir string) (*atlas.Atlas, error) {
	at, err := atlas.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := m.made(ctx, at); err != nil {
		return nil, fmt.Errorf("--labels-from %s: %w", dir, err)
	}
	return at, nil
}

// take asks about the labels that an atlas keeps.
func (t *labelTrial) take(at *atlas.Atlas) (err error) {
	u := newUse(at.Stats, at.Norms, at.Embeddings)
	t.names, t.signs, t.strength = at.Dir(), u.signs, u.strength
	t.labels, err = at.PairLabels()
	return err
}

// known says of which concepts it is known where they are: of scenes everything, else the classes.
func (t *labelTrial) known(ctx context.Context, s *study) (experiment.Concepts, error) {
	if t.name == demoName {
		specs, err := sceneSpecs(s.atlas)
		if err != nil {
			return experiment.Concepts{}, err
		}
		if specs != nil {
			return t.inScenes(ctx, specs)
		}
	}
	head, err := s.Head.Centred()
	if err != nil {
		return experiment.Concepts{}, err
	}
	c := experiment.Concepts{Bank: head, Present: make([][]bool, len(head.Texts))}
	for i := range c.Present {
		for _, l := range s.Labels {
			c.Present[i] = append(c.Present[i], l == i)
		}
	}
	return c, nil
}

// sceneSpecs is what is in each image of an atlas, nil unless all are rendered scenes.
func sceneSpecs(at *atlas.Atlas) ([]scenes.Spec, error) {
	var specs []scenes.Spec
	for image, err := range at.Images() {
		if err != nil {
			return nil, err
		}
		spec, ok, err := dataset.Scene(image.Path)
		if err != nil || !ok {
			return nil, err
		}
		specs = append(specs, spec)
	}
	return specs, nil
}

func (t *labelTrial) inScenes(ctx context.Context, specs []scenes.Spec) (experiment.Concepts, error) {
	words, err := demo.NewConcepts(ctx, t.Model)
	if err != nil {
		return experiment.Concepts{}, err
	}
	bank, err := words.All()
	if err != nil {
		return experiment.Concepts{}, err
	}
	return experiment.Concepts{Bank: bank, Present: demo.Present(bank.Texts, specs)}, nil
}

// sceneTrial asks the demo model about scenes that are rendered now.
func (a *app) sceneTrial(ctx context.Context, o labelTrialOptions) (*labelTrial, error) {
	m, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	t := &labelTrial{model: m, close: m.Close}
	if err := t.fromScenes(ctx, o); err != nil {
		return nil, joinClose(err, m)
	}
	return t, nil
}

func (t *labelTrial) fromScenes(ctx context.Context, o labelTrialOptions) error {
	total := 2 * o.scenes
	if o.labels == "" {
		total = 4 * o.scenes
	}
	bar := t.app.progress("scenes", total)
	defer bar.done()
	look := func(w scenes.World, seed uint64, n int) (asked, []scenes.Spec, error) {
		data, specs, err := demo.Look(ctx, t.Model, w, seed, n, bar.add)
		if err != nil {
			return asked{}, nil, err
		}
		from, test := experiment.Halves(n)
		means, err := data.Fit(ctx, from)
		if err != nil {
			return asked{}, nil, err
		}
		return asked{data, means.Mean, test}, specs, nil
	}
	var specs []scenes.Spec
	var err error
	if t.asked, specs, err = look(scenes.DefaultWorld(), demo.TruthSeed, o.scenes); err != nil {
		return err
	}
	if t.rebuilt, _, err = look(scenes.DefaultWorld().Single(), demo.SingleSeed, o.scenes); err != nil {
		return err
	}
	if t.concepts, err = t.inScenes(ctx, specs); err != nil {
		return err
	}
	if o.labels != "" {
		at, err := t.openLabels(ctx, o.labels)
		if err != nil {
			return err
		}
		return t.take(at)
	}
	t.names = fmt.Sprintf("%d scenes rendered for it", 2*o.scenes)
	naming, _, err := demo.Look(ctx, t.Model, scenes.DefaultWorld(), demo.NamingSeed, 2*o.scenes, bar.add)
	if err != nil {
		return err
	}
	bar.done()
	return t.label(ctx, naming)
}

// label labels the tenth of the pairs used most in some images, as facet label would.
func (t *labelTrial) label(ctx context.Context, d *experiment.Data) error {
	all := make([]int, d.Images())
	for i := range all {
		all[i] = i
	}
	stats, err := d.Fit(ctx, all)
	if err != nil {
		return err
	}
	u := newUse(stats, d.Norms, func() ([]float32, error) { return d.Embeddings, nil })
	o := labelDefaults()
	pairs, err := chooseUnits(o.units, d.OV, u.strength)
	if err != nil {
		return err
	}
	l, err := t.labelling(ctx, o)
	if err != nil {
		return err
	}
	defer l.close()
	t.signs, t.strength = u.signs, u.strength
	t.labels, _, err = l.run(ctx, d.OV, pairs, u)
	return err
}

// judge asks of one sense of the labels: what the strongest pairs tell, and what becomes of words without their pairs.
func (t *labelTrial) judge(ctx context.Context, sense func(atlas.Label) atlas.Words) (experiment.Truth, []experiment.Ablated, error) {
	var names []experiment.Name
	for _, l := range t.labels {
		names = append(names, nameOf(l.Pair, t.signs[l.Pair], sense(l)))
	}
	strength := make([]float64, len(t.strength))
	for p, v := range t.strength {
		strength[p] = float64(v)
	}
	causal, err := t.asked.data.Causal(ctx, t.asked.mean, t.asked.test, t.concepts, names, strength)
	if err != nil {
		return experiment.Truth{}, nil, err
	}
	slices.SortStableFunc(names, func(a, b experiment.Name) int { return cmp.Compare(strength[b.Pair], strength[a.Pair]) })
	all := make([]int, t.asked.data.Images())
	for i := range all {
		all[i] = i
	}
	truth, err := t.asked.data.Truth(ctx, all, t.concepts, names[:min(len(names), strongestPairs)], strength)
	return truth, causal, err
}

// nameOf is what a label claims by the first word that it shows.
func nameOf(pair int, sign int8, w atlas.Words) experiment.Name {
	n := experiment.Name{Pair: pair, Sign: sign}
	if shown := w.Shown(); w.Named && len(shown) > 0 {
		n.Word, n.Not, n.Label = shown[0].Text, shown[0].Weight < 0, w.String()
	}
	return n
}

// reconstruct rebuilds embeddings from directions in words.
func (t *labelTrial) reconstruct(ctx context.Context, o labelTrialOptions) ([]experiment.WordReconstruction, error) {
	l, err := t.phrases(ctx, o)
	if err != nil {
		return nil, err
	}
	defer l.close()
	say := func(ctx context.Context, directions []float32, terms int) ([]float32, error) {
		bar := t.app.progress(fmt.Sprintf("labels of %d", terms), len(directions)/l.dictionary.Embed)
		defer bar.done()
		l.options.terms = terms
		labeller, err := l.labeller(int64(4 * len(directions)))
		if err != nil {
			return nil, err
		}
		labels, err := labeller.Label(ctx, concept.Units{{Basis: directions}}, func(some []concept.Label) error {
			bar.add(len(some))
			return nil
		})
		if err != nil {
			return nil, err
		}
		out := make([]float32, 0, len(directions))
		for _, x := range labels {
			out = append(out, l.dictionary.Sum(x)...)
		}
		return out, nil
	}
	return t.rebuilt.data.ReconstructWords(ctx, t.rebuilt.mean, []int{0, 1, 4, 16, 64}, t.rebuilt.test, say)
}

// phrases fits directions to the bank asked for, or to what the demo world can say.
func (t *labelTrial) phrases(ctx context.Context, o labelTrialOptions) (*labelling, error) {
	options := labelDefaults()
	var bank *concept.Bank
	var err error
	if o.bank == "" {
		bank, err = demo.Phrases(ctx, t.Model)
	} else {
		bank, err = t.openBank(ctx, o.bank, o.truncate)
	}
	if err != nil {
		return nil, err
	}
	return t.fitting(bank, options)
}
