package attribution

import (
	"cmp"
	"iter"
	"maps"
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
	Group string
	Of    float64 // 0 to 1; a pair's portions sum to 1
}

// Partition gives the portions of a pair, by its index in [M,C].
type Partition func(pair int) []Portion

// Group is the sum of its pairs' portions.
type Group struct {
	Name    string
	Amount  float64 // the groups' amounts sum to the total
	Share   float64 // Amount over |total|, with the sign of the amount
	Members []Member
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
	portions := make(map[int][]Portion, len(labels))
	for pair, terms := range labels {
		portions[pair] = shared(terms, first)
	}
	unnamed := []Portion{{Unnamed, 1}}
	return func(pair int) []Portion {
		if p := portions[pair]; len(p) > 0 {
			return p
		}
		return unnamed
	}
}

// shared are the portions of the words of one label.
func shared(terms []Term, first bool) []Portion {
	size := 0.0
	for _, t := range terms {
		size += math.Abs(t.Weight)
	}
	if len(terms) == 0 || size == 0 {
		return nil
	}
	if first {
		return []Portion{{terms[0].name(), 1}}
	}
	portions := make([]Portion, len(terms))
	for i, t := range terms {
		portions[i] = Portion{t.name(), math.Abs(t.Weight) / size}
	}
	return portions
}

// Groups sums a split by a partition, the largest |amount| first. The constant is a group of its own.
func (s Split) Groups(by Partition) []Group {
	return sums(slices.All(s.Pairs), by, s.Total, &Group{Name: Constant, Amount: s.Constant})
}

// Groups sums the members of a group by another partition, such as the words of a head, the largest |amount| first. Shares are of this group.
func (g Group) Groups(by Partition) []Group {
	members := slices.SortedFunc(slices.Values(g.Members), func(a, b Member) int { return cmp.Compare(a.Pair, b.Pair) })
	return sums(func(yield func(int, float64) bool) {
		for _, m := range members {
			if !yield(m.Pair, m.Amount) {
				return
			}
		}
	}, by, g.Amount)
}

// sums adds up the amounts of pairs, group by group, beside groups that are no pairs.
func sums(amounts iter.Seq2[int, float64], by Partition, total float64, beside ...*Group) []Group {
	groups := map[string]*Group{}
	for _, g := range beside {
		groups[g.Name] = g
	}
	for pair, amount := range amounts {
		for _, p := range by(pair) {
			g := groups[p.Group]
			if g == nil {
				g = &Group{Name: p.Group}
				groups[p.Group] = g
			}
			part := p.Of * amount
			g.Amount += part
			g.Members = append(g.Members, Member{pair, p.Of, part})
		}
	}
	all := make([]Group, 0, len(groups))
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		g := groups[name]
		slices.SortStableFunc(g.Members, func(a, b Member) int { return cmp.Compare(math.Abs(b.Amount), math.Abs(a.Amount)) })
		all = append(all, *g)
	}
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
