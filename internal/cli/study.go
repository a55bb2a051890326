package cli

import (
	"context"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/plot"
)

// studyOptions are the flags of the verbs that ask a question of an atlas and score the answer.
type studyOptions struct {
	unit, classes, templates, means, chart string
	reference                              bool
}

func (o *studyOptions) flags(f *pflag.FlagSet, unit string) {
	o.unitFlags(f, unit)
	f.StringVar(&o.classes, "classes", "", "class names: a list with commas, or a `FILE` with one a line (default: the atlas' labels)")
	f.StringVar(&o.templates, "templates", "", "a `FILE` with a prompt a line, {} for the class (default: facet's own)")
	f.StringVar(&o.means, "means", "", "take means, components and scores from this other `ATLAS` (default: every other image, scored on the rest)")
}

// unitFlags are those of a question that scores nothing.
func (o *studyOptions) unitFlags(f *pflag.FlagSet, unit string) {
	f.StringVar(&o.unit, "unit", unit, "the unit: pair, neuron or head")
	f.StringVarP(&o.chart, "output", "o", "", "write a chart into `FILE`.png or .svg")
}

func (o studyOptions) check() error {
	if !slices.Contains(experiment.Units(), experiment.Unit(o.unit)) {
		return flags.Mistakef("--unit %s: expected pair, neuron or head", o.unit)
	}
	return checkChart(o.chart)
}

func checkChart(name string) error {
	if name != "" && !slices.Contains(plot.Formats(), strings.TrimPrefix(filepath.Ext(name), ".")) {
		return flags.Mistakef("-o %s: expected a name that ends in .png or .svg", name)
	}
	return nil
}

func writeChart(name string, c plot.Curve) error {
	return writeFile(name, func(w io.Writer) error { return c.Write(w, strings.TrimPrefix(filepath.Ext(name), ".")) })
}

// question is what the flags ask of an atlas.
func (o studyOptions) question(ctx context.Context, atlas string) (q lab.Study, err error) {
	q = lab.Study{Atlas: atlas, Unit: o.unit, Means: o.means}
	q.Classes, q.Templates, err = o.texts(ctx)
	return q, err
}

// texts are the classes and the templates of the flags.
func (o studyOptions) texts(ctx context.Context) (classes []string, templates concept.Templates, err error) {
	if o.classes != "" {
		if classes, err = flags.Entries(ctx, "--classes", o.classes); err != nil {
			return nil, nil, err
		}
		classes = distinct(classes)
	}
	templates, err = readTemplates(ctx, o.templates)
	return classes, templates, err
}
