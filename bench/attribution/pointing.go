package main

import (
	"context"
	"fmt"
	"image"
	"strings"

	"github.com/facet-clip/facet/internal/numeric"
	"github.com/facet-clip/facet/scenes"
)

// target is a thing that a map is to point at: a category and where in a scene it is. Things that are only printed on others are none, since a
// scene does not say where on its carrier a print is.
type target struct {
	word      int
	boxes     []image.Rectangle // of every thing of the category
	owners    []uint8           // of its pixels, in [scenes.Scene.Owners]
	difficult bool              // the boxes hold less than a quarter of the picture, and another category is in the scene (Zhang et al., 2018)
}

// targets are the categories of the scene's things that can be seen and are not printed on another thing too. words are those of the bank.
func targets(s *scenes.Scene, words []string) (list []target) {
	side := s.Owners.Rect.Dx()
	for w, word := range words {
		t, others, printed := target{word: w}, false, false
		area := 0
		for i, o := range s.Spec.Objects {
			printed = printed || o.Print != scenes.NoCategory && o.Print.String() == word
			switch {
			case o.Category.String() != word:
				others = true
			case s.Seen[i].Pixels > 0:
				t.boxes, t.owners = append(t.boxes, s.Seen[i].Box), append(t.owners, uint8(i+1))
				area += s.Seen[i].Box.Dx() * s.Seen[i].Box.Dy()
			}
		}
		if len(t.boxes) > 0 && !printed {
			t.difficult = others && 4*area < side*side
			list = append(list, t)
		}
	}
	return list
}

// hit tells whether a point is in one of the target's boxes, and whether it is on the target itself.
func (t target) hit(s *scenes.Scene, p image.Point) (box, mask bool) {
	for _, b := range t.boxes {
		box = box || p.In(b)
	}
	for _, o := range t.owners {
		mask = mask || s.Owners.GrayAt(p.X, p.Y).Y == o
	}
	return box, mask
}

// largest is the index of the largest value, the first of several.
func largest(m []float32) (best int) {
	for i, v := range m {
		if v > m[best] {
			best = i
		}
	}
	return best
}

// game is what one map got right in every scene that has targets, a mean over the scene's targets.
type game struct{ box, mask, difficult []float64 }

// maps prints the pointing game, and then what taking away and putting back does.
func (s *study) maps(ctx context.Context, naming *sight, n, curves int) error {
	if n == 0 {
		return nil
	}
	c, err := s.cartographer()
	if err != nil {
		return err
	}
	mappers, err := c.mappers(naming)
	if err != nil {
		return err
	}
	games, trials := make([]game, len(mappers)), make([]trial, len(mappers))
	things := 0
	err = c.views(ctx, n, func(v *view) error {
		list := targets(v.scene, s.bank.Texts)
		things += len(list)
		drawn := make([][][]float32, len(mappers)) // [mapper][target][K]
		for m := range drawn {
			drawn[m] = make([][]float32, len(list))
		}
		numeric.Parallel(len(mappers)*len(list), func(i int) {
			m, t := i/len(list), i%len(list)
			drawn[m][t] = mappers[m].draw(v, list[t].word)
		})
		for m := range games {
			games[m].play(v, list, drawn[m], c.grid)
		}
		if v.index >= curves {
			return nil
		}
		return c.try(ctx, trials, v, list, drawn)
	})
	if err != nil {
		return err
	}
	fmt.Printf("\npointing game: %d things in %d scenes, %d places a picture; the largest place is in a box of the thing, is on the thing\n", things, n, c.grid*c.grid)
	printRows(mappers, []string{"in the box", "on the thing", "in the box, difficult"}, func(m int) [][]float64 {
		return [][]float64{games[m].box, games[m].mask, games[m].difficult}
	})
	if curves == 0 {
		return nil
	}
	fmt.Printf("\ntaken away and put back, %d scenes, the main thing's word; means over the curves\n", len(trials[0].curves[0]))
	printRows(mappers, curveNames, func(m int) [][]float64 { return trials[m].curves[:] })
	return nil
}

// play adds a scene.
func (g *game) play(v *view, list []target, maps [][]float32, grid int) {
	if len(list) == 0 {
		return
	}
	var box, mask, difficult, hard float64
	for t, of := range list {
		inBox, onThing := of.hit(v.scene, v.place(largest(maps[t]), grid))
		box, mask = box+one(inBox), mask+one(onThing)
		if of.difficult {
			difficult, hard = difficult+one(inBox), hard+1
		}
	}
	n := float64(len(list))
	g.box, g.mask = append(g.box, box/n), append(g.mask, mask/n)
	if hard > 0 {
		g.difficult = append(g.difficult, difficult/hard)
	}
}

func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// printRows prints for each mapper the means of columns of values over scenes, and how much the first mapper's is above it in the same scenes.
func printRows(mappers []mapper, columns []string, values func(mapper int) [][]float64) {
	fmt.Printf("%-44s", "")
	for _, name := range columns {
		fmt.Printf("%-26s%-28s", name, "groups minus it")
	}
	fmt.Println()
	first := values(0)
	for m := range mappers {
		fmt.Printf("%-44s", mappers[m].name)
		for k, column := range values(m) {
			less := make([]float64, len(column))
			for i, x := range column {
				less[i] = first[k][i] - x
			}
			minus := meanOf(less).String()
			if m == 0 {
				minus = strings.Repeat(" ", 4)
			}
			fmt.Printf("%-26s%-28s", meanOf(column), minus)
		}
		fmt.Println()
	}
}
