package lab

import (
	"cmp"
	"fmt"
	"image"
	"path/filepath"
	"slices"
	"strings"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/experiment/attribution"
	"github.com/facet-clip/facet/plot"
)

// What a summary shows.
const (
	summarySteps  = 10 // groups, one by one
	summaryGroups = 6  // maps of groups
	summaryPairs  = 8  // maps of pairs beside those of groups
	summaryPanels = 12 // maps of pairs where there are no groups
)

// Summary is the one picture that sums up the explanation: the picture, the steps from the baseline to it, and where they come from. Where nothing
// names the pairs, it is of single pairs.
func (e *Explained) Summary() *image.RGBA {
	if e.Wordless() {
		return e.pairSheet().Draw()
	}
	return e.sheet().Draw()
}

// Wordless tells whether nothing names the pairs that are to be summed by words.
func (e *Explained) Wordless() bool {
	return e.Answer.By == ByWord && !Named(e.Answer.Groups)
}

// Named tells whether some of the groups has a name of its own: whether anything names the pairs.
func Named(groups []answer.Group) bool { return slices.ContainsFunc(groups, worded) }

// worded tells whether a group has a name of its own.
func worded(g answer.Group) bool {
	return g.Word != answer.Unnamed && g.Word != answer.Constant && g.Word != answer.Others
}

// sheet is the summary by groups.
func (e *Explained) sheet() plot.Sheet {
	a := e.Answer
	s := plot.Sheet{
		Title: e.title(), Subtitle: e.subtitle(), Steps: e.waterfall(), Less: "takes away", More: "adds",
		Photo:  plot.Panel{Title: "The picture", Image: e.Seen},
		Sum:    e.sumPanel(),
		Footer: fmt.Sprintf("%d pairs. They and the constant miss the embedding by %.0e of its length. The class token has a part but no place on the maps.", len(e.Scalars.S), a.Residual),
	}
	if a.Text != "" {
		s.Less, s.More = "speaks against the text", "speaks for the text"
	}
	if groups, maps := e.panels(); len(groups) > 0 {
		title := fmt.Sprintf("Where the strongest %ss come from (full colour: ±%s a place)", a.By, e.full(mapScale(maps)))
		s.Rows = append(s.Rows, plot.PanelRow{Title: title, Panels: groups, Columns: summaryGroups})
	}
	if a.By != ByPair {
		s.Rows = append(s.Rows, e.pairRow())
	}
	return s
}

// title says what is explained.
func (e *Explained) title() string {
	if e.Answer.Text == "" {
		return "What made the embedding of this picture"
	}
	return fmt.Sprintf("“%s”: logit %.2f", e.Answer.Text, e.Answer.Total)
}

func (e *Explained) subtitle() string {
	s := fmt.Sprintf("%s · %s", filepath.Base(e.Answer.Image.Path), e.Answer.Model.Name)
	if e.Answer.Model.Name == DemoName {
		s += ". " + demo.Notice
	}
	return s
}

// full writes the amount of full colour.
func (e *Explained) full(v float32) string {
	if e.Answer.Text == "" {
		return fmt.Sprintf("%.2g\u00a0%%", 100*v)
	}
	return fmt.Sprintf("%.2g", v)
}

// sumPanel is the map of what the groups sum to.
func (e *Explained) sumPanel() plot.Panel {
	m := e.Tokens.SumMap(e.parts.Per)[1:]
	scale := mapScale([][]float32{m})
	return plot.Panel{Title: "All pairs together", Caption: "full colour: ±" + e.full(scale) + " a place", Image: e.heat(m, scale)}
}

// heat paints the amounts of places over the picture.
func (e *Explained) heat(amounts []float32, scale float32) *image.RGBA {
	return plot.HeatMap(e.Seen, amounts, e.Answer.Image.Grid[0], e.Answer.Image.Grid[1], scale)
}

// waterfall shows the groups as steps: words first, the strongest first, then what has no word.
func (e *Explained) waterfall() plot.Waterfall {
	a := e.Answer
	w := plot.Waterfall{Title: e.stepsTitle(), From: e.totalText(0, "nothing"), To: e.totalText(a.GroupsTotal, "sum")}
	if a.Against != nil && a.Text != "" {
		w.Start = a.Against.Total
		w.From = e.totalText(w.Start, againstName(a.Against))
	}
	if a.Text != "" {
		w.To = e.totalText(a.Total, "this picture")
		if a.Against != nil && a.Against.Kind == againstText {
			w.To = e.totalText(a.Total, "the text")
		}
	}
	unit := 1.0
	if a.Text == "" {
		unit = 100 // percent
	}
	named, rest := e.steps()
	for _, g := range append(named, rest...) {
		w.Steps = append(w.Steps, plot.Step{
			Label: groupLabel(g, a.By), Number: e.groupPart(g.Amount), Value: unit * g.Amount, Pale: !worded(g),
		})
	}
	return w
}

// steps are the groups that are shown one by one, and what is left.
func (e *Explained) steps() (named, rest []answer.Group) {
	others := answer.Group{Word: answer.Others}
	for _, g := range e.Answer.Groups {
		switch {
		case g.Word == answer.Others:
			others.Amount, others.PairCount = others.Amount+g.Amount, others.PairCount+g.PairCount
		case !worded(g):
			rest = append(rest, g)
		case len(named) == summarySteps:
			others.Amount, others.PairCount = others.Amount+g.Amount, others.PairCount+1
		default:
			named = append(named, g)
		}
	}
	slices.SortStableFunc(rest, func(a, b answer.Group) int { return cmp.Compare(b.Word, a.Word) }) // unnamed before constant
	if others.PairCount > 0 {
		rest = append([]answer.Group{others}, rest...)
	}
	return named, rest
}

func (e *Explained) stepsTitle() string {
	switch {
	case e.Answer.Text == "" && e.Answer.Against != nil:
		return fmt.Sprintf("More than the average picture, %s by %s", e.Answer.By, e.Answer.By)
	case e.Answer.Text == "":
		return fmt.Sprintf("The embedding, %s by %s", e.Answer.By, e.Answer.By)
	}
	return fmt.Sprintf("The logit, %s by %s", e.Answer.By, e.Answer.By)
}

// totalText is a total with what it is of.
func (e *Explained) totalText(total float64, what string) string {
	if e.Answer.Text == "" {
		return fmt.Sprintf("%s: %.0f %%", what, 100*total)
	}
	return fmt.Sprintf("%s: %.2f", what, total)
}

// groupPart is a group's part, as the steps show it.
func (e *Explained) groupPart(amount float64) string {
	if e.Answer.Text == "" {
		return fmt.Sprintf("%+.1f\u00a0%%", 100*amount)
	}
	return fmt.Sprintf("%+.2f", amount)
}

// againstName is a baseline in few words.
func againstName(a *answer.Against) string {
	switch a.Kind {
	case AgainstAverageText, AgainstAveragePicture:
		return a.Kind
	case againstPicture:
		return filepath.Base(a.Name)
	}
	return "“" + a.Name + "”"
}

// groupLabel is a group as people read it.
func groupLabel(g answer.Group, by string) string {
	if g.Word == answer.Others {
		return fmt.Sprintf("%d other %ss", g.PairCount, by)
	}
	return g.Word
}

// panels are the strongest groups that have pairs and a name, with the maps that they are painted from. All are in one scale.
func (e *Explained) panels() (panels []plot.Panel, maps [][]float32) {
	for _, g := range e.groups {
		if len(panels) == summaryGroups || g.Name == attribution.Constant || g.Name == attribution.Unnamed {
			continue
		}
		maps = append(maps, e.groupAmounts(g))
		panels = append(panels, plot.Panel{Title: g.Name, Caption: fmt.Sprintf("%s (%.0f\u00a0%%)", e.groupPart(g.Amount), 100*g.Share)})
		if e.Answer.Text == "" {
			panels[len(panels)-1].Caption = e.groupPart(g.Amount)
		}
	}
	scale := mapScale(maps)
	for i := range panels {
		panels[i].Image = e.heat(maps[i], scale)
	}
	return panels, maps
}

// groupAmounts is what each place brings to a group.
func (e *Explained) groupAmounts(g attribution.Group) []float32 {
	return e.Tokens.SumMap(g.Factors(e.parts.Per))[1:]
}

// GroupMap is the map of a group over the picture.
type GroupMap struct {
	// Group is its index in the answer.
	Group int
	// Image is the map.
	Image *image.RGBA
}

// GroupMaps are those of the first groups of the answer, at most limit, all in one scale: what the pairs of the group bring in the picture itself
// (docs/design.md, formula 28). The constant and the groups that are not listed have none, and nor have places.
func (e *Explained) GroupMaps(limit int) []GroupMap {
	var list []GroupMap
	var amounts [][]float32
	for i, g := range e.groups {
		if g.Name == attribution.Constant || len(list) == limit {
			continue
		}
		list, amounts = append(list, GroupMap{Group: i}), append(amounts, e.groupAmounts(g))
	}
	scale := mapScale(amounts)
	for i := range list {
		list[i].Image = e.heat(amounts[i], scale)
	}
	return list
}

// pairRow shows single pairs, small.
func (e *Explained) pairRow() plot.PanelRow {
	a, maps := e.Answer, e.Maps()
	var amounts [][]float32
	for _, p := range e.Split.Top {
		amounts = append(amounts, e.Tokens.PartMap(p))
	}
	r := plot.PanelRow{Columns: summaryPairs}
	for i, p := range a.Pairs[:min(summaryPairs, len(a.Pairs))] {
		number := fmt.Sprintf("%+.3f", p.Amount)
		if a.Text == "" {
			number = fmt.Sprintf("%+.2f\u00a0%%", 100*p.Share)
		}
		word := partNote(a.Labelling, p)
		r.Panels = append(r.Panels, plot.Panel{Title: fmt.Sprintf("(%d,%d)", p.Neuron, p.Head), Caption: strings.TrimSpace(number + " " + word), Image: maps[i]})
	}
	r.Title = fmt.Sprintf("The strongest pairs (neuron,head): the first %d of %d hold %.1f\u00a0%% (full colour: ±%s a place)",
		len(a.Pairs), len(e.Scalars.S), 100*a.TopShare, e.full(mapScale(amounts)))
	return r
}

// pairSheet is the summary by pairs.
func (e *Explained) pairSheet() plot.Summary {
	a, maps := e.Answer, e.Maps()
	s := plot.Summary{
		Title: e.title(), Subtitle: e.subtitle(), Photo: e.Seen, BarsTitle: e.PartsTitle(),
		Footer: fmt.Sprintf("%d pairs in all · the %d shown hold %.1f %% of all that pairs add or take away · pairs + constant = embedding to %.1e",
			len(e.Scalars.S), len(a.Pairs), 100*a.TopShare, a.Residual),
	}
	for i, p := range a.Pairs {
		label, note, part := fmt.Sprintf("(%d,%d)", p.Neuron, p.Head), partNote(a.Labelling, p), e.Part(p.Amount, p.Share)
		s.Bars = append(s.Bars, plot.Bar{Label: label, Value: p.Amount, Number: part, Note: note})
		if i < summaryPanels {
			s.Panels = append(s.Panels, plot.Panel{Title: label, Caption: strings.TrimSpace(note + " " + part), Image: maps[i]})
		}
	}
	return s
}
