package lab

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/paper"
	"github.com/facet-clip/facet/segment"
	"github.com/facet-clip/facet/segment/benchmark"
)

// paperMethods are the methods of the paper's table by their figures.
var paperMethods = map[segment.Method]string{
	segment.NAP: "context-nap", segment.MaskCLIP: "context-maskclip", segment.SelfSelf: "context-selfself", segment.Heads: "context-heads", segment.Neurons: "context-neurons",
}

// contextProtocol is the configuration that the paper publishes.
const contextProtocol = "paper-384"

// context segments PASCAL Context in 59 classes. Signs come from ImageNet's atlas where there is one, else they are + for all.
func (r *reproducing) context(context.Context) (w paperWork, err error) {
	set, err := benchmark.Open("context59:" + r.asked.Context)
	if err != nil {
		return w, err
	}
	if r.asked.Limit > 0 {
		set.Limit(r.asked.Limit)
	}
	q := EvaluateSegmentation{
		Set: set, Methods: []segment.Method{segment.NAP, segment.MaskCLIP, segment.SelfSelf, segment.Heads, segment.Neurons},
		SegmentSettings: SegmentSettings{Protocol: contextProtocol, Sink: SinkPublished, Pairs: r.asked.Pairs},
	}
	signs, origin := "", "all signs +"
	if dir := filepath.Join(r.asked.Folder, meansFolder); r.asked.ImageNet != "" {
		m, err := atlas.ReadManifest(dir)
		if err != nil {
			return w, err
		}
		q.Atlas, signs, origin = dir, m.Datasets[0].Fingerprint, "signs of "+meansFolder
	}
	w.data = fmt.Sprintf("%d pictures of %s, protocol %s, %s", set.Len(), r.asked.Context, contextProtocol, origin)
	var items []string
	for i := range set.Len() {
		items = append(items, set.Item(i))
	}
	w.depends = []any{items, signs, q.Pairs, contextProtocol}
	print, err := r.fingerprint(paper.Context, w.depends)
	if err != nil {
		return w, err
	}
	folder := filepath.Join(r.asked.Folder, paper.Context)
	q.Journal, w.files = filepath.Join(folder, print[:12]+".jsonl"), []string{folder}
	w.measure = func(ctx context.Context) (map[string]paper.Measured, error) {
		e, err := r.EvaluateSegmentation(ctx, q)
		if err != nil {
			return nil, err
		}
		return measuredMethods(e)
	}
	return w, nil
}

// measuredMethods are the methods' mIoUs with intervals over pictures.
func measuredMethods(e *EvaluatedSegmentation) (map[string]paper.Measured, error) {
	found := map[string]paper.Measured{}
	for i, m := range e.evaluation.Runner.Methods {
		low, high, err := e.interval(i)
		if err != nil {
			return nil, err
		}
		found[paperMethods[m.Method]] = paper.Measured{Value: 100 * float64(e.Answer.Methods[i].MIoU), Low: 100 * low, High: 100 * high, Of: len(e.pictures)}
	}
	return found, nil
}

const resamples = 1000

// interval is the 95 % interval of a method's mIoU: that of the mIoUs of pictures drawn again with replacement.
func (e *EvaluatedSegmentation) interval(method int) (low, high float64, err error) {
	rng := rand.New(rand.NewPCG(1, uint64(method)))
	classes := len(e.evaluation.Set.Classes)
	values := make([]float64, resamples)
	for k := range values {
		c, err := segment.NewConfusion(classes)
		if err != nil {
			return 0, 0, err
		}
		for range e.pictures {
			for _, cell := range e.pictures[rng.IntN(len(e.pictures))].Methods[method].Cells {
				c.Counts[cell[0]*classes+cell[1]] += int64(cell[2])
			}
		}
		values[k] = c.Scores().MIoU
	}
	slices.Sort(values)
	return values[resamples/40], values[resamples-1-resamples/40], nil
}
