package checkpoint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/facet-clip/facet/internal/foreign"
	"github.com/facet-clip/facet/internal/pickle"
)

const (
	maxDepth  = 64      // modules within modules
	maxVisits = 1 << 18 // attributes looked at; modules may be shared, so their number alone bounds nothing
)

// readTorch reads the archive of torch.save or torch.jit.save.
func readTorch(data []byte) (Format, *collector, error) {
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
	if o, ok := root.(*object); ok {
		return FormatTorchScript, c, c.module("", o, 0)
	}
	if d, ok := pickle.AsDict(root); ok {
		return FormatTorch, c, c.stateDict(d)
	}
	if o, ok := root.(*inert); ok {
		return "", nil, fmt.Errorf("%w: it holds %s and no tensors by name; save its state_dict() instead", ErrUnsupported, kind(o))
	}
	return "", nil, fmt.Errorf("%w: expected a module or a state dict, found %s", ErrNotCheckpoint, kind(root))
}

// collector gathers the tensors of a pickle under dotted names.
type collector struct {
	archive *archive
	views   []*view
	visits  int
	weights string   // where in a dict the weights are; empty: it is a state dict itself
	others  []string // where other sets of weights are
}

// module walks a TorchScript module: attributes are tensors, modules, or settings such as training.
func (c *collector) module(prefix string, o *object, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("%w: data.pkl: modules nest deeper than %d", ErrCorrupt, maxDepth)
	}
	if o.attributes == nil {
		return nil
	}
	for i, key := range o.attributes.Keys {
		if c.visits++; c.visits > maxVisits {
			return fmt.Errorf("%w: data.pkl: its modules have more than %d attributes", ErrCorrupt, maxVisits)
		}
		attribute, ok := key.(string)
		name := prefix + attribute
		if !ok || len(name) > maxNameLength {
			return fmt.Errorf("%w: data.pkl: expected attribute names of at most %d bytes", ErrCorrupt, maxNameLength)
		}
		var err error
		switch v := o.attributes.Values[i].(type) {
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

// stateDict takes the tensors of the dict in which the weights are.
func (c *collector) stateDict(root *dict) error {
	found := findWeights(root)
	if len(found) == 0 {
		return withoutTensors(root)
	}
	d := found[0].tensors
	c.weights = found[0].path
	for _, other := range found[1:] {
		c.others = append(c.others, other.path)
	}
	for i, key := range d.Keys {
		name, isName := key.(string)
		if !isName {
			continue
		}
		switch t := d.Values[i].(type) {
		case *rawTensor:
			if err := c.add(name, t); err != nil {
				return err
			}
		case *inert:
			if isForeignTensor(t.Of) {
				return fmt.Errorf("%w: tensor %s is made by %s, expected a dense tensor", ErrUnsupported, foreign.Quote(name), foreign.Quote(t.Of.String()))
			}
		}
	}
	return nil
}

// withoutTensors says what a dict holds where weights are looked for: a module with its code, or arrays of NumPy, are weights that are not
// read.
func withoutTensors(d *dict) error {
	for i, key := range d.Keys {
		name, _ := key.(string)
		if o, ok := d.Values[i].(*inert); ok && (slices.Contains(usual, name) || isAverage(name) || strings.HasPrefix(o.Of.Module, "numpy")) {
			return fmt.Errorf("%w: under %s it holds %s and no tensor; save the model's state_dict(), with tensors", ErrUnsupported, foreign.Quote(name), kind(o))
		}
	}
	return fmt.Errorf("%w: expected a state dict, found a dict without tensors%s", ErrNotCheckpoint, hint(d))
}

// hint lists a few keys of a dict, and what lies there.
func hint(d *dict) string {
	var keys []string
	for i, k := range d.Keys[:min(len(d.Keys), 8)] {
		if s, ok := k.(string); ok {
			keys = append(keys, foreign.Quote(s)+": "+kind(d.Values[i]))
		}
	}
	if len(keys) == 0 {
		return ""
	}
	return " (" + strings.Join(keys, ", ") + ")"
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
		return fmt.Errorf("tensor %s: %w", foreign.Quote(name), err)
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
	if size == 0 {
		return nil, fmt.Errorf("%w: numbers of %s", ErrUnsupported, foreign.Quote(t.storage.kind.String()))
	}
	if t.storage.elements > int64(len(bytes))/size {
		return nil, fmt.Errorf("%w: storage %s: expected %d numbers of %s, found %d bytes",
			ErrCorrupt, foreign.Quote(t.storage.key), t.storage.elements, t.storage.dtype, len(bytes))
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
