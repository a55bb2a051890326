package attribution

import (
	"cmp"
	"iter"
	"math"
	"slices"

	"github.com/facet-clip/facet/decompose"
)

// The groups that are no word.
const (
	Unnamed  = "unnamed"  // pairs that no word names
	Constant = "constant" // the term that is the same for every picture
)

// Term is a word of a pair's label with its weight. A negative weight says that the word is missing where the pair is strong.
type Term struct {
	Word   string
	Weight float64
}

// name is what the word's group is called: a word that is missing is another group than the word.
func (t Term) name() string {
	if t.Weight < 0 {
		return "−" + t.Word
	}
	return t.Word
}

// Portion is the part of a pair that belongs to a group.
type Portion struct {
	Group int     // its index in [Partition.Names]
	Of    float64 // 0 to 1; a pair's portions sum to 1
}

// Partition says to which groups pairs belong. It is made once and used for every picture.
type Partition struct {
	Names []string // of the groups
	// Of gives the portions of a pair, by its index in [M,C].
	Of func(pair int) []Portion
}

// Whole is a partition whose pairs each belong to one of n groups.
func Whole(n int, name func(group int) string, of func(pair int) int) Partition {
	p := Partition{Names: make([]string, n)}
	portions := make([][1]Portion, n)
	for g := range n {
		p.Names[g], portions[g] = name(g), [1]Portion{{g, 1}}
	}
	p.Of = func(pair int) []Portion { return portions[of(pair)][:] }
	return p
}

// Group is the sum of its pairs' portions.
type Group struct {
	Name    string
	Amount  float64  // the groups' amounts sum to the total
	Share   float64  // Amount over |total|, with the sign of the amount
	Members []Member // in the order of pairs
}

// Member is a pair in a group.
type Member struct {
	Pair   int     // its index in [M,C]
	Of     float64 // how much of the pair belongs to the group
	Amount float64 // that part's amount
}

// ByWord partitions pairs by the words of their labels. A pair of several words is shared among them by the size of their weights, or given to the
// first word alone. A pair without a label is unnamed.
func ByWord(labels map[int][]Term, first bool) Partition {
	p := Partition{Names: []string{Unnamed}}
	index, last := map[string]int{Unnamed: 0}, -1
	for pair := range labels {
		last = max(last, pair)
	}
	unnamed := []Portion{{0, 1}}
	portions := make([][]Portion, last+1)
	for pair := range portions {
		portions[pair] = unnamed
		if terms := named(labels[pair], first); terms != nil {
			portions[pair] = make([]Portion, len(terms))
			for i, t := range terms {
				g, ok := index[t.name()]
				if !ok {
					g = len(p.Names)
					index[t.name()], p.Names = g, append(p.Names, t.name())
				}
				portions[pair][i] = Portion{g, math.Abs(t.Weight)}
			}
		}
	}
	p.Of = func(pair int) []Portion {
		if pair < len(portions) {
			return portions[pair]
		}
		return unnamed
	}
	return p
}

// named are the words of one label with the sizes of their shares, which sum to 1; nil where there is no word.
func named(terms []Term, first bool) []Term {
	size := 0.0
	for _, t := range terms {
		size += math.Abs(t.Weight)
	}
	if size == 0 {
		return nil
	}
	if first {
		return []Term{{terms[0].Word, math.Copysign(1, terms[0].Weight)}}
	}
	shares := make([]Term, len(terms))
	for i, t := range terms {
		shares[i] = Term{t.Word, t.Weight / size}
	}
	return shares
}

// Groups sums a split by a partition, the largest |amount| first. The constant is a group of its own.
func (s Split) Groups(by Partition) []Group {
	return sums(slices.All(s.Pairs), by, s.Total, Group{Name: Constant, Amount: s.Constant})
}

// Groups sums the members of a group by another partition, such as the words of a head, the largest |amount| first. Shares are of this group.
func (g Group) Groups(by Partition) []Group {
	return sums(func(yield func(int, float64) bool) {
		for _, m := range g.Members {
			if !yield(m.Pair, m.Amount) {
				return
			}
		}
	}, by, g.Amount)
}

// Strongest are the members of largest |amount|, at most k, the strongest first; of equal ones the first pair.
func (g Group) Strongest(k int) []Member {
	var best []Member
	for _, m := range g.Members {
		at := len(best)
		for at > 0 && math.Abs(best[at-1].Amount) < math.Abs(m.Amount) {
			at--
		}
		if at < k {
			best = slices.Insert(best, at, m)[:min(len(best)+1, k)]
		}
	}
	return best
}

// sums adds up the amounts of pairs, group by group, beside groups that are no pairs.
func sums(amounts iter.Seq2[int, float64], by Partition, total float64, beside ...Group) []Group {
	groups := make([]Group, len(by.Names))
	sizes := make([]int, len(by.Names))
	for pair := range amounts {
		for _, p := range by.Of(pair) {
			sizes[p.Group]++
		}
	}
	for pair, amount := range amounts {
		for _, p := range by.Of(pair) {
			g, part := &groups[p.Group], p.Of*amount
			if g.Members == nil {
				g.Members = make([]Member, 0, sizes[p.Group])
			}
			g.Amount += part
			g.Members = append(g.Members, Member{pair, p.Of, part})
		}
	}
	all := beside
	for i, g := range groups {
		if g.Members != nil {
			g.Name = by.Names[i]
			all = append(all, g)
		}
	}
	slices.SortFunc(all, func(a, b Group) int { return cmp.Compare(a.Name, b.Name) }) // equal amounts come in the order of names
	return Ordered(all, total)
}

// Ordered gives groups their shares of a total, and puts the largest |amount| first.
func Ordered(groups []Group, total float64) []Group {
	for i, g := range groups {
		groups[i].Share = decompose.Share(g.Amount, total)
	}
	slices.SortStableFunc(groups, func(a, b Group) int { return cmp.Compare(math.Abs(b.Amount), math.Abs(a.Amount)) })
	return groups
}

// Rest sums up the groups that are not shown.
type Rest struct {
	Groups int
	Amount float64
	Share  float64
}

// Cover keeps the fewest of the groups, which are in order, whose |amount|s are a share of all |amount|s together, and at most so many. Unnamed and
// constant are kept beside them, so that what no word says is always said.
func Cover(groups []Group, share float64, most int) (shown []Group, rest Rest) {
	all := 0.0
	for _, g := range groups {
		if g.Name != Unnamed && g.Name != Constant {
			all += math.Abs(g.Amount)
		}
	}
	covered, kept := 0.0, 0
	for _, g := range groups {
		words := g.Name != Unnamed && g.Name != Constant
		if words && (covered >= share*all || kept == most) {
			rest.Groups, rest.Amount, rest.Share = rest.Groups+1, rest.Amount+g.Amount, rest.Share+g.Share
			continue
		}
		if words {
			covered, kept = covered+math.Abs(g.Amount), kept+1
		}
		shown = append(shown, g)
	}
	return shown, rest
}

// Factors are what the maps of pairs are multiplied with to be the group's map, which sums to what the group's pairs bring in the picture itself
// (docs/design.md, formula 28) [M,C]. per is [Split.Per].
func (g Group) Factors(per []float32) []float32 {
	f := make([]float32, len(per))
	for _, m := range g.Members {
		f[m.Pair] += float32(m.Of * float64(per[m.Pair]))
	}
	return f
}
