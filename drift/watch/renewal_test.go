package watch

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/drift/store"
)

func TestParseRenewal(t *testing.T) {
	for text, want := range map[string]Renewal{"profile": {}, "previous": {1, true}, "own:3": {3, false}, "rolling:10": {10, true}} {
		if got, err := ParseRenewal(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
		if again, err := ParseRenewal(want.String()); err != nil || again != want {
			t.Errorf("%+v is written %s", want, want)
		}
	}
	for _, text := range []string{"", "own", "own:0", "rolling:11", "rolling:x", "last:3"} {
		if got, err := ParseRenewal(text); err == nil {
			t.Errorf("%s: %+v", text, got)
		}
	}
}

// simulated is a stream without a store: payloads of images like the profile's, of which some share of red is added.
type simulated struct {
	w       *Watcher
	random  *rand.Rand
	along   []float32
	windows map[int][]store.Image
	state   []byte
	kept    [2]int
}

func simulate(t *testing.T, seed uint64, change func(*Config)) *simulated {
	w := newWatcher(t, nil, change)
	return &simulated{w: w, random: rand.New(rand.NewPCG(seed, 9)), along: w.redShift(t), windows: map[int][]store.Image{}}
}

// window judges the next window of 40 images, to which so much of red was added.
func (s *simulated) window(t *testing.T, red float64) answer.Window {
	t.Helper()
	return s.windowOf(t, 40, red)
}

func (s *simulated) windowOf(t *testing.T, n int, red float64) answer.Window {
	t.Helper()
	number, sample := len(s.windows)+1, s.w.Profile.Sample()
	var images []store.Image
	for k := range n {
		image := sample[s.random.IntN(len(sample))]
		values := slices.Clone(image.Embedding)
		for i := range values {
			values[i] += float32(red)*s.along[i] + float32(0.01*s.random.NormFloat64())
		}
		for _, v := range image.Scalars {
			values = append(values, v*float32(1+0.05*s.random.NormFloat64()))
		}
		var payload []byte
		for _, v := range append(values, float32(image.Scores[0].Signed), float32(image.Scores[0].Norm)) {
			payload = binary.LittleEndian.AppendUint32(payload, math.Float32bits(v))
		}
		images = append(images, store.Image{Hash: [32]byte{byte(number), byte(k)}, Name: fmt.Sprint(number, " ", k), Payload: payload})
	}
	between := func(from, to int) (out []store.Image) {
		for n := from; n <= to; n++ {
			out = append(out, s.windows[n]...)
		}
		return out
	}
	full := store.Full{
		Number: number, State: s.state, Images: images,
		Earlier: func(from int) (int, []store.Image, error) {
			from = max(from, number-10)
			return from, between(from, number-1), nil
		},
		Kept: func(from, to int) ([]store.Image, error) {
			if [2]int{from, to} != s.kept {
				t.Errorf("windows %d to %d are asked for, and kept are %v", from, to, s.kept)
			}
			return between(from, to), nil
		},
	}
	result, o, err := s.w.judge(context.Background(), full)
	if err != nil {
		t.Fatal(err)
	}
	s.windows[number], s.state, s.kept = images, o.State, o.Kept
	return result
}

// TestRollingReference: a change at once is told whatever the reference; one that comes slowly is told by a reference that is kept, and a rolling one swallows it.
func TestRollingReference(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: follows a slow drift by three references")
	}
	const windows = 60
	slow := func(window int) float64 { return 1.2 * float64(window) / windows }
	sudden := func(window int) float64 {
		if window > windows/2 {
			return 1.2
		}
		return 0
	}
	alerts := func(r Renewal, red func(int) float64) (first int, references int) {
		s := simulate(t, 3, func(c *Config) { c.Renewal = r })
		last := answer.WindowSpan{}
		for window := 1; window <= windows; window++ {
			got := s.window(t, red(window))
			if first == 0 && len(got.Alerts) > 0 {
				first = window
			}
			if got.Reference != nil && *got.Reference != last {
				last = *got.Reference
				references++
			}
			if learnt := r.Windows > 0 && window <= r.Windows; got.Learnt != learnt || learnt == (len(got.Evidence) > 0) {
				t.Errorf("%s: window %d: learnt %v, evidence %v", r, window, got.Learnt, got.Evidence)
			}
		}
		return first, references
	}
	for _, r := range []Renewal{{}, {3, false}, {2, true}} {
		now, n := alerts(r, sudden)
		if now <= windows/2 || now > windows/2+5 {
			t.Errorf("%s: a change in window %d is told in window %d", r, windows/2+1, now)
		}
		crept, m := alerts(r, slow)
		if told := crept > 0; told == r.Rolling {
			t.Errorf("%s: a slow change is told in window %d", r, crept)
		}
		t.Logf("%s: a sudden change in window %d, told in %d after %d references; a slow one told in %d after %d references", r, windows/2+1, now, n, crept, m)
	}
}

// TestRenewalsShareTheBudget: with the guarantee for ever, the references that follow one another have the budget in sum, and without drift none raises an alert.
func TestRenewalsShareTheBudget(t *testing.T) {
	s := simulate(t, 5, func(c *Config) { c.Renewal = Renewal{1, true} })
	sum, last := 0.0, -1
	for window := 1; window <= 30; window++ {
		if got := s.window(t, 0); len(got.Alerts) > 0 || (window > 1) != (got.Reference != nil) || window > 1 && *got.Reference != (answer.WindowSpan{From: window - 1, To: window - 1}) {
			t.Errorf("window %d: compared with %v, alerts %v", window, got.Reference, got.Alerts)
		}
		var m memory
		var monitor struct {
			Renewed int `json:"renewed"`
		}
		if err := json.Unmarshal(s.state, &m); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(m.Monitor, &monitor); err != nil {
			t.Fatal(err)
		}
		if monitor.Renewed != last+1 {
			t.Errorf("window %d: renewed %d times", window, monitor.Renewed)
		}
		last = monitor.Renewed
		sum += 1 / (float64(last+1) * float64(last+2))
	}
	if sum > 1 {
		t.Errorf("the shares of the references sum to %g", sum)
	}
}

// TestReferenceIsKept: a watcher that begins anew finds the windows that are the reference, however long ago they were, of each group its own.
func TestReferenceIsKept(t *testing.T) {
	windows := func(parts [][2]int) map[string][]answer.Window {
		out := map[string][]answer.Window{}
		s := openStore(t, filepath.Join(t.TempDir(), "drift.db"))
		for _, part := range parts {
			w := newWatcher(t, s, func(c *Config) {
				c.Rule, c.PerGroup, c.Renewal = store.Rule{Images: 8}, true, Renewal{2, false}
				c.Closed = func(w answer.Window) { out[w.Group] = append(out[w.Group], w) }
			})
			run(t, w, w.Items(func(yield func(dataset.Item, error) bool) {
				for k := part[0]; k < part[1]; k++ {
					camera := []string{"red", "plain"}[k%2] // which the profile does not fit
					red := uint8(255 * ((k + 1) % 2))
					for item := range list(t, k, k+1, red) {
						if item.Path, item.Group = fmt.Sprint("picture ", k), camera; !yield(item, nil) {
							return
						}
					}
				}
			}, ignore))
		}
		return out
	}
	whole, parts := windows([][2]int{{0, 240}}), windows([][2]int{{0, 20}, {20, 225}, {225, 240}})
	same := cmp.Options{cmpopts.IgnoreFields(answer.Window{}, "First", "Last", "Closed"), cmpopts.EquateApprox(1e-4, 1e-9)}
	if d := cmp.Diff(whole, parts, same); d != "" {
		t.Errorf("watched in three runs: (-one +three)\n%s", d)
	}
	for camera, all := range whole {
		if len(all) != 15 || all[14].Reference == nil || *all[14].Reference != (answer.WindowSpan{From: 1, To: 2}) {
			t.Errorf("%s: %d windows, the last compared with %v", camera, len(all), all[len(all)-1].Reference)
		}
		for _, w := range all {
			if len(w.Alerts) > 0 {
				t.Errorf("%s is as it was, but window %d says %v", camera, w.Number, w.Alerts)
			}
		}
	}
}

// TestReferenceOfOneImage: a window by time may hold one image, at night for example. It makes no reference, and the stream goes on.
func TestReferenceOfOneImage(t *testing.T) {
	for _, thin := range []int{0, 50} {
		s := simulate(t, 3, func(c *Config) { c.Renewal, c.Thin = Renewal{1, true}, thin })
		var learnt []bool
		var references []int
		for _, images := range []int{1, 2, 1, 40, 40} {
			w := s.windowOf(t, images, 0)
			learnt = append(learnt, w.Learnt)
			if w.Reference != nil {
				references = append(references, w.Reference.To)
			}
		}
		if d := cmp.Diff([]bool{true, true, false, false, false}, learnt); d != "" {
			t.Errorf("thin %d: learnt (-want +got)\n%s", thin, d)
		}
		if d := cmp.Diff([]int{2, 2, 4}, references); d != "" {
			t.Errorf("thin %d: the last windows of the references (-want +got)\n%s", thin, d)
		}
	}
}
