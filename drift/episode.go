package drift

import (
	"fmt"
	"math"
)

// Guarantee says what the budget of a [Monitor] bounds while nothing changes.
type Guarantee string

const (
	// Ever bounds the chance of any false alert over the whole stream, however long: α. Each episode that ends leaves its
	// share behind: the e-processes begin anew with α/((k+1)(k+2)) after k episodes and renewals of the reference, which is α in sum.
	Ever Guarantee = ""
	// RunLength bounds how often: there are 1/α windows between false alerts, on average and at least. A change may begin at every window with the same
	// weight, so an old stream is as wakeful as a new one (the e-detector of Shin, Ramdas and Rinaldo, 2022).
	RunLength Guarantee = "arl"
)

// ParseGuarantee reads "ever" or "arl".
func ParseGuarantee(s string) (Guarantee, error) {
	switch s {
	case "ever":
		return Ever, nil
	case string(RunLength):
		return RunLength, nil
	}
	return Ever, fmt.Errorf("%q: expected ever or arl", s)
}

// Guard says what the budget bounds, before the first window.
func (m *Monitor) Guard(g Guarantee) {
	m.Guarantee = g
	m.rearm()
}

// part is what of the budget the e-processes have.
func (m *Monitor) part() float64 {
	switch {
	case m.Guarantee == RunLength && m.Rules >= WholeTexts:
		return 0.5 // the chance of an alert within t windows is part·α·t at most, by the union bound: the sum over t of the rest is 1/α then
	case m.Rules < ShiftsAndTails || m.Guarantee == RunLength:
		return 1
	}
	begun := m.Spent + m.Renewed
	return 1 / (float64(begun+1) * float64(begun+2))
}

// prior is the weight of a change that begins with the next window, and what is kept for later ones.
func (m *Monitor) prior() (start, kept float64) {
	if m.Guarantee == RunLength {
		return 1, 0
	}
	w := float64(m.Detectors[0].Windows)
	return 1 / ((w + 1) * (w + 2)), 1 / (w + 2)
}

// Episode is one drift, from the window that raises an alert to the window in which the images are as in the reference again.
type Episode struct {
	Number int      `json:"number"` // from 1
	Begin  int      `json:"begin"`  // windows since the e-processes began, this one included
	Raised []Raiser `json:"raised"` // what began it
}

// Raiser is a number that began an episode, with the evidence that it is as in the reference again.
type Raiser struct {
	Followed int     `json:"followed"` // index of its name
	Bet      int     `json:"bet"`      // that had won most
	Calm     float64 `json:"calm"`     // cumulative sum of −log of what that bet pays, from 0 on
}

// calmEnough is the cumulative sum from which a number counts as calm: while the bet's change goes on, a sum gets there once in 10,000 images at
// most, on average (Page, 1954; Lorden, 1971).
var calmEnough = math.Log(10_000)

// episodes takes up a window: an alert begins an episode where none is open, and one ends when all that began it is calm. Then every e-process
// begins anew.
func (m *Monitor) episodes(images [][]int, alerts []int) {
	m.Ended = nil
	if m.Rules < ShiftsAndTails {
		return
	}
	if m.Episode == nil {
		if len(alerts) > 0 {
			m.Episode = &Episode{Number: m.Spent + 1, Begin: m.Detectors[0].Windows}
			for _, i := range alerts {
				m.Episode.Raised = append(m.Episode.Raised, Raiser{Followed: i, Bet: m.Detectors[i].best(m.references[i])})
			}
		}
		return
	}
	calm := true
	for k := range m.Episode.Raised {
		r := &m.Episode.Raised[k]
		r.take(m.references[r.Followed], images)
		calm = calm && r.Calm >= calmEnough
	}
	if calm {
		m.Ended, m.Episode = m.Episode, nil
		m.Spent++
		m.rearm()
	}
}

// Later reports whether the evidence of number i began to grow well after the open episode did, and grew fast: then it is another drift. What a drift
// moves but little crosses the line late and has grown for long.
func (m *Monitor) Later(i int) bool {
	d := m.Detectors[i]
	return m.Episode != nil && d.Since-m.Episode.Begin >= max(4, 2*(d.Windows-d.Since))
}

// take lets a raiser's bet be made on new images at the odds of the reference alone.
func (r *Raiser) take(reference *Reference, images [][]int) {
	bet := reference.bets[r.Bet]
	fair := math.Log(reference.sums[r.Bet] / float64(len(bet)))
	for _, ranks := range images {
		r.Calm = min(max(0, r.Calm-math.Log(bet[ranks[r.Followed]])+fair), 2*calmEnough)
	}
}

// best is the bet of most wealth.
func (d *Detector) best(r *Reference) int {
	best := 0
	for k, w := range d.Wealth {
		if w*r.shares[k] > d.Wealth[best]*r.shares[best] {
			best = k
		}
	}
	return best
}

// check says what is wrong with an episode that was stored.
func (e *Episode) check(m *Monitor) error {
	if e == nil {
		return nil
	}
	for _, r := range e.Raised {
		if r.Followed < 0 || r.Followed >= len(m.references) || r.Bet < 0 || r.Bet >= len(m.references[r.Followed].bets) {
			return fmt.Errorf("episode %d was begun by number %d and bet %d, which are not followed", e.Number, r.Followed, r.Bet)
		}
	}
	return nil
}
