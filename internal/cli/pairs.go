package cli

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/plot"
)

// The orders of facet pairs.
const (
	sortNorm = "norm"
	sortMean = "mean"
	sortPoly = "poly"
)

// pairsOptions are the flags of facet pairs.
type pairsOptions struct {
	neuron, head, top int
	sort, bank, chart string
	truncate          bool
}

// usedPair is a pair in the results of facet pairs.
type usedPair struct {
	Neuron          int             `json:"neuron"`
	Head            int             `json:"head"`
	Norm            float64         `json:"norm"` // mean of the 50 largest centred contribution norms
	Mean            float64         `json:"mean"` // of the scalar
	Deviation       float64         `json:"deviation"`
	Sign            int             `json:"sign"`            // of its principal direction
	Polysemanticity float64         `json:"polysemanticity"` // of its ten images of largest centred norm
	Words           []concept.Match `json:"words,omitempty"` // nearest to sign·u
	pairNames                       // with a bank or a labelled atlas
}

func (p usedPair) pair() decompose.Pair { return decompose.Pair{Head: p.Head, Neuron: p.Neuron} }

func (a *app) pairsCommand() *cobra.Command {
	var o pairsOptions
	cmd := &cobra.Command{
		Use:   "pairs ATLAS",
		Short: "Rank the pairs of a model by what they did in a dataset",
		Long: `Rank neuron–head pairs by an atlas: by norm (mean of the 50 largest centred contribution norms: what the model uses them for; paper, sparsity), by the
mean of their contribution, or by polysemanticity (least first).`,
		Example: `  facet pairs photos.atlas --bank words.txt
  facet pairs photos.atlas --neuron 624`,
		Args: argsBetween(1, 1, "one atlas"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains([]string{sortNorm, sortMean, sortPoly}, o.sort) {
				return usagef("--sort %s: expected norm, mean or poly", o.sort)
			}
			if err := checkChart(o.chart); err != nil {
				return err
			}
			return a.pairs(cmd.Context(), args[0], o)
		},
	}
	f := cmd.Flags()
	numberVar(f, &o.neuron, "neuron", -1, someOrNone, "only the pairs of this neuron (default all)")
	numberVar(f, &o.head, "head", -1, someOrNone, "only the pairs of this head (default all)")
	numberVar(f, &o.top, "top", 20, some, "show at most so many: pairs")
	f.StringVarP(&o.chart, "output", "o", "", "write a chart of how use is spread over the pairs into `FILE`.png or .svg")
	f.StringVar(&o.sort, "sort", sortNorm, "norm, mean or poly")
	f.StringVar(&o.bank, "bank", "", "a `BANK` of facet texts, or a file with a text a line: name pairs by it (the demo model has its own)")
	f.BoolVar(&o.truncate, "truncate", false, "cut texts that are too long instead of refusing them")
	return cmd
}

func (a *app) pairs(ctx context.Context, dir string, o pairsOptions) error {
	m, at, err := a.openAtlas(ctx, dir)
	if err != nil {
		return err
	}
	defer m.Close()
	ov, err := m.Decomposition()
	if err != nil {
		return err
	}
	pairs, err := rankPairs(ov, at, o)
	if err != nil {
		return err
	}
	if o.chart != "" {
		if err := writeChart(o.chart, useChart(pairs)); err != nil {
			return err
		}
	}
	pairs = pairs[:min(o.top, len(pairs))]
	shown := make([]decompose.Pair, len(pairs))
	for i, p := range pairs {
		shown[i] = p.pair()
	}
	labels, err := m.namesFor(ctx, ov, useOf(at), shown, o.bank, o.truncate)
	if err != nil {
		return err
	}
	for i, p := range shown {
		pairs[i].pairNames = labels.of(ov.Index(p))
	}
	if o.bank != "" || m.name == demoName {
		bank, err := m.wordBank(ctx, o.bank, o.truncate)
		if err != nil {
			return err
		}
		for i, p := range pairs {
			pairs[i].Words = bank.Nearest(scaled(ov.Direction(shown[i]), p.Sign), wordsPerPair)
		}
	}
	if a.json {
		record, err := m.record(ctx)
		if err != nil {
			return err
		}
		return encodeJSON(a.stdout, struct {
			Model modelRecord `json:"model"`
			Atlas string      `json:"atlas"`
			Pairs []usedPair  `json:"pairs"`
		}{record, dir, pairs})
	}
	a.printPairs(pairs, labels)
	return nil
}

func (a *app) printPairs(pairs []usedPair, labels *names) {
	columns := []string{"(neuron,head)", "norm", "mean", "deviation", "sign", "polysemanticity"}
	if labels != nil {
		columns = append(columns, labels.columns()...)
	} else {
		columns = append(columns, "words")
	}
	t := a.table(columns...)
	for _, p := range pairs {
		row := []any{fmt.Sprintf("(%d,%d)", p.Neuron, p.Head), f3(p.Norm), f3(p.Mean), f3(p.Deviation), fmt.Sprintf("%+d", p.Sign), f3(p.Polysemanticity)}
		if labels != nil {
			row = append(row, labels.cells(p.pairNames)...)
		} else {
			row = append(row, wordList(p.Words))
		}
		t.AppendRow(row)
	}
	t.Render()
}

// rankPairs collects the pairs asked for, best first.
func rankPairs(ov *decompose.OV, at *atlas.Atlas, o pairsOptions) ([]usedPair, error) {
	if o.neuron >= ov.Channels {
		return nil, usagef("--neuron %d: expected a neuron of the model, from 0 to %d", o.neuron, ov.Channels-1)
	}
	if o.head >= ov.Heads {
		return nil, usagef("--head %d: expected a head of the model, from 0 to %d", o.head, ov.Heads-1)
	}
	d := experiment.Data{OV: ov, Norms: at.Norms}
	var err error
	if d.Embeddings, err = at.Embeddings(); err != nil {
		return nil, err
	}
	signs := at.Stats.PairSigns(atlas.Extremes)
	var pairs []usedPair
	for p, norm := range at.Norms {
		pair := ov.Pair(p)
		if o.neuron >= 0 && pair.Neuron != o.neuron || o.head >= 0 && pair.Head != o.head {
			continue
		}
		pairs = append(pairs, usedPair{
			Neuron: pair.Neuron, Head: pair.Head, Norm: at.Stats.Score(p, norm), Mean: at.Stats.Mean[p],
			Deviation: math.Sqrt(at.Stats.Variance(p)), Sign: int(signs[p]), Polysemanticity: d.PairPolysemanticity(at.Stats, p, topImages),
		})
	}
	key := func(p usedPair) float64 {
		switch o.sort {
		case sortMean:
			return -math.Abs(p.Mean) * float64(at.Norms[ov.Index(decompose.Pair{Head: p.Head, Neuron: p.Neuron})])
		case sortPoly:
			return p.Polysemanticity
		}
		return -p.Norm
	}
	slices.SortStableFunc(pairs, func(a, b usedPair) int { return cmp.Compare(key(a), key(b)) })
	return pairs, nil
}

// useChart is how much of all use the strongest pairs hold: the running sum of the norms, largest first.
func useChart(pairs []usedPair) plot.Curve {
	norms := make([]float64, len(pairs))
	var all float64
	for i, p := range pairs {
		norms[i] = p.Norm
		all += p.Norm
	}
	slices.SortFunc(norms, func(a, b float64) int { return cmp.Compare(b, a) })
	s := plot.Series{Name: "share of the summed norms"}
	const steps = 100
	var sum float64
	next := 0
	for i, n := range norms {
		sum += n
		if i+1 >= next*len(norms)/steps || i+1 == len(norms) {
			s.X, s.Y = append(s.X, 100*float64(i+1)/float64(len(norms))), append(s.Y, decompose.Share(sum, all))
			next++
		}
	}
	return plot.Curve{Title: "How use is spread over pairs", X: "strongest pairs, percent", Y: "share", Series: []plot.Series{s}}
}

func scaled(direction []float32, by int) []float32 {
	for i := range direction {
		direction[i] *= float32(by)
	}
	return direction
}
