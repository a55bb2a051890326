package watch

import (
	"encoding/json"
	"fmt"

	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/drift/store"
)

// Reference is a profile of a stream's own images, which were kept for the profile that the stream is compared with.
func (w *Watcher) Reference(images []store.Image) (*drift.Profile, error) {
	unpacked := make([]drift.Image, len(images))
	for k, i := range images {
		var err error
		if unpacked[k], err = w.unpack(i); err != nil {
			return nil, err
		}
	}
	return w.Profile.Successor(unpacked)
}

// Succeed is the state with which a stream goes on that was compared with another profile until now: nothing is known of the new one, an episode
// that is open is over, and what episodes spent of the budget stays spent.
func (w *Watcher) Succeed(state []byte, before *Watcher) ([]byte, error) {
	m, err := before.recall(state)
	if err != nil {
		return nil, err
	}
	if before.monitor.Rules < drift.ShiftsAndTails {
		return nil, fmt.Errorf("the stream was begun by an earlier facet and has no episodes: begin a new store with the new profile")
	}
	w.monitor.Guard(w.Guarantee)
	w.monitor.Renewed = before.monitor.Renewed
	if w.monitor.Spent = before.monitor.Spent; before.monitor.Episode != nil {
		w.monitor.Spent++
	}
	if m.Past == nil {
		m.Past = map[string]int{}
	}
	for said := range m.Said {
		m.Past[said] = w.monitor.Spent
	}
	m.forget()
	m.Moves = nil // they were from the mean of the other profile
	m.Reference, m.Calm = span{}, 0
	if m.Monitor, err = w.monitor.State(); err != nil {
		return nil, err
	}
	return json.Marshal(m)
}
