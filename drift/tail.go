package drift

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/stat/combin"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/facet-clip/facet/internal/numeric"
)

const tailShare = 0.005 // of the profile's sample, beyond which an image is rare

// Tail says whether the images that go furthest with a text are too many, and the text's own (docs/design.md, 74 to 76). A few images with something
// new do not move the mean of all far enough for [Vocabulary.Specific].
type Tail struct {
	Beyond, Images int     // images of a cosine with the text that few of the profile's sample have, and all
	Expected       float64 // beyond, without drift
	P              float64 // that chance, or what moves all texts, puts so many there: the larger of both p-values
	Rival          string  // a quality of pictures that those beyond are more like than the text; empty: none
}

// Is reports whether the text is told by its name for it, among so many watched texts; not where it is not known.
func (t *Tail) Is(texts int) bool {
	return t != nil && t.Rival == "" && t.P <= unspecific/float64(max(1, texts))
}

// edges are cosines that few images of the profile's sample exceed.
type edges struct {
	directions [][]float32
	at         []float64
	place      int // from the largest cosine of the sample down to the edge
}

// Tail counts the images that go further with a text than all but 0.5 % of the profile's sample. It is nil where that cannot be judged: with fewer
// than ten words that are not like the text, or for a profile without qualities.
func (v *Vocabulary) Tail(text Concept, images *Summary) *Tail {
	after := images.Sample()
	others := v.edgesOfOthers(text)
	if len(v.atoms.Texts) == v.words || len(others.at) < fewestOthers || len(after) == 0 {
		return nil
	}
	own := v.edgesOf([][]float32{text.Direction})
	sample, n := len(v.profile.Sample()), len(after)
	t := &Tail{Images: n, Expected: float64(n*own.place) / float64(sample+1)}
	deviation := func(beyond int) float64 { return (float64(beyond) - t.Expected) / math.Sqrt(t.Expected) }
	t.Beyond = own.beyond(after)[0]
	squares := 0.0
	for _, beyond := range others.beyond(after) {
		squares += deviation(beyond) * deviation(beyond)
	}
	t.P = beyondByChance(sample, n, own.place, t.Beyond)
	if up := deviation(t.Beyond); up > 0 {
		words := float64(len(others.at))
		t.P = max(t.P, 2*distuv.StudentsT{Mu: 0, Sigma: 1, Nu: words}.CDF(-up/math.Sqrt(squares/words)))
		t.Rival = v.rival(text.Direction, v.moveBeyond(own, after))
	}
	return t
}

// edgesOfOthers are those of words that are not like the text.
func (v *Vocabulary) edgesOfOthers(text Concept) edges {
	words, _ := v.meters(nil)
	v.mutex.Lock()
	if v.rare == nil {
		var directions [][]float32
		for _, m := range words {
			directions = append(directions, m.direction)
		}
		e := v.edgesOf(directions)
		v.rare = &e
	}
	all := v.rare
	v.mutex.Unlock()
	out := edges{place: all.place}
	for i, d := range all.directions {
		if cosine(d, text.Direction) < alike {
			out.directions, out.at = append(out.directions, d), append(out.at, all.at[i])
		}
	}
	return out
}

// edgesOf are those of directions in the profile's sample.
func (v *Vocabulary) edgesOf(directions [][]float32) edges {
	sample := v.profile.Sample()
	e := edges{directions: directions, place: max(1, int(math.Round(tailShare*float64(len(sample)))))}
	for _, column := range cosines(directions, sample) {
		slices.Sort(column)
		e.at = append(e.at, column[max(0, len(column)-e.place)])
	}
	return e
}

// beyond counts the images beyond each edge.
func (e edges) beyond(images []Image) []int {
	out := make([]int, len(e.at))
	for i, column := range cosines(e.directions, images) {
		for _, c := range column {
			if c > e.at[i] {
				out[i]++
			}
		}
	}
	return out
}

// cosines are those of each direction [D] with the embeddings of images.
func cosines(directions [][]float32, images []Image) [][]float64 {
	if len(directions) == 0 || len(images) == 0 {
		return make([][]float64, len(directions))
	}
	D := len(directions[0])
	product := numeric.Matrix(make([]float32, len(directions)*len(images)), len(directions), len(images))
	rows, columns := numeric.Matrix(slices.Concat(directions...), len(directions), D), numeric.Matrix(embeddings(images, len(images)), len(images), D)
	blas32.Gemm(blas.NoTrans, blas.Trans, 1, rows, columns, 0, product)
	lengths := make([]float64, len(images))
	for k, image := range images {
		lengths[k] = math.Max(numeric.Norm(image.Embedding), 1e-30)
	}
	out := make([][]float64, len(directions))
	for i, d := range directions {
		length := math.Max(numeric.Norm(d), 1e-30)
		for k, p := range product.Data[i*len(images) : (i+1)*len(images)] {
			out[i] = append(out[i], float64(p)/(lengths[k]*length))
		}
	}
	return out
}

// beyondByChance is the chance that so many of n new images, or more, lie beyond the number at a place from the top of a sample, when all are
// exchangeable: that as many of the topmost of both together are new.
func beyondByChance(sample, n, place, beyond int) float64 {
	top := place - 1 + beyond
	choose := func(n, k int) float64 { return combin.LogGeneralizedBinomial(float64(n), float64(k)) }
	p := 0.0
	for k := beyond; k <= min(top, n); k++ {
		if top-k <= sample {
			p += math.Exp(choose(n, k) + choose(sample, top-k) - choose(sample+n, top))
		}
	}
	return min(1, p)
}

// moveBeyond is how the mean of the images beyond the only edge differs from the profile's [D].
func (v *Vocabulary) moveBeyond(e edges, images []Image) []float32 {
	sum, n := make([]float64, v.ov.Embed), 0.0
	for k, c := range cosines(e.directions, images)[0] {
		if c > e.at[0] {
			n++
			for i, x := range images[k].Embedding {
				sum[i] += float64(x)
			}
		}
	}
	for i := range sum {
		sum[i] = sum[i]/max(1, n) - v.profile.Embedding.Mean[i]
	}
	return numeric.Float32(sum)
}

// rival is the quality of pictures that a move is most like, if more than a text.
func (v *Vocabulary) rival(text, move []float32) (name string) {
	most := float64(cosine(text, move))
	for i := v.words; i < len(v.atoms.Texts); i++ {
		if c := math.Abs(float64(cosine(v.atom(i), move))); c > most {
			name, most = v.atoms.Texts[i], c
		}
	}
	return name
}
