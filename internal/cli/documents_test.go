package cli

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/engine/portable"
)

// documents are the pages with commands for people: the README, the guide, and two of the reference and the research.
func documents(t *testing.T) map[string]string {
	t.Helper()
	files := []string{"README.md", "docs/reference/api.md", "docs/reference/demo-model.md", "docs/research/paper.md", "docs/research/findings.md", "docs/glossary.md"}
	guide, err := fs.Glob(os.DirFS("../.."), "docs/guide/*.md")
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{}
	for _, file := range append(files, guide...) {
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

// consoleBlock is a block whose commands run in the test, with what they print.
var consoleBlock = regexp.MustCompile("(?ms)^```console\n(.*?)^```")

// TestDocumentsRun: the commands in blocks of console print what the page says. Numbers may differ as those of processors do.
func TestDocumentsRun(t *testing.T) {
	ran := 0
	for file, page := range documents(t) {
		for _, block := range consoleBlock.FindAllStringSubmatch(page, -1) {
			for _, part := range strings.Split("\n"+block[1], "\n$ ")[1:] {
				line, want, _ := strings.Cut(part, "\n")
				got := succeed(t, shellWords(line)[1:]...)
				samePrint(t, file+": "+line, want, got)
				ran++
			}
		}
	}
	if ran < 3 {
		t.Errorf("only %d commands ran", ran)
	}
}

// samePrint compares what a page says with what was printed, apart from blanks at the ends of lines.
func samePrint(t *testing.T, what, want, got string) {
	t.Helper()
	trim := func(s string) string {
		var lines []string
		for line := range strings.Lines(strings.TrimSpace(s)) {
			lines = append(lines, strings.TrimRight(line, " \n"))
		}
		return strings.Join(lines, "\n")
	}
	want, got = trim(want), trim(got)
	if diff := cmp.Diff(figure.ReplaceAllString(want, "#"), figure.ReplaceAllString(got, "#")); diff != "" {
		t.Errorf("%s: %s", what, diff)
		return
	}
	numbers := figure.FindAllString(got, -1)
	for i, w := range figure.FindAllString(want, -1) {
		if !near(w, numbers[i]) && !strings.Contains(w, "e-") { // the size of rounding is the processor's
			t.Errorf("%s: number %d is %s on the page, and %s was printed", what, i+1, w, numbers[i])
		}
	}
}

// printedBlock is an indented block of a page: commands, and after an empty line what the last of them prints.
type printedBlock struct {
	commands []string
	want     string
}

// neverEnds are commands that wait for what comes, or for a network.
var neverEnds = regexp.MustCompile(`^facet (serve|drift watch|model pull)\b`)

// printedBlocks are those of a page.
func printedBlocks(page string) (list []printedBlock) {
	var block []string
	fenced := false
	for line := range strings.Lines(page + "\nend\n") {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		if code, ok := strings.CutPrefix(line, "    "); (ok || line == "") && !fenced {
			block = append(block, code)
			continue
		}
		commands, want, ok := strings.Cut(strings.Trim(strings.Join(block, "\n"), "\n"), "\n\n")
		block = nil
		lines := strings.Split(commands, "\n")
		isCommand := func(l string) bool { return strings.HasPrefix(strings.TrimSpace(l), "facet ") }
		if ok && !slices.ContainsFunc(lines, func(l string) bool { return !isCommand(l) || neverEnds.MatchString(l) }) && !isCommand(want) {
			list = append(list, printedBlock{lines, want})
		}
	}
	return list
}

// TestDocumentsPrint: what a page shows after an indented command is what the command prints; "…" stands for lines that are left out. Without ONNX Runtime
// they take minutes.
func TestDocumentsPrint(t *testing.T) {
	if testing.Short() || !slices.Contains(engineNames(t), "ort") {
		t.Skip("scans some thousand scenes")
	}
	pages := documents(t)
	repository, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	t.Chdir(dir)
	for _, folder := range []string{"dataset", "testdata"} {
		if err := os.Symlink(filepath.Join(repository, folder), folder); err != nil {
			t.Skip("links cannot be made here:", err)
		}
	}
	stronger(t, "trunk.safetensors")
	succeed(t, "scan", "scenes:default?n=2000&seed=22", "--model", "demo", "-o", "mixed", "--keep-scalars") // of research/findings.md
	ran := 0
	for file, page := range pages {
		for _, block := range printedBlocks(page) {
			got := ""
			for _, line := range block.commands {
				got = succeed(t, shellWords(remarks.ReplaceAllString(line, ""))[1:]...)
			}
			sameParts(t, file+": "+block.commands[len(block.commands)-1], dir, block.want, got)
			ran++
		}
	}
	if ran < 6 {
		t.Errorf("only %d blocks were compared", ran)
	}
}

// digest is one that stands for a file or a protocol: it differs between engines.
var digest = regexp.MustCompile(`\b[0-9a-f]{12}\b`)

// sameParts compares what a page says with what was printed in a folder, but for what the page leaves out.
func sameParts(t *testing.T, what, folder, want, got string) {
	t.Helper()
	tidy := func(text string) []string {
		text = digest.ReplaceAllString(strings.ReplaceAll(text, folder+"/", ""), "digest")
		return strings.Split(strings.Trim(regexp.MustCompile("─+").ReplaceAllString(text, "─"), "\n"), "\n") // what is left out may be wider
	}
	plain := func(line string) string { return strings.TrimRight(figure.ReplaceAllString(line, "#"), " ") }
	printed, page := tidy(got), tidy(want)
	for len(page) > 0 {
		part := page
		if end := slices.Index(page, "…"); end >= 0 {
			part, page = page[:end], page[end+1:]
		} else {
			page = nil
		}
		if len(part) == 0 {
			continue
		}
		from := slices.IndexFunc(printed, func(line string) bool { return plain(line) == plain(part[0]) })
		if from < 0 || from+len(part) > len(printed) {
			t.Errorf("%s: %q is on the page and was not printed:\n%s", what, part[0], got)
			return
		}
		samePrint(t, what, strings.Join(part, "\n"), strings.Join(printed[from:from+len(part)], "\n"))
		printed = printed[from+len(part):]
	}
}

// stronger writes the demo model with half as much again of what neuron 273 leaves the trunk with.
func stronger(t *testing.T, path string) {
	t.Helper()
	ck, err := demo.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	m, err := clip.New(ck, portable.New(), clip.QuickGELU)
	if err != nil {
		t.Fatal(err)
	}
	scaled := map[string][]float32{}
	for _, norm := range []string{"bn3", "downsample.1"} {
		for _, name := range []string{"visual.layer4.0." + norm + ".weight", "visual.layer4.0." + norm + ".bias"} {
			values, err := ck.Float32(name, m.Config.Channels)
			if err != nil {
				t.Fatal(err)
			}
			values = slices.Clone(values)
			values[273] *= 1.5
			scaled[name] = values
		}
	}
	if err := m.Export(path, clip.Export{Replace: scaled}, nil); err != nil {
		t.Fatal(err)
	}
}

// TestShellWords: words are split as a shell splits them.
func TestShellWords(t *testing.T) {
	want := []string{"facet", "x", "a b", "--labels=c, d", "e"}
	if diff := cmp.Diff(want, shellWords(`facet x "a b" --labels='c, d' e`)); diff != "" {
		t.Error(diff)
	}
}
