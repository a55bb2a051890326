package profile

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/drift"
)

var run = Run{Model: "m", Engine: "e", Source: "s", Sample: 5, Watched: "w"}

func empty(run Run) *Checkpoint {
	return &Checkpoint{Run: run, Summary: drift.NewSummary(M*C, D, 1, 5)}
}

// fill adds images from, …, to−1, which depend on nothing else.
func fill(t *testing.T, c *Checkpoint, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		random := rand.New(rand.NewPCG(uint64(i), 7))
		if content := i - i%4/3; !c.New([32]byte{byte(content)}) { // every fourth repeats the one before
			continue
		}
		image := drift.Image{Path: fmt.Sprint(i, ".png"), Embedding: normals(random, D), Scores: []drift.Score{{Signed: random.NormFloat64()}}}
		if err := c.Summary.Add(image, normals(random, M*C), nil); err != nil {
			t.Fatal(err)
		}
	}
}

func encoded(t *testing.T, c *Checkpoint) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := c.encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestGoingOnIsTheSame: interrupted after any image, a summary is bit for bit what it is without.
func TestGoingOnIsTheSame(t *testing.T) {
	const n = 12
	whole := empty(run)
	fill(t, whole, 0, n)
	for at := 1; at < n; at++ {
		path := filepath.Join(t.TempDir(), "p.partial")
		first, second := empty(run), empty(run)
		fill(t, first, 0, at)
		if err := first.Save(path); err != nil {
			t.Fatal(err)
		}
		if err := second.Load(path); err != nil {
			t.Fatal(err)
		}
		if second.Next() != at {
			t.Errorf("after %d images the next is %d", at, second.Next())
		}
		fill(t, second, at, n)
		if !bytes.Equal(encoded(t, whole), encoded(t, second)) {
			t.Errorf("interrupted after %d images: another summary", at)
		}
	}
}

func TestUnreadFilesCount(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.partial")
	c := empty(run)
	c.Unread, c.Skipped = 3, []string{"a", "b", "c"} // before any image
	if err := c.Save(path); err != nil {
		t.Fatal(err)
	}
	got := empty(run)
	if err := got.Load(path); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(c.Skipped, got.Skipped); d != "" || got.Next() != 3 {
		t.Errorf("next %d: %s", got.Next(), d)
	}
}

func TestCheckpointsOfAnotherRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.partial")
	if err := empty(run).Load(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no checkpoint: %v", err)
	}
	c := empty(run)
	fill(t, c, 0, 3)
	if err := c.Save(path); err != nil {
		t.Fatal(err)
	}
	for _, other := range []Run{{"x", "e", "s", 5, "w"}, {"m", "x", "s", 5, "w"}, {"m", "e", "x", 5, "w"}, {"m", "e", "s", 6, "w"}, {"m", "e", "s", 5, "x"}} {
		if err := empty(other).Load(path); !errors.Is(err, ErrMismatch) {
			t.Errorf("%v: %v", other, err)
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := range data {
		damaged := bytes.Clone(data)
		damaged[at] ^= 4
		if at%7 > 0 && at > 60 {
			continue
		}
		if err := os.WriteFile(path, damaged, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := empty(run).Load(path); !errors.Is(err, ErrFormat) {
			t.Errorf("byte %d changed: %v", at, err)
		}
	}
}

// FuzzCheckpoint feeds what follows the checksum: who can write a checksum can write anything.
func FuzzCheckpoint(f *testing.F) {
	c := empty(run)
	var b bytes.Buffer
	if err := c.encode(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	b.Reset()
	if err := gob.NewEncoder(&b).Encode(progress{Run: run, Unread: -1, Images: 1 << 40, Pairs: drift.NewMoments(2)}); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		c := empty(run)
		if err := c.decode(bytes.NewReader(data)); err != nil {
			if !errors.Is(err, ErrFormat) && !errors.Is(err, ErrMismatch) {
				t.Errorf("%v wraps neither ErrFormat nor ErrMismatch", err)
			}
			return
		}
		if c.Unread < 0 || len(c.Summary.Pairs.Mean) != M*C || len(c.Summary.Sample()) > c.Summary.Size {
			t.Errorf("taken up: %d unread, %d pairs", c.Unread, len(c.Summary.Pairs.Mean))
		}
	})
}
