package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"

	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/internal/numeric"
)

// Reference and stream are drawn from one pool with replacement, which is then the whole world: nothing differs between them but chance. Streams that are drawn from
// another pool than the reference do differ, by the chance that chose the pools, and 200,000 images are enough to see that.

// arrivals are what comes for a window without drift: places in the stream's pool, in the order in which they come. A content that is the same to the
// last bit has the same number.
type arrivals func(random *rand.Rand, p *pool, t int) (image, content int)

// quietStream is a stream in which nothing changes against its reference.
type quietStream struct {
	name      string
	reference mix
	cycle     int                         // images; 0: none
	images    func(at *position) arrivals // of one run
	guard     func(m *drift.Monitor)      // nil: there is none
	window    int
}

// position is what a stream remembers from image to image.
type position struct {
	image, left, contents int
	calm                  mix
}

func (at *position) fresh(random *rand.Rand, p *pool, m mix) (image, content int) {
	at.contents++
	return p.draw(random, m, 1)[0], at.contents
}

// once shows each image once.
func once(at *position) arrivals {
	return func(random *rand.Rand, p *pool, _ int) (int, int) { return at.fresh(random, p, at.calm) }
}

// repeats has one arrival in five that is a placeholder, always the same, and one in ten that came a little earlier.
func repeats(at *position) arrivals {
	var last []int
	return func(random *rand.Rand, p *pool, _ int) (int, int) {
		switch v := random.Float64(); {
		case v < 0.2:
			return p.strata["other"][0], 0
		case v < 0.3 && len(last) > 0:
			back := 1 + random.IntN(min(20, len(last)))
			return last[len(last)-back], at.contents + 1 - back
		}
		image, content := at.fresh(random, p, at.calm)
		last = append(last, image)
		return image, content
	}
}

// bursts shows each image one to nine times in a row, each time as other bytes.
func bursts(at *position) arrivals {
	return func(random *rand.Rand, p *pool, _ int) (int, int) {
		if at.left == 0 {
			at.image, _ = at.fresh(random, p, at.calm)
			at.left = 1 + random.IntN(9)
		}
		at.left--
		at.contents++
		return at.image, at.contents
	}
}

// phases has six images in ten of one style by day and none by night; the reference has three in ten.
func phases(cycle int) func(at *position) arrivals {
	return func(at *position) arrivals {
		return func(random *rand.Rand, p *pool, t int) (int, int) {
			if t%cycle < cycle/2 {
				return at.fresh(random, p, styles(0.6))
			}
			return at.fresh(random, p, styles(0))
		}
	}
}

var quietStreams = []quietStream{
	{"independent images", half(0.05), 0, once, nil, window},
	{"duplicates: 20 % one placeholder, 10 % sent again", half(0.05), 0, repeats, nil, window},
	{"bursts of 1 to 9, as they are", half(0.05), 0, bursts, nil, window},
	{"bursts of 1 to 9, --thin auto", half(0.05), 0, bursts, func(m *drift.Monitor) { m.Thin = drift.ThinAuto }, window},
	{"day and night, 400 images a cycle, windows of 200", styles(0.3), 400, phases(400), nil, window},
	{"day and night, 400 images a cycle, --cycle", styles(0.3), 400, phases(400), func(m *drift.Monitor) { m.Cycle = true }, 400},
}

// quiet measures false alarms of streams in which nothing changes, to the first alert of a run.
func (b *bench) quiet(ctx context.Context, s quietStream, seeds, windows int) error {
	world, err := b.pool(scenarios[0].reference)
	if err != nil {
		return err
	}
	if err := b.vary(ctx, world, scenarios[0].calm); err != nil {
		return err
	}
	var lock sync.Mutex
	alarmed, seen, dropped, every := 0, 0, 0, 0
	err = each(seeds, func(seed int) error {
		r, err := b.quietRun(ctx, s, world, seed, windows)
		fmt.Fprintf(os.Stderr, "%s: seed %d: %+v\n", s.name, seed, r)
		lock.Lock()
		defer lock.Unlock()
		alarmed, seen, dropped, every = alarmed+count(r.alarmed > 0), seen+r.windows, dropped+r.dropped, every+r.every
		return err
	})
	if err != nil {
		return err
	}
	fmt.Printf("%-52s %2d of %d runs alarmed, in %d windows of %d images; %d images came again and were left out; every %.1f-th was taken\n",
		s.name, alarmed, seeds, seen, s.window, dropped, float64(every)/float64(seeds))
	return nil
}

// quietOutcome is that of one run.
type quietOutcome struct {
	alarmed, windows int // the window of the first alert, 0 for none, and how many there were until then
	dropped, every   int
}

func (b *bench) quietRun(ctx context.Context, s quietStream, world *pool, seed, windows int) (out quietOutcome, err error) {
	p, err := b.profileOf(world, world.draw(source(seed, 41), s.reference, reference), seed)
	if err != nil {
		return out, err
	}
	m, err := b.monitor(p)
	if err != nil {
		return out, err
	}
	if s.guard != nil {
		s.guard(m)
	}
	ranks, err := b.tied(m, world, p.Strong)
	if err != nil {
		return out, err
	}
	random, at, t := source(seed, 40), &position{calm: s.reference}, 0
	next, known := s.images(at), &drift.Distinct{}
	for out.windows < windows {
		var of [][]int
		for len(of) < s.window {
			image, content := next(random, world, t)
			if t++; known.New(hashOf(content)) { // as the store counts a content once
				of = append(of, ranks[random.IntN(len(ranks))][image])
			}
		}
		out.windows++
		if len(m.Window(of, budget)) > 0 {
			out.alarmed = out.windows
			break
		}
	}
	out.dropped, out.every = known.Repeated, max(1, m.Every())
	return out, nil
}

// tied are the ranks of all images of a pool, four times over, with ties that are broken otherwise each time: an image of the stream may be one of the
// reference too.
func (b *bench) tied(m *drift.Monitor, p *pool, strong []int) (out [4][][]int, err error) {
	for v := range out {
		again := *p
		again.images = slices.Clone(p.images)
		for i := range again.images {
			again.images[i].ID = fmt.Sprint(p.images[i].Path, " ", v)
		}
		if out[v], err = b.ranks(m, &again, numeric.Indices(len(again.images)), strong); err != nil {
			return out, err
		}
	}
	return out, nil
}

func hashOf(content int) (h [32]byte) {
	binary.LittleEndian.PutUint64(h[:], uint64(content))
	return h
}
