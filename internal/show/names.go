package show

import (
	"strings"

	"github.com/facet-clip/facet/answer"
)

// NameColumns head what nameCells gives.
func NameColumns(l answer.Labelling) []string {
	if l == answer.Fired {
		return []string{"fires for", "says"}
	}
	return []string{"says"}
}

// NameCells are the columns of a pair's names.
func NameCells(l answer.Labelling, n answer.Names) []any {
	switch {
	case n.Says == nil && l == answer.Fired:
		return []any{"not labelled", ""}
	case n.Says == nil:
		return []any{"not labelled"}
	case l == answer.Fired:
		return []any{NameText(n.Fires), NameText(n.Says)}
	}
	return []any{NameText(n.Says)}
}

// NameText is a name as tables show it: its words, a minus before those of negative weight, or unnamed.
func NameText(n *answer.Name) string {
	if n == nil || !n.Named {
		return "unnamed"
	}
	var words []string
	for _, w := range n.Label {
		if w.Weight < 0 {
			w.Text = "−" + w.Text
		}
		words = append(words, w.Text)
	}
	return strings.Join(words, ", ")
}
