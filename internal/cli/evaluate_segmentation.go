package cli

import (
	"context"
	"encoding/csv"
	"fmt"
	"image"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/plot"
	"github.com/facet-clip/facet/segment"
	"github.com/facet-clip/facet/segment/benchmark"
)

// evaluateSegmentationOptions are the flags of facet evaluate segmentation.
type evaluateSegmentationOptions struct {
	segmentSettings
	dataset, methods, output string
	limit                    int
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
each in its published layout (docs/segmentation.md).`,
		Example: `  facet evaluate segmentation "scenes:default?n=500&seed=990006" --method all
  facet evaluate segmentation context59:VOC2010 --model RN50x16 --method nap,maskclip --protocol paper-384 -o context`,
		Args: argsBetween(1, 1, "one DATASET"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.dataset = args[0]; a.exifRotate {
				return usagef("facet evaluate segmentation: --exif-rotate: masks are not turned, so pictures cannot be")
			}
			return a.evaluateSegmentation(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	o.flags(f)
	f.StringVar(&o.methods, "method", "facet,nap", "the method: a list with commas, or all")
	numberVar(f, &o.threshold, "threshold", 0, thresholds, "probability below which a pixel is background, in sets that have one")
	f.StringVarP(&o.output, "output", "o", "", "write tables, pictures and the journal of an interrupted run into this `DIR`")
	numberVar(f, &o.limit, "limit", 0, someOrNone, "take at most so many pictures, the first (default all)")
	return cmd
}

// evaluated is what facet evaluate segmentation --json prints.
type evaluated struct {
	Model    modelRecord    `json:"model"`
	Protocol protocolRecord `json:"protocol"`
	Images   int            `json:"images"`
	Encoding float64        `json:"encoding_seconds"` // of an image, the median
	Methods  []methodScore  `json:"methods"`
}

// methodScore is a method's; a number that is not defined is null.
type methodScore struct {
	Method  string          `json:"method"`
	MIoU    number          `json:"miou"`
	MAcc    number          `json:"macc"`
	AAcc    number          `json:"aacc"`
	Groups  []groupScore    `json:"groups,omitempty"`
	Seconds float64         `json:"seconds"` // of an image beyond encoding, the median
	Classes []classAccuracy `json:"classes"`
}

type groupScore struct {
	Group string `json:"group"`
	MIoU  number `json:"miou"`
}

type classAccuracy struct {
	Class    string `json:"class"`
	IoU      number `json:"iou"`
	Accuracy number `json:"accuracy"`
	// Mistaken is the class that most of the missed pixels were given.
	Mistaken string `json:"mistaken_for,omitempty"`
}

// number is a float that JSON writes as null when it is not one.
type number float64

// MarshalJSON writes null for NaN.
func (n number) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(n)) {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, float64(n), 'g', -1, 64), nil
}

// percent is the number for people.
func (n number) percent() string {
	if math.IsNaN(float64(n)) {
		return "–"
	}
	return fmt.Sprintf("%.1f", 100*float64(n))
}

func (a *app) evaluateSegmentation(ctx context.Context, o evaluateSegmentationOptions) error {
	methods, err := parseMethods(o.methods)
	if err != nil {
		return err
	}
	set, err := benchmark.Open(o.dataset)
	if err != nil {
		return err
	}
	if o.limit > 0 {
		set.Limit(o.limit)
	}
	if o.threshold > 0 && set.Classes[0].Name != segment.Background {
		return usagef("--threshold: %s has no background class", o.dataset)
	}
	m, err := a.openFor(ctx, o.atlas)
	if err != nil {
		return err
	}
	defer m.Close()
	e, result, err := m.evaluation(ctx, o, set, methods)
	if err != nil {
		return err
	}
	bar := a.progress("images", set.Len())
	defer bar.done()
	e.Done = func() { bar.add(1) }
	pictures, err := e.Run(ctx)
	if err != nil {
		return err
	}
	if err := result.count(set, methods, pictures); err != nil {
		return err
	}
	if o.output != "" {
		if err := writeEvaluated(ctx, o.output, e, result, pictures); err != nil {
			return err
		}
	}
	if a.json {
		return encodeJSON(a.stdout, result)
	}
	a.printEvaluated(result)
	return nil
}

// evaluation prepares the run and the head of its result.
func (m *model) evaluation(ctx context.Context, o evaluateSegmentationOptions, set *benchmark.Set, methods []segment.Method) (*benchmark.Evaluation, *evaluated, error) {
	prompts := fill(set.Prompts)
	if prompts == nil || o.templates != "" {
		templates, err := o.prompts(ctx)
		if err != nil {
			return nil, nil, err
		}
		prompts = func(_ int, text string) []string { return templates.Fill(text) }
	}
	classes, err := m.embedClasses(ctx, set.Classes, prompts)
	if err != nil {
		return nil, nil, err
	}
	runner, err := m.runner(ctx, o.segmentSettings, methods, classes)
	if err != nil {
		return nil, nil, err
	}
	r := &evaluated{}
	if r.Protocol, err = m.protocolRecord(ctx, o.segmentSettings, runner, set.Classes, prompts); err != nil {
		return nil, nil, err
	}
	r.Protocol.Dataset, r.Protocol.ReduceZero = o.dataset, set.ReduceZero
	if err := r.Protocol.seal(); err != nil {
		return nil, nil, err
	}
	if r.Model, err = m.record(ctx); err != nil {
		return nil, nil, err
	}
	e := &benchmark.Evaluation{Set: set, Runner: runner, Decoder: m.app.decoder(), Protocol: r.Protocol.SHA256}
	if o.output != "" {
		if err := os.MkdirAll(o.output, 0o755); err != nil {
			return nil, nil, err
		}
		e.Journal = filepath.Join(o.output, "journal.jsonl")
	}
	return e, r, nil
}

// count accumulates the confusions over the pictures.
func (r *evaluated) count(set *benchmark.Set, methods []segment.Method, pictures []benchmark.Picture) error {
	r.Images = len(pictures)
	r.Encoding = median(pictures, func(p benchmark.Picture) float64 { return p.Encoding })
	for i, method := range methods {
		total, err := segment.NewConfusion(len(set.Classes))
		if err != nil {
			return err
		}
		for _, p := range pictures {
			one, err := p.Methods[i].Confusion(len(set.Classes))
			if err != nil {
				return err
			}
			total.Merge(one)
		}
		score := scoreOf(set, total)
		score.Method = method.String()
		score.Seconds = median(pictures, func(p benchmark.Picture) float64 { return p.Methods[i].Seconds })
		r.Methods = append(r.Methods, score)
	}
	return nil
}

func scoreOf(set *benchmark.Set, c *segment.Confusion) methodScore {
	s := c.Scores()
	score := methodScore{MIoU: number(s.MIoU), MAcc: number(s.MAcc), AAcc: number(s.AAcc)}
	groups := map[string][]float64{}
	for i, class := range set.Classes {
		score.Classes = append(score.Classes, classAccuracy{class.Name, number(s.IoU[i]), number(s.Accuracy[i]), mistaken(set, c, i)})
		if set.Groups == nil {
			continue
		}
		if g := set.Groups[i]; groups[g] == nil {
			score.Groups = append(score.Groups, groupScore{Group: g})
		}
		groups[set.Groups[i]] = append(groups[set.Groups[i]], s.IoU[i])
	}
	for i, g := range score.Groups {
		score.Groups[i].MIoU = number(segment.Mean(groups[g.Group]))
	}
	return score
}

func mistaken(set *benchmark.Set, c *segment.Confusion, class int) string {
	most, name := int64(0), ""
	for other, n := range c.Counts[class*c.Classes : (class+1)*c.Classes] {
		if other != class && n > most {
			most, name = n, set.Classes[other].Name
		}
	}
	return name
}

// median of a number of the pictures: the first picture pays for building the tower.
func median(pictures []benchmark.Picture, f func(benchmark.Picture) float64) float64 {
	var values []float64
	for _, p := range pictures {
		values = append(values, f(p))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func (a *app) printEvaluated(r *evaluated) {
	columns := []string{"method", "mIoU", "aAcc", "mAcc"}
	for _, g := range r.Methods[0].Groups {
		columns = append(columns, "mIoU "+g.Group)
	}
	t := a.table(append(columns, "ms an image")...)
	for _, m := range r.Methods {
		row := table.Row{m.Method, m.MIoU.percent(), m.AAcc.percent(), m.MAcc.percent()}
		for _, g := range m.Groups {
			row = append(row, g.MIoU.percent())
		}
		t.AppendRow(append(row, fmt.Sprintf("%.1f", 1000*m.Seconds)))
	}
	t.Render()
	fmt.Fprintf(a.stdout, "\n%d images of %s; besides, %.1f ms an image in the image tower.\nProtocol %s: short side %d, windows of %d every %d, %d pairs a text; record %.12s\n",
		r.Images, r.Protocol.Dataset, 1000*r.Encoding, r.Protocol.Preset, r.Protocol.ShortSide, r.Protocol.Window, r.Protocol.Stride, r.Protocol.Pairs, r.Protocol.SHA256)
}

// writeEvaluated leaves tables and pictures; results.json comes last.
func writeEvaluated(ctx context.Context, dir string, e *benchmark.Evaluation, r *evaluated, pictures []benchmark.Picture) error {
	if err := writeFile(filepath.Join(dir, "classes.csv"), r.writeClasses); err != nil {
		return err
	}
	write := func(w io.Writer) error { return writeImages(w, e, pictures) }
	if err := writeFile(filepath.Join(dir, "images.csv"), write); err != nil {
		return err
	}
	if err := writePNG(filepath.Join(dir, "chart.png"), r.chart()); err != nil {
		return err
	}
	sheet, err := worst(ctx, e, pictures)
	if err != nil {
		return err
	}
	if err := writePNG(filepath.Join(dir, "worst.png"), sheet); err != nil {
		return err
	}
	return writeJSON(filepath.Join(dir, "results.json"), r)
}

// writeClasses is the per-class table.
func (r *evaluated) writeClasses(w io.Writer) error {
	c := csv.NewWriter(w)
	c.Write([]string{"method", "class", "iou", "accuracy", "mistaken_for"})
	for _, m := range r.Methods {
		for _, class := range m.Classes {
			c.Write([]string{m.Method, class.Class, decimal(class.IoU), decimal(class.Accuracy), class.Mistaken})
		}
	}
	c.Flush()
	return c.Error()
}

// writeImages is the per-image table.
func writeImages(w io.Writer, e *benchmark.Evaluation, pictures []benchmark.Picture) error {
	c := csv.NewWriter(w)
	c.Write([]string{"image", "method", "miou", "aacc", "encoding_seconds", "seconds"})
	for _, p := range pictures {
		for i, m := range p.Methods {
			one, err := m.Confusion(len(e.Set.Classes))
			if err != nil {
				return err
			}
			s := one.Scores()
			c.Write([]string{p.Name, e.Runner.Methods[i].Method.String(), decimal(number(s.MIoU)), decimal(number(s.AAcc)),
				decimal(number(p.Encoding)), decimal(number(m.Seconds))})
		}
	}
	c.Flush()
	return c.Error()
}

// decimal is a number in a CSV file, empty when it is none.
func decimal(n number) string {
	if math.IsNaN(float64(n)) {
		return ""
	}
	return strconv.FormatFloat(float64(n), 'g', 6, 64)
}

// chart shows the methods' mIoU as bars.
func (r *evaluated) chart() image.Image {
	var bars []plot.Bar
	for _, m := range r.Methods {
		bars = append(bars, plot.Bar{Label: m.Method, Value: float64(m.MIoU), Number: m.MIoU.percent() + " %"})
	}
	subtitle := fmt.Sprintf("mIoU; %d images, model %s, protocol %s", r.Images, r.Model.Name, r.Protocol.Preset)
	return plot.BarChart("Segmentation: "+r.Protocol.Dataset, subtitle, bars, "record "+r.Protocol.SHA256)
}

const worstShown = 8

// worst is a sheet of the pictures with the fewest right pixels by the first method: as they are, in truth, and as segmented.
func worst(ctx context.Context, e *benchmark.Evaluation, pictures []benchmark.Picture) (image.Image, error) {
	order := make([]int, len(pictures))
	right := make([]float64, len(pictures))
	for i, p := range pictures {
		one, err := p.Methods[0].Confusion(len(e.Set.Classes))
		if err != nil {
			return nil, err
		}
		order[i], right[i] = i, one.Scores().AAcc
		if math.IsNaN(right[i]) {
			right[i] = 1 // nothing to get wrong
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if right[a] < right[b] {
			return -1
		}
		return 1
	})
	var panels []plot.Panel
	for _, i := range order[:min(worstShown, len(order))] {
		photo, truth, err := e.Set.Load(ctx, i, e.Decoder)
		if err != nil {
			return nil, err
		}
		first := &segment.Runner{Model: e.Runner.Model, Protocol: e.Runner.Protocol, Methods: e.Runner.Methods[:1]}
		maps, err := first.Run(ctx, photo)
		if err != nil {
			return nil, err
		}
		given := maps[0].Labels()
		panels = append(panels,
			plot.Panel{Title: pictures[i].Name, Caption: fmt.Sprintf("%.1f %% right", 100*right[i]), Image: photo},
			plot.Panel{Title: "truth", Caption: largestNames(e.Set, truth), Image: segment.NewLabels(given.Size, truth).Colours()},
			plot.Panel{Title: first.Methods[0].Method.String(), Caption: largestNames(e.Set, given.Class), Image: given.Colours()})
	}
	return plot.ContactSheet("Worst pictures of "+e.Set.Name, 6, panels), nil
}

// largestNames are the three largest classes of some labels.
func largestNames[T uint8 | uint16](set *benchmark.Set, labels []T) string {
	counts := make([]int, len(set.Classes))
	for _, c := range labels {
		if int(c) < len(counts) {
			counts[c]++
		}
	}
	var names []string
	for range 3 {
		best := 0
		for c, n := range counts {
			if n > counts[best] {
				best = c
			}
		}
		if counts[best] > 0 {
			names = append(names, set.Classes[best].Name)
		}
		counts[best] = 0
	}
	return strings.Join(names, ", ")
}
