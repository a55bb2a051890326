// Package metrics is what Prometheus gets to know of a stream that is followed. It is read from the stream's store when it is asked for, so that it
// survives restarts and is the same for all who read the store.
package metrics

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/drift/record"
	"github.com/facet-clip/facet/drift/store"
)

// MostWords is how many words of named changes the metrics show one by one in the life of a process; further ones share the word "(other)", so
// that the number of series stays bounded whatever the bank.
const MostWords = 64

const otherWord = "(other)"

// Delivery is who is told of alerts.
type Delivery int

const (
	Unknown Delivery = iota // so alerts that were not delivered are not shown
	Nobody                  // so none waits
	Webhook
)

// Stream collects what a store knows of its stream.
type Stream struct {
	store    *store.Store
	perGroup bool    // each group has series of its own, with the label "group"
	budget   float64 // of all groups: the chance of any false alert over the whole stream, at most
	delivery Delivery
	log      *slog.Logger
	descs    map[string]*prometheus.Desc
	mutex    sync.Mutex
	words    map[string]bool // that were shown
}

// The names of what is collected, which stand behind "facet_drift_".
const (
	imagesTotal     = "images_total"
	unreadableTotal = "unreadable_total"
	waitingImages   = "waiting_images"
	windowsTotal    = "windows_total"
	alertsTotal     = "alerts_total"
	undelivered     = "alerts_undelivered"
	maxBudget       = "budget"
	windowImages    = "window_images"
	windowClosed    = "window_closed_timestamp_seconds"
	windowEnergyP   = "window_energy_p"
	windowChanged   = "window_pairs_changed"
	windowTested    = "window_pairs_tested"
	score           = "concept_score"
	profileScore    = "concept_profile_score"
	evidence        = "concept_evidence"
	mostEvidence    = "evidence_max"
	repeatedShare   = "repeated_share"
	profileRepeated = "profile_repeated_share"
	episodeOpen     = "episode_open"
	lagCorrelation  = "lag_correlation"
	orderEvidence   = "order_evidence"
	changeShare     = "change_share"
)

// series are the help texts and labels of what is collected.
var series = []struct {
	name, help string
	labels     []string
}{
	{imagesTotal, "Images counted, each once.", nil},
	{unreadableTotal, "Images that cannot be read.", nil},
	{waitingImages, "Images in the window that is open.", nil},
	{windowsTotal, "Windows closed.", nil},
	{alertsTotal, "Alerts raised.", nil},
	{undelivered, "Alerts that the webhook did not take yet.", nil},
	{maxBudget, "Chance of any false alert over the whole stream, at most.", nil},
	{windowImages, "Images in the last window.", nil},
	{windowClosed, "When the last window was closed.", nil},
	{windowEnergyP, "Permutation p-value of the last window's energy test. For reading: alerts come from the evidence.", nil},
	{windowChanged, "Pairs changed in the last window.", nil},
	{windowTested, "Pairs tested in the last window.", nil},
	{score, "Mean signed score of a watched text in the last window.", []string{"concept"}},
	{profileScore, "Mean signed score of a watched text in the profile.", []string{"concept"}},
	{evidence, "Evidence of the whole stream for a change of a watched text, as a share of what raises an alert.", []string{"concept"}},
	{mostEvidence, "The largest evidence of all that is followed, as a share of what raises an alert.", nil},
	{repeatedShare, "Share of the pictures that came for the last window whose content had come before. They are in no window.", nil},
	{profileRepeated, "That of the profile's source.", nil},
	{episodeOpen, "1 while a drift episode is open, at the end of the last window.", nil},
	{lagCorrelation, "Correlation of neighbouring images over all windows: 0 where the order of images means nothing, as the budget asks.", nil},
	{orderEvidence, "Evidence that the order of images means something, as a share of what a warning needs.", nil},
	{changeShare, "Share of the last window's shift that a named change explains.", []string{"direction", "word"}},
}

// New collects from a store. Where a name is given, each series has it as its label "stream": several streams may then be registered at once.
func New(s *store.Store, name string, budget float64, perGroup bool, d Delivery, log *slog.Logger) *Stream {
	out := &Stream{store: s, budget: budget, perGroup: perGroup, delivery: d, log: log, descs: map[string]*prometheus.Desc{}, words: map[string]bool{}}
	var constant prometheus.Labels
	if name != "" {
		constant = prometheus.Labels{"stream": strings.ToValidUTF8(name, "\uFFFD")}
	}
	for _, d := range series {
		labels := d.labels
		if perGroup {
			labels = append([]string{"group"}, labels...)
		}
		out.descs[d.name] = prometheus.NewDesc("facet_drift_"+d.name, d.help, labels, constant)
	}
	return out
}

// Describe sends what may be collected.
func (s *Stream) Describe(out chan<- *prometheus.Desc) {
	for _, d := range series {
		out <- s.descs[d.name]
	}
}

const collectTimeout = 5 * time.Second

// Collect reads the totals and the last window, of each group where there are groups.
func (s *Stream) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), collectTimeout)
	defer cancel()
	if !s.perGroup {
		s.collect(ctx, s.store, out)
		return
	}
	groups, err := s.store.Groups(ctx, 0)
	if err != nil {
		s.log.Warn("no groups for the metrics", "reason", err)
	}
	for _, g := range groups {
		s.collect(ctx, g, out, g.Group())
	}
}

// collect reads a stream; group is its label.
func (s *Stream) collect(ctx context.Context, of *store.Store, out chan<- prometheus.Metric, group ...string) {
	gauge := func(name string, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(s.descs[name], prometheus.GaugeValue, v, append(slices.Clone(group), labels...)...)
	}
	counter := func(name string, v int64) {
		out <- prometheus.MustNewConstMetric(s.descs[name], prometheus.CounterValue, float64(v), group...)
	}
	gauge(maxBudget, s.budget*drift.GroupShare(of.Turn()))
	t, err := of.Totals(ctx)
	if err != nil {
		s.log.Warn("no totals for the metrics", "reason", err)
		return
	}
	counter(imagesTotal, t.Images)
	counter(unreadableTotal, t.Unreadable)
	counter(windowsTotal, t.Windows)
	counter(alertsTotal, t.Alerts)
	gauge(waitingImages, float64(t.Waiting))
	switch s.delivery {
	case Nobody:
		gauge(undelivered, 0)
	case Webhook:
		gauge(undelivered, float64(t.Undelivered))
	}
	last, err := lastWindow(ctx, of)
	if err != nil {
		s.log.Warn("no window for the metrics", "reason", err)
	}
	if last != nil {
		s.window(last, gauge)
	}
}

// lastWindow is the last window, nil when there is none.
func lastWindow(ctx context.Context, of *store.Store) (*answer.Window, error) {
	results, err := of.Windows(ctx, 1)
	if err != nil || len(results) == 0 {
		return nil, err
	}
	return record.Window([]byte(results[0]))
}

func (s *Stream) window(w *answer.Window, gauge func(string, float64, ...string)) {
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
func (s *Stream) shares(changes []answer.Change) map[[2]string]float64 {
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
