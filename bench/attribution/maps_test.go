package main

import (
	"image"
	"math"
	"slices"
	"testing"

	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/scenes"
)

// TestTargets: what can be seen of every category is a target once, a point on it is a hit, and what is printed elsewhere is none.
func TestTargets(t *testing.T) {
	var words []string
	for _, c := range scenes.Categories() {
		words = append(words, c.String())
	}
	found, difficult := 0, 0
	for i := range uint64(60) {
		spec, err := scenes.Sample(scenes.DefaultWorld(), demo.TruthSeed, i)
		if err != nil {
			t.Fatal(err)
		}
		s, err := scenes.Render(spec, 96)
		if err != nil {
			t.Fatal(err)
		}
		labels := s.Labels()
		for _, target := range targets(s, words) {
			found++
			difficult += int(one(target.difficult))
			for _, o := range spec.Objects {
				if o.Print.String() == words[target.word] {
					t.Errorf("scene %d: %s is printed on a thing", i, words[target.word])
				}
			}
			for y := range 96 {
				for x := range 96 {
					box, mask := target.hit(s, image.Pt(x, y))
					if on := int(labels.GrayAt(x, y).Y) == target.word+1; mask != on || mask && !box {
						t.Fatalf("scene %d, %s at (%d,%d): in the box %v, on the thing %v, labelled so %v", i, words[target.word], x, y, box, mask, on)
					}
				}
			}
		}
	}
	if found < 60 || difficult == 0 || difficult == found {
		t.Errorf("%d targets, %d of them difficult", found, difficult)
	}
}

// TestPlaces: places are ordered by value, and replacing all of them makes the other picture.
func TestPlaces(t *testing.T) {
	if got, want := descending([]float32{1, 3, -2, 3}), []int{1, 3, 0, 2}; !slices.Equal(got, want) {
		t.Errorf("order %v: expected %v", got, want)
	}
	if got := largest([]float32{1, 3, -2, 3}); got != 1 {
		t.Errorf("the largest is %d: expected 1", got)
	}
	const side, grid = 6, 3
	from, into := make([]float32, 3*side*side), make([]float32, 3*side*side)
	for i := range from {
		from[i] = float32(i + 1)
	}
	for place := range grid * grid {
		replace(into, from, side, grid, place)
		filled := 0
		for _, v := range into {
			filled += int(one(v != 0))
		}
		if filled != 3*4*(place+1) {
			t.Fatalf("%d numbers after %d places", filled, place+1)
		}
		at := (&view{side: side}).place(place, grid)
		if into[at.Y*side+at.X] == 0 {
			t.Errorf("the middle of place %d is not in it: %v", place, at)
		}
	}
	if !slices.Equal(into, from) {
		t.Errorf("%v: expected %v", into, from)
	}
}

// TestBlur: what is even stays, and a point spreads to a Gaussian of the deviation.
func TestBlur(t *testing.T) {
	const side = 41
	even, point := slices.Repeat([]float32{2}, 3*side*side), make([]float32, 3*side*side)
	for _, v := range blur(even, side, 2) {
		if !(math.Abs(float64(v)-2) <= 1e-5) {
			t.Fatalf("an even picture has %g", v)
		}
	}
	point[side*side/2] = 1
	sum, square := 0.0, 0.0
	for i, v := range blur(point, side, 2) {
		sum += float64(v)
		square += float64(v) * float64((i%side-side/2)*(i%side-side/2))
	}
	if !(math.Abs(sum-1) <= 1e-5 && math.Abs(math.Sqrt(square/sum)-2) <= 0.05) {
		t.Errorf("a point has the sum %g and the deviation %g", sum, math.Sqrt(square/sum))
	}
}
