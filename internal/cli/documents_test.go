package cli

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

// documents are the pages with commands for people: the README, the guide, those on files, and some of the reference and the research.
func documents(t *testing.T) map[string]string {
	t.Helper()
	files := []string{"README.md", "docs/reference/api.md", "docs/reference/demo-model.md", "docs/research/paper.md", "docs/research/findings.md", "docs/glossary.md"}
	for _, pattern := range []string{"docs/guide/*.md", "docs/reference/files*.md", "docs/reference/files/*.md"} {
		found, err := fs.Glob(os.DirFS("../.."), pattern)
		if err != nil || found == nil {
			t.Fatal(pattern, err)
		}
		files = append(files, found...)
	}
	pages := map[string]string{}
	for _, file := range files {
		data, err := os.ReadFile(filepath.Join("../..", file))
		if err != nil {
			t.Fatal(err)
		}
		pages[file] = string(data)
	}
	return pages
}

var (
	codeCell  = regexp.MustCompile("`(facet [^`]*)`")
	remarks   = regexp.MustCompile(` {2,}\S.*$| +#.*$`)
	shellWord = regexp.MustCompile(`'[^']*'|"[^"]*"|[^\s'"]+`)
	joined    = regexp.MustCompile(`\\\n\s*`)
)

// commandLines are those of a page that begin with facet: in code blocks, as they could be typed, and in the text between backticks.
func commandLines(page string) (list []string) {
	page = joined.ReplaceAllString(page, "")
	for line := range strings.Lines(page) {
		line = strings.TrimRight(line, "\n")
		code, indented := strings.CutPrefix(line, "    ")
		if !indented {
			code = line
		}
		code = strings.TrimPrefix(code, "$ ")
		if strings.HasPrefix(code, "facet ") && (indented || strings.HasPrefix(line, "$ ")) {
			list = append(list, remarks.ReplaceAllString(code, ""))
		}
		for _, m := range codeCell.FindAllStringSubmatch(line, -1) {
			list = append(list, strings.ReplaceAll(m[1], `\|`, "|"))
		}
	}
	return list
}

// shellWords splits a line as a shell does, as far as the pages need it: blanks, and quotes of both kinds.
func shellWords(line string) (words []string) {
	end := -1
	for _, at := range shellWord.FindAllStringIndex(line, -1) {
		word := line[at[0]:at[1]]
		if len(word) > 1 && strings.ContainsAny(word[:1], `'"`) {
			word = word[1 : len(word)-1]
		}
		if at[0] == end { // --flag="a b"
			words[len(words)-1] += word
		} else {
			words = append(words, word)
		}
		end = at[1]
	}
	return words
}

// pattern is a command that is not to be typed as it stands: VERB, X,Y, … or [optional].
var pattern = regexp.MustCompile(`…|\[|\.\.\.|\bVERB\b|\||<\(|>|&|\$|;`)

// TestDocumentsParse: every command on the pages has a verb, flags and arguments that facet takes. None is run.
func TestDocumentsParse(t *testing.T) {
	count := 0
	for file, page := range documents(t) {
		for _, line := range commandLines(page) {
			if pattern.MatchString(line) {
				continue
			}
			words := shellWords(line)
			root := Command(io.Discard)
			cmd, rest, err := root.Find(words[1:])
			if err == nil {
				err = cmd.ParseFlags(rest)
			}
			if args := cmd.Flags().Args(); err == nil && len(args) > 0 { // without arguments a verb is only named
				err = cmd.ValidateArgs(args)
			}
			var named *pflag.ValueRequiredError // a flag at the end is only named, as in "facet neuron -o"
			if err != nil && !errors.As(err, &named) {
				t.Errorf("%s: %s: %v", file, line, err)
				continue
			}
			count++
		}
	}
	if count < 150 {
		t.Errorf("only %d commands were found", count)
	}
}

// TestShellWords: words are split as a shell splits them.
func TestShellWords(t *testing.T) {
	want := []string{"facet", "x", "a b", "--labels=c, d", "e"}
	if diff := cmp.Diff(want, shellWords(`facet x "a b" --labels='c, d' e`)); diff != "" {
		t.Error(diff)
	}
}
