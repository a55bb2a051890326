package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/internal/pgtest"
)

// contract is what both databases must do; open opens the same store again and again.
var contract = []struct {
	name string
	test func(t *testing.T, open func() *Store)
}{
	{"ImagesCountOnce", testImagesCountOnce},
	{"WindowsByCount", testWindowsByCount},
	{"StateGoesFromWindowToWindow", testStateGoesFromWindowToWindow},
	{"EarlierWindowsAreKept", testEarlierWindowsAreKept},
	{"WindowsByTime", testWindowsByTime},
	{"WaitingMomentsAreIndexed", testWaitingMomentsAreIndexed},
	{"FilesAreMarked", testFilesAreMarked},
	{"AlertsAreClaimedOnce", testAlertsAreClaimedOnce},
	{"TwoAtOnce", testTwoAtOnce},
	{"OtherSettingsAreRefused", testOtherSettingsAreRefused},
	{"LookingChangesNothing", testLookingChangesNothing},
	{"SettingsAreAccepted", testSettingsAreAccepted},
	{"GroupsAreApart", testGroupsAreApart},
	{"GroupsAreBounded", testGroupsAreBounded},
}

// testLookingChangesNothing: who looks sees what a watcher commits meanwhile, and writes nothing.
func testLookingChangesNothing(t *testing.T, open func() *Store) {
	s, ctx := open(), context.Background()
	r, err := Look(ctx, s.name) // there is no password in it
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	now := time.Now()
	hash := sha256.Sum256([]byte("a"))
	if _, err := s.Add(ctx, []Image{{Hash: hash, Name: "a", Moment: now, Arrived: now}, {Hash: sha256.Sum256([]byte("b")), Name: "b", Moment: now, Arrived: now}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CloseWindow(ctx, Rule{Images: 2}, now, func(Full) (Outcome, error) {
		return Outcome{State: []byte("{}"), Result: "one", Alerts: []string{"it"}}, nil
	}); err != nil {
		t.Fatal(err)
	}
	closed, err1 := r.Closed(ctx)
	page, err2 := r.Page(ctx, 0, 5)
	window, err3 := r.Window(ctx, 1)
	named, err4 := r.Named(ctx, hash, "a")
	other, err5 := r.Named(ctx, hash, "b")
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil || closed != 1 || len(page) != 1 || window != "one" || !named || other {
		t.Errorf("%v: %d windows, %q, %q, named %v and %v", err, closed, page, window, named, other)
	}
	if _, err := r.Window(ctx, 2); !errors.Is(err, ErrNoWindow) {
		t.Errorf("a window that is open: %v", err)
	}
	if _, err := r.Add(ctx, []Image{{Hash: sha256.Sum256([]byte("c")), Name: "c", Moment: now, Arrived: now}}); err == nil {
		t.Error("who looks can write")
	}
}

func TestSQLite(t *testing.T) {
	for _, c := range contract {
		t.Run(c.name, func(t *testing.T) { c.test(t, opener(t, filepath.Join(t.TempDir(), "100% a?b #1.db"))) })
	}
}

func TestPostgres(t *testing.T) {
	server := pgtest.Start(t)
	for i, c := range contract {
		t.Run(c.name, func(t *testing.T) { c.test(t, opener(t, pgtest.Fresh(t, server, fmt.Sprint("test", i)))) })
	}
}

func opener(t *testing.T, address string) func() *Store {
	return func() *Store {
		s, err := Open(context.Background(), address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		if err := s.Bind(context.Background(), "settings"); err != nil {
			t.Fatal(err)
		}
		return s
	}
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// image is image k, which arrived k minutes after noon.
func image(k int) Image {
	at := noon.Add(time.Duration(k) * time.Minute)
	return Image{Hash: sha256.Sum256([]byte(fmt.Sprint(k))), Name: fmt.Sprint("image ", k), Moment: at, Arrived: at, Payload: []byte{byte(k)}}
}

func images(from, to int) (out []Image) {
	for k := from; k < to; k++ {
		out = append(out, image(k))
	}
	return out
}

func add(t *testing.T, s *Store, images ...Image) []bool {
	t.Helper()
	added, err := s.Add(context.Background(), images)
	if err != nil {
		t.Fatal(err)
	}
	return added
}

// closeWindow closes a window and gives the names of its images; nil when none is full.
func closeWindow(t *testing.T, s *Store, rule Rule, now time.Time) (names []string) {
	t.Helper()
	closed, err := s.CloseWindow(context.Background(), rule, now, func(f Full) (Outcome, error) {
		for _, i := range f.Images {
			names = append(names, i.Name)
		}
		return Outcome{State: append(f.State, byte(f.Number)), Result: fmt.Sprintf("%d", f.Number), Alerts: []string{fmt.Sprintf(`"alert %d"`, f.Number)}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if closed != (names != nil) {
		t.Fatalf("closed: %v, with images %v", closed, names)
	}
	return names
}

func totals(t *testing.T, s *Store) Totals {
	t.Helper()
	got, err := s.Totals(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func testImagesCountOnce(t *testing.T, open func() *Store) {
	s := open()
	twice := []Image{image(1), image(2), image(1)}
	if d := cmp.Diff([]bool{true, true, false}, add(t, s, twice...)); d != "" && cmp.Diff([]bool{false, true, true}, add(t, s, twice...)) != "" {
		t.Errorf("added: (-want +got)\n%s", d)
	}
	if d := cmp.Diff([]bool{false, true}, add(t, open(), image(2), image(3))); d != "" {
		t.Errorf("added by another: (-want +got)\n%s", d)
	}
	bad := image(9)
	bad.Reason, bad.Name = "not a picture", "a\x00b\xff"
	add(t, s, bad)
	for _, c := range []struct {
		k      int
		known  bool
		reason string
	}{{3, true, ""}, {4, false, ""}, {9, true, "not a picture"}} {
		got, err := s.Known(context.Background(), image(c.k))
		if err != nil || got.There != c.known || got.Reason != c.reason {
			t.Errorf("image %d: %+v, %v; expected %v, %q", c.k, got, err, c.known, c.reason)
		}
	}
	if d := cmp.Diff(Totals{Images: 3, Waiting: 3, Unreadable: 1}, totals(t, s)); d != "" {
		t.Errorf("totals: (-want +got)\n%s", d)
	}
}

func testWindowsByCount(t *testing.T, open func() *Store) {
	s := open()
	rule := Rule{Images: 3}
	add(t, s, images(0, 2)...)
	if names := closeWindow(t, s, rule, noon); names != nil {
		t.Errorf("a window of two images was closed: %v", names)
	}
	for _, i := range images(2, 7) { // one by one: those of a batch are in no order
		add(t, s, i)
	}
	first := closeWindow(t, s, rule, noon)
	second := closeWindow(t, open(), rule, noon)
	if len(first) != 3 || first[2] != "image 2" || cmp.Diff([]string{"image 3", "image 4", "image 5"}, second) != "" {
		t.Errorf("windows: %v, %v", first, second)
	}
	if names := closeWindow(t, s, rule, noon); names != nil {
		t.Errorf("closed with one image waiting: %v", names)
	}
	if d := cmp.Diff(Totals{Images: 7, Waiting: 1, Windows: 2, Alerts: 2, Undelivered: 2}, totals(t, s)); d != "" {
		t.Errorf("totals: (-want +got)\n%s", d)
	}
	results, err := s.Windows(context.Background(), 10)
	if d := cmp.Diff([]string{"2", "1"}, results); d != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, d)
	}
	if add(t, s, image(0))[0] {
		t.Error("an image of a closed window was counted again")
	}
}

func testStateGoesFromWindowToWindow(t *testing.T, open func() *Store) {
	s := open()
	add(t, s, images(0, 9)...)
	for range 2 {
		closeWindow(t, open(), Rule{Images: 3}, noon)
	}
	_, err := s.CloseWindow(context.Background(), Rule{Images: 3}, noon, func(f Full) (Outcome, error) {
		if !bytes.Equal(f.State, []byte{1, 2}) || f.Number != 3 || len(f.Images) != 3 || len(f.Images[0].Payload) != 1 {
			t.Errorf("window %d with state %v", f.Number, f.State)
		}
		return Outcome{}, errors.New("no")
	})
	if err == nil || !strings.Contains(err.Error(), "window 3: no") {
		t.Errorf("got %v", err)
	}
	if got := totals(t, s); got.Windows != 2 || got.Waiting != 3 {
		t.Errorf("after a window that failed: %+v", got)
	}
}

// testEarlierWindowsAreKept: the images of some earlier windows can be looked at again, and no more than some.
func testEarlierWindowsAreKept(t *testing.T, open func() *Store) {
	s := open()
	const n, large = keptWindows + 3, 2000
	add(t, s, images(0, 2*n+2)...)
	for range n {
		closeWindow(t, s, Rule{Images: 2}, noon)
	}
	look := func(rule Rule, from int) (first int, names []string) {
		t.Helper()
		_, err := s.CloseWindow(context.Background(), rule, noon, func(f Full) (o Outcome, err error) {
			f.Images = nil
			first, f.Images, err = f.Earlier(from)
			for _, i := range f.Images {
				names = append(names, i.Name)
				if len(i.Payload) != 1 {
					t.Errorf("%s has a payload of %d bytes", i.Name, len(i.Payload))
				}
			}
			return Outcome{Result: "{}"}, err
		})
		if err != nil {
			t.Fatal(err)
		}
		return first, names
	}
	if first, names := look(Rule{Images: 2}, 1); first != n-keptWindows+1 || len(names) != 2*keptWindows {
		t.Errorf("windows from %d on with images %v", first, names)
	}
	add(t, s, images(1000, 1000+4*large)...)
	for _, want := range []int{18, large, 2 * large} {
		if _, names := look(Rule{Images: large}, n-7); len(names) < want || len(names) > keptImages {
			t.Errorf("%d images are kept, expected %d at least and %d at most", len(names), want, keptImages)
		}
	}
	if first, names := look(Rule{Images: large}, 1); first != n+3 || len(names) != 2*large {
		t.Errorf("windows from %d on with %d images", first, len(names))
	}
}

func testWindowsByTime(t *testing.T, open func() *Store) {
	s := open()
	rule := Rule{Every: time.Hour}
	add(t, s, images(10, 12)...) // 12:10, 12:11, as they arrived
	if names := closeWindow(t, s, rule, noon.Add(59*time.Minute)); names != nil {
		t.Errorf("closed before its end: %v", names)
	}
	if names := closeWindow(t, s, rule, noon.Add(60*time.Minute)); len(names) != 2 {
		t.Errorf("at its end by the clock: %v", names)
	}
	timed := func(k int) Image { // taken at k minutes past noon, and arrived much later
		i := image(k)
		i.Arrived = noon.Add(1000 * time.Hour)
		return i
	}
	add(t, s, timed(70), timed(75), timed(20)) // the last is late: its window is closed
	if names := closeWindow(t, s, rule, noon.Add(2000*time.Hour)); names != nil {
		t.Errorf("the clock closed a window of images that have times of their own: %v", names)
	}
	add(t, s, timed(130))
	if names := closeWindow(t, s, rule, noon); len(names) != 3 {
		t.Errorf("by a later image: %v", names)
	}
	if names := closeWindow(t, s, rule, noon); names != nil {
		t.Errorf("closed with nothing later: %v", names)
	}
}

func testFilesAreMarked(t *testing.T, open func() *Store) {
	ctx := context.Background()
	s := open()
	files := []File{{"a", 1, noon}, {"b\xff", 2, noon}}
	if err := s.MarkRead(ctx, files); err != nil {
		t.Fatal(err)
	}
	changed := File{"a", 1, noon.Add(time.Nanosecond)}
	unread, err := open().Unread(ctx, append(files, changed, File{"c", 1, noon}))
	if d := cmp.Diff([]File{changed, {"c", 1, noon}}, unread); d != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, d)
	}
	if err := s.MarkRead(ctx, []File{changed}); err != nil {
		t.Fatal(err)
	}
	if unread, err = s.Unread(ctx, []File{changed}); len(unread) != 0 || err != nil {
		t.Errorf("after it was read again: %v, %v", unread, err)
	}
	if paths, err := s.Files(ctx, "", 1); err != nil || cmp.Diff([]string{"a"}, paths) != "" {
		t.Errorf("the first of the files: %v, %v", paths, err)
	}
	if err := s.Forget(ctx, []string{"a", "never there"}); err != nil {
		t.Fatal(err)
	}
	if paths, err := s.Files(ctx, "", 10); err != nil || cmp.Diff([]string{"b\uFFFD"}, paths) != "" {
		t.Errorf("when one is forgotten: %q, %v", paths, err)
	}
}

// testWaitingMomentsAreIndexed: what is asked at each batch of windows by time does not read all images.
func testWaitingMomentsAreIndexed(t *testing.T, open func() *Store) {
	s := open()
	explain, setting := "EXPLAIN QUERY PLAN ", "SELECT 1"
	if s.lock != "" {
		explain, setting = "EXPLAIN ", "SET LOCAL enable_seqscan = off" // which a table of no rows would get
	}
	var plan []string
	err := s.within(context.Background(), func(tx *sql.Tx) error {
		if _, err := tx.Exec(setting); err != nil {
			return err
		}
		rows, err := tx.Query(explain + s.firstAndLast())
		if err != nil {
			return err
		}
		defer rows.Close()
		columns, _ := rows.Columns()
		for rows.Next() {
			line := make([]any, len(columns))
			for i := range line {
				line[i] = new(any)
			}
			if err := rows.Scan(line...); err != nil {
				return err
			}
			plan = append(plan, fmt.Sprint(*line[len(line)-1].(*any)))
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	if all := strings.Join(plan, "\n"); strings.Count(all, "images_waiting_moment") != 2 {
		t.Errorf("the plan does not use the index twice:\n%s", all)
	}
}

func testAlertsAreClaimedOnce(t *testing.T, open func() *Store) {
	ctx := context.Background()
	s, other := open(), open()
	add(t, s, images(0, 20)...)
	for range 10 {
		closeWindow(t, s, Rule{Images: 2}, noon)
	}
	var lock sync.Mutex
	claimed := map[int64]int{}
	var wait sync.WaitGroup
	for _, s := range []*Store{s, other, s, other} {
		wait.Go(func() {
			for {
				a, ok, err := s.Claim(ctx, noon, time.Minute)
				if err != nil {
					t.Error(err)
				}
				if !ok {
					return
				}
				lock.Lock()
				claimed[a.ID]++
				lock.Unlock()
			}
		})
	}
	wait.Wait()
	for id, n := range claimed {
		if n != 1 {
			t.Errorf("alert %d was claimed %d times", id, n)
		}
	}
	if len(claimed) != 10 {
		t.Errorf("%d alerts claimed, expected 10", len(claimed))
	}
	later := noon.Add(time.Minute)
	a, ok, err := s.Claim(ctx, later, time.Minute)
	if !ok || err != nil || a.Attempts != 2 || a.Result != `"alert 1"` {
		t.Fatalf("after the lease: %+v, %v, %v", a, ok, err)
	}
	if err := s.Delivered(ctx, a.ID, later); err != nil {
		t.Fatal(err)
	}
	b, _, _ := s.Claim(ctx, later, time.Minute)
	if err := s.Postpone(ctx, b.ID, later.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if c, _, _ := s.Claim(ctx, later, time.Minute); c.ID != 3 {
		t.Errorf("then alert %d, expected 3", c.ID)
	}
	if got := totals(t, s); got.Undelivered != 9 {
		t.Errorf("%d undelivered, expected 9", got.Undelivered)
	}
}

// testTwoAtOnce: two processes that add the same images, each in its own order, and close windows, count each once and put it into one window.
func testTwoAtOnce(t *testing.T, open func() *Store) {
	const n, size = 300, 7
	var lock sync.Mutex
	seen, numbers := map[string]int{}, map[int]int{}
	var wait sync.WaitGroup
	for side := range 2 {
		s := open()
		wait.Go(func() {
			for k := 0; k < n; k += 10 {
				var batch []Image
				for j := range 10 {
					at := k + j
					if side == 1 {
						at = (n - 1 - at + n/3) % n
					}
					batch = append(batch, image(at))
				}
				if _, err := s.Add(context.Background(), batch); err != nil {
					t.Error(err)
					return
				}
				_, err := s.CloseWindow(context.Background(), Rule{Images: size}, noon, func(f Full) (Outcome, error) {
					lock.Lock()
					defer lock.Unlock()
					numbers[f.Number]++
					for _, i := range f.Images {
						seen[i.Name]++
					}
					return Outcome{Result: "{}"}, nil
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wait.Wait()
	s := open()
	for closeWindow(t, s, Rule{Images: size}, noon) != nil {
	}
	for name, times := range seen {
		if times != 1 {
			t.Errorf("%s is in %d windows", name, times)
		}
	}
	for number, times := range numbers {
		if times != 1 {
			t.Errorf("window %d was closed %d times", number, times)
		}
	}
	if got := totals(t, s); got.Images != n || got.Windows != n/size || got.Waiting != n%size {
		t.Errorf("%+v, expected %d images", got, n)
	}
}

// testSettingsAreAccepted: a stream goes on with other settings, its history is kept, and who has those before closes no window any more.
func testSettingsAreAccepted(t *testing.T, open func() *Store) {
	ctx, s, late := t.Context(), open(), open()
	if _, err := s.Add(ctx, images(0, 6)); err != nil {
		t.Fatal(err)
	}
	judge := func(f Full) (Outcome, error) { return Outcome{State: []byte("old"), Result: "{}"}, nil }
	if closed, err := s.CloseWindow(ctx, Rule{Images: 2}, noon, judge); !closed || err != nil {
		t.Fatalf("%v, %v", closed, err)
	}
	first, recent, err := s.Recent(ctx, 1)
	if err != nil || first != 1 || len(recent) != 2 {
		t.Errorf("images of window %d: %v, %v", first, recent, err)
	}
	refused := errors.New("not now")
	if _, err := s.Accept(ctx, "others", "a note", noon, func([]byte) ([]byte, error) { return nil, refused }); !errors.Is(err, refused) {
		t.Errorf("refused: %v", err)
	}
	window, err := s.Accept(ctx, "others", "a note", noon, func(state []byte) ([]byte, error) { return append(state, "+new"...), nil })
	if err != nil || window != 1 {
		t.Fatalf("after window %d: %v", window, err)
	}
	if _, err := late.CloseWindow(ctx, Rule{Images: 2}, noon, judge); !errors.Is(err, ErrOther) {
		t.Errorf("a window for the settings before: %v", err)
	}
	if _, err := late.Accept(ctx, "third", "", noon, func(state []byte) ([]byte, error) { return state, nil }); !errors.Is(err, ErrOther) {
		t.Errorf("accepted for the settings before: %v", err)
	}
	var state string
	closed, err := s.CloseWindow(ctx, Rule{Images: 2}, noon, func(f Full) (Outcome, error) {
		state = string(f.State)
		return Outcome{Result: "{}"}, nil
	})
	if !closed || err != nil || state != "old+new" {
		t.Errorf("closed %v with state %q: %v", closed, state, err)
	}
	history, err := s.History(ctx)
	if d := cmp.Diff([]Accepted{{1, noon, "settings", "a note"}}, history); d != "" || err != nil {
		t.Errorf("history: %v\n%s", err, d)
	}
}

func testOtherSettingsAreRefused(t *testing.T, open func() *Store) {
	if err := open().Bind(context.Background(), "others"); !errors.Is(err, ErrOther) {
		t.Errorf("got %v, expected ErrOther", err)
	}
}

// TestKnownAgain: the same file, or the same name at the same time, is the same image; another one with its content repeats it.
func TestKnownAgain(t *testing.T) {
	s, now := opener(t, filepath.Join(t.TempDir(), "drift.db"))(), noon
	file := File{Path: "a", Size: 1, Modified: now}
	later := File{Path: "a", Size: 1, Modified: now.Add(time.Second)}
	read, listed := image(1), image(2)
	read.File, listed.Moment = &file, now
	add(t, s, read, listed)
	for name, c := range map[string]struct {
		k     int
		image Image
		again bool
	}{
		"file":                  {1, Image{Name: "a", File: &file}, true},
		"file that was changed": {1, Image{Name: "a", File: &later}, false},
		"name and time":         {2, Image{Name: listed.Name, Moment: now}, true},
		"name, later":           {2, Image{Name: listed.Name, Moment: now.Add(time.Second)}, false},
		"name in a list":        {2, Image{Name: listed.Name, Listed: true}, true},
		"another name":          {2, Image{Name: "b", Moment: now, Listed: true}, false},
	} {
		c.image.Hash = image(c.k).Hash
		if got, err := s.Known(t.Context(), c.image); err != nil || !got.There || got.Again != c.again {
			t.Errorf("%s: %+v, %v; expected again %v", name, got, err, c.again)
		}
	}
}

// TestDeadHost: a process that dies inside a window's transaction keeps others waiting no longer than the server is told.
func TestDeadHost(t *testing.T) {
	server := pgtest.Start(t)
	dies := opener(t, server+"&idle_in_transaction_session_timeout=300ms")()
	other := opener(t, server+"&lock_timeout=100ms")()
	add(t, dies, images(0, 3)...)
	inside, end := make(chan struct{}), make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		_, err := dies.CloseWindow(context.Background(), Rule{Images: 3}, noon, func(Full) (Outcome, error) {
			close(inside)
			<-end
			return Outcome{Result: "{}"}, nil
		})
		ended <- err
	}()
	<-inside
	refused := 0
	for closed := false; !closed; {
		var err error
		if closed, err = other.CloseWindow(context.Background(), Rule{Images: 3}, noon, func(Full) (Outcome, error) { return Outcome{Result: "{}"}, nil }); err != nil {
			if refused++; refused > 100 || !strings.Contains(err.Error(), "lock timeout") {
				t.Fatal(err)
			}
		}
	}
	if refused == 0 {
		t.Error("it did not wait for the lock at all")
	}
	close(end)
	if err := <-ended; err == nil {
		t.Error("the window was closed twice")
	}
}

// TestPostgresWaits: what the address says goes before what facet sets.
func TestPostgresWaits(t *testing.T) {
	server := pgtest.Start(t)
	for _, c := range []struct{ address, lock, idle string }{
		{server, "1min", "5min"},
		{server + "&lock_timeout=7s", "7s", "5min"},
		{server + "&options=" + "-c%20idle_in_transaction_session_timeout%3D9s", "1min", "9s"},
	} {
		s := opener(t, c.address)()
		var lock, idle string
		if err := s.db.QueryRow(`SELECT current_setting('lock_timeout'), current_setting('idle_in_transaction_session_timeout')`).Scan(&lock, &idle); err != nil {
			t.Fatal(err)
		}
		if lock != c.lock || idle != c.idle {
			t.Errorf("%s: %s and %s, expected %s and %s", c.address, lock, idle, c.lock, c.idle)
		}
	}
}

func TestNewerTablesAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "drift.db")
	s, err := Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err := Open(context.Background(), path); !errors.Is(err, ErrNewer) {
		t.Errorf("got %v, expected ErrNewer", err)
	}
}

func TestBadAddresses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "no database")
	if err := os.WriteFile(file, bytes.Repeat([]byte("no database "), 1000), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ address, says string }{
		{filepath.Join(t.TempDir(), "none", "drift.db"), "expected postgres://"},
		{file, "not a database"},
		{"postgres://facet:secret@localhost:1/drift?connect_timeout=2", "localhost"},
		{"postgres://facet@localhost:1/drift?connect_timeout=2&password=secret", "localhost"},
		{"postgres://facet@localhost:1/drift?sslpassword=secret&pass%77ord=secret&connect_timeout=2", "localhost"},
		{"postgres://facet@localhost:1/drift?password=secret;x", "store postgres://…"},
		{"postgres://facet@localhost:1/drift?password=secret%zz", "cannot parse"},
	} {
		_, err := Open(context.Background(), c.address)
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, expected %q", c.address, err, c.says)
		}
	}
}
