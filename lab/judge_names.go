package lab

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"gonum.org/v1/gonum/stat"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/experiment/judged"
	"github.com/facet-clip/facet/internal/numeric"
	"github.com/facet-clip/facet/naming"
)

const (
	testedPairs  = 1000 // pairs whose names are calibrated and tested, at most
	testedValues = 5e7  // of them in all images, at most
	choosingMost = 5000 // images that rivals choose names by, at most
	chanceDraws  = 1000 // meaningless directions for a p-value
	falseShare   = 0.05 // of discoveries
	foldsOfPairs = 2    // of neurons: even and odd
	invertWords  = 3    // words of INVERT's longer formulas
)

// The ways to name pairs, in the order of the answer.
const (
	wayFires    = "fires"
	waySays     = "says"
	wayDissect  = "clip-dissect"
	wayInvert1  = "invert-1"
	wayInvert3  = "invert-3"
	wayAnother  = "another-pair"
	wayRandom   = "random-word"
	wayBestWord = "best-word"
)

// sense is one of the two names of a pair.
type sense struct {
	name string
	of   func(atlas.Label) atlas.Words
}

func senses() []sense {
	return []sense{
		{wayFires, func(l atlas.Label) atlas.Words { return l.Fires }},
		{waySays, func(l atlas.Label) atlas.Words { return l.Says }},
	}
}

// wayScore is how one way did in one set of images.
type wayScore struct {
	way   string
	knows bool
	judged.Score
	cosy *[2]float64 // AUC and MAD
	text *float64
}

// round is one set of labels with what judges them.
type round struct {
	*labelTrial
	labels  []atlas.Label // the strongest first
	names   [2][]experiment.Name
	sight   judged.Sight // of all images
	aucs    [][]float64
	claims  [2][]judged.Claim
	chances [2][]float64 // p-values of the first words; nil: not known
}

// newRound takes the strongest labelled pairs and looks at what they do in the images that judge.
func (t *labelTrial) newRound(ctx context.Context) (r *round, err error) {
	images := t.asked.data.Images()
	n := min(len(t.labels), max(judgedPairs, min(testedPairs, int(testedValues)/images)))
	r = &round{labelTrial: t, labels: slices.Clone(t.labels)}
	slices.SortStableFunc(r.labels, func(a, b atlas.Label) int { return cmp.Compare(t.strength[b.Pair], t.strength[a.Pair]) })
	r.labels = r.labels[:n]
	for k, s := range senses() {
		for _, l := range r.labels {
			r.names[k] = append(r.names[k], claimOf(l.Pair, t.signs[l.Pair], s.of(l)))
		}
		r.claims[k] = t.concepts.Claims(r.names[k])
	}
	if r.sight, err = t.asked.data.Sight(ctx, numeric.Indices(images), t.concepts, r.names[0]); err != nil {
		return nil, err
	}
	r.aucs = r.sight.AUCs()
	r.chances, err = r.chance(ctx)
	return r, err
}

// compare scores facet's names and the rivals' of the strongest pairs.
func (r *round) compare(ctx context.Context) (scores []wayScore, formulas []judged.Formula, dissected []judged.Claim, err error) {
	n := min(judgedPairs, len(r.labels))
	names := r.names[0][:n]
	choose, err := r.choosing.data.Sight(ctx, r.choosing.images, r.choosing.concepts, names)
	if err != nil {
		return nil, nil, nil, err
	}
	judge, err := r.asked.data.Sight(ctx, r.judging, r.concepts, names)
	if err != nil {
		return nil, nil, nil, err
	}
	made := judged.Sight{}
	if r.made.data != nil {
		if made, err = r.made.data.Sight(ctx, r.made.images, r.made.concepts, names); err != nil {
			return nil, nil, nil, err
		}
	}
	aucs := judge.AUCs()
	texts := r.concepts.Plain
	claimed := func(way string, knows bool, claims []judged.Claim) wayScore {
		s := wayScore{way: way, knows: knows, Score: judged.Judge(aucs, claims)}
		cosine := judged.TextCosine(claims, aucs, texts.Embeddings, texts.Embed)
		s.text = &cosine
		if made.Values != nil {
			auc, mad := judged.CoSyOf(claims, made, judge.Values)
			s.cosy = &[2]float64{auc, mad}
		}
		return s
	}
	fires, says := r.claims[0][:n], r.claims[1][:n]
	dissected = judged.Largest(judged.SoftWPMI(r.choosing.data.Cosines(r.choosing.images, r.choosing.concepts), choose.Values))
	words := choose.Invert(1)
	formulas = choose.Invert(invertWords)
	scores = []wayScore{
		claimed(wayFires, false, fires), claimed(waySays, false, says), claimed(wayDissect, false, dissected), claimed(wayInvert1, true, atoms(words)),
		{way: wayInvert3, knows: true, Score: judged.JudgeAUCs(formulaAUCs(formulas, judge))},
		{way: wayAnother, Score: judged.AnotherPair(aucs, fires)}, {way: wayRandom, Score: judged.RandomWord(aucs)},
		claimed(wayBestWord, true, judged.BestWord(aucs)),
	}
	return scores, formulas, dissected, nil
}

// atoms are formulas of one word as claims.
func atoms(formulas []judged.Formula) []judged.Claim {
	claims := make([]judged.Claim, len(formulas))
	for p, f := range formulas {
		if claims[p].Word = judged.Unnamed; len(f.Atoms) > 0 {
			claims[p] = f.Atoms[0]
		}
	}
	return claims
}

// formulaAUCs are those of the formulas that were found, in images that they were not found in.
func formulaAUCs(formulas []judged.Formula, s judged.Sight) (aucs []float64) {
	for p, f := range formulas {
		if len(f.Atoms) > 0 {
			aucs = append(aucs, judged.AUC(judged.Ranks(s.Values[p]), f.Holds(s.Present)))
		}
	}
	return aucs
}

// first is the first word that a label would show, chance or not, as a claim.
func (r *round) first(k, p int) judged.Claim {
	w := senses()[k].of(r.labels[p])
	w.Named = true
	return r.concepts.Claims([]experiment.Name{claimOf(r.labels[p].Pair, r.signs[r.labels[p].Pair], w)})[0]
}

// examples are the names of one sense of which it is known whether they are right, and which pairs they are of.
func (r *round) examples(k, seed int) (examples []judged.Example, of []int) {
	for p, c := range r.claims[k] {
		if !c.Known() {
			continue
		}
		w := senses()[k].of(r.labels[p])
		examples = append(examples, judged.Example{
			Marks: marks(w), Right: c.AUC(r.aucs[p]) >= judged.Right,
			Seed: seed, Fold: r.asked.data.OV.Pair(r.labels[p].Pair).Neuron % foldsOfPairs,
		})
		of = append(of, p)
	}
	return examples, of
}

// chance gives the p-values of first words, for both senses: that of a pair is about what first words explain of the meaningless.
func (r *round) chance(ctx context.Context) (p [2][]float64, err error) {
	if r.rename == nil {
		return p, nil
	}
	l, err := r.rename(ctx)
	if errors.Is(err, ErrOtherTexts) {
		r.log.Warn("no p-values against chance", "reason", err)
		return p, nil
	} else if err != nil {
		return p, err
	}
	defer l.close()
	ov := r.asked.data.OV
	labeller, err := l.labeller(int64(4 * 2 * chanceDraws * ov.Embed))
	if err != nil {
		return p, err
	}
	fit := l.journal.Fit(labeller, ov.Embed)
	embeddings, err := r.namedBy()
	if err != nil {
		return p, err
	}
	images, err := naming.NewImages(embeddings, ov.Embed)
	if err != nil {
		return p, err
	}
	sets, err := naming.ChanceFires(ctx, fit, images, chanceDraws)
	if err != nil {
		return p, err
	}
	p[0] = judged.Chance(firstShares(r.labels, senses()[0]), sharesOf(sets))
	p[1] = make([]float64, len(r.labels))
	for h := range ov.Heads {
		var of []int
		var own []atlas.Label
		for i, x := range r.labels {
			if ov.Pair(x.Pair).Head == h {
				of, own = append(of, i), append(own, x)
			}
		}
		if of == nil {
			continue
		}
		mixtures, err := naming.ChanceSays(ctx, fit, ov, h, chanceDraws)
		if err != nil {
			return p, err
		}
		for k, v := range judged.Chance(firstShares(own, senses()[1]), sharesOf(mixtures)) {
			p[1][of[k]] = v
		}
	}
	return p, nil
}

// firstShares are what the first terms of labels explain.
func firstShares(labels []atlas.Label, s sense) []float64 {
	out := make([]float64, len(labels))
	for i, l := range labels {
		if w := s.of(l); len(w.Terms) > 0 {
			out[i] = w.Terms[0].Explained
		}
	}
	return out
}

func sharesOf(labels []concept.Label) []float64 {
	out := make([]float64, len(labels))
	for i, l := range labels {
		if len(l.Terms) > 0 {
			out[i] = l.Terms[0].Explained
		}
	}
	return out
}

// discover says what stands of one sense when false discoveries are controlled, and tells the rows of the answer.
func (r *round) discover(k int, rows []answer.Detection) answer.NameDiscovery {
	d := answer.NameDiscovery{Sense: senses()[k].name, Pairs: len(r.labels)}
	var holds []float64
	var of []int
	for p, c := range r.claims[k] {
		if c.Word != judged.Unnamed {
			d.Named++
		}
		if !c.Known() {
			continue
		}
		if c.AUC(r.aucs[p]) >= judged.Right {
			d.NamedRight++
		}
		values := r.turned(p, c)
		if of, holds = append(of, p), append(holds, judged.Holds(values, r.sight.Present[c.Word], judged.Right)); p < len(rows) {
			test := judged.RankSum(values, r.sight.Present[c.Word])
			rows[p].RankSum = &test
		}
	}
	for i, q := range drift.BenjaminiHochberg(holds) {
		if q <= falseShare {
			d.Holding++
		}
		if of[i] < len(rows) {
			rows[of[i]].Wrong = &q
		}
	}
	if r.chances[k] == nil {
		return d
	}
	var meaning, right int
	for p, q := range drift.BenjaminiHochberg(r.chances[k]) {
		if p < len(rows) {
			rows[p].Chance = &q
		}
		if q > falseShare {
			continue
		}
		meaning++
		if c := r.first(k, p); c.Known() && c.AUC(r.aucs[p]) >= judged.Right {
			right++
		}
	}
	d.Meaning, d.MeaningRight = &meaning, &right
	return d
}

// turned are the values of a pair, the other way round where the claim is that something is missing.
func (r *round) turned(p int, c judged.Claim) []float64 {
	values := slices.Clone(r.sight.Values[p])
	if c.Not {
		for i := range values {
			values[i] = -values[i]
		}
	}
	return values
}

// seen are images with every scalar, some of them, and where concepts are in all.
type seen struct {
	data     *experiment.Data
	images   []int
	concepts experiment.Concepts
}

// judgeNames compares names with rivals, calibrates their probability and controls false discoveries, over as many sets of scenes as are asked for.
func (t *labelTrial) judgeNames(ctx context.Context, a *answer.LabelReport) error {
	a.Seeds = 1
	if t.question.Atlas == "" {
		a.Seeds = t.question.Seeds
	}
	a.SamePictures = t.question.Atlas != "" && cmp.Or(t.question.Labels, t.question.Atlas) == t.question.Atlas
	var scores [][]wayScore
	var examples [2][]judged.Example
	var first [2][]int // which pair each example of the first seed is of
	for seed := range a.Seeds {
		trial, err := t.drawn(ctx, seed)
		if err != nil {
			return err
		}
		r, err := trial.newRound(ctx)
		if err != nil {
			return err
		}
		ways, formulas, dissected, err := r.compare(ctx)
		if err != nil {
			return err
		}
		scores = append(scores, ways)
		for k := range examples {
			more, of := r.examples(k, seed)
			examples[k] = append(examples[k], more...)
			if seed == 0 {
				first[k] = of
				rows := rowsOf(a)[k]
				a.Discoveries = append(a.Discoveries, r.discover(k, rows))
				tellRivals(rows, formulas, dissected, r.concepts.Bank.Texts)
			}
		}
		a.Asked = min(judgedPairs, len(r.labels))
	}
	a.Ways = waysOf(scores)
	for k, s := range senses() {
		p := judged.CrossFit(examples[k])
		if len(p) > 0 {
			a.Calibrations = append(a.Calibrations, calibrationOf(s.name, p, examples[k]))
		}
		for i, pair := range first[k] {
			if rows := rowsOf(a)[k]; pair < len(rows) && p[i] == p[i] {
				rows[pair].Probability = &p[i]
			}
		}
	}
	return nil
}

// rowsOf are the rows of an answer, by sense.
func rowsOf(a *answer.LabelReport) [2][]answer.Detection {
	return [2][]answer.Detection{a.Fires.Rows, a.Truth.Rows}
}

// tellRivals puts the rivals' names into the rows of the pairs that were compared.
func tellRivals(rows []answer.Detection, formulas []judged.Formula, dissected []judged.Claim, texts []string) {
	for p := range min(len(rows), len(formulas)) {
		if len(formulas[p].Atoms) > 0 {
			rows[p].Invert = formulas[p].String(texts)
		}
		rows[p].Dissect = texts[dissected[p].Word]
	}
}

// waysOf are the ways over the sets of scenes [seeds][ways].
func waysOf(scores [][]wayScore) (ways []answer.NamingWay) {
	for i, way := range scores[0] {
		spread := func(of func(wayScore) float64) answer.SeedSpread {
			var all []float64
			for _, s := range scores {
				all = append(all, of(s[i]))
			}
			return spreadOf(all)
		}
		w := answer.NamingWay{
			Way: way.way, Knows: way.knows,
			Named: spread(func(s wayScore) float64 { return s.Named }),
			Right: spread(func(s wayScore) float64 { return s.Right / max(s.Named, 1) }),
			AUC:   spread(func(s wayScore) float64 { return s.AUC }),
		}
		if way.cosy != nil {
			auc, mad := spread(func(s wayScore) float64 { return s.cosy[0] }), spread(func(s wayScore) float64 { return s.cosy[1] })
			w.CosyAUC, w.CosyMAD = &auc, &mad
		}
		if way.text != nil {
			cosine := spread(func(s wayScore) float64 { return *s.text })
			w.TextCosine = &cosine
		}
		ways = append(ways, w)
	}
	return ways
}

func spreadOf(all []float64) answer.SeedSpread {
	s := answer.SeedSpread{Least: slices.Min(all), Most: slices.Max(all), Mean: stat.Mean(all, nil)}
	if len(all) > 1 {
		s.SD = stat.StdDev(all, nil)
	}
	return s
}

func calibrationOf(sense string, p []float64, examples []judged.Example) answer.Calibration {
	r := judged.Reliable(p, examples)
	c := answer.Calibration{Sense: sense, Brier: r.Brier, Base: r.Base, ECE: r.ECE, Rule: answer.CalibrationRule(judged.Calibrate(examples))}
	for i, b := range r.Bins {
		if b.Names > 0 {
			c.Bins = append(c.Bins, answer.CalibrationBin{Low: float64(i) / 10, Names: b.Names, Probability: b.Probability, Right: b.Right})
			c.Right += b.Right * float64(b.Names)
			c.Names += b.Names
		}
	}
	if c.Names > 0 {
		c.Right /= float64(c.Names)
	}
	return c
}
