package watch

import (
	"context"
	"errors"
	"fmt"
	"image"
	"time"

	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/drift/store"
)

// Status is what became of an image.
type Status string

// The statuses.
const (
	Counted    Status = "counted"
	Duplicate  Status = "duplicate"  // its content was counted before
	Unreadable Status = "unreadable" // kept in the store with the reason; in no window
	Missing    Status = "missing"    // a file that cannot be opened; not kept
)

// reported is the status of a file that was missing before, and is so still: nothing is said of it again.
const reported Status = ""

// ahead is how far the clock of whoever took a picture may be before ours; a later time counts as none.
const ahead = time.Minute

// ErrStopped is returned for images that come when the watcher has stopped.
var ErrStopped = errors.New("the watcher has stopped")

// arrival is an image on its way into the store.
type arrival struct {
	image  store.Image
	pixels []float32 // [3,S,S]; nil: there are none, or they are encoded
	status Status
	err    error
	done   chan struct{} // closed when the image is in the store
	again  bool          // it is the very image that was counted before, and no repeat of its content
}

// settled is an arrival with which nothing is left to do.
func (w *Watcher) settled(status Status) *arrival {
	a := &arrival{status: status, done: make(chan struct{})}
	close(a.done)
	return a
}

// prepare looks up the content of an image and decodes it when it is new. Of the image only what its source says is known. Whoever calls it holds a place
// in w.decode, from before the content was read where it can be.
func (w *Watcher) prepare(ctx context.Context, c dataset.Content, i store.Image) (*arrival, error) {
	i.Hash = c.Hash
	known, err := w.known(ctx, i)
	if known != nil || err != nil {
		return known, err
	}
	i.Arrived = time.Now()
	if i.Moment.IsZero() || i.Moment.After(i.Arrived.Add(ahead)) { // one clock that is wrong would close every window by time
		i.Moment = i.Arrived
	}
	a := &arrival{status: Counted, done: make(chan struct{}), image: i}
	err = c.Decode(ctx, w.Decoder, func(picture *image.NRGBA) error {
		a.pixels = preprocess.Normalise(preprocess.Crop(picture, w.Model.Config.Image))
		return nil
	})
	switch {
	case ctx.Err() != nil && err != nil: // no fault of the picture
		return nil, err
	case err != nil:
		a.status, a.image.Reason = Unreadable, err.Error()
	}
	return a, nil
}

// known is an arrival of content that is in the store already; nil when it is not.
func (w *Watcher) known(ctx context.Context, i store.Image) (*arrival, error) {
	return insist(ctx, w.Log, "looking up an image", func(ctx context.Context) (*arrival, error) {
		known, err := w.Store.Known(ctx, i)
		if err != nil || !known.There {
			return nil, err
		}
		a := w.settled(Duplicate)
		if known.Reason != "" {
			a.status = Unreadable
		}
		a.image, a.image.Reason, a.again = i, known.Reason, known.Again
		return a, nil
	})
}

// submit queues an arrival, unless it is settled.
func (w *Watcher) submit(ctx context.Context, a *arrival) error {
	select {
	case <-a.done:
		return nil
	default:
	}
	select {
	case w.queue <- a:
		return nil
	case <-w.dead:
		return ErrStopped
	case <-ctx.Done():
		return ctx.Err()
	}
}

// wait until an arrival is in the store. One that is queued gets there even when nobody waits any longer, unless the watcher fails.
func (w *Watcher) wait(ctx context.Context, a *arrival) (Status, error) {
	select {
	case <-a.done:
	case <-ctx.Done():
		return "", ctx.Err()
	case <-w.dead:
		select {
		case <-a.done:
		default:
			return "", ErrStopped
		}
	}
	if a.err != nil {
		return "", fmt.Errorf("%s: %w", a.image.Name, a.err)
	}
	if a.status != reported && !a.again {
		w.metrics.arrived(a.status)
		if a.status == Duplicate {
			w.repeats.add(a.image.Group, 1)
		}
	}
	return a.status, nil
}
