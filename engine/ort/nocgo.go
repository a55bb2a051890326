//go:build !cgo

package ort

import (
	"fmt"

	"github.com/facet-clip/facet/engine"
)

// Remedy says in a few words what gives facet ONNX Runtime.
const Remedy = "a build with cgo can load it"

// New gives [ErrUnavailable]: this facet was built without cgo.
func New(Options) (engine.Engine, error) {
	return nil, fmt.Errorf("%w: facet was built without cgo, by which it loads the library; build it with CGO_ENABLED=1 and a C compiler",
		ErrUnavailable)
}

// Library is empty: nothing can be loaded.
func Library() string { return "" }
