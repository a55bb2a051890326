package lab

import (
	"context"
	"sync"

	"github.com/facet-clip/facet/concept"
)

const (
	sharedWords = 1000 // of a bank from which on its dictionary is shared: making that of 20,000 words takes longer than explaining a picture
	keptFits    = 2    // dictionaries that are kept
)

// fitKey is all that decides a dictionary. A bank that is held open is one value.
type fitKey struct {
	bank  *concept.Bank
	scale string
}

// sharedFit is a dictionary on the engine that questions share. It is closed when it is no longer kept and nobody uses it.
type sharedFit struct {
	mu      sync.Mutex
	made    *labelling
	users   int
	dropped bool
}

// take is the dictionary for a question, which closes it; false where it is no longer kept.
func (s *sharedFit) take(f fit) (*labelling, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dropped {
		return nil, false
	}
	s.users++
	w := *s.made
	w.fit, w.close = f, sync.OnceValue(s.leave)
	return &w, true
}

func (s *sharedFit) leave() error { return s.change(func() { s.users-- }) }

func (s *sharedFit) drop() error { return s.change(func() { s.dropped = true }) }

// change closes the dictionary where nobody can use it any more.
func (s *sharedFit) change(how func()) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if how(); s.dropped && s.users == 0 {
		return s.made.close()
	}
	return nil
}

// fitting makes a dictionary of a bank, and fits to it. That of a large bank is kept for the next question.
func (l *Lab) fitting(ctx context.Context, bank *concept.Bank, f fit) (*labelling, error) {
	f = f.filled()
	if len(bank.Texts) < sharedWords {
		return l.newFitting(bank, f)
	}
	for {
		s, err := l.fits.get(ctx, fitKey{bank, f.scale}, func(context.Context) (*sharedFit, error) {
			w, err := l.newFitting(bank, f)
			return &sharedFit{made: w}, err
		})
		if err != nil {
			return nil, err
		}
		if w, ok := s.take(f); ok {
			return w, nil
		}
	}
}
