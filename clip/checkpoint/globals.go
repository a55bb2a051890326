package checkpoint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/facet-clip/facet/internal/foreign"
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
	{"collections", "OrderedDict"}:                    dictOf,
	{"collections", "defaultdict"}:                    dictOf,
	{"torch._utils", "_rebuild_tensor_v2"}:            rebuildTensor,
	{"torch._utils", "_rebuild_tensor_v3"}:            rebuildTyped,
	{"torch._utils", "_rebuild_parameter"}:            rebuildParameter,
	{"torch._utils", "_rebuild_parameter_with_state"}: rebuildParameter,
}

// dangerous are the modules that an attack calls. Nothing of a pickle is ever called, so this list keeps nobody safe: it tells people what
// they were sent. A name "" stands for the whole module.
var dangerous = map[string][]string{
	"os": {""}, "posix": {""}, "nt": {""}, "subprocess": {""}, "sys": {""}, "socket": {""}, "shutil": {""}, "runpy": {""}, "ctypes": {""},
	"pty": {""}, "code": {""}, "codeop": {""}, "commands": {""}, "webbrowser": {""}, "pip": {""}, "marshal": {""}, "bdb": {""}, "pdb": {""},
	"timeit": {""}, "pickle": {""}, "_pickle": {""}, "cloudpickle": {""}, "importlib": {"import_module", "__import__", "reload"},
	"builtins": unsafeBuiltins, "__builtin__": unsafeBuiltins,
}

var unsafeBuiltins = []string{"eval", "exec", "execfile", "compile", "open", "input", "__import__", "breakpoint", "globals", "apply", "file"}

// isDangerous looks at the module, the packages that it is in, and the first part of a dotted name.
func (g global) isDangerous() bool {
	first, _, _ := strings.Cut(g.name, ".")
	top, _, _ := strings.Cut(g.module, ".")
	names := dangerous[top]
	_, inName := dangerous[first]
	return slices.Contains(names, "") || slices.Contains(names, first) || strings.Contains(g.name, ".") && inName
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

// pushGlobal puts a name on the stack. One that only an attack needs ends the reading.
func (m *machine) pushGlobal(g global) error {
	if g.isDangerous() {
		return fmt.Errorf("%w: the pickle asks for %s, which no checkpoint of tensors needs", ErrUnsafe, foreign.Quote(g.String()))
	}
	return m.push(g)
}

// reduce stands in for a call: global, arguments → value.
func (m *machine) reduce() error {
	items, err := m.popN(2)
	if err != nil {
		return err
	}
	args, ok := items[1].(tuple)
	if !ok {
		return fmt.Errorf("%w: expected arguments, found %s", ErrCorrupt, kind(items[1]))
	}
	v, err := reduced(items[0], args)
	if err != nil {
		return fmt.Errorf("%s: %w", kind(items[0]), err)
	}
	return m.push(v)
}

// reduced is the value of a call that is not made.
func reduced(what any, args tuple) (any, error) {
	switch called := what.(type) {
	case global:
		if called == rebuildSubclass {
			return rebuildOf(args)
		}
		if call := callables[called]; call != nil {
			return call(args)
		}
		return &inert{of: called}, nil
	case *inert:
		return &inert{of: called.of}, nil
	}
	return nil, fmt.Errorf("%w: expected a global to call", ErrCorrupt)
}

// newObject makes an instance of a class: of one that was compiled into the archive, or an inert one. It takes so many values.
func (m *machine) newObject(values int) error {
	items, err := m.popN(values)
	if err != nil {
		return err
	}
	g, ok := items[0].(global)
	switch {
	case !ok:
		return fmt.Errorf("%w: expected a class to make an object of, found %s", ErrCorrupt, kind(items[0]))
	case g.isClass():
		return m.push(&object{})
	}
	return m.push(&inert{of: g})
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
	case *dict, *inert, *rawTensor:
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
	if !ok1 || !ok2 || !ok3 || !ok4 || elements < 0 {
		return fmt.Errorf("%w: expected a storage's type, key, location and length", ErrCorrupt)
	}
	s := storage{kind: g, key: key, elements: elements}
	if g.module == "torch" {
		s.dtype = storageTypes[g.name]
	}
	return m.push(s)
}

// dictOf takes nothing, a factory of defaults, or the items as a list of pairs, as Python 2 wrote them.
func dictOf(args tuple) (any, error) {
	d := &dict{}
	for _, arg := range args {
		items, ok := arg.(*list)
		if !ok {
			continue
		}
		for _, item := range items.items {
			key, value, ok := pair(item)
			if !ok {
				return nil, fmt.Errorf("%w: expected pairs, found %s", ErrCorrupt, kind(item))
			}
			d.set(key, value)
		}
	}
	return d, nil
}

func pair(v any) (key, value any, ok bool) {
	items, _ := v.(tuple)
	if l, isList := v.(*list); isList {
		items = l.items
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
		return &inert{of: global{"torch.storage", "_rebuild_" + from.of.name}}, nil
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
var rebuildSubclass = global{"torch._tensor", "_rebuild_from_type_v2"}

func rebuildOf(args tuple) (any, error) {
	if len(args) >= 3 {
		if inner, ok := args[2].(tuple); ok && args[0] != any(rebuildSubclass) {
			return reduced(args[0], inner)
		}
	}
	return nil, fmt.Errorf("%w: expected a function, a class, arguments and a state", ErrCorrupt)
}

// isForeignTensor tells whether an inert value stands for a tensor, of a kind that is not read.
func (g global) isForeignTensor() bool {
	return strings.HasPrefix(g.name, "_rebuild_") && strings.HasPrefix(g.module, "torch.") ||
		strings.HasPrefix(g.module, "torch.distributed.") || strings.HasPrefix(g.module, "torchao.")
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
