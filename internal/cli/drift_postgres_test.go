package cli

import (
	"bufio"
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/drift/profile"
	"github.com/facet-clip/facet/internal/pgtest"
)

// TestThreeWatchersKilled: three watchers follow one folder with one PostgreSQL store, and one after the other is killed at random moments, while a
// drift comes, goes, comes back and is accepted, by processes that are killed too. Every image is counted once and every window is told once; the
// episodes are those of one watcher that nobody disturbs. Until the drift is over, and when it is back, each window has pictures that are known: ten
// pictures decide what raises an episode, and what raised it decides when it is over.
func TestThreeWatchersKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: encodes hundreds of scenes and kills dozens of processes")
	}
	const window = 10
	k := &killing{t: t, address: pgtest.Start(t), dir: t.TempDir(), hook: newHook(t), random: rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))}
	k.profile = filepath.Join(t.TempDir(), "p")
	succeed(t, driftArgs("profile", "scenes:steady?n=20&seed=1&size=64", "--vary", "0", "--watch", "a yellow car", "-o", k.profile)...)
	k.db = opened(t, "pgx", k.address)
	k.flags = []string{"--store", k.address, "--window", fmt.Sprint(window)}

	k.watchers()
	k.calm(window)
	k.calm(window)
	k.drift(2, window)
	k.calm(6 * window)
	k.drift(3, window)
	k.check(window)
	events := k.events()
	if d := cmp.Diff(k.undisturbed(window), events); d != "" {
		t.Errorf("episodes (-undisturbed +killed)\n%s", d)
	}
	for _, event := range []string{"begin 1", "clear 1", "return 2"} {
		if !strings.Contains(strings.Join(events, " "), event) {
			t.Fatalf("the drift did not come, go and come back: %v", events)
		}
	}

	k.end()
	k.accept()
	before := len(k.events())
	k.watchers()
	k.phase(k.inverted(3*window, 2*window))
	k.check(window)
	if more := k.events()[before:]; len(more) > 0 {
		t.Errorf("alerts after the new state was accepted: %v", more)
	}
	k.end()
	k.hook.check(t, k.count(`SELECT count(*) FROM alerts`), k.kills)
	t.Logf("%d kills; %v", k.kills, events)
}

// killing is a stream whose watchers are killed.
type killing struct {
	t                *testing.T
	address, profile string
	flags            []string
	dir              string
	hook             *hook
	random           *rand.Rand
	db               *sql.DB
	running          []*exec.Cmd
	printed          []string // files of what they print
	images, kills    int
	phases           byte
}

func (k *killing) watchers() {
	for range 3 {
		k.running = append(k.running, k.start("watch", k.profile, k.dir, "--every", "20ms", "--webhook", k.hook.URL, "--json"))
	}
}

// start starts a verb of drift on the stream, which prints into a file.
func (k *killing) start(args ...string) *exec.Cmd {
	k.t.Helper()
	cmd := exec.Command(os.Args[0], driftArgs(append(args, k.flags...)...)...)
	cmd.Env = append(os.Environ(), "FACET_TEST_MAIN=1", "FACET_CACHE="+k.t.TempDir())
	out, err := os.CreateTemp(k.t.TempDir(), "out")
	if err != nil {
		k.t.Fatal(err)
	}
	defer out.Close()
	k.printed = append(k.printed, out.Name())
	if cmd.Stdout = out; cmd.Start() != nil {
		k.t.Fatal("no process")
	}
	return cmd
}

func (k *killing) end() {
	for _, cmd := range k.running {
		cmd.Process.Signal(os.Interrupt)
	}
	for _, cmd := range k.running {
		cmd.Wait()
	}
	k.running = nil
}

// shown is a scene as the stream shows it.
type shown struct {
	scene    int
	inverted bool
	mark     byte // changes a bit or two of the picture: the same scene may come again as another content
}

// calm adds scenes that were not shown yet, all at once: which of them make a window depends on who counts first.
func (k *killing) calm(n int) {
	k.t.Helper()
	var all []shown
	for i := range n {
		all = append(all, shown{scene: k.images + i})
	}
	k.phase(all)
}

// drift adds so many windows of inverted pictures, one after the other, always of the same scenes: so its windows are the same each time.
func (k *killing) drift(windows, window int) {
	k.t.Helper()
	for w := range windows {
		k.phase(k.inverted(w*window, window))
	}
}

func (k *killing) inverted(from, n int) (out []shown) {
	k.phases++
	for i := range n {
		out = append(out, shown{900 + from + i, true, k.phases})
	}
	return out
}

// phase adds pictures and kills watchers until all are counted.
func (k *killing) phase(all []shown) {
	k.t.Helper()
	for _, s := range all {
		writeScene(k.t, filepath.Join(k.dir, fmt.Sprintf("%04d.png", k.images)), s)
		k.images++
	}
	age(k.t, k.dir)
	for until := time.Now().Add(5 * time.Minute); k.count(`SELECT count(*) FROM images`) < k.images; {
		if time.Now().After(until) {
			k.t.Fatalf("%d of %d images were counted", k.count(`SELECT count(*) FROM images`), k.images)
		}
		time.Sleep(time.Second + time.Duration(k.random.Int64N(int64(2*time.Second))))
		one := k.random.IntN(len(k.running))
		k.running[one].Process.Kill()
		k.running[one].Wait()
		k.kills++
		k.running[one] = k.start("watch", k.profile, k.dir, "--every", "20ms", "--webhook", k.hook.URL, "--json")
	}
}

// writeScene writes a scene of a calm world, or its negative.
func writeScene(t *testing.T, file string, s shown) {
	t.Helper()
	var out bytes.Buffer
	draw(t, fmt.Sprintf("scenes:steady?n=1000&seed=5&size=64#%d", s.scene), func(img *image.NRGBA) error {
		for i := range img.Pix {
			if s.inverted && i%4 < 3 {
				img.Pix[i] = 255 - img.Pix[i]
			}
		}
		img.Pix[0] ^= s.mark
		return png.Encode(&out, img)
	})
	write(t, file, out.Bytes())
}

// check waits for the last windows to close and looks whether anything was lost or told twice.
func (k *killing) check(window int) {
	k.t.Helper()
	for range 100 {
		if k.count(`SELECT count(*) FROM windows`) == k.images/window {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	for what, c := range map[string]struct {
		query string
		want  int
	}{
		"images":                {`SELECT count(*) FROM images WHERE reason IS NULL`, k.images},
		"contents":              {`SELECT count(DISTINCT hash) FROM images`, k.images},
		"names":                 {`SELECT count(DISTINCT name) FROM images`, k.images},
		"windows":               {`SELECT count(*) FROM windows`, k.images / window},
		"windows of other size": {fmt.Sprintf(`SELECT count(*) FROM (SELECT count(*) AS n FROM images WHERE window_number IS NOT NULL GROUP BY window_number) AS w WHERE n <> %d`, window), 0},
		"images in windows":     {`SELECT images FROM stream`, k.images / window * window},
		"events told twice": {`SELECT count(*) FROM (SELECT result::json->>'episode' AS e, result::json->>'event' AS what FROM alerts
			WHERE result::json->>'event' <> 'change' GROUP BY 1, 2 HAVING count(*) > 1) AS twice`, 0},
		"alerts of two windows": {`SELECT count(*) FROM alerts WHERE number <> (result::json->>'window')::int`, 0},
	} {
		if got := k.count(c.query); got != c.want {
			k.t.Errorf("%s: %d, expected %d", what, got, c.want)
		}
	}
	for number, times := range k.windowsPrinted() {
		if times > 1 {
			k.t.Errorf("window %d was printed %d times", number, times)
		}
	}
}

func (k *killing) windowsPrinted() map[int]int {
	times := map[int]int{}
	for _, file := range k.printed {
		f, err := os.Open(file)
		if err != nil {
			k.t.Fatal(err)
		}
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var w answer.Window
			if json.Unmarshal(lines.Bytes(), &w) == nil { // the last line of who was killed may be cut off
				times[w.Number]++
			}
		}
		f.Close()
	}
	return times
}

// count is 0 while the tables are not there yet.
func (k *killing) count(query string) (n int) {
	k.t.Helper()
	if err := k.db.QueryRow(query).Scan(&n); err != nil && !strings.Contains(err.Error(), "does not exist") {
		k.t.Fatal(err)
	}
	return n
}

// events are what alerts say: the window, the event, the episode and what is new.
func (k *killing) events() (out []string) {
	k.t.Helper()
	for _, row := range rowsOf(k.t, k.db, `SELECT result FROM alerts ORDER BY id`, 1) {
		out = append(out, event(k.t, row[0]))
	}
	return out
}

func event(t *testing.T, result string) string {
	t.Helper()
	var a answer.Alert
	if err := json.Unmarshal([]byte(result), &a); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("window %d: %s %d", a.Window, a.Event, a.Episode)
}

// undisturbed are the events of one watcher with an SQLite store that sees the images in the order in which the others counted them.
func (k *killing) undisturbed(window int) (out []string) {
	k.t.Helper()
	printed := succeed(k.t, driftArgs("watch", k.profile, inOrder(k.t, k.db), "--store", filepath.Join(k.t.TempDir(), "drift.db"), "--window", fmt.Sprint(window), "--json")...)
	for line := range strings.Lines(printed) {
		var w answer.Window
		if err := json.Unmarshal([]byte(line), &w); err != nil {
			k.t.Fatal(err)
		}
		for _, a := range w.Alerts {
			out = append(out, fmt.Sprintf("window %d: %s %d", a.Window, a.Event, a.Episode))
		}
	}
	return out
}

// accept makes the state of the stream its reference, by processes that are killed at random moments until one gets through. Whatever the moment, the
// store is bound to one of the two profiles, which is whole.
func (k *killing) accept() {
	k.t.Helper()
	settings := func() (s string) {
		if err := k.db.QueryRow(`SELECT settings FROM stream`).Scan(&s); err != nil {
			k.t.Fatal(err)
		}
		return s
	}
	before := settings()
	for try := 0; ; try++ {
		folder := filepath.Join(k.t.TempDir(), "new")
		cmd := k.start("accept", k.profile, "-o", folder, "--windows", "3", "--note", fmt.Sprint("try ", try))
		if try < 8 {
			time.Sleep(time.Duration(k.random.Int64N(int64(time.Duration(try+1) * 300 * time.Millisecond))))
			cmd.Process.Kill()
			k.kills++
		}
		cmd.Wait()
		accepted := k.count(`SELECT count(*) FROM accepted`)
		if now := settings(); (now != before) != (accepted == 1) {
			k.t.Fatalf("after try %d: %d accepted, settings %s, before %s", try, accepted, now, before)
		}
		if accepted == 1 {
			sum, err := profile.Fingerprint(folder)
			if err != nil || !strings.Contains(settings(), sum) {
				k.t.Fatalf("the store is bound to %s, the new profile is %s, %v", settings(), sum, err)
			}
			k.t.Logf("accepted by try %d", try)
			k.profile = folder
			return
		}
		if try > 8 {
			k.t.Fatal("nothing was accepted")
		}
	}
}

// hook takes alerts.
type hook struct {
	*httptest.Server
	mutex sync.Mutex
	posts map[int64][]string // by id
}

func newHook(t *testing.T) *hook {
	h := &hook{posts: map[int64][]string{}}
	h.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, in *http.Request) {
		var m answer.AlertMessage
		body, err := io.ReadAll(in.Body)
		if err != nil || json.Unmarshal(body, &m) != nil {
			return // a watcher that was killed on the way: it is posted again
		}
		h.mutex.Lock()
		defer h.mutex.Unlock()
		h.posts[m.ID] = append(h.posts[m.ID], m.Text)
	}))
	t.Cleanup(h.Close)
	return h
}

// check looks whether every alert came, again only where a watcher was killed before it could note that it had, and then with the same words.
func (h *hook) check(t *testing.T, alerts, kills int) {
	t.Helper()
	h.mutex.Lock()
	defer h.mutex.Unlock()
	again := 0
	for id, texts := range h.posts {
		again += len(texts) - 1
		for _, text := range texts {
			if text != texts[0] {
				t.Errorf("alert %d came as %q and as %q", id, texts[0], text)
			}
		}
	}
	if len(h.posts) != alerts || again > kills {
		t.Errorf("%d alerts came, %d of them again, after %d kills; expected %d", len(h.posts), again, kills, alerts)
	}
}
