package drift

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/facet-clip/facet/internal/numeric"
)

// FollowedPairs is how many of the strong pairs a [Monitor] follows, at most.
const FollowedPairs = 256

// Monitor follows a stream of images window by window against a profile: the signed score of each watched concept, the strongest pairs,
// the cosine with the reference's mean embedding, and the cosine with each quality of pictures that the profile knows, in its first way. Each has a [Detector] and
// a share of the budget α for the whole run, however long: half goes to the concepts where there are any; of the rest half goes to
// the qualities where there are any, and what is left evenly to the others. A detector with share β raises an alert once when its e-process
// reaches 1/(αβ), so by Ville's inequality and the union bound no alert at all is raised with probability at least 1 − α while nothing has
// changed.
//
// That holds for images that are exchangeable with the reference's. Pictures of one video, or by day and by night, are not.
type Monitor struct {
	Names     []string // of what is followed: the watched texts, pairs, "embedding", the qualities
	Detectors []Detector
	Alerted   []bool

	profile    *Profile
	mean       []float32 // of the reference's embeddings
	qualities  []Quality // one of each name
	references []*Reference
	shares     []float64
}

// NewMonitor has seen nothing of the stream. names are those of the profile's strong pairs.
func NewMonitor(p *Profile, names []string) (*Monitor, error) {
	if len(names) != len(p.Strong) {
		return nil, fmt.Errorf("%d names for %d strong pairs", len(names), len(p.Strong))
	}
	m := &Monitor{profile: p}
	for _, v := range p.Embedding.Mean {
		m.mean = append(m.mean, float32(v))
	}
	for _, c := range p.Watched {
		m.Names = append(m.Names, c.Text)
	}
	others := min(FollowedPairs, len(p.Strong)) + 1
	m.Names = append(append(m.Names, names[:others-1]...), "embedding")
	for _, q := range p.Qualities {
		if numeric.Norm(q.Shift) > 0 && !slices.ContainsFunc(m.qualities, func(other Quality) bool { return other.Name == q.Name }) {
			m.qualities, m.Names = append(m.qualities, q), append(m.Names, q.Name)
		}
	}
	sample := p.Sample()
	columns := make([][]float32, len(m.Names))
	for _, image := range sample {
		for i, v := range m.values(image) {
			columns[i] = append(columns[i], v)
		}
	}
	odds := newOdds(len(sample))
	for i, column := range columns {
		r, err := newReference(column, odds)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.Names[i], err)
		}
		m.references, m.Detectors = append(m.references, r), append(m.Detectors, r.NewDetector())
	}
	m.Alerted = make([]bool, len(m.Names))
	m.share(len(p.Watched), others, len(m.qualities))
	return m, nil
}

// share divides the budget.
func (m *Monitor) share(watched, others, qualities int) {
	rest := 1.0
	part := func(n int, of float64) {
		for range n {
			m.shares = append(m.shares, of/float64(n))
		}
	}
	if watched > 0 {
		part(watched, 0.5)
		rest -= 0.5
	}
	if qualities > 0 {
		rest /= 2
	}
	part(others, rest)
	part(qualities, rest)
}

// values are the numbers of an image that are followed. Its scalars are those of the profile's strong pairs.
func (m *Monitor) values(image Image) []float32 {
	var out []float32
	for _, s := range image.Scores {
		out = append(out, float32(s.Signed))
	}
	out = append(out, image.Scalars[:min(FollowedPairs, len(m.profile.Strong))]...)
	out = append(out, cosine(image.Embedding, m.mean))
	for _, q := range m.qualities {
		out = append(out, cosine(image.Embedding, q.Shift))
	}
	return out
}

func cosine(x, y []float32) float32 {
	dot := 0.0
	for i, v := range x {
		dot += float64(v) * float64(y[i])
	}
	return float32(dot / math.Max(numeric.Norm(x)*numeric.Norm(y), 1e-30))
}

// Ranks are the gaps of the reference sample into which an image's numbers fall: all that a monitor needs of it. Ties are broken by what
// identifies the image, so that it has the same ranks whenever it is asked about.
func (m *Monitor) Ranks(image Image) []int {
	turn := int(image.spread() >> 1)
	out := make([]int, len(m.Names))
	for i, v := range m.values(image) {
		out[i] = m.references[i].Gap(v, turn)
	}
	return out
}

// Evidence is the e-process of what is followed under number i as a share of what raises an alert within budget α: an alert comes at 1.
func (m *Monitor) Evidence(i int, α float64) float64 { return m.Detectors[i].E() * m.shares[i] * α }

// Grown is over how many windows, up to the last, what raises an alert has grown: those that the change should be named from. It is the fewest of
// [Detector.Grown], for chance lets one or the other begin too early, and windows from before the change are worse than too few.
func (m *Monitor) Grown(alerts []int) int {
	least := m.Detectors[alerts[0]].Grown()
	for _, i := range alerts {
		least = min(least, m.Detectors[i].Grown())
	}
	return least
}

// state is what a monitor has learnt of the stream.
type state struct {
	Names     []string   `json:"names"`
	Detectors []Detector `json:"detectors"`
	Alerted   []bool     `json:"alerted"`
}

// State is what the monitor has learnt of the stream, as JSON.
func (m *Monitor) State() ([]byte, error) {
	return json.Marshal(state{m.Names, m.Detectors, m.Alerted})
}

// Restore lets the monitor go on from a [Monitor.State] of a monitor of the same profile.
func (m *Monitor) Restore(data []byte) error {
	var s state
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("the state of a monitor: %w", err)
	}
	if !slices.Equal(s.Names, m.Names) || len(s.Detectors) != len(m.Names) || len(s.Alerted) != len(m.Names) {
		return fmt.Errorf("the state of another monitor: it follows %d numbers, expected the %d of this profile", len(s.Names), len(m.Names))
	}
	for i, d := range s.Detectors {
		if len(d.Sums) != len(shifts) || len(d.Wealth) != len(shifts) {
			return fmt.Errorf("the state of a monitor: %s has bets on %d shifts, expected %d", s.Names[i], len(d.Wealth), len(shifts))
		}
	}
	m.Detectors, m.Alerted = s.Detectors, s.Alerted
	return nil
}

// Window takes up the images of a window by their [Monitor.Ranks] and gives the numbers of what raises an alert at its end, within budget α.
func (m *Monitor) Window(images [][]int, α float64) (alerts []int) {
	gaps := make([]int, len(images))
	for i := range m.Detectors {
		for k, ranks := range images {
			gaps[k] = ranks[i]
		}
		d := &m.Detectors[i]
		d.Window(m.references[i], gaps)
		if !m.Alerted[i] && m.Evidence(i, α) >= 1 {
			m.Alerted[i] = true
			alerts = append(alerts, i)
		}
	}
	return alerts
}
