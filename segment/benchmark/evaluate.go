package benchmark

import (
	"context"
	"encoding/json"
	"fmt"
	"image"
	"io"
	"time"

	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/internal/journal"
	"github.com/facet-clip/facet/segment"
)

// Evaluation measures methods on a data set.
type Evaluation struct {
	Set     *Set
	Runner  *segment.Runner
	Decoder *dataset.Decoder // does not turn pictures: masks are not turned
	// Journal is a file that keeps what is known of each finished picture, so that a run that was cut off goes on there; empty: none.
	Journal string
	// Protocol is the hash of all that decides the results. A journal of another protocol is refused.
	Protocol string
	// Done is told of each finished picture; may be nil.
	Done func()
}

// Picture is what is known of one finished picture.
type Picture struct {
	Name     string  `json:"name"`
	Encoding float64 `json:"encoding"` // seconds of the image tower
	// Methods are in the order of the runner's.
	Methods []Count `json:"methods"`
}

// Count is what a method made of a picture.
type Count struct {
	Seconds float64  `json:"seconds"` // beyond encoding
	Cells   [][3]int `json:"cells"`   // of the confusion: truth, prediction, pixels
	// Precision is the average precision of the thing against the rest, in sets of pictures of one thing.
	Precision *float64 `json:"precision,omitempty"`
}

// Confusion is the picture's own.
func (c Count) Confusion(classes int) (*segment.Confusion, error) {
	m, err := segment.NewConfusion(classes)
	if err != nil {
		return nil, err
	}
	for _, cell := range c.Cells {
		t, p, n := cell[0], cell[1], cell[2]
		if t < 0 || t >= classes || p < 0 || p >= classes || n < 1 {
			return nil, fmt.Errorf("%w: cell %v of %d classes", ErrJournal, cell, classes)
		}
		m.Counts[t*classes+p] += int64(n)
	}
	return m, nil
}

// ErrJournal is returned when a journal is of another evaluation, or damaged.
var ErrJournal = journal.ErrJournal

// Run measures every picture that the journal does not have, and gives all of them in the set's order.
func (e *Evaluation) Run(ctx context.Context) ([]Picture, error) {
	done, j, err := e.open()
	if err != nil {
		return nil, err
	}
	defer j.Close()
	if len(done) > e.Set.Len() {
		return nil, fmt.Errorf("%s: %w: %d pictures, expected at most %d", e.Journal, ErrJournal, len(done), e.Set.Len())
	}
	for i := range e.Set.Len() {
		if i < len(done) {
			if done[i].Name != e.Set.Item(i) {
				return nil, fmt.Errorf("%s: %w: picture %d is %q, expected %q", e.Journal, ErrJournal, i+1, done[i].Name, e.Set.Item(i))
			}
			e.tick()
			continue
		}
		p, err := e.measure(ctx, i)
		if err != nil {
			return nil, err
		}
		if err := j.Append(p); err != nil {
			return nil, err
		}
		done = append(done, p)
		e.tick()
	}
	return done, nil
}

func (e *Evaluation) tick() {
	if e.Done != nil {
		e.Done()
	}
}

// measure does one picture.
func (e *Evaluation) measure(ctx context.Context, i int) (Picture, error) {
	p := Picture{Name: e.Set.Item(i)}
	img, truth, err := e.Set.Load(ctx, i, e.Decoder)
	if err != nil {
		return p, err
	}
	given, err := e.labelled(ctx, img)
	if err != nil {
		return p, fmt.Errorf("%s: %w", p.Name, err)
	}
	for _, g := range given {
		c, err := segment.NewConfusion(len(e.Set.Classes))
		if err != nil {
			return p, err
		}
		if err := c.Add(truth, g.labels.Class); err != nil {
			return p, fmt.Errorf("%s: %w", p.Name, err)
		}
		one := Count{Seconds: g.scoring.Seconds(), Cells: cells(c)}
		if g.precision != nil {
			average := g.precision(truth)
			one.Precision = &average
		}
		p.Encoding = g.encoding.Seconds()
		p.Methods = append(p.Methods, one)
	}
	return p, nil
}

// labelled is what a method makes of a picture.
type labelled struct {
	labels            *segment.Labels
	encoding, scoring time.Duration
	precision         func(truth []uint8) float64 // in sets of pictures of one thing
}

// labelled are the labels of each method.
func (e *Evaluation) labelled(ctx context.Context, img image.Image) (list []labelled, err error) {
	if e.Set.Split {
		split, err := e.Runner.Foregrounds(ctx, img)
		for _, f := range split {
			list = append(list, labelled{f.Labels, f.Encoding, f.Scoring, f.Precision})
		}
		return list, err
	}
	maps, err := e.Runner.Run(ctx, img)
	if err != nil {
		return nil, err
	}
	for _, m := range maps {
		started := time.Now()
		labels := m.Labels()
		list = append(list, labelled{labels, m.Encoding, m.Scoring + time.Since(started), nil})
	}
	return list, nil
}

// Labels are those of the first method for a picture.
func (e *Evaluation) Labels(ctx context.Context, img image.Image) (*segment.Labels, error) {
	first := *e
	runner := *e.Runner
	runner.Methods, first.Runner = runner.Methods[:1], &runner
	list, err := first.labelled(ctx, img)
	if err != nil {
		return nil, err
	}
	return list[0].labels, nil
}

func cells(c *segment.Confusion) (list [][3]int) {
	for i, n := range c.Counts {
		if n > 0 {
			list = append(list, [3]int{i / c.Classes, i % c.Classes, int(n)})
		}
	}
	return list
}

const journalFormat = "facet evaluate segmentation 1"

// open reads the journal, if one is kept.
func (e *Evaluation) open() (pictures []Picture, j *journal.Journal, err error) {
	if e.Journal == "" {
		return nil, nil, nil
	}
	j, err = journal.Open(e.Journal, journal.Kind{Format: journalFormat, Protocol: e.Protocol}, func(line []byte) error {
		p, err := readPicture(line, len(pictures)+1, len(e.Runner.Methods), len(e.Set.Classes))
		pictures = append(pictures, p)
		return err
	})
	return pictures, j, err
}

// ReadJournal reads the finished pictures of a journal and how many bytes hold whole lines; what follows was cut off while it was written. Errors
// wrap [ErrJournal].
func ReadJournal(r io.Reader, protocol string, methods, classes int) (pictures []Picture, whole int64, err error) {
	whole, err = journal.Read(r, journal.Kind{Format: journalFormat, Protocol: protocol}, func(line []byte) error {
		p, err := readPicture(line, len(pictures)+1, methods, classes)
		pictures = append(pictures, p)
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	return pictures, whole, nil
}

// readPicture reads a line, which is of picture n, counted from 1.
func readPicture(line []byte, n, methods, classes int) (p Picture, err error) {
	if err := json.Unmarshal(line, &p); err != nil {
		return p, fmt.Errorf("%w: picture %d: %w", ErrJournal, n, err)
	}
	if len(p.Methods) != methods {
		return p, fmt.Errorf("%w: picture %d has %d methods, expected %d", ErrJournal, n, len(p.Methods), methods)
	}
	for _, c := range p.Methods {
		if _, err := c.Confusion(classes); err != nil {
			return p, fmt.Errorf("picture %d: %w", n, err)
		}
	}
	return p, nil
}
