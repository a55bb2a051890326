package web

import (
	"context"
	"fmt"
)

// jobAtlas is the kind of the job that makes the whole atlas. The explorer begins it by itself.
const jobAtlas = "atlas"

// grow makes the whole atlas as a job where only its beginning is served, and waits for it. Then requests that come are about the whole one; those under
// way stay with what they found, so that no answer is of both.
func (s *Server) grow(ctx context.Context) {
	if !s.beginning {
		return
	}
	one, err := s.jobs.start(s, jobAtlas, func(ctx context.Context) (any, error) { return s.replace(ctx) })
	if err == nil {
		one, err = s.jobs.wait(ctx, one.ID)
	}
	if ctx.Err() == nil && (err != nil || one.State != jobDone) {
		s.log.Warn("the beginning of the atlas stays: the whole one was not made", "state", one.State, "reason", err)
	}
}

// replace makes the whole atlas and serves it.
func (s *Server) replace(ctx context.Context) (*Atlases, error) {
	made, err := s.config.MakeAtlas(ctx)
	if err != nil {
		return nil, err
	}
	whole, err := newShelf(ctx, s.config, []string{made})
	if err != nil {
		return nil, err
	}
	if was := s.served.Load().atlases[0].name; whole.atlases[0].name != was {
		return nil, fmt.Errorf("%s: expected an atlas called %s, which takes the place of its beginning", made, was)
	}
	s.served.Store(whole)
	return s.atlases(withShelf(ctx, whole), nil)
}
