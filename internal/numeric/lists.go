package numeric

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
)

// Largest are the indices of the k largest values, the largest first, ties by index.
func Largest(values []float64, k int) []int {
	order := Indices(len(values))
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(values[b], values[a]) })
	return order[:min(k, len(order))]
}

// Scale multiplies numbers in place, and gives them back.
func Scale(x []float32, by float32) []float32 {
	for i := range x {
		x[i] *= by
	}
	return x
}

// Best are the k of n that are kept and score highest, ties by number.
func Best(n, k int, keep func(int) bool, score func(int) float64) []int {
	var top []int
	for p := range n {
		if !keep(p) || len(top) == k && score(p) <= score(top[k-1]) {
			continue
		}
		at, _ := slices.BinarySearchFunc(top, p, func(o, p int) int { return cmp.Or(cmp.Compare(score(p), score(o)), cmp.Compare(o, p)) })
		top = slices.Insert(top[:min(len(top), k-1)], min(at, k-1), p)
	}
	return top
}

// LittleEndian are numbers as bytes.
func LittleEndian(row []float32) []byte {
	out := make([]byte, 0, 4*len(row))
	for _, v := range row {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
	}
	return out
}

// Spread takes at most so many of a list, evenly; 0: all.
func Spread[T any](list []T, most int) []T {
	if most == 0 || most >= len(list) {
		return list
	}
	out := make([]T, most)
	for i := range out {
		out[i] = list[i*len(list)/most]
	}
	return out
}
