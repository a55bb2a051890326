package cli

import (
	"context"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/drift/gate"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/show"
	"github.com/facet-clip/facet/lab"
)

// compareOptions are the flags of facet drift compare.
type compareOptions struct {
	driftOptions
	profile, by string
	given       string
	performance string
	previous    int
	level       float64
	seed        uint64
	failOn      []string
	rules       []gate.Rule
	junit       string
}

func (a *app) driftCompareCommand() *cobra.Command {
	var o compareOptions
	cmd := &cobra.Command{
		Use:   "compare PROFILE SOURCE",
		Short: "Say in words how images differ from a profile",
		Long: `Tests every strong pair against the profile, and controls the share of false discoveries. It names what the changed pairs add to the shift of the mean
embedding. With --by, false discoveries are controlled over all groups. Watched texts are followed over
groups. With --performance, the share of pictures that is classified right stands beside estimates that need no labels. With --fail-on, the exit code is
3 where all images, or a group, break a rule; --junit writes the rules as a test report.`,
		Example: `  facet drift compare reference.profile photos/2016 --model RN50 --bank words.txt -o report.html
  facet drift compare reference.profile cars.csv --by time:year --watch "a yellow car"
  facet drift compare reference.profile cars.csv --by time:month --performance last-year.csv
  facet drift compare reference.profile nightly/ --fail-on 'named:"snow"' --fail-on 'effect>0.3' --junit drift.xml
  facet drift compare reference.profile 'scenes:yellow-cars?n=200&seed=2' --by group -o report.html`,
		Args: argsBetween(2, 2, "a PROFILE and a dataset"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.profile, o.source = args[0], args[1]
			switch {
			case o.by != "" && !slices.Contains(lab.CompareKeys(), o.by):
				return flags.Mistakef("--by %s: expected one of %s", o.by, strings.Join(lab.CompareKeys(), ", "))
			case o.output != "" && filepath.Ext(o.output) != ".html":
				return flags.Mistakef("-o %s: expected a name that ends in .html", o.output)
			case o.junit != "" && len(o.failOn) == 0:
				return flags.Mistakef("--junit %s: expected --fail-on with it, the rules to report", o.junit)
			}
			var err error
			if o.rules, err = gate.ParseAll(o.failOn); err != nil {
				return flags.Mistakef("--fail-on %w", err)
			}
			return a.driftCompare(cmd.Context(), o)
		},
	}
	o.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&o.by, "by", "", "the parts: group, label, time:year, time:month or time:day (by the offset that is written with a time)")
	f.StringVar(&o.given, "given", "", "group or label: compare images within its values, and say what their mix explains")
	flags.Number(f, &o.previous, "previous", 0, flags.Span[int]{Least: 0, Most: 200}, "compare each part with the last so many parts before it, as a week with the week before; 0: with the profile")
	flags.Number(f, &o.level, "level", 0.05, flags.Level, "expected share of false discoveries among the changed pairs")
	flags.Number(f, &o.seed, "seed", 0, flags.Seeds, "the seed of what is drawn: permutations")
	f.StringVar(&o.performance, "performance", "", "labelled pictures like the profile's (`DATASET`): say how often pictures are classified right, and estimate it where they have no label")
	f.StringVarP(&o.output, "output", "o", "", "write a report with charts and pictures to `FILE`.html")
	f.StringArrayVar(&o.failOn, "fail-on", nil, "end with exit code 3 where this `RULE` is broken: changed, named:WORD or effect>NUMBER; may be given more than once")
	f.StringVar(&o.junit, "junit", "", "write the rules as a JUnit report to `FILE`.xml")
	return cmd
}

func (a *app) driftCompare(ctx context.Context, o compareOptions) error {
	q := lab.Compare{Profile: o.profile, By: o.by, Given: o.given, Previous: o.previous, Bank: o.bank, Level: o.level, Seed: o.seed, Strict: o.strict}
	var err error
	if q.Source, err = dataset.Open(o.source, o.selection); err != nil {
		return err
	}
	if o.performance != "" {
		if q.Performance, err = dataset.Open(o.performance, dataset.Options{}); err != nil {
			return err
		}
	}
	l, err := a.openProfileLab(ctx, o.profile)
	if err != nil {
		return err
	}
	defer l.Close()
	if q.Watch, err = flags.Watched(ctx, o.watch, o.watchFile); err != nil {
		return err
	}
	r, err := l.Compare(ctx, q)
	if err != nil {
		return asUsage(err)
	}
	return a.finishCompare(ctx, l, r, o)
}

func (a *app) finishCompare(ctx context.Context, l *lab.Lab, r *answer.Drift, o compareOptions) error {
	if o.output != "" {
		page, err := l.CompareReport(ctx, r)
		if err != nil {
			return err
		}
		if err := writeFile(o.output, page.Write); err != nil {
			return err
		}
	}
	if !a.json {
		show.Drift(a.stdout, r)
	} else if err := encodeJSON(a.stdout, r); err != nil {
		return err
	}
	if o.junit == "" {
		return gate.Judge(r, o.rules, nil)
	}
	return gate.Judge(r, o.rules, func(write func(io.Writer) error) error { return writeFile(o.junit, write) })
}
