package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"gonum.org/v1/gonum/blas/blas32"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/internal/numeric"
)

// batch is how many units begin at once, as in a fit.
const batch = 256

// head times the units of one head given factored, basis and coefficients, against the same units as they are: the first correlations with all words
// alone (median of five), and whole labels.
func (s settings) head(ctx context.Context) error {
	b, d, err := s.oneHead(ctx)
	if err != nil {
		return err
	}
	product, mix, err := s.products(d)
	if err != nil {
		return err
	}
	if mix == nil {
		return errors.New("-engine gonum: expected an engine")
	}
	rank := len(b.Basis) / s.embed
	units := s.written(b)
	fmt.Printf("%d units of one head (%d dimensions), %d words, width %d, %d terms\n", s.units, rank, s.words, s.embed, s.terms)
	whole, factored, err := inTurn(5, func() error {
		for x := range slices.Chunk(units, batch*s.embed) {
			if _, err := product(ctx, x); err != nil {
				return err
			}
		}
		return nil
	}, func() error {
		table, err := product(ctx, b.Basis)
		if err != nil {
			return err
		}
		for c := range slices.Chunk(b.Coefficients, batch*rank) {
			if _, err := mix(ctx, c, table, rank); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	fmt.Printf("  first correlations: %6.3f ms a unit as they are, %6.3f factored: %.1f × faster\n", whole/float64(s.units), factored/float64(s.units), whole/factored)
	var labels [2][]concept.Label
	whole, factored, err = inTurn(1, func() (err error) {
		labels[0], err = s.label(ctx, d, product, mix, concept.Units{{Basis: units}})
		return err
	}, func() (err error) {
		labels[1], err = s.label(ctx, d, product, mix, concept.Units{b})
		return err
	})
	if err != nil {
		return err
	}
	if err := sameWords(labels[0], labels[1]); err != nil {
		return err
	}
	fmt.Printf("  whole labels:       %6.3f ms a unit as they are, %6.3f factored: %.2f × faster; the same words\n", whole/float64(s.units), factored/float64(s.units), whole/factored)
	return nil
}

// oneHead makes the units of one head, factored, and a dictionary.
func (s settings) oneHead(ctx context.Context) (b concept.Block, d *concept.Dictionary, err error) {
	dir, err := os.MkdirTemp("", "facet-bench-")
	if err != nil {
		return b, nil, err
	}
	defer os.RemoveAll(dir)
	if _, err := s.script(ctx, "make", dir, s.words, s.embed, s.units, 1, 1); err != nil {
		return b, nil, err
	}
	embeddings, err := read(dir, "embeddings")
	if err != nil {
		return b, nil, err
	}
	blocks, err := s.factored(dir)
	if err != nil {
		return b, nil, err
	}
	d, err = s.dictionary(embeddings)
	return blocks[0], d, err
}

// written are the units of a factored head as they are, [units,embed].
func (s settings) written(b concept.Block) []float32 {
	rank := len(b.Basis) / s.embed
	units := make([]float32, s.units*s.embed)
	for i := range s.units {
		for k, c := range b.Coefficients[i*rank : (i+1)*rank] {
			blas32.Axpy(c, numeric.Vector(b.Basis[k*s.embed:][:s.embed]), numeric.Vector(units[i*s.embed:][:s.embed]))
		}
	}
	return units
}

// sameWords is an error where two sets of labels differ in a word.
func sameWords(a, b []concept.Label) error {
	for i, l := range a {
		if !slices.EqualFunc(l.Terms, b[i].Terms, func(a, b concept.Term) bool { return a.Word == b.Word }) {
			return fmt.Errorf("unit %d has other words factored than as it is", i)
		}
	}
	return nil
}

// inTurn runs both so many times in turn, and gives their medians in milliseconds.
func inTurn(times int, a, b func() error) (float64, float64, error) {
	var took [2][]float64
	for range times {
		for i, run := range []func() error{a, b} {
			start := time.Now()
			if err := run(); err != nil {
				return 0, 0, err
			}
			took[i] = append(took[i], 1000*time.Since(start).Seconds())
		}
	}
	slices.Sort(took[0])
	slices.Sort(took[1])
	return took[0][times/2], took[1][times/2], nil
}
