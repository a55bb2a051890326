package watch

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/facet-clip/facet/dataset"
)

// MaxBody is how many bytes a posted picture may have.
const MaxBody = 16 << 20

// limits bound what posts may take (at most slots·body bytes of pictures are in memory, whatever comes), and what the watcher waits for.
type limits struct {
	body        int64         // bytes of a picture
	slots       int           // posts that are read or wait to be counted; others wait for one of them to end
	slotWait    time.Duration // at most
	bodyTimeout time.Duration // to send a picture
	answer      time.Duration // until a picture that came is counted
	settling    time.Duration // of files of a folder that is looked through once
	turn        time.Duration // of taking up images, in good health
	tick        time.Duration // between looks at whether time, or another watcher, filled a window
}

var defaultLimits = limits{
	body: MaxBody, slots: 64, slotWait: 30 * time.Second, bodyTimeout: 30 * time.Second, answer: time.Minute, settling: time.Minute, turn: 2 * time.Minute, tick: 5 * time.Second,
}

const (
	headTimeout  = 10 * time.Second // to send a header
	writeTimeout = 3 * time.Minute  // from a header to the end of the answer
	idleTimeout  = 2 * time.Minute
	maxHeader    = 1 << 16
	shutdownTime = 20 * time.Second // for posts under way
	longestName  = 1024             // bytes
	mostRows     = 1000             // of /windows and /alerts
)

// Serve serves HTTP on a listener until ctx is done, and lets posts under way end. docs/watch.md lists the addresses.
func (w *Watcher) Serve(listener net.Listener) func(context.Context) error {
	return func(ctx context.Context) error {
		server := &http.Server{Handler: w.Handler(), ReadHeaderTimeout: headTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader}
		served := make(chan error, 1)
		go func() { served <- server.Serve(listener) }()
		select {
		case err := <-served:
			return err
		case <-ctx.Done():
		}
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
		defer cancel()
		if err := server.Shutdown(ending); err != nil {
			slog.Warn("posts were cut off", "reason", err)
			server.Close()
		}
		return ctx.Err()
	}
}

// Handler answers POST /images, and GET /metrics, /healthz, /windows and /alerts.
func (w *Watcher) Handler() http.Handler {
	slots := make(chan struct{}, w.limits.slots)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /images", func(out http.ResponseWriter, in *http.Request) {
		code, answer := w.posted(out, in, slots)
		w.metrics.requests.WithLabelValues(strconv.Itoa(code)).Inc()
		if code == http.StatusServiceUnavailable {
			out.Header().Set("Retry-After", "5")
		}
		reply(out, code, answer)
	})
	mux.HandleFunc("GET /healthz", w.health)
	mux.HandleFunc("GET /windows", func(out http.ResponseWriter, in *http.Request) { rows(out, in, w.Store.Windows) })
	mux.HandleFunc("GET /alerts", func(out http.ResponseWriter, in *http.Request) { rows(out, in, w.Store.Alerts) })
	mux.Handle("GET /metrics", promhttp.HandlerFor(w.metrics.registry, promhttp.HandlerOpts{}))
	return mux
}

// answer is what a post is told.
type answer struct {
	Status Status `json:"status,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
	Error  string `json:"error,omitempty"`
}

func reply(out http.ResponseWriter, code int, v any) {
	out.Header().Set("Content-Type", "application/json")
	out.WriteHeader(code)
	json.NewEncoder(out).Encode(v)
}

func refuse(code int, format string, args ...any) (int, answer) {
	return code, answer{Error: fmt.Sprintf(format, args...)}
}

// posted takes up a posted picture and answers when it is in the store.
func (w *Watcher) posted(out http.ResponseWriter, in *http.Request, slots chan struct{}) (int, answer) {
	http.NewResponseController(out).SetReadDeadline(time.Now().Add(w.limits.slotWait + w.limits.bodyTimeout))
	kind, _, _ := mime.ParseMediaType(in.Header.Get("Content-Type"))
	if !strings.HasPrefix(kind, "image/") && kind != "application/octet-stream" {
		return refuse(http.StatusUnsupportedMediaType, "Content-Type %q: expected image/… or application/octet-stream", in.Header.Get("Content-Type"))
	}
	if in.ContentLength > w.limits.body {
		return refuse(http.StatusRequestEntityTooLarge, "%d bytes: expected at most %d", in.ContentLength, w.limits.body)
	}
	name := in.URL.Query().Get("name")
	if len(name) > longestName {
		return refuse(http.StatusBadRequest, "a name of %d bytes: expected at most %d", len(name), longestName)
	}
	moment, err := moment(in.URL.Query().Get("time"))
	if err != nil {
		return refuse(http.StatusBadRequest, "%v", err)
	}
	ctx, cancel := context.WithTimeout(in.Context(), w.limits.slotWait)
	defer cancel()
	select {
	case slots <- struct{}{}:
		defer func() { <-slots }()
	case <-ctx.Done():
		return refuse(http.StatusServiceUnavailable, "too many posts at once: try again")
	case <-w.dead:
		return refuse(http.StatusServiceUnavailable, "%v", ErrStopped)
	}
	http.NewResponseController(out).SetReadDeadline(time.Now().Add(w.limits.bodyTimeout))
	data, err := io.ReadAll(http.MaxBytesReader(out, in.Body, w.limits.body))
	if err != nil {
		return unreceived(err)
	}
	http.NewResponseController(out).SetReadDeadline(time.Time{}) // or it would end the wait for the answer
	return w.take(in.Context(), name, data, moment)
}

// take counts the bytes of a picture.
func (w *Watcher) take(ctx context.Context, name string, data []byte, moment time.Time) (int, answer) {
	ctx, cancel := context.WithTimeout(ctx, w.limits.answer)
	defer cancel()
	c := dataset.NewContent("the picture", data)
	if name == "" {
		name = fmt.Sprintf("posted:%x", c.Hash)
	}
	a, err := w.prepareNext(ctx, c, name, moment)
	if err == nil {
		err = w.submit(ctx, a)
	}
	if err != nil {
		return refuse(http.StatusServiceUnavailable, "%v", err)
	}
	status, err := w.wait(ctx, a)
	if err != nil {
		return refuse(http.StatusServiceUnavailable, "%v", err)
	}
	said := answer{Status: status, SHA256: hex.EncodeToString(c.Hash[:]), Error: a.image.Reason}
	switch status {
	case Counted:
		return http.StatusCreated, said
	case Unreadable:
		return http.StatusUnprocessableEntity, said
	}
	return http.StatusOK, said
}

// prepareNext prepares content when there is a place to decode it.
func (w *Watcher) prepareNext(ctx context.Context, c dataset.Content, name string, moment time.Time) (*arrival, error) {
	if err := w.decode.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer w.decode.Release(1)
	return w.prepare(ctx, c, name, moment)
}

// unreceived says why a body did not come whole.
func unreceived(err error) (int, answer) {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return refuse(http.StatusRequestEntityTooLarge, "more than %d bytes", large.Limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return refuse(http.StatusRequestTimeout, "the picture did not come in time")
	}
	return refuse(http.StatusBadRequest, "the picture did not come whole: %v", err)
}

// moment reads RFC 3339; nothing is no time.
func moment(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, fmt.Errorf("time %q: expected RFC 3339, such as 2026-01-02T15:04:05Z", s)
	}
	return t, nil
}

const pingTimeout = 5 * time.Second

// health is well while the store answers and images are taken up.
func (w *Watcher) health(out http.ResponseWriter, in *http.Request) {
	ctx, cancel := context.WithTimeout(in.Context(), pingTimeout)
	defer cancel()
	if err := w.Store.Ping(ctx); err != nil {
		reply(out, http.StatusServiceUnavailable, answer{Error: err.Error()})
		return
	}
	select {
	case <-w.dead:
		reply(out, http.StatusServiceUnavailable, answer{Error: ErrStopped.Error()})
		return
	default:
	}
	if ago := time.Since(*w.turned.Load()); ago > w.limits.turn {
		reply(out, http.StatusServiceUnavailable, answer{Error: fmt.Sprintf("images were last taken up %v ago: the store is blocked or was out of reach, or the model is too slow",
			ago.Round(time.Millisecond))})
		return
	}
	reply(out, http.StatusOK, answer{Status: "ok"})
}

// rows answers with the last rows of the store, the newest first: 100, or n of the query.
func rows(out http.ResponseWriter, in *http.Request, last func(context.Context, int) ([]string, error)) {
	n := 100
	if text := in.URL.Query().Get("n"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil || n < 1 || n > mostRows {
			reply(out, http.StatusBadRequest, answer{Error: fmt.Sprintf("n=%s: expected 1 to %d", text, mostRows)})
			return
		}
	}
	results, err := last(in.Context(), n)
	if err != nil {
		reply(out, http.StatusServiceUnavailable, answer{Error: err.Error()})
		return
	}
	all := make([]json.RawMessage, len(results))
	for i, r := range results {
		all[i] = json.RawMessage(r)
	}
	reply(out, http.StatusOK, all)
}
