package cli

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/drift/store"
	"github.com/facet-clip/facet/internal/pgtest"
)

// smallProfile is a profile of a few scenes.
func smallProfile(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "p")
	succeed(t, driftArgs("profile", "scenes:steady?n=2&seed=1&size=64", "--vary", "1", "--watch", "a yellow car", "-o", dir)...)
	return dir
}

// addPictures writes scenes from to to into a folder.
func addPictures(t *testing.T, dir string, from, to int) {
	t.Helper()
	for k := from; k < to; k++ {
		write(t, filepath.Join(dir, fmt.Sprintf("%04d.png", k)), scenePNG(t, "scenes:steady?n=1000&seed=5&size=64", k))
	}
}

// addOfCameras writes scenes from to to of each of two cameras, north and south, into folders of theirs, as files that are old.
func addOfCameras(t *testing.T, dir string, from, to int) {
	t.Helper()
	for c, camera := range []string{"north", "south"} {
		sub := filepath.Join(dir, camera)
		addPictures(t, sub, 500*c+from, 500*c+to)
		age(t, sub)
	}
}

func TestDriftWatch(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: encodes a hundred scenes")
	}
	p := smallProfile(t)
	db := filepath.Join(t.TempDir(), "drift.db")
	args := driftArgs("watch", p, "scenes:yellow-cars?n=8&seed=3&size=64", "--store", db, "--window", "20")
	var windows []answer.Window
	lines := bufio.NewScanner(strings.NewReader(succeed(t, append(args, "--json")...)))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var w answer.Window
		if err := json.Unmarshal(lines.Bytes(), &w); err != nil {
			t.Fatal(err)
		}
		windows = append(windows, w)
	}
	if len(windows) != 4 || windows[3].Number != 4 || windows[0].Images != 20 || windows[0].Compared == nil || windows[0].Watched[0].Text != "a yellow car" {
		t.Errorf("windows: %+v", windows)
	}
	if out := succeed(t, args...); out != "80 images counted, 0 of them in a window that is still open; 0 cannot be read; windows: 4, alerts: 0\n" {
		t.Errorf("the same stream again: %s", out)
	}
	for _, c := range []struct{ flag, value, says string }{
		{"--window", "60", "the store holds another stream"},
		{"--budget", "0.2", "the store holds another stream"},
	} {
		if code, _, log := facet(t, append(args, c.flag, c.value)...); code != exitFailure || !strings.Contains(log, c.says) {
			t.Errorf("%s %s: exit code %d: %s", c.flag, c.value, code, log)
		}
	}
}

// TestDriftWatchKilled: killed 20 times at random moments while a folder grows, every image is counted once and lies in one window.
func TestDriftWatchKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: kills 20 processes")
	}
	p, dir, db := smallProfile(t), t.TempDir(), filepath.Join(t.TempDir(), "drift.db")
	const lives, each, window = 20, 8, 30
	watching := func(db string) []string {
		return driftArgs("watch", p, dir, "--store", db, "--window", fmt.Sprint(window), "--every", "20ms")
	}
	addPictures(t, dir, 0, each)
	age(t, dir)
	began := time.Now()
	if err := start(t, append(watching(filepath.Join(t.TempDir(), "other.db")), "--once")...).Wait(); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began) // a life that is not cut off
	args := watching(db)
	r := rand.New(rand.NewPCG(uint64(began.UnixNano()), 0))
	var counts []int64
	for life := range lives {
		addPictures(t, dir, life*each, (life+1)*each)
		age(t, dir)
		cmd := start(t, args...)
		time.Sleep(took/4 + time.Duration(r.Int64N(int64(3*took/2))))
		cmd.Process.Kill()
		if cmd.Wait() == nil {
			t.Fatal("it ended by itself")
		}
		counts = append(counts, count(t, db, `SELECT count(*) FROM images`))
	}
	t.Logf("undisturbed %v; images in the store after each kill: %v", took, counts)
	if counts[lives-1] < each { // on a machine that is too busy
		t.Errorf("only %d images were counted before the last kill: nothing was tested", counts[lives-1])
	}
	succeed(t, append(args, "--once")...)
	const n = lives * each
	for what, query := range map[string]string{
		"images":                    `SELECT count(*) FROM images WHERE reason IS NULL`,
		"contents":                  `SELECT count(DISTINCT hash) FROM images`,
		"names":                     `SELECT count(DISTINCT name) FROM images`,
		"images in windows or open": fmt.Sprintf(`SELECT sum(images) + %d FROM windows`, n%window),
		"files":                     `SELECT count(*) FROM files`,
	} {
		if got := count(t, db, query); got != n {
			t.Errorf("%s: %d, expected %d", what, got, n)
		}
	}
	if wrong := count(t, db, fmt.Sprintf(`SELECT count(*) FROM (SELECT window_number FROM images WHERE window_number IS NOT NULL
		GROUP BY window_number HAVING count(*) <> %d) AS w`, window)); wrong != 0 {
		t.Errorf("%d windows do not hold %d images", wrong, window)
	}
	if last := count(t, db, `SELECT max(number) FROM windows`); last != n/window {
		t.Errorf("the last window is %d, expected %d", last, n/window)
	}
}

// TestDriftGroupsKilled: killed at random moments while pictures of two cameras come, each image lies in one window of its camera.
func TestDriftGroupsKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: kills 8 processes")
	}
	p, dir, db := smallProfile(t), t.TempDir(), filepath.Join(t.TempDir(), "drift.db")
	const lives, each, window = 8, 6, 10 // of each camera
	whole := driftArgs("watch", p, dir, "--store", db, "--window", fmt.Sprint(window), "--every", "20ms")
	args := append(slices.Clone(whole), "--per", "group")
	for life := range lives {
		addOfCameras(t, dir, life*each, (life+1)*each)
		cmd := start(t, args...)
		time.Sleep(time.Duration(500+rand.IntN(1500)) * time.Millisecond)
		cmd.Process.Kill()
		if cmd.Wait() == nil {
			t.Fatal("it ended by itself")
		}
	}
	if before := count(t, db, `SELECT count(*) FROM images`); before == 0 {
		t.Error("no image was counted before the last kill: nothing was tested")
	}
	succeed(t, append(args, "--once")...)
	const n = lives * each
	for camera := range map[string]bool{"north": true, "south": true} {
		of := fmt.Sprintf(`(SELECT id FROM stream WHERE name = '%s')`, camera)
		for what, c := range map[string]struct {
			query string
			want  int64
		}{
			"images":                {`SELECT count(*) FROM images WHERE stream = ` + of, n},
			"images in its windows": {`SELECT sum(images) FROM windows WHERE stream = ` + of, n - n%window},
			"windows":               {`SELECT max(number) FROM windows WHERE stream = ` + of, n / window},
			"images of the other":   {`SELECT count(*) FROM images WHERE name NOT LIKE '%/` + camera + `/%' AND stream = ` + of, 0},
		} {
			if got := count(t, db, c.query); got != c.want {
				t.Errorf("%s: %s: %d, expected %d", camera, what, got, c.want)
			}
		}
	}
	if code, _, log := facet(t, append(whole, "--once")...); code != exitFailure || !strings.Contains(log, "the store holds another stream") {
		t.Errorf("without --per: exit code %d: %s", code, log)
	}
}

// age makes the files of a folder old enough to count as written, so that they are read at once.
func age(t *testing.T, dir string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		if time.Since(info.ModTime()) < time.Minute { // those of earlier lives keep their time, by which they are known
			old := info.ModTime().Add(-time.Hour)
			if err := os.Chtimes(filepath.Join(dir, f.Name()), old, old); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func count(t *testing.T, path, query string) (n int64) {
	t.Helper()
	db, err := sql.Open("sqlite", path+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(query).Scan(&n); err != nil {
		if strings.Contains(err.Error(), "no such table") { // killed before it was made
			return 0
		}
		t.Fatal(err)
	}
	return n
}

// TestDriftWatchTwoOnPostgres: two processes that watch one folder with one PostgreSQL store, of which one is killed on the way, count every image once.
func TestDriftWatchTwoOnPostgres(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: encodes a hundred scenes, twice")
	}
	address := pgtest.Start(t)
	p, dir := smallProfile(t), t.TempDir()
	const n, window = 100, 30
	addPictures(t, dir, 0, n)
	args := driftArgs("watch", p, dir, "--store", address, "--window", fmt.Sprint(window), "--once")
	first, second, third := start(t, args...), start(t, args...), start(t, args...)
	time.Sleep(1500 * time.Millisecond)
	third.Process.Kill()
	third.Wait()
	for _, cmd := range []interface{ Wait() error }{first, second} {
		if err := cmd.Wait(); err != nil {
			t.Errorf("a watcher ended with %v", err)
		}
	}
	s, err := store.Open(context.Background(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	got, err := s.Totals(context.Background())
	if err != nil || got.Images != n || got.Windows != n/window || got.Waiting != n%window {
		t.Errorf("%+v, %v; expected %d images", got, err, n)
	}
}

// TestDriftWatchServes: a process that listens takes a picture, and ends by Ctrl-C with its code.
func TestDriftWatchServes(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: takes some seconds")
	}
	p := smallProfile(t)
	cmd, log := startLogged(t, driftArgs("watch", p, "--listen", "localhost:0", "--store", filepath.Join(t.TempDir(), "drift.db"))...)
	address := ""
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		if _, after, ok := strings.Cut(lines.Text(), "listening at "); ok {
			address = after
			break
		}
	}
	dir := t.TempDir()
	addPictures(t, dir, 0, 1)
	picture, err := os.ReadFile(filepath.Join(dir, "0000.png"))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Post(address+"/images", "image/png", bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusCreated {
		t.Errorf("posted: %s", response.Status)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	go func() {
		for lines.Scan() {
		}
	}()
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted {
		t.Errorf("exit code %d, expected %d", code, exitInterrupted)
	}
}

func TestDriftWatchBadInput(t *testing.T) {
	p := smallProfile(t)
	db := filepath.Join(t.TempDir(), "drift.db")
	for _, c := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"no source", []string{p}, exitUsage, "expected a SOURCE, --listen or both"},
		{"window of one", []string{p, "x", "--window", "1"}, exitUsage, "--window 1"},
		{"window too large", []string{p, "x", "--window", "1000000"}, exitUsage, "2 to 10000 images"},
		{"window of words", []string{p, "x", "--window", "daily"}, exitUsage, "such as 1h"},
		{"budget", []string{p, "x", "--budget", "1.5"}, exitUsage, "--budget 1.5"},
		{"level", []string{p, "x", "--level", "0"}, exitUsage, "--level 0"},
		{"per", []string{p, "x", "--per", "moon"}, exitUsage, "--per moon: expected group"},
		{"once for ever", []string{p, "x", "--once", "--listen", ":0"}, exitUsage, "--once --listen"},
		{"every", []string{p, "x", "--every", "0s"}, exitUsage, "--every 0s"},
		{"webhook", []string{p, "x", "--webhook", "ftp://x"}, exitUsage, "--webhook ftp://x"},
		{"listen", []string{p, "--listen", "nowhere:99999"}, exitFailure, "--listen nowhere:99999"},
		{"no profile", []string{filepath.Join(p, "none"), "x"}, exitFailure, "facet drift profile wrote"},
		{"no dataset", []string{p, filepath.Join(p, "none")}, exitFailure, "none"},
		{"store in no folder", []string{p, "scenes:steady?n=1", "--store", filepath.Join(p, "none", "x.db")}, exitFailure, "expected postgres://"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, _, log := facet(t, driftArgs(append([]string{"watch", "--store", db}, c.args...)...)...)
			if code != c.code || !strings.Contains(log, c.says) {
				t.Errorf("code %d, expected %d with %q: %s", code, c.code, c.says, log)
			}
		})
	}
}
