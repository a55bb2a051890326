// Command drift measures facet's drift detection on streams of scenes whose truth is known: false alarms over a thousand windows
// without drift, false discoveries, delays and names with drift, beside what drift libraries commonly do on the same embeddings: a
// Kolmogorov–Smirnov test for each dimension with Bonferroni's correction, and a maximum mean discrepancy with a permutation test, each
// at level 5 % in every window. bench/drift.sh encodes the pools that it draws windows from.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"

	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/stat"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/engine/portable"
)

const (
	window     = 200
	budget     = 0.05
	sampleSize = 2048
	calm       = 7 // windows before a change, of images of the reference's half that the profile does not have
)

func main() {
	pools := flag.String("pools", "out/drift", "the folder of atlases that bench/drift.sh scanned")
	seeds := flag.Int("seeds", 20, "runs")
	windows := flag.Int("windows", 1000, "windows of a run without drift")
	compared := flag.Int("compared", 25, "windows of a run that are compared pair by pair and given to the peers")
	flag.Parse()
	if err := run(*pools, *seeds, *windows, *compared); err != nil {
		log.Fatal(err)
	}
}

type bench struct {
	ov       *decompose.OV
	words    *concept.Dictionary
	concepts []drift.Concept
}

func run(dir string, seeds, windows, compared int) error {
	b, err := setUp(context.Background())
	if err != nil {
		return err
	}
	reference, err := b.open(filepath.Join(dir, "cars-reference"))
	if err != nil {
		return err
	}
	stream, err := b.open(filepath.Join(dir, "cars-stream"))
	if err != nil {
		return err
	}
	if err := b.calm(reference, stream, seeds, windows, compared); err != nil {
		return err
	}
	fmt.Printf("\n%-14s %-12s %-28s %-12s %-22s %s\n", "drift", "detected", "delay, windows: median, most", "named first", "KS delay (early)", "MMD delay (early)")
	for _, s := range []struct{ name, reference, stream, after, want string }{
		{"yellow cars", "cars-reference", "yellow", "2020", "more yellow"},
		{"convertibles", "convertible-reference", "convertible", "2024", "less convertible"},
		{"snow", "months-reference", "snow", "2024-12", "more snow"},
		{"sensor noise", "days-reference", "noise", "2024-06-10", "more noise"},
	} {
		reference, err := b.open(filepath.Join(dir, s.reference))
		if err != nil {
			return err
		}
		stream, err := b.open(filepath.Join(dir, s.stream))
		if err != nil {
			return err
		}
		if err := b.change(s.name, reference, stream.part(s.after), s.want, seeds); err != nil {
			return err
		}
	}
	return nil
}

func setUp(ctx context.Context) (*bench, error) {
	ck, err := demo.Checkpoint()
	if err != nil {
		return nil, err
	}
	m, err := clip.New(ck, portable.New(), clip.QuickGELU)
	if err != nil {
		return nil, err
	}
	w, err := m.PoolWeights()
	if err != nil {
		return nil, err
	}
	ov, err := decompose.New(decompose.Weights(w))
	if err != nil {
		return nil, err
	}
	concepts, err := demo.NewConcepts(ctx, m)
	if err != nil {
		return nil, err
	}
	bank, err := concepts.All()
	if err != nil {
		return nil, err
	}
	words, err := concept.NewDictionary(bank, concept.UnitRows)
	if err != nil {
		return nil, err
	}
	b := &bench{ov: ov, words: words}
	for _, word := range []string{"yellow", "convertible", "snow"} {
		i := slices.Index(words.Texts, word)
		c, err := drift.NewConcept(word, words.Atoms[i*ov.Embed:(i+1)*ov.Embed], ov)
		if err != nil {
			return nil, err
		}
		b.concepts = append(b.concepts, c)
	}
	return b, nil
}

// pool is a set of encoded images.
type pool struct {
	images  []drift.Image
	groups  []string
	scalars *atlas.Scalars
	rows    []int // of the scalars
}

func (b *bench) open(dir string) (*pool, error) {
	at, err := atlas.Open(dir)
	if err != nil {
		return nil, err
	}
	p := &pool{}
	if p.scalars, err = at.Scalars(); err != nil {
		return nil, err
	}
	row := make([]float32, b.ov.Heads*b.ov.Channels)
	for image, err := range at.Images() {
		if err != nil {
			return nil, err
		}
		if err := p.scalars.Row(len(p.rows), row); err != nil {
			return nil, err
		}
		bound, err := b.ov.Scalars(row)
		if err != nil {
			return nil, err
		}
		i := drift.Image{Path: image.Path, Embedding: image.Embedding}
		for _, c := range b.concepts {
			i.Scores = append(i.Scores, c.Score(bound, i.Embedding))
		}
		p.images, p.groups, p.rows = append(p.images, i), append(p.groups, image.Group), append(p.rows, len(p.rows))
	}
	return p, nil
}

func (p *pool) part(group string) *pool {
	q := &pool{scalars: p.scalars}
	for i, g := range p.groups {
		if g == group {
			q.images, q.rows = append(q.images, p.images[i]), append(q.rows, p.rows[i])
		}
	}
	return q
}

// split deals a pool into halves.
func (p *pool) split(random *rand.Rand) (one, other *pool) {
	halves := [2]*pool{{scalars: p.scalars}, {scalars: p.scalars}}
	for k, i := range random.Perm(len(p.images)) {
		h := halves[k%2]
		h.images, h.rows = append(h.images, p.images[i]), append(h.rows, p.rows[i])
	}
	return halves[0], halves[1]
}

// summary takes up images of a pool by their indexes.
func (b *bench) summary(p *pool, indexes []int, keep []int, size int) (*drift.Summary, error) {
	s := drift.NewSummary(b.ov.Heads*b.ov.Channels, b.ov.Embed, len(b.concepts), size)
	row := make([]float32, b.ov.Heads*b.ov.Channels)
	for k, i := range indexes {
		if err := p.scalars.Row(p.rows[i], row); err != nil {
			return nil, err
		}
		image := p.images[i]
		image.Path = fmt.Sprint(image.Path, "~", k) // an image may be drawn twice
		if err := s.Add(image, row, keep); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func draw(random *rand.Rand, from, n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = random.IntN(from)
	}
	return out
}

// profile is one of all images of a pool, with a sample that depends on the seed.
func (b *bench) profile(p *pool, seed int) (*drift.Profile, error) {
	random := rand.New(rand.NewPCG(uint64(seed), 1))
	order := random.Perm(len(p.images))
	s, err := b.summary(p, order, nil, min(sampleSize, len(order)))
	if err != nil {
		return nil, err
	}
	return drift.NewProfile(s, b.ov.Norms(), b.concepts), nil
}

func (b *bench) monitor(p *drift.Profile) (*drift.Monitor, error) {
	var names []string
	for _, i := range p.Strong {
		names = append(names, b.ov.Pair(i).String())
	}
	return drift.NewMonitor(p, names)
}

// ranks are those of every image of a pool, computed once.
func (b *bench) ranks(m *drift.Monitor, p *pool, strong []int) ([][]int, error) {
	out := make([][]int, len(p.images))
	row := make([]float32, b.ov.Heads*b.ov.Channels)
	for i, image := range p.images {
		if err := p.scalars.Row(p.rows[i], row); err != nil {
			return nil, err
		}
		image.Scalars = image.Scalars[:0:0]
		for _, pair := range strong {
			image.Scalars = append(image.Scalars, row[pair])
		}
		out[i] = m.Ranks(image)
	}
	return out, nil
}

func take(ranks [][]int, indexes []int) [][]int {
	out := make([][]int, len(indexes))
	for k, i := range indexes {
		out[k] = ranks[i]
	}
	return out
}

// each runs seeds on all cores.
func each(seeds int, run func(seed int) error) error {
	errs := make([]error, seeds)
	var wait sync.WaitGroup
	slots := make(chan struct{}, 2)
	for seed := range seeds {
		wait.Add(1)
		go func() {
			defer wait.Done()
			slots <- struct{}{}
			defer func() { <-slots }()
			errs[seed] = run(seed)
		}()
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// calm measures false alarms.
func (b *bench) calm(reference, stream *pool, seeds, windows, compared int) error {
	var lock sync.Mutex
	alarmed, discovered, ks, mmd := 0, 0, 0, 0
	ksRuns, mmdRuns := 0, 0
	most := 0.0
	err := each(seeds, func(seed int) error {
		p, err := b.profile(reference, seed)
		if err != nil {
			return err
		}
		m, err := b.monitor(p)
		if err != nil {
			return err
		}
		ranks, err := b.ranks(m, stream, p.Strong)
		if err != nil {
			return err
		}
		random := rand.New(rand.NewPCG(uint64(seed), 2))
		alerts := 0
		for range windows {
			alerts += len(m.Window(take(ranks, draw(random, len(ranks), window)), budget))
		}
		peer := newPeers(p, b.ov.Embed, uint64(seed))
		found, ksFound, mmdFound := 0, 0, 0
		for range compared {
			indexes := draw(random, len(ranks), window)
			s, err := b.summary(stream, indexes, p.Strong, window)
			if err != nil {
				return err
			}
			c, err := drift.Compare(context.Background(), p, s, b.ov, b.words, drift.Options{Level: budget})
			if err != nil {
				return err
			}
			if c.Changed > 0 {
				found++
			}
			x := embeddings(stream, indexes)
			if peer.ks(x) {
				ksFound++
			}
			if peer.mmd(x) {
				mmdFound++
			}
		}
		lock.Lock()
		defer lock.Unlock()
		if alerts > 0 {
			alarmed++
		}
		for i := range m.Detectors {
			most = max(most, m.Detectors[i].E())
		}
		discovered, ks, mmd = discovered+found, ks+ksFound, mmd+mmdFound
		if ksFound > 0 {
			ksRuns++
		}
		if mmdFound > 0 {
			mmdRuns++
		}
		return nil
	})
	all := float64(seeds * compared)
	fmt.Printf("no drift: %d runs of %d windows of %d images, pools of %d and %d\n", seeds, windows, window, len(reference.images), len(stream.images))
	fmt.Printf("  runs with an alert: %d (budget %g of them); largest e-value at the end of a run %.3g\n", alarmed, budget, most)
	fmt.Printf("  windows with a changed pair at level %g: %.3f of %.0f\n", budget, float64(discovered)/all, all)
	fmt.Printf("  peers, of the same windows: KS with Bonferroni %.3f, in %d of %d runs of %d windows; MMD %.3f, in %d\n",
		float64(ks)/all, ksRuns, seeds, compared, float64(mmd)/all, mmdRuns)
	return err
}

// change measures how long a change takes to be found, and what it is called.
func (b *bench) change(name string, all, after *pool, want string, seeds int) error {
	var lock sync.Mutex
	var delays, ksDelays, mmdDelays []int
	named, early, ksEarly, mmdEarly := 0, 0, 0, 0
	called := map[string]int{}
	err := each(seeds, func(seed int) error {
		random := rand.New(rand.NewPCG(uint64(seed), 3))
		reference, before := all.split(random)
		p, err := b.profile(reference, seed)
		if err != nil {
			return err
		}
		m, err := b.monitor(p)
		if err != nil {
			return err
		}
		ranksBefore, err := b.ranks(m, before, p.Strong)
		if err != nil {
			return err
		}
		ranksAfter, err := b.ranks(m, after, p.Strong)
		if err != nil {
			return err
		}
		peer := newPeers(p, b.ov.Embed, uint64(seed))
		falls, ksFalls, mmdFalls := 0, 0, 0
		for indexes := range slices.Chunk(random.Perm(len(before.images))[:calm*window], window) {
			falls += len(m.Window(take(ranksBefore, indexes), budget))
			x := embeddings(before, indexes)
			ksFalls, mmdFalls = ksFalls+count(peer.ks(x)), mmdFalls+count(peer.mmd(x))
		}
		delay, ksDelay, mmdDelay := 0, 0, 0
		word := ""
		for w := 1; w <= 20 && (delay == 0 || ksDelay == 0 || mmdDelay == 0); w++ {
			indexes := draw(random, len(ranksAfter), window)
			x := embeddings(after, indexes)
			if ksDelay == 0 && peer.ks(x) {
				ksDelay = w
			}
			if mmdDelay == 0 && peer.mmd(x) {
				mmdDelay = w
			}
			if delay == 0 && len(m.Window(take(ranksAfter, indexes), budget)) > 0 {
				delay = w
				if word, err = b.topChange(p, after, indexes); err != nil {
					return err
				}
			}
		}
		lock.Lock()
		defer lock.Unlock()
		early, ksEarly, mmdEarly = early+count(falls > 0), ksEarly+count(ksFalls > 0), mmdEarly+count(mmdFalls > 0)
		delays, ksDelays, mmdDelays = found(delays, delay), found(ksDelays, ksDelay), found(mmdDelays, mmdDelay)
		called[word]++
		named += count(word == want)
		return nil
	})
	if err != nil {
		return err
	}
	fmt.Printf("%-14s %2d of %-6d %-28s %2d of %-6d %-22s %s\n", name, len(delays), seeds, spread(delays), named, seeds,
		fmt.Sprintf("%s (%d)", spread(ksDelays), ksEarly), fmt.Sprintf("%s (%d)", spread(mmdDelays), mmdEarly))
	fmt.Printf("%-14s runs with an alert before the change: %d; called %v\n", "", early, called)
	return nil
}

func (b *bench) topChange(p *drift.Profile, after *pool, indexes []int) (string, error) {
	s, err := b.summary(after, indexes, p.Strong, window)
	if err != nil {
		return "", err
	}
	c, err := drift.Compare(context.Background(), p, s, b.ov, b.words, drift.Options{Level: budget})
	if err != nil || len(c.Changes) == 0 {
		return "nothing", err
	}
	if c.Changes[0].More {
		return "more " + c.Changes[0].Word, nil
	}
	return "less " + c.Changes[0].Word, nil
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func found(delays []int, delay int) []int {
	if delay > 0 {
		delays = append(delays, delay)
	}
	return delays
}

func spread(delays []int) string {
	if len(delays) == 0 {
		return "none"
	}
	slices.Sort(delays)
	return fmt.Sprintf("%d, %d", delays[len(delays)/2], delays[len(delays)-1])
}

func embeddings(p *pool, indexes []int) []float32 {
	var out []float32
	for _, i := range indexes {
		out = append(out, p.images[i].Embedding...)
	}
	return out
}

// peers are two tests that drift libraries offer, each of one window against a sample of the reference, at level 5 %.
type peers struct {
	embed     int
	reference []float32   // [n,D]
	columns   [][]float64 // sorted [D,n]
	random    *rand.Rand
}

const mmdPermutations = 100

func newPeers(p *drift.Profile, embed int, seed uint64) *peers {
	q := &peers{embed: embed, columns: make([][]float64, embed), random: rand.New(rand.NewPCG(seed, 4))}
	for k, image := range p.Sample() {
		if k < window {
			q.reference = append(q.reference, image.Embedding...)
		}
		for i, v := range image.Embedding {
			q.columns[i] = append(q.columns[i], float64(v))
		}
	}
	for _, c := range q.columns {
		slices.Sort(c)
	}
	return q
}

// ks tests every dimension of the embedding, with Bonferroni's correction and the limiting distribution.
func (q *peers) ks(x []float32) bool {
	n := len(x) / q.embed
	column := make([]float64, n)
	for i, reference := range q.columns {
		for k := range column {
			column[k] = float64(x[k*q.embed+i])
		}
		slices.Sort(column)
		d := stat.KolmogorovSmirnov(reference, nil, column, nil)
		m := float64(len(reference))
		if kolmogorov(d*math.Sqrt(m*float64(n)/(m+float64(n)))) < budget/float64(q.embed) {
			return true
		}
	}
	return false
}

// kolmogorov is the chance that the limiting statistic exceeds λ.
func kolmogorov(λ float64) float64 {
	if λ < 0.2 {
		return 1
	}
	sum := 0.0
	for k := 1.0; k < 50; k++ {
		sum += 2 * math.Pow(-1, k-1) * math.Exp(-2*k*k*λ*λ)
	}
	return sum
}

// mmd is the biased squared discrepancy with a Gaussian kernel of median width; permutations deal both samples anew.
func (q *peers) mmd(x []float32) bool {
	all := slices.Concat(q.reference, x)
	n := len(all) / q.embed
	kernel := make([]float32, n*n)
	var squares []float64
	for i := range n {
		for j := range n {
			sum := float32(0)
			for k := range q.embed {
				δ := all[i*q.embed+k] - all[j*q.embed+k]
				sum += δ * δ
			}
			kernel[i*n+j] = sum
			if i < j {
				squares = append(squares, float64(sum))
			}
		}
	}
	slices.Sort(squares)
	width := squares[len(squares)/2]
	for i, v := range kernel {
		kernel[i] = float32(math.Exp(-float64(v) / width))
	}
	side := make([]float32, n)
	for i := range side {
		side[i] = 1 / float32(window)
		if i >= window {
			side[i] = -1 / float32(n-window)
		}
	}
	product := make([]float32, n)
	form := func() float64 {
		z := blas32.Vector{N: n, Inc: 1, Data: side}
		y := blas32.Vector{N: n, Inc: 1, Data: product}
		blas32.Gemv('N', 1, blas32.General{Rows: n, Cols: n, Stride: n, Data: kernel}, z, 0, y)
		return float64(blas32.Dot(z, y))
	}
	seen, reached := form(), 1
	for range mmdPermutations {
		q.random.Shuffle(n, func(i, j int) { side[i], side[j] = side[j], side[i] })
		if form() >= seen {
			reached++
		}
	}
	return float64(reached)/(mmdPermutations+1) <= budget
}
