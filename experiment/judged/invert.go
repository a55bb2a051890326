package judged

import (
	"cmp"
	"math"
	"slices"

	"github.com/facet-clip/facet/internal/numeric"
)

// Formula is what INVERT names a unit by: claims that words are there or missing, joined from left to right.
type Formula struct {
	Atoms []Claim
	And   []bool  // how each atom but the first is joined: by and, or by or
	AUC   float64 // in the pictures that it was found in
}

// String writes a formula in texts [T].
func (f Formula) String(texts []string) string {
	var out string
	for i, a := range f.Atoms {
		word := texts[a.Word]
		if a.Not {
			word = "not " + word
		}
		if i == 0 {
			out = word
			continue
		}
		if i > 1 && f.And[i-1] != f.And[i-2] {
			out = "(" + out + ")"
		}
		if f.And[i-1] {
			out += " and " + word
		} else {
			out += " or " + word
		}
	}
	return out
}

// Holds tells in which pictures a formula is true, given where the words are [T][N].
func (f Formula) Holds(present [][]bool) []bool {
	out := f.Atoms[0].in(present)
	for k, a := range f.Atoms[1:] {
		out = join(out, a.in(present), f.And[k])
	}
	return out
}

// in tells in which pictures a claim is true.
func (c Claim) in(present [][]bool) []bool {
	out := slices.Clone(present[c.Word])
	if c.Not {
		for i := range out {
			out[i] = !out[i]
		}
	}
	return out
}

func join(a, b []bool, and bool) []bool {
	out := make([]bool, len(a))
	for i := range a {
		if out[i] = a[i] || b[i]; and {
			out[i] = a[i] && b[i]
		}
	}
	return out
}

// The settings of INVERT's code where it leaves them open, as in the paper.
const (
	invertBeam  = 3
	invertShare = 0.5 // a formula is true in at most this share of pictures
	invertAtoms = 200 // words and absences that formulas are joined with, those of AUC farthest from ½
)

// Invert finds for each pair the formula of at most so many words of largest AUC, by the beam search of Bykov et al. (NeurIPS 2023; docs/design.md, 67): the
// best formulas of one word, each joined with each word or its absence by "and" and by "or", and so on. A formula is true in some pictures and in at most
// half of them. Formulas that are true in the same pictures count once, which their code does not do: it may keep "a or b" beside "b or a".
func (s Sight) Invert(words int) []Formula {
	out := make([]Formula, len(s.Values))
	atoms := make([]found, 0, 2*len(s.Present))
	for _, not := range []bool{false, true} {
		for t := range s.Present {
			a := Claim{t, not}
			atoms = append(atoms, found{Formula{Atoms: []Claim{a}}, a.in(s.Present)})
		}
	}
	numeric.Parallel(len(out), func(p int) {
		if beam := search(Ranks(s.Values[p]), atoms, words); len(beam) > 0 {
			out[p] = beam[0].Formula
		}
	})
	return out
}

// found is a formula and where it is true.
type found struct {
	Formula
	holds []bool
}

// search is the beam of formulas of at most so many words, the best first; empty where no word is in some pictures and in at most half.
func search(ranks []float64, atoms []found, words int) []found {
	b := beam{ranks: ranks}
	for _, a := range atoms {
		b.offer(a.Formula, a.holds)
	}
	if atoms = slices.Clone(atoms); words > 1 && len(atoms) > invertAtoms {
		slices.SortStableFunc(atoms, func(x, y found) int { return cmp.Compare(tells(ranks, y), tells(ranks, x)) })
		atoms = atoms[:invertAtoms]
	}
	for length := 2; length <= words; length++ {
		for _, f := range slices.Clone(b.kept) {
			for _, a := range atoms {
				for _, and := range []bool{true, false} {
					longer := Formula{Atoms: append(slices.Clone(f.Atoms), a.Atoms...), And: append(slices.Clone(f.And), and)}
					b.offer(longer, join(f.holds, a.holds, and))
				}
			}
		}
	}
	return b.kept
}

// tells is how far an AUC is from ½.
func tells(ranks []float64, f found) float64 { return math.Abs(AUC(ranks, f.holds) - 0.5) }

// beam are the best formulas so far.
type beam struct {
	ranks []float64
	kept  []found
}

// offer takes a formula that is true in some pictures and in at most half, unless as good ones fill the beam or one of them is true in the same pictures.
func (b *beam) offer(f Formula, holds []bool) {
	n := count(holds)
	if n == 0 || float64(n) > invertShare*float64(len(holds)) {
		return
	}
	f.AUC = AUC(b.ranks, holds)
	if len(b.kept) >= invertBeam && f.AUC <= b.kept[invertBeam-1].AUC {
		return
	}
	if slices.ContainsFunc(b.kept, func(k found) bool { return k.AUC == f.AUC && slices.Equal(k.holds, holds) }) {
		return
	}
	b.kept = append(b.kept, found{f, holds})
	b.cut()
}

// cut keeps the best, of equal ones the earlier.
func (b *beam) cut() {
	slices.SortStableFunc(b.kept, func(x, y found) int { return cmp.Compare(y.AUC, x.AUC) })
	b.kept = b.kept[:min(invertBeam, len(b.kept))]
}
