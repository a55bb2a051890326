package editing

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/edit"
	"github.com/facet-clip/facet/edit/record"
	"github.com/facet-clip/facet/internal/numeric"
	"github.com/facet-clip/facet/lab"
)

// ExportEdit asks for an edited model as a checkpoint.
type ExportEdit struct {
	Edit
	// Output is what is written: a name that ends in .safetensors or .pt, or a folder's for open_clip.
	Output string
	// Timm writes the image tower alone, under timm's names.
	Timm bool
	// Planned is told what will change before anything is written; nil: nobody is.
	Planned func(answer.EditPlan)
	// DType is what numbers are stored as: float16, bfloat16, float32 or float64. Empty, each tensor keeps its type.
	DType string
}

const (
	comparedEmbeddings = 256 // that a residual is taken over, at most
	drawnScalars       = 64  // sets of scalars that are drawn where an atlas keeps none
)

// ExportEdit writes an edited model, and beside it how it was made.
func (l Editor) ExportEdit(ctx context.Context, q ExportEdit) (*answer.Edited, error) {
	var err error
	if q.Edit, err = q.Edit.check(); err != nil {
		return nil, err
	}
	layout, err := clip.LayoutOf(q.Output)
	if q.Output == "" || err != nil {
		return nil, lab.Mistakef("output", "%q: expected a name that ends in .safetensors or .pt, or a folder's, without an ending", q.Output)
	}
	if d := checkpoint.DType(q.DType); q.DType != "" && !d.IsFloat() {
		return nil, lab.Mistakef("dtype", "%s: expected float16, bfloat16, float32 or float64", q.DType)
	}
	use, err := l.OpenAtlas(ctx, q.Means)
	if err != nil {
		return nil, fmt.Errorf("means: %w", err)
	}
	p, err := l.planEdit(ctx, q.Edit, ground{use: use, mean: use.Stats.Mean})
	if err != nil {
		return nil, err
	}
	if q.Planned != nil {
		q.Planned(p.EditPlan)
	}
	w := exporting{lab: l, q: q, planned: p, use: use, layout: layout, path: record.Of(q.Output, layout)}
	return w.run(ctx)
}

// exporting is one export of an edited model.
type exporting struct {
	lab Editor
	q   ExportEdit
	*planned
	use    *lab.Opened
	layout clip.Layout
	path   string // of edit.json

	pool decompose.Weights // edited, in float32
}

func (w *exporting) run(ctx context.Context) (*answer.Edited, error) {
	replaced, err := w.replaced()
	if err != nil {
		return nil, err
	}
	a := &answer.Edited{EditPlan: w.EditPlan, Output: w.q.Output, Layout: string(w.layout), Record: w.path}
	fill := func(dir string) error { // a folder is written with its record, or not at all
		return w.finish(ctx, a, w.layout.Weights(dir), filepath.Join(dir, filepath.Base(w.path)))
	}
	x := clip.Export{Replace: replaced, Timm: w.q.Timm, DType: checkpoint.DType(w.q.DType)}
	if err := w.lab.Model().Export(w.q.Output, x, fill); err != nil {
		if errors.Is(err, clip.ErrExport) {
			return nil, &lab.Mistake{Field: "output", Problem: err}
		}
		return nil, err
	}
	if w.layout == clip.OpenCLIP {
		return a, nil
	}
	return a, w.finish(ctx, a, w.q.Output, w.path)
}

// replaced are the tensors that the edit changes.
func (w *exporting) replaced() (map[string][]float32, error) {
	pool, err := w.lab.Weights()
	if err != nil {
		return nil, err
	}
	if w.pool, err = w.Weights(pool); err != nil {
		return nil, err
	}
	out := clip.PoolTensors(w.pool)
	images, _ := w.Erasers()
	if len(w.Lines()) == 0 {
		delete(out, "visual.attnpool.v_proj.weight")
		delete(out, "visual.attnpool.v_proj.bias")
	}
	if len(images) == 0 {
		delete(out, "visual.attnpool.c_proj.weight")
		delete(out, "visual.attnpool.c_proj.bias")
	}
	if w.ChangesTexts() {
		c := w.lab.Model().Config
		p, err := w.lab.Model().Checkpoint().Float32("text_projection", c.Text.Width, c.Embed)
		if err != nil {
			return nil, err
		}
		out["text_projection"] = w.TextProjection(p)
	}
	return out, nil
}

// finish reads the file that was written, compares it with the prediction and writes the record.
func (w *exporting) finish(ctx context.Context, a *answer.Edited, weights, path string) error {
	ck, err := checkpoint.Open(weights)
	if err != nil {
		return err
	}
	defer ck.Close()
	if a.SHA256, err = ck.SHA256(ctx); err != nil {
		return err
	}
	if a.Residuals, err = w.residuals(ctx, ck); err != nil {
		return err
	}
	info, err := os.Stat(weights)
	if err != nil {
		return err
	}
	r := answer.EditRecord{
		Format: record.Format, File: filepath.Base(weights), SHA256: a.SHA256, Bytes: info.Size(),
		Activation: string(w.lab.Model().Activation), Residuals: a.Residuals,
	}
	if r.Steps, err = w.lab.earlierSteps(ctx); err != nil {
		return err
	}
	step, err := w.step(ctx)
	if err != nil {
		return err
	}
	r.Steps = append(r.Steps, step)
	return record.Write(path, r)
}

// step tells of this edit.
func (w *exporting) step(ctx context.Context) (answer.EditStep, error) {
	source, err := w.lab.editSource(ctx, filepath.Dir(w.path))
	if err != nil {
		return answer.EditStep{}, err
	}
	digest, err := w.use.Digest()
	step := answer.EditStep{
		Source: source, Means: answer.EditMeans{Atlas: w.q.Means, Digest: digest, Images: w.use.Stats.Count},
		Rule: w.Rule, Pairs: w.Pairs, Erasures: w.maps,
	}
	if step.Erasures == nil {
		step.Erasures = []answer.ErasureMap{}
	}
	return step, err
}

// residuals compare embeddings by the weights that were written, and by those in float32 and in float16, with the prediction.
func (w *exporting) residuals(ctx context.Context, ck *checkpoint.Checkpoint) ([]answer.EditResidual, error) {
	m, err := clip.New(ck, w.lab.Model().Engine(), w.lab.Model().Activation)
	if err != nil {
		return nil, err
	}
	stored, err := m.PoolWeights()
	if err != nil {
		return nil, err
	}
	scalars, of, err := w.sample(ctx)
	if err != nil {
		return nil, err
	}
	before, err := w.lab.OV()
	if err != nil {
		return nil, err
	}
	var predicted [][]float32
	for _, s := range scalars {
		x := decompose.Scalars{OV: before, S: s}
		predicted = append(predicted, w.Embedding(x, x.Embedding()))
	}
	var out []answer.EditResidual
	for _, as := range []struct {
		name string
		pool decompose.Weights
	}{{"stored", stored}, {"float32", w.pool}, {"float16", halved(w.pool)}} {
		ov, err := decompose.New(as.pool)
		if err != nil {
			return nil, err
		}
		r := answer.EditResidual{As: as.name, Of: of, Embeddings: len(scalars)}
		for i, s := range scalars {
			residual := edit.Residual(decompose.Scalars{OV: ov, S: s}.Embedding(), predicted[i])
			r.Largest, r.Mean = max(r.Largest, residual), r.Mean+residual/float64(len(scalars))
		}
		out = append(out, r)
	}
	return out, nil
}

// halved is a pool whose numbers went through float16.
func halved(w decompose.Weights) decompose.Weights {
	for _, list := range []*[]float32{&w.Value, &w.ValueBias, &w.Output, &w.OutputBias} {
		*list = checkpoint.Round(*list, checkpoint.Float16)
	}
	return w
}

// sample are scalars to compare embeddings of: those of pictures of the atlas, or, where it keeps none, draws with its means and deviations.
func (w *exporting) sample(ctx context.Context) (rows [][]float32, of string, err error) {
	scalars, err := w.use.Atlas.Scalars()
	if errors.Is(err, atlas.ErrNoScalars) {
		return w.drawn(), fmt.Sprintf("%d draws with the means and deviations of %s", drawnScalars, w.q.Means), nil
	}
	if err != nil {
		return nil, "", err
	}
	defer scalars.Close()
	all := numeric.Indices(scalars.Images)
	for _, i := range numeric.Spread(all, comparedEmbeddings) {
		if err := ctx.Err(); err != nil {
			return nil, "", err
		}
		s := make([]float32, scalars.Pairs)
		if err := scalars.Row(i, s); err != nil {
			return nil, "", err
		}
		rows = append(rows, s)
	}
	return rows, fmt.Sprintf("%d pictures of %s", len(rows), w.q.Means), nil
}

func (w *exporting) drawn() [][]float32 {
	r := rand.New(rand.NewPCG(1, 1))
	rows := make([][]float32, drawnScalars)
	for i := range rows {
		rows[i] = make([]float32, len(w.use.Stats.Mean))
		for p, mean := range w.use.Stats.Mean {
			rows[i][p] = float32(mean + math.Sqrt(w.use.Stats.Variance(p))*r.NormFloat64())
		}
	}
	return rows
}
