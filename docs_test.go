package facet

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	markdownLink = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	fencedBlock  = regexp.MustCompile("(?ms)^```.*?^```")
	codeSpan     = regexp.MustCompile("`[^`\n]*`")
	anchorNoise  = regexp.MustCompile(`[^\p{L}\p{N}\- _]`)
)

// pages lists the documents that people read: every Markdown file that is kept, except those of other projects.
func pages(t *testing.T) (found []string) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := strings.HasPrefix(entry.Name(), ".") && path != "." && entry.Name() != ".github"
		if entry.IsDir() && (hidden || path == filepath.Join("dataset", "codec", "licenses") || entry.Name() == "node_modules" || path == "out") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".md") && path != filepath.Join("answer", "json.md") { // docs/reference/json.md is made from it
			found = append(found, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// prose gives the text of a page without its code.
func prose(text string) string {
	return codeSpan.ReplaceAllString(fencedBlock.ReplaceAllString(text, ""), "")
}

// anchors gives the names by which links reach a page's headings, formed as GitHub and Hugo form them.
func anchors(text string) map[string]bool {
	found := map[string]bool{}
	for line := range strings.Lines(fencedBlock.ReplaceAllString(text, "")) {
		if heading, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " "); ok && strings.HasPrefix(line, "#") {
			name := anchorNoise.ReplaceAllString(strings.ToLower(strings.TrimSpace(heading)), "")
			found[strings.ReplaceAll(name, " ", "-")] = true
		}
	}
	return found
}

// TestLinks: what a page links to is there: the file, and the heading.
func TestLinks(t *testing.T) {
	for _, page := range pages(t) {
		data, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range markdownLink.FindAllStringSubmatch(prose(string(data)), -1) {
			checkLink(t, page, link[1])
		}
	}
}

func checkLink(t *testing.T, page, link string) {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil {
		t.Errorf("%s: the link %q cannot be read: %v", page, link, err)
		return
	}
	if u.Scheme != "" {
		return
	}
	target := page
	if u.Path != "" {
		target = filepath.Join(filepath.Dir(page), filepath.FromSlash(u.Path))
	}
	if _, err := os.Stat(target); err != nil {
		t.Errorf("%s: the link %q leads to no file", page, link)
		return
	}
	if u.Fragment == "" || !strings.HasSuffix(target, ".md") {
		return
	}
	data, err := os.ReadFile(target)
	if err != nil {
		t.Fatal(err)
	}
	if !anchors(string(data))[u.Fragment] {
		t.Errorf("%s: the link %q leads to no heading of %s", page, link, target)
	}
}

// TestAnchors: headings become the names that links use.
func TestAnchors(t *testing.T) {
	got := anchors("# A pair's `u[h,n]`, twice\n\n```\n# no heading\n```\n## Sub-concepts hold: yes\n")
	for _, want := range []string{"a-pairs-uhn-twice", "sub-concepts-hold-yes"} {
		if !got[want] {
			t.Errorf("no anchor %q in %v", want, got)
		}
	}
	if got["no-heading"] {
		t.Error("a comment in a code block became a heading")
	}
}

// TestScriptsParse: every shell script is one that bash can read to its end.
func TestScriptsParse(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash here")
	}
	scripts := []string{".ci/run"}
	for _, pattern := range []string{"*/*.sh", "*/*/*.sh", "*/*/*.sbatch"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		scripts = append(scripts, found...)
	}
	if len(scripts) < 15 {
		t.Fatalf("only %d scripts: %v", len(scripts), scripts)
	}
	for _, s := range scripts {
		if out, err := exec.Command(bash, "-n", s).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", s, err, out)
		}
	}
}
