package web

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are what /metrics tells.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  prometheus.Histogram
	running  prometheus.Gauge
	memory   *prometheus.CounterVec
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "facet_http_requests_total", Help: "Requests answered, by status."}, []string{"code"}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "facet_http_request_seconds", Help: "Time from a request to the end of its answer.", Buckets: prometheus.ExponentialBuckets(0.001, 4, 9),
		}),
		running: prometheus.NewGauge(prometheus.GaugeOpts{Name: "facet_http_requests_running", Help: "Requests under way."}),
		memory:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "facet_http_remembered_total", Help: "Questions by whether their answer was remembered: hit or miss."}, []string{"answer"}),
	}
	m.registry.MustRegister(m.requests, m.seconds, m.running, m.memory, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// written knows what was answered.
type written struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *written) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *written) Write(data []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(data)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets [http.ResponseController] reach the connection.
func (w *written) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// recorded logs and counts requests, and answers one that panics. The query is not logged: it may hold the token, or what somebody searches for.
func (s *Server) recorded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		began, path := time.Now(), in.URL.Path
		w := &written{ResponseWriter: out}
		s.metrics.running.Inc()
		defer func() {
			if cause := recover(); cause != nil {
				s.log.Error("a request panicked", "path", path, "reason", fmt.Sprint(cause), "stack", string(debug.Stack()))
				if w.status == 0 {
					s.refuse(w, in, http.StatusInternalServerError, "facet could not answer: the reason is in its log")
				}
			}
			took := time.Since(began)
			s.metrics.running.Dec()
			s.metrics.requests.WithLabelValues(strconv.Itoa(w.status)).Inc()
			s.metrics.seconds.Observe(took.Seconds())
			s.log.LogAttrs(in.Context(), slog.LevelInfo, "request", slog.String("method", in.Method), slog.String("path", path),
				slog.Int("status", w.status), slog.Int64("bytes", w.bytes), slog.Duration("took", took), slog.String("from", addressOf(in)))
		}()
		next.ServeHTTP(w, in)
	})
}
