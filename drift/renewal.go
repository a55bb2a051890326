package drift

// Learn takes up the images of a window that will be part of the reference, by their [Monitor.Ranks] in the order in which they came. Nothing is bet on
// them: what is learnt is their order alone.
func (m *Monitor) Learn(images [][]int) {
	if !m.Cycle {
		m.Order.window(images, m.references)
	}
}

// Renew lets the monitor of a new reference go on from one that followed the stream so far, and that no episode is open in. Every e-process begins anew. With [Ever] each
// renewal after the first reference has its share of the budget, as an episode has: see [Guarantee].
//
// The images of the new reference are those of windows without an alert, which is a choice by what they are. Up to the first false alert it is none: no window
// before has one, so the renewals come when they would have come anyhow. So the guarantee holds for the first false alert as with a reference that is kept.
func (m *Monitor) Renew(before *Monitor, first bool) {
	m.Guard(before.Guarantee)
	m.Spent, m.Renewed, m.Order = before.Spent, before.Renewed, before.Order
	if !first {
		m.Renewed++
	}
}
