package segment

import (
	"cmp"
	"context"
	"fmt"
	"image"
	"math"
	"slices"
	"time"

	"github.com/facet-clip/facet/internal/numeric"
)

// Foreground is a picture in two: the thing that it shows, and the rest.
type Foreground struct {
	Class  int       // of the model's classes, the one that the picture shows
	Score  []float32 // of each pixel [H,W], from 0 to 1; all 0 where the map is the same everywhere
	Labels *Labels   // 1 for the thing, 0 for the rest
	flat   bool

	Encoding time.Duration // what the image tower took, for all methods together
	Scoring  time.Duration // what the method took besides
}

// Foregrounds split a picture by each method (Gandelsman, Efros, Steinhardt, arXiv 2310.05916 and 2406.04341: segmentation of ImageNet). The picture's class is the
// one whose text is most like its embedding, on average over the windows. Its map less the mean map of all queries is cut by [Foreground.cut], with the
// protocol's threshold.
func (r *Runner) Foregrounds(ctx context.Context, img image.Image) ([]*Foreground, error) {
	if r.Earlier != nil {
		return nil, fmt.Errorf("what a picture shows is known of the last block alone")
	}
	plan, err := NewPlan(img.Bounds().Size(), r.Protocol)
	if err != nil {
		return nil, err
	}
	first := r.Methods[0]
	fitting := newCosine(first.Pool, first.Classes.Texts)
	fit := make([]float64, len(first.Classes.Queries))
	logits := make([][][]float32, len(r.Methods)) // of each method and window
	out := make([]*Foreground, len(r.Methods))
	for j := range out {
		logits[j], out[j] = make([][]float32, plan.Windows()), &Foreground{}
	}
	started, scoring := time.Now(), time.Duration(0)
	err = r.windows(ctx, img, plan, numeric.Indices(plan.Windows()), func(i int, w Window) error {
		before := time.Now()
		for q, v := range fitting.cosines(fitting.whole(w)) {
			fit[q] += float64(v)
		}
		for j, s := range r.Methods {
			at := time.Now()
			var err error
			if logits[j][i], err = s.Logits(w); err != nil {
				return err
			}
			out[j].Scoring += time.Since(at)
		}
		scoring += time.Since(before)
		return nil
	})
	if err != nil {
		return nil, err
	}
	query := slices.Index(fit, slices.Max(fit))
	for j, f := range out {
		f.Encoding = time.Since(started) - scoring
		at := time.Now()
		if err := f.split(plan, r.Methods[j], logits[j], query); err != nil {
			return nil, err
		}
		f.Scoring += time.Since(at)
	}
	return out, nil
}

// split is the foreground by the map of a query less the mean of all, given the logits [Q,h,w] of every window.
func (f *Foreground) split(plan Plan, s *Segmenter, windows [][]float32, query int) error {
	f.Class = s.Classes.Of[query]
	one := &Classes{Names: s.Classes.Names[f.Class : f.Class+1], Of: []int{0}, Queries: s.Classes.Queries[query : query+1]}
	maps, err := NewMaps(plan, one, s.Pool.H, s.Pool.W)
	if err != nil {
		return err
	}
	K, Q := s.Pool.H*s.Pool.W, len(s.Classes.Queries)
	for i, logits := range windows {
		own := make([]float32, K)
		for at := range own {
			mean := 0.0
			for q := range Q {
				mean += float64(logits[q*K+at]) / float64(Q)
			}
			own[at] = float32(float64(logits[query*K+at]) - mean)
		}
		if err := maps.Set(i, own); err != nil {
			return err
		}
	}
	f.cut(maps.Logits(0), plan.Size, plan.Threshold)
	return nil
}

// cut scales a map [H,W] to 0…1 and calls the thing what lies above the threshold. Without a threshold, what is below zero counts as zero first, and the
// mean score is the threshold (arXiv 2310.05916); the later work takes 0.5 and keeps what is below zero (arXiv 2406.04341).
func (f *Foreground) cut(logits []float32, size image.Point, threshold float64) {
	f.Score, f.Labels = logits, &Labels{size, make([]uint16, len(logits))}
	if threshold == 0 {
		for i, v := range logits {
			logits[i] = max(v, 0)
		}
	}
	low, high := slices.Min(logits), slices.Max(logits)
	if f.flat = !(high > low); f.flat {
		clear(logits)
		return
	}
	sum := 0.0
	for i, v := range logits {
		logits[i] = (v - low) / (high - low)
		sum += float64(logits[i])
	}
	if threshold == 0 {
		threshold = sum / float64(len(logits))
	}
	for i, v := range logits {
		if float64(v) > threshold {
			f.Labels.Class[i] = 1
		}
	}
}

// Precision is the average precision of the score for the thing and of 1 − score for the rest, both in one ranking, as the published code has it: Σ (R_n − R_{n−1}) P_n
// over the scores, those that are equal together. truth [H,W] is 0, 1 or [Ignore]. Without a pixel that counts it is 0. A map that is the same
// everywhere ranks nothing.
func (f *Foreground) Precision(truth []uint8) float64 {
	type ranked struct {
		score float32
		right bool
	}
	var all []ranked
	positive := 0
	for i, t := range truth {
		if t == Ignore {
			continue
		}
		thing, rest := f.Score[i], 1-f.Score[i]
		if f.flat {
			rest = 0
		}
		all = append(all, ranked{thing, t == 1}, ranked{rest, t == 0})
		positive++
	}
	slices.SortFunc(all, func(a, b ranked) int { return cmp.Compare(b.score, a.score) })
	average, right := 0.0, 0
	for i := 0; i < len(all); {
		before, score := right, all[i].score
		for ; i < len(all) && all[i].score == score; i++ {
			if all[i].right {
				right++
			}
		}
		average += float64(right-before) / float64(positive) * float64(right) / float64(i)
	}
	if math.IsNaN(average) {
		return 0
	}
	return average
}
