package terminal

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// Bar shows how far a long job is: a bar on a terminal, now and then a line elsewhere. Jobs that end within a second show nothing.
type Bar struct {
	bar   *progressbar.ProgressBar
	out   io.Writer
	what  string
	total int
	count int
	start time.Time
	next  time.Duration
}

const quiet = time.Second // before the first sign

// NewBar starts a bar that counts to total, which is negative where nobody knows it.
func NewBar(out io.Writer, what string, total int) *Bar {
	return newBar(out, what, int64(total), progressbar.OptionShowCount(), progressbar.OptionShowIts())
}

// NewByteBar starts a bar that counts bytes.
func NewByteBar(out io.Writer, what string, total int64) *Bar {
	return newBar(out, what, total, progressbar.OptionShowBytes(true))
}

func newBar(out io.Writer, what string, total int64, shows ...progressbar.Option) *Bar {
	b := &Bar{out: out, what: what, total: int(total), start: time.Now(), next: 10 * time.Second}
	if Is(out) {
		b.bar = progressbar.NewOptions64(total, append(shows, progressbar.OptionSetWriter(out), progressbar.OptionSetDescription(what),
			progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond))...)
	}
	return b
}

// Add counts n more.
func (b *Bar) Add(n int) { b.Set(b.count + n) }

// Set counts up to n.
func (b *Bar) Set(n int) {
	b.count = n
	elapsed := time.Since(b.start)
	switch {
	case b.bar != nil && elapsed > quiet:
		b.bar.Set(b.count)
	case b.bar == nil && elapsed > b.next:
		b.next = elapsed + 10*time.Second
		if b.total < 0 { // nobody knows
			fmt.Fprintf(b.out, "facet: %s: %d\n", b.what, b.count)
			return
		}
		fmt.Fprintf(b.out, "facet: %s: %d of %d\n", b.what, b.count, b.total)
	}
}

// Done clears the bar.
func (b *Bar) Done() {
	if b.bar != nil && time.Since(b.start) > quiet {
		b.bar.Clear()
	}
}

// Bars are those of steps that may run at once. It is safe for concurrent use.
type Bars struct {
	mu   sync.Mutex
	bars map[string]*Bar
}

// Tell shows on out how far a step is. A negative number of what is done ends the step.
func (b *Bars) Tell(out io.Writer, step string, done, total int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	bar := b.bars[step]
	if done < 0 {
		if bar != nil {
			bar.Done()
			delete(b.bars, step)
		}
		return
	}
	if bar == nil {
		if b.bars == nil {
			b.bars = map[string]*Bar{}
		}
		bar = NewBar(out, step, total)
		b.bars[step] = bar
	}
	bar.Set(done)
}
