package pickle_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/internal/pickle"
)

var errCorrupt, errUnsupported, errUnsafe = errors.New("corrupt"), errors.New("unsupported"), errors.New("unsafe")

var rules = pickle.Rules{Name: "x", Corrupt: errCorrupt, Unsupported: errUnsupported, Unsafe: errUnsafe, MaxString: 1 << 10, Bytes: true}

// The arrays np.arange(6, dtype=np.uint8).reshape(2, 3) + 200, as Python 2 and as Python 3 write it with protocol 2.
const (
	python2 = "\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01K\x02K\x03\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R" +
		"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x06\xc8\xc9\xca\xcb\xcc\xcdtb."
	python3 = "\x80\x02cnumpy._core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85c_codecs\nencode\nX\x01\x00\x00\x00bX\x06\x00\x00\x00latin1\x86R\x87R(K\x01K\x02K\x03\x86" +
		"cnumpy\ndtype\nX\x02\x00\x00\x00u1\x89\x88\x87R(K\x03X\x01\x00\x00\x00|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89" +
		"c_codecs\nencode\nX\x0c\x00\x00\x00ÈÉÊËÌÍX\x06\x00\x00\x00latin1\x86Rtb."
)

func TestArrays(t *testing.T) {
	for name, data := range map[string]string{"Python 2": python2, "Python 3": python3} {
		v, err := pickle.Read([]byte(data), rules)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		a, ok := pickle.ArrayOf(v)
		want := pickle.Array{Shape: []int64{2, 3}, Type: "u1", Data: []byte{200, 201, 202, 203, 204, 205}}
		if diff := cmp.Diff(want, a); !ok || diff != "" {
			t.Errorf("%s: %v %s", name, ok, diff)
		}
	}
}

// TestRefuses: nothing is called, and what only an attack needs is refused by name.
func TestRefuses(t *testing.T) {
	for data, want := range map[string]error{
		"\x80\x02cos\nsystem\nU\x02ls\x85R.": errUnsafe, "\x80\x02cbuiltins\neval\nU\x011\x85R.": errUnsafe, "\x80\x01N.": errUnsupported, "\x80\x02Q": errCorrupt,
		"\x80\x02NQ.": errUnsupported, "\x80\x02U\xff": errCorrupt, "\x80\x02T\x00\x00\x00\x7f": errCorrupt, "": errCorrupt, "\x80\x02NNR.": errCorrupt, "\x80\x02Nb.": errCorrupt,
		"\x80\x02h\x07.": errCorrupt, "\x80\x02P": errUnsafe,
	} {
		if v, err := pickle.Read([]byte(data), rules); !errors.Is(err, want) {
			t.Errorf("%q: %v, %v, expected %v", data, v, err, want)
		}
	}
	strict := rules
	strict.Bytes = false
	if _, err := pickle.Read([]byte("\x80\x02U\x01\xff."), strict); !errors.Is(err, errCorrupt) {
		t.Errorf("bytes for a text: %v", err)
	}
	if v, err := pickle.Read([]byte("\x80\x02U\x01\xff."), rules); err != nil || !bytes.Equal(v.([]byte), []byte{255}) {
		t.Errorf("bytes: %v, %v", v, err)
	}
	for _, v := range []any{nil, &pickle.Object{}, &pickle.Object{Of: pickle.Global{Module: "numpy.core.multiarray", Name: "_reconstruct"}, State: pickle.Tuple{1, nil, nil, nil, nil}}} {
		if a, ok := pickle.ArrayOf(v); ok {
			t.Errorf("%v is %v", v, a)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(python2))
	f.Add([]byte(python3))
	f.Add([]byte("\x80\x02}(U\x04dataN]q\x01(K\x01K\x02eh\x01u."))
	f.Add([]byte(strings.Repeat("(", 100)))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := pickle.Read(data, rules)
		if err != nil {
			return
		}
		pickle.ArrayOf(v)
		if d, ok := pickle.AsDict(v); ok && len(d.Keys) != len(d.Values) {
			t.Fatalf("%d keys, %d values", len(d.Keys), len(d.Values))
		}
	})
}
