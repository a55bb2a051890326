package checkpoint

import (
	"fmt"
	"strings"
)

// storage is a run of numbers that a pickle refers to: the zip entry data/KEY. Where it
// lived (cpu, cuda:0) does not matter.
type storage struct {
	dtype    DType // empty: a type that is not read
	kind     global
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

// callables are the functions whose results hold tensors, each as the data it stands for. Calls of all others give an [inert] value.
var callables = map[global]func(args tuple) (any, error){
	{Module: "collections", Name: "OrderedDict"}:                    dictOf,
	{Module: "collections", Name: "defaultdict"}:                    dictOf,
	{Module: "torch._utils", Name: "_rebuild_tensor_v2"}:            rebuildTensor,
	{Module: "torch._utils", Name: "_rebuild_tensor_v3"}:            rebuildTyped,
	{Module: "torch._utils", Name: "_rebuild_parameter"}:            rebuildParameter,
	{Module: "torch._utils", Name: "_rebuild_parameter_with_state"}: rebuildParameter,
}

// isClass tells whether a global is a class that was compiled into the archive.
func isClass(g global) bool {
	return g.Module == "__torch__" || strings.HasPrefix(g.Module, "__torch__.")
}

// reduced is the value of a call that holds tensors; of all others none is known.
func reduced(what any, args tuple) (v any, known bool, err error) {
	called, ok := what.(global)
	if !ok {
		return nil, false, nil
	}
	if called == rebuildSubclass {
		v, err = rebuildOf(args)
		return v, true, err
	}
	if call := callables[called]; call != nil {
		v, err = call(args)
		return v, true, err
	}
	return nil, false, nil
}

// newObject makes an instance of a class that was compiled into the archive.
func newObject(class global) (any, bool) {
	if isClass(class) {
		return &object{}, true
	}
	return nil, false
}

// build gives an object its attributes. A tensor's are of no interest.
func build(target, state any) (known bool, err error) {
	switch target := target.(type) {
	case *rawTensor:
		return true, nil
	case *object:
		target.attributes, _ = state.(*dict) // a class with its own __getstate__ has no attributes to look into
		return true, nil
	}
	return false, nil
}

// persistent turns ("storage", torch.XStorage, key, location, elements) into a storage.
func persistent(v any) (any, error) {
	id, ok := v.(tuple)
	if !ok || len(id) != 5 || id[0] != any("storage") {
		return nil, fmt.Errorf("%w: expected the five parts of a storage", ErrCorrupt)
	}
	g, ok1 := id[1].(global)
	key, ok2 := id[2].(string)
	_, ok3 := id[3].(string)
	elements, ok4 := id[4].(int64)
	if !ok1 || !ok2 || !ok3 || !ok4 || elements < 0 {
		return nil, fmt.Errorf("%w: expected a storage's type, key, location and length", ErrCorrupt)
	}
	s := storage{kind: g, key: key, elements: elements}
	if g.Module == "torch" {
		s.dtype = storageTypes[g.Name]
	}
	return s, nil
}

// dictOf takes nothing, a factory of defaults, or the items as a list of pairs, as Python 2 wrote them.
func dictOf(args tuple) (any, error) {
	d := &dict{}
	for _, arg := range args {
		items, ok := arg.(*list)
		if !ok {
			continue
		}
		for _, item := range items.Items {
			key, value, ok := pair(item)
			if !ok {
				return nil, fmt.Errorf("%w: expected pairs, found %s", ErrCorrupt, kind(item))
			}
			d.Set(key, value)
		}
	}
	return d, nil
}

func pair(v any) (key, value any, ok bool) {
	items, _ := v.(tuple)
	if l, isList := v.(*list); isList {
		items = l.Items
	}
	if len(items) != 2 {
		return nil, nil, false
	}
	return items[0], items[1], true
}

// rebuildTensor takes storage, offset, shape, strides; requires_grad, hooks and metadata do not matter.
func rebuildTensor(args tuple) (any, error) {
	if len(args) < 6 || len(args) > 7 {
		return nil, fmt.Errorf("%w: expected 6 or 7 arguments, found %d", ErrCorrupt, len(args))
	}
	if from, ok := args[0].(*inert); ok { // a storage that lies in the pickle itself
		return &inert{Of: global{Module: "torch.storage", Name: "_rebuild_" + from.Of.Name}}, nil
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

// rebuildTyped is rebuildTensor with the type of the numbers, which the storage does not tell, after requires_grad and hooks. PyTorch writes it
// for types that have no storage of their own.
func rebuildTyped(args tuple) (any, error) {
	if len(args) < 7 {
		return nil, fmt.Errorf("%w: expected 7 arguments or more, found %d", ErrCorrupt, len(args))
	}
	t, err := rebuildTensor(args[:6])
	if err != nil {
		return nil, err
	}
	raw, ok := t.(*rawTensor)
	if !ok {
		return t, nil
	}
	raw.storage.dtype = ""
	raw.storage.kind, _ = args[6].(global)
	return raw, nil
}

// rebuildParameter takes a tensor, or what stands for one that is not read; requires_grad, hooks and state do not matter.
func rebuildParameter(args tuple) (any, error) {
	if len(args) >= 3 {
		switch t := args[0].(type) {
		case *rawTensor, *inert:
			return t, nil
		}
	}
	return nil, fmt.Errorf("%w: expected a tensor, requires_grad and hooks", ErrCorrupt)
}

// rebuildSubclass makes a tensor by a function and its arguments, and gives it a class and attributes.
var rebuildSubclass = global{Module: "torch._tensor", Name: "_rebuild_from_type_v2"}

func rebuildOf(args tuple) (any, error) {
	if len(args) >= 3 {
		if inner, ok := args[2].(tuple); ok && args[0] != any(rebuildSubclass) {
			return made(args[0], inner)
		}
	}
	return nil, fmt.Errorf("%w: expected a function, a class, arguments and a state", ErrCorrupt)
}

// isForeignTensor tells whether an inert value stands for a tensor, of a kind that is not read.
func isForeignTensor(g global) bool {
	return strings.HasPrefix(g.Name, "_rebuild_") && strings.HasPrefix(g.Module, "torch.") ||
		strings.HasPrefix(g.Module, "torch.distributed.") || strings.HasPrefix(g.Module, "torchao.")
}

// made is the value of a call, or an inert one.
func made(what any, args tuple) (any, error) {
	if v, known, err := reduced(what, args); known || err != nil {
		return v, err
	}
	switch called := what.(type) {
	case global:
		return &inert{Of: called}, nil
	case *inert:
		return &inert{Of: called.Of}, nil
	}
	return nil, fmt.Errorf("%w: expected a global to call", ErrCorrupt)
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
