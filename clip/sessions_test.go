package clip_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/engine"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/engine/portable"
)

// watched is an engine under observation: it counts, and holds on to compiling and running when a test wants it to.
type watched struct {
	engine.Engine
	beforeCompile, beforeRun func() error // may be nil

	mu              sync.Mutex
	compiled        map[string]int // by the graph's outputs and the grid
	alive, most     int
	runsAfterClosed int
}

type watchedSession struct {
	engine.Session
	by     *watched
	mu     sync.RWMutex
	closed bool
}

func (w *watched) Compile(g *graph.Graph) (engine.Session, error) {
	w.mu.Lock()
	if w.compiled == nil {
		w.compiled = map[string]int{}
	}
	w.compiled[name(g)]++
	w.alive++
	w.most = max(w.most, w.alive)
	w.mu.Unlock()
	var err error
	if w.beforeCompile != nil {
		err = w.beforeCompile()
	}
	var s engine.Session
	if err == nil {
		s, err = w.Engine.Compile(g)
	}
	if err != nil {
		w.count(&w.alive, -1)
		return nil, err
	}
	return &watchedSession{Session: s, by: w}, nil
}

// name is what a graph takes and gives, as "7×7 embedding scalars".
func name(g *graph.Graph) string {
	names := []string{g.Name}
	if shape := g.Inputs()[0].Shape; len(shape) == 4 {
		names = []string{fmt.Sprintf("%d×%d", shape[2]/clip.Stride, shape[3]/clip.Stride)}
	}
	for _, o := range g.Outputs() {
		names = append(names, o.Name)
	}
	return strings.Join(names, " ")
}

func (w *watched) count(n *int, by int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	*n += by
}

func (s *watchedSession) Run(ctx context.Context, in map[string]graph.Tensor) (map[string]graph.Tensor, error) {
	s.mu.RLock() // a Close that comes during a run waits here and is told of below
	defer s.mu.RUnlock()
	if s.closed {
		s.by.count(&s.by.runsAfterClosed, 1)
		return nil, errors.New("a closed session runs")
	}
	if s.by.beforeRun != nil {
		if err := s.by.beforeRun(); err != nil {
			return nil, err
		}
	}
	return s.Session.Run(ctx, in)
}

func (s *watchedSession) Close() error {
	if !s.mu.TryLock() {
		return errors.New("a session is closed under a run")
	}
	defer s.mu.Unlock()
	s.closed = true
	s.by.count(&s.by.alive, -1)
	return s.Session.Close()
}

// job is one call with the answer that it has when nothing else goes on.
type job struct {
	name   string
	run    func(context.Context) ([]graph.Tensor, error)
	answer []graph.Tensor
}

var choices = [][]clip.Output{
	{clip.Embedding}, {clip.Scalars, clip.Embedding}, {clip.Embedding, clip.Attention, clip.Tokens, clip.Scalars}, {clip.Values, clip.Keys},
}

// jobs are calls for six grids with four choices of outputs each, and for texts.
func jobs(m *clip.Model) []job {
	var list []job
	for _, grid := range [][2]int{{1, 1}, {2, 2}, {1, 3}, {2, 1}, {3, 2}, {1, 2}} {
		for i, want := range choices {
			x := pixels(1+i%2, grid[0], grid[1])
			list = append(list, job{name: fmt.Sprint(grid, want), run: func(ctx context.Context) ([]graph.Tensor, error) {
				out, err := m.EncodeImages(ctx, x, want...)
				var results []graph.Tensor
				for _, name := range slices.Sorted(maps.Keys(out)) {
					results = append(results, out[name])
				}
				return results, err
			}})
		}
	}
	for n := range 4 {
		texts := [][]int64{{1, 2, int64(n)}, {1, 2, 3, int64(n)}, {int64(n)}}
		list = append(list, job{name: fmt.Sprint("texts ", n), run: func(ctx context.Context) ([]graph.Tensor, error) {
			out, err := m.EncodeTexts(ctx, texts, nil)
			return []graph.Tensor{out}, err
		}})
	}
	return list
}

// pixels are a wave, [n,3,32h,32w].
func pixels(n, h, w int) graph.Tensor {
	x := graph.Floats(make([]float32, n*3*h*w*clip.Stride*clip.Stride), n, 3, h*clip.Stride, w*clip.Stride)
	for i := range x.Floats {
		x.Floats[i] = float32(i*i%101)/50 - 1
	}
	return x
}

func toyModel(t *testing.T, e engine.Engine) *clip.Model {
	t.Helper()
	m, err := clip.New(checkpointOf(t, toy, nil), e, clip.QuickGELU)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestConcurrentUse has many goroutines ask one model for towers of more grids and outputs than it keeps, some with contexts that end
// midway, and closes it while they do. Every answer is that of a serial call, or the error that was asked for.
func TestConcurrentUse(t *testing.T) {
	for _, e := range engines(t) {
		t.Run(e.Name(), func(t *testing.T) {
			w := &watched{Engine: e}
			serial := toyModel(t, e)
			list := jobs(serial)
			for i := range list {
				var err error
				if list[i].answer, err = list[i].run(t.Context()); err != nil {
					t.Fatal(list[i].name, err)
				}
			}
			m := toyModel(t, w)
			for i, j := range jobs(m) {
				list[i].run = j.run
			}
			stress(t, m, list)
			if err := serial.Close(); err != nil {
				t.Error(err)
			}
			if w.alive != 0 || w.runsAfterClosed != 0 {
				t.Errorf("%d sessions are left open, %d runs of closed ones", w.alive, w.runsAfterClosed)
			}
			if most := 4 + 1; w.most > most {
				t.Errorf("%d sessions at a time, expected at most %d", w.most, most)
			}
		})
	}
}

func stress(t *testing.T, m *clip.Model, list []job) {
	const workers, rounds = 16, 12
	var group errgroup.Group
	var half sync.WaitGroup
	half.Add(workers)
	for worker := range workers {
		random := rand.New(rand.NewPCG(1, uint64(worker)))
		group.Go(func() error {
			arrive := sync.OnceFunc(half.Done)
			defer arrive()
			for round := range 2 * rounds {
				if round == rounds {
					arrive()
				}
				if err := check(t.Context(), random, list[random.IntN(len(list))], round >= rounds); err != nil {
					return err
				}
			}
			return nil
		})
	}
	half.Wait()
	if err := m.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
	if _, err := list[0].run(t.Context()); !errors.Is(err, clip.ErrClosed) {
		t.Errorf("a call after Close gives %v", err)
	}
	if err := m.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
}

// check makes a call, one in four with a context that ends.
func check(ctx context.Context, random *rand.Rand, j job, mayBeClosed bool) error {
	ends := random.IntN(4) == 0
	if ends {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(random.IntN(3_000))*time.Microsecond)
		defer cancel()
	}
	got, err := j.run(ctx)
	switch {
	case err == nil:
		if diff := cmp.Diff(j.answer, got); diff != "" {
			return fmt.Errorf("%s: another answer than alone (−alone +together):\n%.2000s", j.name, diff)
		}
	case ends && errors.Is(err, context.DeadlineExceeded), mayBeClosed && errors.Is(err, clip.ErrClosed):
	default:
		return fmt.Errorf("%s: %w", j.name, err)
	}
	return nil
}

// TestOneCompileForAll: callers of one tower at once have it compiled once, whatever the order in which they name its outputs.
func TestOneCompileForAll(t *testing.T) {
	w := &watched{Engine: portable.New()}
	m := toyModel(t, w)
	var group errgroup.Group
	for i := range 8 {
		want := []clip.Output{clip.Embedding, clip.Scalars}
		if i%2 == 1 {
			want = []clip.Output{clip.Scalars, clip.Embedding, clip.Scalars}
		}
		group.Go(func() error {
			_, err := m.EncodeImages(t.Context(), pixels(1, 1, 1), want...)
			return err
		})
	}
	if err := errors.Join(group.Wait(), m.Close()); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(map[string]int{"1×1 embedding scalars": 1}, w.compiled); diff != "" {
		t.Error(diff)
	}
}

// TestWaitingEnds: who waits for a tower stops when the context ends; the tower is there for the next all the same.
func TestWaitingEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		w := &watched{Engine: portable.New(), beforeCompile: func() error { <-gate; return nil }}
		m := toyModel(t, w)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var group errgroup.Group
		for range 2 { // who has it compiled, and who waits
			group.Go(func() error {
				_, err := m.EncodeImages(ctx, pixels(1, 1, 1), clip.Embedding)
				return err
			})
		}
		if err := group.Wait(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a call whose context ended gives %v", err)
		}
		close(gate)
		if _, err := m.EncodeImages(t.Context(), pixels(1, 1, 1), clip.Embedding); err != nil {
			t.Error(err)
		}
		if n := w.compiled["1×1 embedding"]; n != 1 {
			t.Errorf("compiled %d times", n)
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestCloseWaits: a running call keeps its session; Close lets nobody else in and comes back when the call has.
func TestCloseWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		m := toyModel(t, &watched{Engine: portable.New(), beforeRun: func() error { <-gate; return nil }})
		var group errgroup.Group
		group.Go(func() error {
			_, err := m.EncodeImages(t.Context(), pixels(1, 1, 1), clip.Embedding)
			return err
		})
		synctest.Wait()
		closed := false
		group.Go(func() error {
			err := m.Close()
			closed = true
			return err
		})
		synctest.Wait()
		if closed {
			t.Error("Close did not wait for a running call")
		}
		if _, err := m.EncodeImages(t.Context(), pixels(1, 1, 1), clip.Embedding); !errors.Is(err, clip.ErrClosed) {
			t.Errorf("a call during Close gives %v", err)
		}
		close(gate)
		if err := group.Wait(); err != nil {
			t.Error(err)
		}
	})
}

// TestTowersAreBounded: with as many towers in use as a model keeps, a further one waits, until its context ends or a tower is idle.
func TestTowersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		w := &watched{Engine: portable.New(), beforeRun: func() error { <-gate; return nil }}
		m := toyModel(t, w)
		var group errgroup.Group
		for width := range 5 {
			group.Go(func() error {
				_, err := m.EncodeImages(t.Context(), pixels(1, 1, 1+width), clip.Embedding)
				return err
			})
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := m.EncodeImages(ctx, pixels(1, 6, 6), clip.Embedding); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a call for one tower too many gives %v", err)
		}
		close(gate)
		if err := errors.Join(group.Wait(), m.Close()); err != nil {
			t.Error(err)
		}
		if w.most != 4 {
			t.Errorf("%d towers at a time, expected 4", w.most)
		}
	})
}

// TestTowersLeave: the tower whose last use is longest ago makes room.
func TestTowersLeave(t *testing.T) {
	w := &watched{Engine: portable.New()}
	m := toyModel(t, w)
	for _, width := range []int{1, 2, 3, 4, 1, 5, 1, 2} {
		if _, err := m.EncodeImages(t.Context(), pixels(1, 1, width), clip.Embedding); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	want := map[string]int{"1×1 embedding": 1, "1×2 embedding": 2, "1×3 embedding": 1, "1×4 embedding": 1, "1×5 embedding": 1}
	if diff := cmp.Diff(want, w.compiled); diff != "" {
		t.Error(diff)
	}
}

// TestCompileAgain: a tower that could not be compiled is tried again by the next who asks.
func TestCompileAgain(t *testing.T) {
	broken := errors.New("out of memory")
	w := &watched{Engine: portable.New(), beforeCompile: func() error { return broken }}
	m := toyModel(t, w)
	if _, err := m.EncodeImages(t.Context(), pixels(1, 1, 1), clip.Embedding); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	w.beforeCompile = nil
	if _, err := m.EncodeImages(t.Context(), pixels(1, 1, 1), clip.Embedding); err != nil {
		t.Error(err)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}

func TestUnknownOutputs(t *testing.T) {
	m := toyModel(t, portable.New())
	defer m.Close()
	for _, want := range [][]clip.Output{nil, {clip.Embedding, "logits"}} {
		if _, err := m.EncodeImages(t.Context(), pixels(1, 1, 1), want...); err == nil || !strings.Contains(err.Error(), "embedding") {
			t.Errorf("%v: %v", want, err)
		}
	}
}
