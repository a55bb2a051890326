package watch

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/drift/store"
)

// Renewal says what the windows of a stream are compared with: the profile, or windows of the stream itself.
type Renewal struct {
	Windows int  // so many, which are learnt first; 0: the profile
	Rolling bool // renewed after as many calm windows in a row: without an alert and an open episode
}

// MostRenewal is of how many windows a reference is at most.
const MostRenewal = 10

// ParseRenewal reads profile, own:N, rolling:N or previous, which is rolling:1.
func ParseRenewal(s string) (r Renewal, err error) {
	how, n, _ := strings.Cut(s, ":")
	switch s {
	case "profile":
		return r, nil
	case "previous":
		return Renewal{1, true}, nil
	}
	r.Rolling = how == "rolling"
	if r.Windows, err = strconv.Atoi(n); err != nil || r.Windows < 1 || r.Windows > MostRenewal || how != "own" && !r.Rolling {
		return Renewal{}, fmt.Errorf("%s: expected profile, own:N, rolling:N or previous, N from 1 to %d windows", s, MostRenewal)
	}
	return r, nil
}

// String is what [ParseRenewal] reads.
func (r Renewal) String() string {
	switch {
	case r.Windows == 0:
		return "profile"
	case r.Rolling:
		return fmt.Sprint("rolling:", r.Windows)
	}
	return fmt.Sprint("own:", r.Windows)
}

// span are windows of a stream that are its reference.
type span struct {
	Group string `json:"-"`    // of what is held ready
	From  int    `json:"from"` // 0: the profile is the reference
	To    int    `json:"to"`
	Every int    `json:"every,omitempty"` // every n-th of their images; 0: all
}

// compared is what windows are compared with.
type compared struct {
	reference  *drift.Profile
	vocabulary *drift.Vocabulary
	monitor    *drift.Monitor
	initial    []byte // state of the monitor before the first window
}

func (w *Watcher) compareWith(p *drift.Profile, v *drift.Vocabulary) (*compared, error) {
	m, err := drift.NewMonitor(p, w.names)
	if err != nil {
		return nil, err
	}
	m.Thin, m.Cycle = w.Thin, w.Cycle
	m.Guard(w.Guarantee)
	initial, err := m.State()
	return &compared{p, v, m, initial}, err
}

// mostCompared is how many references of streams are held ready: each holds the numbers of its images.
const mostCompared = 16

// compareWithin is a reference of windows of the stream.
func (w *Watcher) compareWithin(at span, images []store.Image) (*compared, error) {
	var some []store.Image
	for i := 0; i < len(images); i += max(1, at.Every) {
		some = append(some, images[i])
	}
	p, err := w.Reference(some)
	if err != nil {
		return nil, fmt.Errorf("windows %d to %d as the reference: %w", at.From, at.To, err)
	}
	c, err := w.compareWith(p, w.profile.vocabulary.Against(p))
	if err != nil {
		return nil, fmt.Errorf("windows %d to %d as the reference: %w", at.From, at.To, err)
	}
	return c, nil
}

// recalled is a reference that the store has. It is held ready: what was committed does not change.
func (w *Watcher) recalled(at span, full store.Full) (*compared, error) {
	at.Group = w.group
	if c := w.renewed[at]; c != nil {
		return c, nil
	}
	images, err := full.Kept(at.From, at.To)
	if err != nil {
		return nil, err
	}
	c, err := w.compareWithin(at, images)
	if err != nil {
		return nil, err
	}
	if len(w.renewed) >= mostCompared {
		clear(w.renewed)
	}
	w.renewed[at] = c
	return c, nil
}

// remember reads what the windows before handed on, and turns to what this one is compared with.
func (w *Watcher) remember(full store.Full) (*memory, error) {
	m := &memory{}
	if full.State != nil {
		if err := json.Unmarshal(full.State, m); err != nil {
			return nil, fmt.Errorf("the state of the stream: %w", err)
		}
	}
	if w.compared = w.profile; m.Reference.From > 0 {
		c, err := w.recalled(m.Reference, full)
		if err != nil {
			return nil, err
		}
		w.compared = c
	}
	return w.recall(full.State)
}

// learns reports whether windows of the stream are to be its reference, and are not yet.
func (w *Watcher) learns(m *memory) bool { return w.Renewal.Windows > 0 && m.Reference.From == 0 }

// learn takes up a window that will be part of the reference: nothing is bet on it.
func (w *Watcher) learn(m *memory, window *answer.Window, images []drift.Image) (err error) {
	ranks := make([][]int, len(images))
	for k, image := range images {
		ranks[k] = w.monitor.Ranks(image)
	}
	w.monitor.Learn(ranks)
	window.Learnt, window.Evidence, window.Order = true, []answer.Evidence{}, w.order(0)
	m.Monitor, err = w.monitor.State()
	return err
}

// renew makes the last windows the reference, where enough of them were calm and they have two images at least.
func (w *Watcher) renew(m *memory, window answer.Window, full store.Full) error {
	if w.Renewal.Windows == 0 {
		return nil
	}
	first := m.Reference.From == 0
	if m.Calm++; window.Episode > 0 || len(window.Alerts) > 0 {
		m.Calm = 0
	}
	if m.Calm < w.Renewal.Windows || !first && !w.Renewal.Rolling {
		return nil
	}
	from, images, err := full.Earlier(full.Number + 1 - w.Renewal.Windows)
	if err != nil {
		return err
	}
	if len(images) == 0 {
		from = full.Number
	}
	before := w.monitor
	images = append(images, full.Images...)
	at := span{From: from, To: full.Number, Every: max(1, before.Every())}
	if len(images) < 2 { // which are no reference: later windows will be
		return nil
	}
	if len(images) <= at.Every { // too few to thin
		at.Every = 1
	}
	c, err := w.compareWithin(at, images)
	if err != nil {
		return err
	}
	c.monitor.Renew(before, first)
	m.Reference, m.Calm, m.Moves = at, 0, nil // which were from the mean of the reference before
	m.Monitor, err = c.monitor.State()
	return err
}
