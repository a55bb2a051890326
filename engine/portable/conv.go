package portable

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"

	"github.com/facet-clip/facet/engine/graph"
)

// maxColumns is the most floats of the unfolded picture at once: larger ones go in strips of rows.
const maxColumns = 1 << 22

// convolution is x [B,I,H,W] * w [O,I,k,k] → [B,O,OH,OW] as a matrix product with the unfolded picture.
type convolution struct {
	B, I, H, W, O, OH, OW int
	k, stride, pad        int
}

func newConvolution(n *graph.Node, in, out []int) convolution {
	return convolution{
		B: in[0], I: in[1], H: in[2], W: in[3], O: out[1], OH: out[2], OW: out[3],
		k: int(n.Inputs[1].Shape[2]), stride: n.Stride, pad: n.Pad,
	}
}

func (c convolution) run(out, x, w, bias []float32, a *arena) {
	pixels, taps := c.OH*c.OW, c.I*c.k*c.k
	rows := c.OH // of the output at once
	var columns []float32
	if plain := c.k == 1 && c.stride == 1 && c.pad == 0; !plain {
		rows = min(c.OH, max(1, maxColumns/(taps*c.OW)))
		columns = a.take(taps * rows * c.OW)
		defer a.give(columns)
	}
	weights := general(w, c.O, taps)
	for b := range c.B {
		image, result := x[b*c.I*c.H*c.W:(b+1)*c.I*c.H*c.W], out[b*c.O*pixels:(b+1)*c.O*pixels]
		fillBias(result, bias, pixels)
		if columns == nil {
			blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, weights, general(image, c.I, pixels), 1, general(result, c.O, pixels))
			continue
		}
		for from := 0; from < c.OH; from += rows {
			to := min(from+rows, c.OH)
			c.unfold(columns, image, from, to)
			part := blas32.General{Rows: c.O, Cols: (to - from) * c.OW, Stride: pixels, Data: result[from*c.OW:]}
			blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, weights, general(columns, taps, (to-from)*c.OW), 1, part)
		}
	}
}

// fillBias sets each channel of out to its bias.
func fillBias(out, bias []float32, pixels int) {
	parallel(len(bias), pixels, func(from, to int) {
		for o := from; o < to; o++ {
			channel := out[o*pixels : (o+1)*pixels]
			for i := range channel {
				channel[i] = bias[o]
			}
		}
	})
}

// unfold lays out, for the output rows from…to, what each tap of the kernel sees: columns [I·k·k, (to−from)·OW], zero outside.
func (c convolution) unfold(columns, image []float32, from, to int) {
	width := (to - from) * c.OW
	parallel(c.I*c.k*c.k, width, func(first, last int) {
		for t := first; t < last; t++ {
			channel, dy, dx := t/(c.k*c.k), t/c.k%c.k-c.pad, t%c.k-c.pad
			plane := image[channel*c.H*c.W : (channel+1)*c.H*c.W]
			for y := from; y < to; y++ {
				c.tapRow(columns[t*width+(y-from)*c.OW:][:c.OW], plane, y*c.stride+dy, dx)
			}
		}
	})
}

// tapRow copies one row of the picture as one tap sees it.
func (c convolution) tapRow(dst, plane []float32, y, dx int) {
	if y < 0 || y >= c.H {
		clear(dst)
		return
	}
	row := plane[y*c.W : (y+1)*c.W]
	if c.stride == 1 {
		left, right := max(0, -dx), min(c.OW, c.W-dx) // where the tap lies inside
		clear(dst[:left])
		copy(dst[left:right], row[left+dx:])
		clear(dst[right:])
		return
	}
	for x := range dst {
		if at := x*c.stride + dx; at >= 0 && at < c.W {
			dst[x] = row[at]
		} else {
			dst[x] = 0
		}
	}
}

func general(data []float32, rows, cols int) blas32.General {
	return blas32.General{Rows: rows, Cols: cols, Stride: cols, Data: data}
}
