package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// testGroupsAreApart: each group has windows, numbers, state and alerts of its own, and together they are the store.
func testGroupsAreApart(t *testing.T, open func() *Store) {
	ctx, s := t.Context(), open()
	for k := range 12 { // of which every third is of the north
		i := image(k)
		if i.Group = "south"; k%3 == 2 {
			i.Group = "north"
		}
		add(t, s, i)
	}
	again := image(0)
	again.Group = "east" // whose content was counted for the south
	if d := cmp.Diff([]bool{false}, add(t, s, again)); d != "" {
		t.Error(d)
	}
	rule := Rule{Images: 3}
	if got := closeWindow(t, s, rule, noon); got != nil {
		t.Errorf("the whole stream has a window of %v", got)
	}
	var names []string
	groups, err := s.Groups(ctx, 0)
	for _, g := range groups {
		names = append(names, fmt.Sprint(g.Turn(), " ", g.Group()))
	}
	if d := cmp.Diff([]string{"1 south", "2 north", "3 east"}, names); d != "" || err != nil {
		t.Fatalf("groups: %v\n%s", err, d)
	}
	south, north := groups[0], groups[1]
	if ready, err := s.Groups(ctx, 5); err != nil || len(ready) != 1 || ready[0].Group() != "south" {
		t.Errorf("with five images that wait: %v, %v", ready, err)
	}
	if d := cmp.Diff([]string{"image 0", "image 1", "image 3"}, closeWindow(t, south, rule, noon)); d != "" {
		t.Errorf("the south's first window\n%s", d)
	}
	if d := cmp.Diff([]string{"image 2", "image 5", "image 8"}, closeWindow(t, north, rule, noon)); d != "" {
		t.Errorf("the north's first window\n%s", d)
	}
	if d := cmp.Diff([]string{"image 4", "image 6", "image 7"}, closeWindow(t, south, rule, noon)); d != "" {
		t.Errorf("the south's second window\n%s", d)
	}
	for what, c := range map[string]struct {
		of   *Store
		want Totals
	}{
		"south": {south, Totals{Images: 8, Waiting: 2, Windows: 2, Alerts: 2, Undelivered: 2}},
		"north": {north, Totals{Images: 4, Waiting: 1, Windows: 1, Alerts: 1, Undelivered: 1}},
		"all":   {s.All(), Totals{Images: 12, Waiting: 3, Windows: 3, Alerts: 3, Undelivered: 3}},
		"whole": {s, Totals{}},
	} {
		if d := cmp.Diff(c.want, totals(t, c.of)); d != "" {
			t.Errorf("%s\n%s", what, d)
		}
	}
	first, kept, err := south.Recent(ctx, 1)
	if err != nil || first != 1 || len(kept) != 6 {
		t.Errorf("kept of the south: from %d, %d images, %v", first, len(kept), err)
	}
	mine, err1 := north.Alerts(ctx, 9)
	all, err2 := s.All().Windows(ctx, 9)
	if d := cmp.Diff([]string{`"alert 1"`}, mine); d != "" || len(all) != 3 || errors.Join(err1, err2) != nil {
		t.Errorf("alerts of the north and all windows: %v, %v\n%s", all, errors.Join(err1, err2), d)
	}
	r, err := Look(ctx, s.name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if groups, err := r.Groups(ctx, 0); err != nil || len(groups) != 3 || totals(t, groups[0]).Windows != 2 {
		t.Errorf("who looks sees %v, %v", groups, err)
	}
}

// testGroupsAreBounded: two that name many new groups at once agree on their turns, and name no more than there may be.
func testGroupsAreBounded(t *testing.T, open func() *Store) {
	a, b := open(), open()
	var wait sync.WaitGroup
	for _, s := range []*Store{a, b} {
		wait.Go(func() {
			for k := 0; k < MostGroups+20; k += 8 {
				var some []Image
				for n := range 8 {
					i := image(k + n)
					i.Group = fmt.Sprint("group ", k+n)
					some = append(some, i)
				}
				if _, err := s.Add(context.Background(), some); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wait.Wait()
	groups, err := a.Groups(t.Context(), 0)
	if err != nil || len(groups) != MostGroups+1 || groups[MostGroups].Group() != OtherGroups {
		t.Fatalf("%d groups, %v", len(groups), err)
	}
	for k, g := range groups {
		if g.Turn() != k+1 {
			t.Fatalf("group %d has turn %d", k+1, g.Turn())
		}
	}
	if got := totals(t, groups[MostGroups]); got.Waiting != 24 {
		t.Errorf("of further groups: %+v", got)
	}
}

// TestStoreWithoutGroups: a store that an earlier facet left is read as it is, and goes on when it is opened.
func TestStoreWithoutGroups(t *testing.T) {
	path := filepath.Join(t.TempDir(), "drift.db")
	db, err := sql.Open("sqlite", sqliteName(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"00001_stream", "00002_indexes", "00003_accepted"} {
		text, err := migrations.ReadFile("migrations/sqlite/" + name + ".sql")
		if err != nil {
			t.Fatal(err)
		}
		up, _, _ := strings.Cut(string(text), "-- +goose Down")
		if _, err := db.Exec(up); err != nil {
			t.Fatal(err)
		}
	}
	_, err = db.Exec(`CREATE TABLE goose_db_version (id INTEGER PRIMARY KEY AUTOINCREMENT, version_id INTEGER NOT NULL, is_applied INTEGER NOT NULL, tstamp TIMESTAMP DEFAULT (datetime('now')));
		INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, 1), (1, 1), (2, 1), (3, 1);
		INSERT INTO stream (id, settings, state, windows, images) VALUES (1, 'settings', 'state', 2, 4);
		INSERT INTO images (hash, name, moment, arrived, window_number, payload) VALUES (x'01', 'a', 1, 1, 1, x'01'), (x'02', 'b', 1, 1, 2, x'02'), (x'03', 'c', 1, 1, NULL, x'03');
		INSERT INTO windows (number, images, closed, result) VALUES (1, 2, 1, 'one'), (2, 2, 2, 'two');
		INSERT INTO alerts (id, number, result) VALUES (7, 2, 'it')`)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	want := Totals{Images: 5, Waiting: 1, Windows: 2, Alerts: 1, Undelivered: 1}
	check := func(s *Store) {
		t.Helper()
		windows, err1 := s.Windows(t.Context(), 9)
		one, err2 := s.Window(t.Context(), 1)
		groups, err3 := s.Groups(t.Context(), 0)
		if d := cmp.Diff(want, totals(t, s)); d != "" || errors.Join(err1, err2, err3) != nil || one != "one" || len(groups) != 0 || !cmp.Equal(windows, []string{"two", "one"}) {
			t.Errorf("%q, %q, %v, %v\n%s", windows, one, groups, errors.Join(err1, err2, err3), d)
		}
	}
	r, err := Look(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	check(r)
	r.Close()
	s := opener(t, path)()
	check(s)
	if a, ok, err := s.Claim(t.Context(), noon, 1); err != nil || !ok || a.ID != 7 {
		t.Errorf("the alert that waits: %+v, %v", a, err)
	}
	add(t, s, image(1))
	if got := closeWindow(t, s, Rule{Images: 2}, noon); len(got) != 2 {
		t.Errorf("the next window holds %v", got)
	}
	if text, err := s.Window(t.Context(), 3); err != nil || text != "3" {
		t.Errorf("the next window is %q, %v", text, err)
	}
}
