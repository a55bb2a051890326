package main

import (
	"context"
	"fmt"
	"math"

	"github.com/facet-clip/facet/drift"
)

func cos(a, b []float32) float64 {
	var x, y, z float64
	for i := range a {
		x += float64(a[i]) * float64(b[i])
		y += float64(a[i]) * float64(a[i])
		z += float64(b[i]) * float64(b[i])
	}
	return x / math.Sqrt(y*z)
}

func (b *bench) explore(ctx context.Context, s scenario) error {
	pools, err := b.pair(ctx, s)
	if err != nil {
		return err
	}
	p, err := b.profile(ctx, pools[0], s.calm, 0)
	if err != nil {
		return err
	}
	v, err := drift.NewVocabulary(ctx, p, b.ov, b.words)
	if err != nil {
		return err
	}
	fmt.Println("==", s.name)
	var whole []drift.Quality
	for i := range p.Qualities {
		q := drift.NewQuality(p.Qualities[i].Name, "", b.ov.Embed)
		for _, one := range pools[0].varied {
			q.Merge(one[i])
		}
		whole = append(whole, q)
		fmt.Printf("%-16s length %.4f; cosine with that of all %d pictures:", q.Name, norm(q.Shift), q.Pictures)
		for _, n := range []int{8, 16, 32, 64, 100, 200} {
			part := drift.NewQuality(q.Name, "", b.ov.Embed)
			for _, one := range pools[0].varied[:n] {
				part.Merge(one[i])
			}
			fmt.Printf(" %d: %.4f", n, cos(part.Shift, q.Shift))
		}
		best, word := 0.0, ""
		for w, text := range b.words.Texts {
			if c := cos(q.Shift, b.words.Atoms[w*b.ov.Embed:][:b.ov.Embed]); math.Abs(c) > math.Abs(best) {
				best, word = c, text
			}
		}
		fmt.Printf("; word %s %.2f\n", word, best)
	}
	for i, q := range whole {
		fmt.Printf("%-16s", q.Name)
		for j := range whole {
			fmt.Printf(" %.2f", cos(whole[i].Shift, whole[j].Shift))
		}
		fmt.Println()
	}
	random := source(0, 9)
	for range 4 {
		idx := pools[1].draw(random, s.at(1000), window)
		sum, err := b.summary(pools[1], idx, p.Strong, window)
		if err != nil {
			return err
		}
		c, err := v.Compare(ctx, []*drift.Summary{sum}, drift.Options{Level: budget})
		if err != nil {
			return err
		}
		var changed []drift.PairTest
		for _, t := range c[0].Tests {
			if t.Adjusted <= budget {
				changed = append(changed, t)
			}
		}
		fmt.Printf("%d changed, explained %.3f, unnamed %.3f; %s\n", c[0].Changed, c[0].Explained, c[0].Unnamed, v.Explain(ctx, changed))
		for _, ch := range c[0].Changes {
			fmt.Printf("   %v %s %.3f (%d pairs) effect %.2f\n", ch.More, ch.Word, ch.Share, len(ch.Pairs), ch.Effect)
		}
	}
	return nil
}

func norm(a []float32) float64 { return math.Sqrt(cos(a, a) * dotp(a, a)) }
func dotp(a, b []float32) (x float64) {
	for i := range a {
		x += float64(a[i]) * float64(b[i])
	}
	return
}
