package drift

import (
	"math/rand/v2"
	"testing"
)

// rolling follows windows of 30 images against the last so many calm windows, renewed as often, until an alert, whose window it gives, or the last window.
func (s *stream) rolling(t *testing.T, g Guarantee, last, windows int, α float64) (alert int) {
	t.Helper()
	const size = 30
	var images []Image
	var m *Monitor
	for window := 1; window <= windows; window++ {
		if (window-1)%last == 0 && window > 1 {
			summary := NewSummary(s.strong, s.embed, 0, size*last)
			for _, i := range images[len(images)-size*last:] {
				if err := summary.Add(i, i.Scalars, nil); err != nil {
					t.Fatal(err)
				}
			}
			p := &Profile{Summary: *summary}
			for k := range s.strong {
				p.Strong = append(p.Strong, k)
			}
			before := m
			if m = s.monitor(t, p); before != nil {
				m.Renew(before, false)
			} else {
				m.Guard(g)
			}
		}
		var ranks [][]int
		for range size {
			i := s.image(nil)
			if images = append(images, i); m != nil {
				ranks = append(ranks, m.Ranks(i))
			}
		}
		if m != nil && len(m.Window(ranks, α)) > 0 {
			return window
		}
	}
	return 0
}

// TestRenewedReferencesKeepTheBudget: without drift, a reference that is renewed again and again raises no more alerts than one that is kept.
func TestRenewedReferencesKeepTheBudget(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: simulates hundreds of streams")
	}
	const runs, windows, α = 150, 41, 0.2
	for _, last := range []int{1, 4} {
		s, alarms := &stream{random: rand.New(rand.NewPCG(11, uint64(last))), strong: 6, embed: 16}, 0
		for range runs {
			if s.rolling(t, Ever, last, windows, α) > 0 {
				alarms++
			}
		}
		t.Logf("rolling:%d: %d of %d runs of %d windows raise an alert, %g expected at most", last, alarms, runs, windows, runs*α)
		if alarms > 44 { // 30 are expected at most; more than 44 have a chance of 0.3 %
			t.Errorf("rolling:%d: %d of %d runs raise an alert", last, alarms, runs)
		}
	}
	s, sum := &stream{random: rand.New(rand.NewPCG(11, 3)), strong: 6, embed: 16}, 0.0
	const often = 1.0 / 30
	for range runs {
		first := s.rolling(t, RunLength, 2, 6/often, often)
		if first == 0 {
			first = 6 / often // the run was cut off: it would have been longer
		}
		sum += float64(first)
	}
	t.Logf("arl: %.0f windows on average before the first false alert, %g at least", sum/runs, 1/often)
	if sum/runs < 1/often {
		t.Errorf("%.0f windows on average before the first false alert, expected %g at least", sum/runs, 1/often)
	}
}

// TestRenewalsHaveShares: episodes and renewals of the reference have the budget in sum.
func TestRenewalsHaveShares(t *testing.T) {
	s := &stream{random: rand.New(rand.NewPCG(1, 1)), strong: 2, embed: 4}
	p := s.profile(t, 10)
	m, sum := s.monitor(t, p), 0.0
	for k := range 1000 {
		sum += m.part()
		next := s.monitor(t, p)
		if next.Renew(m, false); k%3 == 0 {
			next.Spent, next.Renewed = next.Spent+1, next.Renewed-1 // an episode instead
		}
		m = next
	}
	if sum > 1 || sum < 0.99 {
		t.Errorf("the shares sum to %g", sum)
	}
	data, err := m.State()
	if err != nil {
		t.Fatal(err)
	}
	again := s.monitor(t, p)
	if err := again.Restore(data); err != nil || again.part() != m.part() || again.Renewed != m.Renewed {
		t.Errorf("restored: part %g and %d renewals, expected %g and %d: %v", again.part(), again.Renewed, m.part(), m.Renewed, err)
	}
}
