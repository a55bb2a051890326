package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/internal/atomicfile"
	"github.com/facet-clip/facet/internal/numeric"
	"github.com/facet-clip/facet/npy"
)

const tableReference = 1000 // images of a reference that peers get

// tableRow is a stream of the table: drawn with replacement from one pool, as its reference is. So the pool is the world, and before a change nothing
// differs between the two but chance.
type tableRow struct {
	Name   string
	Pool   string
	Window int
	Change bool
	calm   mix
	images arrivals // of image t, from 0 on
	guard  func(m *drift.Monitor)
	want   string
}

// rows are the changes, and streams in which nothing changes though their images are not independent.
func rows() []tableRow {
	pools := map[string]string{"cars-stream": "cars-reference", "months-stream": "months-stream", "days-stream": "days-stream"}
	var out []tableRow
	for _, s := range scenarios {
		at := &position{}
		images := func(random *rand.Rand, p *pool, t int) (int, int) {
			m := s.calm
			if w := t/window - calmWindows; w >= 0 {
				m = s.at(w)
			}
			return at.fresh(random, p, m)
		}
		out = append(out, tableRow{s.name, pools[s.stream], window, true, s.calm, images, nil, s.want})
	}
	for _, q := range quietStreams {
		if q.name != "day and night, 400 images a cycle, windows of 200" {
			out = append(out, tableRow{q.name, "cars-reference", q.window, false, q.reference, q.images(&position{calm: q.reference}), q.guard, ""})
		}
	}
	return out
}

// tableRun is a run as the peers get it, and what facet made of it.
type tableRun struct {
	tableRow
	Seed      int
	Reference []int // places in the pool
	Stream    []int // in the order in which they came
	Delay     int   // windows from the change to the first alert; 0 for none
	Early     bool  // an alert where nothing had changed
	Named     string
	Right     bool
}

// table runs facet on every row whose name holds one of the parts in only, with commas between them, and writes pools as .npy and runs as lines of JSON for bench/driftpeers.py. What a file has already
// is not run again.
func (b *bench) table(ctx context.Context, dir, only string, seeds int) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, r := range rows() {
		if !slices.ContainsFunc(strings.Split(only, ","), func(part string) bool { return strings.Contains(r.Name, part) }) {
			continue
		}
		p, err := b.world(ctx, r, dir)
		if err != nil {
			return fmt.Errorf("%s: %w", r.Name, err)
		}
		var lock sync.Mutex
		err = each(seeds, func(k int) error {
			// A row's stream remembers what came, so each run has one of its own.
			own := rows()[slices.IndexFunc(rows(), func(o tableRow) bool { return o.Name == r.Name })]
			path := filepath.Join(dir, fmt.Sprintf("%s.%d.json", slug(r.Name), first+k))
			if _, err := os.Stat(path); err == nil {
				return nil
			}
			run, err := b.tableRun(ctx, own, p, first+k)
			if err != nil {
				return err
			}
			lock.Lock()
			defer lock.Unlock()
			fmt.Printf("%s, seed %d: delay %d, early %v, named %q\n", r.Name, run.Seed, run.Delay, run.Early, run.Named)
			return atomicfile.Write(path, func(w io.Writer) error { return json.NewEncoder(w).Encode(run) })
		})
		if err != nil {
			return fmt.Errorf("%s: %w", r.Name, err)
		}
	}
	return nil
}

func slug(name string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			return c
		}
		return '-'
	}, strings.ToLower(name))
}

// world opens a row's pool, measures qualities on pictures without the change, and writes its embeddings.
func (b *bench) world(ctx context.Context, r tableRow, dir string) (*pool, error) {
	p, err := b.pool(r.Pool)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, r.Pool+".npy")
	if _, err := os.Stat(path); err != nil {
		all := numeric.Indices(len(p.images))
		err := atomicfile.Write(path, func(w io.Writer) error {
			return npy.Write(w, embeddings(p, all), len(all), b.ov.Embed)
		})
		if err != nil {
			return nil, err
		}
	}
	return p, b.vary(ctx, p, r.calm)
}

func (b *bench) tableRun(ctx context.Context, r tableRow, p *pool, seed int) (out tableRun, err error) {
	out = tableRun{tableRow: r, Seed: seed}
	indexes := p.draw(source(seed, 50), r.calm, reference)
	out.Reference = indexes[:tableReference]
	profile, err := b.profileOf(p, indexes, seed)
	if err != nil {
		return out, err
	}
	m, err := b.monitor(profile)
	if err != nil {
		return out, err
	}
	if r.guard != nil {
		r.guard(m)
	}
	v, err := drift.NewVocabulary(ctx, profile, b.ov, b.words)
	if err != nil {
		return out, err
	}
	random, known := source(seed, 51), &drift.Distinct{}
	var facet method
	var windows [][]int // without what came before
	for t := 0; t < (calmWindows+mostWindows)*window; t++ {
		image, content := r.images(random, p, t)
		out.Stream = append(out.Stream, image)
		if t%r.Window == 0 {
			windows = append(windows, nil)
		}
		if known.New(hashOf(content)) {
			windows[len(windows)-1] = append(windows[len(windows)-1], image)
		}
	}
	for w, indexes := range windows {
		ranks, err := b.again(m, p, indexes, profile.Strong, w)
		if err != nil {
			return out, err
		}
		alerts := m.Window(ranks, budget)
		if facet.window(count(r.Change)*(w+1-calmWindows), len(alerts) > 0); facet.delay == 0 { // where nothing changes, all is before it
			continue
		}
		grown := min(m.Grown(alerts), kept+1)
		over := slices.Concat(windows[max(0, w+1-grown) : w+1]...)
		if out.Named, err = b.top(ctx, v, p, over, profile.Strong); err != nil {
			return out, err
		}
		if out.Named == "unnamed" || out.Named == "nothing" { // then a watched text says it, if it moved by itself
			text, _, err := b.texts(v, m, profile, p, over, alerts)
			out.Named = cmp.Or(text, out.Named)
			if err != nil {
				return out, err
			}
		}
		break
	}
	out.Delay, out.Early = facet.delay, facet.early
	out.Right = out.Delay > 0 && (out.Named == r.want || "more "+out.Named == r.want || "less "+out.Named == r.want)
	return out, nil
}

// again are the ranks of images that may be in the reference too, and may come again: their ties are broken otherwise each time.
func (b *bench) again(m *drift.Monitor, p *pool, indexes, strong []int, w int) ([][]int, error) {
	out := make([][]int, len(indexes))
	scalars := make([]float32, b.ov.Heads*b.ov.Channels)
	for k, i := range indexes {
		if err := p.scalars.Row(i, scalars); err != nil {
			return nil, err
		}
		image := p.images[i]
		image.ID = fmt.Sprint(image.Path, " ", w, " ", k)
		image.Scalars = make([]float32, len(strong))
		for j, pair := range strong {
			image.Scalars[j] = scalars[pair]
		}
		out[k] = m.Ranks(image)
	}
	return out, nil
}
