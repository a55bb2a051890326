//go:build !cgo

package ort

import (
	"errors"
	"testing"
)

func TestUnavailable(t *testing.T) {
	if e, err := New(Options{}); !errors.Is(err, ErrUnavailable) {
		t.Errorf("got %v, %v", e, err)
	}
}
