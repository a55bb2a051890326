package cli

import (
	"context"
	"fmt"
	"image"
	"slices"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/demo"
)

// searchOptions are the flags of facet search.
type searchOptions struct {
	unit, bank         string
	atlas, output      string
	noCenter, truncate bool
	top                int
	roots              []string
}

// The units that --unit names.
const (
	unitPair   = "pair"
	unitNeuron = "neuron"
	unitHead   = "head"
)

func (a *app) searchCommand() *cobra.Command {
	var o searchOptions
	cmd := &cobra.Command{
		Use:   "search TEXT",
		Short: "Find the pairs, neurons or heads whose direction is most like a text",
		Long: `Ranks units by the cosine of their direction with a text, from the weights alone, with no picture. The mean of a bank is taken off
the text first: what all texts share says nothing about this one.`,
		Example: `  facet search "a yellow car"                                    in the demo model
  facet search "a yellow car" --model RN50 --bank words.txt
  facet search "a butterfly" --model RN50 --no-center --unit neuron
  facet search "a butterfly" --atlas photos.atlas -o butterfly.png    with how much each pair is used, and its images`,
		Args: argsBetween(1, 1, "one TEXT, in quotes"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.unit != unitPair && o.unit != unitNeuron && o.unit != unitHead {
				return usagef("--unit %s: expected %s, %s or %s", o.unit, unitPair, unitNeuron, unitHead)
			}
			if o.atlas != "" && o.unit != unitPair {
				return usagef("--atlas: says what pairs did, found --unit %s", o.unit)
			}
			if o.output != "" && o.atlas == "" {
				return usagef("-o: pictures come from an atlas: expected --atlas")
			}
			if o.bank == "" && !o.noCenter && a.model != "" && a.model != demoName {
				return usagef("facet search: expected --bank, whose mean is taken off the text, or --no-center")
			}
			if err := checkText("TEXT", args[0], ""); err != nil {
				return err
			}
			return a.search(cmd.Context(), args[0], o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.unit, "unit", unitPair, "the unit: pair, neuron (all heads alike) or head (its first principal direction)")
	f.StringVar(&o.bank, "bank", "", "a `BANK` of facet texts, or a file with a text a line: centre over it (default for the demo: its world's words)")
	f.StringVar(&o.atlas, "atlas", "", "an `ATLAS` of the same model: say how much each pair is used in it")
	rootFlag(f, &o.roots)
	f.StringVarP(&o.output, "output", "o", "", "write the images of the best pairs as a contact sheet, `FILE`.png")
	f.BoolVar(&o.noCenter, "no-center", false, "take the text as it is")
	numberVar(f, &o.top, "top", 20, some, "show at most so many: units")
	f.BoolVar(&o.truncate, "truncate", false, "cut texts that are too long instead of refusing them")
	return cmd
}

// searchResult is what facet search --json prints.
type searchResult struct {
	Model    modelRecord `json:"model"`
	Text     string      `json:"text"`
	Unit     string      `json:"unit"`
	Centered bool        `json:"centered"`
	Bank     string      `json:"bank"` // empty: none, or the demo world's words
	Atlas    string      `json:"atlas,omitempty"`
	Hits     []hitRecord `json:"hits"`
}

// hitRecord is a unit found; a neuron has no head and a head no neuron.
type hitRecord struct {
	Neuron *int    `json:"neuron,omitempty"`
	Head   *int    `json:"head,omitempty"`
	Cosine float64 `json:"cosine"`
	// Use is, with an atlas, the mean of the 50 largest centred contribution norms of a pair.
	Use *float64 `json:"use,omitempty"`
	pairNames
}

func (a *app) search(ctx context.Context, query string, o searchOptions) error {
	m, use, err := a.openUse(ctx, o.atlas)
	if err != nil {
		return err
	}
	defer m.Close()
	if o.bank == "" && !o.noCenter && m.name != demoName { // the model that an atlas is of
		return usagef("facet search: %s is of %s: expected --bank, whose mean is taken off the text, or --no-center", o.atlas, m.name)
	}
	if use != nil {
		if use.names, err = namesOf(use.atlas); err != nil {
			return err
		}
	}
	ov, err := m.Decomposition()
	if err != nil {
		return err
	}
	direction, err := m.queryDirection(ctx, query, o)
	if err != nil {
		return err
	}
	hits, err := findUnits(ov, direction, o)
	if err != nil {
		return err
	}
	if use != nil {
		for i, h := range hits {
			strength := float64(use.strength[ov.Index(decompose.Pair{Head: *h.Head, Neuron: *h.Neuron})])
			hits[i].Use, hits[i].pairNames = &strength, use.names.of(ov.Index(decompose.Pair{Head: *h.Head, Neuron: *h.Neuron}))
		}
	}
	if o.output != "" {
		sheet, err := m.searchSheet(ctx, ov, use.atlas, hits, query, o.roots)
		if err != nil {
			return err
		}
		if err := writePNG(o.output, sheet); err != nil {
			return err
		}
	}
	if !a.json {
		var labels *names
		if use != nil {
			labels = use.names
		}
		a.printHits(hits, labels)
		return nil
	}
	result := searchResult{Text: query, Unit: o.unit, Centered: !o.noCenter, Bank: o.bank, Atlas: o.atlas, Hits: hits}
	if result.Model, err = m.record(ctx); err != nil {
		return err
	}
	return encodeJSON(a.stdout, result)
}

// queryDirection is the unit direction [D] of a text, minus the bank's mean unless that is not wanted.
func (m *model) queryDirection(ctx context.Context, query string, o searchOptions) ([]float32, error) {
	one, err := m.bankOf(ctx, []string{query}, o.truncate)
	if err != nil || o.noCenter {
		if err != nil {
			return nil, err
		}
		return one.Embeddings, nil
	}
	bank, err := m.rawBank(ctx, o.bank, o.truncate)
	if err != nil {
		return nil, err
	}
	return bank.Centre(one.Embeddings)
}

// rawBank is the bank at path (see openBank), not centred, or without one the demo world's words.
func (m *model) rawBank(ctx context.Context, path string, truncate bool) (*concept.Bank, error) {
	if path != "" {
		return m.openBank(ctx, path, truncate)
	}
	c, err := demo.NewConcepts(ctx, m.Model)
	if err != nil {
		return nil, err
	}
	var texts []string
	var embeddings []float32
	for _, b := range []*concept.Bank{c.Categories, c.Colours, c.Patterns, c.Backgrounds} {
		texts, embeddings = append(texts, b.Texts...), append(embeddings, b.Embeddings...)
	}
	return concept.NewBank(texts, embeddings, m.Config.Embed)
}

func findUnits(ov *decompose.OV, direction []float32, o searchOptions) ([]hitRecord, error) {
	var found []concept.Hit
	var err error
	switch o.unit {
	case unitNeuron:
		found, err = concept.SearchDirections(direction, concept.NeuronDirections(ov.Directions()), o.top)
	case unitHead:
		found, err = concept.SearchDirections(direction, concept.HeadDirections(ov.Directions(), ov.Embed), o.top)
	default:
		found = concept.Search(ov.Text(direction), ov.Norms(), o.top)
	}
	hits := make([]hitRecord, len(found))
	for i, f := range found {
		p := ov.Pair(f.Unit)
		switch hits[i].Cosine = f.Cosine; o.unit {
		case unitNeuron:
			hits[i].Neuron = &found[i].Unit
		case unitHead:
			hits[i].Head = &found[i].Unit
		default:
			hits[i].Neuron, hits[i].Head = &p.Neuron, &p.Head
		}
	}
	return hits, err
}

func (a *app) printHits(hits []hitRecord, labels *names) {
	units := [...]string{unitHead, unitNeuron, "(neuron,head)"}
	column := 0
	if len(hits) > 0 && hits[0].Neuron != nil {
		if column = 1; hits[0].Head != nil {
			column = 2
		}
	}
	columns := []string{units[column], "cosine"}
	if len(hits) > 0 && hits[0].Use != nil {
		columns = append(columns, "use")
	}
	labelled := slices.ContainsFunc(hits, func(h hitRecord) bool { return h.Says != nil })
	if labelled {
		columns = append(columns, labels.columns()...)
	}
	t := a.table(columns...)
	t.SetColumnConfigs([]table.ColumnConfig{{Number: 2, Align: text.AlignRight}, {Number: 3, Align: text.AlignRight}})
	for _, h := range hits {
		var name string
		switch column {
		case 0:
			name = fmt.Sprint(*h.Head)
		case 1:
			name = fmt.Sprint(*h.Neuron)
		default:
			name = decompose.Pair{Head: *h.Head, Neuron: *h.Neuron}.String()
		}
		row := table.Row{name, fmt.Sprintf("%+.3f", h.Cosine)}
		if h.Use != nil {
			row = append(row, f3(*h.Use))
		}
		if labelled {
			row = append(row, labels.cells(h.pairNames)...)
		}
		t.AppendRow(row)
	}
	t.Render()
}

// use is what pairs did in a dataset.
type use struct {
	atlas    *atlas.Atlas // nil for scenes that were looked at just now
	stats    *atlas.Stats
	images   func() ([]float32, error) // embeddings [N,D]
	strength []float32                 // mean of the 50 largest centred contribution norms [M,C]
	signs    []int8                    // of the principal directions [M,C]
	names    *names                    // that the atlas keeps, where they are wanted
}

// openUse opens the model, and what an atlas says of its pairs; no atlas, nil.
func (a *app) openUse(ctx context.Context, dir string) (*model, *use, error) {
	if dir == "" {
		m, err := a.open(ctx)
		return m, nil, err
	}
	m, at, err := a.openAtlas(ctx, dir)
	if err != nil {
		return nil, nil, err
	}
	return m, useOf(at), nil
}

func useOf(at *atlas.Atlas) *use {
	u := newUse(at.Stats, at.Norms, at.Embeddings)
	u.atlas = at
	return u
}

func newUse(s *atlas.Stats, norms []float32, images func() ([]float32, error)) *use {
	u := &use{stats: s, images: images, signs: s.PairSigns(atlas.Extremes), strength: make([]float32, len(norms))}
	for p, norm := range norms {
		u.strength[p] = float32(s.Score(p, norm))
	}
	return u
}

// The extent of the sheet of facet search.
const (
	searchRows   = 6
	searchImages = 5
)

// searchSheet shows the images in which the best pairs contribute most.
func (m *model) searchSheet(ctx context.Context, ov *decompose.OV, at *atlas.Atlas, hits []hitRecord, query string, roots []string) (*image.RGBA, error) {
	rank := ranking{ov: ov, at: at}
	var rows []neuronRow
	var wanted [][]atlas.Extreme
	for _, h := range hits[:min(searchRows, len(hits))] {
		rows = append(rows, neuronRow{Neuron: *h.Neuron, Head: h.Head, pairNames: h.pairNames})
		wanted = append(wanted, rank.pair(ov.Index(decompose.Pair{Head: *h.Head, Neuron: *h.Neuron}), searchImages))
	}
	if err := nameImages(at, rows, wanted, roots); err != nil {
		return nil, err
	}
	return m.unitSheet(ctx, ov, rows, fmt.Sprintf("The pairs most like “%s”, with the images in which each contributes most", query))
}
