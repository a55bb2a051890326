package lab

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/dataset/known"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/internal/regular"
	"github.com/facet-clip/facet/paper"
)

// imageNet scans two parts of ImageNet, and asks the second what the first says.
func (r *reproducing) imageNet(ctx context.Context) (w paperWork, err error) {
	set, err := openImageNet(r.asked.ImageNet)
	if err != nil {
		return w, err
	}
	means, test, err := halvesOf(ctx, set, r.asked)
	if err != nil {
		return w, err
	}
	w.data = fmt.Sprintf("%d pictures of %s, means and components of %d others", test.Len(), r.asked.ImageNet, means.Len())
	if shown := len(shownClasses(set)); shown < len(set.Classes) {
		w.data, w.partial = fmt.Sprintf("%s; %d of %d classes, which are told apart more easily", w.data, shown, len(set.Classes)), true
	}
	w.depends = []any{means.Fingerprint(), test.Fingerprint(), set.Templates, shownClasses(set)}
	w.files = []string{filepath.Join(r.asked.Folder, meansFolder), filepath.Join(r.asked.Folder, testFolder)}
	w.measure = func(ctx context.Context) (map[string]paper.Measured, error) {
		if _, err := r.scanned(ctx, means, meansFolder); err != nil {
			return nil, err
		}
		if _, err := r.scanned(ctx, test, testFolder); err != nil {
			return nil, err
		}
		return r.askImageNet(ctx, set)
	}
	return w, nil
}

// openImageNet finds the pictures in the folder or in data below it, in one of the layouts that package known reads.
func openImageNet(dir string) (*known.Set, error) {
	if below := filepath.Join(dir, "data"); regular.IsFolder(filepath.Join(below, "val")) {
		dir = below
	}
	return known.Open(paper.ImageNet + ":" + dir)
}

// shownClasses are the names of the classes that pictures are of, in the set's order: of the whole validation all 1000.
func shownClasses(set *known.Set) []string {
	shown := map[int]bool{}
	for i := range set.Len() {
		shown[set.Truth(i)[0]] = true
	}
	var list []string
	for i, c := range set.Classes {
		if shown[i] {
			list = append(list, c.Name)
		}
	}
	return list
}

// halvesOf are the pictures to take means from and those to evaluate on: every Stride-th picture, and of the others as many as are asked for, evenly.
func halvesOf(ctx context.Context, set *known.Set, q Reproduce) (means, test *dataset.Source, err error) {
	all, err := set.Source()
	if err != nil {
		return nil, nil, err
	}
	var tested, others []dataset.Item
	for item, err := range all.Items(ctx, 0) {
		if err != nil {
			return nil, nil, err
		}
		item.Label = set.Classes[set.Truth(item.Index)[0]].Name
		if item.Index%q.Stride == 0 {
			tested = append(tested, item)
		} else {
			others = append(others, item)
		}
	}
	n := min(q.Means, len(others))
	var chosen []dataset.Item
	for k := range n {
		chosen = append(chosen, others[k*len(others)/n])
	}
	name := strings.TrimPrefix(set.Name, set.Kind+":")
	list := func(what string, items []dataset.Item) (*dataset.Source, error) {
		print := fmt.Sprintf("%s, %s of stride %d and %d", set.Fingerprint(), what, q.Stride, n)
		return dataset.Listed(name, print, len(items), func(i int) dataset.Item { return items[i] })
	}
	if means, err = list("means", chosen); err != nil {
		return nil, nil, err
	}
	test, err = list("test", tested)
	return means, test, err
}

// askImageNet asks the atlases for all figures of the step.
func (r *reproducing) askImageNet(ctx context.Context, set *known.Set) (map[string]paper.Measured, error) {
	means, test := filepath.Join(r.asked.Folder, meansFolder), filepath.Join(r.asked.Folder, testFolder)
	s, err := r.openStudy(ctx, Study{Atlas: test, Means: means, Classes: shownClasses(set), Templates: set.Templates})
	if err != nil {
		return nil, err
	}
	defer s.close()
	found := map[string]paper.Measured{}
	for _, ask := range []func(context.Context, *study, map[string]paper.Measured) error{r.reconstructed, r.sparse} {
		if err := ask(ctx, s, found); err != nil {
			return nil, err
		}
	}
	if err := r.meanings(ctx, means, found); err != nil {
		return nil, err
	}
	if err := r.lastPlace(ctx, test, found); err != nil {
		return nil, err
	}
	return found, r.butterfly(ctx, found)
}

// reconstructed are the figures of reconstruction, with the published code's components.
func (r *reproducing) reconstructed(ctx context.Context, s *study, found map[string]paper.Measured) error {
	rows, err := s.Reconstruct(ctx, s.means.Mean, experiment.Basis{Unit: experiment.Pair}, []int{1}, s.test)
	if err != nil {
		return err
	}
	found["pairs-1pc"] = ofShare(rows[0].Accuracy)
	s.unit = experiment.Neuron
	defer func() { s.unit = experiment.Pair }()
	basis, err := s.components(ctx, 4, true)
	if err != nil {
		return err
	}
	if rows, err = s.Reconstruct(ctx, s.means.Mean, basis, []int{1, 2, 4}, s.test); err != nil {
		return err
	}
	for _, row := range rows {
		found[fmt.Sprintf("neurons-%dpc", row.Components)] = ofShare(row.Accuracy)
	}
	return nil
}

// sparse are the figures of ablation, and zero-shot accuracy with nothing held.
func (r *reproducing) sparse(ctx context.Context, s *study, found map[string]paper.Measured) error {
	const percentile = 80
	for _, unit := range []experiment.Unit{experiment.Pair, experiment.Neuron} {
		scores, err := s.scores(ctx, unit)
		if err != nil {
			return err
		}
		rows, err := s.Ablate(ctx, s.means.Mean, scores, unit, s.test, experiment.AblationOptions{Percentiles: []float64{0, percentile}})
		if err != nil {
			return err
		}
		found["zero-shot"] = ofShare(rows[0].Accuracy)
		m := loss(rows[0].Accuracy, rows[1].Accuracy)
		m.Found = fmt.Sprintf("%.1f %% are left", 100*rows[1].Accuracy.Value())
		found["sparse-"+string(unit)+"s"] = m
	}
	return nil
}

// loss is how much lower the second share is, in points, with an interval that takes no account of the pictures being the same: it is too wide.
func loss(first, second answer.Share) paper.Measured {
	p, q := first.Value(), second.Value()
	half := 1.96 * math.Sqrt(p*(1-p)/float64(max(first.Of, 1))+q*(1-q)/float64(max(second.Of, 1)))
	return paper.Measured{Value: 100 * (p - q), Low: 100 * (p - q - half), High: 100 * (p - q + half), Of: first.Of}
}

// meanings compares how many things pairs and neurons stand for.
func (r *reproducing) meanings(ctx context.Context, means string, found map[string]paper.Measured) error {
	a, err := r.Polysemanticity(ctx, Polysemanticity{Atlas: means})
	if err != nil {
		return err
	}
	c := a.Comparison
	m := ofShare(experiment.NewShare(c.Lower, c.Neurons))
	m.Of, m.Found = a.Images, fmt.Sprintf("%d of %d neurons; median difference %+.3f, sign test p = %.2g", c.Lower, c.Neurons, c.Median, c.P)
	found["polysemanticity"] = m
	return nil
}

// sinkPictures is how many pictures are looked at for a sink.
const sinkPictures = 100

// lastPlace looks for the attention sink.
func (r *reproducing) lastPlace(ctx context.Context, test string, found map[string]paper.Measured) error {
	use, err := r.openAtlas(ctx, test)
	if err != nil {
		return err
	}
	p, err := r.picturesOf(ctx, use, nil, sinkPictures)
	if err != nil {
		return err
	}
	looked := &shipped{}
	for picture, err := range p.each {
		if err != nil {
			return err
		}
		if picture.unread == nil {
			looked.pictures = append(looked.pictures, picture)
		}
	}
	a, err := r.lookAt(ctx, []*shipped{looked})
	if err != nil {
		return err
	}
	m := alone(a.Ratio, a.Images, "the last place is a sink")
	if a.RatioLow != nil {
		m.Low, m.High = *a.RatioLow, *a.RatioHigh
	}
	if last := len(a.Mass) - 1; !a.Exists || a.Token != last {
		m.Found = fmt.Sprintf("no sink at the last place: place %d of %d stands out most", a.Token+1, last+1)
	}
	found["sink"] = m
	return nil
}

// butterfly names the pair and the neuron of the paper's example, in a model that has them.
func (r *reproducing) butterfly(ctx context.Context, found map[string]paper.Measured) error {
	if !r.published {
		found["butterfly"] = alone(math.NaN(), 0, "asked of "+paper.Model+" alone")
		return nil
	}
	a, err := r.Label(ctx, Label{Bank: CommonWords, Units: "624,21", Terms: concept.MostShown, Top: -1})
	if err != nil {
		return err
	}
	var words []string
	for _, p := range a.Pairs {
		for _, w := range p.Label {
			words = append(words, w.Text)
		}
	}
	bank, err := r.Words(ctx, CommonWords, false)
	if err != nil {
		return err
	}
	ov, err := r.ov()
	if err != nil {
		return err
	}
	near := bank.Nearest(ov.NeuronDirection(624), wordsPerPair)
	found["butterfly"] = alone(math.NaN(), 0, fmt.Sprintf("the pair says %s; nearest to the neuron are %s", strings.Join(words, ", "), matches(near)))
	return nil
}

func matches(list []concept.Match) string {
	var words []string
	for _, m := range list {
		words = append(words, m.Text)
	}
	return strings.Join(words, ", ")
}
