package checkpoint

import (
	"fmt"
	"strings"
)

// storage is a run of numbers that a pickle refers to: the zip entry data/KEY. Where it
// lived (cpu, cuda:0) does not matter.
type storage struct {
	dtype    DType
	key      string
	elements int64
}

// rawTensor is a tensor as the pickle describes it, not yet checked against the storage.
type rawTensor struct {
	storage storage
	offset  int64
	shape   []int64
	strides []int64
}

var storageTypes = map[string]DType{
	"HalfStorage": Float16, "BFloat16Storage": BFloat16, "FloatStorage": Float32, "DoubleStorage": Float64,
	"LongStorage": Int64, "IntStorage": Int32, "ShortStorage": Int16, "CharStorage": Int8, "ByteStorage": Uint8,
	"BoolStorage": Bool,
}

// callables are the functions that PyTorch's writers name in an archive, each as the data it stands for.
var callables = map[global]func(args tuple) (any, error){
	{"collections", "OrderedDict"}:            emptyDict,
	{"torch._utils", "_rebuild_tensor_v2"}:    rebuildTensor,
	{"torch._utils", "_rebuild_parameter"}:    rebuildParameter,
	{"torch", "device"}:                       ignored,
	{"torch", "Size"}:                         ignored,
	{"torch.jit._pickle", "build_intlist"}:    ignored,
	{"torch.jit._pickle", "build_doublelist"}: ignored,
	{"torch.jit._pickle", "build_boollist"}:   ignored,
	{"torch.jit._pickle", "build_tensorlist"}: ignored,
	{"torch.jit._pickle", "restore_type_tag"}: ignored,
}

// isClass tells whether a global is a class that was compiled into the archive.
func (g global) isClass() bool {
	return g.module == "__torch__" || strings.HasPrefix(g.module, "__torch__.")
}

func (m *machine) global() error {
	module, err := m.line()
	if err != nil {
		return err
	}
	name, err := m.line()
	if err != nil {
		return err
	}
	return m.pushGlobal(global{module, name})
}

func (m *machine) stackGlobal() error {
	items, err := m.popN(2)
	if err != nil {
		return err
	}
	module, ok1 := items[0].(string)
	name, ok2 := items[1].(string)
	if !ok1 || !ok2 {
		return fmt.Errorf("%w: expected two strings to name a global", ErrCorrupt)
	}
	return m.pushGlobal(global{module, name})
}

// pushGlobal is the gate: what is not on the list is not even put on the stack.
func (m *machine) pushGlobal(g global) error {
	_, isStorage := storageTypes[g.name]
	if callables[g] != nil || (g.module == "torch" && isStorage) || g.isClass() {
		return m.push(g)
	}
	return fmt.Errorf("%w: the pickle asks for %s, which is not among the few things a checkpoint of "+
		"tensors needs (save model.state_dict() rather than the model)", ErrUnsafe, quote(g.String()))
}

// reduce stands in for a call: global, arguments → value.
func (m *machine) reduce() error {
	items, err := m.popN(2)
	if err != nil {
		return err
	}
	g, ok1 := items[0].(global)
	args, ok2 := items[1].(tuple)
	if !ok1 || !ok2 {
		return fmt.Errorf("%w: expected a global and its arguments, found %s and %s", ErrCorrupt, kind(items[0]), kind(items[1]))
	}
	call := callables[g]
	if call == nil {
		return fmt.Errorf("%w: the pickle calls %s", ErrUnsafe, quote(g.String()))
	}
	v, err := call(args)
	if err != nil {
		return fmt.Errorf("%s: %w", g, err)
	}
	return m.push(v)
}

// newObject makes an instance of a compiled class.
func (m *machine) newObject() error {
	items, err := m.popN(2)
	if err != nil {
		return err
	}
	g, ok1 := items[0].(global)
	args, ok2 := items[1].(tuple)
	if !ok1 || !ok2 || !g.isClass() || len(args) != 0 {
		return fmt.Errorf("%w: expected a class of the archive to make an object of", ErrUnsafe)
	}
	return m.push(&object{})
}

// build gives an object its attributes. A dict's own (OrderedDict's _metadata) are of no interest.
func (m *machine) build() error {
	state, err := m.pop()
	if err != nil {
		return err
	}
	v, err := m.top()
	if err != nil {
		return err
	}
	switch target := v.(type) {
	case *dict:
		return nil
	case *object:
		target.attributes, _ = state.(*dict) // a class with its own __getstate__ has no attributes to look into
		return nil
	}
	return fmt.Errorf("%w: expected an object to give attributes to, found %s", ErrCorrupt, kind(v))
}

// persistent turns ("storage", torch.XStorage, key, location, elements) into a storage.
func (m *machine) persistent() error {
	v, err := m.pop()
	if err != nil {
		return err
	}
	id, ok := v.(tuple)
	if !ok || len(id) != 5 || id[0] != any("storage") {
		return fmt.Errorf("%w: expected the five parts of a storage", ErrCorrupt)
	}
	g, ok1 := id[1].(global)
	key, ok2 := id[2].(string)
	_, ok3 := id[3].(string)
	elements, ok4 := id[4].(int64)
	d, ok5 := storageTypes[g.name]
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || g.module != "torch" || elements < 0 {
		return fmt.Errorf("%w: expected a storage's type, key, location and length", ErrCorrupt)
	}
	return m.push(storage{dtype: d, key: key, elements: elements})
}

func emptyDict(args tuple) (any, error) {
	if len(args) != 0 {
		return nil, fmt.Errorf("%w: expected no arguments, found %d", ErrUnsupported, len(args))
	}
	return &dict{}, nil
}

func ignored(tuple) (any, error) { return opaque{}, nil }

// rebuildTensor takes storage, offset, shape, strides; requires_grad, hooks and metadata do not matter.
func rebuildTensor(args tuple) (any, error) {
	if len(args) < 6 || len(args) > 7 {
		return nil, fmt.Errorf("%w: expected 6 or 7 arguments, found %d", ErrCorrupt, len(args))
	}
	s, ok1 := args[0].(storage)
	offset, ok2 := args[1].(int64)
	shape, ok3 := int64s(args[2])
	strides, ok4 := int64s(args[3])
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return nil, fmt.Errorf("%w: expected a storage, an offset, a shape and strides, found %s, %s, %s, %s",
			ErrCorrupt, kind(args[0]), kind(args[1]), kind(args[2]), kind(args[3]))
	}
	return &rawTensor{storage: s, offset: offset, shape: shape, strides: strides}, nil
}

func rebuildParameter(args tuple) (any, error) {
	if len(args) == 3 {
		if t, ok := args[0].(*rawTensor); ok {
			return t, nil
		}
	}
	return nil, fmt.Errorf("%w: expected a tensor, requires_grad and hooks", ErrCorrupt)
}

func int64s(v any) ([]int64, bool) {
	t, ok := v.(tuple)
	if !ok || len(t) > maxRank {
		return nil, false
	}
	out := make([]int64, len(t))
	for i, x := range t {
		if out[i], ok = x.(int64); !ok {
			return nil, false
		}
	}
	return out, true
}
