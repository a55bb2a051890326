package profile

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"errors"
	"fmt"
	"io"

	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/internal/atomicfile"
	"github.com/facet-clip/facet/internal/regular"
)

// ErrMismatch is returned when a checkpoint is of another run than the one that is to go on.
var ErrMismatch = errors.New("begun otherwise")

// Run says what a profile is being made of. Only the same run goes on after a checkpoint.
type Run struct {
	Model   string // SHA-256
	Engine  string
	Source  string // fingerprint
	Sample  int    // images to keep
	Watched string // texts and directions, as a SHA-256
}

// Checkpoint is a profile under way.
type Checkpoint struct {
	Run     Run
	Skipped []string // as in [Header]
	Unread  int
	drift.Distinct
	Summary *drift.Summary // with the scalars of all pairs
}

// Next is the source's item that comes next.
func (c *Checkpoint) Next() int { return c.Summary.Count() + c.Unread + c.Repeated }

// checkpointMagic begins a checkpoint. After it come the SHA-256 of the rest, and the rest: gob of a progress and of every image of the sample.
const checkpointMagic = "facet drift checkpoint 1\n"

// progress is what a checkpoint holds beside the sample.
type progress struct {
	Run           Run
	Skipped       []string
	Unread        int
	Pairs, Scores *drift.Moments
	Embedding     *drift.Gaussian
	Images        int // of the sample
	Repeated      int
	Keys          []byte // of contents; absent in checkpoints of earlier versions
}

// Save writes a checkpoint to a file, whole or not at all.
func (c *Checkpoint) Save(path string) (err error) {
	f, err := atomicfile.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Discard()) }()
	sum := sha256.New()
	head := append([]byte(checkpointMagic), sum.Sum(nil)...) // the place of the sum
	if _, err := f.Write(head); err != nil {
		return err
	}
	out := bufio.NewWriterSize(io.MultiWriter(f, sum), 1<<20)
	if err := errors.Join(c.encode(out), out.Flush()); err != nil {
		return err
	}
	if _, err := f.WriteAt(sum.Sum(nil), int64(len(checkpointMagic))); err != nil {
		return err
	}
	return f.Commit()
}

// encode writes the images one by one, so that no message of gob grows with their number.
func (c *Checkpoint) encode(w io.Writer) error {
	s, sample := c.Summary, c.Summary.Sample()
	e := gob.NewEncoder(w)
	if err := e.Encode(progress{c.Run, c.Skipped, c.Unread, s.Pairs, s.Scores, s.Embedding, len(sample), c.Repeated, c.Keys}); err != nil {
		return err
	}
	for _, image := range sample {
		if err := e.Encode(image); err != nil {
			return err
		}
	}
	return nil
}

// Load takes up a checkpoint of the same run, into a checkpoint with an empty summary of the right shape. Errors wrap [ErrFormat] where the file is
// damaged, [ErrMismatch] where it is of another run, and os.ErrNotExist where there is none.
func (c *Checkpoint) Load(path string) error {
	f, err := regular.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := verify(f); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := c.decode(bufio.NewReaderSize(f, 1<<20)); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// verify reads a checkpoint through, and goes back to what follows its sum.
func verify(f io.ReadSeeker) error {
	head := make([]byte, len(checkpointMagic)+sha256.Size)
	if _, err := io.ReadFull(f, head); err != nil || string(head[:len(checkpointMagic)]) != checkpointMagic {
		return fmt.Errorf("%w: it does not begin with %q", ErrFormat, checkpointMagic)
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return err
	}
	if !bytes.Equal(sum.Sum(nil), head[len(checkpointMagic):]) {
		return fmt.Errorf("%w: its checksum is wrong", ErrFormat)
	}
	_, err := f.Seek(int64(len(head)), io.SeekStart)
	return err
}

func (c *Checkpoint) decode(r io.Reader) error {
	d := gob.NewDecoder(r)
	s := c.Summary
	p := progress{ // of the right shape, for gob leaves out what is all zeros; not the summary's own, or it would be held against itself
		Pairs: drift.NewMoments(len(s.Pairs.Mean)), Scores: drift.NewMoments(len(s.Scores.Mean)), Embedding: drift.NewGaussian(len(s.Embedding.Mean)),
	}
	if err := d.Decode(&p); err != nil {
		return fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if err := c.Run.same(p.Run); err != nil {
		return err
	}
	if err := fits(p, s); err != nil {
		return err
	}
	sample := make([]drift.Image, 0, min(p.Images, s.Size))
	for range p.Images {
		var image drift.Image
		if err := d.Decode(&image); err != nil {
			return fmt.Errorf("%w: %w", ErrFormat, err)
		}
		if len(image.Embedding) != len(s.Embedding.Mean) || len(image.Scalars) != len(s.Pairs.Mean) || 2*len(image.Scores) != len(s.Scores.Mean) {
			return fmt.Errorf("%w: an image of another shape", ErrFormat)
		}
		sample = append(sample, image)
	}
	c.Skipped, c.Unread, c.Distinct = p.Skipped, p.Unread, drift.Distinct{Repeated: p.Repeated, Keys: p.Keys}
	s.Pairs, s.Scores, s.Embedding = p.Pairs, p.Scores, p.Embedding
	s.Restore(sample)
	return nil
}

// same tells whether a checkpoint is of the run that is to go on.
func (r Run) same(begun Run) error {
	for _, x := range []struct{ what, begun, now string }{
		{"model", begun.Model, r.Model}, {"engine", begun.Engine, r.Engine}, {"dataset", begun.Source, r.Source},
		{"sample", fmt.Sprint(begun.Sample), fmt.Sprint(r.Sample)}, {"watched texts", begun.Watched, r.Watched},
	} {
		if x.begun != x.now {
			return fmt.Errorf("%w: with %s %.12s, now it is %.12s", ErrMismatch, x.what, x.begun, x.now)
		}
	}
	return nil
}

// fits tells whether what was read has the shape of an empty summary.
func fits(p progress, s *drift.Summary) error {
	moments := func(m, of *drift.Moments) bool {
		return m != nil && m.Count >= 0 && len(m.Mean) == len(of.Mean) && len(m.M2) == len(of.M2)
	}
	g := p.Embedding
	if !moments(p.Pairs, s.Pairs) || !moments(p.Scores, s.Scores) || g == nil || len(g.Mean) != len(s.Embedding.Mean) || len(g.M2) != len(s.Embedding.M2) ||
		g.Count != p.Pairs.Count || p.Scores.Count != p.Pairs.Count || p.Unread < 0 || p.Repeated < 0 || p.Images < 0 || p.Images > min(s.Size, p.Pairs.Count) {
		return fmt.Errorf("%w: a summary of another shape", ErrFormat)
	}
	return nil
}
