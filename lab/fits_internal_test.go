package lab

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/facet-clip/facet/concept"
)

// TestSharedFits: the dictionary of a large bank is made once, used by many at a time, and closed when it is not kept and nobody uses it.
func TestSharedFits(t *testing.T) {
	l, err := Open(t.Context(), Config{Cache: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	rng, embed := rand.New(rand.NewPCG(1, 2)), l.model.Config.Embed
	texts, rows := make([]string, sharedWords), make([]float32, sharedWords*embed)
	for i := range texts {
		texts[i] = fmt.Sprint(i)
	}
	for i := range rows {
		rows[i] = float32(rng.NormFloat64())
	}
	bank, err := concept.NewBank(texts, rows, embed)
	if err != nil {
		t.Fatal(err)
	}
	first, err := l.fitting(t.Context(), bank, fit{})
	if err != nil {
		t.Fatal(err)
	}
	closed := 0
	s, err := l.fits.get(t.Context(), fitKey{bank, scaleRows}, nil) // it is there
	if err != nil {
		t.Fatal(err)
	}
	end := s.made.close
	s.made.close = func() error { closed++; return end() }
	var group sync.WaitGroup
	for terms := range 8 {
		group.Go(func() {
			w, err := l.fitting(t.Context(), bank, fit{terms: terms + 1})
			if err != nil || w.dictionary != first.dictionary || w.fit.terms != terms+1 || w.fit.method != methodOMP {
				t.Errorf("%v: another dictionary, or another fit: %+v", err, w.fit)
				return
			}
			if _, err := w.product(t.Context(), rows[:embed]); err != nil {
				t.Error(err)
			}
			w.close()
			w.close() // again: it counts once
		})
	}
	group.Wait()
	if err := l.Close(); err != nil || closed != 0 {
		t.Errorf("%v: closed %d times while it is used", err, closed)
	}
	if _, err := first.product(t.Context(), rows[:embed]); err != nil {
		t.Errorf("in use: %v", err)
	}
	if err := first.close(); err != nil || closed != 1 {
		t.Errorf("%v: closed %d times, expected once", err, closed)
	}
	if _, ok := s.take(fit{}); ok {
		t.Error("it is taken when it is closed")
	}
	again, err := l.newFitting(bank, fit{}.filled())
	if err != nil {
		t.Fatal(err)
	}
	defer again.close()
	one, err := again.product(context.Background(), rows[:embed])
	if err != nil || again.bank != first.bank {
		t.Errorf("%v %s, expected %s", err, again.bank, first.bank)
	}
	if len(one) != sharedWords {
		t.Errorf("%d products", len(one))
	}
}
