//go:build !cgo

package ort

import (
	"fmt"

	"github.com/facet-clip/facet/engine"
)

// New says that this build has no ONNX Runtime.
func New(Options) (engine.Engine, error) {
	return nil, fmt.Errorf("%w: facet was built without cgo", ErrUnavailable)
}
