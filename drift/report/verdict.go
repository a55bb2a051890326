package report

import (
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/facet-clip/facet/answer"
)

// Verdict is a comparison in a sentence: what changed, how large that is and how sure, or how large a change would have been seen.
func Verdict(r *answer.Drift) string {
	what, detail := verdict(r)
	return what + ": " + detail + "."
}

const namedParts = 3 // in a verdict

// verdict is the sentence in two halves.
func verdict(r *answer.Drift) (what, detail string) {
	c := r.All
	var parts, texts []string
	for _, g := range r.Groups {
		if g.Changed > 0 {
			parts = append(parts, fmt.Sprintf("%s (%s)", g.Name, strings.Trim(g.Largest(), "()"))) // what has no name is in brackets already
		}
	}
	for _, w := range r.Watched {
		if w.Changed {
			texts = append(texts, "“"+w.Text+"”")
		}
	}
	switch {
	case c.Changed > 0:
		return changed(c), fmt.Sprintf("%d of %d tested pairs changed, at most %s of them by chance on average (%s)", c.Changed, c.Tested, wholePercent(r.Level), globally(c))
	case len(parts) > 0:
		return fmt.Sprintf("%d of %d parts changed", len(parts), len(r.Groups)), fmt.Sprintf("%s, though all %d pictures together show no change (%s)", some(parts), c.Images, globally(c))
	case len(texts) > 0:
		return plural(len(texts), "watched text", "watched texts") + " changed", fmt.Sprintf("%s, though none of %d tested pairs did (%s)", some(texts), c.Tested, globally(c))
	case c.EnergyP <= r.Level/2 || c.Classifier != nil && c.Classifier.P <= r.Level/2:
		return "The pictures differ as a whole", fmt.Sprintf("none of %d tested pairs changed by itself (%s)", c.Tested, globally(c))
	}
	detail = fmt.Sprintf("none of %d tested pairs changed (%s)", c.Tested, globally(c))
	if c.Detectable > 0 {
		detail = fmt.Sprintf("%s; a shift of one pair by %.2g standard deviations would have been found four times in five", detail, c.Detectable)
	}
	return fmt.Sprintf(nothing+" that %d pictures could show", c.Images), detail
}

// quiet reports whether nothing is known to have changed.
func quiet(r *answer.Drift) bool {
	what, _ := verdict(r)
	return strings.HasPrefix(what, nothing)
}

// nothing begins the verdict of a comparison without any change.
const nothing = "Nothing changed"

// changed says what changed and by how much.
func changed(c answer.Comparison) string {
	change := c.Rest
	words := "Something changed that no name fits"
	if len(c.Changes) > 0 {
		change, words = &c.Changes[0], c.Largest()
	}
	if change == nil {
		return words
	}
	first, size := utf8.DecodeRuneInString(words)
	words = string(unicode.ToUpper(first)) + words[size:]
	if len(c.Changes) > 1 {
		return fmt.Sprintf("%s (the first by %.1f standard deviations)", words, math.Abs(change.Effect))
	}
	return fmt.Sprintf("%s, by %.1f standard deviations", words, math.Abs(change.Effect))
}

// globally is what the tests of all pictures at once say.
func globally(c answer.Comparison) string {
	text := fmt.Sprintf("energy test p %.2g", c.EnergyP)
	if d := c.Classifier; d != nil {
		text += fmt.Sprintf(", classifier AUC %.2f, p %.2g", d.AUC, d.P)
	}
	return text
}

// some are the first names of a list.
func some(names []string) string {
	if len(names) <= namedParts {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:namedParts], ", "), len(names)-namedParts)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "A " + one
	}
	return fmt.Sprint(n, " ", many)
}

func wholePercent(x float64) string { return fmt.Sprintf("%.3g %%", 100*x) }
