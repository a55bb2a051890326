package watch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

const deploy = "../../deploy/"

// prometheusTool is a program of Prometheus. Without it the test is skipped, or fails where FACET_REQUIRE_PROMETHEUS is set.
func prometheusTool(t *testing.T, name string) (path string) {
	t.Helper()
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
	case os.Getenv("FACET_REQUIRE_PROMETHEUS") != "":
		t.Fatal(err)
	default:
		t.Skip("needs Prometheus:", err)
	}
	return path
}

// promtool runs a check, which must find nothing.
func promtool(t *testing.T, in string, args ...string) {
	t.Helper()
	cmd := exec.Command(prometheusTool(t, "promtool"), args...)
	cmd.Stdin = strings.NewReader(in)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// TestPrometheus: a real Prometheus scrapes a watcher of two cameras, takes the rules and raises the alert of the camera that drifts, and every question of
// the dashboard has an answer.
func TestPrometheus(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: waits for scrapes")
	}
	w := newWatcher(t, openStore(t, filepath.Join(t.TempDir(), "drift.db")), func(c *Config) { c.PerGroup = true })
	address := serve(t, w)
	send := func(from, to int, camera string, red uint8) {
		t.Helper()
		for k := from; k < to; k++ {
			if code, a := post(t, address+"/images?group="+camera, "image/png", bytes.NewReader(picture(k, red))); code != http.StatusCreated {
				t.Fatalf("%d: %+v", code, a)
			}
		}
	}
	send(0, 41, "yard", 0)
	send(1000, 1041, "north", 0)
	closed(t, w.Store.All(), 4)
	_, metrics := get(t, address+"/metrics")
	promtool(t, metrics, "check", "metrics")
	promtool(t, "", "check", "rules", deploy+"alerts.yml")
	promtool(t, "", "test", "rules", deploy+"alerts_test.yml")

	p := startPrometheus(t, strings.TrimPrefix(address, "http://"))
	p.until(`facet_drift_windows_total{group="north"} == 2`)
	send(2000, 2100, "north", 255)
	p.until(`ALERTS{alertname="FacetDrift",group="north",alertstate="firing"}`)
	if got := p.ask(`ALERTS{alertname="FacetDrift",group!="north"}`); len(got) > 0 {
		t.Errorf("a camera without drift: %v", got)
	}
	for _, q := range dashboardQueries(t) {
		if got := p.ask(q); len(got) == 0 {
			t.Errorf("the dashboard asks %s, and there is no answer", q)
		}
	}
}

// dashboardQueries are what the dashboard asks, of all instances.
func dashboardQueries(t *testing.T) (list []string) {
	t.Helper()
	data, err := os.ReadFile(deploy + "grafana-dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`"expr": "((?:[^"\\]|\\.)*)"`).FindAllStringSubmatch(string(data), -1) {
		var expr string
		if err := json.Unmarshal([]byte(`"`+m[1]+`"`), &expr); err != nil {
			t.Fatal(err)
		}
		list = append(list, strings.ReplaceAll(expr, "$instance", ".+"))
	}
	if len(list) < 15 {
		t.Fatalf("only %d questions were found", len(list))
	}
	return list
}

// scraping is a Prometheus that scrapes one address each second, with the rules for alerts.
type scraping struct {
	t   *testing.T
	url string
}

func startPrometheus(t *testing.T, target string) scraping {
	t.Helper()
	program, dir := prometheusTool(t, "prometheus"), t.TempDir()
	rules, err := filepath.Abs(deploy + "alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf("global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [%q]\nscrape_configs: [{job_name: facet-drift, static_configs: [{targets: [%q]}]}]\n", rules, target)
	write(t, dir, "prometheus.yml", []byte(config))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	l.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "--config.file="+filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+at, "--log.level=warn")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		var exit *exec.ExitError
		if err := cmd.Wait(); err != nil && !errors.Is(err, context.Canceled) && !errors.As(err, &exit) {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("Prometheus says:\n%s", log.String())
		}
	})
	return scraping{t, "http://" + at}
}

// ask is the answer to a question: its series, as JSON.
func (s scraping) ask(query string) []json.RawMessage {
	s.t.Helper()
	response, err := http.Get(s.url + "/api/v1/query?query=" + url.QueryEscape(query))
	if err != nil {
		return nil // it is about to start
	}
	defer response.Body.Close()
	var a struct {
		Status, Error string
		Data          struct{ Result []json.RawMessage }
	}
	if err := json.NewDecoder(response.Body).Decode(&a); err != nil && response.StatusCode != http.StatusServiceUnavailable {
		s.t.Fatalf("%s: %v", query, err)
	}
	if a.Status == "error" {
		s.t.Errorf("%s: %s", query, a.Error)
	}
	return a.Data.Result
}

// until waits for an answer.
func (s scraping) until(query string) {
	s.t.Helper()
	for range 300 {
		if len(s.ask(query)) > 0 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.t.Fatalf("no answer in half a minute to %s", query)
}
