package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/internal/numeric"
	"github.com/facet-clip/facet/plot"
	"github.com/facet-clip/facet/scenes"
)

// EvaluateLabels asks whether the words that pairs are given hold.
type EvaluateLabels struct {
	// Study says which images are asked about: those of an atlas with every scalar. Without an atlas, the demo model is asked about scenes that are
	// rendered now. Unit is not looked at.
	Study
	// Labels is another atlas whose labels are asked about. Empty, they are the atlas' own.
	Labels string
	// Bank are the words that directions are rebuilt from: a list, a bank or a file with a text a line. Empty, they are the common words, and for the demo
	// model what its world can say.
	Bank string
	// Scenes is how many scenes of each kind to ask without an atlas; 0 is 1000. Pairs are named by twice as many.
	Scenes int
	// Seeds is how many sets of scenes name pairs and judge the names without an atlas; 0 is 3.
	Seeds int
	// Truncate cuts texts that are too long instead of refusing them.
	Truncate bool
}

// judgedPairs is how many pairs are asked what they tell, the strongest.
const judgedPairs = 200

func (q EvaluateLabels) check(l *Lab) (EvaluateLabels, error) {
	if q.Scenes == 0 {
		q.Scenes = 1000
	}
	if q.Seeds == 0 {
		q.Seeds = 3
	}
	switch {
	case q.Seeds < 1 || q.Seeds > demo.MostSeeds:
		return q, mistake("seeds", "%d: expected 1 to %d", q.Seeds, demo.MostSeeds)
	case q.Scenes < 100 || q.Scenes > scenes.MaxScenes/4:
		return q, mistake("scenes", "%d: expected 100 to %d", q.Scenes, scenes.MaxScenes/4)
	case q.Atlas == "" && l.name != DemoName:
		return q, &Mistake{Problem: errors.New("expected an atlas: without one only the demo model can be asked")}
	}
	q.Bank = l.bankOr(q.Bank)
	return q, nil
}

// EvaluateLabels asks of labels what is left of the model when directions are replaced by words, what becomes of words without the pairs named by them,
// whether a pair's scalar tells its first word, how names compare with those of other methods and of chance, and how honest a probability of them is.
func (l *Lab) EvaluateLabels(ctx context.Context, q EvaluateLabels) (*answer.LabelReport, error) {
	q, err := q.check(l)
	if err != nil {
		return nil, err
	}
	t := &labelTrial{Lab: l, question: q, close: func() error { return nil }}
	if q.Atlas != "" {
		err = t.openAtlasTrial(ctx)
	} else {
		err = t.fromScenes(ctx)
	}
	defer t.close()
	if err != nil {
		return nil, err
	}
	r := &answer.LabelReport{Labels: t.names}
	if r.Truth, r.Causal, err = t.judge(ctx, func(l atlas.Label) atlas.Words { return l.Says }); err != nil {
		return nil, err
	}
	if r.Fires, r.CausalFires, err = t.judge(ctx, func(l atlas.Label) atlas.Words { return l.Fires }); err != nil {
		return nil, err
	}
	if r.Reconstruction, err = t.reconstruct(ctx); err != nil {
		return nil, err
	}
	if err := t.judgeNames(ctx, r); err != nil {
		return nil, err
	}
	r.Model, err = l.describe(ctx)
	return r, err
}

// openAtlasTrial asks about the images of an atlas.
func (t *labelTrial) openAtlasTrial(ctx context.Context) error {
	s, err := t.openStudy(ctx, t.question.Study)
	if err != nil {
		return err
	}
	t.close, t.names = s.close, t.question.Atlas
	return t.fromAtlas(ctx, s)
}

// labelTrial is what labels are asked with.
type labelTrial struct {
	*Lab
	question EvaluateLabels
	asked    asked               // causal
	rebuilt  asked               // reconstruction
	concepts experiment.Concepts // whose presence is known, in all images of asked.data
	labels   []atlas.Label
	signs    []int8    // that the labels go by [M,C]
	strength []float32 // likewise
	names    string    // where the labels are from
	close    func() error

	choosing seen                                      // what rivals choose names by
	judging  []int                                     // images of asked.data that judge them
	made     seen                                      // scenes of one thing, for CoSy; without data where none can be made
	rename   func(context.Context) (*labelling, error) // names as the labels were made, by their first word alone
	namedBy  func() ([]float32, error)                 // embeddings of the images that named [N,D]
}

// asked are images with every scalar, and the halves of means and of tests.
type asked struct {
	data *experiment.Data
	mean []float64
	test []int
}

func (t *labelTrial) fromAtlas(ctx context.Context, s *study) (err error) {
	t.asked = asked{s.Data, s.means.Mean, s.test}
	t.rebuilt = t.asked
	if t.concepts, err = t.known(ctx, s); err != nil {
		return err
	}
	odd, even := experiment.Halves(s.Images())
	t.choosing, t.judging = seen{s.Data, odd[:min(len(odd), choosingMost)], t.concepts}, even
	return t.take(ctx, cmp.Or(t.question.Labels, t.question.Atlas))
}

// take asks about the labels that an atlas keeps.
func (t *labelTrial) take(ctx context.Context, dir string) error {
	use, err := t.anyAtlas(ctx, dir)
	if err != nil {
		return err
	}
	t.names, t.signs, t.strength, t.namedBy = use.atlas.Dir(), use.signs, use.strength, use.images
	t.nameAs(use.atlas.Manifest.Labels)
	t.labels, err = use.atlas.PairLabels()
	return err
}

// known says of which concepts it is known where they are: of scenes everything, else the classes.
func (t *labelTrial) known(ctx context.Context, s *study) (experiment.Concepts, error) {
	if t.name == DemoName {
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
	c := experiment.Concepts{Bank: head, Plain: s.Head, Present: make([][]bool, len(head.Texts))}
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
	words, err := t.world(ctx)
	if err != nil {
		return experiment.Concepts{}, err
	}
	bank, err := words.All()
	if err != nil {
		return experiment.Concepts{}, err
	}
	plain, err := t.worldBank(ctx)
	if err != nil {
		return experiment.Concepts{}, err
	}
	return experiment.Concepts{Bank: bank, Plain: plain, Present: demo.Present(bank.Texts, specs)}, nil
}

// fromScenes asks about scenes that are rendered now.
func (t *labelTrial) fromScenes(ctx context.Context) error {
	single, specs, err := t.look(ctx, scenes.DefaultWorld().Single(), demo.SingleSeed, t.question.Scenes)
	if err != nil {
		return err
	}
	t.rebuilt = single
	concepts, err := t.inScenes(ctx, specs)
	if err != nil {
		return err
	}
	t.made = seen{single.data, numeric.Indices(len(specs)), concepts}
	return t.draw(ctx, 0)
}

// drawn is the trial with scenes of another seed; of seed 0 it is the trial itself.
func (t *labelTrial) drawn(ctx context.Context, seed int) (*labelTrial, error) {
	if seed == 0 {
		return t, nil
	}
	other := &labelTrial{Lab: t.Lab, question: t.question, made: t.made}
	return other, other.draw(ctx, seed)
}

// draw renders scenes that judge names, and others that pairs are named by unless an atlas names them.
func (t *labelTrial) draw(ctx context.Context, seed int) error {
	scene := t.question.Scenes
	naming, truth := demo.LabelSeeds(seed)
	judges, specs, err := t.look(ctx, scenes.DefaultWorld(), truth, scene)
	if err != nil {
		return err
	}
	t.asked, t.judging = judges, numeric.Indices(scene)
	if t.concepts, err = t.inScenes(ctx, specs); err != nil {
		return err
	}
	named, specs, err := t.look(ctx, scenes.DefaultWorld(), naming, 2*scene)
	if err != nil {
		return err
	}
	concepts, err := t.inScenes(ctx, specs)
	if err != nil {
		return err
	}
	t.choosing = seen{named.data, numeric.Indices(2 * scene), concepts}
	if t.question.Labels != "" {
		return t.take(ctx, t.question.Labels)
	}
	t.names = fmt.Sprintf("%d scenes rendered for it", 2*scene)
	return t.label(ctx, named.data)
}

// look lets the model look at scenes of a world, and takes means from half of them.
func (t *labelTrial) look(ctx context.Context, w scenes.World, seed uint64, n int) (asked, []scenes.Spec, error) {
	bar := t.Step(ctx, "scenes", n)
	defer bar.Done()
	data, specs, err := demo.Look(ctx, t.model, w, seed, n, bar.Add)
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

// nameAs has meaningless directions named as labels were made, by their first words alone.
func (t *labelTrial) nameAs(made *atlas.Labels) {
	if made != nil {
		t.rename = func(ctx context.Context) (*labelling, error) {
			return t.labellingAs(ctx, t.names, *made, 1, t.question.Truncate)
		}
	}
}

// label labels the tenth of the pairs used most in some images, as facet label would.
func (t *labelTrial) label(ctx context.Context, d *experiment.Data) error {
	all := numeric.Indices(d.Images())
	stats, err := d.Fit(ctx, all)
	if err != nil {
		return err
	}
	u := newUse(stats, d.Norms, func() ([]float32, error) { return d.Embeddings, nil })
	f := Label{}.fit()
	pairs, err := chooseUnits(f.units, d.OV, u.strength)
	if err != nil {
		return err
	}
	l, err := t.labelling(ctx, f)
	if err != nil {
		return err
	}
	defer l.close()
	t.signs, t.strength, t.namedBy = u.signs, u.strength, u.images
	var made atlas.Labels
	t.labels, made, err = l.run(ctx, d.OV, pairs, u)
	t.nameAs(&made)
	return err
}

// judge asks of one sense of the labels: what the strongest pairs tell, and what becomes of words without their pairs.
func (t *labelTrial) judge(ctx context.Context, sense func(atlas.Label) atlas.Words) (answer.Truth, []answer.Ablated, error) {
	var names []experiment.Name
	for _, l := range t.labels {
		names = append(names, claimOf(l.Pair, t.signs[l.Pair], sense(l)))
	}
	strength := numeric.Float64(t.strength)
	causal, err := t.asked.data.Causal(ctx, t.asked.mean, t.asked.test, t.concepts, names, strength)
	if err != nil {
		return answer.Truth{}, nil, err
	}
	slices.SortStableFunc(names, func(a, b experiment.Name) int { return cmp.Compare(strength[b.Pair], strength[a.Pair]) })
	all := numeric.Indices(t.asked.data.Images())
	truth, err := t.asked.data.Truth(ctx, all, t.concepts, names[:min(len(names), judgedPairs)], strength)
	return truth, causal, err
}

// claimOf is what a label claims by the first word that it shows.
func claimOf(pair int, sign int8, w atlas.Words) experiment.Name {
	n := experiment.Name{Pair: pair, Sign: sign}
	if shown := w.Shown(); w.Named && len(shown) > 0 {
		n.Word, n.Not, n.Label = shown[0].Text, shown[0].Weight < 0, w.String()
	}
	return n
}

// reconstruct rebuilds embeddings from directions in words.
func (t *labelTrial) reconstruct(ctx context.Context) ([]answer.WordReconstruction, error) {
	l, err := t.phrases(ctx)
	if err != nil {
		return nil, err
	}
	defer l.close()
	return t.rebuilt.data.ReconstructWords(ctx, t.rebuilt.mean, []int{0, 1, 4, 16, 64}, t.rebuilt.test, (&Wording{l}).Sums)
}

// phrases fits directions to the bank asked for, or to what the demo world can say.
func (t *labelTrial) phrases(ctx context.Context) (*labelling, error) {
	var bank *concept.Bank
	var err error
	if t.question.Bank == "" {
		bank, err = demo.Phrases(ctx, t.model)
	} else {
		bank, err = t.Bank(ctx, t.question.Bank, t.question.Truncate)
	}
	if err != nil {
		return nil, err
	}
	return t.fitting(ctx, bank, Label{}.fit())
}

// LabelCurve sorts the strongest pairs by how well they tell their words, and what they tell best; without words it shows the reconstruction.
func LabelCurve(r *answer.LabelReport) plot.Curve {
	named := func(row answer.Detection) bool { return row.Word != "" && !row.Unknown }
	if !slices.ContainsFunc(r.Truth.Rows, named) && !slices.ContainsFunc(r.Fires.Rows, named) {
		return wordReconstructionCurve(r)
	}
	line := func(name string, dashed bool, rows []answer.Detection, value func(answer.Detection) float64) plot.Series {
		s := plot.Series{Name: name, Dashed: dashed}
		for _, row := range rows {
			if dashed || named(row) {
				s.X, s.Y = append(s.X, float64(len(s.X)+1)), append(s.Y, value(row))
			}
		}
		slices.SortFunc(s.Y, func(a, b float64) int { return cmp.Compare(b, a) })
		return s
	}
	word := func(row answer.Detection) float64 { return row.AUC }
	return plot.Curve{Title: "What the strongest pairs tell", X: "pairs, best first", Y: "AUC", Series: []plot.Series{
		line("the first word of what they fire for", false, r.Fires.Rows, word),
		line("the first word of what they say", false, r.Truth.Rows, word),
		line("the concept they tell best", true, r.Fires.Rows, func(row answer.Detection) float64 { return row.BestAUC }),
	}}
}

func wordReconstructionCurve(r *answer.LabelReport) plot.Curve {
	accuracy := plot.Series{Name: "zero-shot accuracy"}
	cosine := plot.Series{Name: "cosine with the embedding", Dashed: true}
	for _, x := range r.Reconstruction {
		if x.Terms > 0 {
			accuracy.X, accuracy.Y = append(accuracy.X, float64(x.Terms)), append(accuracy.Y, x.Accuracy.Value())
			accuracy.Low, accuracy.High = append(accuracy.Low, x.Accuracy.Low), append(accuracy.High, x.Accuracy.High)
			cosine.X, cosine.Y = append(cosine.X, float64(x.Terms)), append(cosine.Y, x.Cosine)
		}
	}
	return plot.Curve{Title: "Reconstruction from words", X: "words for each pair", Y: "accuracy, cosine", Series: []plot.Series{accuracy, cosine}}
}
