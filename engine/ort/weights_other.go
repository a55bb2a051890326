//go:build cgo && !unix

package ort

import (
	onnx "github.com/yalue/onnxruntime_go"

	"github.com/facet-clip/facet/engine/graph"
)

// weightLoan is not made here: weights travel within the model.
type weightLoan struct{}

func newWeightLoan(*onnx.SessionOptions) *weightLoan { return nil }

func (*weightLoan) lend([]graph.Weight) error { return nil }

func (*weightLoan) end() {}
