// Package judged asks whether names of pairs are right, as the field does. Names are held against other ways to name the same pairs, and against scores of
// three published methods (docs/design.md, 62 to 69):
//
//   - CoSy (Kopf et al., NeurIPS 2024) compares what a unit does in pictures made of its name with what it does in others: [CoSy].
//   - INVERT (Bykov et al., NeurIPS 2023) names a unit by the formula of concepts that its values tell best: [Invert], [RankSum].
//   - CLIP-Dissect (Oikarinen and Weng, ICLR 2023) names a unit by the text that is most like its strongest pictures: [SoftWPMI].
//
// A name is right where the pair's value tells the pictures with its first word from those without: an area under the ROC curve (AUC) of 0.8 or more.
//
// # Terms
//
//   - P pairs, T words, N pictures.
//   - The value of a pair in a picture is sign·s: its scalar, turned so that the strong end is the large one.
package judged

import "github.com/facet-clip/facet/internal/numeric"

// Right is the AUC from which a name is taken to be right.
const Right = 0.8

// Sight is what pairs do in some pictures, and what is in these.
type Sight struct {
	Values  [][]float64 // [P][N]
	Present [][]bool    // [T][N]
}

// AUCs are those of each pair's values for each word [P][T].
func (s Sight) AUCs() [][]float64 {
	out := make([][]float64, len(s.Values))
	numeric.Parallel(len(out), func(p int) {
		ranks := Ranks(s.Values[p])
		for _, present := range s.Present {
			out[p] = append(out[p], AUC(ranks, present))
		}
	})
	return out
}

// Claim is what a name says by its first word: that a pair's value is large where the word is, or with Not where it is missing.
type Claim struct {
	Word int // in 0..T−1, or one of the two below
	Not  bool
}

// What stands for a word in a claim.
const (
	Unnamed = -1 // the pair has no name
	Unknown = -2 // of its first word it is not known where it is
)

// Known tells whether it can be said whether a claim is right.
func (c Claim) Known() bool { return c.Word >= 0 }

// AUC is that of the claim, given those of its pair for each word [T].
func (c Claim) AUC(words []float64) float64 {
	if c.Not {
		return 1 - words[c.Word]
	}
	return words[c.Word]
}

// Score is how a way to name pairs did.
type Score struct {
	Named float64 // how many pairs it names by a word that is known
	Right float64 // how many of these are right; for a random choice, how many are expected to be
	AUC   float64 // the mean of those named
}

func (s *Score) add(auc float64) {
	s.Named++
	s.AUC += auc
	if auc >= Right {
		s.Right++
	}
}

// mean makes a mean of the sum of AUCs, and divides what was counted for several choices of each pair.
func (s Score) mean(choices int) Score {
	if s.Named > 0 {
		s.AUC /= s.Named
		s.Named, s.Right = s.Named/float64(choices), s.Right/float64(choices)
	}
	return s
}

// Judge scores claims [P] by the AUCs of their pairs [P][T].
func Judge(aucs [][]float64, claims []Claim) (s Score) {
	for p, c := range claims {
		if c.Known() {
			s.add(c.AUC(aucs[p]))
		}
	}
	return s.mean(1)
}

// JudgeAUCs scores names of which only the AUCs [P] are known, such as formulas.
func JudgeAUCs(aucs []float64) (s Score) {
	for _, a := range aucs {
		s.add(a)
	}
	return s.mean(1)
}

// RandomWord is what a word drawn at random would score for each pair: the expectation, without drawing.
func RandomWord(aucs [][]float64) (s Score) {
	for _, words := range aucs {
		for _, a := range words {
			s.add(a)
		}
	}
	if len(aucs) == 0 {
		return s
	}
	return s.mean(len(aucs[0]))
}

// AnotherPair is what the name of another named pair, drawn at random, would score for each named pair: the expectation, without drawing.
func AnotherPair(aucs [][]float64, claims []Claim) (s Score) {
	var known []int
	for p, c := range claims {
		if c.Known() {
			known = append(known, p)
		}
	}
	for _, p := range known {
		for _, q := range known {
			if p != q {
				s.add(claims[q].AUC(aucs[p]))
			}
		}
	}
	return s.mean(len(known) - 1)
}

// BestWord is for each pair the word of largest AUC, or with Not of smallest: no name of one word scores better in these pictures.
func BestWord(aucs [][]float64) []Claim {
	claims := make([]Claim, len(aucs))
	for p, words := range aucs {
		for t := range words {
			for _, c := range []Claim{{t, false}, {t, true}} {
				if c.AUC(words) > claims[p].AUC(words) {
					claims[p] = c
				}
			}
		}
	}
	return claims
}

// where are the values of those pictures that are in a set, and of the others.
func where(values []float64, present []bool) (with, without []float64) {
	for i, v := range values {
		if present[i] {
			with = append(with, v)
		} else {
			without = append(without, v)
		}
	}
	return with, without
}

// count is how many pictures are in a set.
func count(present []bool) int {
	n := 0
	for _, p := range present {
		if p {
			n++
		}
	}
	return n
}
