package facet

import (
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	siteLink = regexp.MustCompile(`(?:href|src)="?([^"\s>]+)`)
	siteID   = regexp.MustCompile(`\sid="?([^"\s>]+)`)
)

// TestSite: Hugo makes a site of the pages, and what its pages link to is there: the file, and the place in it.
func TestSite(t *testing.T) {
	hugo, err := exec.LookPath("hugo")
	if err != nil && os.Getenv("FACET_REQUIRE_HUGO") != "" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip("hugo is not installed (Debian: apt-get install hugo)")
	}
	dir := t.TempDir()
	if out, err := exec.Command(hugo, "--source", "site", "--destination", dir, "--quiet", "--noBuildLock").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	made, links := readSite(t, dir), 0
	for file, page := range made {
		links += len(page.links)
		for _, link := range page.links {
			checkSiteLink(t, dir, made, file, link)
		}
	}
	if len(made) < 30 || links < 1000 {
		t.Errorf("only %d pages with %d links", len(made), links)
	}
}

// sitePage is a page that Hugo made: what it links to, and its places.
type sitePage struct {
	links  []string
	places map[string]bool
}

// readSite gives the pages of a site by their path.
func readSite(t *testing.T, dir string) map[string]sitePage {
	t.Helper()
	made := map[string]sitePage{}
	err := filepath.WalkDir(dir, func(file string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(file, ".html") {
			return err
		}
		data, err := os.ReadFile(file)
		page := sitePage{places: map[string]bool{}}
		for _, m := range siteLink.FindAllSubmatch(data, -1) {
			page.links = append(page.links, string(m[1]))
		}
		for _, m := range siteID.FindAllSubmatch(data, -1) {
			page.places[string(m[1])] = true
		}
		made[file] = page
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func checkSiteLink(t *testing.T, dir string, made map[string]sitePage, file, link string) {
	t.Helper()
	page, _ := filepath.Rel(dir, file)
	u, err := url.Parse(strings.ReplaceAll(link, "&amp;", "&"))
	if err != nil {
		t.Errorf("%s: the link %q cannot be read: %v", page, link, err)
		return
	}
	if u.Host != "" {
		if at, ours := strings.CutPrefix(u.Path, "/facet-clip/facet/blob/main/"); ours {
			if _, err := os.Stat(filepath.FromSlash(at)); err != nil {
				t.Errorf("%s: the link %q leads to no file of the repository", page, link)
			}
		}
		return
	}
	target := file
	if u.Path != "" {
		target = filepath.Join(filepath.Dir(file), filepath.FromSlash(u.Path))
	}
	if _, err := os.Stat(target); err != nil {
		t.Errorf("%s: the link %q leads to no file", page, link)
		return
	}
	if u.Fragment == "" {
		return
	}
	if !made[target].places[u.Fragment] {
		t.Errorf("%s: the link %q leads to no place in %s", page, link, filepath.Base(target))
	}
}
