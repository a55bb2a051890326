package facet

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

const (
	widest  = 120 // characters of a line of prose
	longest = 35  // words of a sentence
)

var (
	generated   = []string{"docs/reference/cli.md", "docs/reference/json.md"}
	listItem    = regexp.MustCompile(`^\s*(?:[-*]|\d+\.) `)
	linkText    = regexp.MustCompile(`!?\[([^\]]*)\]\([^)]*\)`)
	sentenceEnd = regexp.MustCompile(`[.!?][)*]*\s+`)
	aWord       = regexp.MustCompile(`[\p{L}]{2,}`)
)

// proseLines gives the lines of a page that are prose: no code, no table, no heading. What is none of these is an empty line.
func proseLines(page string) (lines []string) {
	fence := false
	for line := range strings.Lines(page) {
		line = strings.TrimRight(line, "\n")
		mark := strings.HasPrefix(strings.TrimLeft(line, " "), "```")
		fence = fence != mark
		code := strings.HasPrefix(line, "    ") && !listItem.MatchString(line)
		if fence || mark || code || strings.HasPrefix(strings.TrimLeft(line, " "), "|") || strings.HasPrefix(line, "#") {
			line = ""
		}
		lines = append(lines, line)
	}
	return lines
}

// sentences splits the prose of a page: items of a list and paragraphs end a sentence, as full stops do.
func sentences(page string) (found []string) {
	var paragraph []string
	flush := func() {
		text := linkText.ReplaceAllString(strings.Join(paragraph, " "), "$1")
		for _, s := range sentenceEnd.Split(text, -1) {
			if len(aWord.FindAllString(s, 3)) == 3 {
				found = append(found, s)
			}
		}
		paragraph = nil
	}
	for _, line := range append(proseLines(page), "") {
		if line == "" || listItem.MatchString(line) {
			flush()
		}
		if line != "" {
			paragraph = append(paragraph, strings.TrimSpace(listItem.ReplaceAllString(line, "")))
		}
	}
	return found
}

// TestProse: no line of the README or of docs is too wide to read, and on the pages of the guide and on files no sentence is too long.
func TestProse(t *testing.T) {
	checked := 0
	for _, path := range pages(t) {
		path = filepath.ToSlash(path)
		if path != "README.md" && !strings.HasPrefix(path, "docs/") || slices.Contains(generated, path) {
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		checked++
		for i, line := range proseLines(string(data)) {
			if n := utf8.RuneCountInString(line); n > widest {
				t.Errorf("%s:%d: the line has %d characters, of %d: wrap it", path, i+1, n, widest)
			}
		}
		if !strings.HasPrefix(path, "docs/guide/") && !strings.HasPrefix(path, "docs/reference/files") {
			continue
		}
		for _, s := range sentences(string(data)) {
			if n := len(strings.Fields(s)); n > longest {
				t.Errorf("%s: a sentence has %d words, of %d: make it two: %s", path, n, longest, s)
			}
		}
	}
	if checked < 20 {
		t.Errorf("only %d pages were checked", checked)
	}
}

// TestPagesAnswer: each page of the guide, and on files, begins with the question that it answers, before any example or heading.
func TestPagesAnswer(t *testing.T) {
	guide, err := filepath.Glob("docs/guide/*.md")
	if err != nil || len(guide) < 15 {
		t.Fatal(len(guide), err)
	}
	files, err := filepath.Glob("docs/reference/files/*.md")
	if err != nil || len(files) < 8 {
		t.Fatal(len(files), err)
	}
	for _, path := range append(guide, files...) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(data), "\n\n")
		first, _, _ := strings.Cut(rest, "\n\n")
		if !strings.HasPrefix(first, "This page answers: ") || !strings.Contains(first, "?") {
			t.Errorf(`%s begins with %q, and not with "This page answers: …?"`, path, first)
		}
	}
}

// TestSentences: what counts as a sentence, so that TestProse can fail.
func TestSentences(t *testing.T) {
	got := sentences("# A title of four words\n\nOne sentence is here. And a second\none, [with a link](x.md), is\nhere.\n\n| a | table of some words |\n\n" +
		"- an item of words\n- a `code` item too\n\n```\nsome code in a block\n```\n\n    some code that is indented\n")
	want := []string{"One sentence is here", "And a second one, with a link, is here.", "an item of words", "a `code` item too"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
