package portable

import (
	"fmt"

	"github.com/facet-clip/facet/engine/graph"
)

// avgPool is the mean over windows of k×k: x [B,C,H,W] → [B,C,H/k,W/k].
func avgPool(out, x []float32, shape []int, k int) {
	H, W := shape[2], shape[3]
	oh, ow := H/k, W/k
	share := 1 / float32(k*k)
	parallel(shape[0]*shape[1], H*W, func(from, to int) {
		for p := from; p < to; p++ {
			plane, dst := x[p*H*W:(p+1)*H*W], out[p*oh*ow:(p+1)*oh*ow]
			for i := range dst {
				corner := plane[i/ow*k*W+i%ow*k:]
				var sum float32
				for y := range k {
					for _, v := range corner[y*W : y*W+k] {
						sum += v
					}
				}
				dst[i] = sum * share
			}
		}
	})
}

// reduceMean is the mean over one axis.
func reduceMean(out, x []float32, shape []int, axis int) {
	outer, n, inner := volume(shape[:axis]), shape[axis], volume(shape[axis+1:])
	parallel(outer, n*inner, func(from, to int) {
		sum := make([]float64, inner)
		for o := from; o < to; o++ {
			clear(sum)
			for i := range n {
				for j, v := range x[(o*n+i)*inner:][:inner] {
					sum[j] += float64(v)
				}
			}
			for j, v := range sum {
				out[o*inner+j] = float32(v / float64(n))
			}
		}
	})
}

// transpose permutes axes.
func transpose(out, x []float32, shape, perm []int) {
	rank := len(shape)
	strides := make([]int, rank) // of x
	for i, s := rank-1, 1; i >= 0; i-- {
		strides[i], s = s, s*shape[i]
	}
	sizes, steps := make([]int, rank), make([]int, rank) // of out's axes
	for i, p := range perm {
		sizes[i], steps[i] = shape[p], strides[p]
	}
	n, step := sizes[rank-1], steps[rank-1]
	parallel(len(out)/n, n, func(from, to int) {
		for row := from; row < to; row++ {
			offset, rest := 0, row
			for i := rank - 2; i >= 0; i-- {
				offset += rest % sizes[i] * steps[i]
				rest /= sizes[i]
			}
			dst := out[row*n : (row+1)*n]
			if step == 1 {
				copy(dst, x[offset:])
				continue
			}
			for i := range dst {
				dst[i] = x[offset+i*step]
			}
		}
	})
}

// concat joins along an axis.
func (r *run) concat(n *graph.Node, out []float32) {
	shape := r.binding.Shape(n.Output)
	outer, width := volume(shape[:n.Axis]), volume(shape[n.Axis:])
	at := 0
	for _, in := range n.Inputs {
		data := r.data(in)
		size := len(data) / outer
		for o := range outer {
			copy(out[o*width+at:], data[o*size:(o+1)*size])
		}
		at += size
	}
}

// gather takes entries along an axis; an index out of range is an error.
func gather(out, x []float32, ids []int64, shape []int, axis int) error {
	outer, n, inner := volume(shape[:axis]), shape[axis], volume(shape[axis+1:])
	for _, id := range ids {
		if id < 0 || id >= int64(n) {
			return fmt.Errorf("index %d: expected 0 to %d", id, n-1)
		}
	}
	for o := range outer {
		for i, id := range ids {
			copy(out[(o*len(ids)+i)*inner:][:inner], x[(o*n+int(id))*inner:])
		}
	}
	return nil
}
