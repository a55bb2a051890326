package dataset

import (
	"os"
	"path/filepath"
	"testing"
)

// TestRoot: from the root, every item's path is found again, also below a copy of the root elsewhere.
func TestRoot(t *testing.T) {
	base := t.TempDir()
	t.Chdir(base)
	for _, dir := range []string{"photos/cat", "lists", "far/away", "a#b"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	put := func(name, data string) {
		if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"photos/cat/1.png", "far/away/2.png", "lists/3.png"} {
		put(name, "not opened here")
	}
	put("lists/near.csv", "path\n3.png\n")
	put("lists/far.csv", "path\n3.png\n"+filepath.Join(base, "far/away/2.png")+"\n")
	for _, c := range []struct{ source, root, within string }{
		{"photos", "photos", "cat/1.png"},
		{"./photos/../photos/", "photos", "cat/1.png"},
		{filepath.Join(base, "photos"), "photos", "cat/1.png"},
		{"lists/near.csv", "lists", "3.png"},
		{"lists/far.csv", ".", "lists/3.png"},
	} {
		s, err := Open(c.source, Options{})
		if err != nil {
			t.Fatal(err)
		}
		root, err := s.Root()
		if err != nil || root != filepath.Join(base, c.root) {
			t.Errorf("%s: root %s, want %s: %v", c.source, root, filepath.Join(base, c.root), err)
		}
		for item, err := range s.Items(t.Context(), 0) {
			if err != nil {
				t.Fatal(err)
			}
			within := Within(root, item.Path)
			if item.Index == 0 && within != c.within {
				t.Errorf("%s: %s, want %s", c.source, within, c.within)
			}
			if found := Under(root, within); !There(found) {
				t.Errorf("%s: %s is not there", c.source, found)
			}
			if found := Under("elsewhere", within); There(found) || found != filepath.Join("elsewhere", filepath.FromSlash(within)) {
				t.Errorf("%s: below another root: %s", c.source, found)
			}
		}
	}
	for path, want := range map[string]string{
		"a#b/s.tar#m/./1.png": "a#b/s.tar#m/./1.png", "a#b/1.png": "a#b/1.png", "scenes:default?n=2#1": "scenes:default?n=2#1", "../x.png": filepath.ToSlash(filepath.Join(filepath.Dir(base), "x.png")),
	} {
		if got := Within(base, path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
