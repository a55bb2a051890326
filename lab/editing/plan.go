package editing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/edit"
	"github.com/facet-clip/facet/internal/numeric"
	"github.com/facet-clip/facet/lab"
)

// Edit says what is changed in a model's weights. At least one of Remove, Pairs, Heads, EraseTexts and EraseLabel is given.
type Edit struct {
	// Means is the folder of an atlas of the model: pairs are held or scaled about their means there, and labels are erased by its embeddings.
	Means string
	// Remove are texts: pairs that are about one of them are edited, by the rule of By.
	Remove []string
	// By is how a pair is about a text: label, direction or both. Empty, it is label where the atlas keeps labels, and direction elsewhere.
	By string
	// Sigma is how many standard deviations above the mean over all pairs a direction's cosine with a text must lie; 0 is 4.
	Sigma float64
	// Pairs are edited whatever they are about.
	Pairs []decompose.Pair
	// Heads are edited whole.
	Heads []int
	// Scale is what a pair's scalar is multiplied by about its mean: 0 holds it there, 2 doubles what differs.
	Scale float64
	// Keep are texts that must not suffer: pairs that carry one of them are left as they are, and texts are erased so that the logits of these stay.
	Keep []string
	// EraseTexts are texts whose span is projected out of embeddings.
	EraseTexts []string
	// Side is where texts are erased: image (also empty), text or both.
	Side string
	// EraseLabel is a column of the atlas, label, group or truth, of which no linear map of an embedding is to tell the classes.
	EraseLabel string
	// Ridge is added to a covariance for EraseLabel, in parts of its mean eigenvalue. 0: 0.001 where the covariance is singular, and none elsewhere.
	Ridge float64
	// Templates are the prompts that the texts of EraseTexts and Keep are put into when they are erased. Empty, they are those of classes.
	Templates concept.Templates
}

// How a pair is about a text.
const (
	ByLabel     = "label"
	ByDirection = "direction"
	ByBoth      = "both"
)

// Where texts are erased.
const (
	SideImage = "image"
	SideText  = "text"
	SideBoth  = "both"
)

const sigmaDefault = 4

func (q Edit) check() (Edit, error) {
	if q.Sigma == 0 {
		q.Sigma = sigmaDefault
	}
	if q.Side == "" {
		q.Side = SideImage
	}
	switch {
	case q.Means == "":
		return q, lab.Mistakef("means", "is missing: expected the folder of an atlas of the model, whose means pairs are edited about")
	case len(q.Remove)+len(q.Pairs)+len(q.Heads)+len(q.EraseTexts) == 0 && q.EraseLabel == "":
		return q, &lab.Mistake{Problem: errors.New("nothing to edit: expected remove, pairs, heads, erase-texts or erase-label")}
	case !slices.Contains([]string{"", ByLabel, ByDirection, ByBoth}, q.By):
		return q, lab.Mistakef("about", "%s: expected %s, %s or %s", q.By, ByLabel, ByDirection, ByBoth)
	case !slices.Contains([]string{SideImage, SideText, SideBoth}, q.Side):
		return q, lab.Mistakef("side", "%s: expected %s, %s or %s", q.Side, SideImage, SideText, SideBoth)
	case !slices.Contains([]string{"", lab.ColumnLabel, lab.ColumnGroup, lab.ColumnTruth}, q.EraseLabel):
		return q, lab.Mistakef("erase-label", "%s: expected a column of the atlas: %s, %s or %s", q.EraseLabel, lab.ColumnLabel, lab.ColumnGroup, lab.ColumnTruth)
	case len(q.Keep) > 0 && q.EraseLabel != "":
		return q, lab.Mistakef("keep", "does not go with erase-label: its map is fixed by the labels")
	case !(q.Sigma > 0), !(q.Ridge >= 0), q.Scale-q.Scale != 0:
		return q, &lab.Mistake{Problem: fmt.Errorf("scale %g, sigma %g, ridge %g: expected finite numbers, sigma above 0 and ridge not below", q.Scale, q.Sigma, q.Ridge)}
	}
	return q, nil
}

// changesPairs tells whether scalars are needed to predict what the edit does.
func (q Edit) changesPairs() bool { return len(q.Remove)+len(q.Pairs)+len(q.Heads) > 0 }

// ground is what an edit is made from: the pictures of an atlas, or some of them.
type ground struct {
	use    *lab.Opened
	mean   []float64 // s̄ [M,C] over the pictures
	images []int     // nil: all of the atlas
}

// planned is an edit that is ready, with what is told of it.
type planned struct {
	*edit.Edit
	answer.EditPlan
	maps []answer.ErasureMap
}

// erasure tells of an eraser.
func (p *planned) erasure(of answer.Erasure, x edit.Eraser, embed int) {
	of.Rank = x.Rank(embed)
	p.Erasures = append(p.Erasures, of)
	m := answer.ErasureMap{Erasure: of, Mean: x.Mean}
	for r := range of.Rank {
		m.Left, m.Right = append(m.Left, x.Left[r*embed:(r+1)*embed]), append(m.Right, x.Right[r*embed:(r+1)*embed])
	}
	p.maps = append(p.maps, m)
}

// planEdit makes an edit from a ground.
func (l Editor) planEdit(ctx context.Context, q Edit, from ground) (*planned, error) {
	ov, err := l.OV()
	if err != nil {
		return nil, err
	}
	p := &planned{Edit: edit.New(ov.Heads, ov.Channels, ov.Embed)}
	p.EditPlan = answer.EditPlan{Means: q.Means, Pairs: []answer.EditedPair{}, Kept: []answer.EditedPair{}, Erasures: []answer.Erasure{}}
	if p.Model, err = l.Describe(ctx); err != nil {
		return nil, err
	}
	if q.changesPairs() {
		if err := l.planPairs(ctx, q, from, ov, p); err != nil {
			return nil, err
		}
	}
	if len(q.EraseTexts) > 0 {
		if err := l.planTexts(ctx, q, p); err != nil {
			return nil, err
		}
	}
	if q.EraseLabel != "" {
		return p, l.planLabel(q, from, p)
	}
	return p, nil
}

// planPairs chooses pairs and scales them.
func (l Editor) planPairs(ctx context.Context, q Edit, from ground, ov *decompose.OV, p *planned) error {
	c, err := l.newChooser(ctx, q, from, ov)
	if err != nil {
		return err
	}
	p.Rule = c.rule()
	if p.Pairs, p.Kept, err = c.choose(ctx); err != nil {
		return err
	}
	pairs := make([]decompose.Pair, len(p.Pairs))
	for i, e := range p.Pairs {
		pairs[i] = decompose.Pair{Head: e.Head, Neuron: e.Neuron}
	}
	return p.Scale(pairs, q.Scale, from.mean)
}

// planTexts projects texts out.
func (l Editor) planTexts(ctx context.Context, q Edit, p *planned) error {
	texts, err := l.ClassRows(ctx, q.EraseTexts, q.Templates)
	if err != nil {
		return err
	}
	var keep []float32
	if len(q.Keep) > 0 {
		if keep, err = l.ClassRows(ctx, q.Keep, q.Templates); err != nil {
			return err
		}
	}
	embed := l.Model().Config.Embed
	x, err := edit.Project(texts, keep, embed)
	if err != nil {
		return lab.Mistakef("erase-texts", "%s: %w", strings.Join(q.EraseTexts, ", "), err)
	}
	of := answer.Erasure{Of: "texts", Texts: q.EraseTexts, Kept: q.Keep, Images: q.Side != SideText, TextSide: q.Side != SideImage}
	p.erasure(of, x, embed)
	if of.Images {
		err = p.Erase(x)
	}
	if of.TextSide {
		err = errors.Join(err, p.EraseTexts(x))
	}
	return err
}

// planLabel erases what a column of the atlas says.
func (l Editor) planLabel(q Edit, from ground, p *planned) error {
	embeddings, classes, labels, err := from.labelled(q.EraseLabel, l.Model().Config.Embed)
	if err != nil {
		return err
	}
	m, err := edit.NewMoments(embeddings, l.Model().Config.Embed, labels, len(classes))
	if err != nil {
		return lab.Mistakef("erase-label", "%s of %s: %w", q.EraseLabel, q.Means, err)
	}
	ridge := q.Ridge
	if ridge == 0 && m.Singular() {
		ridge = edit.DefaultRidge
	}
	x, err := edit.LEACE(m, ridge)
	if err != nil {
		return fmt.Errorf("%s of %s: %w", q.EraseLabel, q.Means, err)
	}
	p.erasure(answer.Erasure{Of: "label", Column: q.EraseLabel, Classes: classes, Ridge: ridge, Images: true}, x, l.Model().Config.Embed)
	return p.Erase(x)
}

// labelled are the embeddings of the ground with the class of each in a column, −1 where it says nothing.
func (g ground) labelled(column string, embed int) (embeddings []float32, classes []string, labels []int, err error) {
	rows, err := g.use.Pictures()
	if err != nil {
		return nil, nil, nil, err
	}
	all, err := g.use.PictureEmbeddings()
	if err != nil {
		return nil, nil, nil, err
	}
	images := g.images
	if images == nil {
		images = numeric.Indices(len(rows))
	}
	for _, i := range images {
		if v := rows[i].Column(column); v != "" {
			classes = append(classes, v)
		}
		embeddings = append(embeddings, all[i*embed:(i+1)*embed]...)
	}
	slices.Sort(classes)
	classes = slices.Compact(classes)
	for _, i := range images {
		at, found := slices.BinarySearch(classes, rows[i].Column(column))
		if !found {
			at = -1
		}
		labels = append(labels, at)
	}
	return embeddings, classes, labels, nil
}

// PlanEdit says what an edit will change, and does nothing.
func (l Editor) PlanEdit(ctx context.Context, q Edit) (*answer.EditPlan, error) {
	q, err := q.check()
	if err != nil {
		return nil, err
	}
	use, err := l.OpenAtlas(ctx, q.Means)
	if err != nil {
		return nil, fmt.Errorf("means: %w", err)
	}
	p, err := l.planEdit(ctx, q, ground{use: use, mean: use.Stats.Mean})
	if err != nil {
		return nil, err
	}
	return &p.EditPlan, nil
}

// WritePairs writes pairs as [ReadPairs] reads them.
func WritePairs(w io.Writer, pairs []answer.SuspectPair) error {
	type pair struct {
		Neuron int `json:"neuron"`
		Head   int `json:"head"`
	}
	list := []pair{}
	for _, p := range pairs {
		list = append(list, pair{p.Neuron, p.Head})
	}
	return json.NewEncoder(w).Encode(list)
}

// ReadPairs reads a list of pairs: [{"neuron": 5, "head": 2}, …].
func ReadPairs(name string, r io.Reader) ([]decompose.Pair, error) {
	var list []struct{ Neuron, Head *int }
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	err := d.Decode(&list)
	if err == nil && len(list) == 0 {
		err = errors.New("an empty list")
	}
	pairs := make([]decompose.Pair, len(list))
	for i, p := range list {
		if p.Neuron == nil || p.Head == nil {
			return nil, fmt.Errorf("%s: pair %d: expected a neuron and a head", name, i+1)
		}
		pairs[i] = decompose.Pair{Head: *p.Head, Neuron: *p.Neuron}
	}
	if err != nil {
		return nil, fmt.Errorf(`%s: expected a list of pairs such as [{"neuron": 5, "head": 2}]: %w`, name, err)
	}
	return pairs, nil
}
