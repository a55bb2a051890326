package watch

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/drift/record"
	"github.com/facet-clip/facet/drift/store"
)

const (
	strongest = 5  // of the evidence shown
	mostMoves = 16 // of episodes, that are remembered
)

// memory is what a stream's windows hand on.
type memory struct {
	Monitor json.RawMessage `json:"monitor"`
	Said    map[string]int  `json:"said"` // what alerts have said, of this episode where there are episodes, and in which window

	Named bool           `json:"named,omitempty"` // the episode has said a named change
	Past  map[string]int `json:"past,omitempty"`  // what earlier episodes said, and which
	Moves []episodeMove  `json:"moves,omitempty"` // of alerts of this and of earlier episodes, the latest last; absent in older states

	Shared   map[string]int `json:"shared,omitempty"`   // watched texts that crossed the line with all others, and in which window
	Nameless int            `json:"nameless,omitempty"` // the window in which the episode was told without a name

	Reference span `json:"reference,omitzero"` // the windows of the stream that it is compared with
	Calm      int  `json:"calm,omitempty"`     // windows in a row that were calm, since these
}

// episodeMove is how the images of an alert of an episode had moved.
type episodeMove struct {
	Episode int `json:"episode"`
	drift.Move
}

// forget forgets what was said and is to be asked of an episode that is over.
func (m *memory) forget() { m.Said, m.Named, m.Shared, m.Nameless = map[string]int{}, false, nil, 0 }

// recall reads what the windows before handed on.
func (w *Watcher) recall(state []byte) (*memory, error) {
	m := &memory{Monitor: w.initial, Said: map[string]int{}}
	if state != nil {
		if err := json.Unmarshal(state, m); err != nil {
			return nil, fmt.Errorf("the state of the stream: %w", err)
		}
	}
	for _, move := range m.Moves {
		if err := w.Profile.Check(move.Move); err != nil {
			return nil, fmt.Errorf("the state of the stream: episode %d: %w", move.Episode, err)
		}
	}
	return m, w.monitor.Restore(m.Monitor)
}

// judge compares a full window with the profile and lets the monitor take it up.
func (w *Watcher) judge(ctx context.Context, full store.Full) (answer.Window, store.Outcome, error) {
	images := make([]drift.Image, len(full.Images))
	for k, i := range full.Images {
		var err error
		if images[k], err = w.unpack(i); err != nil {
			return answer.Window{}, store.Outcome{}, err
		}
	}
	window := answer.Window{Format: record.Format, Group: w.group, Number: full.Number, Images: len(images), Closed: time.Now().UTC(), Alerts: []answer.Alert{}}
	window.First, window.Last = moments(full.Images)
	window.Repeated, window.ProfileRepeatedShare = w.repeats.of(w.group), w.Repeats
	window.RepeatedShare = float64(window.Repeated) / float64(window.Repeated+window.Images)
	m, err := w.remember(full)
	if err != nil {
		return window, store.Outcome{}, err
	}
	if m.Reference.From > 0 {
		window.Reference = &answer.WindowSpan{From: m.Reference.From, To: m.Reference.To}
	}
	every := w.monitor.Every()
	s, err := w.reference.Summarise(w.thinned(images, every), w.Profile.Size)
	if err != nil {
		return window, store.Outcome{}, err
	}
	own, err := w.compare(ctx, window.Number, s)
	if err != nil {
		return window, store.Outcome{}, err
	}
	window.Watched, window.Compared = w.watched(s, own.specific), own.Comparison
	if w.learns(m) {
		err = w.learn(m, &window, images)
	} else {
		err = w.bet(ctx, full, m, &window, images, own, every)
	}
	if err == nil {
		err = w.renew(m, window, full)
	}
	if err != nil {
		return window, store.Outcome{}, err
	}
	o, err := outcome(window, *m)
	return window, o, err
}

// bet lets the monitor take up a window, and adds to it what there is to say. own is how the window compares.
func (w *Watcher) bet(ctx context.Context, full store.Full, m *memory, window *answer.Window, images []drift.Image, own comparison, every int) error {
	crossed, err := w.follow(m, images)
	if err != nil {
		return err
	}
	w.weigh(window, every)
	texts, nameless := w.due(m, window.Number)
	if all := slices.Concat(crossed, texts, nameless); len(all) > 0 && w.monitor.Ended == nil {
		if own, err = w.grown(ctx, full, images, all, own); err != nil {
			return err
		}
	}
	own.late = slices.DeleteFunc(texts, func(i int) bool {
		text, _ := w.monitor.Text(i)
		return !w.byItself(text, own)
	})
	if own.holds[anyOther] != "" {
		own.late = append(own.late, nameless...)
	}
	if a := w.tell(m, slices.Concat(crossed, own.late), own); a != nil {
		window.Alerts = append(window.Alerts, *a)
	}
	return nil
}

// thinned are every n-th of a window's images; all where those would be too few to compare.
func (w *Watcher) thinned(images []drift.Image, every int) []drift.Image {
	var out []drift.Image
	for _, i := range w.monitor.Thinned(len(images), every) {
		out = append(out, images[i])
	}
	if len(out) < 2 {
		return images
	}
	return out
}

// comparison is that of the images of some windows up to the last.
type comparison struct {
	*answer.Comparison                   // nil for one image
	window             int               // the last
	from, taken        int               // the first of the windows, and all their images
	holds              map[string]string // the named change of every pair that one holds, and of [anyOther]
	specific           []*drift.Specificity
	images             *drift.Summary
	move               *drift.Move // nil for one image
	late               []int       // what crossed the line in an earlier window and has its name only now
}

// unnamed is said where no change has a name.
const unnamed = "(unnamed)"

// due are what is to be asked about again: watched texts that crossed the line as all texts did, and what began an episode that has no name yet.
// Both are asked 1, 3, 7, … windows later. Who asks every time gets any answer in the end.
func (w *Watcher) due(m *memory, window int) (texts, nameless []int) {
	again := func(since int) bool {
		age := window - since + 1
		return since > 0 && age > 1 && age&(age-1) == 0
	}
	for i, c := range w.Profile.Watched {
		if again(m.Shared[c.Text]) {
			texts = append(texts, w.monitor.Leading(i, w.budget))
		}
	}
	if e := w.monitor.Episode; e != nil && !m.Named && again(m.Nameless) {
		for _, r := range e.Raised {
			nameless = append(nameless, r.Followed)
		}
	}
	return texts, nameless
}

// anyOther stands for all pairs that no named change holds.
const anyOther = ""

// compare compares the images of a window. One image says nothing.
func (w *Watcher) compare(ctx context.Context, window int, s *drift.Summary) (comparison, error) {
	out := comparison{window: window, from: window, taken: s.Count(), holds: map[string]string{}, images: s, specific: w.vocabulary.Specific(w.Profile.Watched, s)}
	move, ok := w.reference.NewMove(s)
	if !ok {
		return out, nil
	}
	out.move = &move
	all, err := w.vocabulary.Compare(ctx, []*drift.Summary{s}, drift.Options{Level: w.Level, Seed: uint64(window)})
	if err != nil {
		return out, err
	}
	compared := record.Comparison(all[0])
	out.Comparison = &compared
	for k, c := range all[0].Changes {
		said := compared.Changes[k].String()
		for _, p := range c.Pairs {
			out.holds[p.Pair.String()] = said
		}
		if k == 0 {
			out.holds[anyOther] = said
		}
	}
	return out, nil
}

// grown compares the images of all windows over which what crossed the line has grown: in one window alone, a change that is small or slow has no
// name yet.
func (w *Watcher) grown(ctx context.Context, full store.Full, images []drift.Image, crossed []int, own comparison) (comparison, error) {
	first, before, err := full.Earlier(full.Number + 1 - w.monitor.Grown(crossed))
	if err != nil || len(before) == 0 {
		return own, err
	}
	var all []drift.Image
	for _, i := range before {
		image, err := w.unpack(i)
		if err != nil {
			return own, err
		}
		all = append(all, image)
	}
	s, err := w.reference.Summarise(append(all, images...), w.Profile.Size)
	if err != nil {
		return own, err
	}
	c, err := w.compare(ctx, full.Number, s)
	c.from = first
	return c, err
}

// The events of an episode.
const (
	begins  = "begin"
	changes = "change"
	clears  = "clear"
	returns = "return"
)

// tell is what to say at the end of a window, if anything: an alert of what crossed the line, as an event of its episode, or that an episode is over.
func (w *Watcher) tell(m *memory, crossed []int, c comparison) *answer.Alert {
	if over := w.monitor.Ended; over != nil {
		a := w.newAlert(c)
		a.Event, a.Episode, a.Said = clears, over.Number, slices.Sorted(maps.Keys(m.Said))
		if m.Past == nil {
			m.Past = map[string]int{}
		}
		for _, said := range a.Said {
			m.Past[said] = over.Number
		}
		m.forget()
		return a
	}
	open := w.monitor.Episode
	if open == nil {
		return w.alert(m, crossed, c)
	}
	event := begins
	if begun := w.monitor.Detectors[0].Windows; open.Begin < begun {
		event = changes
		crossed = slices.DeleteFunc(slices.Clone(crossed), func(i int) bool {
			_, isNamed := c.holds[w.monitor.Names[i]]
			_, isText := w.monitor.Text(i)
			first := !m.Named && !isText && (isNamed || c.holds[anyOther] != "") // the first name that the episode has
			return !w.monitor.Later(i) && !first && !slices.Contains(c.late, i)
		})
	}
	a := w.alert(m, crossed, c)
	if a == nil {
		return nil
	}
	if event == begins && (slices.ContainsFunc(a.New, func(said string) bool { return said != unnamed && m.Past[said] > 0 }) || w.cameBefore(m, c)) {
		event = returns
	}
	m.note(open.Number, c.move)
	a.Event, a.Episode, a.Said = event, open.Number, slices.Sorted(maps.Keys(m.Said))
	return a
}

// cameBefore reports whether images moved as those of an earlier episode did. The name that few images give a drift varies; the way it goes does not.
func (w *Watcher) cameBefore(m *memory, c comparison) bool {
	return c.move != nil && slices.ContainsFunc(m.Moves, func(earlier episodeMove) bool { return w.reference.Same(earlier.Move, *c.move) })
}

// note remembers how the images of an alert moved.
func (m *memory) note(episode int, move *drift.Move) {
	if move != nil {
		m.Moves = append(m.Moves, episodeMove{episode, *move})
		m.Moves = m.Moves[max(0, len(m.Moves)-mostMoves):]
	}
}

func (w *Watcher) newAlert(c comparison) *answer.Alert {
	a := &answer.Alert{
		Format: record.Format, Group: w.group, Window: c.window, Budget: w.budget, Guarantee: string(w.Guarantee), From: c.from, Images: c.taken, New: []string{}, Changes: []answer.Change{}, RaisedBy: []answer.Evidence{},
	}
	if c.Comparison != nil {
		a.Changes, a.Rest = c.Changes, c.Rest
	}
	return a
}

// alert is what to say of what crossed the line, or nil when all of it was said before: one drift moves many pairs, one after the other, and the
// embedding with them. What crossed is said as the named change that holds it; else as the largest change, unless its evidence began to grow after an
// alert had said that, for then it is another drift; else by its own name, as watched texts are that move by themselves. A watched text that moves
// as all texts do is never said by its name.
func (w *Watcher) alert(m *memory, crossed []int, c comparison) *answer.Alert {
	a := w.newAlert(c)
	largest := c.holds[anyOther]
	before, wasSaid := m.Said[largest]
	for _, i := range crossed {
		a.RaisedBy = append(a.RaisedBy, w.evidence(i))
		name, shared := w.monitor.Names[i], false
		text, isText := w.monitor.Text(i)
		if isText {
			name, shared = w.Profile.Watched[text].Text, w.shared(m, text, c)
		}
		said := name
		if shared || !isText {
			said = cmp.Or(c.holds[said], said)
			if grew := c.window + 1 - w.monitor.Detectors[i].Grown(); said == name && (!wasSaid || grew <= before) {
				said = cmp.Or(largest, said)
			}
			if m.Named = m.Named || said != name; said == name && (shared || largest == "") {
				said = unnamed
				m.Nameless = cmp.Or(m.Nameless, c.window)
			}
		}
		if _, again := m.Said[said]; !again {
			m.Said[said], a.New = c.window, append(a.New, said)
		}
	}
	if len(a.New) == 0 {
		return nil
	}
	slices.SortStableFunc(a.RaisedBy, func(a, b answer.Evidence) int { return cmp.Compare(b.Value, a.Value) })
	return a
}

// shared reports whether a watched text that crossed the line moves as all texts do, and remembers it.
func (w *Watcher) shared(m *memory, i int, c comparison) bool {
	text := w.Profile.Watched[i].Text
	if w.byItself(i, c) {
		delete(m.Shared, text)
		return false
	}
	if m.Shared == nil {
		m.Shared = map[string]int{}
	}
	if _, waits := m.Shared[text]; !waits {
		m.Shared[text] = c.window
	}
	return true
}

// byItself reports whether a watched text moves more than texts do together: in all images, or in the few that are most like it.
func (w *Watcher) byItself(text int, c comparison) bool {
	texts := len(w.Profile.Watched)
	return c.specific == nil || c.specific[text].Is(texts) || w.vocabulary.Tail(w.Profile.Watched[text], c.images).Is(texts)
}

func moments(images []store.Image) (first, last time.Time) {
	first, last = images[0].Moment, images[0].Moment
	for _, i := range images {
		if i.Moment.Before(first) {
			first = i.Moment
		}
		if i.Moment.After(last) {
			last = i.Moment
		}
	}
	return first, last
}

// follow lets the monitor go on, from where it was restored, and gives what crossed the line.
func (w *Watcher) follow(m *memory, images []drift.Image) (crossed []int, err error) {
	ranks := make([][]int, len(images))
	for k, image := range images {
		ranks[k] = w.monitor.Ranks(image)
	}
	crossed = w.monitor.Window(ranks, w.budget)
	m.Monitor, err = w.monitor.State()
	return crossed, err
}

func (w *Watcher) evidence(i int) answer.Evidence {
	name := w.monitor.Names[i]
	return answer.Evidence{Followed: name, Label: w.labels[name], Up: w.monitor.Up(i), Value: w.monitor.Evidence(i, w.budget)}
}

// weigh notes the monitor's evidence in a window.
func (w *Watcher) weigh(window *answer.Window, every int) {
	m := w.monitor
	if m.Episode != nil {
		window.Episode = m.Episode.Number
	}
	window.Order = w.order(every)
	all := make([]answer.Evidence, len(w.monitor.Names))
	for i := range all {
		all[i] = w.evidence(i)
	}
	for i := range window.Watched {
		window.Watched[i].Evidence = all[m.Leading(i, w.budget)].Value
	}
	slices.SortStableFunc(all, func(a, b answer.Evidence) int { return cmp.Compare(b.Value, a.Value) })
	window.Evidence = all[:min(strongest, len(all))]
}

// order is what the order of images means so far; nil where it is not followed.
func (w *Watcher) order(every int) *answer.ImageOrder {
	o := w.monitor.Order
	if o.Windows == 0 {
		return nil
	}
	return &answer.ImageOrder{Correlation: o.Correlation(1), Evidence: o.Evidence(), Step: o.Step(), Every: every}
}

func (w *Watcher) watched(s *drift.Summary, specific []*drift.Specificity) []answer.WatchedText {
	out := []answer.WatchedText{}
	reference := w.reference.Scores
	for i, c := range w.Profile.Watched {
		i *= 2 // the signed score; the paper's is beside it
		mean, variance := s.Scores.Mean[i], s.Scores.Variance(i)
		low, high := drift.MeanInterval(s.Count(), mean, variance)
		if math.IsInf(low, 0) { // one image
			low, high = mean, mean
		}
		before, spread := reference.Mean[i], reference.Variance(i)
		_, p := drift.Welch(s.Count(), mean, variance, reference.Count, before, spread)
		t := answer.WatchedText{Text: c.Text, Score: mean, Low: low, High: high, Profile: before, P: p, Specific: record.Specificity(specific[i/2])}
		if spread > 0 {
			t.Effect = (mean - before) / math.Sqrt(spread)
		}
		out = append(out, t)
	}
	return out
}

func outcome(window answer.Window, m memory) (store.Outcome, error) {
	state, err := json.Marshal(m)
	if err != nil {
		return store.Outcome{}, err
	}
	result, err := json.Marshal(window)
	if err != nil {
		return store.Outcome{}, err
	}
	o := store.Outcome{State: state, Result: string(result), Kept: [2]int{m.Reference.From, m.Reference.To}}
	for _, a := range window.Alerts {
		data, err := json.Marshal(a)
		if err != nil {
			return o, err
		}
		o.Alerts = append(o.Alerts, string(data))
	}
	return o, nil
}
