package cli

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows how far a long job is, on stderr: a bar on a terminal, now and then a line elsewhere. Jobs that end
// within a second show nothing.
type progress struct {
	bar   *progressbar.ProgressBar
	out   io.Writer
	what  string
	total int
	count int
	start time.Time
	next  time.Duration
}

const quiet = time.Second // before the first sign

func (a *app) progress(what string, total int) *progress {
	p := &progress{out: a.stderr, what: what, total: total, start: time.Now(), next: 10 * time.Second}
	if isTerminal(a.stderr) {
		p.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(a.stderr), progressbar.OptionSetDescription(what),
			progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond))
	}
	return p
}

// tell shows how far a lab is with a step: [lab.Progress].
func (a *app) tell(step string, done, total int) {
	a.steps.Lock()
	defer a.steps.Unlock()
	p := a.bars[step]
	switch {
	case done < 0 && p != nil:
		p.done()
		delete(a.bars, step)
	case done < 0:
	case p == nil:
		if a.bars == nil {
			a.bars = map[string]*progress{}
		}
		p = a.progress(step, total)
		a.bars[step] = p
		fallthrough
	default:
		p.set(done)
	}
}

// byteProgress counts bytes.
func (a *app) byteProgress(what string, total int64) *progress {
	p := a.progress(what, int(total))
	if p.bar != nil {
		p.bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(a.stderr), progressbar.OptionSetDescription(what),
			progressbar.OptionShowBytes(true), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond))
	}
	return p
}

// add counts n more.
func (p *progress) add(n int) { p.set(p.count + n) }

// set counts up to n.
func (p *progress) set(n int) {
	p.count = n
	elapsed := time.Since(p.start)
	switch {
	case p.bar != nil && elapsed > quiet:
		p.bar.Set(p.count)
	case p.bar == nil && elapsed > p.next:
		p.next = elapsed + 10*time.Second
		if p.total < 0 { // nobody knows
			fmt.Fprintf(p.out, "facet: %s: %d\n", p.what, p.count)
			return
		}
		fmt.Fprintf(p.out, "facet: %s: %d of %d\n", p.what, p.count, p.total)
	}
}

// done clears the bar.
func (p *progress) done() {
	if p.bar != nil && time.Since(p.start) > quiet {
		p.bar.Clear()
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
