package lab

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/clip/registry"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/internal/atomicfile"
	"github.com/facet-clip/facet/internal/regular"
	"github.com/facet-clip/facet/paper"
)

// Reproduce asks for the paper's figures, as far as the data at hand allow. What is cut off goes on where it stopped, and steps that are finished are kept.
type Reproduce struct {
	// ImageNet is the folder of the validation pictures. Empty: its figures are not measured.
	ImageNet string
	// Context is the folder VOC2010 of PASCAL Context. Empty: its figures are not measured.
	Context string
	// Cars is a folder with Stanford Cars' cars_train and refined_train.csv. Empty: its figures are not measured.
	Cars string
	// Folder is where atlases, finished steps and the page are written.
	Folder string
	// Stride evaluates on every Stride-th picture of ImageNet; 0 is 10, which the paper's ablation takes.
	Stride int
	// Means is how many pictures of ImageNet means, components and signs come from; they are none of those that are evaluated on. 0 is 1000, the paper's number.
	Means int
	// Limit takes at most so many pictures of PASCAL Context and of Stanford Cars; 0 is all.
	Limit int
	// Pairs is how many pairs a class of PASCAL Context has; 0 is 20,000 for RN50x16, and the same share of another model's.
	Pairs int
}

func (q Reproduce) check() (Reproduce, error) {
	if q.Stride == 0 {
		q.Stride = 10
	}
	if q.Means == 0 {
		q.Means = 1000
	}
	switch {
	case q.Folder == "":
		return q, mistake("output", "is missing: expected the folder to write")
	case q.ImageNet == "" && q.Context == "" && q.Cars == "":
		return q, &Mistake{Problem: errors.New("no data: expected the folder of ImageNet, PASCAL Context or Stanford Cars")}
	case q.Stride < 2: // means come from what is passed over
		return q, mistake("stride", "%d: expected 2 or more", q.Stride)
	case q.Means < 2:
		return q, mistake("fit-on", "%d: expected 2 or more", q.Means)
	case q.Limit < 0:
		return q, mistake("limit", "%d: expected 0 or more", q.Limit)
	case q.Pairs < 0:
		return q, mistake("pairs", "%d: expected 0 or more", q.Pairs)
	}
	return q, nil
}

const (
	reproduceFormat = 1 // of the files of steps
	stepsFolder     = "steps"
	meansFolder     = "imagenet-means.atlas"
	testFolder      = "imagenet-test.atlas"
	carsFolder      = "cars.atlas"
	// ReproducedPage is the page's file in the folder.
	ReproducedPage = "paper.html"
)

// reproducing is a reproduction in the making.
type reproducing struct {
	*Lab
	asked     Reproduce
	model     answer.Model
	published bool // the model is the paper's
}

// paperStep is a part of the work.
type paperStep struct {
	name    string
	missing string // what it lacks; empty: nothing
	begin   func(context.Context) (paperWork, error)
}

// paperWork is a step whose data are found.
type paperWork struct {
	data    string // what is measured on
	partial bool   // that is an easier part of the data, so nothing is judged
	depends any    // beside the model; whatever changes its JSON has the step made again
	files   []string
	measure func(context.Context) (map[string]paper.Measured, error)
}

// Reproduce measures what can be measured, and writes it beside what is published as one HTML page.
func (l *Lab) Reproduce(ctx context.Context, q Reproduce) (*answer.Reproduction, error) {
	q, err := q.check()
	if err != nil {
		return nil, err
	}
	r := &reproducing{Lab: l, asked: q}
	if r.model, err = l.Describe(ctx); err != nil {
		return nil, err
	}
	r.published = paperModel(l.name, r.model.SHA256)
	if err := os.MkdirAll(filepath.Join(q.Folder, stepsFolder), 0o755); err != nil {
		return nil, err
	}
	a := &answer.Reproduction{PublishedFor: paper.Model}
	for _, s := range r.steps() {
		done, err := r.take(ctx, s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		a.Steps = append(a.Steps, *done)
	}
	if a.Model, err = l.Describe(ctx); err != nil { // with all engines that ran
		return nil, err
	}
	a.Page = filepath.Join(q.Folder, ReproducedPage)
	return a, atomicfile.Write(a.Page, func(w io.Writer) error { return paper.Write(w, a) })
}

// paperModel tells whether a model is the paper's: by its digest, or named as it.
func paperModel(name, sha256 string) bool {
	m, err := registry.Lookup(paper.Model)
	return err == nil && (m.Is(sha256) || m.Claims(name))
}

func (r *reproducing) steps() []paperStep {
	lacks := func(dir, text string) string {
		if dir == "" {
			return text
		}
		return ""
	}
	return []paperStep{
		{paper.ImageNet, lacks(r.asked.ImageNet, "the folder of ImageNet's validation pictures"), r.imageNet},
		{paper.Context, lacks(r.asked.Context, "the folder VOC2010 of PASCAL Context"), r.context},
		{paper.Cars, lacks(r.asked.Cars, "the folder of Stanford Cars"), r.cars},
	}
}

// take takes a step, unless an earlier run has taken the same.
func (r *reproducing) take(ctx context.Context, s paperStep) (*answer.ReproductionStep, error) {
	if s.missing != "" {
		step := &answer.ReproductionStep{Step: s.name, Missing: s.missing}
		for _, f := range stepFigures(s.name) {
			step.Figures = append(step.Figures, f.Missing())
		}
		return step, nil
	}
	work, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	print, err := r.fingerprint(s.name, work.depends)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(r.asked.Folder, stepsFolder, s.name+".json")
	if kept := keptStep(path, print); kept != nil {
		return kept, nil
	}
	start := time.Now()
	measured, err := work.measure(ctx)
	if err != nil {
		return nil, err
	}
	step := &answer.ReproductionStep{Step: s.name, Fingerprint: print, Data: work.data, Seconds: time.Since(start).Seconds(), Bytes: bytesIn(work.files)}
	for _, f := range stepFigures(s.name) {
		if m, ok := measured[f.Key]; ok {
			step.Figures = append(step.Figures, f.Beside(m, r.unlike(work)))
			continue
		}
		step.Figures = append(step.Figures, f.Missing())
	}
	return step, writeStep(path, step)
}

// unlike is why the published values are not those of what was measured; empty where they are.
func (r *reproducing) unlike(w paperWork) string {
	switch {
	case !r.published:
		return answer.OtherModel
	case w.partial:
		return answer.OtherData
	}
	return ""
}

// stepFigures are the published figures of a step.
func stepFigures(step string) []paper.Figure {
	return slices.DeleteFunc(paper.Figures(), func(f paper.Figure) bool { return f.Step != step })
}

// fingerprint changes with all that decides a step's figures.
func (r *reproducing) fingerprint(step string, depends any) (string, error) {
	data, err := json.Marshal([]any{reproduceFormat, step, r.model.SHA256, r.model.Activation, r.published, r.config.ExifRotate, depends})
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), err
}

// keptStep is the step in a file, nil unless it is of the fingerprint.
func keptStep(path, print string) *answer.ReproductionStep {
	data, err := regular.ReadFile(path, 1<<20)
	var step answer.ReproductionStep
	if err != nil || json.Unmarshal(data, &step) != nil || step.Fingerprint != print {
		return nil
	}
	step.Kept = true
	return &step
}

func writeStep(path string, step *answer.ReproductionStep) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(step)
	})
}

// bytesIn is what files and folders of files take.
func bytesIn(paths []string) (n int64) {
	for _, path := range paths {
		entries, err := os.ReadDir(path)
		if err != nil {
			continue
		}
		for _, e := range entries {
			if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
				n += info.Size()
			}
		}
	}
	return n
}

// scanned scans pictures into a folder of the reproduction, with every scalar, and goes on where that was cut off. An atlas of other pictures is an error.
func (r *reproducing) scanned(ctx context.Context, s *dataset.Source, name string) (string, error) {
	dir := filepath.Join(r.asked.Folder, name)
	_, err := r.Scan(ctx, Scan{Source: s, Folder: dir, KeepScalars: true, Resume: true})
	if errors.Is(err, atlas.ErrFinished) {
		err = sameData(dir, s)
	}
	if errors.Is(err, atlas.ErrMismatch) {
		err = fmt.Errorf("%w; remove it, or name another folder", err)
	}
	return dir, err
}

// sameData is [atlas.ErrMismatch] unless a finished atlas is of the pictures.
func sameData(dir string, s *dataset.Source) error {
	m, err := atlas.ReadManifest(dir)
	if err != nil {
		return err
	}
	if len(m.Datasets) != 1 || m.Datasets[0].Fingerprint != s.Fingerprint() {
		return fmt.Errorf("%s: %w: it is of other pictures", dir, atlas.ErrMismatch)
	}
	return nil
}

// firstDir is the first of some folders that is there, or an error that names them all.
func firstDir(paths ...string) (string, error) {
	for _, p := range paths {
		if regular.IsFolder(p) {
			return p, nil
		}
	}
	return "", fmt.Errorf("%w: expected one of the folders %q", fs.ErrNotExist, paths)
}

// ofShare is a share in percent with its interval.
func ofShare(s answer.Share) paper.Measured {
	return paper.Measured{Value: 100 * s.Value(), Low: 100 * s.Low, High: 100 * s.High, Of: s.Of}
}

// alone is a value without an interval.
func alone(value float64, of int, found string) paper.Measured {
	return paper.Measured{Value: value, Low: math.NaN(), High: math.NaN(), Of: of, Found: found}
}
