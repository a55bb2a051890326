package experiment

import (
	"cmp"
	"context"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/internal/numeric"

	"github.com/facet-clip/facet/concept"
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
	Present [][]bool      // [T][N]
}

// Predictive is the AUC from which a scalar is taken to tell a word.
const Predictive = 0.8

// Truth compares the scalars of named pairs in images with the presence of their words. strength [M,C].
func (d *Data) Truth(ctx context.Context, images []int, c Concepts, names []Name, strength []float64) (answer.Truth, error) {
	pairs := make([]int, len(names))
	for i, n := range names {
		pairs[i] = n.Pair
	}
	scalars, err := d.columns(ctx, make([]float64, len(d.Norms)), images, pairs)
	if err != nil {
		return answer.Truth{}, err
	}
	t := answer.Truth{Pairs: len(names), Rows: make([]answer.Detection, len(names))}
	present := c.in(images)
	numeric.Parallel(len(names), func(i int) {
		values := make([]float64, len(images))
		for k := range values {
			values[k] = float64(scalars[k*len(pairs)+i]) * float64(names[i].Sign)
		}
		t.Rows[i] = d.detection(names[i], c.Bank.Texts, present, ranks(values), strength)
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
		a := auc(ranks, present[t])
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

// ranks are the ranks from 1 on, the mean rank among equals.
func ranks(values []float64) []float64 {
	order := numeric.Indices(len(values))
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(values[a], values[b]) })
	r := make([]float64, len(values))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && values[order[j]] == values[order[i]] {
			j++
		}
		for k := i; k < j; k++ {
			r[order[k]] = float64(i+j+1) / 2
		}
		i = j
	}
	return r
}

// auc is the chance that an image with the thing has the higher value than one without, from the values' ranks; ½ when either kind is missing.
func auc(ranks []float64, present []bool) float64 {
	var sum, with float64
	for i, p := range present {
		if p {
			sum += ranks[i]
			with++
		}
	}
	without := float64(len(present)) - with
	if with == 0 || without == 0 {
		return 0.5
	}
	return (sum - with*(with+1)/2) / (with * without)
}
