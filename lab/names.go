package lab

import (
	"context"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/experiment/attribution"
	"github.com/facet-clip/facet/naming"
)

// Names are labels by pair. Nil ones name nothing.
type Names struct {
	labels map[int]atlas.Label
	made   atlas.Labels
	fires  bool // they say what pairs fire for, too

	// Partitions by word, made when first asked for: of pairs with several words by weight, and given to the first.
	shared, first func() attribution.Partition
}

// words partitions pairs by the words that name them. Names must not change any more.
func (n *Names) words(first bool) attribution.Partition {
	switch {
	case n == nil:
		return attribution.ByWord(nil, first)
	case first:
		return n.first()
	}
	return n.shared()
}

// namesFor are labels by a bank, if one is asked for, else those that the atlas keeps, if there is one and it has any. With a use, of which the
// atlas need not be one that keeps labels, they say what pairs fire for.
func (l *Lab) namesFor(ctx context.Context, ov *decompose.OV, use *use, pairs []decompose.Pair, bank string, truncate bool) (*Names, error) {
	switch {
	case bank != "":
		return l.namesBy(ctx, ov, use, pairs, bank, truncate)
	case use != nil:
		return use.names()
	}
	return nil, nil
}

// namesBy labels pairs as facet label would, held against chance in their own heads.
func (l *Lab) namesBy(ctx context.Context, ov *decompose.OV, use *use, pairs []decompose.Pair, bank string, truncate bool) (*Names, error) {
	w, err := l.labelling(ctx, fit{bank: bank, truncate: truncate, terms: concept.MostShown}) // what comes after does not change them
	if err != nil {
		return nil, err
	}
	defer w.close()
	labels, made, err := w.run(ctx, ov, pairs, use)
	n := newNames(labels, use != nil)
	n.made = made
	return n, err
}

// said are names of pairs by what they say in the words of a bank. What earlier questions needed is kept in the cache folder.
func (l *Lab) said(ctx context.Context, ov *decompose.OV, pairs []decompose.Pair, bank string, truncate bool) (*Names, error) {
	b, err := l.heldBank(ctx, bank, truncate)
	if err != nil {
		return nil, err
	}
	kept, err := l.keptNames(ctx, b.fingerprint())
	if err != nil {
		return nil, err
	}
	if missing := kept.Missing(ov, pairs); len(missing) > 0 {
		if err := l.nameMore(ctx, kept, ov, missing, b.Bank, fit{bank: bank, truncate: truncate, terms: concept.MostShown}); err != nil {
			return nil, err
		}
	}
	labels := make([]atlas.Label, len(pairs))
	for i, p := range pairs {
		labels[i] = atlas.Label{Pair: ov.Index(p), Says: kept.Says(ov.Index(p))}
	}
	return newNames(labels, false), nil
}

// keptNames are the names by a bank of a fingerprint that earlier questions left.
func (l *Lab) keptNames(ctx context.Context, bank string) (*naming.Kept, error) {
	sum, err := l.model.Checkpoint().SHA256(ctx)
	if err != nil {
		return nil, err
	}
	cache, err := l.config.cacheDir()
	if err != nil {
		return nil, err
	}
	of := fmt.Sprintf("1 %s %s", sum, bank)
	return naming.OpenKept(filepath.Join(cache, "names", fmt.Sprintf("%.16x.names", sha256.Sum256([]byte(of)))), of)
}

// nameMore names pairs whose names are not kept, and keeps them.
func (l *Lab) nameMore(ctx context.Context, kept *naming.Kept, ov *decompose.OV, missing []decompose.Pair, b *concept.Bank, f fit) error {
	w, err := l.fitting(ctx, b, f)
	if err != nil {
		return err
	}
	defer w.close()
	labeller, err := w.labeller(int64(4 * len(missing) * ov.Width))
	if err != nil {
		return err
	}
	step := l.Step(ctx, "labels", len(missing))
	defer step.Done()
	if err := kept.Add(ctx, w.journal.Fit(labeller, ov.Embed), ov, missing, w.dictionary.Texts, step.Set); err != nil {
		return err
	}
	l.warnUnkept(kept.Save())
	return nil
}

// warnUnkept tells why names are made again for the next question, unless they are kept.
func (l *Lab) warnUnkept(err error) {
	if err != nil {
		l.log.Warn("names of pairs are not kept for the next question", "reason", err)
	}
}

// namesOf reads the labels of an atlas, nil when it keeps none.
func namesOf(at *atlas.Atlas) (*Names, error) {
	if at.Manifest.Labels == nil {
		return nil, nil
	}
	labels, err := at.PairLabels()
	n := newNames(labels, true)
	n.made = *at.Manifest.Labels
	return n, err
}

func newNames(labels []atlas.Label, fires bool) *Names {
	n := &Names{labels: map[int]atlas.Label{}, fires: fires}
	n.shared = sync.OnceValue(func() attribution.Partition { return attribution.ByWord(n.terms(), false) })
	n.first = sync.OnceValue(func() attribution.Partition { return attribution.ByWord(n.terms(), true) })
	for _, l := range labels {
		n.labels[l.Pair] = l
	}
	return n
}

// Of are the names of a pair, empty when it has no label.
func (n *Names) Of(pair int) answer.Names {
	if n == nil {
		return answer.Names{}
	}
	l, ok := n.labels[pair]
	if !ok {
		return answer.Names{}
	}
	says := nameOf(l.Says)
	p := answer.Names{Says: &says}
	if n.fires {
		fires := nameOf(l.Fires)
		p.Fires = &fires
	}
	return p
}

// Labelling says which names there can be.
func (n *Names) Labelling() answer.Labelling {
	switch {
	case n == nil:
		return answer.Unlabelled
	case n.fires:
		return answer.Fired
	}
	return answer.Said
}

func nameOf(w atlas.Words) answer.Name {
	n := answer.Name{Named: w.Named}
	for _, t := range w.Shown() {
		n.Label = append(n.Label, answer.Word{Text: t.Text, Weight: t.Weight})
	}
	return n
}
