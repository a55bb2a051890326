package experiment

import (
	"context"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/experiment/judged"
	"github.com/facet-clip/facet/internal/numeric"
)

// Name is what a label claims of a pair by its first word: that sign·s is high where the word is, or with Not where it is not.
type Name struct {
	Pair  int // head·C + neuron
	Sign  int8
	Word  string // empty: unnamed
	Not   bool
	Label string // all words, as they are shown
}

// Concepts are words of which it is known in which images they are.
type Concepts struct {
	Bank    *concept.Bank // centred [T,D]
	Plain   *concept.Bank // the same, not centred
	Present [][]bool      // [T][N]
}

// Predictive is the AUC from which a scalar is taken to tell a word.
const Predictive = judged.Right

// Truth compares the scalars of named pairs in images with the presence of their words. strength [M,C].
func (d *Data) Truth(ctx context.Context, images []int, c Concepts, names []Name, strength []float64) (answer.Truth, error) {
	s, err := d.Sight(ctx, images, c, names)
	if err != nil {
		return answer.Truth{}, err
	}
	t := answer.Truth{Pairs: len(names), Rows: make([]answer.Detection, len(names))}
	numeric.Parallel(len(names), func(i int) {
		t.Rows[i] = d.detection(names[i], c.Bank.Texts, s.Present, judged.Ranks(s.Values[i]), strength)
	})
	for i, n := range names {
		if n.Word == "" {
			continue
		}
		t.Named++
		switch row := t.Rows[i]; {
		case row.Unknown:
			t.Unknown++
		case row.AUC >= Predictive:
			t.Predictive++
		}
	}
	return t, nil
}

func (d *Data) detection(n Name, texts []string, present [][]bool, ranks []float64, strength []float64) answer.Detection {
	p := d.OV.Pair(n.Pair)
	row := answer.Detection{Neuron: p.Neuron, Head: p.Head, Strength: strength[n.Pair], Sign: int(n.Sign), Word: n.Word, Not: n.Not, Label: n.Label}
	row.Unknown = n.Word != "" && !slices.Contains(texts, n.Word)
	for t, text := range texts {
		a := judged.AUC(ranks, present[t])
		if a > row.BestAUC {
			row.Best, row.BestAUC = text, a
		}
		if text == n.Word {
			if row.AUC = a; n.Not {
				row.AUC = 1 - a
			}
		}
	}
	return row
}

// in is the presence of every concept in some images [T][K].
func (c Concepts) in(images []int) [][]bool {
	out := make([][]bool, len(c.Present))
	for t, all := range c.Present {
		for _, i := range images {
			out[t] = append(out[t], all[i])
		}
	}
	return out
}

// Sight is what the pairs of names do in some images, each scalar times the name's sign, and what is in these.
func (d *Data) Sight(ctx context.Context, images []int, c Concepts, names []Name) (judged.Sight, error) {
	pairs := make([]int, len(names))
	for i, n := range names {
		pairs[i] = n.Pair
	}
	scalars, err := d.columns(ctx, make([]float64, len(d.Norms)), images, pairs)
	if err != nil {
		return judged.Sight{}, err
	}
	s := judged.Sight{Values: make([][]float64, len(names)), Present: c.in(images)}
	for i, n := range names {
		s.Values[i] = make([]float64, len(images))
		for k := range images {
			s.Values[i][k] = float64(scalars[k*len(pairs)+i]) * float64(n.Sign)
		}
	}
	return s, nil
}

// Claims are what names say, in the concepts' words.
func (c Concepts) Claims(names []Name) []judged.Claim {
	claims := make([]judged.Claim, len(names))
	for i, n := range names {
		claims[i] = judged.Claim{Word: slices.Index(c.Bank.Texts, n.Word), Not: n.Not}
		switch {
		case n.Word == "":
			claims[i].Word = judged.Unnamed
		case claims[i].Word < 0:
			claims[i].Word = judged.Unknown
		}
	}
	return claims
}

// Cosines are those of the embeddings of some images with the concepts, not centred [n][T].
func (d *Data) Cosines(images []int, c Concepts) [][]float64 {
	D := d.OV.Embed
	out := make([][]float64, len(images))
	numeric.Parallel(len(images), func(k int) {
		unit := concept.Unit(d.embedding(images[k]))
		for t := range c.Bank.Texts {
			out[k] = append(out[k], numeric.Dot(unit, c.Plain.Embeddings[t*D:(t+1)*D]))
		}
	})
	return out
}
