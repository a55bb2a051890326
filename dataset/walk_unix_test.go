//go:build unix

package dataset

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/internal/filetest"
)

func socket(t *testing.T, path string) {
	t.Helper()
	t.Chdir(filepath.Dir(path)) // for the name of a socket must be short
	l, err := net.Listen("unix", filepath.Base(path))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
}

// outcome is what becomes of an item.
type outcome struct{ Path, Label, Fault string }

// outcomes decodes all items of a source; paths are relative to dir.
func outcomes(t *testing.T, s *Source, dir string) (all []outcome) {
	t.Helper()
	for l, err := range Load(t.Context(), s, 0, NewDecoder(DefaultMaxPixels), whole) {
		if err != nil {
			t.Fatal(err)
		}
		o := outcome{Path: strings.TrimPrefix(l.Path, dir+"/"), Label: l.Label}
		if l.Err != nil {
			o.Fault = strings.ReplaceAll(strings.TrimPrefix(l.Err.Error(), l.Path+": "), dir, "DIR")
		}
		all = append(all, o)
	}
	return all
}

// TestWalk: links are followed under their own names, and what cannot be looked at is listed with its reason, while the rest is read.
func TestWalk(t *testing.T) {
	at, elsewhere := t.TempDir(), t.TempDir()
	dir := filepath.Join(at, "root")
	write(t, filepath.Join(elsewhere, "1234/a.png"), pngOf(t, 1))
	write(t, filepath.Join(elsewhere, "1234/notes.txt"), nil)
	filetest.Link(t, filepath.Join(elsewhere, "1234"), filepath.Join(dir, "cat"))
	filetest.Link(t, filepath.Join(elsewhere, "1234"), filepath.Join(dir, "tiger"))
	write(t, filepath.Join(dir, "dog/b.png"), pngOf(t, 2))
	filetest.Link(t, "b.png", filepath.Join(dir, "dog/c.png"))
	filetest.Link(t, filepath.Join(elsewhere, "1234/notes.txt"), filepath.Join(dir, "dog/notes"))
	filetest.Link(t, "..", filepath.Join(dir, "dog/up"))
	filetest.Link(t, ".", filepath.Join(dir, "dog/here"))
	filetest.Link(t, "b", filepath.Join(dir, "a"))
	filetest.Link(t, "a", filepath.Join(dir, "b"))
	filetest.Link(t, "nothing", filepath.Join(dir, "gone"))
	filetest.Link(t, "nothing.png", filepath.Join(dir, "gone.png"))
	filetest.Link(t, os.DevNull, filepath.Join(dir, "null.png"))
	filetest.Pipe(t, filepath.Join(dir, "pipe.png"))
	filetest.Pipe(t, filepath.Join(dir, "dog/control"))
	socket(t, filepath.Join(dir, "s"))
	write(t, filepath.Join(dir, ".hidden/x.png"), pngOf(t, 3))
	filetest.Link(t, "..", filepath.Join(dir, ".up"))
	filetest.Within(t, func() {
		s := open1(t, dir, Options{})
		want := []outcome{
			{"a", "", "too many levels of symbolic links"},
			{"b", "", "too many levels of symbolic links"},
			{"cat/a.png", "cat", ""},
			{"dog/b.png", "dog", ""},
			{"dog/c.png", "dog", ""},
			{"dog/control", "", "expected a regular file, found a pipe"},
			{"dog/here", "", "a loop of folders: it leads back to DIR/dog"},
			{"dog/up", "", "a loop of folders: it leads back to DIR"},
			{"gone", "", "a link to nothing"},
			{"gone.png", "", "a link to nothing"},
			{"null.png", "", "expected a regular file, found a device"},
			{"pipe.png", "", "expected a regular file, found a pipe"},
			{"s", "", "expected a regular file, found a socket"},
			{"tiger/a.png", "tiger", ""},
		}
		if d := cmp.Diff(want, outcomes(t, s, dir)); d != "" {
			t.Error(d)
		}
		if s.Kind != "classes" || s.Len() != len(want) || s.Ignored != 3 {
			t.Errorf("kind %s, %d items, %d ignored", s.Kind, s.Len(), s.Ignored)
		}
	})
}

// TestWalkRoot: a root that is a link is followed; one that cannot be read, or that has nothing in it but what cannot, is an error.
func TestWalkRoot(t *testing.T) {
	at := t.TempDir()
	write(t, filepath.Join(at, "real/a.png"), pngOf(t, 1))
	filetest.Link(t, "real", filepath.Join(at, "link"))
	if s := open1(t, filepath.Join(at, "link"), Options{}); s.Len() != 1 {
		t.Errorf("%d items", s.Len())
	}
	filetest.Link(t, "loop", filepath.Join(at, "loop"))
	filetest.Link(t, "../odd", filepath.Join(at, "odd/in"))
	filetest.Pipe(t, filepath.Join(at, "pipe.csv"))
	filetest.Pipe(t, filepath.Join(at, "pipe.tar"))
	for name, says := range map[string]string{
		"loop": "loop: too many levels of symbolic links", "odd": "no pictures found, but 1 things that cannot be read, such as " + at + "/odd/in: a loop",
		"pipe.csv": "found a pipe", "pipe.tar": "found a pipe", "/dev/zero": "found a device",
	} {
		filetest.Within(t, func() {
			path := name
			if !filepath.IsAbs(name) {
				path = filepath.Join(at, name)
			}
			if _, err := Open(path, Options{}); err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), path) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

// TestWalkTooDeep: a path that the system does not take is listed, and what lies beside it is read.
func TestWalkTooDeep(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "z.png"), pngOf(t, 1))
	t.Chdir(dir)
	part := strings.Repeat("d", 200)
	for range 25 { // 5,000 bytes, where Linux takes 4,096
		if err := errors.Join(os.Mkdir(part, 0o755), os.Chdir(part)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chdir(dir); err != nil {
		t.Fatal(err)
	}
	got := outcomes(t, open1(t, dir, Options{}), dir)
	if len(got) != 2 || got[0].Fault != "file name too long" || got[1].Fault != "" {
		t.Errorf("%+v", got)
	}
}

func TestWalkUnreadableFolder(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("the superuser may read every folder")
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "z.png"), pngOf(t, 1))
	if err := os.Mkdir(filepath.Join(dir, "locked"), 0); err != nil {
		t.Fatal(err)
	}
	want := []outcome{{"locked", "", "permission denied"}, {"z.png", "", ""}}
	if d := cmp.Diff(want, outcomes(t, open1(t, dir, Options{}), dir)); d != "" {
		t.Error(d)
	}
}

// TestWalkWeb: folders that all link to each other have more paths than a machine can walk; the walk ends.
func TestWalkWeb(t *testing.T) {
	dir := t.TempDir()
	const n = 12
	for i := range n {
		for k := range n {
			if i != k {
				filetest.Link(t, fmt.Sprintf("../%02d", k), filepath.Join(dir, fmt.Sprintf("%02d/to%02d", i, k)))
			}
		}
	}
	write(t, filepath.Join(dir, "a.png"), pngOf(t, 1))
	filetest.Within(t, func() {
		pictures, ended := 0, false
		_, err := walkThrough(dir, 1000, func(f Found) error {
			if f.Err == nil {
				pictures++
			}
			ended = ended || errors.Is(f.Err, errLinks)
			return nil
		})
		if err != nil || pictures != 1 || !ended {
			t.Errorf("%v, %d pictures, ended by the number of links: %v", err, pictures, ended)
		}
	})
}

// TestNamesAreNoPatterns: what is there is a name, whatever is in it.
func TestNamesAreNoPatterns(t *testing.T) {
	s := open1(t, "../testdata/cases/tars/data[1]/s.tar", Options{})
	if got := outcomes(t, s, ""); len(got) == 0 || got[0].Fault != "" {
		t.Errorf("data[1]/s.tar: %+v", got)
	}
	t.Chdir(t.TempDir())
	shard := tarOf(t, member{"a.png", pngOf(t, 1)})
	for _, name := range []string{"d[1]/s-0.tar", "d[1]/s-1.tar", "s-{0..1}.tar", "a*.tar", "x#y.tar", "p.tar#q/b.tar"} {
		write(t, name, shard)
	}
	write(t, "folder.tar/[a]{0..1}*#?.png", pngOf(t, 2))
	write(t, "q.tar#a.png", pngOf(t, 3))
	for name, want := range map[string]int{
		"d[1]/s-0.tar": 1, "d[1]/s-*.tar": 2, "d[1]/s-{0..1}.tar": 2, "s-{0..1}.tar": 1, "a*.tar": 1, "x#y.tar": 1, "p.tar#q/b.tar": 1, "d[1]": -1, "folder.tar": 1,
	} {
		source, err := Open(name, Options{})
		if err != nil {
			if want >= 0 {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		got := read(t, source, 0) // which opens each again, by its path
		if len(got) != want || got[0].Says < 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if _, err := openPicture("q.tar#a.png", DefaultMaxPixels); err != nil {
		t.Errorf("a picture with a shard's ending in its name: %v", err)
	}
}
