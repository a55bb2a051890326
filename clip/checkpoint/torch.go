package checkpoint

import (
	"fmt"
	"slices"
	"strings"
)

const (
	maxDepth  = 64      // modules within modules
	maxVisits = 1 << 18 // attributes looked at; modules may be shared, so their number alone bounds nothing
)

// readTorch reads the archive of torch.save or torch.jit.save.
func readTorch(data []byte) (Format, []*view, error) {
	a, err := readArchive(data)
	if err != nil {
		return "", nil, err
	}
	p, err := a.pickle()
	if err != nil {
		return "", nil, err
	}
	root, err := parsePickle(p)
	if err != nil {
		return "", nil, err
	}
	c := &collector{archive: a}
	var format Format
	switch v := root.(type) {
	case *object:
		format, err = FormatTorchScript, c.module("", v, 0)
	case *dict:
		format, err = FormatTorch, c.stateDict(v)
	default:
		err = fmt.Errorf("%w: expected a module or a state dict, found %s", ErrNotCheckpoint, kind(root))
	}
	return format, c.views, err
}

// collector gathers the tensors of a pickle under dotted names.
type collector struct {
	archive *archive
	views   []*view
	visits  int
}

// module walks a TorchScript module: attributes are tensors, modules, or settings such as training.
func (c *collector) module(prefix string, o *object, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("%w: data.pkl: modules nest deeper than %d", ErrCorrupt, maxDepth)
	}
	if o.attributes == nil {
		return nil
	}
	for i, key := range o.attributes.keys {
		if c.visits++; c.visits > maxVisits {
			return fmt.Errorf("%w: data.pkl: its modules have more than %d attributes", ErrCorrupt, maxVisits)
		}
		attribute, ok := key.(string)
		name := prefix + attribute
		if !ok || len(name) > maxNameLength {
			return fmt.Errorf("%w: data.pkl: expected attribute names of at most %d bytes", ErrCorrupt, maxNameLength)
		}
		var err error
		switch v := o.attributes.values[i].(type) {
		case *object:
			err = c.module(name+".", v, depth+1)
		case *rawTensor:
			err = c.add(name, v)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// stateDict takes the tensors of a dict, or of its "state_dict" where training checkpoints keep them.
func (c *collector) stateDict(d *dict) error {
	if inner, ok := d.get("state_dict"); ok {
		if d, ok = inner.(*dict); !ok {
			return fmt.Errorf("%w: expected a dict under \"state_dict\", found %s", ErrNotCheckpoint, kind(inner))
		}
	}
	for i, key := range d.keys {
		name, isName := key.(string)
		t, isTensor := d.values[i].(*rawTensor)
		if !isName || !isTensor {
			continue
		}
		if err := c.add(name, t); err != nil {
			return err
		}
	}
	if len(c.views) == 0 {
		return fmt.Errorf("%w: expected a state dict, found a dict without tensors%s", ErrNotCheckpoint, d.hint())
	}
	return nil
}

// hint lists a few keys of a dict.
func (d *dict) hint() string {
	var keys []string
	for _, k := range d.keys[:min(len(d.keys), 8)] {
		if s, ok := k.(string); ok {
			keys = append(keys, quote(s))
		}
	}
	if len(keys) == 0 {
		return ""
	}
	return " (keys " + strings.Join(keys, ", ") + ")"
}

// add checks a tensor against its storage and takes it in.
func (c *collector) add(name string, t *rawTensor) error {
	if err := checkName(name); err != nil {
		return err
	}
	if len(c.views) >= maxTensors {
		return fmt.Errorf("%w: data.pkl: expected at most %d tensors", ErrCorrupt, maxTensors)
	}
	v, err := c.resolve(t)
	if err != nil {
		return fmt.Errorf("tensor %s: %w", quote(name), err)
	}
	v.Source = name
	c.views = append(c.views, v)
	return nil
}

func (c *collector) resolve(t *rawTensor) (*view, error) {
	bytes, err := c.archive.stored("data/" + t.storage.key)
	if err != nil {
		return nil, err
	}
	size := int64(t.storage.dtype.Size())
	if t.storage.elements > int64(len(bytes))/size {
		return nil, fmt.Errorf("%w: storage %s: expected %d numbers of %s, found %d bytes",
			ErrCorrupt, quote(t.storage.key), t.storage.elements, t.storage.dtype, len(bytes))
	}
	shape, ok1 := sizes(t.shape)
	strides, ok2 := sizes(t.strides)
	offset, ok3 := sizes([]int64{t.offset})
	if !ok1 || !ok2 || !ok3 || len(shape) != len(strides) {
		return nil, fmt.Errorf("%w: offset %d, shape %v, strides %v", ErrCorrupt, t.offset, t.shape, t.strides)
	}
	if !fits(shape, strides, offset[0], int(t.storage.elements)) {
		return nil, fmt.Errorf("%w: offset %d, shape %v and strides %v do not fit a storage of %d numbers",
			ErrCorrupt, t.offset, t.shape, t.strides, t.storage.elements)
	}
	return &view{
		Tensor:  Tensor{DType: t.storage.dtype, Shape: shape},
		storage: bytes[:t.storage.elements*size], offset: offset[0], strides: strides,
	}, nil
}

func sizes(in []int64) ([]int, bool) {
	out := make([]int, len(in))
	for i, n := range in {
		if n < 0 || int64(int(n)) != n {
			return nil, false
		}
		out[i] = int(n)
	}
	return out, true
}

// fits tells whether a view stays inside its storage, and is not larger than it: a stride of 0 could
// make a few bytes look like terabytes.
func fits(shape, strides []int, offset, elements int) bool {
	n, ok := product(shape...)
	if !ok || n > elements || offset > elements {
		return false
	}
	if slices.Contains(shape, 0) {
		return true
	}
	room := elements - offset - 1 // numbers after the first
	for i, s := range shape {
		span, ok := product(s-1, strides[i])
		if !ok || span > room {
			return false
		}
		room -= span
	}
	return room >= 0
}
