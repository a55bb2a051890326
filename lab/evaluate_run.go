package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"image"
	"slices"
	"time"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/dataset/known"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/internal/journal"
	"github.com/facet-clip/facet/internal/numeric"
)

// encodeFrom gives the unit embeddings [n,D] of a source's pictures from one on, in order, batch by batch, with the seconds that they took. Every picture
// must be readable: left out, it would change the score.
func (l *Lab) encodeFrom(ctx context.Context, src *dataset.Source, from int, use func(rows []float32, seconds float64) error) error {
	l.model.Expect(src.Len() - from)
	progress := l.Step(ctx, "images", src.Len())
	defer progress.Done()
	progress.Add(from)
	prepare := func(i dataset.Item, img *image.NRGBA) (picture, error) {
		return prepared(i.Path, img, l.model.Config.Image, false)
	}
	var pixels []float32
	n, side := 0, l.model.Config.Image
	encode := func() error {
		if n == 0 {
			return nil
		}
		started := time.Now()
		out, err := l.model.EncodeImages(ctx, graph.Floats(pixels, n, 3, side, side), clip.Embedding)
		if err != nil {
			return err
		}
		rows, err := unitRows(out[clip.Embedding].Floats, l.model.Config.Embed)
		if err == nil {
			err = use(rows, time.Since(started).Seconds())
		}
		progress.Add(n)
		pixels, n = pixels[:0], 0
		return err
	}
	for loaded, err := range dataset.Load(ctx, src, from, l.decoder, prepare) {
		if err != nil {
			return err
		}
		if loaded.Err != nil {
			return loaded.Err
		}
		pixels = append(pixels, loaded.Made.pixels...)
		if n++; n == batchSize {
			if err := encode(); err != nil {
				return err
			}
		}
	}
	return encode()
}

// unitRows are embeddings [n,D] at length one. One that is not finite, or has no length, is an error.
func unitRows(rows []float32, embed int) ([]float32, error) {
	names := make([]string, len(rows)/embed)
	bank, err := concept.NewBank(names, rows, embed)
	if err != nil {
		return nil, fmt.Errorf("a picture: %w", err)
	}
	return bank.Embeddings, nil
}

// scoresOf are the cosines of unit rows [n,D] with the texts of a bank [T]: [n,T].
func scoresOf(rows []float32, b *concept.Bank) []float32 {
	n, T, D := len(rows)/b.Embed, len(b.Texts), b.Embed
	out := make([]float32, n*T)
	blas32.Gemm(blas.NoTrans, blas.Trans, 1, numeric.Matrix(rows, n, D), numeric.Matrix(b.Embeddings, T, D), 0, numeric.Matrix(out, n, T))
	return out
}

// classification is a data set being classified.
type classification struct {
	*Lab
	set     *known.Set
	head    *concept.Bank
	answers []experiment.Answered // of pictures of one class
	scores  [][]float32           // of pictures of several [N][C]
}

// classified is what a journal keeps of a picture.
type classified struct {
	Name   string    `json:"name"`
	Given  int       `json:"given,omitempty"`
	Rank   int       `json:"rank,omitempty"`
	Scores []float32 `json:"scores,omitempty"` // where pictures have several classes
}

const classificationFormat = "facet evaluate classification 1"

// all classifies every picture that the journal does not have. It returns the median seconds of a picture in the image tower; 0 where none was encoded.
func (r *classification) all(ctx context.Context, path, protocol string) (seconds float64, err error) {
	var j *journal.Journal
	if path != "" {
		if j, err = journal.Open(path, journal.Kind{Format: classificationFormat, Protocol: protocol}, r.read); err != nil {
			return 0, err
		}
		defer j.Close()
	}
	src, err := r.set.Source()
	if err != nil {
		return 0, err
	}
	var times []float64
	err = r.encodeFrom(ctx, src, r.done(), func(rows []float32, seconds float64) error {
		n, C := len(rows)/r.head.Embed, len(r.set.Classes)
		scores := scoresOf(rows, r.head)
		var lines []any
		for i := range n {
			lines = append(lines, r.add(scores[i*C:(i+1)*C]))
		}
		times = append(times, seconds/float64(n))
		return j.Append(lines...)
	})
	if err != nil || len(times) == 0 {
		return 0, err
	}
	slices.Sort(times)
	return times[len(times)/2], nil
}

// done is how many pictures are.
func (r *classification) done() int { return max(len(r.answers), len(r.scores)) }

// add takes the scores of the next picture [C].
func (r *classification) add(scores []float32) classified {
	at := r.done()
	line := classified{Name: r.set.Item(at)}
	if r.set.Several {
		line.Scores = slices.Clone(scores)
		r.scores = append(r.scores, line.Scores)
		return line
	}
	a := experiment.Answer(scores, r.set.Truth(at)[0])
	line.Given, line.Rank = a.Given, a.Rank
	r.answers = append(r.answers, a)
	return line
}

// read takes a line of a journal, which must be of the next picture.
func (r *classification) read(data []byte) error {
	at, C := r.done(), len(r.set.Classes)
	var line classified
	if err := json.Unmarshal(data, &line); err != nil {
		return fmt.Errorf("%w: picture %d: %w", journal.ErrJournal, at+1, err)
	}
	if at >= r.set.Len() || line.Name != r.set.Item(at) {
		return fmt.Errorf("%w: picture %d is %q, which is another one in this data set", journal.ErrJournal, at+1, line.Name)
	}
	if r.set.Several {
		if len(line.Scores) != C {
			return fmt.Errorf("%w: picture %d has %d scores, expected %d", journal.ErrJournal, at+1, len(line.Scores), C)
		}
		r.scores = append(r.scores, line.Scores)
		return nil
	}
	a := experiment.Answered{Truth: r.set.Truth(at)[0], Given: line.Given, Rank: line.Rank}
	if a.Given < 0 || a.Given >= C || a.Rank < 0 || a.Rank >= C || (a.Given == a.Truth) != (a.Rank == 0) {
		return fmt.Errorf("%w: picture %d: given class %d, rank %d", journal.ErrJournal, at+1, a.Given, a.Rank)
	}
	r.answers = append(r.answers, a)
	return nil
}

// presence tells whether a class is in picture i.
func (r *classification) presence(i, class int) experiment.Presence {
	switch {
	case slices.Contains(r.set.Truth(i), class):
		return experiment.Present
	case slices.Contains(r.set.Unsure(i), class):
		return experiment.Ignored
	}
	return experiment.Absent
}
