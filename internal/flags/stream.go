package flags

import (
	"time"

	"github.com/spf13/pflag"

	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/drift/store"
	"github.com/facet-clip/facet/drift/watch"
	"github.com/facet-clip/facet/lab"
)

// Stream are the flags that say which stream is watched and how: what its store is bound to.
type Stream struct {
	window, promise, thin, per, reference string
	cycle                                 time.Duration
}

// Flags adds them for a question.
func (o *Stream) Flags(f *pflag.FlagSet, q *lab.Watch) {
	f.StringVar(&q.Store, "store", "drift.db", "an SQLite `FILE` or postgres://…: what was counted, windows, alerts")
	f.StringVar(&o.window, "window", "200", "images, or time such as 1h or 24h, that make a window")
	Number(f, &q.Budget, "budget", 0.05, Level, "chance of any false alarm over the whole stream, at most")
	f.StringVar(&o.promise, "guarantee", "ever", "what the budget bounds: ever (the chance of any false alarm) or arl (1/budget windows between false alarms, on average)")
	f.StringVar(&o.thin, "thin", "1", "take every n-th image of a window, or auto: as the likeness of neighbours asks, for bursts and films")
	f.StringVar(&o.reference, "reference", "profile", "compare windows with the profile (profile), the first N windows of the stream itself (own:N), its last N calm ones (rolling:N), or the last one (previous)")
	f.StringVar(&o.per, "per", "", "group: follow each group, such as a camera, as a stream of its own, and share the budget among them")
	Number(f, &o.cycle, "cycle", 0, Span[time.Duration]{Least: time.Minute, Most: 366 * 24 * time.Hour}, "close a window at each cycle, such as 24h, so that day is compared with day and night with night; in place of --window")
}

// Read reads what they were given into the question.
func (o *Stream) Read(q *lab.Watch) (err error) {
	if q.Guarantee, err = drift.ParseGuarantee(o.promise); err != nil {
		return Mistakef("--guarantee %w", err)
	}
	if q.PerGroup = o.per != ""; q.PerGroup && o.per != "group" {
		return Mistakef("--per %s: expected group", o.per)
	}
	if q.Renewal, err = watch.ParseRenewal(o.reference); err != nil {
		return Mistakef("--reference %w", err)
	}
	if q.Thin, err = drift.ParseThin(o.thin); err != nil {
		return Mistakef("--thin %w", err)
	}
	if o.cycle != 0 {
		q.Cycle, o.window = true, o.cycle.String()
	}
	if q.Window, err = store.ParseRule(o.window); err != nil {
		return Mistakef("--window %w", err)
	}
	return nil
}
