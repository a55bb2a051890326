package watch

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	streams "github.com/facet-clip/facet/drift/metrics"
)

// metrics are what /metrics shows. Most of it is read from the store when it is asked for, so that it survives restarts and is the same for all
// watchers of a stream.
type metrics struct {
	registry *prometheus.Registry
	arrivals *prometheus.CounterVec
	requests *prometheus.CounterVec
	encoded  prometheus.Histogram
}

func newMetrics(w *Watcher) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		arrivals: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "facet_drift_arrivals_total", Help: "Images that came to this process, by what became of them."}, []string{"status"}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "facet_drift_http_requests_total", Help: "Answers of this process to POST /images, by code."}, []string{"code"}),
		encoded:  prometheus.NewHistogram(prometheus.HistogramOpts{Name: "facet_drift_encode_seconds", Help: "Time to encode an image.", Buckets: prometheus.ExponentialBuckets(0.001, 2, 14)}),
	}
	for _, s := range []Status{Counted, Duplicate, Unreadable, Missing} {
		m.arrivals.WithLabelValues(string(s))
	}
	delivery := streams.Nobody
	if w.Webhook != "" {
		delivery = streams.Webhook
	}
	m.registry.MustRegister(m.arrivals, m.requests, m.encoded, streams.New(w.Store, "", w.Budget, w.PerGroup, delivery, w.Log),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) arrived(s Status) { m.arrivals.WithLabelValues(string(s)).Inc() }
