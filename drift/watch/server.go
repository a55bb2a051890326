package watch

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/drift/store"
	"github.com/facet-clip/facet/internal/foreign"
	"github.com/facet-clip/facet/internal/serving"
)

// MaxBody is how many bytes a posted picture may have.
const MaxBody = 16 << 20

// limits bound what posts may take (at most slots·body + heads·head bytes of pictures are in memory, whatever comes), and what the watcher waits
// for.
type limits struct {
	body        int64         // bytes of a picture
	head        int64         // bytes of it that are read before it has a slot
	heads       int           // posts whose first bytes are read, or that wait for a slot; others are told to come again
	slots       int           // posts that are read on or wait to be counted; others wait for one of them to end
	slotWait    time.Duration // at most
	rate        int64         // bytes a second that a picture must bring
	grace       time.Duration // added to what it may take at that rate
	brisk       time.Duration // in a slot, before a place among the slow is needed
	bodyTimeout time.Duration // to send a picture, at any rate
	answer      time.Duration // until a picture that came is counted
	settling    time.Duration // of files of a folder that is looked through once
	turn        time.Duration // of taking up images, in good health
	tick        time.Duration // between looks at whether time, or another watcher, filled a window
}

var defaultLimits = limits{
	body: MaxBody, head: 64 << 10, heads: 512, slots: 64, slotWait: 30 * time.Second, rate: 16 << 10, grace: 3 * time.Second, brisk: 2 * time.Second,
	bodyTimeout: 30 * time.Second, answer: time.Minute, settling: time.Minute, turn: 2 * time.Minute, tick: 5 * time.Second,
}

// slowShare is how many slots there are to one for slow posts.
const slowShare = 4

const (
	headTimeout  = 10 * time.Second // to send a header
	writeTimeout = 3 * time.Minute  // from a header to the end of the answer
	idleTimeout  = 2 * time.Minute
	maxHeader    = 1 << 16
	shutdownTime = 20 * time.Second // for posts under way
	longestName  = 1024             // bytes
	mostRows     = 1000             // of /windows and /alerts
)

// Serve serves HTTP on a listener until ctx is done, and lets posts under way end. docs/guide/watch.md lists the addresses.
func (w *Watcher) Serve(listener net.Listener) func(context.Context) error {
	return func(ctx context.Context) error {
		server := &http.Server{Handler: w.Handler(), ReadHeaderTimeout: headTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader}
		err := serving.Until(ctx, server, listener, shutdownTime, func(err error) { w.Log.Warn("posts were cut off", "reason", err) })
		if err != nil {
			return err
		}
		return ctx.Err()
	}
}

// Handler answers POST /images, and GET /metrics, /healthz, /windows and /alerts.
func (w *Watcher) Handler() http.Handler {
	room := newRoom(w.limits)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /images", func(out http.ResponseWriter, in *http.Request) {
		code, told := w.posted(out, in, room)
		w.metrics.requests.WithLabelValues(strconv.Itoa(code)).Inc()
		switch code {
		case http.StatusServiceUnavailable:
			out.Header().Set("Retry-After", "5")
		case http.StatusUnsupportedMediaType:
			out.Header().Set("Accept-Encoding", "identity")
		}
		reply(out, code, told)
	})
	mux.HandleFunc("GET /healthz", w.health)
	mux.HandleFunc("GET /windows", func(out http.ResponseWriter, in *http.Request) { w.rows(out, in, (*store.Store).Windows) })
	mux.HandleFunc("GET /alerts", func(out http.ResponseWriter, in *http.Request) { w.rows(out, in, (*store.Store).Alerts) })
	mux.Handle("GET /metrics", promhttp.HandlerFor(w.metrics.registry, promhttp.HandlerOpts{}))
	return mux
}

func reply(out http.ResponseWriter, code int, v any) {
	out.Header().Set("Content-Type", "application/json")
	out.WriteHeader(code)
	json.NewEncoder(out).Encode(v)
}

func refuse(code int, format string, args ...any) (int, answer.Taken) {
	return code, answer.Taken{Error: foreign.Message(fmt.Sprintf(format, args...))}
}

// posted takes up a posted picture and answers when it is in the store.
func (w *Watcher) posted(out http.ResponseWriter, in *http.Request, r *room) (int, answer.Taken) {
	if code, a := w.acceptable(in); code != 0 {
		return code, a
	}
	known := []string{"name", "time"}
	if w.PerGroup {
		known = append(known, "group")
	}
	parameters, err := query(in, known...)
	if err == nil && w.PerGroup && parameters["group"] == "" {
		err = errors.New("parameter group is missing: expected the group of the picture, such as its camera")
	}
	if err != nil {
		return refuse(http.StatusBadRequest, "%v", err)
	}
	name := parameters["name"]
	if len(name) > longestName {
		return refuse(http.StatusBadRequest, "a name of %d bytes: expected at most %d", len(name), longestName)
	}
	group, err := w.groupOf(parameters["group"])
	if err != nil {
		return refuse(http.StatusBadRequest, "%v", err)
	}
	moment, err := moment(parameters["time"])
	if err != nil {
		return refuse(http.StatusBadRequest, "%v", err)
	}
	if err := w.Store.Intact(); err != nil {
		return refuse(http.StatusServiceUnavailable, "%v", err)
	}
	data, leave, err := w.receive(out, in, r)
	if err != nil {
		return unreceived(err)
	}
	defer leave()
	return w.take(in.Context(), name, group, data, moment)
}

// acceptable refuses, by its header, what is no picture as it is; code 0 is for what may be one.
func (w *Watcher) acceptable(in *http.Request) (code int, a answer.Taken) {
	kind, _, _ := mime.ParseMediaType(in.Header.Get("Content-Type"))
	coding := strings.Join(in.Header.Values("Content-Encoding"), ", ")
	switch {
	case !strings.HasPrefix(kind, "image/") && kind != "application/octet-stream":
		return refuse(http.StatusUnsupportedMediaType, "Content-Type %s: expected image/… or application/octet-stream", foreign.Quote(in.Header.Get("Content-Type")))
	case coding != "" && !strings.EqualFold(coding, "identity"):
		return refuse(http.StatusUnsupportedMediaType, "Content-Encoding %s: expected the picture as it is, without a Content-Encoding", foreign.Quote(coding))
	case in.ContentLength > w.limits.body:
		return refuse(http.StatusRequestEntityTooLarge, "%d bytes: expected at most %d", in.ContentLength, w.limits.body)
	}
	return 0, a
}

// take counts the bytes of a picture.
func (w *Watcher) take(ctx context.Context, name, group string, data []byte, moment time.Time) (int, answer.Taken) {
	ctx, cancel := context.WithTimeout(ctx, w.limits.answer)
	defer cancel()
	c := dataset.NewContent("the picture", data)
	if name == "" {
		name = fmt.Sprintf("posted:%x", c.Hash)
	}
	a, err := w.prepareNext(ctx, c, store.Image{Name: name, Group: group, Moment: moment})
	if err == nil {
		err = w.submit(ctx, a)
	}
	if err != nil {
		return w.notTaken(err)
	}
	status, err := w.wait(ctx, a)
	if err != nil {
		return w.notTaken(err)
	}
	said := answer.Taken{Status: string(status), SHA256: hex.EncodeToString(c.Hash[:]), Error: a.image.Reason}
	switch status {
	case Counted:
		return http.StatusCreated, said
	case Unreadable:
		return http.StatusUnprocessableEntity, said
	}
	return http.StatusOK, said
}

// notTaken says why a picture is not in the store: where time ran out, what the store refuses it for.
func (w *Watcher) notTaken(err error) (int, answer.Taken) {
	if trouble := w.trouble.Load(); trouble != nil && errors.Is(err, context.DeadlineExceeded) {
		return refuse(http.StatusServiceUnavailable, "%s", *trouble)
	}
	return refuse(http.StatusServiceUnavailable, "%v", err)
}

// prepareNext prepares content when there is a place to decode it.
func (w *Watcher) prepareNext(ctx context.Context, c dataset.Content, i store.Image) (*arrival, error) {
	if err := w.decode.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer w.decode.Release(1)
	return w.prepare(ctx, c, i)
}

const pingTimeout = 5 * time.Second

// health is well while the store answers and images are taken up.
func (w *Watcher) health(out http.ResponseWriter, in *http.Request) {
	ctx, cancel := context.WithTimeout(in.Context(), pingTimeout)
	defer cancel()
	if err := w.Store.Ping(ctx); err != nil {
		reply(out, http.StatusServiceUnavailable, answer.Taken{Error: err.Error()})
		return
	}
	select {
	case <-w.dead:
		reply(out, http.StatusServiceUnavailable, answer.Taken{Error: ErrStopped.Error()})
		return
	default:
	}
	if trouble := w.trouble.Load(); trouble != nil {
		reply(out, http.StatusServiceUnavailable, answer.Taken{Error: *trouble})
		return
	}
	if ago := time.Since(*w.turned.Load()); ago > w.limits.turn {
		reply(out, http.StatusServiceUnavailable, answer.Taken{Error: fmt.Sprintf("images were last taken up %v ago: the store is blocked or was out of reach, or the model is too slow",
			ago.Round(time.Millisecond))})
		return
	}
	reply(out, http.StatusOK, answer.Taken{Status: "ok"})
}

// rows answers with the last rows of the store, or of a group, the newest first: 100, or n of the query.
func (w *Watcher) rows(out http.ResponseWriter, in *http.Request, last func(*store.Store, context.Context, int) ([]string, error)) {
	n, known := 100, []string{"n"}
	if w.PerGroup {
		known = append(known, "group")
	}
	parameters, err := query(in, known...)
	if text := parameters["n"]; err == nil && text != "" {
		if n, err = strconv.Atoi(text); err != nil || n < 1 || n > mostRows {
			err = fmt.Errorf("n=%s: expected 1 to %d", foreign.Quote(text), mostRows)
		}
	}
	if err != nil {
		reply(out, http.StatusBadRequest, answer.Taken{Error: err.Error()})
		return
	}
	of, found := w.Store.All(), true
	if group := parameters["group"]; group != "" {
		if of, found, err = w.Store.GroupNamed(in.Context(), group); err == nil && !found {
			reply(out, http.StatusNotFound, answer.Taken{Error: fmt.Sprintf("group %s: no image of it came", foreign.Quote(group))})
			return
		}
	}
	var results []string
	if err == nil {
		results, err = last(of, in.Context(), n)
	}
	if err != nil {
		reply(out, http.StatusServiceUnavailable, answer.Taken{Error: err.Error()})
		return
	}
	all := make([]json.RawMessage, len(results))
	for i, r := range results {
		all[i] = json.RawMessage(r)
	}
	reply(out, http.StatusOK, all)
}
