package lab

import "context"

// Progress is told how far a long step is: done of total, which is negative where nobody knows it. A negative done says that the step is over.
type Progress func(step string, done, total int)

// step is one long job.
type step struct {
	tell  Progress
	what  string
	total int
	count int
	over  bool
}

// step begins a long job, of which nobody but the lab's own Progress is told.
func (l *Lab) step(what string, total int) *step { return l.stepOf(context.Background(), what, total) }

// stepOf begins a long job of a question.
func (l *Lab) stepOf(ctx context.Context, what string, total int) *step {
	s := &step{tell: l.config.Progress, what: what, total: total}
	if own, ok := ctx.Value(progressKey{}).(Progress); ok {
		s.tell = own
	}
	s.set(0)
	return s
}

type progressKey struct{}

// WithProgress is a context whose questions tell p how far they are, in place of [Config.Progress].
func WithProgress(ctx context.Context, p Progress) context.Context {
	return context.WithValue(ctx, progressKey{}, p)
}

// add counts n more.
func (s *step) add(n int) { s.set(s.count + n) }

// set counts up to n.
func (s *step) set(n int) {
	if s.count = n; s.tell != nil && !s.over {
		s.tell(s.what, n, s.total)
	}
}

// done ends the job. Later calls do nothing.
func (s *step) done() {
	if s.tell != nil && !s.over {
		s.tell(s.what, -1, s.total)
	}
	s.over = true
}
