package decompose

import (
	"fmt"
	"math/rand/v2"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/internal/numeric"
)

// piece is a run of the little world's images.
type piece struct{ from, to int }

// statsOf are the statistics of a piece, whose images count from 0.
func (p piece) stats(t *testing.T) *Stats {
	t.Helper()
	acc, err := NewAccumulator(small)
	if err != nil {
		t.Fatal(err)
	}
	for i := p.from; i < p.to; i++ {
		if err := acc.Add(uint32(i-p.from), scalarsOf(i)); err != nil {
			t.Fatal(err)
		}
	}
	return acc.Stats()
}

// joined is a union of pieces, by way of as many unions as chance says. It numbers images as in the whole: a step on the way, by the
// place of each in the pieces of that step, which stand in order.
func joined(t *testing.T, r *rand.Rand, pieces []piece, number func(image int) uint32) *Union {
	t.Helper()
	u := NewUnion(small.Heads, small.Channels, small.Embed)
	for _, at := range r.Perm(len(pieces)) {
		if err := u.Add(pieces[at].stats(t), pieces[at].stats(t).Extremes, nil, func(i uint32) uint32 { return number(pieces[at].from + int(i)) }); err != nil {
			t.Fatal(err)
		}
	}
	return u
}

// TestUnion: pieces in any order, at once or in two steps, give the same statistics to the last bit, and those of all images to rounding.
func TestUnion(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		N := 7 + r.IntN(150)
		var pieces []piece
		for from := 0; from < N; {
			to := from + 1 + r.IntN(N-from)
			pieces = append(pieces, piece{from, to})
			from = to
		}
		whole := joined(t, r, pieces, func(i int) uint32 { return uint32(i) })
		want := whole.Stats()
		sameStats(t, want, piece{0, N}.stats(t), 1e-12)
		stepwise := NewUnion(small.Heads, small.Channels, small.Embed)
		var sides [2][]piece
		for _, p := range pieces {
			side := r.IntN(2)
			sides[side] = append(sides[side], p)
		}
		for _, side := range sides {
			var images []int // of this side, by their numbers in it
			numbers := map[int]uint32{}
			for _, p := range side {
				for i := p.from; i < p.to; i++ {
					numbers[i] = uint32(len(images))
					images = append(images, i)
				}
			}
			if len(images) == 0 {
				continue
			}
			u := joined(t, r, side, func(i int) uint32 { return numbers[i] })
			if err := stepwise.Add(u.Stats(), u.Stats().Extremes, u.Sums(), func(i uint32) uint32 { return uint32(images[i]) }); err != nil {
				t.Fatal(err)
			}
		}
		if diff := gocmp.Diff(want, stepwise.Stats()); diff != "" {
			t.Fatalf("pieces %v by way of %v: %s", pieces, sides, diff)
		}
		if diff := gocmp.Diff(digits(whole.Sums()), digits(stepwise.Sums())); diff != "" {
			t.Fatalf("pieces %v by way of %v: %s", pieces, sides, diff)
		}
	}
}

func digits(s *numeric.Sums) (all []string) {
	for i := range s.Len() {
		place, d := s.Digits(i)
		all = append(all, fmt.Sprint(place, d))
	}
	return all
}

// TestUnionOfTheSame: where a pair's scalar is the same in all images, its variance is 0 and not a rounding.
func TestUnionOfTheSame(t *testing.T) {
	u := NewUnion(small.Heads, small.Channels, small.Embed)
	for k := range 3 {
		acc, err := NewAccumulator(small)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 31 + k {
			s := scalarsOf(i)
			s[5] = 0.1
			if err := acc.Add(uint32(i), s); err != nil {
				t.Fatal(err)
			}
		}
		if err := u.Add(acc.Stats(), acc.Stats().Extremes, nil, func(i uint32) uint32 { return uint32(100*k) + i }); err != nil {
			t.Fatal(err)
		}
	}
	if s := u.Stats(); s.M2[5] != 0 || s.Mean[5] != float64(float32(0.1)) || s.M2[6] == 0 {
		t.Errorf("mean %v, Σ(s − s̄)² %v, of another %v", s.Mean[5], s.M2[5], s.M2[6])
	}
}
