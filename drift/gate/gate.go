// Package gate turns a drift comparison into a verdict for a pipeline: rules that a comparison must not break, and a JUnit report of them.
package gate

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/internal/foreign"
)

// ErrRule is returned for a text that is no rule.
var ErrRule = errors.New(`expected changed, named:WORD or effect>NUMBER`)

// Rule is a condition under which a comparison fails.
type Rule struct {
	text   string
	broken func(answer.Comparison) string // why the comparison fails; empty: it does not
}

// ParseAll reads rules.
func ParseAll(texts []string) (rules []Rule, err error) {
	for _, text := range texts {
		r, err := Parse(text)
		if err != nil {
			return nil, err
		}
		rules = append(rules, r)
	}
	return rules, nil
}

// Error is the error of a comparison that breaks rules: a line for each rule and part.
type Error []string

func (e Error) Error() string { return "the comparison breaks a rule: " + strings.Join(e, "; ") }

// Judge applies rules to a comparison, has report write the results where it is not nil, and is an [Error] where a rule is broken.
func Judge(d *answer.Drift, rules []Rule, report func(write func(io.Writer) error) error) error {
	results := Check(d, rules)
	if report != nil {
		if err := report(func(w io.Writer) error { return WriteJUnit(w, d, results) }); err != nil {
			return err
		}
	}
	if broken := Broken(results); len(broken) > 0 {
		return Error(broken)
	}
	return nil
}

// Parse reads a rule: "changed" (any pair changed), `named:"snow"` (a change has this name; "more snow" and "less snow" ask for a direction too),
// or "effect>0.3" (a change moves the embeddings by more than so many standard deviations along its word, up or down).
func Parse(text string) (Rule, error) {
	r, trimmed := Rule{text: text}, strings.TrimSpace(text)
	if trimmed == "changed" {
		r.broken = changed
		return r, nil
	}
	if word, ok := strings.CutPrefix(trimmed, "named:"); ok {
		if unquoted, err := strconv.Unquote(word); err == nil {
			word = unquoted
		}
		if word = strings.TrimSpace(word); word != "" {
			r.broken = func(c answer.Comparison) string { return named(c, word) }
			return r, nil
		}
	}
	if number, ok := strings.CutPrefix(trimmed, "effect>"); ok {
		if limit, err := strconv.ParseFloat(strings.TrimSpace(number), 64); err == nil && limit >= 0 && !math.IsInf(limit, 0) {
			r.broken = func(c answer.Comparison) string { return moved(c, limit) }
			return r, nil
		}
	}
	return r, fmt.Errorf("%s: %w", foreign.Quote(text), ErrRule)
}

func changed(c answer.Comparison) string {
	if c.Changed == 0 {
		return ""
	}
	why := fmt.Sprintf("%d of %d pairs changed", c.Changed, c.Tested)
	if words := c.Largest(); words != "" {
		why += ": " + words
	}
	return why
}

func named(c answer.Comparison, word string) string {
	for _, change := range c.Changes {
		if strings.EqualFold(change.Word, word) || strings.EqualFold(change.String(), word) {
			return fmt.Sprintf("%s: %.1f %% of the shift, effect %+.2f", change, 100*change.Share, change.Effect)
		}
	}
	return ""
}

func moved(c answer.Comparison, limit float64) string {
	worst, most := answer.Change{}, limit
	for _, change := range c.All() {
		if size := math.Abs(change.Effect); size > most {
			worst, most = change, size
		}
	}
	if most == limit {
		return ""
	}
	return fmt.Sprintf("%s: effect %+.2f, at most %g is allowed", worst, worst.Effect, limit)
}

// Result is a rule applied to one part of the images.
type Result struct {
	Part string // its name; empty: all images
	Rule string
	Why  string // the rule is broken; empty: it is kept
}

// Check applies rules to a comparison and to its parts. A comparison within values stands in place of that of all images, so that a change of their mix alone
// breaks no rule.
func Check(d *answer.Drift, rules []Rule) []Result {
	var out []Result
	check := func(part string, c answer.Comparison) {
		for _, r := range rules {
			out = append(out, Result{part, r.text, r.broken(c)})
		}
	}
	if d.Given != nil {
		check("", d.Given.Comparison())
	} else {
		check("", d.All)
	}
	for _, g := range d.Groups {
		check(g.Name, g.Comparison)
	}
	return out
}

// Broken are the results whose rule is broken, a line each.
func Broken(results []Result) (lines []string) {
	for _, r := range results {
		if r.Why == "" {
			continue
		}
		line := r.Rule + ": " + r.Why
		if r.Part != "" {
			line = r.Part + ": " + line
		}
		lines = append(lines, line)
	}
	return lines
}

// The elements of a JUnit report.
type suite struct {
	XMLName  xml.Name `xml:"testsuite"`
	Name     string   `xml:"name,attr"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Errors   int      `xml:"errors,attr"`
	Skipped  int      `xml:"skipped,attr"`
	Time     string   `xml:"time,attr"`
	Cases    []test   `xml:"testcase"`
}

type test struct {
	Class   string   `xml:"classname,attr"`
	Name    string   `xml:"name,attr"`
	Time    string   `xml:"time,attr"`
	Failure *failure `xml:"failure"`
}

type failure struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes results as a JUnit test report: a suite for the source, and a test for each rule and part.
func WriteJUnit(w io.Writer, d *answer.Drift, results []Result) error {
	s := suite{Name: printable("facet drift compare " + d.Source), Tests: len(results), Time: "0"}
	for _, r := range results {
		part := r.Part
		if part == "" {
			part = "all images"
		}
		t := test{Class: printable(part), Name: printable(r.Rule), Time: "0"}
		if r.Why != "" {
			s.Failures++
			t.Failure = &failure{printable(r.Why), "drift", printable(fmt.Sprintf("%s against %s: %s", d.Source, d.Profile, r.Why))}
		}
		s.Cases = append(s.Cases, t)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(s); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// printable is a text without the characters that XML cannot hold.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\ufffe' || r == '\uffff' {
			return '\ufffd'
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}
