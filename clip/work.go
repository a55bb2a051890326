package clip

import (
	"slices"
	"strings"
	"sync"

	"github.com/facet-clip/facet/engine"
	"github.com/facet-clip/facet/engine/graph"
)

// turn is where it begins to pay to compile a tower: when it will run that many operations for each of its weights. Compiling takes time
// for each weight, and what it saves is time for each operation. Measured in docs/research/performance.md, "Which engine answers first".
const turn = 120

// work chooses between the engine of a model and one that starts at once.
type work struct {
	small engine.Engine // nil: there is none

	mu       sync.Mutex
	pictures int  // that the model was told of, in all
	many     bool // it was told of an unknown number, or of none
	tokens   int  // that the small engine has run
	ran      []string
}

// StartOn lets work that is too little to pay for compiling run on another engine than the model's own: pictures when [Model.Expect] says
// that there will be few, and texts until they have been many. It is called before the model is used.
func (m *Model) StartOn(e engine.Engine) { m.work.small = e }

// Expect says that a model will see so many pictures more; 0 is for an unknown number. Without it, they are many.
func (m *Model) Expect(pictures int) {
	m.work.mu.Lock()
	defer m.work.mu.Unlock()
	m.work.pictures += pictures
	m.work.many = m.work.many || pictures == 0
}

// Engines names what has run the towers so far, and the model's own engine when none has run.
func (m *Model) Engines() string {
	m.work.mu.Lock()
	defer m.work.mu.Unlock()
	if len(m.work.ran) == 0 {
		return m.engine.Name()
	}
	return strings.Join(m.work.ran, " + ")
}

// fewPictures tells whether the pictures to come, of h×w tokens, are little work.
func (m *Model) fewPictures(h, w int) bool {
	m.work.mu.Lock()
	defer m.work.mu.Unlock()
	if m.work.small == nil || m.work.many || m.work.pictures == 0 {
		return false
	}
	weights, _ := m.Config.Parameters()
	return int64(m.work.pictures) <= turn*weights/m.Config.imageOperations(h, w)
}

// fewTokens tells whether tokens and those before them are little work. A weight of the text tower takes two operations for each.
func (m *Model) fewTokens(tokens int) bool {
	m.work.mu.Lock()
	defer m.work.mu.Unlock()
	if m.work.small == nil || 2*(m.work.tokens+tokens) > turn {
		return false
	}
	m.work.tokens += tokens
	return true
}

// compile compiles a tower on the engine for little work or on the model's own.
func (m *Model) compile(g *graph.Graph, little bool) (engine.Session, error) {
	e := m.engine
	if little {
		e = m.work.small
	}
	s, err := e.Compile(g)
	if err != nil {
		return nil, err
	}
	name := e.Name()
	if m.Log != nil {
		m.Log.Debug("compiled the "+g.Name+" tower", "engine", name, "little work", little)
	}
	m.work.mu.Lock()
	defer m.work.mu.Unlock()
	if !slices.Contains(m.work.ran, name) {
		m.work.ran = append(m.work.ran, name)
	}
	return s, nil
}

// imageOperations are the multiplications and additions of the image tower for a picture of h×w tokens.
func (c Config) imageOperations(h, w int) int64 {
	area := int64(16 * h * 16 * w) // the stem's first stride is 2
	var n int64
	for _, l := range c.stem() {
		n += 9 * int64(l.in*l.out) * area
	}
	area /= 4
	for _, b := range c.bottlenecks() {
		n += int64(b.in*b.planes+9*b.planes*b.planes) * area
		area /= int64(b.stride * b.stride)
		n += int64(expansion*b.planes*b.planes) * area
		if b.downsample {
			n += int64(expansion*b.planes*b.in) * area
		}
	}
	C, D, M, K := int64(c.Channels), int64(c.Embed), int64(c.Heads), int64(h*w)
	n += 3*C*C + C*D + 2*M*C*(K+1) // queries, U and values; the embedding; attention and scalars
	return 2 * n
}
