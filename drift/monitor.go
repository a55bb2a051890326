package drift

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/facet-clip/facet/internal/numeric"
)

// FollowedPairs is how many of the strong pairs a [Monitor] follows, at most.
const FollowedPairs = 256

// Monitor follows a stream of images window by window against a profile: each watched concept, by its signed score and by the cosine of the whole embedding with
// it; the strongest pairs; the cosine with the reference's mean embedding; and the cosine with each quality of pictures that the profile knows, in its first way.
// Each number has a [Detector] and a share of the budget α: half goes to the concepts where there are any; of the rest half goes to the qualities where there are
// any, and what is left evenly to the others. What budget means says the [Guarantee].
//
// That holds for images that are exchangeable with the reference's. Pictures of one video, or by day and by night, are not: [Order] tells, and
// [Monitor.Thin] helps.
type Monitor struct {
	Rules     Rules
	Guarantee Guarantee
	Names     []string // of what is followed: the watched texts, pairs, "embedding", the qualities, the watched texts by the whole embedding
	Detectors []Detector
	Alerted   []bool   // in this episode
	Spent     int      // episodes that are over, each with its share of the budget
	Renewed   int      // how often the reference was renewed, each with its share too
	Episode   *Episode // that is open; nil: none
	Ended     *Episode // that the last window ended; nil: none
	Order     Order
	Cycle     bool // a window is a cycle, such as a day: the order in it is not tested
	Thin      int  // take every n-th image of a window; 0 or 1: all; [ThinAuto]: as the lag correlation of earlier windows asks

	profile    *Profile
	pairs      []string    // names of those that are followed
	directions [][]float32 // that embeddings are compared with: the reference's mean, one of each quality, and those of watched texts
	references []*Reference
	shares     []float64
}

// NewMonitor has seen nothing of the stream. names are those of the profile's strong pairs.
func NewMonitor(p *Profile, names []string) (*Monitor, error) {
	if len(names) != len(p.Strong) {
		return nil, fmt.Errorf("%d names for %d strong pairs", len(names), len(p.Strong))
	}
	m := &Monitor{profile: p, pairs: names[:min(FollowedPairs, len(p.Strong))]}
	return m, m.begin(newest)
}

// Whole is what is added to a watched text for the cosine of the whole embedding with it.
const Whole = " (whole embedding)"

// name lists what is followed under the rules, and divides the budget.
func (m *Monitor) name() {
	m.Names, m.shares = nil, nil
	for _, c := range m.profile.Watched {
		m.Names = append(m.Names, c.Text)
	}
	m.Names = append(append(m.Names, m.pairs...), "embedding")
	qualities := m.profile.followedQualities()
	for _, q := range qualities {
		m.Names = append(m.Names, q.Name)
	}
	wholes := 0
	if m.Rules >= WholeTexts {
		wholes = len(m.profile.Watched)
		for _, c := range m.profile.Watched {
			m.Names = append(m.Names, c.Text+Whole)
		}
	}
	m.share(len(m.pairs)+1, len(qualities), wholes)
}

// Text is the watched text of which number i is the score, or the cosine.
func (m *Monitor) Text(i int) (text int, ok bool) {
	n := len(m.profile.Watched)
	if m.Rules >= WholeTexts && i >= len(m.Names)-n {
		return i - (len(m.Names) - n), true
	}
	return i, i < n
}

// Leading is the number of a watched text that has the most evidence.
func (m *Monitor) Leading(text int, α float64) int {
	whole := len(m.Names) - len(m.profile.Watched) + text
	if m.Rules >= WholeTexts && m.Evidence(whole, α) > m.Evidence(text, α) {
		return whole
	}
	return text
}

// begin makes references and detectors by rules.
func (m *Monitor) begin(rules Rules) error {
	m.Rules, m.directions, m.references = rules, nil, nil
	m.name()
	m.Alerted = make([]bool, len(m.Names))
	sample := m.profile.Sample()
	mean, aside := m.profile.outside(sample)
	if rules < ShiftsAndTails {
		mean, aside = numeric.Float32(m.profile.Embedding.Mean), 0
	}
	m.directions = append(m.directions, mean)
	unranked := map[string]int{"embedding": aside} // images at the front of the sample that the direction was made of
	for _, q := range m.profile.followedQualities() {
		if m.directions = append(m.directions, q.Shift); rules >= ShiftsAndTails && 2*q.Pictures <= len(sample) && len(sample)-q.Pictures >= 2 {
			unranked[q.Name] = q.Pictures
		}
	}
	if rules >= WholeTexts {
		for _, c := range m.profile.Watched {
			m.directions = append(m.directions, c.Direction)
		}
	}
	columns := make([][]float32, len(m.Names))
	for _, image := range sample {
		for i, v := range m.values(image) {
			columns[i] = append(columns[i], v)
		}
	}
	bySize := map[int]*odds{}
	for i, column := range columns {
		if _, text := m.Text(i); !text {
			column = column[unranked[m.Names[i]]:]
		}
		if bySize[len(column)] == nil {
			bySize[len(column)] = newOdds(len(column), rules)
		}
		r, err := newReference(column, bySize[len(column)])
		if err != nil {
			return fmt.Errorf("%s: %w", m.Names[i], err)
		}
		m.references = append(m.references, r)
	}
	m.rearm()
	return nil
}

// rearm begins every e-process anew.
func (m *Monitor) rearm() {
	m.Detectors = nil
	for _, r := range m.references {
		d := r.NewDetector()
		if m.Guarantee == RunLength {
			d.Kept = 0
		}
		m.Detectors = append(m.Detectors, d)
	}
	clear(m.Alerted)
}

// followedQualities are the qualities that a model sees, in their first way.
func (p *Profile) followedQualities() (out []Quality) {
	for _, q := range p.Qualities {
		if numeric.Norm(q.Shift) > 0 && !slices.ContainsFunc(out, func(other Quality) bool { return other.Name == q.Name }) {
			out = append(out, q)
		}
	}
	return out
}

// outside is a mean embedding of reference images that are not ranked along it: of the images that the sample did not keep, and where they are few, of
// some at the front of the sample too, which then are set aside. Images that are ranked along their own mean are closer to it than new ones are.
func (p *Profile) outside(sample []Image) (mean []float32, aside int) {
	n, others := len(sample), p.Count()-len(sample)
	if 3*others < n {
		aside = max(1, n/4-others)
	}
	if n-aside < 2 {
		return numeric.Float32(p.Embedding.Mean), 0
	}
	sum := make([]float64, len(p.Embedding.Mean))
	for i, v := range p.Embedding.Mean {
		sum[i] = v * float64(p.Count())
	}
	for _, image := range sample[aside:] {
		for i, v := range image.Embedding {
			sum[i] -= float64(v)
		}
	}
	for i := range sum {
		sum[i] /= float64(p.Count() - n + aside)
	}
	return numeric.Float32(sum), aside
}

// share divides the budget among the watched texts, so many pairs and the embedding, so many qualities, and so many watched texts by the whole embedding.
func (m *Monitor) share(others, qualities, wholes int) {
	rest, watched := 1.0, len(m.profile.Watched)
	part := func(n int, of float64) {
		for range n {
			m.shares = append(m.shares, of/float64(n))
		}
	}
	ofTexts := 0.5
	if wholes > 0 {
		ofTexts /= 2
	}
	if watched > 0 {
		part(watched, ofTexts)
		rest -= 0.5
	}
	if qualities > 0 {
		rest /= 2
	}
	part(others, rest)
	part(qualities, rest)
	part(wholes, ofTexts)
}

// values are the numbers of an image that are followed. Its scalars are those of the profile's strong pairs.
func (m *Monitor) values(image Image) []float32 {
	var out []float32
	for _, s := range image.Scores {
		out = append(out, float32(s.Signed))
	}
	out = append(out, image.Scalars[:min(FollowedPairs, len(m.profile.Strong))]...)
	for _, d := range m.directions {
		out = append(out, cosine(image.Embedding, d))
	}
	return out
}

func cosine(x, y []float32) float32 {
	return float32(numeric.Dot(x, y) / math.Max(numeric.Norm(x)*numeric.Norm(y), 1e-30))
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

// E is the e-process of what is followed under number i.
func (m *Monitor) E(i int) float64 { return m.Detectors[i].E(m.references[i]) }

// Up reports whether the evidence of what is followed under number i is for larger numbers.
func (m *Monitor) Up(i int) bool { return m.Detectors[i].Up(m.references[i]) }

// Evidence is the e-process of what is followed under number i, the highest of the last window, as a share of what raises an alert within
// budget α: an alert comes at 1.
func (m *Monitor) Evidence(i int, α float64) float64 {
	return max(m.E(i), m.Detectors[i].Peak) * m.shares[i] * α * m.part()
}

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
	Rules     Rules      `json:"rules,omitempty"` // absent: the first
	Guarantee Guarantee  `json:"guarantee,omitempty"`
	Names     []string   `json:"names"`
	Detectors []Detector `json:"detectors"`
	Alerted   []bool     `json:"alerted"`
	Spent     int        `json:"spent,omitempty"`
	Renewed   int        `json:"renewed,omitempty"`
	Episode   *Episode   `json:"episode,omitempty"`
	Order     Order      `json:"order,omitzero"`
}

// State is what the monitor has learnt of the stream, as JSON.
func (m *Monitor) State() ([]byte, error) {
	return json.Marshal(state{m.Rules, m.Guarantee, m.Names, m.Detectors, m.Alerted, m.Spent, m.Renewed, m.Episode, m.Order})
}

// Restore lets the monitor go on from a [Monitor.State] of a monitor of the same profile, under the rules of that.
func (m *Monitor) Restore(data []byte) error {
	var s state
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("the state of a monitor: %w", err)
	}
	if s.Rules == 0 {
		s.Rules = ShiftsOnly
	}
	if s.Rules > newest || s.Rules < 0 {
		return fmt.Errorf("the state of a monitor: rules %d, expected %d at most: a newer facet wrote it", s.Rules, newest)
	}
	if s.Rules != m.Rules {
		if err := m.begin(s.Rules); err != nil {
			return err
		}
	}
	if !slices.Equal(s.Names, m.Names) || len(s.Detectors) != len(m.Names) || len(s.Alerted) != len(m.Names) {
		return fmt.Errorf("the state of another monitor: it follows %d numbers, expected the %d of this profile", len(s.Names), len(m.Names))
	}
	for i, d := range s.Detectors {
		if bets := len(m.references[i].bets); len(d.Sums) != bets || len(d.Wealth) != bets {
			return fmt.Errorf("the state of a monitor: %s has %d bets, expected %d", s.Names[i], len(d.Wealth), bets)
		}
		if s.Rules < ShiftsAndTails {
			s.Detectors[i].Kept = 1 / float64(d.Windows+1)
		}
	}
	if err := s.Episode.check(m); err != nil {
		return fmt.Errorf("the state of a monitor: %w", err)
	}
	m.Guarantee, m.Detectors, m.Alerted, m.Spent, m.Renewed, m.Episode, m.Ended, m.Order = s.Guarantee, s.Detectors, s.Alerted, s.Spent, s.Renewed, s.Episode, nil, s.Order
	return nil
}

// Window takes up the images of a window by their [Monitor.Ranks], in the order in which they came, and gives the numbers of what crosses
// the line in it for the first time in this episode, within budget α. The bets are made in an order by lot, so that nothing is won from the order
// of images within a window.
func (m *Monitor) Window(images [][]int, α float64) (alerts []int) {
	every := m.Every()
	if m.Rules >= ShiftsAndTails && !m.Cycle {
		m.Order.window(images, m.references)
	}
	images = m.lot(m.Thinned(len(images), every), images)
	start, kept := m.prior()
	gaps := make([]int, len(images))
	for i := range m.Detectors {
		for k, ranks := range images {
			gaps[k] = ranks[i]
		}
		d := &m.Detectors[i]
		d.window(m.references[i], gaps, start, kept)
		if !m.Alerted[i] && m.Evidence(i, α) >= 1 {
			m.Alerted[i] = true
			alerts = append(alerts, i)
		}
	}
	m.episodes(images, alerts)
	return alerts
}

// lot is images by their indexes, in an order by lot where the rules ask for one.
func (m *Monitor) lot(indexes []int, images [][]int) [][]int {
	if m.Rules >= ShiftsAndTails {
		random := rand.New(rand.NewPCG(uint64(m.Detectors[0].Windows), 0x6c6f74))
		random.Shuffle(len(indexes), func(i, j int) { indexes[i], indexes[j] = indexes[j], indexes[i] })
	}
	out := make([][]int, len(indexes))
	for k, i := range indexes {
		out[k] = images[i]
	}
	return out
}
