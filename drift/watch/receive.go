package watch

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/facet-clip/facet/answer"
)

// A post is read in two stages, so that clients that are slow, by chance or by intent, do not keep others out. Its first bytes are read without a
// slot: who does not send them gets none. The rest needs a slot, and whoever takes long over it one of the few for slow posts as well.
// All the while a body must come at a least rate.

// room is what posts share.
type room struct {
	heads chan struct{} // posts whose first bytes are read, or that wait for a slot
	slots chan struct{} // posts that are read on, or wait to be counted
	slow  chan struct{} // of these, those that are read for long
}

func newRoom(l limits) *room {
	return &room{make(chan struct{}, l.heads), make(chan struct{}, l.slots), make(chan struct{}, max(1, l.slots/slowShare))}
}

var (
	errBusy = errors.New("too many posts at once: try again")
	errSlow = errors.New("too many slow posts at once: try again, or send faster")
)

// receive reads the body of a post. leave gives the slot back; it is nil when there is an error.
func (w *Watcher) receive(out http.ResponseWriter, in *http.Request, r *room) (data []byte, leave func(), err error) {
	select {
	case r.heads <- struct{}{}:
	default:
		return nil, nil, errBusy
	}
	deadline := http.NewResponseController(out).SetReadDeadline
	body := http.MaxBytesReader(out, in.Body, w.limits.body)
	p := &paced{body: body, deadline: deadline, limits: w.limits, began: time.Now()}
	data, err = io.ReadAll(io.LimitReader(p, w.limits.head))
	if err == nil {
		deadline(time.Time{}) // or it would end the wait for the slot
		err = w.enter(in.Context(), r)
	}
	<-r.heads
	if err != nil {
		return nil, nil, err
	}
	p = &paced{body: body, deadline: deadline, limits: w.limits, began: time.Now(), slow: r.slow}
	rest, err := io.ReadAll(p)
	p.end()
	deadline(time.Time{}) // or it would end the wait for the answer
	if err != nil {
		<-r.slots
		return nil, nil, err
	}
	return append(data, rest...), func() { <-r.slots }, nil
}

// enter waits for a slot.
func (w *Watcher) enter(ctx context.Context, r *room) error {
	ctx, cancel := context.WithTimeout(ctx, w.limits.slotWait)
	defer cancel()
	select {
	case r.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return errBusy
	case <-w.dead:
		return ErrStopped
	}
}

// paced reads a body that must come at a rate: in the time that its bytes take at the least rate, with some grace, and never longer than any may
// take.
type paced struct {
	body     io.Reader
	deadline func(time.Time) error
	limits   limits
	began    time.Time
	read     int64
	slow     chan struct{} // places for those that take long; nil: none is needed
	isSlow   bool          // has one
}

func (p *paced) Read(into []byte) (int, error) {
	if err := p.mayGoOn(); err != nil {
		return 0, err
	}
	most := p.limits.grace + time.Duration(p.read)*time.Second/time.Duration(p.limits.rate)
	p.deadline(p.began.Add(min(most, p.limits.bodyTimeout)))
	n, err := p.body.Read(into)
	p.read += int64(n)
	return n, err
}

// mayGoOn takes a place among the slow after a while.
func (p *paced) mayGoOn() error {
	if p.slow == nil || p.isSlow || time.Since(p.began) < p.limits.brisk {
		return nil
	}
	select {
	case p.slow <- struct{}{}:
		p.isSlow = true
		return nil
	default:
		return errSlow
	}
}

func (p *paced) end() {
	if p.isSlow {
		<-p.slow
	}
}

// unreceived says why a body did not come whole.
func unreceived(err error) (int, answer.Taken) {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return refuse(http.StatusRequestEntityTooLarge, "more than %d bytes", large.Limit)
	case errors.Is(err, errBusy), errors.Is(err, errSlow), errors.Is(err, ErrStopped):
		return refuse(http.StatusServiceUnavailable, "%v", err)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return refuse(http.StatusRequestTimeout, "the picture did not come in time")
	}
	return refuse(http.StatusBadRequest, "the picture did not come whole: %v", err)
}
