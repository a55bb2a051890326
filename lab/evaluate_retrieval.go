package lab

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/dataset/known"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/internal/journal"
	"github.com/facet-clip/facet/internal/numeric"
)

// EvaluateRetrieval asks how well pictures are found by their captions, and captions by their pictures.
type EvaluateRetrieval struct {
	// Set is the data set.
	Set *known.Captions
	// Journal is a file that keeps the embeddings of finished pictures and captions, so that a run that was cut off goes on there. Its folder is made.
	// Empty: none is kept.
	Journal string
}

// recalls are the numbers of places that count.
var recalls = []int{1, 5, experiment.Depth}

// EvaluateRetrieval compares every caption with every picture and counts.
func (l *Lab) EvaluateRetrieval(ctx context.Context, q EvaluateRetrieval) (*answer.RetrievalScores, error) {
	switch {
	case q.Set == nil:
		return nil, mistake("dataset", "is missing: expected one of %v", known.CaptionNames())
	case q.Set.Len() == 0:
		return nil, mistake("limit", "leaves no picture of %s: expected 1 or more", q.Set.Name)
	}
	a := &answer.RetrievalScores{Images: q.Set.Len(), Captions: len(q.Set.Texts)}
	var err error
	if a.Protocol, err = l.retrievalProtocol(ctx, q); err != nil {
		return nil, err
	}
	run := &retrieval{Lab: l, set: q.Set}
	if a.Encoding, err = run.all(ctx, q.Journal, a.Protocol.SHA256); err != nil {
		return nil, err
	}
	progress := l.Step(ctx, "comparisons", len(q.Set.Texts))
	found := experiment.Retrieve(run.images, run.texts, q.Set.Of, l.model.Config.Embed, progress.Add)
	progress.Done()
	for _, k := range recalls {
		a.Text = append(a.Text, answer.Recall{K: k, Recall: shareEstimate(found.TextRecall(k))})
		a.Image = append(a.Image, answer.Recall{K: k, Recall: found.ImageRecall(k, drawSeed)})
	}
	a.MeanRecall = found.MeanRecall(1, drawSeed)
	if name, ok := l.publishedName(a.Protocol.Model); ok {
		if p, ok := q.Set.Published(name, l.model.Activation == clip.QuickGELU); ok {
			a.Published = publishedScore(p, a.MeanRecall)
		}
	}
	a.Model, err = l.describe(ctx)
	return a, err
}

// retrievalProtocol says all that decides the scores.
func (l *Lab) retrievalProtocol(ctx context.Context, q EvaluateRetrieval) (p answer.RetrievalProtocol, err error) {
	p = answer.RetrievalProtocol{
		Dataset: q.Set.Kind, Split: "Karpathy's test pictures", Pictures: q.Set.Fingerprint(), Preprocessing: l.preprocessing(), ExifRotate: l.config.ExifRotate,
		Texts: fmt.Sprintf("each caption as it stands, cut at %d tokens", l.model.Config.Text.Context),
		Ties:  "of equal scores the first", Activation: string(l.model.Activation),
	}
	if p.Model, err = l.model.Checkpoint().SHA256(ctx); err == nil {
		p.SHA256, err = recordDigest(p)
	}
	return p, err
}

// retrieval is a data set being encoded.
type retrieval struct {
	*Lab
	set           *known.Captions
	images, texts []float32 // unit rows [N,D], [T,D]
}

// encodedPart is what a journal keeps: a picture's embedding, or those of captions from one on. Numbers are float32, little-endian.
type encodedPart struct {
	Name     string `json:"name,omitempty"`
	Captions int    `json:"captions,omitempty"` // how many
	Rows     []byte `json:"rows"`
}

const retrievalFormat = "facet evaluate retrieval 1"

// captionsAtOnce is how many captions are encoded between two lines of a journal.
const captionsAtOnce = 1024

// all encodes what the journal does not have. It returns the median seconds of a picture in the image tower; 0 where none was encoded.
func (r *retrieval) all(ctx context.Context, path, protocol string) (seconds float64, err error) {
	var j *journal.Journal
	if path != "" {
		if j, err = journal.Open(path, journal.Kind{Format: retrievalFormat, Protocol: protocol}, r.read); err != nil {
			return 0, err
		}
		defer j.Close()
	}
	src, err := r.set.Source()
	if err != nil {
		return 0, err
	}
	D := r.model.Config.Embed
	var times []float64
	err = r.encodeFrom(ctx, src, len(r.images)/D, func(rows []float32, seconds float64) error {
		var lines []any
		for row := range slices.Chunk(rows, D) {
			lines = append(lines, encodedPart{Name: r.set.Item(len(r.images) / D), Rows: numeric.LittleEndian(row)})
			r.images = append(r.images, row...)
		}
		times = append(times, seconds/float64(len(rows)/D))
		return j.Append(lines...)
	})
	if err != nil {
		return 0, err
	}
	if err := r.captions(ctx, j); err != nil || len(times) == 0 {
		return 0, err
	}
	slices.Sort(times)
	return times[len(times)/2], nil
}

// captions encodes the captions that are missing.
func (r *retrieval) captions(ctx context.Context, j *journal.Journal) error {
	D := r.model.Config.Embed
	tok, err := r.Tokenizer(ctx)
	if err != nil {
		return err
	}
	progress := r.Step(ctx, "texts", len(r.set.Texts))
	defer progress.Done()
	progress.Add(len(r.texts) / D)
	for from := len(r.texts) / D; from < len(r.set.Texts); from = len(r.texts) / D {
		part := r.set.Texts[from:min(from+captionsAtOnce, len(r.set.Texts))]
		sequences, err := r.model.Sequences(tok, part, true)
		if err != nil {
			return err
		}
		out, err := r.model.EncodeTexts(ctx, sequences, progress.Add)
		if err != nil {
			return err
		}
		rows, err := unitRows(out.Floats, D)
		if err != nil {
			return err
		}
		r.texts = append(r.texts, rows...)
		if err := j.Append(encodedPart{Captions: len(part), Rows: numeric.LittleEndian(rows)}); err != nil {
			return err
		}
	}
	return nil
}

// read takes a line of a journal, which must be of the next picture or the next captions.
func (r *retrieval) read(data []byte) error {
	D := r.model.Config.Embed
	var line encodedPart
	if err := json.Unmarshal(data, &line); err != nil {
		return fmt.Errorf("%w: %w", journal.ErrJournal, err)
	}
	image, text := len(r.images)/D, len(r.texts)/D
	to, count := &r.images, 1
	if line.Captions > 0 {
		to, count = &r.texts, line.Captions
	}
	switch {
	case line.Captions == 0 && (image >= r.set.Len() || line.Name != r.set.Item(image)):
		return fmt.Errorf("%w: picture %d is %q, which is another one in this data set", journal.ErrJournal, image+1, line.Name)
	case line.Captions < 0 || line.Captions > len(r.set.Texts)-text:
		return fmt.Errorf("%w: %d captions after %d of %d", journal.ErrJournal, line.Captions, text, len(r.set.Texts))
	case len(line.Rows) != 4*D*count:
		return fmt.Errorf("%w: %d bytes of embeddings, expected %d", journal.ErrJournal, len(line.Rows), 4*D*count)
	}
	for b := range slices.Chunk(line.Rows, 4) {
		v := math.Float32frombits(binary.LittleEndian.Uint32(b))
		if v-v != 0 || v < -1.001 || v > 1.001 {
			return fmt.Errorf("%w: %g in an embedding of length 1", journal.ErrJournal, v)
		}
		*to = append(*to, v)
	}
	return nil
}
