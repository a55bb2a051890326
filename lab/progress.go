package lab

import "context"

// Progress is told how far a long step is: done of total, which is negative where nobody knows it. A negative done says that the step is over.
type Progress func(step string, done, total int)

// Step is one long job, of which [Config.Progress] is told, or who asked by [WithProgress].
type Step struct {
	tell  Progress
	what  string
	total int
	count int
	over  bool
}

// Step begins a long job of a question.
func (l *Lab) Step(ctx context.Context, what string, total int) *Step {
	s := &Step{tell: l.config.Progress, what: what, total: total}
	if own, ok := ctx.Value(progressKey{}).(Progress); ok {
		s.tell = own
	}
	s.Set(0)
	return s
}

type progressKey struct{}

// WithProgress is a context whose questions tell p how far they are, in place of [Config.Progress].
func WithProgress(ctx context.Context, p Progress) context.Context {
	return context.WithValue(ctx, progressKey{}, p)
}

// Add counts n more.
func (s *Step) Add(n int) { s.Set(s.count + n) }

// Set counts up to n.
func (s *Step) Set(n int) {
	if s.count = n; s.tell != nil && !s.over {
		s.tell(s.what, n, s.total)
	}
}

// Done ends the job. Later calls do nothing.
func (s *Step) Done() {
	if s.tell != nil && !s.over {
		s.tell(s.what, -1, s.total)
	}
	s.over = true
}
