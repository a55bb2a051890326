package watch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/drift/record"
	"github.com/facet-clip/facet/drift/store"
)

const (
	postTimeout = 10 * time.Second
	lease       = 30 * time.Second // of an attempt, in which no other watcher makes one
	longestWait = 5 * time.Minute  // between attempts
	lookAgain   = 2 * time.Second  // for alerts that are due
)

// poster follows no redirect: that would be a GET without the alert, whose answer says nothing.
var poster = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// deliver posts alerts until ctx is done. Each is tried until it arrives, with growing pauses; what is left is tried by the next run.
func (w *Watcher) deliver(ctx context.Context) error {
	if w.Webhook == "" {
		return nil
	}
	for {
		posted, err := w.deliverOne(ctx)
		if err != nil && ctx.Err() == nil {
			w.Log.Warn("an alert could not be looked up", "reason", err)
		}
		if posted {
			continue
		}
		select {
		case <-w.alerts:
		case <-time.After(lookAgain):
		case <-ctx.Done():
			return nil
		}
	}
}

// drain makes a last effort at the end of a stream, and tells what stays undelivered.
func (w *Watcher) drain(ctx context.Context) error {
	if w.Webhook == "" || ctx.Err() != nil {
		return nil
	}
	until := time.Now().Add(farewell)
	for {
		t, err := w.Store.All().Totals(ctx)
		if err != nil || t.Undelivered == 0 {
			return err
		}
		if time.Now().After(until) {
			w.Log.Warn("alerts stay undelivered; the next run tries again", "alerts", t.Undelivered)
			return nil
		}
		if posted, err := w.deliverOne(ctx); err != nil || !posted {
			select {
			case <-time.After(lookAgain / 4):
			case <-ctx.Done():
				return nil
			}
		}
	}
}

// deliverOne posts the oldest alert that is due; false when there is none, or it did not arrive. A post that is begun is not cut off when
// ctx is done: the other side would have taken it, and get it again.
func (w *Watcher) deliverOne(ctx context.Context) (bool, error) {
	ctx, cancel := lingering(ctx)
	defer cancel()
	a, ok, err := w.Store.Claim(ctx, time.Now(), lease)
	if err != nil || !ok {
		return false, err
	}
	if err := w.post(ctx, a); err != nil {
		wait := pause(a.Attempts)
		w.Log.Warn("an alert was not delivered", "attempt", a.Attempts, "again in", wait.Round(time.Millisecond), "reason", err)
		return false, w.Store.Postpone(ctx, a.ID, time.Now().Add(wait))
	}
	return true, w.Store.Delivered(ctx, a.ID, time.Now())
}

// pause doubles with every attempt, from a second on, and varies by a quarter so that watchers do not keep step.
func pause(attempts int) time.Duration {
	wait := min(time.Second<<min(attempts-1, 20), longestWait)
	return time.Duration(float64(wait) * (0.75 + rand.Float64()/2))
}

func (w *Watcher) post(ctx context.Context, a store.Alert) error {
	alert, err := record.Alert([]byte(a.Result))
	if err != nil {
		return err
	}
	body, err := json.Marshal(answer.AlertMessage{Text: "facet: " + Sentence(*alert), ID: a.ID, Alert: *alert})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, postTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.Webhook, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := poster.Do(request)
	if refused := (*url.Error)(nil); errors.As(err, &refused) {
		return fmt.Errorf("%s: %w", request.URL.Host, refused.Err) // the rest of the address may be a secret
	}
	if err != nil {
		return err
	}
	defer response.Body.Close()
	io.Copy(io.Discard, io.LimitReader(response.Body, 1<<16)) // so that the connection can serve again
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("%s answered %s", request.URL.Host, response.Status)
	}
	return nil
}
