// Package show prints answers as people read them: sentences and tables.
package show

import (
	"fmt"
	"strings"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/concept"
)

// Percent shows a share.
func Percent(x float64) string { return fmt.Sprintf("%.1f %%", 100*x) }

// Interval shows a share with its 95 % interval.
func Interval(s answer.Share) string {
	if s.Of == 0 {
		return "no labels"
	}
	return fmt.Sprintf("%.1f %% (%.1f to %.1f)", 100*s.Value(), 100*s.Low, 100*s.High)
}

// Words shows texts with their cosines.
func Words(words []concept.Match) string {
	var list []string
	for _, w := range words {
		list = append(list, fmt.Sprintf("%s %.2f", w.Text, w.Cosine))
	}
	return strings.Join(list, ", ")
}
