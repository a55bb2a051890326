package editing

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/lab"
)

// Why a pair is edited.
const (
	whyPair = "pair"
	whyHead = "head"
)

// chooser finds the pairs that an edit changes.
type chooser struct {
	lab   Editor
	q     Edit
	from  ground
	ov    *decompose.OV
	names *lab.Names
}

func (l Editor) newChooser(ctx context.Context, q Edit, from ground, ov *decompose.OV) (*chooser, error) {
	c := &chooser{lab: l, q: q, from: from, ov: ov}
	var err error
	if c.names, err = from.use.Names(); err != nil {
		return nil, err
	}
	if q.By == "" {
		if c.q.By = ByDirection; c.names != nil {
			c.q.By = ByLabel
		}
	}
	if c.q.By != ByDirection && c.names == nil {
		return nil, lab.Mistakef("about", "%s: the atlas %s keeps no labels; make them with facet label %s, or choose by direction", c.q.By, q.Means, q.Means)
	}
	for _, p := range q.Pairs {
		if err := lab.CheckPair(p, ov); err != nil {
			return nil, err
		}
	}
	for _, h := range q.Heads {
		if h < 0 || h >= ov.Heads {
			return nil, lab.Mistakef("heads", "%d: expected heads of the model, from 0 to %d", h, ov.Heads-1)
		}
	}
	return c, ctx.Err()
}

// rule says in words how pairs are about a text; empty where no text is asked for.
func (c *chooser) rule() string {
	if len(c.q.Remove)+len(c.q.Keep) == 0 {
		return ""
	}
	var rules []string
	if c.q.By != ByDirection {
		rules = append(rules, "the heaviest word of what it fires for, or of what it says, is the text")
	}
	if c.q.By != ByLabel {
		rules = append(rules, fmt.Sprintf("the cosine of its principal direction with the centred text lies %g standard deviations or more above the mean over all pairs", c.q.Sigma))
	}
	rule := "a pair is about a text if " + strings.Join(rules, ", or if ")
	if len(c.q.Keep) > 0 {
		rule += "; it carries a text that is to be kept if that is so, or if the text is among the words of its label"
	}
	return rule
}

// choose gives the pairs to edit and those that are left out because they carry a text that is to be kept, both by strength.
func (c *chooser) choose(ctx context.Context) (chosen, kept []answer.EditedPair, err error) {
	found := map[int]answer.EditedPair{}
	for _, p := range c.q.Pairs {
		c.put(found, c.ov.Index(p), answer.EditedPair{Why: whyPair})
	}
	for _, h := range c.q.Heads {
		for n := range c.ov.Channels {
			c.put(found, h*c.ov.Channels+n, answer.EditedPair{Why: whyHead})
		}
	}
	for _, text := range c.q.Remove {
		about, err := c.about(ctx, text)
		if err != nil {
			return nil, nil, err
		}
		if len(about) == 0 {
			return nil, nil, lab.Mistakef("remove", "%q: no pair is about it, by %s", text, c.q.By)
		}
		for p, why := range about {
			c.put(found, p, why)
		}
	}
	carried := map[int]bool{}
	for _, text := range c.q.Keep {
		about, err := c.about(ctx, text)
		if err != nil {
			return nil, nil, err
		}
		for p := range found {
			if _, ok := about[p]; ok || c.inLabel(p, text) {
				carried[p] = true
			}
		}
	}
	for p, e := range found {
		if carried[p] && e.Why != whyPair {
			kept = append(kept, e)
		} else {
			chosen = append(chosen, e)
		}
	}
	if len(chosen) == 0 {
		return nil, nil, lab.Mistakef("keep", "%s: every pair to edit carries it, so nothing is left to edit", strings.Join(c.q.Keep, ", "))
	}
	return byStrength(chosen), byStrength(kept), nil
}

// byStrength sorts pairs, the strongest first.
func byStrength(pairs []answer.EditedPair) []answer.EditedPair {
	slices.SortFunc(pairs, func(a, b answer.EditedPair) int {
		return cmp.Or(cmp.Compare(b.Strength, a.Strength), cmp.Compare(a.Head, b.Head), cmp.Compare(a.Neuron, b.Neuron))
	})
	if pairs == nil {
		return []answer.EditedPair{}
	}
	return pairs
}

// put adds a pair unless it is there already.
func (c *chooser) put(found map[int]answer.EditedPair, p int, why answer.EditedPair) {
	if _, ok := found[p]; ok {
		return
	}
	pair := c.ov.Pair(p)
	why.Neuron, why.Head, why.Scale, why.Mean = pair.Neuron, pair.Head, c.q.Scale, c.from.mean[p]
	why.Strength = float64(c.from.use.Strength[p])
	why.Names = c.names.Of(p)
	found[p] = why
}

// about are the pairs that are about a text, by the rules asked for.
func (c *chooser) about(ctx context.Context, text string) (map[int]answer.EditedPair, error) {
	out := map[int]answer.EditedPair{}
	if c.q.By != ByDirection {
		for _, p := range namedFirst(c.names, text) {
			out[p] = answer.EditedPair{Why: ByLabel, Text: text}
		}
	}
	if c.q.By == ByLabel {
		return out, nil
	}
	direction, err := c.lab.TextDirection(ctx, text)
	if err != nil {
		return nil, err
	}
	cosines := c.ov.Text(direction)
	for p, norm := range c.ov.Norms() {
		cosines[p] *= float32(c.from.use.Signs[p]) / max(norm, math.SmallestNonzeroFloat32)
	}
	least := outlier(cosines, c.q.Sigma)
	for p, cosine := range cosines {
		if _, ok := out[p]; !ok && float64(cosine) >= least {
			out[p] = answer.EditedPair{Why: ByDirection, Text: text, Cosine: float64(cosine)}
		}
	}
	return out, nil
}

// outlier is the mean of numbers plus so many standard deviations.
func outlier(x []float32, sigma float64) float64 {
	var mean, square float64
	for _, v := range x {
		mean += float64(v) / float64(len(x))
	}
	for _, v := range x {
		square += (float64(v) - mean) * (float64(v) - mean) / float64(len(x))
	}
	return mean + sigma*math.Sqrt(square)
}

// namedFirst are the pairs whose heaviest word is a text, of what they fire for or of what they say, in their order.
func namedFirst(names *lab.Names, text string) (pairs []int) {
	for _, p := range names.Named() {
		if of := names.Of(p); heaviest(of.Fires, text) || heaviest(of.Says, text) {
			pairs = append(pairs, p)
		}
	}
	return pairs
}

// heaviest tells whether a name's heaviest word is a text, with positive weight.
func heaviest(n *answer.Name, text string) bool {
	return n != nil && n.Named && len(n.Label) > 0 && n.Label[0].Weight > 0 && strings.EqualFold(n.Label[0].Text, text)
}

// inLabel tells whether a text is among the words of a pair's label, with positive weight.
func (c *chooser) inLabel(p int, text string) bool {
	names := c.names.Of(p)
	for _, n := range []*answer.Name{names.Fires, names.Says} {
		if n == nil || !n.Named {
			continue
		}
		if slices.ContainsFunc(n.Label, func(w answer.Word) bool { return w.Weight > 0 && strings.EqualFold(w.Text, text) }) {
			return true
		}
	}
	return false
}
