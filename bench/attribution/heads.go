package main

import (
	"slices"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/numeric"
)

// outputs are what passes through a head in every scene [N][D].
func (s *study) outputs(v *sight, head int) [][]float32 {
	out := make([][]float32, len(v.scalars))
	numeric.Parallel(len(out), func(i int) {
		out[i] = decompose.Scalars{OV: s.ov, S: v.scalars[i]}.Head(head)
	})
	return out
}

// textSpan orders texts as TextSpan does (Gandelsman et al., ICLR 2024): the text along which the centred outputs [N][D] of a head vary
// most comes first, then it is projected out of the outputs and of the other texts, and so on. Texts [T][D] are first projected onto the
// span of the outputs, which is that of the rows of basis [d][D].
func textSpan(outputs, texts, basis [][]float32) []int {
	outputs, texts = centredRows(outputs), project(texts, orthonormal(basis))
	left := make([]int, len(texts))
	for t := range left {
		left[t] = t
	}
	var order []int
	for len(left) > 0 {
		best := slices.MaxFunc(left, func(a, b int) int {
			x, y := variance(outputs, texts[a]), variance(outputs, texts[b])
			switch {
			case x < y:
				return -1
			case x > y:
				return 1
			}
			return b - a
		})
		order = append(order, best)
		left = slices.DeleteFunc(left, func(t int) bool { return t == best })
		along := slices.Clone(texts[best])
		remove(outputs, along)
		remove(texts, along)
	}
	return order
}

// tiny is a squared length that rounding alone leaves.
const tiny = 1e-9

// variance is Σ ⟨x, t/‖t‖⟩² over the rows.
func variance(rows [][]float32, t []float32) (sum float64) {
	length := numeric.Dot(t, t)
	if length < tiny {
		return 0
	}
	for _, x := range rows {
		d := numeric.Dot(x, t)
		sum += d * d / length
	}
	return sum
}

// remove projects a direction out of every row.
func remove(rows [][]float32, along []float32) {
	length := numeric.Dot(along, along)
	if length < tiny {
		return
	}
	for _, x := range rows {
		f := numeric.Dot(x, along) / length
		for i, v := range along {
			x[i] -= float32(f * float64(v))
		}
	}
}

func centredRows(rows [][]float32) [][]float32 {
	mean := make([]float64, len(rows[0]))
	for _, x := range rows {
		for i, v := range x {
			mean[i] += float64(v) / float64(len(rows))
		}
	}
	out := make([][]float32, len(rows))
	for r, x := range rows {
		out[r] = make([]float32, len(x))
		for i, v := range x {
			out[r][i] = float32(float64(v) - mean[i])
		}
	}
	return out
}

// orthonormal is Gram and Schmidt's basis of the rows' span.
func orthonormal(rows [][]float32) (basis [][]float32) {
	for _, x := range rows {
		x = slices.Clone(x)
		for range 2 {
			for _, b := range basis {
				remove([][]float32{x}, b)
			}
		}
		if n := numeric.Norm(x); n > 1e-5 {
			for i := range x {
				x[i] /= float32(n)
			}
			basis = append(basis, x)
		}
	}
	return basis
}

// project is the part of every row in the span of an orthonormal basis.
func project(rows, basis [][]float32) [][]float32 {
	out := make([][]float32, len(rows))
	for r, x := range rows {
		out[r] = make([]float32, len(x))
		for _, b := range basis {
			f := numeric.Dot(x, b)
			for i, v := range b {
				out[r][i] += float32(f * float64(v))
			}
		}
	}
	return out
}

// span is the output map of a head as rows [d][D].
func (s *study) span(head int) [][]float32 {
	output, _ := s.ov.Factors(head)
	return slices.Collect(slices.Chunk(output, s.ov.Embed))
}
