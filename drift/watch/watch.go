// Package watch follows a stream of images against a drift profile, for as long as the stream goes on. Images come from a folder that grows,
// from a list, or by HTTP; each is counted once by its content, whatever happens (package store). A full window is compared with the
// profile, and a [drift.Monitor], whose state is kept with the windows, raises alerts within one false-alarm budget for the whole stream.
package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/drift/store"
	"github.com/facet-clip/facet/engine/graph"
)

// Config is what a watcher follows and how.
type Config struct {
	Model   *clip.Model
	OV      *decompose.OV       // of the model
	Profile *drift.Profile      // made by the model
	Words   *concept.Dictionary // that name changes, besides the profile's qualities
	Store   *store.Store        // bound to these settings; see [store.Store.Bind]

	Rule   store.Rule
	Budget float64 // of false alarms, such as 0.05
	// Guarantee says what the budget bounds.
	Guarantee drift.Guarantee
	// PerGroup follows each group of images, such as a camera, as a stream of its own; the budget is shared by [drift.GroupShare].
	PerGroup bool
	Renewal  Renewal // what windows are compared with
	Thin     int     // take every n-th image of a window; 0: all; [drift.ThinAuto]
	Cycle    bool    // a window is a cycle, such as a day, whose order means something
	Level    float64 // false discovery rate of the pairs of a window, such as 0.05
	Decoder  *dataset.Decoder
	Repeats  float64 // the share of the profile\'s pictures whose content had come before

	Webhook string              // where alerts are posted; empty: nowhere
	Closed  func(answer.Window) // is told of each window that this watcher closes
	Log     *slog.Logger        // takes what is worth knowing and no error; nil discards it
}

// Watcher follows a stream.
type Watcher struct {
	Config
	*compared                    // what the window that is judged is compared with
	profile   *compared          // the profile
	renewed   map[span]*compared // windows of streams, those of late
	group     string             // whose window is judged; empty: the whole stream
	budget    float64            // of that
	names     []string           // of strong pairs
	labels    map[string]string  // of strong pairs, by name
	queue     chan *arrival
	finish    chan struct{} // closed when no job is left that queues
	dead      chan struct{} // closed when nothing is taken up any more
	decode    *semaphore.Weighted
	limits    limits
	metrics   *metrics
	alerts    chan struct{}             // there may be one to deliver
	turned    atomic.Pointer[time.Time] // when taking up last came round
	repeats   repeats                   // pictures that came again since the last window
	trouble   atomic.Pointer[string]    // why counting or closing fails and is tried again; nil: it does not

	mutex   sync.Mutex
	refused map[store.File]bool // that could not be opened, as they were
}

const (
	batchSize = 8
	patience  = 15 * time.Minute
	attempt   = 4 * time.Minute  // at one thing with the store, less than it waits for who judges a window
	grace     = 10 * time.Second // for an attempt under way when all is to end
	farewell  = 30 * time.Second // for alerts that are not yet delivered at the end
)

// New makes a watcher. The profile needs a sample of two images at least.
func New(ctx context.Context, c Config) (*Watcher, error) {
	v, err := drift.NewVocabulary(ctx, c.Profile, c.OV, c.Words)
	if err != nil {
		return nil, err
	}
	var names []string
	labels := map[string]string{}
	for k, i := range c.Profile.Strong {
		names = append(names, c.OV.Pair(i).String())
		if c.Profile.Labels != nil {
			labels[names[k]] = c.Profile.Labels[k]
		}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	w := &Watcher{
		Config: c, budget: c.Budget, names: names, labels: labels, renewed: map[span]*compared{}, queue: make(chan *arrival, 2*batchSize), finish: make(chan struct{}),
		dead: make(chan struct{}), decode: semaphore.NewWeighted(int64(runtime.GOMAXPROCS(0))), alerts: make(chan struct{}, 1), limits: defaultLimits,
		refused: map[store.File]bool{},
	}
	if w.profile, err = w.compareWith(c.Profile, v); err != nil {
		return nil, err
	}
	w.compared = w.profile
	w.turn()
	w.metrics = newMetrics(w)
	return w, nil
}

// Run takes up images for as long as one of the jobs goes on: feeds ([Watcher.Folder], [Watcher.Items]) and [Watcher.Serve]. A job that
// fails ends the others. Images that were taken up are counted before it returns. Run a watcher once.
func (w *Watcher) Run(ctx context.Context, jobs ...func(context.Context) error) error {
	running, cancel := context.WithCancel(ctx)
	defer cancel()
	taken := make(chan error, 1)
	go func() {
		defer cancel()
		defer close(w.dead)
		taken <- w.takeUp(ctx)
	}()
	delivering, stop := context.WithCancel(ctx)
	var deliveries errgroup.Group
	deliveries.Go(func() error { return w.deliver(delivering) })
	group, inGroup := errgroup.WithContext(running)
	for _, job := range jobs {
		group.Go(func() error { return job(inGroup) })
	}
	err := group.Wait()
	close(w.finish)
	if failed := <-taken; failed != nil {
		err = failed // the jobs only heard that it was over
	}
	stop()
	return errors.Join(err, deliveries.Wait(), w.drain(ctx))
}

func (w *Watcher) turn() {
	now := time.Now()
	w.turned.Store(&now)
}

// takeUp counts what is queued, batch by batch, and closes windows, until nothing is queued and nobody is left who queues. It does not stop
// when ctx is done: what is queued is counted.
func (w *Watcher) takeUp(ctx context.Context) error {
	ticker := time.NewTicker(w.limits.tick)
	defer ticker.Stop()
	for {
		if err := w.closeWindows(ctx); err != nil {
			return err
		}
		select {
		case a := <-w.queue:
			if err := w.count(ctx, w.gather(a)); err != nil {
				return err
			}
		case <-ticker.C:
		case <-w.finish:
			for batch := w.gather(); len(batch) > 0; batch = w.gather() {
				if err := w.count(ctx, batch); err != nil {
					return err
				}
			}
			return w.closeWindows(ctx)
		}
	}
}

// gather adds what waits to a batch, without waiting for more.
func (w *Watcher) gather(batch ...*arrival) []*arrival {
	for len(batch) < batchSize {
		select {
		case a := <-w.queue:
			batch = append(batch, a)
		default:
			return batch
		}
	}
	return batch
}

// count encodes a batch and puts it into the store.
func (w *Watcher) count(ctx context.Context, batch []*arrival) error {
	if err := w.encode(context.WithoutCancel(ctx), batch); err != nil { // what is taken up is finished
		return err
	}
	images := make([]store.Image, len(batch))
	for i, a := range batch {
		images[i] = a.image
	}
	added, err := insist(ctx, w.Log, "counting images", func(ctx context.Context) ([]bool, error) {
		added, err := w.Store.Add(ctx, images)
		return added, w.note(err)
	})
	for i, a := range batch {
		switch {
		case err != nil:
			a.err = err
		case !added[i]:
			a.status = Duplicate
			known, err := insist(ctx, w.Log, "looking up an image", func(ctx context.Context) (store.Known, error) { return w.Store.Known(ctx, a.image) })
			a.again, a.err = known.Again, err
		}
		close(a.done)
	}
	return err
}

// encode fills the payloads of the pictures of a batch.
func (w *Watcher) encode(ctx context.Context, batch []*arrival) error {
	var pictures []*arrival
	for _, a := range batch {
		if a.pixels != nil {
			pictures = append(pictures, a)
		}
	}
	if len(pictures) == 0 {
		return nil
	}
	if err := w.encodeTogether(ctx, pictures); err != nil {
		w.Log.Warn("pictures could not be encoded together and are encoded one by one", "pictures", len(pictures), "reason", err)
		if err := w.encodeApart(ctx, pictures); err != nil {
			return err
		}
	}
	for _, a := range pictures {
		a.pixels = nil
	}
	return nil
}

func (w *Watcher) encodeTogether(ctx context.Context, pictures []*arrival) error {
	var pixels []float32
	for _, a := range pictures {
		pixels = append(pixels, a.pixels...)
	}
	began, n, size := time.Now(), len(pictures), w.Model.Config.Image
	out, err := w.Model.EncodeImages(ctx, graph.Floats(pixels, n, 3, size, size), clip.Embedding, clip.Scalars)
	if err != nil {
		return err
	}
	w.metrics.encoded.Observe(time.Since(began).Seconds() / float64(n))
	e, s := out[clip.Embedding].Floats, out[clip.Scalars].Floats // [n,D], [n,M,C]
	D, pairs := len(e)/n, len(s)/n
	for i, a := range pictures {
		if a.image.Payload, err = w.pack(e[i*D:(i+1)*D], s[i*pairs:(i+1)*pairs]); err != nil {
			return fmt.Errorf("%s: %w", a.image.Name, err)
		}
	}
	return nil
}

// encodeApart encodes pictures one by one. One that fails is unreadable, when the model still encodes a plain grey one; else the fault is not the
// picture's, and is the error.
func (w *Watcher) encodeApart(ctx context.Context, pictures []*arrival) error {
	for _, a := range pictures {
		err := w.encodeTogether(ctx, []*arrival{a})
		if err == nil {
			continue
		}
		if broken := w.encodeTogether(ctx, []*arrival{{pixels: make([]float32, len(a.pixels))}}); broken != nil {
			return fmt.Errorf("%w; the model encodes no picture, a plain grey one neither: %w", err, broken)
		}
		a.status, a.image.Payload, a.image.Reason = Unreadable, nil, fmt.Sprintf("%s: the model cannot encode it: %v", a.image.Name, err)
		w.Log.Warn("a picture cannot be encoded; it is kept on record", "reason", a.image.Reason)
	}
	return nil
}

// closeWindows closes every window that is full.
func (w *Watcher) closeWindows(ctx context.Context) error {
	streams := []*store.Store{w.Store}
	if w.PerGroup {
		var err error
		if streams, err = insist(ctx, w.Log, "looking up groups", func(ctx context.Context) ([]*store.Store, error) {
			groups, err := w.Store.Groups(ctx, max(1, w.Rule.Images))
			return groups, w.note(err)
		}); err != nil {
			return err
		}
	}
	for _, s := range streams {
		if err := w.closeWindowsOf(ctx, s); err != nil {
			return err
		}
	}
	w.turn()
	return nil
}

// closeWindowsOf closes every window of a stream that is full.
func (w *Watcher) closeWindowsOf(ctx context.Context, s *store.Store) error {
	w.group, w.budget = s.Group(), w.Budget*drift.GroupShare(s.Turn())
	for {
		window, closed, err := w.closeWindow(ctx, s)
		w.turn()
		if err != nil || !closed {
			return err
		}
		if w.Closed != nil {
			w.Closed(window)
		}
		w.repeats.add(window.Group, -window.Repeated)
		w.warnOfOrder(window)
		if len(window.Alerts) > 0 {
			select {
			case w.alerts <- struct{}{}:
			default:
			}
		}
	}
}

// warnOfOrder warns of images that are like their neighbours, which the budget does not allow for, unless they are thinned.
func (w *Watcher) warnOfOrder(window answer.Window) {
	if o := window.Order; o != nil && o.Evidence >= 1 && o.Every < o.Step {
		w.Log.Warn("neighbouring images are alike, as in a film, in bursts or by day and by night: THE BUDGET OF FALSE ALARMS DOES NOT HOLD. Thin the images of a window, or close a window for each cycle",
			"group", window.Group, "window", window.Number, "correlation", fmt.Sprintf("%.2f", o.Correlation), "independent from", fmt.Sprintf("every %d-th", o.Step))
	}
}

// closeWindow closes a window, if one is full. After an attempt that failed it asks whether the window is there nevertheless: a database that was
// lost while it answered may have closed it.
func (w *Watcher) closeWindow(ctx context.Context, s *store.Store) (window answer.Window, closed bool, err error) {
	var tried store.Outcome
	closed, err = insist(ctx, w.Log, "closing a window", func(ctx context.Context) (bool, error) {
		if tried.Result != "" {
			if there, err := s.Holds(ctx, window.Number, tried.Result); err != nil || there {
				return there, err
			}
		}
		closed, err := s.CloseWindow(ctx, w.Rule, time.Now(), func(full store.Full) (o store.Outcome, err error) {
			if window, o, err = w.judge(context.WithoutCancel(ctx), full); err != nil {
				err = backoff.Permanent(err)
			}
			tried = o
			return o, err
		})
		if errors.Is(err, store.ErrOther) { // a new profile was accepted: this watcher's is not asked for any more
			err = backoff.Permanent(err)
		}
		return closed, w.note(err)
	})
	return window, closed, err
}

// note keeps why the store refuses what came, for /healthz, until it takes it again.
func (w *Watcher) note(err error) error {
	if err == nil {
		w.trouble.Store(nil)
		return nil
	}
	why := err.Error()
	w.trouble.Store(&why)
	return err
}

// insist tries again, for a while, what a database may refuse for a while. An attempt goes on when ctx is done, but not for long.
func insist[T any](ctx context.Context, log *slog.Logger, what string, do func(context.Context) (T, error)) (T, error) {
	return backoff.Retry(ctx, func() (T, error) {
		ctx, cancel := lingering(ctx)
		defer cancel()
		return do(ctx)
	}, backoff.WithMaxElapsedTime(patience), backoff.WithNotify(func(err error, wait time.Duration) {
		log.Warn(what+" failed; trying again", "in", wait.Round(time.Millisecond), "reason", err)
	}))
}

// lingering is a context for an attempt: it ends after its time, or some grace after ctx.
func lingering(ctx context.Context) (context.Context, context.CancelFunc) {
	out, cancel := context.WithTimeout(context.WithoutCancel(ctx), attempt)
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	return out, func() {
		stop()
		cancel()
	}
}
