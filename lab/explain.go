package lab

import (
	"context"
	"errors"
	"image"
	"slices"
	"sync"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/experiment/attribution"
)

// Explain asks which pairs made the embedding of a picture, or its logit for a text. The picture is a file, the content of a file, a decoded
// picture, or pixels as they are: exactly one of the four.
type Explain struct {
	// Picture is the path of the picture. With Data or Image it is only what the picture is called.
	Picture string
	// Data is the content of a picture file, such as an upload.
	Data []byte
	// Image is a picture that is decoded. It is not turned, and its transparency is dropped.
	Image image.Image
	// Pixels is a file of float32 [1,3,H,W], already normalised.
	Pixels string
	// Whole shows the whole picture and not the square in the middle: positions are interpolated.
	Whole bool
	// Text is the text whose logit is split. Empty, the embedding is.
	Text string
	// Bank names the pairs: a list, a bank or a file with a text a line. Empty, it is the labels of the atlas, or without one the demo model's
	// table and for other models the common words: see [Lab.Bank].
	Bank string
	// Atlas is an atlas of the same model, whose labels name the pairs.
	Atlas string
	// Truncate cuts texts that are too long instead of refusing them.
	Truncate bool
	// By is what pairs are summed by: word (also empty), neuron, head (with its words), token or pair.
	By string
	// Assign gives a pair of several words to each of them by weight (shared, also empty), or to the first.
	Assign string
	// Cover is the share of Σ|amount| over all words that is listed word by word, 30 words or Top at most; 0 is 0.5.
	Cover float64
	// Against is another text: why this text rather than that.
	Against string
	// Contrast is the path of another picture: why this picture rather than that.
	Contrast string
	// Other is a picture that was looked at ([Lab.LookIn]), in place of that at Contrast, which is then what it is called.
	Other *Explained
	// Baseline is none, average text (of the bank) or average picture (of the atlas). Empty, it is the average text where a text is asked for and a
	// bank is at hand, and the average picture where no text is asked for and an atlas is at hand.
	Baseline string
	// Intervals gives each word's amount an interval, by drawing the images of labels anew. It needs an atlas and groups by word.
	Intervals bool
	// Top is how many pairs to give; 0 is 20. More than 30 raises the limit on words too.
	Top int
}

func (q Explain) check() (Explain, error) {
	if q.Top == 0 {
		q.Top = TopDefault
	}
	inMemory := q.Data != nil || q.Image != nil
	if inMemory && q.Picture == "" {
		q.Picture = "the picture"
	}
	switch {
	case q.Data != nil && q.Image != nil, (q.Picture != "") == (q.Pixels != ""):
		return q, &Mistake{Problem: errors.New("expected one picture, or pixels in its place")}
	case q.Top < 0:
		return q, mistake("top", "%d: expected 1 or more", q.Top)
	}
	return q.checkGroups()
}

// Explained is an explanation with the arrays that it was made of, and its pictures.
type Explained struct {
	// Answer is what is printed.
	Answer *answer.Explanation
	// Seen is the picture as the model sees it.
	Seen *image.RGBA
	// Embedding is that of the picture [D], not normalised.
	Embedding []float32
	// Scalars are s[h,n] [M,C], with the directions u[h,n].
	Scalars decompose.Scalars
	// Tokens are x_i [K+1,C] with the attention a_i^h [M,K+1].
	Tokens decompose.Tokens
	// Split is the total as a sum over all pairs and the constant term.
	Split decompose.Explanation

	maps   func() []*image.RGBA
	words  int                 // of the bank that names pairs
	text   []float32           // of unit length [D]; nil where the embedding is split
	scale  float64             // τ
	parts  attribution.Split   // what the groups sum to
	groups []attribution.Group // those listed, in the answer's order
}

// Explain splits the embedding of a picture (docs/design.md, formula 9), or its logit for a text (formula 10), into a part for each pair and one
// for the constant term. The parts sum to the total exactly.
func (l *Lab) Explain(ctx context.Context, q Explain) (*Explained, error) {
	q, err := q.check()
	if err != nil {
		return nil, err
	}
	use, err := l.openUse(ctx, q.Atlas)
	if err != nil {
		return nil, err
	}
	e, err := l.look(ctx, q, use)
	if err != nil {
		return nil, err
	}
	return l.explain(ctx, e, q, use)
}

// ExplainImage is [Lab.Explain] of image i of the atlas in a folder, which need not be the one that names pairs. What the image tower says of the image is
// remembered for a while. The question has no picture; its Picture is what the image is called in the answer.
func (l *Lab) ExplainImage(ctx context.Context, dir string, i int, q Explain) (*Explained, error) {
	use, err := l.openUse(ctx, q.Atlas)
	if err != nil {
		return nil, err
	}
	seen, err := l.LookIn(ctx, dir, i)
	if err != nil {
		return nil, err
	}
	if q, err = q.check(); err != nil {
		return nil, err
	}
	e := &Explained{Seen: seen.Seen, Embedding: seen.Embedding, Scalars: seen.Scalars, Tokens: seen.Tokens}
	e.maps = sync.OnceValue(e.drawMaps)
	e.Answer = &answer.Explanation{Image: answer.Image{Path: q.Picture, Grid: seen.Answer.Image.Grid}, Residual: seen.Answer.Residual}
	return l.explain(ctx, e, q, use)
}

// labelled is true of an atlas that keeps labels.
func (u *use) labelled() bool { return u != nil && u.atlas.Manifest.Labels != nil }

// explain answers a question about a picture that was looked at.
func (l *Lab) explain(ctx context.Context, e *Explained, q Explain, use *use) (*Explained, error) {
	q.Bank = l.bankToName(ctx, q.Bank, use)
	if err := l.split(ctx, e, q); err != nil {
		return nil, err
	}
	var err error
	if e.parts, e.Answer.Against, err = l.contrast(ctx, e, q, use); err != nil {
		return nil, err
	}
	n, err := l.partNames(ctx, e, q, use)
	if err != nil {
		return nil, err
	}
	if err := l.nameParts(ctx, e, q, use, n); err != nil {
		return nil, err
	}
	e.group(q, n)
	if err := l.intervals(ctx, e, q, use, n); err != nil {
		return nil, err
	}
	e.Answer.Model, err = l.describe(ctx)
	return e, err
}

// look encodes the one picture of a question. Where an atlas is at hand, the picture is opened as those of the atlas were.
func (l *Lab) look(ctx context.Context, q Explain, use *use) (e *Explained, err error) {
	d := l.decoder
	if use != nil {
		d = use.decoder(l)
	}
	encode := func(b batch) error {
		if e != nil || len(b.names) != 1 {
			return errors.New("expected one picture to explain, found more")
		}
		e, err = l.encode(ctx, b)
		return err
	}
	switch {
	case q.Data != nil || q.Image != nil:
		err = l.inMemory(ctx, q, d, encode)
	case q.Pixels != "":
		_, err = l.batches(ctx, Input{Pixels: q.Pixels}, d, encode)
	default:
		_, err = l.batches(ctx, Input{Sources: []string{q.Picture}, Whole: q.Whole}, d, encode)
	}
	if err != nil {
		return nil, err
	}
	if q.Pixels != "" {
		e.Answer.Image.Path = q.Pixels
	}
	return e, nil
}

// inMemory prepares a picture that is no file.
func (l *Lab) inMemory(ctx context.Context, q Explain, d *dataset.Decoder, use func(batch) error) error {
	var p picture
	prepare := func(img *image.NRGBA) (err error) {
		p, err = prepared(q.Picture, img, l.model.Config.Image, q.Whole)
		return err
	}
	var err error
	if q.Image != nil {
		err = d.Image(ctx, q.Picture, q.Image, prepare)
	} else {
		err = d.Bytes(ctx, q.Picture, q.Data, prepare)
	}
	if err != nil {
		return err
	}
	l.model.Expect(1)
	return use(batch{graph.Floats(p.pixels, 1, 3, p.h, p.w), []string{q.Picture}, []*image.RGBA{p.seen}})
}

// encode runs the image tower, whose attention pool gives the scalars on its way.
func (l *Lab) encode(ctx context.Context, b batch) (*Explained, error) {
	ov, err := l.ov()
	if err != nil {
		return nil, err
	}
	out, err := l.model.EncodeImages(ctx, b.pixels, clip.Embedding, clip.Attention, clip.Tokens, clip.Scalars)
	if err != nil {
		return nil, err
	}
	e := &Explained{Seen: b.seen[0], Embedding: out[clip.Embedding].Floats}
	if e.Scalars, err = ov.Scalars(out[clip.Scalars].Floats); err != nil {
		return nil, err
	}
	if e.Tokens, err = ov.Tokens(out[clip.Tokens].Floats, out[clip.Attention].Floats); err != nil {
		return nil, err
	}
	e.maps = sync.OnceValue(e.drawMaps)
	e.Answer = &answer.Explanation{
		Image:    answer.Image{Path: b.names[0], Grid: [2]int{b.pixels.Shape[2] / clip.Stride, b.pixels.Shape[3] / clip.Stride}},
		Residual: e.Scalars.Residual(e.Embedding),
	}
	return e, nil
}

// split makes the total a sum over pairs.
func (l *Lab) split(ctx context.Context, e *Explained, q Explain) error {
	if q.Text == "" {
		e.tell(e.Scalars.ExplainEmbedding(e.Embedding, q.Top))
		return nil
	}
	text, err := l.Few(ctx, []string{q.Text}, q.Truncate)
	if err != nil {
		return err
	}
	τ, err := l.model.LogitScale()
	if err != nil {
		return err
	}
	e.Answer.Text, e.text, e.scale = q.Text, text.Embeddings, τ
	e.tell(e.Scalars.ExplainLogit(text.Embeddings, e.Embedding, τ, q.Top))
	return nil
}

// tell puts a split into the answer.
func (e *Explained) tell(split decompose.Explanation) {
	a := e.Answer
	e.Split = split
	a.Total, a.BiasShare, a.TopShare = split.Total, decompose.Share(split.Bias, split.Total), split.TopPercent/100
	for _, p := range split.Top {
		a.Pairs = append(a.Pairs, answer.Part{
			Neuron: p.Neuron, Head: p.Head, Scalar: p.Scalar, ContributionNorm: p.Norm, Amount: p.Amount, Share: p.Share,
		})
	}
}

// nameParts gives the top pairs the words nearest to what they add, and their labels.
func (l *Lab) nameParts(ctx context.Context, e *Explained, q Explain, use *use, labels *Names) error {
	a := e.Answer
	bank, err := l.nearestTo(ctx, q, use)
	if err != nil {
		return err
	}
	if bank != nil {
		e.words = len(bank.Texts)
		for i, p := range e.Split.Top {
			a.Pairs[i].Words = bank.ofPair(e.Scalars.OV, p.Pair, p.Scalar, e.Scalars.Contribution(p.Pair), wordsPerPair)
		}
	}
	a.Labelling = labels.Labelling()
	for i, p := range e.Split.Top {
		a.Pairs[i].Names = labels.Of(e.Scalars.Index(p.Pair))
	}
	return nil
}

// nearestTo is the bank of the nearest words, nil where nothing names pairs.
func (l *Lab) nearestTo(ctx context.Context, q Explain, use *use) (*wordBank, error) {
	if q.Bank == "" && !use.labelled() && l.name != DemoName { // Explain has said why
		return nil, nil
	}
	return l.nearestWords(ctx, q.Bank, q.Truncate, use)
}

// partNames are labels of the pairs that a question lists, and where it sums by words of those of largest |amount|.
func (l *Lab) partNames(ctx context.Context, e *Explained, q Explain, use *use) (*Names, error) {
	return l.namesAsked(ctx, e.Scalars, q, use, func() []decompose.Pair {
		var pairs []decompose.Pair
		if q.By == ByWord || q.By == ByHead {
			pairs = strongestOf(e.Scalars, e.parts)
		}
		for _, p := range e.Split.Top {
			if !slices.Contains(pairs, p.Pair) {
				pairs = append(pairs, p.Pair)
			}
		}
		return pairs
	})
}
