package lab

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

// step begins a long job.
func (l *Lab) step(what string, total int) *step {
	s := &step{tell: l.config.Progress, what: what, total: total}
	s.set(0)
	return s
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
