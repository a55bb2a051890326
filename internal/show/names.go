package show

import (
	"github.com/facet-clip/facet/answer"
)

// NameColumns head what [NameCells] gives.
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
		return []any{n.Fires.String(), n.Says.String()}
	}
	return []any{n.Says.String()}
}
