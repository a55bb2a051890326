package lab

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/drift/profile"
	"github.com/facet-clip/facet/drift/store"
	"github.com/facet-clip/facet/drift/watch"
)

// Watch asks to follow a stream of images, and to say when it drifts from a profile.
type Watch struct {
	// Profile is the folder of the profile.
	Profile string
	// Bank is a list, a bank or a file with a text a line, whose words name changes. Empty, it is the default: see [Lab.Bank].
	Bank string
	// Store is an SQLite file or postgres://…: what was counted, windows and alerts.
	Store string
	// Window is how many images, or how much time, make a window; the zero value is 200 images.
	Window store.Rule
	// Budget is the chance of any false alarm over the whole stream, at most; 0 is 0.05.
	Budget float64
	// Guarantee says what the budget bounds: [drift.Ever], the default, or [drift.RunLength].
	Guarantee drift.Guarantee
	// PerGroup follows each group of images, such as a camera, as a stream of its own, and shares the budget among them: see [drift.GroupShare].
	PerGroup bool
	// Renewal says what windows are compared with: the profile, or windows of the stream itself.
	Renewal watch.Renewal
	// Thin takes every n-th image of a window; 0 takes all, and [drift.ThinAuto] as many as are as good as independent.
	Thin int
	// Cycle says that a window is a cycle, such as a day, in which the order of the images means something.
	Cycle bool
	// Level is the expected share of false discoveries among the changed pairs of a window; 0 is 0.05.
	Level float64
	// Webhook is where alerts are posted as JSON; empty: nowhere.
	Webhook string
	// Closed is told of each window that the watcher closes; nil: nobody is.
	Closed func(answer.Window)
}

// The defaults of [Watch].
const (
	defaultWindow = 200
	defaultBudget = 0.05
)

// ShortestWindow is the least time that makes a window.
const ShortestWindow = time.Second

// watchPixels is the limit of watched pictures, in all that are decoded at once, where the config does not say: anybody may send one.
const watchPixels = 50_000_000

func (q Watch) check() (Watch, error) {
	if q.Window == (store.Rule{}) {
		q.Window.Images = defaultWindow
	}
	if q.Budget == 0 {
		q.Budget = defaultBudget
	}
	if q.Level == 0 {
		q.Level = DefaultLevel
	}
	switch {
	case q.Profile == "":
		return q, &Mistake{Problem: errors.New("no profile: expected what images are compared with")}
	case q.Store == "":
		return q, mistake("store", "is missing: expected an SQLite file or postgres://…")
	case q.Renewal.Windows < 0 || q.Renewal.Windows > watch.MostRenewal:
		return q, mistake("reference", "of %d windows: expected %d at most", q.Renewal.Windows, watch.MostRenewal)
	case q.Window.Every == 0 && (q.Window.Images < 2 || q.Window.Images > store.MostImages), q.Window.Every != 0 && q.Window.Every < ShortestWindow:
		return q, mistake("window", "%s: expected 2 to %d images, or a time of a second or more", q.Window, store.MostImages)
	}
	if u, err := url.Parse(q.Webhook); q.Webhook != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		return q, mistake("webhook", "%s: expected http://… or https://…", q.Webhook)
	}
	return q, cmp.Or(CheckLevel("budget", q.Budget), CheckLevel("level", q.Level))
}

// Watch prepares a watcher, whose store is bound to the profile, the window and the budget. [watch.Watcher.Run] follows streams. Close the watcher's
// store after use, and the lab after that.
func (l *Lab) Watch(ctx context.Context, q Watch) (*watch.Watcher, error) {
	q, err := q.check()
	if err != nil {
		return nil, err
	}
	c := watch.Config{Model: l.model, Rule: q.Window, Budget: q.Budget, Guarantee: q.Guarantee, PerGroup: q.PerGroup, Renewal: q.Renewal, Thin: q.Thin, Cycle: q.Cycle, Level: q.Level, Webhook: q.Webhook, Closed: q.Closed, Log: l.log}
	if c.OV, err = l.ov(); err != nil {
		return nil, err
	}
	var h profile.Header
	if c.Profile, h, err = l.openProfile(ctx, q.Profile, c.OV); err != nil {
		return nil, err
	}
	c.Repeats = h.RepeatedShare()
	c.Decoder = dataset.NewDecoder(cmp.Or(l.config.MaxPixels, watchPixels)).Rotating(h.ExifRotate)
	if c.Words, err = l.namers(ctx, q.Bank); err != nil {
		return nil, err
	}
	if c.Store, err = q.openStore(ctx); err != nil {
		return nil, err
	}
	w, err := watch.New(ctx, c)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", q.Profile, err), c.Store.Close())
	}
	return w, nil
}

// settings are what a stream's numbers depend on.
func (q Watch) settings() (string, error) {
	sum, err := profile.Fingerprint(q.Profile)
	if err != nil {
		return "", err
	}
	renewal := ""
	if q.Renewal.Windows > 0 {
		renewal = q.Renewal.String()
	}
	settings, err := json.Marshal(struct {
		Profile string  `json:"profile_sha256"`
		Window  string  `json:"window"`
		Budget  float64 `json:"budget"`
		// Absent in streams that were begun before there was a choice.
		Guarantee drift.Guarantee `json:"guarantee,omitempty"`
		Thin      int             `json:"thin,omitempty"`
		Cycle     bool            `json:"cycle,omitempty"`
		PerGroup  bool            `json:"per_group,omitempty"`
		Reference string          `json:"reference,omitempty"`
	}{sum, q.Window.String(), q.Budget, q.Guarantee, q.Thin, q.Cycle, q.PerGroup, renewal})
	return string(settings), err
}

// openStore opens the store, and binds it to what its numbers depend on: with others they would mean something else.
func (q Watch) openStore(ctx context.Context) (*store.Store, error) {
	settings, err := q.settings()
	if err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, q.Store)
	if err != nil {
		return nil, err
	}
	if err := s.Bind(ctx, settings); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}
