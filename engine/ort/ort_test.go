//go:build cgo

package ort

import (
	"testing"

	"github.com/facet-clip/facet/engine/enginetest"
)

func TestContract(t *testing.T) {
	e, err := New(Options{})
	if err != nil {
		t.Skip(err)
	}
	enginetest.Test(t, e)
}
