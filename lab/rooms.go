package lab

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/experiment/attribution"
)

// Opened is an atlas of the lab's model, read and verified once, with what it says of the model's pairs. It must not be changed.
type Opened struct {
	*atlas.Atlas
	// Strength of the pairs [M,C]: the mean of the 50 largest lengths of their centred contributions (docs/design.md, 12).
	Strength []float32
	// Signs of the pairs' principal directions [M,C], +1 or −1.
	Signs []int8

	use *use
}

// OpenAtlas gives the atlas in a folder, which the lab's model must have made. The lab keeps it open until [Lab.CloseAtlas].
func (l *Lab) OpenAtlas(ctx context.Context, dir string) (*Opened, error) {
	u, err := l.openAtlas(ctx, dir)
	if err != nil {
		return nil, err
	}
	return &Opened{u.atlas, u.strength, u.signs, u}, nil
}

// Names are the labels that the atlas keeps; nil where it keeps none.
func (o *Opened) Names() (*Names, error) { return o.use.names() }

// Pictures are the images of the atlas with what its dataset says of each, in order.
func (o *Opened) Pictures() ([]AtlasImage, error) { return o.use.rows() }

// PictureEmbeddings are the embeddings [N,D] of the images, read once.
func (o *Opened) PictureEmbeddings() ([]float32, error) { return o.use.images() }

// Digest is the SHA-256 of the manifest.
func (o *Opened) Digest() (string, error) { return o.use.digest() }

// NamesFor are labels of some pairs: by a bank, if one is asked for, by the atlas, if there is one that keeps labels, or by the demo model's own table.
func (l *Lab) NamesFor(ctx context.Context, at *Opened, pairs []decompose.Pair, bank string, truncate bool) (*Names, error) {
	ov, err := l.ov()
	if err != nil {
		return nil, err
	}
	var u *use
	if at != nil {
		u = at.use
	}
	n, err := l.namesFor(ctx, ov, u, pairs, bank, truncate)
	if err == nil && n == nil {
		n, err = l.ownNames()
	}
	return n, err
}

// ByWord lists the groups of a split by the words of the labels, the strongest first, until they cover a share of all that words hold, at most top of
// them (docs/design.md, *Groups*).
func (n *Names) ByWord(ov *decompose.OV, s *attribution.Split, cover float64, top int) []answer.Group {
	_, list := listed(ov, s.Groups(attribution.ByWord(n.terms(), false)), Explain{Cover: cover, Top: top}, s.Total)
	return list
}

// NearestWords is the bank by which the words most like a direction are shown: that at a path, or the model's default; nil where it has none.
func (l *Lab) NearestWords(ctx context.Context, bank string, truncate bool) (*concept.Bank, error) {
	w, err := l.nearestWords(ctx, bank, truncate, nil)
	if w == nil || err != nil {
		return nil, err
	}
	return w.Bank, nil
}

// Named are the pairs that have a label, in order.
func (n *Names) Named() []int {
	if n == nil {
		return nil
	}
	pairs := make([]int, 0, len(n.labels))
	for p := range n.labels {
		pairs = append(pairs, p)
	}
	slices.Sort(pairs)
	return pairs
}

// Scored is the data of an atlas to score its images by. Close it after use.
type Scored struct {
	*experiment.Data

	study *study
}

// Score opens the data of an atlas: embeddings, and with scalars those of every image.
func (l *Lab) Score(at *Opened, scalars bool) (*Scored, error) {
	s := &study{lab: l, atlas: at.Atlas}
	var err error
	if s.Data, err = l.data(at.Atlas); err == nil && scalars {
		s.Row, err = s.scalars(at.Atlas)
	}
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return &Scored{s.Data, s}, nil
}

// Classify gives the data a zero-shot head and the class of each image, −1 where it has none of them. Without classes they are the labels of the atlas.
func (s *Scored) Classify(ctx context.Context, classes []string, templates concept.Templates) error {
	s.study.asked.Classes, s.study.asked.Templates = classes, templates
	return s.study.classes(ctx)
}

// Close closes the scalars.
func (s *Scored) Close() error { return s.study.close() }

// Studied is a question about the images of an atlas, opened: its data, and which images give means and which are scored. Close it after use.
type Studied struct {
	*experiment.Data
	Unit  experiment.Unit
	Means *decompose.Stats
	Test  []int // the images that are scored

	study *study
}

// OpenStudy opens what a study needs, with the scalars of every image.
func (l *Lab) OpenStudy(ctx context.Context, q Study) (*Studied, error) {
	s, err := l.openStudy(ctx, q)
	if err != nil {
		return nil, err
	}
	return &Studied{s.Data, s.unit, s.means, s.test, s}, nil
}

// Basis are the first principal directions of neurons or heads over the images of the means; with reference the published code's.
func (s *Studied) Basis(ctx context.Context, rank int, reference bool) (experiment.Basis, error) {
	return s.study.components(ctx, rank, reference)
}

// Record says what a result was measured on.
func (s *Studied) Record(ctx context.Context, reference bool) (answer.Study, error) {
	return s.study.record(ctx, reference)
}

// Close closes the scalars.
func (s *Studied) Close() error { return s.study.close() }

// Wording writes directions in the texts of a bank. Close it after use.
type Wording struct{ *labelling }

// Wording opens a bank as a dictionary, as [Label] takes it. With reference its columns are of unit length, as the published code's are.
func (l *Lab) Wording(ctx context.Context, bank string, truncate, reference bool) (*Wording, error) {
	f := fit{bank: bank, truncate: truncate}
	if reference {
		f.scale = scaleReference
	}
	w, err := l.labelling(ctx, f)
	return &Wording{w}, err
}

// Dictionary are the texts that directions are written in.
func (w *Wording) Dictionary() *concept.Dictionary { return w.dictionary }

// Write gives directions [U,D] in so many texts each, at most.
func (w *Wording) Write(ctx context.Context, directions []float32, terms int) ([]concept.Label, error) {
	bar := w.lab.Step(ctx, fmt.Sprintf("labels of %d texts", terms), len(directions)/w.dictionary.Embed)
	defer bar.Done()
	w.fit.terms = terms
	labeller, err := w.labeller(int64(4 * len(directions)))
	if err != nil {
		return nil, err
	}
	return labeller.Label(ctx, concept.Units{{Basis: directions}}, func(some []concept.Label) error {
		bar.Add(len(some))
		return nil
	})
}

// Sums gives directions [U,D] as the sums of so many texts each, at most [U,D].
func (w *Wording) Sums(ctx context.Context, directions []float32, terms int) ([]float32, error) {
	labels, err := w.Write(ctx, directions, terms)
	if err != nil {
		return nil, err
	}
	sums := make([]float32, 0, len(directions))
	for _, x := range labels {
		sums = append(sums, w.dictionary.Sum(x)...)
	}
	return sums, nil
}

// Close frees what the engine holds.
func (w *Wording) Close() error { return w.close() }

// Look shows the model its input, a few pictures at a time, and hands on what it gives. It lists the pictures of datasets that cannot be read.
func (l *Lab) Look(ctx context.Context, in Input, use func(names []string, out map[clip.Output]graph.Tensor) error, want ...clip.Output) ([]answer.Skipped, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	return l.batches(ctx, in, l.decoder, func(b batch) error {
		out, err := l.model.EncodeImages(ctx, b.pixels, want...)
		if err != nil {
			return err
		}
		return use(b.names, out)
	})
}

// OV is the decomposition of the model's attention pool, made once.
func (l *Lab) OV() (*decompose.OV, error) { return l.ov() }

// Weights are those of the model's attention pool, read once.
func (l *Lab) Weights() (decompose.Weights, error) { return l.weights() }

// Log is where the lab's warnings go.
func (l *Lab) Log() *slog.Logger { return l.log }

// ClassRows are the unit embeddings [T,D] of texts, said as classes are.
func (l *Lab) ClassRows(ctx context.Context, texts []string, templates concept.Templates) ([]float32, error) {
	if len(templates) == 0 && l.knowsWorld {
		bank, err := l.worldBank(ctx)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(texts, func(t string) bool { return !slices.Contains(bank.Texts, t) }) {
			return bank.Some(texts).Embeddings, nil
		}
	}
	if len(templates) == 0 {
		templates = concept.DefaultTemplates()
	}
	head, err := l.zeroShot(ctx, texts, templates)
	if err != nil {
		return nil, err
	}
	return head.Embeddings, nil
}

// TextDirection is the unit direction [D] of a text without what all texts share: of the demo world's own words the centred concept.
func (l *Lab) TextDirection(ctx context.Context, text string) ([]float32, error) {
	if l.knowsWorld {
		words, err := l.Words(ctx, "", false)
		if err != nil {
			return nil, err
		}
		if slices.Contains(words.Texts, text) {
			return words.Some([]string{text}).Embeddings, nil
		}
	}
	return l.queryDirection(ctx, Search{Text: text, Bank: l.bankOr("")})
}
