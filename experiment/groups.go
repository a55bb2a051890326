package experiment

import (
	"context"
	"math"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/numeric"
)

// Groups say which group each image is in, besides its class.
type Groups struct {
	Of    []int // [N]; −1: none
	Count int
}

// Score is the accuracy by class and group of images that have both.
func (d *Data) Score(method string, images []int, o Outcome, g Groups) answer.GroupOutcome {
	L := len(d.Head.Texts)
	right, of := make([]int, L*g.Count), make([]int, L*g.Count)
	all, total := 0, 0
	for k, i := range images {
		class, group := d.Labels[i], g.Of[i]
		if class < 0 || group < 0 {
			continue
		}
		of[class*g.Count+group]++
		total++
		if o.Picked[k] == class {
			right[class*g.Count+group]++
			all++
		}
	}
	s := answer.GroupOutcome{Method: method, Average: NewShare(all, total), Cells: make([][]answer.Share, L)}
	worst := math.Inf(1)
	for c := range L {
		s.Cells[c] = make([]answer.Share, g.Count)
		for k := range g.Count {
			cell := NewShare(right[c*g.Count+k], of[c*g.Count+k])
			if s.Cells[c][k] = cell; cell.Of > 0 && cell.Value() < worst {
				worst, s.Worst = cell.Value(), cell
			}
		}
	}
	s.Gap = s.Average.Value() - s.Worst.Value()
	return s
}

// Suspicion is how much each pair looks like a spurious cue, over some images (docs/design.md, 46 to 48).
type Suspicion struct {
	Score       []float64 // what pairs are ranked by [M,C]; 0 where the cue does not help
	Cue         []float64 // [M,C]
	Correlation []float64 // with the group of largest size [M,C]
	Group       []int     // that group [M,C]
}

// Suspect compares rightly and wrongly classified images of each class, and pairs with groups within classes. mean [M,C] are the means that parts are
// centred on.
func (d *Data) Suspect(ctx context.Context, mean []float64, images []int, g Groups) (Suspicion, error) {
	now, err := d.Judge(ctx, images, nil)
	if err != nil {
		return Suspicion{}, err
	}
	s := &suspecting{d: d, images: images, groups: g, picked: now[0].Picked}
	s.count()
	pairs := len(d.Norms)
	s.cue, s.square = make([]float64, pairs), make([]float64, pairs)
	s.with = make([]float64, g.Count*pairs)
	row := make([]float32, pairs)
	for k, i := range images {
		if err := ctx.Err(); err != nil {
			return Suspicion{}, err
		}
		if d.Labels[i] < 0 || g.Of[i] < 0 {
			continue
		}
		if err := d.Row(i, row); err != nil {
			return Suspicion{}, err
		}
		s.add(k, i, mean, row)
	}
	return s.result(), nil
}

// suspecting is one run of [Data.Suspect].
type suspecting struct {
	d      *Data
	images []int
	groups Groups
	picked []int

	of, wrong []int       // images of each class, and those that are classified wrongly
	wrongs    int         // of all classes that have right ones too
	share     [][]float64 // of each group in each class
	spread    []float64   // Σ (z − z̄ of the class)² of each group
	margin    [][]float32 // ⟨u, t_c − t_r⟩ of each class against its rival [M,C]; nil where a class has no wrong images, or no right ones
	n         float64

	cue, square []float64 // [M,C]
	with        []float64 // covariance with each group [G,M,C], not yet divided
}

// count finds the rival of each class, and how groups are spread over classes.
func (s *suspecting) count() {
	L, D := len(s.d.Head.Texts), s.d.OV.Embed
	s.of, s.wrong = make([]int, L), make([]int, L)
	rivals := make([]map[int]int, L)
	s.share = make([][]float64, L)
	for c := range L {
		rivals[c], s.share[c] = map[int]int{}, make([]float64, s.groups.Count)
	}
	for k, i := range s.images {
		c, g := s.d.Labels[i], s.groups.Of[i]
		if c < 0 || g < 0 {
			continue
		}
		s.n++
		s.of[c]++
		s.share[c][g]++
		if s.picked[k] != c {
			s.wrong[c]++
			rivals[c][s.picked[k]]++
		}
	}
	s.spread, s.margin = make([]float64, s.groups.Count), make([][]float32, L)
	for c := range L {
		for g := range s.share[c] {
			if s.of[c] > 0 {
				s.share[c][g] /= float64(s.of[c])
			}
			s.spread[g] += float64(s.of[c]) * s.share[c][g] * (1 - s.share[c][g])
		}
		if s.wrong[c] == 0 || s.wrong[c] == s.of[c] {
			continue
		}
		s.wrongs += s.wrong[c]
		rival, most := 0, 0
		for r := range L { // in order, so that ties are settled alike
			if rivals[c][r] > most {
				rival, most = r, rivals[c][r]
			}
		}
		difference := make([]float32, D)
		for o := range difference {
			difference[o] = s.d.Head.Embeddings[c*D+o] - s.d.Head.Embeddings[rival*D+o]
		}
		s.margin[c] = s.d.OV.Text(difference)
	}
}

// add takes up image k, number i, with its scalars.
func (s *suspecting) add(k, i int, mean []float64, row []float32) {
	c, g, pairs := s.d.Labels[i], s.groups.Of[i], len(row)
	weight := 0.0 // of this image in the difference between right and wrong ones
	if s.margin[c] != nil {
		weight = 1 / float64(s.of[c]-s.wrong[c])
		if s.picked[k] != c {
			weight = -1 / float64(s.wrong[c])
		}
		weight *= float64(s.wrong[c]) / float64(s.wrongs) / numeric.Norm(s.d.embedding(i))
	}
	for p, v := range row {
		δ := float64(v) - mean[p]
		s.square[p] += δ * δ
		if weight != 0 {
			s.cue[p] += weight * δ * float64(s.margin[c][p])
		}
	}
	for h := range s.groups.Count {
		z := -s.share[c][h]
		if h == g {
			z++
		}
		to := s.with[h*pairs : (h+1)*pairs]
		for p, v := range row {
			to[p] += z * float64(v)
		}
	}
}

func (s *suspecting) result() Suspicion {
	pairs := len(s.cue)
	out := Suspicion{make([]float64, pairs), s.cue, make([]float64, pairs), make([]int, pairs)}
	for p := range pairs {
		for g := range s.groups.Count {
			size := math.Sqrt(s.spread[g] * s.square[p])
			if size == 0 {
				continue
			}
			if r := s.with[g*pairs+p] / size; math.Abs(r) > math.Abs(out.Correlation[p]) {
				out.Correlation[p], out.Group[p] = r, g
			}
		}
		out.Score[p] = max(0, s.cue[p]) * math.Abs(out.Correlation[p])
	}
	return out
}

// Hold gives the outcomes when the first counts[0], counts[1], … pairs of a list, rising, are held at their means [M,C].
func (d *Data) Hold(ctx context.Context, mean []float64, pairs, counts, images []int) ([]Outcome, error) {
	D := d.OV.Embed
	most := 0
	if len(counts) > 0 {
		most = counts[len(counts)-1]
	}
	directions := make([]float32, 0, most*D)
	for _, p := range pairs[:most] {
		directions = append(directions, d.OV.Direction(d.OV.Pair(p))...)
	}
	out := make([]Outcome, len(counts))
	for i := range out {
		out[i] = Outcome{make([]int, len(images)), make([]float64, len(images)), make([]float64, len(images))}
	}
	zero := make([]float64, len(mean))
	return out, d.each(ctx, zero, images, func(k, image int, s []float32) error {
		own := d.embedding(image)
		after := append([]float32(nil), own...)
		done := 0
		for i, n := range counts {
			for ; done < n; done++ {
				axpy(mean[pairs[done]]-float64(s[pairs[done]]), directions[done*D:(done+1)*D], after)
			}
			out[i].add(k, d.Labels[image], d.Head.Embeddings, own, after)
		}
		return nil
	})
}

// HeadsApart are how far the mean contributions of each head differ between groups [M]: the largest length over two groups, from the mean scalars of each
// group [G][M,C].
func HeadsApart(ov *decompose.OV, means [][]float64) []float64 {
	out := make([]float64, ov.Heads)
	for a := range means {
		for b := range a {
			δ := make([]float32, len(means[a]))
			for p := range δ {
				δ[p] = float32(means[a][p] - means[b][p])
			}
			for h := range out {
				out[h] = max(out[h], numeric.Norm(decompose.Scalars{OV: ov, S: δ}.Head(h)))
			}
		}
	}
	return out
}
