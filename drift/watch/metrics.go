package watch

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/drift/record"
)

// MostWords is how many words of named changes the metrics show one by one in the life of a process; further ones share the word "(other)", so
// that the number of series stays bounded whatever the bank.
const MostWords = 64

const otherWord = "(other)"

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
	m.registry.MustRegister(m.arrivals, m.requests, m.encoded, &stream{watcher: w, words: map[string]bool{}},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) arrived(s Status) { m.arrivals.WithLabelValues(string(s)).Inc() }

// stream collects what the store knows.
type stream struct {
	watcher *Watcher
	mutex   sync.Mutex
	words   map[string]bool // that were shown
}

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("facet_drift_"+name, help, labels, nil)
}

var (
	imagesTotal     = describe("images_total", "Images counted, each once.")
	unreadableTotal = describe("unreadable_total", "Images that cannot be read.")
	waitingImages   = describe("waiting_images", "Images in the window that is open.")
	windowsTotal    = describe("windows_total", "Windows closed.")
	alertsTotal     = describe("alerts_total", "Alerts raised.")
	undelivered     = describe("alerts_undelivered", "Alerts that the webhook did not take yet.")
	budget          = describe("budget", "Chance of any false alert over the whole stream, at most.")
	windowImages    = describe("window_images", "Images in the last window.")
	windowClosed    = describe("window_closed_timestamp_seconds", "When the last window was closed.")
	windowEnergyP   = describe("window_energy_p", "Permutation p-value of the last window's energy test. For reading: alerts come from the evidence.")
	windowChanged   = describe("window_pairs_changed", "Pairs changed in the last window.")
	windowTested    = describe("window_pairs_tested", "Pairs tested in the last window.")
	score           = describe("concept_score", "Mean signed score of a watched text in the last window.", "concept")
	profileScore    = describe("concept_profile_score", "Mean signed score of a watched text in the profile.", "concept")
	evidence        = describe("concept_evidence", "Evidence of the whole stream for a change of a watched text, as a share of what raises an alert.", "concept")
	mostEvidence    = describe("evidence_max", "The largest evidence of all that is followed, as a share of what raises an alert.")
	repeatedShare   = describe("repeated_share", "Share of the pictures that came for the last window whose content had come before. They are in no window.")
	profileRepeated = describe("profile_repeated_share", "That of the profile's source.")
	episodeOpen     = describe("episode_open", "1 while a drift episode is open, at the end of the last window.")
	lagCorrelation  = describe("lag_correlation", "Correlation of neighbouring images over all windows: 0 where the order of images means nothing, as the budget asks.")
	orderEvidence   = describe("order_evidence", "Evidence that the order of images means something, as a share of what a warning needs.")
	changeShare     = describe("change_share", "Share of the last window's shift that a named change explains.", "direction", "word")
)

// Describe sends what may be collected.
func (s *stream) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{imagesTotal, unreadableTotal, waitingImages, windowsTotal, alertsTotal, undelivered, budget, windowImages,
		windowClosed, windowEnergyP, windowChanged, windowTested, score, profileScore, evidence, mostEvidence, repeatedShare, profileRepeated, episodeOpen, lagCorrelation, orderEvidence, changeShare} {
		out <- d
	}
}

const collectTimeout = 5 * time.Second

// Collect reads the totals and the last window.
func (s *stream) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), collectTimeout)
	defer cancel()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter := func(d *prometheus.Desc, v int64) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v))
	}
	gauge(budget, s.watcher.Budget)
	t, err := s.watcher.Store.Totals(ctx)
	if err != nil {
		s.watcher.Log.Warn("no totals for the metrics", "reason", err)
		return
	}
	counter(imagesTotal, t.Images)
	counter(unreadableTotal, t.Unreadable)
	counter(windowsTotal, t.Windows)
	counter(alertsTotal, t.Alerts)
	gauge(waitingImages, float64(t.Waiting))
	if s.watcher.Webhook == "" { // nobody waits for them
		t.Undelivered = 0
	}
	gauge(undelivered, float64(t.Undelivered))
	last, err := s.watcher.lastWindow(ctx)
	if err != nil {
		s.watcher.Log.Warn("no window for the metrics", "reason", err)
	}
	if last != nil {
		s.window(last, gauge)
	}
}

// lastWindow is nil when there is none.
func (w *Watcher) lastWindow(ctx context.Context) (*answer.Window, error) {
	results, err := w.Store.Windows(ctx, 1)
	if err != nil || len(results) == 0 {
		return nil, err
	}
	return record.Window([]byte(results[0]))
}

func (s *stream) window(w *answer.Window, gauge func(*prometheus.Desc, float64, ...string)) {
	gauge(windowImages, float64(w.Images))
	gauge(windowClosed, float64(w.Closed.UnixMilli())/1000)
	if len(w.Evidence) > 0 {
		gauge(mostEvidence, w.Evidence[0].Value)
	}
	gauge(repeatedShare, w.RepeatedShare)
	gauge(profileRepeated, w.ProfileRepeatedShare)
	gauge(episodeOpen, float64(min(w.Episode, 1)))
	if w.Order != nil {
		gauge(lagCorrelation, w.Order.Correlation)
		gauge(orderEvidence, w.Order.Evidence)
	}
	for _, t := range w.Watched {
		gauge(score, t.Score, t.Text)
		gauge(profileScore, t.Profile, t.Text)
		gauge(evidence, t.Evidence, t.Text)
	}
	if w.Compared == nil {
		return
	}
	gauge(windowEnergyP, w.Compared.EnergyP)
	gauge(windowChanged, float64(w.Compared.Changed))
	gauge(windowTested, float64(w.Compared.Tested))
	for key, share := range s.shares(w.Compared.Changes) {
		gauge(changeShare, share, key[0], key[1])
	}
}

// shares are those of changes by direction and word, of which no more than [MostWords] are told apart.
func (s *stream) shares(changes []answer.Change) map[[2]string]float64 {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	out := map[[2]string]float64{}
	for _, c := range changes {
		word, direction := c.Word, "less"
		if c.More {
			direction = "more"
		}
		if !s.words[word] && len(s.words) >= MostWords {
			word = otherWord
		} else {
			s.words[word] = true
		}
		out[[2]string{direction, word}] += c.Share
	}
	return out
}
