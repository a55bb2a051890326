package dataset

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestOpenAll: picture files that stand together are one source, datasets are each their own, in order.
func TestOpenAll(t *testing.T) {
	dir := t.TempDir()
	var files []string
	for _, name := range []string{"a.jpg", "b.PNG", "noending"} {
		files = append(files, filepath.Join(dir, name))
		if err := os.WriteFile(files[len(files)-1], []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	sources, err := OpenAll([]string{files[0], files[1], dir, "scenes:default?n=3", files[2]})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range sources {
		got = append(got, s.Kind)
		var names []string
		for item, err := range s.Items(t.Context(), 0) {
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, filepath.Base(item.Path))
		}
		got = append(got, strings.Join(names, " "))
	}
	want := []string{KindFiles, "a.jpg b.PNG", "folder", "a.jpg b.PNG", "scenes", got[5], KindFiles, "noending"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if sources[0].Fingerprint() == sources[3].Fingerprint() {
		t.Error("other files have the same fingerprint")
	}
}

func TestOpenAllRefuses(t *testing.T) {
	for _, name := range []string{"nowhere.jpg", "nowhere", "nowhere.tar", "nowhere.csv", "scenes:nowhere"} {
		if _, err := OpenAll([]string{name}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
