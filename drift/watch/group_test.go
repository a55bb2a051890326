package watch

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/drift"
)

// TestGroups: each camera is a stream of its own. A drift of one is told of that one alone, whose windows are those of a stream that only it is in.
func TestGroups(t *testing.T) {
	const images = 120 // of each camera
	of := func(w *Watcher, cameras ...string) func(func(dataset.Item, error) bool) {
		return func(yield func(dataset.Item, error) bool) {
			for k := range images {
				for c, camera := range cameras {
					red := uint8(0)
					if camera == "north" && k >= images/2 {
						red = 200
					}
					if camera == "north" {
						c = 1
					}
					for item := range list(t, 1000*c+k, 1000*c+k+1, red) {
						if item.Path, item.Group = fmt.Sprint(camera, " ", k), camera; !yield(item, nil) {
							return
						}
					}
				}
			}
		}
	}
	follow := func(change func(*Config), cameras ...string) map[string][]answer.Window {
		out := map[string][]answer.Window{}
		w := newWatcher(t, openStore(t, filepath.Join(t.TempDir(), "drift.db")), func(c *Config) {
			c.Closed = func(w answer.Window) { out[w.Group] = append(out[w.Group], w) }
			change(c)
		})
		run(t, w, w.Items(of(w, cameras...), ignore))
		return out
	}
	apart := follow(func(c *Config) { c.PerGroup = true }, "south", "north", "east")
	var said []string
	for _, camera := range []string{"south", "north", "east"} {
		if len(apart[camera]) != images/20 {
			t.Errorf("%s has %d windows, expected %d", camera, len(apart[camera]), images/20)
		}
		for i, w := range apart[camera] {
			if w.Number != i+1 {
				t.Errorf("%s: window %d has number %d", camera, i+1, w.Number)
			}
			for _, a := range w.Alerts {
				if said = append(said, a.Group); a.Budget != 0.05/6 || !strings.Contains(Sentence(a), " of north") {
					t.Errorf("budget %g: %s", a.Budget, Sentence(a))
				}
			}
		}
	}
	if len(said) == 0 || strings.Join(said, "") != strings.Repeat("north", len(said)) {
		t.Errorf("alerts of %v, expected them of north alone", said)
	}
	alone := follow(func(c *Config) { c.Budget *= drift.GroupShare(2) }, "north")[""]
	same := cmp.Options{cmpopts.IgnoreFields(answer.Window{}, "First", "Last", "Closed", "Group"), cmpopts.IgnoreFields(answer.Alert{}, "Group"), cmpopts.EquateApprox(1e-4, 1e-9)}
	if d := cmp.Diff(alone, apart["north"], same); d != "" {
		t.Errorf("north alone, and beside others (-alone +beside)\n%s", d)
	}
}

// TestGroupsShareTheBudget: however many groups turn up, their budgets are the budget in sum.
func TestGroupsShareTheBudget(t *testing.T) {
	sum := 0.0
	for turn := 1; turn <= 1001; turn++ {
		sum += drift.GroupShare(turn)
	}
	if sum > 1 || sum < 0.99 || drift.GroupShare(0) != 1 {
		t.Errorf("the shares of 1,001 groups sum to %g", sum)
	}
}

// TestPostedGroups: a post names its group, and windows, alerts and metrics do too.
func TestPostedGroups(t *testing.T) {
	w := newWatcher(t, openStore(t, filepath.Join(t.TempDir(), "drift.db")), func(c *Config) { c.PerGroup = true })
	address := serve(t, w)
	for k := range 60 {
		camera := "north"
		if k%3 == 0 {
			camera = "the+yard"
		}
		if code, a := post(t, address+"/images?group="+camera, "image/png", bytes.NewReader(picture(k, 0))); code != http.StatusCreated {
			t.Fatalf("%d: %+v", code, a)
		}
	}
	closed(t, w.Store.All(), 3)
	for _, query := range []string{"", "?group=", "?group=" + strings.Repeat("x", 101), "?group=a%0Ab"} {
		if code, a := post(t, address+"/images"+query, "image/png", bytes.NewReader(picture(99, 0))); code != http.StatusBadRequest || !strings.Contains(a.Error, "group") {
			t.Errorf("%s: %d: %+v", query, code, a)
		}
	}
	if _, body := get(t, address+"/windows?group=north"); strings.Count(body, `"group":"north","window":`) != 2 {
		t.Errorf("windows of north: %s", body)
	}
	if _, body := get(t, address+"/windows"); strings.Count(body, `"group":"`) != 3 {
		t.Errorf("all windows: %s", body)
	}
	if code, _ := get(t, address+"/alerts?group=east"); code != http.StatusNotFound {
		t.Errorf("alerts of a group that there is not: %d", code)
	}
	_, body := get(t, address+"/metrics")
	for _, want := range []string{
		`facet_drift_windows_total{group="north"} 2`, `facet_drift_windows_total{group="the yard"} 1`, `facet_drift_budget{group="the yard"} 0.025`,
		`facet_drift_budget{group="north"} 0.008333`, `facet_drift_concept_score{concept="a text",group="north"} `,
	} {
		if !strings.Contains(body, "\n"+want) {
			t.Errorf("/metrics lacks %q", want)
		}
	}
	plain := serve(t, newWatcher(t, openStore(t, filepath.Join(t.TempDir(), "drift.db")), nil))
	if code, _ := post(t, plain+"/images?group=north", "image/png", bytes.NewReader(picture(1, 0))); code != http.StatusBadRequest {
		t.Errorf("a group where none are followed: %d", code)
	}
}

// TestFoldersAreGroups: of a watched folder the folders directly below are the groups.
func TestFoldersAreGroups(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{"a.png": "", "north/a.png": "north", "north/2025/a.png": "north"} {
		if got := groupOfFile(dir, filepath.Join(dir, filepath.FromSlash(path))); got != want {
			t.Errorf("%s: %q, expected %q", path, got, want)
		}
	}
	write(t, dir, "a.png", picture(1, 0))
	for k := range 3 {
		sub := filepath.Join(dir, "north")
		if err := os.MkdirAll(sub, 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, sub, fmt.Sprint(k, ".png"), picture(10+k, 0))
	}
	s := openStore(t, filepath.Join(t.TempDir(), "drift.db"))
	w := newWatcher(t, s, func(c *Config) { c.PerGroup = true })
	run(t, w, w.Folder(dir, 0, true, ignore))
	got := map[string]int64{}
	groups, err := s.Groups(t.Context(), 0)
	for _, g := range groups {
		got[g.Group()] = totals(t, g).Waiting
	}
	if d := cmp.Diff(map[string]int64{NoGroup: 1, "north": 3}, got); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
}

// TestFolderThatIsNoGroup: a folder whose name cannot be a group's is passed over, and the others are followed.
func TestFolderThatIsNoGroup(t *testing.T) {
	dir := t.TempDir()
	for k, name := range []string{strings.Repeat("x", 101), "north"} {
		sub := filepath.Join(dir, name)
		if err := os.MkdirAll(sub, 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, sub, "a.png", picture(k, 0))
	}
	s := openStore(t, filepath.Join(t.TempDir(), "drift.db"))
	w := newWatcher(t, s, func(c *Config) { c.PerGroup = true })
	run(t, w, w.Folder(dir, 0, true, ignore))
	groups, err := s.Groups(t.Context(), 0)
	if err != nil || len(groups) != 1 || groups[0].Group() != "north" {
		t.Errorf("%d groups, %v, expected north alone", len(groups), err)
	}
}
