package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/experiment/attribution"
	"github.com/facet-clip/facet/internal/numeric"
)

// What an explanation sums pairs by.
const (
	ByWord   = "word"
	ByNeuron = "neuron"
	ByHead   = "head"
	ByToken  = "token"
	ByPair   = "pair"
)

// What an explanation is measured against.
const (
	AgainstNone           = "none"
	AgainstAverageText    = "average text"
	AgainstAveragePicture = "average picture"
	againstText           = "text"
	againstPicture        = "picture"
)

const (
	coverDefault = 0.5  // of Σ|amount| of all words
	mostWords    = 30   // that are listed, unless more pairs are
	groupPairs   = 5    // that are listed of a group
	named        = 1000 // pairs that a bank names for groups, the strongest
)

// checkGroups fills in what a question leaves open, and finds mistakes.
func (q Explain) checkGroups() (Explain, error) {
	if q.Cover == 0 {
		q.Cover = coverDefault
	}
	q.By = cmp.Or(q.By, ByWord)
	q.Assign = cmp.Or(q.Assign, AssignShared)
	baselines := 0
	for _, b := range []string{q.Against, q.Contrast, q.Baseline} {
		if b != "" {
			baselines++
		}
	}
	switch {
	case !slices.Contains([]string{ByWord, ByNeuron, ByHead, ByToken, ByPair}, q.By):
		return q, mistake("by", "%s: expected %s, %s, %s, %s or %s", q.By, ByWord, ByNeuron, ByHead, ByToken, ByPair)
	case q.Assign != AssignShared && q.Assign != AssignFirst:
		return q, mistake("assign", "%s: expected %s or %s", q.Assign, AssignShared, AssignFirst)
	case !(q.Cover > 0 && q.Cover <= 1):
		return q, mistake("cover", "%v: expected a share above 0 and up to 1", q.Cover)
	case !slices.Contains([]string{"", AgainstNone, AgainstAverageText, AgainstAveragePicture}, q.Baseline):
		return q, mistake("baseline", "%s: expected %s, %s or %s", q.Baseline, AgainstNone, AgainstAverageText, AgainstAveragePicture)
	case baselines > 1:
		return q, &Mistake{Problem: errors.New("expected one thing to measure against: another text, another picture, or a baseline")}
	case q.Text == "" && (q.Against != "" || q.Contrast != "" || q.Baseline == AgainstAverageText):
		return q, mistake("text", "is missing: what is measured against another text or picture is the logit of a text")
	case q.Intervals && (q.By != ByWord || q.Atlas == ""):
		return q, mistake("intervals", "expected groups by word and an atlas, whose images are drawn anew")
	case q.By == ByToken && (q.Contrast != "" || q.Baseline == AgainstAveragePicture):
		return q, mistake("by", "%s: the places of one picture are not those of another", q.By)
	}
	return q, nil
}

// The ways to give pairs of several words to groups.
const (
	AssignShared = "shared" // to each word by the size of its weight
	AssignFirst  = "first"  // to the first word alone
)

// group makes the groups of an explanation by the names of pairs.
func (e *Explained) group(q Explain, n *Names) {
	a, ov := e.Answer, e.Scalars.OV
	a.By, a.GroupsTotal, a.GroupsResidual = q.By, e.parts.Total, e.parts.Residual()
	if q.By == ByToken {
		_, a.Groups = listed(ov, e.places(e.parts), q, a.GroupsTotal)
		return
	}
	words := n.words(q.Assign == AssignFirst)
	e.groups, a.Groups = listed(ov, e.parts.Groups(partition(ov, q.By, words)), q, a.GroupsTotal)
	if q.By != ByHead {
		return
	}
	for i, g := range e.groups {
		if g.Name != attribution.Constant {
			_, a.Groups[i].Groups = listed(ov, g.Groups(words), q, g.Amount)
		}
	}
}

// contrast is what the groups of a question sum to, and against what that is measured.
func (l *Lab) contrast(ctx context.Context, e *Explained, q Explain, use *use) (attribution.Split, *answer.Against, error) {
	switch {
	case q.Text == "":
		return l.embeddingContrast(e, q, use)
	case q.Contrast != "":
		return l.pictureContrast(ctx, e, q, use)
	case q.Baseline == AgainstAveragePicture:
		return l.averagePicture(e, q, use)
	}
	t, against, err := l.textContrast(ctx, e, q)
	if err != nil {
		return attribution.Split{}, nil, err
	}
	return attribution.Logit(e.Scalars, t, e.Embedding, e.scale), against, nil
}

// embeddingContrast is what the picture is more than the average picture, where one is at hand, else the embedding as it is.
func (l *Lab) embeddingContrast(e *Explained, q Explain, use *use) (attribution.Split, *answer.Against, error) {
	centre, err := l.centre(e.Scalars.OV, use)
	if err != nil {
		return attribution.Split{}, nil, err
	}
	if centre == nil && q.Baseline == AgainstAveragePicture {
		return attribution.Split{}, nil, errNoAverage
	}
	if centre == nil || q.Baseline == AgainstNone || q.By == ByToken { // an average has no places
		return attribution.Embedding(e.Scalars, e.Embedding), nil, nil
	}
	return centre.EmbeddingOf(e.Scalars, e.Embedding), &answer.Against{Kind: AgainstAveragePicture, Name: centre.name}, nil
}

// textContrast is the direction [D] whose logit the groups sum to: a text, less another, or less the average text of a bank where one is at hand.
func (l *Lab) textContrast(ctx context.Context, e *Explained, q Explain) ([]float32, *answer.Against, error) {
	var other []float32
	against := &answer.Against{Kind: againstText, Name: q.Against}
	switch {
	case q.Against != "":
		one, err := l.Few(ctx, []string{q.Against}, q.Truncate)
		if err != nil {
			return nil, nil, err
		}
		other = one.Embeddings
	case q.Baseline == AgainstNone || q.Baseline == "" && q.Bank == "" && !l.knowsWorld:
		return e.text, nil, nil
	default:
		bank, err := l.Bank(ctx, q.Bank, q.Truncate)
		if err != nil {
			return nil, nil, err
		}
		other = bank.Mean()
		against = &answer.Against{Kind: AgainstAverageText, Name: cmp.Or(q.Bank, "the demo world's words")}
	}
	against.Total = attribution.Logit(e.Scalars, other, e.Embedding, e.scale).Total
	return less(e.text, other), against, nil
}

// pictureContrast measures against another picture with the same text.
func (l *Lab) pictureContrast(ctx context.Context, e *Explained, q Explain, use *use) (split attribution.Split, against *answer.Against, err error) {
	other := q.Other
	if other == nil {
		if other, err = l.look(ctx, Explain{Picture: q.Contrast, Whole: q.Whole}, use); err != nil {
			return split, nil, err
		}
	}
	baseline := attribution.Logit(other.Scalars, e.text, other.Embedding, e.scale)
	return attribution.Logit(e.Scalars, e.text, e.Embedding, e.scale).Minus(baseline),
		&answer.Against{Kind: againstPicture, Name: q.Contrast, Total: baseline.Total}, nil
}

// averagePicture measures against the average picture of an atlas, at this picture's length.
func (l *Lab) averagePicture(e *Explained, q Explain, use *use) (split attribution.Split, against *answer.Against, err error) {
	centre, err := l.centre(e.Scalars.OV, use)
	if err == nil && centre == nil {
		err = errNoAverage
	}
	if err != nil {
		return split, nil, err
	}
	split = centre.LogitOf(e.Scalars, e.text, e.Embedding, e.scale)
	return split, &answer.Against{Kind: AgainstAveragePicture, Name: centre.name, Total: e.Split.Total - split.Total}, nil
}

// errNoAverage is a mistake: the average picture is an atlas'.
var errNoAverage = &Mistake{"baseline", errors.New(AgainstAveragePicture + ": it comes from an atlas, which is missing")}

// average is a dataset's average picture.
type average struct {
	attribution.Centre
	name string
}

// centre is the average picture of an atlas, or of the scenes that the demo model's table is of; nil where there is none.
func (l *Lab) centre(ov *decompose.OV, use *use) (*average, error) {
	means, name := []float64(nil), ""
	switch {
	case use != nil:
		means, name = use.stats.Mean, use.atlas.Dir()
	case l.knowsWorld:
		known, err := knownPairs()
		if err != nil {
			return nil, err
		}
		means, name = known.Means, "4000 scenes of the demo world"
	default:
		return nil, nil
	}
	c, err := attribution.NewCentre(ov, means)
	return &average{c, name}, err
}

// partition says to which groups a pair belongs.
func partition(ov *decompose.OV, by string, words attribution.Partition) attribution.Partition {
	switch by {
	case ByNeuron:
		return attribution.Whole(ov.Channels, func(n int) string { return fmt.Sprintf("neuron %d", n) }, func(p int) int { return ov.Pair(p).Neuron })
	case ByHead:
		return attribution.Whole(ov.Heads, func(h int) string { return fmt.Sprintf("head %d", h) }, func(p int) int { return ov.Pair(p).Head })
	case ByPair:
		return attribution.Whole(ov.Heads*ov.Channels, func(p int) string { return ov.Pair(p).String() }, func(p int) int { return p })
	}
	return words
}

// bankToName is the bank that names pairs where none is asked for: the common words, unless an atlas has labels or the demo model its table.
func (l *Lab) bankToName(ctx context.Context, bank string, use *use) string {
	if bank != "" || use.labelled() {
		return bank
	}
	if use != nil {
		l.log.Warn("the atlas keeps no labels, so the strongest pairs are named for each picture anew; facet label ATLAS names more pairs, once, and keeps the names",
			"atlas", use.atlas.Dir())
	}
	if l.name == DemoName {
		return ""
	}
	return l.namingBank(ctx)
}

// onSpot is true where pairs are named for one picture: by a bank, or by an atlas without labels.
func (l *Lab) onSpot(bank string, use *use) bool {
	return bank != "" || use != nil && !use.labelled() && l.knowsWorld
}

// namesAsked are the names that a question asks for: of some pairs by a bank, of an atlas, or of the demo model's own table; nil where nothing names pairs.
func (l *Lab) namesAsked(ctx context.Context, s decompose.Scalars, q Explain, use *use, pairs func() []decompose.Pair) (*Names, error) {
	switch {
	case !l.onSpot(q.Bank, use) && use.labelled():
		return use.names()
	case !l.onSpot(q.Bank, use):
		return l.ownNames()
	case use != nil:
		return l.namesBy(ctx, s.OV, use, pairs(), q.Bank, q.Truncate)
	}
	n, err := l.said(ctx, s.OV, pairs(), q.Bank, q.Truncate)
	if err == nil {
		n.turn(s)
	}
	return n, err
}

// strongestOf are the pairs of largest |amount|.
func strongestOf(s decompose.Scalars, split attribution.Split) []decompose.Pair {
	return s.Top(numeric.Float32(split.Pairs), named, func(v float32) float32 { return max(v, -v) })
}

// turn makes labels of directions labels of what pairs add to an embedding: a negative scalar turns them around.
func (n *Names) turn(s decompose.Scalars) {
	for p, label := range n.labels {
		if s.S[p] < 0 {
			label.Says = label.Says.Turned()
			n.labels[p] = label
		}
	}
}

// terms are the words that name each pair.
func (n *Names) terms() map[int][]attribution.Term {
	terms := map[int][]attribution.Term{}
	if n == nil {
		return terms
	}
	for p, label := range n.labels {
		if of := termsOf(label.Fires, label.Says); of != nil {
			terms[p] = of
		}
	}
	return terms
}

// termsOf are the words of a pair by what it fires for, or where that is no name, by what it says; nil where it has no name.
func termsOf(fires, says atlas.Words) (terms []attribution.Term) {
	for _, words := range []atlas.Words{fires, says} {
		if !words.Named {
			continue
		}
		for _, w := range words.Shown() {
			terms = append(terms, attribution.Term{Word: w.Text, Weight: w.Weight})
		}
		break
	}
	return terms
}

// ownNames are those of the demo model's table; nil for other models, which have none.
func (l *Lab) ownNames() (*Names, error) {
	if !l.knowsWorld {
		return nil, nil
	}
	return ownNames()
}

var ownNames = sync.OnceValues(func() (*Names, error) {
	known, err := knownPairs()
	return newNames(known.Labels, true), err
})

// knownPairs is the table of the demo model's pairs, which is read once.
var knownPairs = sync.OnceValues(demo.KnownPairs)

// listed are the groups that cover what a question asks for, as they are and as an answer.
func listed(ov *decompose.OV, groups []attribution.Group, q Explain, total float64) ([]attribution.Group, []answer.Group) {
	shown, rest := attribution.Cover(groups, q.Cover, max(q.Top, mostWords))
	list := make([]answer.Group, 0, len(shown)+1)
	for _, g := range shown {
		list = append(list, groupOf(ov, g, total))
	}
	if rest.Groups > 0 {
		list = append(list, answer.Group{Word: answer.Others, Amount: rest.Amount, Share: rest.Share, PairCount: rest.Groups, Pairs: []answer.GroupPair{}})
	}
	return shown, list
}

// groupOf is a group with its strongest pairs.
func groupOf(ov *decompose.OV, g attribution.Group, total float64) answer.Group {
	a := answer.Group{Word: g.Name, Amount: g.Amount, Share: g.Share, PairCount: len(g.Members), Pairs: []answer.GroupPair{}}
	for _, m := range g.Strongest(groupPairs) {
		pair := ov.Pair(m.Pair)
		a.Pairs = append(a.Pairs, answer.GroupPair{
			Neuron: pair.Neuron, Head: pair.Head, Of: m.Of, Amount: m.Amount, Share: decompose.Share(m.Amount, total),
		})
	}
	return a
}

// places are what each token brings through all pairs. The class token is no place.
func (e *Explained) places(split attribution.Split) []attribution.Group {
	groups := []attribution.Group{{Name: attribution.Constant, Amount: split.Constant}}
	for i, v := range e.Tokens.SumMap(split.Per) {
		name, width := "class token", e.Answer.Image.Grid[1]
		if i > 0 {
			name = fmt.Sprintf("row %d, column %d", (i-1)/width+1, (i-1)%width+1)
		}
		groups = append(groups, attribution.Group{Name: name, Amount: float64(v)})
	}
	return attribution.Ordered(groups, split.Total)
}
