package dataset

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestTarCases: what stands in testdata/cases/tars. Every picture is read or given with the reason why not.
func TestTarCases(t *testing.T) {
	type found struct{ Member, Label, Why string }
	for name, want := range map[string][]found{
		"mac.tar":    {{"./000.png", "7", ""}, {"./001.png", "8", ""}},
		"sparse.tar": {{"0.png", "cat", ""}, {"1s.png", "", ""}},
		"links.tar": {{"0.png", "", ""}, {"1.png", "", "a hard link to 0.png, which is unsupported in a shard"}, {"2.png", "", "a symbolic link to 0.png"},
			{"3.png", "", ""}},
		"dots.tar": {{"a.b/c.d/000.png", "1", ""}, {"v1.2/img.001.png", "", "a member .001.png of sample v1.2/img, which has no picture"},
			{"v1.2/img.002.png", "", "a member .002.png of sample v1.2/img, which has no picture"}},
	} {
		var got []found
		for l, err := range Load(t.Context(), open1(t, "../testdata/cases/tars/"+name, Options{}), 0, NewDecoder(DefaultMaxPixels), whole) {
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			_, member, _ := strings.Cut(l.Path, memberMark)
			f := found{Member: member, Label: l.Label}
			if l.Err != nil {
				f.Why = l.Err.Error()
			}
			got = append(got, f)
		}
		within := cmp.Comparer(func(a, b string) bool {
			return a == b || a != "" && b != "" && (strings.Contains(a, b) || strings.Contains(b, a))
		})
		if diff := cmp.Diff(want, got, within); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestTarSamples: the samples are those of the webdataset package (testdata/tars.py).
func TestTarSamples(t *testing.T) {
	var want map[string][]string
	data, err := os.ReadFile("testdata/webdataset.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &want); err != nil || len(want) < 40 {
		t.Fatalf("%d shards, %v", len(want), err)
	}
	for name, pictures := range want {
		var got []string
		for item, err := range open1(t, "testdata/tars/"+name, Options{}).Items(t.Context(), 0) {
			if err != nil {
				t.Fatal(err)
			}
			if _, err := item.read(); err != nil {
				continue // given with the reason, where webdataset drops it
			}
			_, member, _ := strings.Cut(item.Path, memberMark)
			key, ending := splitMember(member)
			got = append(got, key+ending)
		}
		if diff := cmp.Diff(pictures, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestTarCounts: what a shard holds beside pictures and labels of samples is counted.
func TestTarCounts(t *testing.T) {
	path := t.TempDir() + "/s.tar"
	write(t, path, tarOf(t, member{"0.png", pngOf(t, 1)}, member{"0.seg.png", pngOf(t, 2)}, member{"0.jpg", pngOf(t, 3)}, member{".DS_Store", nil},
		member{"__MACOSX/._0.png", nil}, member{"1.png", pngOf(t, 4)}))
	s := open1(t, path, Options{})
	if got := read(t, s, 0); len(got) != 2 || s.Ignored != 4 {
		t.Errorf("%d pictures, %d ignored, want 2 and 4", len(got), s.Ignored)
	}
}
