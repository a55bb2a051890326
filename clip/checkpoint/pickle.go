package checkpoint

import (
	"github.com/facet-clip/facet/internal/pickle"
)

// A checkpoint's pickle builds plain data, and what is more is one of these: *object, storage, *rawTensor. An inert value stands for what no tensor
// needs, such as a device, a date or a NumPy scalar.
type (
	tuple  = pickle.Tuple
	list   = pickle.List
	dict   = pickle.Dict
	global = pickle.Global
	inert  = pickle.Object
	// object is an instance of a TorchScript class: attributes and no behaviour.
	object struct{ attributes *dict }
)

// maxPickleString is the most bytes of one string.
const maxPickleString = 1 << 20

// kind names the type of a value in a message.
func kind(v any) string {
	switch v.(type) {
	case *object:
		return "a module"
	case storage:
		return "a storage"
	case *rawTensor:
		return "a tensor"
	}
	return pickle.Kind(v)
}

// parsePickle returns the value that a pickle describes.
func parsePickle(in []byte) (any, error) {
	return pickle.Read(in, pickle.Rules{
		Name: "data.pkl", Corrupt: ErrCorrupt, Unsupported: ErrUnsupported, Unsafe: ErrUnsafe, MaxString: maxPickleString,
		Reduce: reduced, New: newObject, Build: build, Persistent: persistent, Kind: kind,
	})
}
