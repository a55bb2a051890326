package watch

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/drift/store"
)

// hook records what is posted to it and answers with the codes given, then with 200.
type hook struct {
	*httptest.Server
	mutex sync.Mutex
	codes []int
	got   []answer.AlertMessage
}

func newHook(t *testing.T, codes ...int) *hook {
	h := &hook{codes: codes}
	h.Server = httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		h.mutex.Lock()
		defer h.mutex.Unlock()
		var m answer.AlertMessage
		body, _ := io.ReadAll(in.Body)
		if err := json.Unmarshal(body, &m); err != nil {
			t.Errorf("%v: %s", err, body)
		}
		h.got = append(h.got, m)
		if len(h.codes) > 0 {
			out.WriteHeader(h.codes[0])
			h.codes = h.codes[1:]
		}
	}))
	t.Cleanup(h.Close)
	return h
}

// alerting is a store with an alert in it.
func alerting(t *testing.T) *store.Store {
	s := openStore(t, filepath.Join(t.TempDir(), "drift.db"))
	w := newWatcher(t, s, nil)
	run(t, w, w.Items(list(t, 0, 60, 255), ignore))
	if totals(t, s).Undelivered == 0 {
		t.Fatal("a stream of red pictures raised no alert")
	}
	return s
}

// TestWebhook: an alert is posted until it is taken, then no more; text and identifier are the same at each attempt.
func TestWebhook(t *testing.T) {
	s := alerting(t)
	h := newHook(t, 500, 429)
	w := newWatcher(t, s, func(c *Config) { c.Webhook = h.URL + "/secret" })
	run(t, w, func(context.Context) error { return nil })
	n := int(totals(t, s).Alerts)
	if len(h.got) != n+2 {
		t.Fatalf("%d posts of %d alerts, of which two were refused", len(h.got), n)
	}
	first := h.got[0]
	if !strings.HasPrefix(first.Text, "facet: drift in window ") || first.ID == 0 || len(first.Alert.RaisedBy) == 0 {
		t.Errorf("posted: %+v", first)
	}
	attempts := map[int64]int{}
	for _, m := range h.got {
		attempts[m.ID]++
	}
	if len(attempts) != n {
		t.Errorf("posts by alert: %v, expected %d alerts", attempts, n)
	}
	if got := totals(t, s); got.Undelivered != 0 {
		t.Errorf("%d undelivered", got.Undelivered)
	}
	again := newWatcher(t, s, func(c *Config) { c.Webhook = h.URL })
	run(t, again, func(context.Context) error { return nil })
	if len(h.got) != n+2 {
		t.Errorf("%d posts after all were taken, expected %d", len(h.got), n+2)
	}
}

// TestUndeliveredAlertsStay: what a run could not deliver the next one does.
func TestUndeliveredAlertsStay(t *testing.T) {
	s := alerting(t)
	w := newWatcher(t, s, func(c *Config) { c.Webhook = "http://localhost:1/hook" })
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	w.Run(ctx, func(ctx context.Context) error { <-ctx.Done(); return nil })
	if totals(t, s).Undelivered == 0 {
		t.Fatal("delivered to nobody")
	}
	h := newHook(t)
	w = newWatcher(t, s, func(c *Config) { c.Webhook = h.URL })
	run(t, w, func(context.Context) error { return nil })
	if got := totals(t, s); got.Undelivered != 0 || len(h.got) != int(got.Alerts) {
		t.Errorf("%+v after %d posts", got, len(h.got))
	}
}

func TestPauses(t *testing.T) {
	for attempts, want := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 5: 16 * time.Second, 12: longestWait, 1000: longestWait} {
		if got := pause(attempts); got < want*3/4 || got > want*5/4 {
			t.Errorf("pause after %d attempts: %v, expected about %v", attempts, got, want)
		}
	}
}
