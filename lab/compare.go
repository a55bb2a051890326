package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/drift/profile"
	"github.com/facet-clip/facet/drift/record"
	"github.com/facet-clip/facet/drift/report"
)

// Compare asks how images differ from a profile, in words.
type Compare struct {
	// Profile is the folder of the profile.
	Profile string
	// Source is the dataset that is compared with it.
	Source *dataset.Source
	// By compares parts too: see [CompareKeys]. Empty, all images are compared at once.
	By string
	// Previous compares each part with the last so many parts before it, and the first part with the profile; 0 compares all with the profile.
	Previous int
	// Given compares images within its values too, and says what their mix explains: group or label. Empty: it does not.
	Given string
	// Bank is a list, a bank or a file with a text a line, whose words name changes. Empty, it is the default: see [Lab.Bank].
	Bank string
	// Performance are labelled pictures like the profile's, by which the share that is classified right is estimated. Nil: it is not.
	Performance *dataset.Source
	// Watch are texts to follow, besides those of the profile.
	Watch []string
	// Level is the expected share of false discoveries among the changed pairs; 0 is 0.05.
	Level float64
	// Seed is that of the permutations.
	Seed uint64
	// Strict ends with the first picture that cannot be read, instead of counting it: [ErrStrict].
	Strict bool
}

const (
	mostGroups  = 200
	groupSample = 1000 // images kept of each group
)

// groupKeys are what parts can be made by, with the part of an item.
var groupKeys = map[string]func(dataset.Item) string{
	"group":      func(i dataset.Item) string { return i.Group },
	"label":      func(i dataset.Item) string { return i.Label },
	"time:year":  func(i dataset.Item) string { return formatted(i.Time, "2006") },
	"time:month": func(i dataset.Item) string { return formatted(i.Time, "2006-01") },
	"time:day":   func(i dataset.Item) string { return formatted(i.Time, "2006-01-02") },
}

// givenOf are what images can be compared within.
var givenOf = map[string]func(drift.Image) string{
	"group": func(i drift.Image) string { return i.Group },
	"label": func(i drift.Image) string { return i.Label },
}

// CompareKeys are what [Compare] can make parts by.
func CompareKeys() []string { return slices.Sorted(maps.Keys(groupKeys)) }

// formatted is the day, month or year of a time where it was taken: by the offset from UTC that is written with it.
func formatted(t time.Time, layout string) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(layout)
}

func (q Compare) check() (Compare, error) {
	if q.Level == 0 {
		q.Level = DefaultLevel
	}
	switch {
	case q.Profile == "":
		return q, &Mistake{Problem: errors.New("no profile: expected what images are compared with")}
	case q.Source == nil:
		return q, &Mistake{Problem: errors.New("no dataset: expected images to compare")}
	case q.By != "" && groupKeys[q.By] == nil:
		return q, mistake("by", "%s: expected one of %s", q.By, strings.Join(CompareKeys(), ", "))
	case q.Given != "" && givenOf[q.Given] == nil:
		return q, mistake("given", "%s: expected group or label", q.Given)
	case q.Previous < 0 || q.Previous > mostGroups:
		return q, mistake("previous", "%d: expected 0 to %d parts", q.Previous, mostGroups)
	case q.Previous > 0 && q.By == "":
		return q, mistake("previous", "%d: expected parts that come after one another: by time:month, for example", q.Previous)
	}
	return q, cmp.Or(CheckLevel("level", q.Level), checkWatched(q.Watch))
}

// comparing is a comparison under way.
type comparing struct {
	Compare
	profile  *drift.Profile
	header   profile.Header
	ov       *decompose.OV
	words    *drift.Vocabulary
	concepts []drift.Concept

	all   *drift.Group
	parts map[string]*drift.Group

	performing *performing // nil: nobody asks
}

// Compare passes images through the model, tests every strong pair against a profile, and names what changed. With parts, false discoveries are
// controlled over all of them.
func (l *Lab) Compare(ctx context.Context, q Compare) (*answer.Drift, error) {
	q, err := q.check()
	if err != nil {
		return nil, err
	}
	c, err := l.beginComparing(ctx, q)
	if err != nil {
		return nil, err
	}
	through := pass{source: q.Source, decoder: l.decoder.Rotating(c.header.ExifRotate), strict: q.Strict, ov: c.ov, concepts: c.concepts, add: c.add, distinct: new(drift.Distinct)}
	if err := l.pass(ctx, &through); err != nil {
		return nil, err
	}
	if n := c.all.Count(); n < 2 {
		return nil, fmt.Errorf("%s: %d pictures that can be read, expected two at least", q.Source.Name, n)
	}
	a := &answer.Drift{Format: record.Format, Profile: q.Profile, Source: q.Source.Name, By: q.By, Previous: q.Previous, Level: q.Level, Unread: through.bad.count, Repeated: through.distinct.Repeated}
	if a.Model, err = l.Describe(ctx); err != nil {
		return nil, err
	}
	if err := c.tell(ctx, a); err != nil {
		return nil, err
	}
	if c.performing != nil {
		a.Performance = c.performing.answer()
	}
	a.Verdict = report.Verdict(a)
	return a, nil
}

func (l *Lab) beginComparing(ctx context.Context, q Compare) (*comparing, error) {
	ov, err := l.ov()
	if err != nil {
		return nil, err
	}
	c := &comparing{Compare: q, ov: ov, parts: map[string]*drift.Group{}}
	if c.profile, c.header, err = l.openProfile(ctx, q.Profile, ov); err != nil {
		return nil, err
	}
	if q.Given != "" && !slices.ContainsFunc(c.profile.Sample(), func(i drift.Image) bool { return givenOf[q.Given](i) != "" }) { // before all images are read
		return nil, fmt.Errorf("%s: %w: expected a %s of images. Make it anew of a dataset that says them", q.Profile, drift.ErrNoValues, q.Given)
	}
	words, err := l.namers(ctx, q.Bank)
	if err != nil {
		return nil, err
	}
	if c.words, err = drift.NewVocabulary(ctx, c.profile, ov, words); err != nil {
		return nil, err
	}
	more := slices.DeleteFunc(slices.Clone(q.Watch), func(t string) bool {
		return slices.ContainsFunc(c.profile.Watched, func(c drift.Concept) bool { return c.Text == t })
	})
	followed, err := l.followed(ctx, more, q.Bank, false, ov)
	if err != nil {
		return nil, err
	}
	c.concepts = slices.Concat(c.profile.Watched, followed)
	c.all = c.group("")
	if q.Performance != nil {
		c.performing, err = l.beginPerforming(ctx, q, c)
	}
	return c, err
}

// group is a group without images.
func (c *comparing) group(name string) *drift.Group {
	return drift.NewGroup(name, c.ov.Heads*c.ov.Channels, c.ov.Embed, len(c.concepts), groupSample)
}

// add sorts an image into the whole and its part.
func (c *comparing) add(item *scanned, image drift.Image) error {
	name := c.partOf(item.Item)
	if c.performing != nil {
		c.performing.add(item.Item, name, image.Embedding)
	}
	if err := c.all.Add(image, item.scalars, c.profile.Strong, item.Truth); err != nil || name == "" {
		return err
	}
	part := c.parts[name]
	if part == nil {
		if len(c.parts) == mostGroups {
			return fmt.Errorf("by %s: %s would be group %d, expected %d at most", c.By, name, mostGroups+1, mostGroups)
		}
		part = c.group(name)
		c.parts[name] = part
	}
	return part.Add(image, item.scalars, c.profile.Strong, item.Truth)
}

// tell compares all images, and then the parts with false discoveries controlled over all of them.
func (c *comparing) tell(ctx context.Context, a *answer.Drift) error {
	o := drift.Options{Level: c.Level, Seed: c.Seed}
	whole, err := c.words.Compare(ctx, []*drift.Summary{c.all.Summary}, o)
	if err != nil {
		return err
	}
	a.All = record.Comparison(whole[0])
	told, err := drift.Classify(c.profile.Sample(), c.all.Sample(), c.Seed)
	if err != nil {
		return err
	}
	a.All.Classifier = record.Classifier(told)
	if c.Given != "" {
		within, err := c.words.Given(ctx, c.all.Summary, givenOf[c.Given], o)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Compare.Profile, err)
		}
		a.Given = record.Given(c.Given, within)
	}
	var groups []*drift.Group
	var names []string
	var sets []*drift.Summary
	for _, name := range slices.Sorted(maps.Keys(c.parts)) {
		part := c.parts[name]
		groups = append(groups, part)
		if part.Count() > 1 { // the row of others among the watched texts says how many
			names, sets = append(names, name), append(sets, part.Summary)
		}
	}
	compared, err := c.compareParts(ctx, sets, o)
	if err != nil {
		return err
	}
	for i, one := range compared {
		g := answer.GroupComparison{Name: names[i], Comparison: record.Comparison(one)}
		if c.Previous > 0 && i > 0 {
			g.Against = names[max(0, i-c.Previous):i]
		}
		a.Groups = append(a.Groups, g)
	}
	for w, specific := range c.words.Specific(c.concepts, c.all.Summary) {
		f := c.follow(w, groups)
		f.Specific, f.Changed = record.Specificity(specific), f.P != nil && *f.P <= c.Level && specific.Is(len(c.concepts))
		a.Watched = append(a.Watched, f)
	}
	return nil
}

// compareParts compares parts with the profile, or with the parts before them.
func (c *comparing) compareParts(ctx context.Context, parts []*drift.Summary, o drift.Options) ([]*drift.Comparison, error) {
	if c.Previous > 0 {
		return c.words.Before(ctx, parts, c.concepts, c.Previous, o)
	}
	return c.words.Compare(ctx, parts, o)
}

// follow says how a watched text does in the profile, in all images and in their parts.
func (c *comparing) follow(w int, groups []*drift.Group) answer.FollowedText {
	text, all, p := c.concepts[w], c.all, c.profile
	f := answer.FollowedText{
		Text: text.Text, Pairs: []answer.Pair{}, All: meanScore(all, w),
		Images: agreement(all.ImageAgreement(w)), Curve: agreement(drift.CurveAgreement(groups, w)),
	}
	for _, pair := range text.Pairs {
		f.Pairs = append(f.Pairs, record.Pair(pair))
	}
	if w < len(p.Watched) {
		reference := meanScore(&drift.Group{Summary: &p.Summary, Truth: drift.NewGaussian(1)}, w)
		i := 2 * w // the signed score; the paper's is beside it
		_, value := drift.Welch(all.Count(), all.Scores.Mean[i], all.Scores.Variance(i), p.Count(), p.Scores.Mean[i], p.Scores.Variance(i))
		f.Profile, f.P = &reference, &value
	}
	for _, g := range groups {
		f.Groups = append(f.Groups, meanScore(g, w))
	}
	return f
}

func meanScore(g *drift.Group, w int) answer.MeanScore {
	signed, norm := g.Watched(w)
	s := answer.MeanScore{Name: g.Name, Images: g.Count(), Signed: interval(signed), Norm: interval(norm)}
	if g.Truth.Count > 0 {
		s.Truth = finite(g.Truth.Mean[0])
	}
	return s
}

func interval(m drift.Mean) *answer.Interval {
	return &answer.Interval{Mean: m.Value, Low: finite(m.Low), High: finite(m.High)}
}

func agreement(a drift.Agreement) answer.ScoreAgreement {
	return answer.ScoreAgreement{Signed: finite(a.Signed), Norm: finite(a.Norm)}
}

// finite is a number that JSON can say, or nil.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}
