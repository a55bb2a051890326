package checkpoint

import "fmt"

// Stored gives a tensor as it is stored: its type, its shape and its bytes, little-endian and row-major. Bytes that lie so in the file are the file's own:
// they must not be changed, and are good until Close. Errors are those of [Checkpoint.Float32].
func (c *Checkpoint) Stored(name string) (Data, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	v, ok := c.tensors[name]
	switch {
	case c.closed:
		return Data{}, fmt.Errorf("%s: tensor %s: %w", c.path, name, ErrClosed)
	case !ok:
		return Data{}, &TensorError{File: c.path, Tensor: name, Err: ErrNoTensor, Expected: "a tensor", Found: "no tensor of that name"}
	}
	return Data{Name: v.Source, DType: v.DType, Shape: append([]int{}, v.Shape...), Bytes: v.bytes()}, nil
}

// bytes are the numbers as they are stored, row-major; a slice of the storage where they lie so.
func (v *view) bytes() []byte {
	size, n := v.DType.Size(), v.Elements()
	if n == 0 {
		return []byte{}
	}
	shape, strides := v.merged()
	if len(shape) == 1 && strides[0] == 1 {
		return v.storage[v.offset*size : (v.offset+n)*size : (v.offset+n)*size]
	}
	out := make([]byte, 0, n*size)
	last := len(shape) - 1
	for at := range v.runs(shape, strides) {
		for range shape[last] {
			out = append(out, v.storage[at*size:(at+1)*size]...)
			at += strides[last]
		}
	}
	return out
}

// Contents are the bytes of the file, which must not be changed and are good until Close. It is [ErrUnsupported] of a checkpoint in shards, which is
// several files.
func (c *Checkpoint) Contents() ([]byte, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	switch {
	case c.closed:
		return nil, fmt.Errorf("%s: %w", c.path, ErrClosed)
	case len(c.files) != 1:
		return nil, fmt.Errorf("%s: %w: it lies in %d files", c.path, ErrUnsupported, len(c.files))
	}
	return c.files[0].data, nil
}
