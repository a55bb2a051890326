package checkpoint

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

var (
	// ErrNotCheckpoint is returned when the content of a file is none of the formats this package reads.
	ErrNotCheckpoint = errors.New("not a checkpoint")

	// ErrTruncated is returned when a file ends before what its header or directory promises.
	ErrTruncated = errors.New("file is cut short")

	// ErrUnsupported is returned when a file is a checkpoint in a form that facet does not read: the
	// format of PyTorch before 1.6, a big-endian archive, compressed tensors, an exotic number type.
	ErrUnsupported = errors.New("unsupported checkpoint")

	// ErrCorrupt is returned when the parts of a checkpoint contradict one another or exceed a limit.
	ErrCorrupt = errors.New("corrupt checkpoint")

	// ErrUnsafe is returned when a pickle asks for anything but the plain data that PyTorch writes.
	ErrUnsafe = errors.New("refused: facet never executes pickles")

	// ErrNoTensor is returned, inside a TensorError, when a tensor is missing.
	ErrNoTensor = errors.New("tensor is missing")

	// ErrShape is returned, inside a TensorError, when a tensor has another shape than expected.
	ErrShape = errors.New("tensor has another shape")

	// ErrNotFinite is returned, inside a TensorError, when a number of a tensor is NaN or infinite, or a variance is negative.
	ErrNotFinite = errors.New("tensor is not finite")

	// ErrClosed is returned when a checkpoint is used after Close.
	ErrClosed = errors.New("checkpoint is closed")
)

// TensorError tells which tensor of which file is not what the model needs. It wraps ErrNoTensor,
// ErrShape or ErrNotFinite.
type TensorError struct {
	File     string // path of the checkpoint
	Tensor   string // canonical name
	Source   string // name in the file; empty when missing
	Expected string // for example "[64,3,3,3]"
	Found    string
	Err      error // ErrNoTensor, ErrShape or ErrNotFinite
}

// Error names file, tensor, expected and found.
func (e *TensorError) Error() string {
	name := e.Tensor
	if e.Source != "" && e.Source != e.Tensor {
		name += " (" + e.Source + " in the file)"
	}
	return fmt.Sprintf("%s: tensor %s: expected %s, found %s", e.File, name, e.Expected, e.Found)
}

// Unwrap returns the sentinel that says what kind of fault it is.
func (e *TensorError) Unwrap() error { return e.Err }

// formatShape writes a shape as "[64,3,3,3]", a scalar's as "[]".
func formatShape(shape []int) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, n := range shape {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(n))
	}
	b.WriteByte(']')
	return b.String()
}
