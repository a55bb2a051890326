package segment

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/facet-clip/facet/internal/numeric"
)

// ErrNames is returned when a class has no name or no text, or shares one with another.
var ErrNames = errors.New("expected classes with names and texts of their own")

// ErrAlike is returned when all queries are the same text to the model, or there is only one: centred, nothing is left of them.
var ErrAlike = errors.New("expected at least two classes that differ")

// Background is the name of class 0 where a threshold decides about it; it alone may have no query.
const Background = "background"

// Classes are what a picture is divided into.
type Classes struct {
	Names   []string  // [P]
	Of      []int     // [Q], the class of each query, not falling
	Queries []string  // [Q]
	Embed   int       // D
	Texts   []float32 // unit embeddings of the queries [Q,D]
	Centred []float32 // those minus their mean, unit again [Q,D]
}

// NewClasses makes the rows of texts [Q,D] unit and centres them. A class without a query (but [Background]), a name or a query given twice, and fewer
// than two different texts are errors.
func NewClasses(names []string, of []int, queries []string, texts []float32, embed int) (*Classes, error) {
	Q := len(queries)
	if len(of) != Q || embed < 1 || len(texts) != Q*embed {
		return nil, fmt.Errorf("%d queries of width %d: found %d classes of queries and %d numbers", Q, embed, len(of), len(texts))
	}
	if err := checkNames(names, of, queries); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNames, err)
	}
	c := &Classes{Names: names, Of: of, Queries: queries, Embed: embed, Texts: slices.Clone(texts)}
	for q, name := range queries {
		if !unit(c.row(c.Texts, q)) {
			return nil, fmt.Errorf("the text %q: its embedding is not finite, or zero", name)
		}
	}
	if Q < 2 {
		return nil, fmt.Errorf("%w, found %q alone: name what else there is, or a background", ErrAlike, queries)
	}
	mean := make([]float64, embed)
	for i, v := range c.Texts {
		mean[i%embed] += float64(v) / float64(Q)
	}
	c.Centred = make([]float32, len(texts))
	for i, v := range c.Texts {
		c.Centred[i] = float32(float64(v) - mean[i%embed])
	}
	for q, name := range queries {
		row := c.row(c.Centred, q)
		if math.Sqrt(numeric.Dot(row, row)) < 1e-5 || !unit(row) {
			return nil, fmt.Errorf("%w: nothing tells %q from what the %d texts have in common; name what else there is, or a background", ErrAlike, name, Q)
		}
	}
	return c, nil
}

func checkNames(names []string, of []int, queries []string) error {
	seen := map[string]bool{}
	for i, n := range names {
		if n == "" {
			return fmt.Errorf("class %d has no name", i+1)
		}
		if seen[n] {
			return fmt.Errorf("the class %q is there twice", n)
		}
		seen[n] = true
	}
	asked := map[string]int{}
	queried := make([]bool, len(names))
	for q, text := range queries {
		c := of[q]
		if c < 0 || c >= len(names) || q > 0 && c < of[q-1] {
			return fmt.Errorf("query %q: class %d of %d is out of order", text, c, len(names))
		}
		queried[c] = true
		if other, twice := asked[text]; twice {
			return fmt.Errorf("the text %q is there twice, for %q and for %q", text, names[other], names[c])
		}
		asked[text] = c
	}
	if i := slices.Index(queried, false); i > 0 || i == 0 && names[0] != Background {
		return fmt.Errorf("the class %q has no text", names[i])
	}
	return nil
}

func (c *Classes) row(data []float32, q int) []float32 { return data[q*c.Embed : (q+1)*c.Embed] }

// unit makes x unit in place; false when it has no length or is not finite.
func unit(x []float32) bool {
	n := math.Sqrt(numeric.Dot(x, x))
	if !(n > 0) || math.IsInf(n, 0) {
		return false
	}
	for i, v := range x {
		x[i] = float32(float64(v) / n)
	}
	return true
}
