package drift

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"

	"github.com/facet-clip/facet/internal/numeric"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
)

const (
	chanceDirections = 100 // that changes are compared with
	chanceWords      = 5   // of each, as many as a change may have by the rule of labels
	chanceSeed       = 0x6368616e6365
)

// Vocabulary is what a profile's changes are named by: the words of a dictionary and the qualities of pictures that the profile knows.
type Vocabulary struct {
	profile *Profile
	ov      *decompose.OV
	atoms   *concept.Dictionary // words, then qualities
	words   int                 // how many are words
	chance  concept.Null        // what atoms explain of changes without meaning

	wordShare float64 // of a shift that a word must explain

	mutex     sync.Mutex
	frobenius float64          // of the profile's covariance; 0: not known yet
	baselines map[int]Baseline // by the number of images compared
	others    []meter          // of words, that a watched text is compared with; nil: not made yet
	own       map[string]meter // of watched texts
	rare      *edges           // of others; nil: not made yet
}

// NewVocabulary adds a profile's qualities to the words of a dictionary of unit rows. The chance that it compares with is that of random
// mixtures of the strong pairs, each weighted by how much it varies in the profile.
func NewVocabulary(ctx context.Context, p *Profile, ov *decompose.OV, words *concept.Dictionary) (*Vocabulary, error) {
	v := &Vocabulary{profile: p, ov: ov, words: len(words.Texts), baselines: map[int]Baseline{}, own: map[string]meter{}}
	var names []string
	var directions []float32
	for _, q := range p.Qualities {
		if numeric.Norm(q.Shift) > 0 { // a model may not see it
			names, directions = append(names, q.Name), append(directions, q.Shift...)
		}
	}
	var err error
	if v.atoms, err = words.With(names, directions); err != nil {
		return nil, err
	}
	var spread []float32
	for _, i := range p.Strong {
		sd := float32(math.Sqrt(p.Pairs.Variance(i)))
		for _, u := range ov.Direction(ov.Pair(i)) {
			spread = append(spread, sd*u)
		}
	}
	random := concept.RandomDirections(spread, ov.Embed, chanceDirections, chanceSeed)
	labels, err := v.atoms.OMP(ctx, random, concept.Options{Terms: min(chanceWords, len(v.atoms.Texts), ov.Embed)})
	if err != nil {
		return nil, err
	}
	v.chance = concept.NewNull(labels)
	v.wordShare = v.shareOfWords()
	return v, nil
}

// baseline is what numbers of so many images are without drift. It is kept: windows and groups are often of one size.
func (v *Vocabulary) baseline(n int) (Baseline, error) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	if b, known := v.baselines[n]; known {
		return b, nil
	}
	b, err := v.profile.Baseline(n)
	if err == nil {
		v.baselines[n] = b
	}
	return b, err
}

// name gives each changed pair to the one of the names that its own part of the shift is most like. Pairs that are like none are the rest.
func (v *Vocabulary) name(terms []concept.Term, changed []PairTest) (changes []Change, rest Change) {
	changes, of := v.changes(terms)
	other := make([]float32, v.ov.Embed)
	for _, t := range changed {
		part := v.ov.Direction(t.Pair)
		for i := range part {
			part[i] *= float32(t.Shift)
		}
		if j := v.mostAlike(part, terms); j >= 0 {
			c := &changes[of[j]]
			c.Pairs, c.Share = append(c.Pairs, t), c.Share+t.Share
			continue
		}
		rest.Pairs, rest.Share = append(rest.Pairs, t), rest.Share+t.Share
		for i, x := range part {
			other[i] += x
		}
	}
	rest.More, rest.direction = true, concept.Unit(other)
	byShare := func(a, b PairTest) int { return cmp.Compare(b.Share, a.Share) }
	slices.SortFunc(rest.Pairs, byShare)
	for _, c := range changes {
		slices.SortFunc(c.Pairs, byShare)
	}
	slices.SortStableFunc(changes, func(a, b Change) int { return cmp.Compare(b.Share, a.Share) })
	return slices.DeleteFunc(changes, func(c Change) bool { return len(c.Pairs) == 0 }), rest
}

// changes are those that terms name, and for each term which one it is. Ways of a quality are one change, more or less as the term of most
// gain says; there is one direction to a change, that term's.
func (v *Vocabulary) changes(terms []concept.Term) (changes []Change, of []int) {
	for _, term := range terms {
		c := Change{Word: v.atoms.Texts[term.Word], Quality: term.Word >= v.words, More: term.Coefficient > 0, direction: v.atom(term.Word)}
		j := slices.IndexFunc(changes, func(other Change) bool { return c.Quality && other.Quality && other.Word == c.Word })
		if j < 0 {
			j, changes = len(changes), append(changes, c)
		}
		of = append(of, j)
	}
	return changes, of
}

// mostAlike is the term along whose signed atom a pair's part of the shift goes furthest, −1 when it goes along none.
func (v *Vocabulary) mostAlike(part []float32, terms []concept.Term) int {
	best, most := -1, 0.0
	for j, term := range terms {
		sum := 0.0
		for i, x := range v.atom(term.Word) {
			sum += float64(part[i]) * float64(x)
		}
		if sum = math.Copysign(1, term.Coefficient) * sum; sum > most {
			best, most = j, sum
		}
	}
	return best
}

func (v *Vocabulary) atom(i int) []float32 { return v.atoms.Atoms[i*v.ov.Embed:][:v.ov.Embed] }
