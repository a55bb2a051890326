package clip

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/facet-clip/facet/engine"
	"github.com/facet-clip/facet/engine/graph"
)

// ErrClosed is returned when a model is asked for something after Close.
var ErrClosed = errors.New("the model is closed")

// sessions are compiled towers, at most limit of them at a time. A session that somebody uses is never closed: who needs another one
// waits until one is idle, and Close waits until all are.
type sessions struct {
	limit int

	mu      sync.Mutex
	kept    []*kept       // the one used last comes last
	changed chan struct{} // closed, and made anew, when a session may have become idle
	closed  bool
}

// key says what a session computes.
type key struct {
	h, w    int    // the grid of an image tower
	outputs string // of an image tower
	few     bool   // on the engine for little work
}

// kept is a session, or one that is being compiled. The goroutine that compiles it counts among its users.
type kept struct {
	key
	ready   chan struct{} // closed when session and err are set
	session engine.Session
	err     error
	users   int // guarded by sessions.mu
}

func newSessions(limit int) *sessions { return &sessions{limit: limit, changed: make(chan struct{})} }

// run runs the session of a key. The first who asks for it has it compiled; the others wait for that, or until ctx ends.
func (s *sessions) run(ctx context.Context, k key, compile func() (engine.Session, error), inputs map[string]graph.Tensor) (map[string]graph.Tensor, error) {
	one, err := s.acquire(ctx, k, compile)
	if err != nil {
		return nil, err
	}
	defer s.release(one)
	return one.session.Run(ctx, inputs)
}

func (s *sessions) acquire(ctx context.Context, k key, compile func() (engine.Session, error)) (*kept, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		one, changed, err := s.take(k, compile)
		if err != nil {
			return nil, err
		}
		if one != nil {
			return s.await(ctx, one)
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// take makes the caller a user of the session of a key. It gives none when another must become idle first: changed tells of that.
func (s *sessions) take(k key, compile func() (engine.Session, error)) (one *kept, changed <-chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, nil, ErrClosed
	}
	if i := slices.IndexFunc(s.kept, func(o *kept) bool { return o.key == k }); i >= 0 {
		one = s.kept[i]
		one.users++
		s.kept = append(slices.Delete(s.kept, i, i+1), one)
		return one, nil, nil
	}
	var old *kept
	if len(s.kept) == s.limit {
		i := slices.IndexFunc(s.kept, func(o *kept) bool { return o.users == 0 })
		if i < 0 {
			return nil, s.changed, nil
		}
		old = s.kept[i]
		s.kept = slices.Delete(s.kept, i, i+1)
	}
	one = &kept{key: k, ready: make(chan struct{}), users: 2}
	s.kept = append(s.kept, one)
	go s.compile(one, old, compile)
	return one, nil, nil
}

// compile fills one, in the place of old, which is closed first so that the two never take memory together. Who waits for one may
// give up; the compiled session is kept for the next.
func (s *sessions) compile(one, old *kept, compile func() (engine.Session, error)) {
	if old != nil {
		one.err = old.session.Close()
	}
	if one.err == nil {
		one.session, one.err = compile()
	}
	if one.err != nil {
		s.mu.Lock()
		s.kept = slices.DeleteFunc(s.kept, func(o *kept) bool { return o == one })
		s.mu.Unlock()
	}
	close(one.ready)
	s.release(one)
}

// await gives one when it is compiled.
func (s *sessions) await(ctx context.Context, one *kept) (*kept, error) {
	var err error
	select {
	case <-one.ready:
		err = one.err
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		s.release(one)
		return nil, err
	}
	return one, nil
}

// release takes one user off.
func (s *sessions) release(one *kept) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one.users--
	close(s.changed)
	s.changed = make(chan struct{})
}

// close lets nobody in any more, waits until nobody uses a session and closes all.
func (s *sessions) close() error {
	s.mu.Lock()
	s.closed = true
	for slices.ContainsFunc(s.kept, func(o *kept) bool { return o.users > 0 }) {
		changed := s.changed
		s.mu.Unlock()
		<-changed
		s.mu.Lock()
	}
	idle := s.kept
	s.kept = nil
	s.mu.Unlock()
	var errs []error
	for _, one := range idle {
		errs = append(errs, one.session.Close())
	}
	return errors.Join(errs...)
}
