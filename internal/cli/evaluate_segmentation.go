package cli

import (
	"context"
	"encoding/csv"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/regular"
	"github.com/facet-clip/facet/internal/show"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/segment"
	"github.com/facet-clip/facet/segment/benchmark"
)

// evaluateSegmentationOptions are the flags of facet evaluate segmentation.
type evaluateSegmentationOptions struct {
	lab.EvaluateSegmentation
	dataset, classes, methods, templates, output string
	limit                                        int
}

func (a *app) evaluateSegmentationCommand() *cobra.Command {
	var o evaluateSegmentationOptions
	cmd := &cobra.Command{
		Use:   "segmentation DATASET",
		Short: "Measure segmentation on a standard data set, by the field's rules",
		Long: `Measures mIoU, accuracy and mean accuracy as mmsegmentation's IoUMetric does, of all methods on one forward pass. Every result
carries a record of its protocol and that record's hash. With -o, an interrupted run goes on where it stopped.

DATASET is one of
  ` + strings.Join(benchmark.Names(), "\n  ") + `
each in its published layout (docs/guide/segment.md).`,
		Example: `  facet evaluate segmentation "scenes:default?n=500&seed=990006" --method all
  facet evaluate segmentation context59:VOC2010 --model RN50x16 --method nap,maskclip --protocol paper-384 -o context`,
		Args: argsBetween(1, 1, "one DATASET"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.dataset = args[0]; a.exifRotate {
				return flags.Mistakef("facet evaluate segmentation: --exif-rotate: masks are not turned, so pictures cannot be")
			}
			return a.evaluateSegmentation(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	segmentFlags(f, &o.SegmentSettings, &o.templates)
	f.StringVar(&o.methods, "method", "facet,nap", "the method: a list with commas, or all")
	flags.Number(f, &o.Threshold, "threshold", 0, thresholds, "probability below which a pixel is background, in sets that have one")
	flags.Number(f, &o.Area, "area-threshold", 0, thresholds, "share of what is not background that a class needs, or its pixels go to the next class, in sets that have one")
	f.StringVar(&o.classes, "classes-file", "", "a `FILE` with a class a line, its other names after commas: those of the data set, in its order, in other words")
	f.StringVarP(&o.output, "output", "o", "", "write tables, pictures and the journal of an interrupted run into this `DIR`")
	flags.Number(f, &o.limit, "limit", 0, flags.SomeOrNone, "take at most so many pictures, the first (default all)")
	return cmd
}

func (a *app) evaluateSegmentation(ctx context.Context, o evaluateSegmentationOptions) error {
	if err := o.read(ctx); err != nil {
		return err
	}
	l, err := a.openLab(ctx, o.Atlas)
	if err != nil {
		return asUsage(err)
	}
	defer l.Close()
	e, err := l.EvaluateSegmentation(ctx, o.EvaluateSegmentation)
	if err != nil {
		return asUsage(err)
	}
	if o.output != "" {
		if err := writeEvaluated(ctx, o.output, e); err != nil {
			return err
		}
	}
	if a.json {
		return encodeJSON(a.stdout, e.Answer)
	}
	show.Segmentation(a.stdout, e.Answer)
	return nil
}

// read makes the question of the flags that are texts.
func (o *evaluateSegmentationOptions) read(ctx context.Context) (err error) {
	if o.Methods, err = parseMethods(o.methods); err != nil {
		return err
	}
	if o.Set, err = benchmark.Open(o.dataset); err != nil {
		return err
	}
	if o.limit > 0 {
		o.Set.Limit(o.limit)
	}
	if o.classes != "" {
		classes, err := regular.Read(ctx, o.classes, segment.ReadClasses)
		if err != nil {
			return err
		}
		if err := o.Set.Rename(o.classes, classes); err != nil {
			return err
		}
	}
	if o.output != "" {
		o.Journal = filepath.Join(o.output, "journal.jsonl")
	}
	o.Templates, err = readTemplates(ctx, o.templates)
	return err
}

// parseMethods reads a list with commas.
func parseMethods(list string) ([]segment.Method, error) {
	if list == "all" {
		return segment.Methods(), nil
	}
	var methods []segment.Method
	for name := range strings.SplitSeq(list, ",") {
		m, err := segment.ParseMethod(strings.TrimSpace(name))
		if err != nil {
			return nil, flags.Mistakef("--method: %w", err)
		}
		if slices.Contains(methods, m) {
			return nil, flags.Mistakef("--method %s: %s is there twice", list, m)
		}
		methods = append(methods, m)
	}
	return methods, nil
}

// writeEvaluated leaves tables and pictures; results.json comes last.
func writeEvaluated(ctx context.Context, dir string, e *lab.EvaluatedSegmentation) error {
	if err := writeCSV(filepath.Join(dir, "classes.csv"), show.ClassTable(e.Answer)); err != nil {
		return err
	}
	pictures, err := e.Pictures()
	if err != nil {
		return err
	}
	if err := writeCSV(filepath.Join(dir, "images.csv"), show.PictureTable(pictures)); err != nil {
		return err
	}
	if err := writePNG(filepath.Join(dir, "chart.png"), e.Chart()); err != nil {
		return err
	}
	sheet, err := e.Worst(ctx)
	if err != nil {
		return err
	}
	if err := writePNG(filepath.Join(dir, "worst.png"), sheet); err != nil {
		return err
	}
	return writeJSON(filepath.Join(dir, "results.json"), e.Answer)
}

// writeCSV writes a table whose first row is its head.
func writeCSV(path string, rows [][]string) error {
	return writeFile(path, func(w io.Writer) error { return csv.NewWriter(w).WriteAll(rows) })
}
