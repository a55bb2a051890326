package lab

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/drift/profile"
	"github.com/facet-clip/facet/drift/watch"
)

// Accept asks to make what a stream is now the reference that it is compared with.
type Accept struct {
	// Watch says which stream, as it is watched.
	Watch
	// Windows is of how many of the last windows the new profile is; 0: of all whose images are kept.
	Windows int
	// Folder is the new profile, which is written.
	Folder string
	// Note is kept with the change.
	Note string
}

// Accept writes a profile of the last windows of a stream and binds the stream's store to it.
func (l *Lab) Accept(ctx context.Context, q Accept) (a *answer.Accepted, err error) {
	if q.Folder == "" {
		return nil, mistake("output", "is missing: expected the folder to write")
	}
	if q.PerGroup {
		return nil, mistake("per", "is for watching: a store of groups has one profile for all of them, which accept cannot change. Make a new one with facet drift profile, and watch with it and a new --store")
	}
	if err := profile.Vacant(q.Folder); err != nil {
		return nil, err
	}
	before, err := l.Watch(ctx, q.Watch)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, before.Store.Close()) }()
	t, err := before.Store.Totals(ctx)
	if err != nil {
		return nil, err
	}
	from := 1
	if q.Windows > 0 {
		from = max(1, int(t.Windows)-q.Windows+1)
	}
	first, images, err := before.Store.Recent(ctx, from)
	if err != nil {
		return nil, err
	}
	made, err := before.Reference(images)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", q.Store, err)
	}
	if err := l.writeSuccessor(ctx, q, made, fmt.Sprintf("windows %d to %d of a stream", first, t.Windows)); err != nil {
		return nil, err
	}
	next := before.Config
	next.Profile = made
	after, err := watch.New(ctx, next)
	if err != nil {
		return nil, err
	}
	checked, err := q.check()
	if err != nil {
		return nil, err
	}
	checked.Profile = q.Folder
	settings, err := checked.settings()
	if err != nil {
		return nil, err
	}
	last, err := before.Store.Accept(ctx, settings, q.Note, time.Now(), func(state []byte) ([]byte, error) { return after.Succeed(state, before) })
	return &answer.Accepted{Profile: q.Folder, Images: made.Count(), From: first, Window: last}, err
}

// writeSuccessor writes the new profile with what the header of the one before says of both.
func (l *Lab) writeSuccessor(ctx context.Context, q Accept, made *drift.Profile, source string) error {
	h, err := profile.ReadHeader(q.Profile)
	if err != nil {
		return err
	}
	by, err := l.Made(ctx)
	if err != nil {
		return err
	}
	h.Model.File, h.Source, h.After = by.File, source, q.Profile
	h.Skipped, h.Unread, h.Repeated, h.Sample, h.Watched = nil, 0, 0, nil, nil
	return profile.Write(q.Folder, h, made)
}
