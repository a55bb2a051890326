package experiment

import (
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/internal/numeric"
)

// Depth is how many places of a search are looked at.
const Depth = 10

// Retrieved is what searches among pictures and among captions found.
type Retrieved struct {
	Images []int // of each picture, the place of its first own caption among all captions; Depth: none of the first
	Texts  []int // of each caption, the place of its picture among all pictures; Depth: none of the first
	of     []int // of each caption its picture
}

// textBlock is how many captions are compared with all pictures at a time.
const textBlock = 256

// Retrieve searches for every picture by its captions and for every caption by its picture, by the cosine. images [N,D] and texts [T,D] have unit rows;
// of [T] gives the picture of a caption. Of equal scores the first comes first. done is told of finished captions; may be nil.
func Retrieve(images, texts []float32, of []int, embed int, done func(n int)) Retrieved {
	N, T := len(images)/embed, len(of)
	r := Retrieved{Images: make([]int, N), Texts: make([]int, T), of: of}
	best := make([]places, N)
	scores := make([]float32, textBlock*N)
	for from := 0; from < T; from += textBlock {
		n := min(textBlock, T-from)
		s := scores[:n*N]
		blas32.Gemm(blas.NoTrans, blas.Trans, 1, numeric.Matrix(texts[from*embed:(from+n)*embed], n, embed), numeric.Matrix(images, N, embed), 0, numeric.Matrix(s, n, N))
		for i := range n {
			row := s[i*N : (i+1)*N]
			r.Texts[from+i] = min(Answer(row, of[from+i]).Rank, Depth)
			for image, score := range row {
				best[image].add(score, from+i)
			}
		}
		if done != nil {
			done(n)
		}
	}
	for image := range best {
		r.Images[image] = Depth
		own := func(p place) bool { return of[p.text] == image }
		if at := slices.IndexFunc(best[image].list, own); at >= 0 {
			r.Images[image] = at
		}
	}
	return r
}

// place is a caption with its score.
type place struct {
	score float32
	text  int
}

// places are the captions of the largest scores, Depth at most, the largest first.
type places struct{ list []place }

// add offers a caption, which comes after those of the same score.
func (p *places) add(score float32, text int) {
	n := len(p.list)
	if n == Depth && score <= p.list[n-1].score {
		return
	}
	if n == Depth {
		p.list = p.list[:n-1]
	}
	at := len(p.list)
	for at > 0 && p.list[at-1].score < score {
		at--
	}
	p.list = slices.Insert(p.list, at, place{score, text})
}

// TextRecall is the share of pictures that have an own caption among the first k, with its Wilson interval.
func (r Retrieved) TextRecall(k int) answer.Share {
	return NewShare(within(r.Images, k), len(r.Images))
}

// within counts places among the first k.
func within(places []int, k int) (n int) {
	for _, p := range places {
		if p < k {
			n++
		}
	}
	return n
}

// ImageRecall is the share of captions that have their picture among the first k. The interval is that of a bootstrap over pictures, each with all its
// captions, because captions of one picture are alike.
func (r Retrieved) ImageRecall(k int, seed uint64) answer.Estimate {
	return r.bootstrap(seed, func(_, found, captions, _ float64) float64 { return found / captions }, k)
}

// MeanRecall is the mean of both recalls at k, likewise.
func (r Retrieved) MeanRecall(k int, seed uint64) answer.Estimate {
	return r.bootstrap(seed, func(right, found, captions, images float64) float64 { return (right/images + found/captions) / 2 }, k)
}

// bootstrap draws pictures and makes a number of how many of them are right, how many of their captions found theirs, and how many of both there are.
func (r Retrieved) bootstrap(seed uint64, number func(right, found, captions, images float64) float64, k int) answer.Estimate {
	N := len(r.Images)
	right, found, captions := make([]float64, N), make([]float64, N), make([]float64, N)
	for i, p := range r.Images {
		right[i] = float64(within([]int{p}, k))
	}
	for t, i := range r.of {
		captions[i]++
		found[i] += float64(within(r.Texts[t:t+1], k))
	}
	of := func(next func(i int) int) float64 {
		var a, b, c float64
		for i := range N {
			j := next(i)
			a, b, c = a+right[j], b+found[j], c+captions[j]
		}
		return number(a, b, c, float64(N))
	}
	random := newRandom(seed)
	draws := make([]float64, Draws)
	for i := range draws {
		draws[i] = of(func(int) int { return random.IntN(N) })
	}
	return estimate(of(func(i int) int { return i }), draws)
}
