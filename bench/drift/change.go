package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/facet-clip/facet/drift"
)

const (
	calmWindows = 8  // before a change
	mostWindows = 50 // after it
	later       = 5  // windows after which a change is named again, from all of them
	kept        = 10 // earlier windows that facet drift watch can look at again
)

// race is what one method makes of a change over all seeds.
type race struct {
	delays []int // of runs that found it
	early  int   // runs with an alert before
}

func (r *race) add(delay int, early bool) {
	if delay > 0 {
		r.delays = append(r.delays, delay)
	}
	r.early += count(early)
}

func (r race) String() string {
	if len(r.delays) == 0 {
		return fmt.Sprintf("0 found (%d early)", r.early)
	}
	slices.Sort(r.delays)
	return fmt.Sprintf("%d: %d, %d (%d)", len(r.delays), r.delays[(len(r.delays)-1)/2], r.delays[len(r.delays)-1], r.early)
}

const row = "%-50s %-18s %-7s %-7s %-9s %-18s %-18s %-18s %-18s\n"

func printChangeHead() {
	fmt.Printf("\nruns that found the change: windows until then, median and most (runs with an alert in the %d calm windows before)\n", calmWindows)
	fmt.Printf(row, "drift", "facet", "alone", "grown", "after "+fmt.Sprint(later), "KS 5 % a window", "KS 5 % a run", "MMD 5 % a window", "MMD 5 % a run")
}

// method is one of the rivals in a run.
type method struct {
	delay int
	early bool
}

// window takes up whether a method alerts in window w after the change, or before it for w ≤ 0.
func (m *method) window(w int, alert bool) {
	if w <= 0 {
		m.early = m.early || alert
	} else if alert && m.delay == 0 {
		m.delay = w
	}
}

// change measures how long a change takes to be found, and what it is called: from the window of the alert alone, from those over which what raised
// it has grown, as facet drift watch does, and from all windows since the change once there are a few.
func (b *bench) change(ctx context.Context, s scenario, seeds int, peers bool) error {
	pools, err := b.pair(ctx, s)
	if err != nil {
		return err
	}
	var lock sync.Mutex
	var races [5]race
	var alone, named, namedLater int
	called, alerting, told, again := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	err = each(seeds, func(seed int) error {
		r, err := b.once(ctx, s, pools, seed, peers)
		if err != nil {
			return err
		}
		lock.Lock()
		defer lock.Unlock()
		for i, m := range r.methods {
			races[i].add(m.delay, m.early)
		}
		alone, named, namedLater = alone+count(r.alone == s.want), named+count(r.named == s.want), namedLater+count(r.later == s.want)
		called[cmp.Or(r.named, "(no alert)")]++
		told[cmp.Or(r.told[0], "none")]++
		again[cmp.Or(r.told[1], "none")]++
		for _, a := range r.alerting {
			alerting[a]++
		}
		return nil
	})
	if err != nil {
		return err
	}
	fmt.Printf(row, s.name, races[0], fmt.Sprintf("%d/%d", alone, seeds), fmt.Sprintf("%d/%d", named, seeds), fmt.Sprintf("%d/%d", namedLater, seeds), races[1], races[2], races[3], races[4])
	fmt.Printf("    called %v; first alerts by %s\n", called, most(alerting))
	fmt.Printf("    watched texts told by their names: with the alert %v, 1 or 3 windows later %v\n", told, again)
	return nil
}

// most are the commonest keys.
func most(counts map[string]int) string {
	keys := slices.SortedFunc(maps.Keys(counts), func(a, b string) int { return counts[b] - counts[a] })
	var out []string
	for _, k := range keys[:min(4, len(keys))] {
		out = append(out, fmt.Sprintf("%s %d", k, counts[k]))
	}
	return strings.Join(out, ", ")
}

// outcome is that of one run.
type outcome struct {
	methods             [5]method // facet, KS, KS over a run, MMD, MMD over a run
	alone, named, later string    // the top change
	alerting            []string  // what raised facet's alert
	told                [2]string // watched texts that are told by their names: at the alert, or when they are asked about again
}

// mix is that of a window: 1 is the first that changes.
func (s scenario) mix(w int) mix {
	if w > 0 {
		return s.at(w - 1)
	}
	return s.calm
}

func (b *bench) once(ctx context.Context, s scenario, pools [2]*pool, seed int, peers bool) (r outcome, err error) {
	p, err := b.profile(pools[0], s.calm, seed)
	if err != nil {
		return r, err
	}
	m, err := b.monitor(p)
	if err != nil {
		return r, err
	}
	v, err := drift.NewVocabulary(ctx, p, b.ov, b.words)
	if err != nil {
		return r, err
	}
	random, peer := source(seed, 3), newPeers(p, b.ov.Embed, seed)
	var all, since, waits []int
	grown := func(of []int) []int { return all[max(0, len(all)-window*min(m.Grown(of), kept+1)):] }
	for w := 1 - calmWindows; w <= mostWindows && !(r.done(peers) && w > later+1); w++ {
		indexes := pools[1].draw(random, s.mix(w), window)
		ranks, err := b.ranks(m, pools[1], indexes, p.Strong)
		if err != nil {
			return r, err
		}
		alerts := m.Window(ranks, budget)
		first := r.methods[0].delay == 0
		r.methods[0].window(w, len(alerts) > 0)
		if peers {
			r.askPeers(w, peer, embeddings(pools[1], indexes))
		}
		if all = append(all, indexes...); w > 0 {
			since = append(since, indexes...)
		}
		if w > 0 && first && len(alerts) > 0 {
			for _, a := range alerts {
				r.alerting = append(r.alerting, m.Names[a])
			}
			if r.alone, err = b.top(ctx, v, pools[1], indexes, p.Strong); err != nil {
				return r, err
			}
			if r.told[0], waits, err = b.texts(v, m, p, pools[1], grown(alerts), alerts); err != nil {
				return r, err
			}
			if r.named, err = b.top(ctx, v, pools[1], grown(alerts), p.Strong); err != nil {
				return r, err
			}
		}
		if age := w - r.methods[0].delay + 1; r.methods[0].delay > 0 && r.told[1] == "" && len(waits) > 0 && (age == 2 || age == 4) {
			if r.told[1], _, err = b.texts(v, m, p, pools[1], grown(waits), waits); err != nil {
				return r, err
			}
		}
		if at := max(r.methods[0].delay, 1) + later - 1; w == at && r.methods[0].delay > 0 || w == mostWindows && r.later == "" {
			if r.later, err = b.top(ctx, v, pools[1], since[max(0, len(since)-later*window):], p.Strong); err != nil {
				return r, err
			}
		}
	}
	return r, nil
}

// texts are those that facet drift watch tells by their names when they cross the line: which move by themselves in images. The others wait.
func (b *bench) texts(v *drift.Vocabulary, m *drift.Monitor, of *drift.Profile, p *pool, indexes, crossed []int) (told string, waits []int, err error) {
	s, err := b.summary(p, indexes, of.Strong, len(indexes))
	if err != nil {
		return "", nil, err
	}
	specific := v.Specific(of.Watched, s)
	var names []string
	for _, i := range crossed {
		text, ok := m.Text(i)
		switch {
		case !ok:
		case specific[text].Is(len(of.Watched)) || v.Tail(of.Watched[text], s).Is(len(of.Watched)):
			if name := of.Watched[text].Text; !slices.Contains(names, name) {
				names = append(names, name)
			}
		default:
			waits = append(waits, i)
		}
	}
	return strings.Join(names, " and "), waits, nil
}

// askPeers gives a window's embeddings to the peers that have found nothing yet.
func (r *outcome) askPeers(w int, peer *peers, x []float32) {
	if r.methods[1].delay == 0 || r.methods[2].delay == 0 {
		ks := peer.ks(x)
		r.methods[1].window(w, ks <= budget)
		r.methods[2].window(w, ks <= budget/runWindows)
	}
	if r.methods[3].delay == 0 || r.methods[4].delay == 0 {
		permuted, gamma := peer.mmd(x)
		r.methods[3].window(w, permuted <= budget)
		r.methods[4].window(w, gamma <= budget/runWindows)
	}
}

func (r outcome) done(peers bool) bool {
	for i, m := range r.methods {
		if m.delay == 0 && (i == 0 || peers) {
			return false
		}
	}
	return r.later != ""
}

func (b *bench) top(ctx context.Context, v *drift.Vocabulary, p *pool, indexes, strong []int) (string, error) {
	s, err := b.summary(p, indexes, strong, len(indexes))
	if err != nil {
		return "", err
	}
	c, err := v.Compare(ctx, []*drift.Summary{s}, drift.Options{Level: budget})
	switch {
	case err != nil:
		return "", err
	case c[0].Changed == 0:
		return "nothing", nil
	case len(c[0].Changes) == 0:
		return "unnamed", nil
	}
	return c[0].Changes[0].String(), nil
}
