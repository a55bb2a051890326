package drift

import (
	"cmp"
	"container/heap"
	"fmt"
	"hash/fnv"
	"slices"
)

// Image is an image that a sample kept.
type Image struct {
	Path      string
	ID        string    // chooses it for a sample and breaks its ties, where paths do not tell images apart; empty: the path
	Embedding []float32 // [D]
	Scalars   []float32 // of all pairs [M,C], or of a profile's strong pairs in their order
	Scores    []Score   // of the watched concepts, in their order
	Group     string    // what it belongs to, such as a camera; empty: not known
	Label     string    // its class; empty: not known

	key uint64
}

// spread is a number that is the same for the same image, and else as good as random.
func (i Image) spread() uint64 { return key(cmp.Or(i.ID, i.Path)) }

// bySpread orders images by their spread, and where that is the same by path.
func bySpread(a, b Image) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.Path, b.Path)) }

// Summary is what is kept of a set of images. Its size does not depend on their number: moments of all, and a random sample, whose members
// are those of smallest hash of their paths, so that profiles of parts merge into the profile of the whole. An image that is there
// twice under one path counts twice in the moments.
type Summary struct {
	Pairs     *Moments  // of the scalars [M,C]
	Embedding *Gaussian // [D]
	Scores    *Moments  // of both scores of each watched concept [W,2]
	Size      int       // of the sample, at most

	kept byKey
}

// NewSummary is the summary of no image for a model of so many pairs M·C and embedding width D, watching so many concepts.
func NewSummary(pairs, embed, watched, size int) *Summary {
	return &Summary{Pairs: NewMoments(pairs), Embedding: NewGaussian(embed), Scores: NewMoments(2 * watched), Size: size}
}

// Count is the number of images.
func (s *Summary) Count() int { return s.Pairs.Count }

// Sample is the sample, in an order that is random and always the same.
func (s *Summary) Sample() []Image {
	out := slices.Clone(s.kept)
	slices.SortFunc(out, bySpread)
	return out
}

// Restore gives a summary its sample back, as [Summary.Sample] gave it.
func (s *Summary) Restore(sample []Image) {
	s.kept = nil
	for _, image := range sample {
		image.key = image.spread()
		s.kept.add(image, len(sample))
	}
}

// Add takes up an image by the scalars of all its pairs [M,C]. The sample keeps those of the pairs keep (flat indexes), or all where keep
// is nil. It is an error when sizes differ or a number is not finite.
func (s *Summary) Add(image Image, scalars []float32, keep []int) error {
	if len(scalars) != len(s.Pairs.Mean) || len(image.Embedding) != len(s.Embedding.Mean) || 2*len(image.Scores) != len(s.Scores.Mean) {
		return fmt.Errorf("%s: %d scalars, an embedding of %d numbers and %d scores; expected %d, %d and %d", image.Path,
			len(scalars), len(image.Embedding), len(image.Scores), len(s.Pairs.Mean), len(s.Embedding.Mean), len(s.Scores.Mean)/2)
	}
	for _, v := range scalars {
		if v-v != 0 { // NaN or ±Inf
			return fmt.Errorf("%s: a pair scalar is %g", image.Path, v)
		}
	}
	s.Pairs.Add(scalars)
	s.Embedding.Add(image.Embedding)
	s.Scores.Add(flatten(image.Scores))
	if image.key = image.spread(); !s.kept.takes(image, s.Size) {
		return nil
	}
	image.Embedding = slices.Clone(image.Embedding)
	image.Scalars = pick(scalars, keep)
	s.kept.add(image, s.Size)
	return nil
}

// pick takes what stands at some places; nil: all of it.
func pick[T any](from []T, places []int) []T {
	if places == nil {
		return slices.Clone(from)
	}
	out := make([]T, len(places))
	for i, p := range places {
		out[i] = from[p]
	}
	return out
}

// key spreads paths evenly: FNV-1a alone leaves the high bits of like paths alike.
func key(path string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(path))
	k := h.Sum64()
	k = (k ^ k>>30) * 0xbf58476d1ce4e5b9
	k = (k ^ k>>27) * 0x94d049bb133111eb
	return k ^ k>>31
}

// byKey is a heap with the largest key on top.
type byKey []Image

func (b byKey) Len() int           { return len(b) }
func (b byKey) Less(i, j int) bool { return bySpread(b[i], b[j]) > 0 }
func (b byKey) Swap(i, j int)      { b[i], b[j] = b[j], b[i] }
func (b *byKey) Push(x any)        { *b = append(*b, x.(Image)) }
func (b *byKey) Pop() any {
	last := (*b)[len(*b)-1]
	*b = (*b)[:len(*b)-1]
	return last
}

func (b byKey) takes(image Image, size int) bool {
	return len(b) < size || size > 0 && bySpread(image, b[0]) < 0
}

func (b *byKey) add(image Image, size int) {
	if len(*b) == size {
		heap.Pop(b)
	}
	heap.Push(b, image)
}

// column is number i of every kept image.
func column(sample []Image, i int) []float32 {
	out := make([]float32, len(sample))
	for k, image := range sample {
		out[k] = image.Scalars[i]
	}
	return out
}

// embeddings are those of at most n images of a sample [≤n,D].
func embeddings(sample []Image, n int) []float32 {
	var out []float32
	for _, image := range sample[:min(n, len(sample))] {
		out = append(out, image.Embedding...)
	}
	return out
}
