package checkpoint

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/facet-clip/facet/internal/foreign"
	"github.com/facet-clip/facet/internal/numeric"
)

// maxHeader is the format's own limit on its JSON header.
const maxHeader = 100_000_000

var safetensorsTypes = map[string]DType{
	"F16": Float16, "BF16": BFloat16, "F32": Float32, "F64": Float64, "I64": Int64, "I32": Int32,
	"I16": Int16, "I8": Int8, "U8": Uint8, "BOOL": Bool,
}

// extent is where a tensor's bytes lie, counted from the end of the header.
type extent struct{ begin, end int }

// readSafetensors reads the header: 8 bytes of length N, N bytes of JSON, then the tensors without gaps.
func readSafetensors(data []byte) ([]*view, error) {
	n := binary.LittleEndian.Uint64(data)
	switch {
	case n > maxHeader:
		return nil, fmt.Errorf("%w: safetensors header: expected at most %d bytes, found a claim of %d", ErrCorrupt, maxHeader, n)
	case n > uint64(len(data)-8):
		return nil, fmt.Errorf("%w: safetensors header: expected %d bytes, found %d (a half download?)", ErrTruncated, n, len(data)-8)
	}
	r := &headerReader{dec: json.NewDecoder(bytes.NewReader(data[8 : 8+n])), body: data[8+n:], seen: map[string]bool{}}
	r.dec.UseNumber()
	if err := r.header(); err != nil {
		return nil, fmt.Errorf("safetensors header: %w", err)
	}
	if err := r.coverage(); err != nil {
		return nil, err
	}
	for i, v := range r.views {
		v.storage = r.body[r.extents[i].begin:r.extents[i].end]
	}
	return r.views, nil
}

// headerReader walks the JSON token by token, because duplicate keys must not pass.
type headerReader struct {
	dec     *json.Decoder
	body    []byte
	seen    map[string]bool
	views   []*view
	extents []extent
}

func (r *headerReader) header() error {
	if err := r.delim('{'); err != nil {
		return err
	}
	for r.dec.More() {
		name, err := r.key(r.seen)
		if err != nil {
			return err
		}
		if name == "__metadata__" {
			err = r.metadata()
		} else {
			err = r.tensor(name)
		}
		if err != nil {
			return err
		}
	}
	if err := r.delim('}'); err != nil {
		return err
	}
	if _, err := r.dec.Token(); err != io.EOF {
		return fmt.Errorf("%w: something follows the closing brace", ErrCorrupt)
	}
	return nil
}

func (r *headerReader) token() (json.Token, error) {
	t, err := r.dec.Token()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return t, nil
}

func (r *headerReader) delim(want json.Delim) error {
	t, err := r.token()
	if err == nil && t != want {
		err = fmt.Errorf("%w: expected %s, found %v", ErrCorrupt, want, foreign.Quote(fmt.Sprint(t)))
	}
	return err
}

func (r *headerReader) key(seen map[string]bool) (string, error) {
	t, err := r.token()
	if err != nil {
		return "", err
	}
	key, _ := t.(string) // the decoder lets nothing else pass as a key
	if seen[key] {
		return "", fmt.Errorf("%w: key %s appears twice", ErrCorrupt, foreign.Quote(key))
	}
	seen[key] = true
	return key, nil
}

// metadata skips a map of strings.
func (r *headerReader) metadata() error {
	var m map[string]string
	if err := r.dec.Decode(&m); err != nil {
		return fmt.Errorf("%w: __metadata__: %w", ErrCorrupt, err)
	}
	return nil
}

func (r *headerReader) tensor(name string) error {
	v, e, err := r.entry(name)
	if err != nil {
		return fmt.Errorf("tensor %s: %w", foreign.Quote(name), err)
	}
	if len(r.views) >= maxTensors {
		return fmt.Errorf("%w: expected at most %d tensors", ErrCorrupt, maxTensors)
	}
	r.views, r.extents = append(r.views, v), append(r.extents, e)
	return nil
}

// entry reads {"dtype": …, "shape": […], "data_offsets": [begin, end]}.
func (r *headerReader) entry(name string) (*view, extent, error) {
	dtype, shape, e, err := r.fields()
	if err != nil {
		return nil, extent{}, err
	}
	d, ok := safetensorsTypes[dtype]
	if !ok {
		return nil, extent{}, fmt.Errorf("%w: expected a number type among F16, BF16, F32, F64, I8 to I64, U8, BOOL, found %s",
			ErrUnsupported, foreign.Quote(dtype))
	}
	v := &view{Tensor: Tensor{Source: name, DType: d, Shape: shape}}
	if err := r.place(v, e); err != nil {
		return nil, extent{}, err
	}
	v.strides = rowMajor(shape) // only now is the shape known to be of this world
	return v, e, nil
}

func (r *headerReader) fields() (dtype string, shape []int, e extent, err error) {
	if err := r.delim('{'); err != nil {
		return "", nil, extent{}, err
	}
	var offsets []int
	seen := map[string]bool{}
	for r.dec.More() {
		key, err := r.key(seen)
		if err != nil {
			return "", nil, extent{}, err
		}
		switch key {
		case "dtype":
			err = r.dec.Decode(&dtype)
		case "shape":
			shape, err = r.ints(maxRank)
		case "data_offsets":
			offsets, err = r.ints(2)
		default:
			err = errors.New("unknown key")
		}
		if err != nil {
			return "", nil, extent{}, fmt.Errorf("%w: %s: %w", ErrCorrupt, foreign.Quote(key), err)
		}
	}
	if !seen["dtype"] || !seen["shape"] || len(offsets) != 2 {
		return "", nil, extent{}, fmt.Errorf("%w: expected dtype, shape and two data_offsets", ErrCorrupt)
	}
	return dtype, shape, extent{offsets[0], offsets[1]}, r.delim('}')
}

// ints reads a list of at most most whole numbers.
func (r *headerReader) ints(most int) ([]int, error) {
	if err := r.delim('['); err != nil {
		return nil, err
	}
	list := []int{}
	for r.dec.More() {
		if len(list) == most {
			return nil, fmt.Errorf("expected at most %d numbers", most)
		}
		t, err := r.token()
		if err != nil {
			return nil, err
		}
		number, ok := t.(json.Number)
		if !ok {
			return nil, fmt.Errorf("expected a number, found %s", foreign.Quote(fmt.Sprint(t)))
		}
		n, err := number.Int64()
		if err != nil || n < 0 || int64(int(n)) != n {
			return nil, fmt.Errorf("expected a whole number, found %s", foreign.Quote(number.String()))
		}
		list = append(list, int(n))
	}
	return list, r.delim(']')
}

// place checks a tensor's bytes against the file and against its shape.
func (r *headerReader) place(v *view, e extent) error {
	want, ok := product(append([]int{v.DType.Size()}, v.Shape...)...)
	switch {
	case e.begin > e.end:
		return fmt.Errorf("%w: data_offsets [%d,%d] run backwards", ErrCorrupt, e.begin, e.end)
	case !ok || want != e.end-e.begin:
		return fmt.Errorf("%w: shape %s of %s does not fill the %d bytes of data_offsets [%d,%d]",
			ErrCorrupt, formatShape(v.Shape), v.DType, e.end-e.begin, e.begin, e.end)
	case e.end > len(r.body):
		return fmt.Errorf("%w: expected %d bytes of tensors, found %d (a half download?)", ErrTruncated, e.end, len(r.body))
	}
	return nil
}

// coverage checks that the tensors fill the rest of the file, neither overlapping nor leaving gaps.
func (r *headerReader) coverage() error {
	order := numeric.Indices(len(r.extents))
	slices.SortFunc(order, func(a, b int) int {
		x, y := r.extents[a], r.extents[b]
		if x.begin != y.begin {
			return x.begin - y.begin
		}
		return x.end - y.end
	})
	at := 0
	for _, i := range order {
		if e := r.extents[i]; e.begin != at {
			return fmt.Errorf("%w: tensor %s: expected its bytes to start at %d, where the one before ends, found %d",
				ErrCorrupt, foreign.Quote(r.views[i].Source), at, e.begin)
		}
		at = r.extents[i].end
	}
	if at != len(r.body) {
		return fmt.Errorf("%w: expected %d bytes of tensors, found %d", ErrCorrupt, at, len(r.body))
	}
	return nil
}
