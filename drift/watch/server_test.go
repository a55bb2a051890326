package watch

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/drift/store"
)

// serve runs a watcher that takes posts, and gives its address.
func serve(t testing.TB, w *Watcher) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx, w.Serve(listener)) }()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return "http://" + listener.Addr().String()
}

func post(t testing.TB, address, kind string, body io.Reader) (code int, a answer.Taken) {
	t.Helper()
	response, err := http.Post(address, kind, body)
	if err != nil {
		t.Error(err)
		return 0, a
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&a); err != nil {
		t.Error(err)
	}
	return response.StatusCode, a
}

func get(t testing.TB, address string) (int, string) {
	t.Helper()
	response, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestPosts(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "drift.db"))
	w := newWatcher(t, s, nil)
	w.limits.body = 4000
	address := serve(t, w)
	bomb := picture(1, 0)
	copy(bomb[16:], []byte{0, 0, 0x40, 0, 0, 0, 0x40, 0}) // it says 16,384 × 16,384 pixels
	for _, c := range []struct {
		name, path, kind string
		body             io.Reader
		code             int
		status           Status
		says             string
	}{
		{"new", "/images?name=first&time=2026-01-02T03:04:05Z", "image/png", bytes.NewReader(picture(1, 0)), 201, Counted, ""},
		{"again", "/images", "application/octet-stream", bytes.NewReader(picture(1, 0)), 200, Duplicate, ""},
		{"no picture", "/images", "image/jpeg", strings.NewReader("hello"), 422, Unreadable, "not a picture"},
		{"no picture again", "/images", "image/jpeg", strings.NewReader("hello"), 422, Unreadable, "not a picture"},
		{"empty", "/images", "image/jpeg", strings.NewReader(""), 422, Unreadable, "not a picture"},
		{"bomb", "/images", "image/png", bytes.NewReader(bomb), 422, Unreadable, ""},
		{"form", "/images", "application/x-www-form-urlencoded", bytes.NewReader(picture(2, 0)), 415, "", "expected image/"},
		{"no type", "/images", "", bytes.NewReader(picture(2, 0)), 415, "", "expected image/"},
		{"oversize", "/images", "image/png", bytes.NewReader(make([]byte, 5000)), 413, "", "at most 4000"},
		{"oversize, of unknown length", "/images", "image/png", io.MultiReader(bytes.NewReader(make([]byte, 5000))), 413, "", "more than 4000"},
		{"time", "/images?time=yesterday", "image/png", bytes.NewReader(picture(2, 0)), 400, "", "RFC 3339"},
		{"a plus that is not escaped", "/images?name=plus&time=2026-01-02T03:04:05+02:00", "image/png", bytes.NewReader(picture(3, 0)), 201, Counted, ""},
		{"a long time", "/images?time=" + strings.Repeat("x", 60_000), "image/png", bytes.NewReader(picture(2, 0)), 400, "", "60000 bytes"},
		{"two times", "/images?time=2026-01-02T03:04:05Z&time=2026-01-02T03:04:06Z", "image/png", bytes.NewReader(picture(2, 0)), 400, "", "2 times"},
		{"a parameter that is misspelt", "/images?tiem=2026-01-02T03:04:05Z", "image/png", bytes.NewReader(picture(2, 0)), 400, "", `"tiem"`},
		{"no query", "/images?time=%zz", "image/png", bytes.NewReader(picture(2, 0)), 400, "", "query"},
		{"a long type", "/images", "text/" + strings.Repeat("x", 50_000), bytes.NewReader(picture(2, 0)), 415, "", "50005 bytes"},
		{"name", "/images?name=" + strings.Repeat("a", 2000), "image/png", bytes.NewReader(picture(2, 0)), 400, "", "a name of 2000 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, a := post(t, address+c.path, c.kind, c.body)
			if len(a.Error) > 5000 {
				t.Errorf("an answer of %d bytes", len(a.Error))
			}
			if code != c.code || Status(a.Status) != c.status || !strings.Contains(a.Error, c.says) {
				t.Errorf("%d %+v, expected %d %s %q", code, a, c.code, c.status, c.says)
			}
		})
	}
	if d := cmp.Diff(store.Totals{Images: 2, Waiting: 2, Unreadable: 3}, totals(t, s)); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	for path, want := range map[string]int{"/healthz": 200, "/windows": 200, "/alerts?n=3": 200, "/windows?n=0": 400, "/windows?m=1": 400, "/alerts?n=1&n=2": 400, "/windows?n=" + strings.Repeat("9", 9000): 400, "/images": 405, "/": 404} {
		if code, body := get(t, address+path); code != want {
			t.Errorf("GET %s: %d, expected %d: %s", path, code, want, body)
		}
	}
}

// TestConcurrentPosts: 200 posts at once, each of a hundred pictures twice, are all answered and counted once, through fewer slots.
func TestConcurrentPosts(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "drift.db"))
	w := newWatcher(t, s, nil)
	w.limits.slots = 16
	address := serve(t, w)
	var lock sync.Mutex
	codes := map[int]int{}
	var wait sync.WaitGroup
	for k := range 200 {
		wait.Go(func() {
			code, _ := post(t, address+"/images", "image/png", bytes.NewReader(picture(k%100, 0)))
			lock.Lock()
			defer lock.Unlock()
			codes[code]++
		})
	}
	wait.Wait()
	if d := cmp.Diff(map[int]int{201: 100, 200: 100}, codes); d != "" {
		t.Errorf("codes: (-want +got)\n%s", d)
	}
	if got := closed(t, s, 5); got.Images != 100 {
		t.Errorf("%+v", got)
	}
	code, body := get(t, address+"/windows")
	var windows []answer.Window
	if err := json.Unmarshal([]byte(body), &windows); err != nil || code != 200 || len(windows) != 5 || windows[0].Number != 5 {
		t.Errorf("%d: %v: %d windows", code, err, len(windows))
	}
}

// closed waits until so many windows are closed, which happens after their last image is answered for.
func closed(t testing.TB, s *store.Store, windows int64) store.Totals {
	t.Helper()
	for range 1000 {
		if got := totals(t, s); got.Windows == windows {
			return got
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%+v, expected %d windows", totals(t, s), windows)
	return totals(t, s)
}

// TestManyPosts: memory does not grow with the number of posts.
func TestManyPosts(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: posts 5,000 pictures")
	}
	s := openStore(t, filepath.Join(t.TempDir(), "drift.db"))
	address := serve(t, newWatcher(t, s, func(c *Config) { c.Rule = store.Rule{Images: 200} }))
	send := func(from, to int) {
		var wait sync.WaitGroup
		for lane := range 16 {
			wait.Go(func() {
				for k := from + lane; k < to; k += 16 {
					if code, a := post(t, address+"/images", "image/png", bytes.NewReader(picture(k, 0))); code != 201 {
						t.Errorf("picture %d: %d %+v", k, code, a)
					}
				}
			})
		}
		wait.Wait()
	}
	heap := func() float64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc) / (1 << 20)
	}
	send(0, 1000)
	before := heap()
	send(1000, 5000)
	after := heap()
	t.Logf("heap %.1f MiB after 1,000 posts, %.1f after 5,000", before, after)
	if after > before+4 { // 4,000 images that leaked their payloads would be 25 MiB
		t.Errorf("the heap grew from %.1f to %.1f MiB", before, after)
	}
	if got := closed(t, s, 25); got.Images != 5000 {
		t.Errorf("%+v", got)
	}
}

var metricName = regexp.MustCompile(`(?m)^(facet_drift_\w+?)(_bucket|_sum|_count)?(\{[^}]*\})? `)

// shownMetrics are the names of what /metrics shows after a window with a named change.
func shownMetrics(t testing.TB) (names []string, body string) {
	s := openStore(t, filepath.Join(t.TempDir(), "drift.db"))
	w := newWatcher(t, s, nil)
	address := serve(t, w)
	for k := range 45 {
		post(t, address+"/images", "image/png", bytes.NewReader(picture(k, 255)))
	}
	closed(t, s, 2)
	_, body = get(t, address+"/metrics")
	for _, m := range metricName.FindAllStringSubmatch(body, -1) {
		if !slices.Contains(names, m[1]) {
			names = append(names, m[1])
		}
	}
	return names, body
}

func TestMetrics(t *testing.T) {
	_, body := shownMetrics(t)
	for _, want := range []string{
		"facet_drift_images_total 45", "facet_drift_waiting_images 5", "facet_drift_windows_total 2", "facet_drift_budget 0.05",
		`facet_drift_arrivals_total{status="counted"} 45`, `facet_drift_http_requests_total{code="201"} 45`,
		`facet_drift_concept_score{concept="a text"} `, `facet_drift_concept_evidence{concept="a text"} `, "facet_drift_evidence_max ",
		"facet_drift_window_energy_p ", "facet_drift_encode_seconds_count ", `facet_drift_change_share{direction="more",word="red"} `,
	} {
		if !strings.Contains(body, "\n"+want) {
			t.Errorf("/metrics lacks %q", want)
		}
	}
}

func TestUnhealthyStore(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "drift.db"))
	w := newWatcher(t, s, nil)
	s.Close()
	out := httptest.NewRecorder()
	w.Handler().ServeHTTP(out, httptest.NewRequest("GET", "/healthz", nil))
	if out.Code != http.StatusServiceUnavailable || !strings.Contains(out.Body.String(), "closed") {
		t.Errorf("%d: %s", out.Code, out.Body)
	}
}

// TestBlockedStore: a watcher that waits for a store that another process holds is not well, and says why; afterwards it is again.
func TestBlockedStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "drift.db")
	w := newWatcher(t, openStore(t, path), nil)
	w.limits.turn, w.limits.tick = 200*time.Millisecond, 20*time.Millisecond
	address := serve(t, w)
	db, err := sql.Open("sqlite", path+"?_txlock=immediate&_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	until := func(code int) (body string) {
		t.Helper()
		for range 500 {
			var got int
			if got, body = get(t, address+"/healthz"); got == code {
				return body
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Fatalf("never %d; the last answer is %s", code, body)
		return ""
	}
	until(http.StatusOK)
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if body := until(http.StatusServiceUnavailable); !strings.Contains(body, "the store is blocked") {
		t.Errorf("blocked: %s", body)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	until(http.StatusOK)
}

// TestDeployment: the dashboard and the alert rules ask for metrics that there are.
func TestDeployment(t *testing.T) {
	names, _ := shownMetrics(t)
	asked := regexp.MustCompile(`facet_drift_\w+`)
	for _, file := range []string{"grafana-dashboard.json", "alerts.yml"} {
		data, err := os.ReadFile(filepath.Join("..", "..", "deploy", file))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, ".json") && !json.Valid(data) {
			t.Errorf("%s is no JSON", file)
		}
		found := asked.FindAllString(string(data), -1)
		if len(found) == 0 {
			t.Errorf("%s asks for nothing", file)
		}
		for _, name := range found {
			if !slices.Contains(names, strings.TrimSuffix(name, "_bucket")) {
				t.Errorf("%s asks for %s, which /metrics does not show", file, name)
			}
		}
	}
}

// TestDeploymentNamesGroups: alerts of what each group has series of say which group, and the dashboard adds groups up.
func TestDeploymentNamesGroups(t *testing.T) {
	rules, err := os.ReadFile(filepath.Join("..", "..", "deploy", "alerts.yml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range strings.Split(string(rules), "- alert: ")[1:] {
		name, _, _ := strings.Cut(rule, "\n")
		ofGroups := strings.Contains(rule, "facet_drift_") && !strings.Contains(rule, "facet_drift_http_")
		if strings.Contains(rule, "$labels.group") != ofGroups {
			t.Errorf("%s: its text names a group: %v, expected %v", name, !ofGroups, ofGroups)
		}
	}
	dashboard, err := os.ReadFile(filepath.Join("..", "..", "deploy", "grafana-dashboard.json"))
	if err != nil {
		t.Fatal(err)
	}
	if one := regexp.MustCompile(`max\(facet_drift_(\w+_total|waiting_images|alerts_undelivered)`).FindString(string(dashboard)); one != "" {
		t.Errorf("the dashboard asks for %s…, which is that of one group", one)
	}
	if !strings.Contains(string(dashboard), `"tagKeys": "group"`) {
		t.Error("marks of alerts do not name the group")
	}
}
