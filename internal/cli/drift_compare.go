package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/drift/profile"
	"github.com/facet-clip/facet/drift/record"
	"github.com/facet-clip/facet/lab"
)

// compareOptions are the flags of facet drift compare.
type compareOptions struct {
	driftOptions
	profile, by string
	level       float64
	seed        uint64
}

const (
	mostGroups  = 200
	groupSample = 1000 // images kept of each group
)

// keys are what --by may name, with the group of an item.
var keys = map[string]func(*scanned) string{
	"group":      func(s *scanned) string { return s.Group },
	"label":      func(s *scanned) string { return s.Label },
	"time:year":  func(s *scanned) string { return formatted(s.Time, "2006") },
	"time:month": func(s *scanned) string { return formatted(s.Time, "2006-01") },
	"time:day":   func(s *scanned) string { return formatted(s.Time, "2006-01-02") },
}

// formatted is the day, month or year of a time where it was taken: by the offset from UTC that is written with it.
func formatted(t time.Time, layout string) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(layout)
}

func (a *app) driftCompareCommand() *cobra.Command {
	var o compareOptions
	cmd := &cobra.Command{
		Use:   "compare PROFILE SOURCE",
		Short: "Say in words how images differ from a profile",
		Long: `Tests every strong pair against the profile, controls the share of false discoveries, and names what the changed pairs
add to the shift of the mean embedding. With --by, false discoveries are controlled over all groups. Watched texts are followed over
groups.`,
		Example: `  facet drift compare reference.profile photos/2016 --model RN50 --bank words.txt -o report.html
  facet drift compare reference.profile cars.csv --by time:year --watch "a yellow car"
  facet drift compare reference.profile 'scenes:yellow-cars?n=200&seed=2' --by group -o report.html`,
		Args: argsBetween(2, 2, "a PROFILE and a dataset"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.profile, o.source = args[0], args[1]
			switch {
			case o.by != "" && keys[o.by] == nil:
				return usagef("--by %s: expected one of %s", o.by, strings.Join(slices.Sorted(maps.Keys(keys)), ", "))
			case o.output != "" && filepath.Ext(o.output) != ".html":
				return usagef("-o %s: expected a name that ends in .html", o.output)
			case o.bank == "" && a.model != "" && a.model != demoName:
				return usagef("facet drift compare: expected --bank, whose words name what changed")
			}
			return a.driftCompare(cmd.Context(), o)
		},
	}
	o.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&o.by, "by", "", "compare parts: group, label, time:year, time:month or time:day (by the offset that is written with a time)")
	numberVar(f, &o.level, "level", 0.05, level, "expected share of false discoveries among the changed pairs")
	numberVar(f, &o.seed, "seed", 0, seeds, "the seed of what is drawn: permutations")
	f.StringVarP(&o.output, "output", "o", "", "write a report with charts and pictures to `FILE`.html")
	return cmd
}

func (a *app) driftCompare(ctx context.Context, o compareOptions) error {
	source, err := o.open()
	if err != nil {
		return err
	}
	m, ov, err := a.openProfileModel(ctx, o.profile)
	if err != nil {
		return err
	}
	defer m.Close()
	p, err := m.openProfile(ctx, o.profile, ov)
	if err != nil {
		return err
	}
	words, err := m.labelling(ctx, labelOptions{bank: o.bank, scale: scaleRows})
	if err != nil {
		return err
	}
	defer words.close()
	concepts, err := m.followed(ctx, p, o, ov)
	if err != nil {
		return err
	}
	g := grouping{by: o.by, new: func(name string) *drift.Group {
		return drift.NewGroup(name, ov.Heads*ov.Channels, ov.Embed, len(concepts), groupSample)
	}}
	g.all = g.new("")
	bad, err := m.summarise(ctx, o.driftOptions, source, ov, concepts, func(item *scanned, image drift.Image) error {
		return g.add(item, image, p.Strong)
	})
	if err != nil {
		return err
	}
	if g.all.Count() < 2 {
		return fmt.Errorf("%s: %d pictures that can be read, expected two at least", o.source, g.all.Count())
	}
	r := answer.Drift{Format: record.Format, Profile: o.profile, Source: o.source, By: o.by, Level: o.level, Unread: bad.count}
	if r.Model, err = m.record(ctx); err != nil {
		return err
	}
	vocabulary, err := drift.NewVocabulary(ctx, p, ov, words.dictionary)
	if err != nil {
		return err
	}
	groups := g.sorted()
	if r.All, r.Groups, err = g.compare(ctx, vocabulary, groups, drift.Options{Level: o.level, Seed: o.seed}); err != nil {
		return err
	}
	r.Watched = watchedRecords(p, concepts, g.all, groups)
	return a.finishCompare(ctx, o, r)
}

// openProfileModel opens the model that a profile was made with, and its decomposition.
func (a *app) openProfileModel(ctx context.Context, dir string) (*model, *decompose.OV, error) {
	l, err := lab.OpenForProfile(ctx, a.config(), dir)
	m, err := a.wrap(l, asUsage(withHint(err)))
	if err != nil {
		return nil, nil, err
	}
	ov, err := m.Decomposition()
	if err != nil {
		return nil, nil, errors.Join(err, m.Close())
	}
	return m, ov, nil
}

// openProfile reads a profile and refuses one that another model made.
func (m *model) openProfile(ctx context.Context, dir string, ov *decompose.OV) (*drift.Profile, error) {
	h, err := profile.ReadHeader(dir)
	if err != nil {
		return nil, err
	}
	sum, err := m.Checkpoint().SHA256(ctx)
	if err != nil {
		return nil, err
	}
	if h.Model.SHA256 != sum {
		return nil, fmt.Errorf("%s: a profile of another model (%s, %.12s), expected one of %s (%.12s)", dir, h.Model.Name, h.Model.SHA256, m.name, sum)
	}
	if err := m.app.turnLike(dir, h.ExifRotate); err != nil {
		return nil, err
	}
	return profile.Open(dir, ov)
}

// followed are the profile's watched concepts and then those of the flags.
func (m *model) followed(ctx context.Context, p *drift.Profile, o compareOptions, ov *decompose.OV) ([]drift.Concept, error) {
	texts, err := o.watched(ctx)
	if err != nil {
		return nil, err
	}
	texts = slices.DeleteFunc(texts, func(t string) bool {
		return slices.ContainsFunc(p.Watched, func(c drift.Concept) bool { return c.Text == t })
	})
	more, err := m.concepts(ctx, texts, o.bank, ov)
	return slices.Concat(p.Watched, more), err
}

// grouping sorts images into the whole and its parts.
type grouping struct {
	by    string
	new   func(name string) *drift.Group
	all   *drift.Group
	parts map[string]*drift.Group
}

func (g *grouping) add(item *scanned, image drift.Image, strong []int) error {
	if err := g.all.Add(image, item.scalars, strong, item.Truth); err != nil || g.by == "" {
		return err
	}
	name := cmp.Or(keys[g.by](item), "(unknown)")
	part := g.parts[name]
	if part == nil {
		if len(g.parts) == mostGroups {
			return fmt.Errorf("--by %s: %s would be group %d, expected %d at most", g.by, name, mostGroups+1, mostGroups)
		}
		if g.parts == nil {
			g.parts = map[string]*drift.Group{}
		}
		part = g.new(name)
		g.parts[name] = part
	}
	return part.Add(image, item.scalars, strong, item.Truth)
}

// compare compares all images, and then the groups with false discoveries controlled over all of them.
func (g *grouping) compare(ctx context.Context, v *drift.Vocabulary, groups []*drift.Group, o drift.Options) (all answer.Comparison, parts []answer.GroupComparison, err error) {
	whole, err := v.Compare(ctx, []*drift.Summary{g.all.Summary}, o)
	if err != nil {
		return all, nil, err
	}
	var names []string
	var sets []*drift.Summary
	for _, part := range groups {
		if part.Count() > 1 { // the row of others among the watched texts says how many
			names, sets = append(names, part.Name), append(sets, part.Summary)
		}
	}
	compared, err := v.Compare(ctx, sets, o)
	if err != nil {
		return all, nil, err
	}
	for i, c := range compared {
		parts = append(parts, answer.GroupComparison{Name: names[i], Comparison: record.Comparison(c)})
	}
	return record.Comparison(whole[0]), parts, nil
}

func (g *grouping) sorted() []*drift.Group {
	var out []*drift.Group
	for _, name := range slices.Sorted(maps.Keys(g.parts)) {
		out = append(out, g.parts[name])
	}
	return out
}

func watchedRecords(p *drift.Profile, concepts []drift.Concept, all *drift.Group, groups []*drift.Group) []answer.FollowedText {
	var out []answer.FollowedText
	for w, c := range concepts {
		r := answer.FollowedText{Text: c.Text, Pairs: []answer.Pair{}, All: newScore(all, w), Images: newAgreement(all.ImageAgreement(w)), Curve: newAgreement(drift.CurveAgreement(groups, w))}
		for _, pair := range c.Pairs {
			r.Pairs = append(r.Pairs, record.Pair(pair))
		}
		if w < len(p.Watched) {
			reference := newScore(&drift.Group{Summary: &p.Summary, Truth: drift.NewGaussian(1)}, w)
			i := 2 * w
			_, value := drift.Welch(all.Count(), all.Scores.Mean[i], all.Scores.Variance(i), p.Count(), p.Scores.Mean[i], p.Scores.Variance(i))
			r.Profile, r.P = &reference, &value
		}
		for _, g := range groups {
			r.Groups = append(r.Groups, newScore(g, w))
		}
		out = append(out, r)
	}
	return out
}

func newScore(g *drift.Group, w int) answer.MeanScore {
	signed, norm := g.Watched(w)
	r := answer.MeanScore{Name: g.Name, Images: g.Count(), Signed: newMean(signed), Norm: newMean(norm)}
	if g.Truth.Count > 0 {
		r.Truth = finite(g.Truth.Mean[0])
	}
	return r
}

func newMean(m drift.Mean) *answer.Interval {
	return &answer.Interval{Mean: m.Value, Low: finite(m.Low), High: finite(m.High)}
}

func newAgreement(a drift.Agreement) answer.ScoreAgreement {
	return answer.ScoreAgreement{Signed: finite(a.Signed), Norm: finite(a.Norm)}
}

// finite is a number that JSON can say, or nil.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}
