// Command drift measures facet's drift detection on streams of scenes whose truth is known: false alarms over a thousand windows
// without drift, false discoveries, delays and names with large, small and slow drift, beside what drift libraries commonly do on the
// same embeddings: a Kolmogorov–Smirnov test for each dimension with Bonferroni's correction, and a maximum mean discrepancy with a
// permutation test, each at level 5 % in every window; and both again with the level shared out over all windows of a run, as a fair
// rival to a procedure with one budget for a run. bench/drift.sh encodes the pools that it draws windows from.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/engine"
	"github.com/facet-clip/facet/engine/ort"
	"github.com/facet-clip/facet/engine/portable"
)

const (
	window     = 200
	budget     = 0.05
	runWindows = 1000   // that a budget is for
	reference  = 10_000 // images of a profile, drawn from the reference's pool for each seed
	sampleSize = 2048
)

// scenario is a stream that changes.
type scenario struct {
	name              string
	reference, stream string // pools
	calm              mix
	at                func(w int) mix // window w after the change begins, from 0 on
	want              string          // its name
}

// mix is how much of a window comes from which stratum of a pool.
type mix map[string]float64

// half has a share of scenes with the stream's concept.
func half(share float64) mix { return mix{"1": share, "0": 1 - share} }

// styles has a share of scenes with a convertible.
func styles(share float64) mix { return mix{"convertible": share, "other": 1 - share} }

func step(m mix) func(int) mix { return func(int) mix { return m } }

func ramp(from, to float64, windows int) func(int) mix {
	return func(w int) mix { return half(from + (to-from)*min(1, float64(w+1)/float64(windows))) }
}

// days are windows of the noisy sensor, ever more of them noisy.
func days(level string, windows int) func(int) mix {
	return func(w int) mix {
		share := min(1, float64(w+1)/float64(windows))
		return mix{level: share, "0": 1 - share}
	}
}

const large = 4 // the scenario up to which false discoveries are measured: the large ones and a small one

var scenarios = []scenario{
	{"yellow cars 5 → 30 %", "cars-reference", "cars-stream", half(0.05), step(half(0.3)), "more yellow"},
	{"convertibles 30 → 0 %", "cars-reference", "cars-stream", styles(0.3), step(styles(0)), "less convertible"},
	{"snow 0 → 35 %", "months-reference", "months-stream", half(0), step(half(0.35)), "more snow"},
	{"sensor noise 0 → 36 grey levels", "days-reference", "days-stream", mix{"0": 1}, step(mix{"2024-06-10": 1}), "more noise"},
	{"small: yellow cars 5 → 10 %", "cars-reference", "cars-stream", half(0.05), step(half(0.1)), "more yellow"},
	{"small: convertibles 30 → 24 %", "cars-reference", "cars-stream", styles(0.3), step(styles(0.24)), "less convertible"},
	{"small: snow 0 → 3 %", "months-reference", "months-stream", half(0), step(half(0.03)), "more snow"},
	{"small: noise 0 → 8 grey levels", "days-reference", "days-stream", mix{"0": 1}, step(mix{"2024-06-06": 1}), "more noise"},
	{"slow: yellow cars 5 → 30 % in 50 windows", "cars-reference", "cars-stream", half(0.05), ramp(0.05, 0.3, 50), "more yellow"},
	{"slow: noise of 20 grey levels on 0 → 100 % in 50", "days-reference", "days-stream", mix{"0": 1}, days("2024-06-08", 50), "more noise"},
}

func main() {
	pools := flag.String("pools", "out/drift", "the folder of atlases that bench/drift.sh scanned")
	seeds := flag.Int("seeds", 20, "runs")
	windows := flag.Int("windows", runWindows, "windows of a run without drift")
	compared := flag.Int("compared", 25, "windows of a run without drift that are compared pair by pair and given to the MMD")
	part := flag.String("part", "", "calm (false alarms), discoveries (false ones under drift) changes (delays and names), quiet (false alarms of duplicates, bursts and cycles too), table (runs for bench/driftpeers.py, to give peers the same), returns (whether a drift that comes back is known by the way the mean embedding moves, without pools), or order (streams whose images are like their neighbours, without pools); all but the last four by default")
	flag.IntVar(&first, "first", 0, "the first seed")
	flag.IntVar(&variedPictures, "varied", 200, "pictures of a reference pool that qualities are measured on; half of them for a seed")
	flag.StringVar(&out, "out", "out/drift-table", "the folder that the runs of a table are written to")
	peers := flag.Bool("peers", true, "run the peers beside facet on changes")
	only := flag.String("only", "", "only the drifts whose names hold this")
	flag.Parse()
	if err := run(context.Background(), *pools, *part, *only, *seeds, *windows, *compared, *peers); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, dir, part, only string, seeds, windows, compared int, peers bool) error {
	if part == "order" {
		return order()
	}
	b, err := setUp(ctx, dir)
	if err != nil {
		return err
	}
	wanted := func(name string) bool { return part == "" || part == name }
	if part == "returns" {
		return b.returns(ctx)
	}
	if part == "table" {
		return b.table(ctx, out, only, seeds)
	}
	if part == "quiet" {
		for _, s := range quietStreams {
			if !strings.Contains(s.name, only) {
				continue
			}
			if err := b.quiet(ctx, s, seeds, windows); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
		}
		return nil
	}
	if wanted("calm") {
		if err := b.calm(ctx, seeds, windows, compared); err != nil {
			return err
		}
	}
	if wanted("changes") {
		printChangeHead()
	}
	for i, s := range scenarios {
		if !strings.Contains(s.name, only) {
			continue
		}
		if wanted("discoveries") && i <= large {
			if err := b.discoveries(ctx, s, seeds); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
		}
		if wanted("changes") {
			if err := b.change(ctx, s, seeds, peers); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
		}
	}
	return nil
}

var (
	first, variedPictures int
	out                   string
)

// bench is what all runs share.
type bench struct {
	dir      string
	model    *clip.Model
	ov       *decompose.OV
	words    *concept.Dictionary
	concepts []drift.Concept
	pools    map[string]*pool
}

func setUp(ctx context.Context, dir string) (*bench, error) {
	ck, err := demo.Checkpoint()
	if err != nil {
		return nil, err
	}
	var e engine.Engine
	if e, err = ort.New(ort.Options{}); errors.Is(err, ort.ErrUnavailable) {
		e, err = portable.New(), nil
	}
	if err != nil {
		return nil, err
	}
	b := &bench{dir: dir, pools: map[string]*pool{}}
	if b.model, err = clip.New(ck, e, clip.QuickGELU); err != nil {
		return nil, err
	}
	if b.ov, err = b.model.Decomposition(); err != nil {
		return nil, err
	}
	concepts, err := demo.NewConcepts(ctx, b.model)
	if err != nil {
		return nil, err
	}
	bank, err := concepts.All()
	if err != nil {
		return nil, err
	}
	if b.words, err = concept.NewDictionary(bank, concept.UnitRows); err != nil {
		return nil, err
	}
	for _, word := range []string{"yellow", "convertible", "snow"} {
		i := slices.Index(b.words.Texts, word)
		c, err := drift.NewConcept(word, b.words.Atoms[i*b.ov.Embed:(i+1)*b.ov.Embed], b.ov)
		if err != nil {
			return nil, err
		}
		b.concepts = append(b.concepts, c)
	}
	return b, nil
}

// pool opens a pool once.
func (b *bench) pool(name string) (*pool, error) {
	if p := b.pools[name]; p != nil {
		return p, nil
	}
	p, err := b.open(filepath.Join(b.dir, name))
	if err == nil {
		b.pools[name] = p
	}
	return p, err
}

// each runs seeds, two at once.
func each(seeds int, run func(seed int) error) error {
	errs := make([]error, seeds)
	var wait sync.WaitGroup
	slots := make(chan struct{}, 2)
	for k := range seeds {
		wait.Add(1)
		go func() {
			defer wait.Done()
			slots <- struct{}{}
			defer func() { <-slots }()
			errs[k] = run(first + k)
		}()
	}
	wait.Wait()
	return errors.Join(errs...)
}

func source(seed, what int) *rand.Rand { return rand.New(rand.NewPCG(uint64(seed), uint64(what))) }
