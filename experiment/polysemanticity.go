package experiment

import (
	"context"
	"math"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/numeric"

	"gonum.org/v1/gonum/stat/distuv"
)

// Polysemanticity of each unit: the summed squared distance to their mean of the unit embeddings of its k images of largest centred norm
// (paper, polysemanticity; docs/design.md, 19: 10). The more alike its top images, the lower.
func (d *Data) Polysemanticity(ctx context.Context, stats *decompose.Stats, images []int, u Unit, k int) ([]float64, error) {
	n, err := d.count(u)
	if err != nil {
		return nil, err
	}
	out := make([]float64, n)
	if u == Pair && (k > decompose.Extremes || len(images) < stats.Count) {
		return out, d.pairScatters(ctx, stats.Mean, images, k, out)
	}
	if u == Pair {
		for p := range out {
			out[p] = d.PairPolysemanticity(stats, p, k)
		}
		return out, nil
	}
	picked, err := d.farthest(ctx, stats.Mean, images, u, k)
	if err != nil {
		return nil, err
	}
	for i, top := range picked {
		out[i] = d.scatter(top)
	}
	return out, nil
}

// columnsMost is how many scalars are held at a time.
const columnsMost = 1 << 26

// pairScatters are those of all pairs [M·C] from the scalars of images, some heads at a time: an atlas keeps 50 images of each end alone.
func (d *Data) pairScatters(ctx context.Context, mean []float64, images []int, k int, out []float64) error {
	C := d.OV.Channels
	heads := max(1, columnsMost/max(1, len(images)*C))
	for pairs := range slices.Chunk(numeric.Indices(len(out)), heads*C) {
		centred, err := d.columns(ctx, mean, images, pairs)
		if err != nil {
			return err
		}
		numeric.Parallel(len(pairs), func(p int) {
			far := make([]float64, len(images))
			for i := range far {
				far[i] = math.Abs(float64(centred[i*len(pairs)+p]))
			}
			top := numeric.Largest(far, k)
			for i, j := range top {
				top[i] = images[j]
			}
			out[pairs[p]] = d.scatter(top)
		})
	}
	return nil
}

// Purest sets for each neuron the pair of lowest score against the neuron. Images of even place choose the pair, and those of odd place give the
// scores that are compared: among many pairs one is low by chance, but not twice.
func (d *Data) Purest(ctx context.Context, stats *decompose.Stats, images []int, k func(images int) int) (answer.PolysemanticityComparison, error) {
	var halves [2][]int
	for i, image := range images {
		halves[i%2] = append(halves[i%2], image)
	}
	choose, err := d.Polysemanticity(ctx, stats, halves[0], Pair, k(len(halves[0])))
	if err != nil {
		return answer.PolysemanticityComparison{}, err
	}
	pairs, err := d.Polysemanticity(ctx, stats, halves[1], Pair, k(len(halves[1])))
	if err != nil {
		return answer.PolysemanticityComparison{}, err
	}
	neurons, err := d.Polysemanticity(ctx, stats, halves[1], Neuron, k(len(halves[1])))
	if err != nil {
		return answer.PolysemanticityComparison{}, err
	}
	for i := range choose {
		choose[i] = -choose[i]
	}
	return d.Compare(pairs, neurons, choose), nil
}

// PairPolysemanticity is that of one pair, which needs no scalars of single images.
func (d *Data) PairPolysemanticity(stats *decompose.Stats, p, k int) float64 {
	var top []int
	for _, x := range stats.Farthest(p, k, stats.Mean[p]) {
		top = append(top, int(x.Image))
	}
	return d.scatter(top)
}

// scatter is Σ ‖e − ē‖² over the unit embeddings of images, never negative: as the images' number less ‖Σe‖² over it, it would be lost in rounding where
// they are alike. It sums in order of the images, so that the same images give the same bits, whatever their ranks: they are a tie.
func (d *Data) scatter(images []int) float64 {
	images = slices.Sorted(slices.Values(images))
	mean := make([]float64, d.OV.Embed)
	for _, i := range images {
		e := d.embedding(i)
		l := numeric.Norm(e)
		for o, v := range e {
			mean[o] += float64(v) / l / float64(len(images))
		}
	}
	var square float64
	for _, i := range images {
		e := d.embedding(i)
		l := numeric.Norm(e)
		for o, v := range e {
			x := float64(v)/l - mean[o]
			square += x * x
		}
	}
	return square
}

// NewSpread sums values up; none give zeros.
func NewSpread(values []float64) answer.Spread {
	if len(values) == 0 {
		return answer.Spread{}
	}
	v := slices.Clone(values)
	slices.Sort(v)
	at := func(q float64) float64 {
		x := q * float64(len(v)-1)
		i := int(x)
		if i+1 == len(v) {
			return v[i]
		}
		return v[i] + (x-float64(i))*(v[i+1]-v[i])
	}
	return answer.Spread{Low: at(0), Quarter: at(0.25), Median: at(0.5), ThreeQuarters: at(0.75), High: at(1)}
}

// Compare takes the scores of all pairs [M·C] and of all neurons [C], and by what the pair of a neuron is chosen, the largest [M·C].
func (d *Data) Compare(pairs, neurons, strength []float64) answer.PolysemanticityComparison {
	C := d.OV.Channels
	c := answer.PolysemanticityComparison{Neurons: C}
	var differences []float64
	for n := range neurons {
		best := n
		for h := range d.OV.Heads {
			if strength[h*C+n] > strength[best] {
				best = h*C + n
			}
		}
		difference := pairs[best] - neurons[n]
		differences = append(differences, difference)
		switch {
		case difference < 0:
			c.Lower++
		case difference > 0:
			c.Higher++
		}
	}
	c.Median = NewSpread(differences).Median
	c.P = signTest(c.Lower, c.Higher)
	return c
}

// signTest is the two-sided p-value of a split under a fair coin.
func signTest(lower, higher int) float64 {
	n := lower + higher
	if n == 0 {
		return 1
	}
	return math.Min(1, 2*distuv.Binomial{N: float64(n), P: 0.5}.CDF(float64(min(lower, higher))))
}
