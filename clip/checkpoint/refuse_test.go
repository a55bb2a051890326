package checkpoint

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/facet-clip/facet/internal/pickle"
)

// expectError checks that an error wraps a sentinel, names the file and says the words.
func expectError(t *testing.T, err, kind error, path string, words ...string) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Fatalf("expected %q, found: %v", kind, err)
	}
	for _, w := range append(words, path) {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("expected %q in: %v", w, err)
		}
	}
}

func TestRefusedFiles(t *testing.T) {
	tests := []struct {
		file  string
		kind  error
		words []string
	}{
		{"evil.pt", ErrUnsafe, []string{"never executes pickles", "system"}},
		{"whole-module.pt", ErrUnsupported, []string{"torch.nn.modules.linear.Linear", "state_dict()"}},
		{"legacy.pt", ErrUnsupported, []string{"before 1.6", "torch.save"}},
		{"big-endian.pt", ErrUnsupported, []string{"byte order", `"big"`}},
		{"compressed.pt", ErrUnsupported, []string{"visual.conv1.weight", "compressed"}},
		{"list.pt", ErrNotCheckpoint, []string{"a list"}},
		{"absent.pt", fs.ErrNotExist, nil},
		{".", ErrNotCheckpoint, []string{"found a folder"}},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			path := filepath.Join("testdata", tt.file)
			_, err := Open(path)
			expectError(t, err, tt.kind, path, tt.words...)
		})
	}
	if _, err := os.Stat("facet-was-here"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a pickle was executed")
	}
}

func TestRefusedContents(t *testing.T) {
	jit, err := os.ReadFile("testdata/jit.pt")
	if err != nil {
		t.Fatal(err)
	}
	safe, err := os.ReadFile("testdata/model.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	tar := make([]byte, 512)
	copy(tar[257:], "ustar")
	tests := []struct {
		name    string
		content []byte
		kind    error
		word    string
	}{
		{"empty", nil, ErrNotCheckpoint, "empty"},
		{"page", []byte("\n<!DOCTYPE html><title>404</title>"), ErrNotCheckpoint, "HTML page"},
		{"xml", []byte("<?xml version=\"1.0\"?><Error/>"), ErrNotCheckpoint, "XML"},
		{"lfs", []byte("version https://git-lfs.github.com/spec/v1\noid sha256:00\n"), ErrNotCheckpoint, "git-lfs"},
		{"tar", tar, ErrUnsupported, "before 1.6"},
		{"text", []byte("hello, this is no checkpoint"), ErrNotCheckpoint, "hello"},
		{"pickle", []byte("\x80\x02}."), ErrNotCheckpoint, "bare pickle"},
		{"jit half", jit[:len(jit)/2], ErrTruncated, "half download"},
		{"jit but a byte", jit[:len(jit)-1], ErrTruncated, ""},
		{"jit head", jit[:10], ErrTruncated, ""},
		{"jit without its start", jit[30:], ErrNotCheckpoint, ""},
		{"safetensors half", safe[:len(safe)-5], ErrTruncated, "half download"},
		{"safetensors header half", safe[:100], ErrTruncated, "half download"},
		{"safetensors and more", append(bytes.Clone(safe), 0), ErrCorrupt, "expected"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "model.pt")
			if err := os.WriteFile(path, tt.content, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Open(path)
			expectError(t, err, tt.kind, path, tt.word)
		})
	}
}

func safetensorsOf(header string, body int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, body)...)
}

func TestRefusedSafetensors(t *testing.T) {
	const a = `"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}`
	tests := []struct {
		name, header string
		body         int
		kind         error
		word         string
	}{
		{"no tensors", `{}`, 0, ErrNotCheckpoint, "no tensors"},
		{"duplicate tensor", `{` + a + `,` + a + `}`, 8, ErrCorrupt, `"a" appears twice`},
		{"duplicate key", `{"a":{"dtype":"F32","dtype":"F16","shape":[2],"data_offsets":[0,8]}}`, 8, ErrCorrupt, "twice"},
		{"overlap", `{` + a + `,"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, 8, ErrCorrupt, `"b"`},
		{"gap", `{` + a + `,"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}`, 16, ErrCorrupt, `"b"`},
		{"backwards", `{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}`, 8, ErrCorrupt, "backwards"},
		{"past the end", `{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 7, ErrTruncated, "expected 8 bytes"},
		{"shape too large", `{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}`, 8, ErrCorrupt, "[3]"},
		{"overflow", `{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}`, 0, ErrCorrupt, "4611686018427387904"},
		{"negative", `{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}`, 8, ErrCorrupt, "-2"},
		{"fraction", `{"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}}`, 8, ErrCorrupt, "2.5"},
		{"too many axes", `{"a":{"dtype":"F32","shape":[` + strings.Repeat("1,", maxRank) + `1],"data_offsets":[0,4]}}`, 4, ErrCorrupt, "at most"},
		{"number type", `{"a":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}`, 8, ErrUnsupported, "F8_E4M3"},
		{"no shape", `{"a":{"dtype":"F32","data_offsets":[0,8]}}`, 8, ErrCorrupt, "shape"},
		{"unknown key", `{"a":{"type":"F32","shape":[2],"data_offsets":[0,8]}}`, 8, ErrCorrupt, `"type"`},
		{"not JSON", `{"a":`, 0, ErrCorrupt, ""},
		{"trailing", `{` + a + `}{}`, 8, ErrCorrupt, "closing brace"},
		{"metadata", `{"__metadata__":{"a":1},` + a + `}`, 8, ErrCorrupt, "__metadata__"},
		{"name", `{"a\u001b[2J":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 8, ErrCorrupt, `\x1b`},
		{"deep", `{"a":` + strings.Repeat("[", 20000) + `}`, 8, ErrCorrupt, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := OpenBytes("model.safetensors", safetensorsOf(tt.header, tt.body))
			expectError(t, err, tt.kind, "model.safetensors", tt.word)
		})
	}
	claim := safetensorsOf("{}", 8)
	binary.LittleEndian.PutUint32(claim, 1<<31)
	_, err := OpenBytes("model.safetensors", claim)
	expectError(t, err, ErrCorrupt, "model.safetensors", "2147483648")
}

// entry is one of a zip archive.
type entry struct {
	name   string
	data   []byte
	method uint16
}

func zipOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		f, err := w.CreateHeader(&zip.FileHeader{Name: e.name, Method: e.method})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(e.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pickleInts(values ...int64) string {
	var b strings.Builder
	b.WriteByte('(')
	for _, v := range values {
		b.WriteString("\x8a\x08" + string(binary.LittleEndian.AppendUint64(nil, uint64(v))))
	}
	b.WriteByte('t')
	return b.String()
}

func pickleString(s string) string {
	return "X" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))) + s
}

// pickleTensor is the program of one float32 tensor.
func pickleTensor(key string, elements, offset int64, shape, strides []int64) string {
	number := func(n int64) string { return strings.Trim(pickleInts(n), "(t") }
	return "ctorch._utils\n_rebuild_tensor_v2\n((" + pickleString("storage") + "ctorch\nFloatStorage\n" + pickleString(key) +
		pickleString("cpu") + number(elements) + "tQ" + number(offset) + pickleInts(shape...) + pickleInts(strides...) +
		"\x89ccollections\nOrderedDict\n)RtR"
}

// archiveOf is an archive of a pickle and one storage of 6 float32.
func archiveOf(t testing.TB, program string) []byte {
	return zipOf(t, entry{"toy/data.pkl", []byte("\x80\x02" + program + "."), zip.Store}, entry{"toy/data/0", make([]byte, 24), zip.Store})
}

func TestRefusedTensors(t *testing.T) {
	const huge = 1 << 62
	tests := []struct {
		name             string
		key              string
		elements, offset int64
		shape, strides   []int64
		ok               bool
	}{
		{"whole", "0", 6, 0, []int64{2, 3}, []int64{3, 1}, true},
		{"transposed", "0", 6, 0, []int64{3, 2}, []int64{1, 3}, true},
		{"last", "0", 6, 5, nil, nil, true},
		{"empty at the end", "0", 6, 6, []int64{0}, []int64{1}, true},
		{"repeated in place", "0", 6, 0, []int64{3}, []int64{0}, true},
		{"no such storage", "1", 6, 0, []int64{6}, []int64{1}, false},
		{"storage elsewhere", "../data.pkl", 6, 0, []int64{6}, []int64{1}, false},
		{"storage too long", "0", 7, 0, []int64{6}, []int64{1}, false},
		{"storage huge", "0", huge, 0, []int64{6}, []int64{1}, false},
		{"offset past the end", "0", 6, 6, nil, nil, false},
		{"offset negative", "0", 6, -1, nil, nil, false},
		{"offset and shape", "0", 6, 1, []int64{6}, []int64{1}, false},
		{"stride too long", "0", 6, 0, []int64{2}, []int64{6}, false},
		{"stride negative", "0", 6, 5, []int64{2}, []int64{-1}, false},
		{"stride overflows", "0", 6, 0, []int64{5, 1}, []int64{huge, 1}, false},
		{"strides overflow together", "0", 6, 0, []int64{2, 2, 1}, []int64{1<<63 - 1, 3, 1}, false},
		{"expanded", "0", 6, 0, []int64{1 << 40}, []int64{0}, false},
		{"shape overflows", "0", 6, 0, []int64{1 << 32, 1 << 32}, []int64{0, 0}, false},
		{"shape negative", "0", 6, 0, []int64{-1}, []int64{1}, false},
		{"ranks differ", "0", 6, 0, []int64{6}, nil, false},
		{"too many axes", "0", 6, 0, make([]int64, maxRank+1), make([]int64, maxRank+1), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			program := "}(" + pickleString("w") + pickleTensor(tt.key, tt.elements, tt.offset, tt.shape, tt.strides) + "u"
			c, err := OpenBytes("toy.pt", archiveOf(t, program))
			if !tt.ok {
				expectError(t, err, ErrCorrupt, "toy.pt")
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			x, _ := c.Tensor("w")
			if _, err := c.Float32("w", x.Shape...); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRefusedPickles(t *testing.T) {
	deep := strings.Builder{} // modules 100 deep
	const class = "c__torch__\nM\n)\x81}("
	for range 100 {
		deep.WriteString(class + pickleString("m"))
	}
	deep.WriteString("N" + strings.Repeat("ub", 100))
	// Billion laughs: each of 40 modules holds the one before twice.
	laughs := class + pickleString("w") + "Nubq\x00"
	for range 40 {
		laughs += class + pickleString("a") + "h\x00" + pickleString("b") + "h\x00ubq\x00"
	}
	cycle := "c__torch__\nM\n)\x81q\x00}(" + pickleString("a") + "h\x00" + pickleString("b") + "h\x00ub"
	tests := []struct {
		name, program string
		kind          error
		word          string
	}{
		{"builtins", "cbuiltins\neval\n" + pickleString("1") + "\x85R", ErrUnsafe, "builtins.eval"},
		{"stack global", "\x8c\x02os\x8c\x06system\x93", ErrUnsafe, "os.system"},
		{"load from bytes", "ctorch.storage\n_load_from_bytes\n(C\x01.tR", ErrUnsupported, "_load_from_bytes"},
		{"like a class", "c__torch__evil\nM\n", ErrNotCheckpoint, "a global"},
		{"class called", "c__torch__\nM\n)R", ErrUnsupported, "__torch__.M"},
		{"eval", "cbuiltins\neval\n", ErrUnsafe, "builtins.eval"},
		{"by a dotted name", "\x8c\x05torch\x8c\x09os.system\x93", ErrUnsafe, "os.system"},
		{"within a package", "cimportlib._bootstrap\nimport_module\n", ErrUnsafe, "import_module"},
		{"Python 2", "c__builtin__\nexecfile\n", ErrUnsafe, "execfile"},
		{"a string called", "X\x01\x00\x00\x00a)R", ErrCorrupt, "a string"},
		{"a string made an object", "X\x01\x00\x00\x00a)\x81", ErrCorrupt, "a string"},
		{"instance", "(i__main__\nX\n", ErrUnsafe, "0x69"},
		{"text protocol", "I1\n", ErrUnsafe, "0x49"},
		{"mark missing", "t", ErrCorrupt, "mark"},
		{"stack empty", "0", ErrCorrupt, "empty"},
		{"nothing", "", ErrCorrupt, "stack"},
		{"through the mark", "N(\x85", ErrCorrupt, "stack"},
		{"memo", "h\x07", ErrCorrupt, "7"},
		{"long string", "X\xff\xff\xff\x7f", ErrCorrupt, "2147483647"},
		{"cut string", "X\x10\x00\x00\x00ab", ErrCorrupt, "middle"},
		{"extension", "\x82\x01", ErrUnsafe, "0x82"},
		{"a string of 2^63 bytes", "\x8d\x00\x00\x00\x00\x00\x00\x00\x80", ErrCorrupt, "9223372036854775808"},
		{"protocol", "\x80\x01N", ErrUnsupported, "protocol"},
		{"no line end", "cos", ErrCorrupt, "without end"},
		{"odd items", "}(Nu", ErrCorrupt, "pairs"},
		{"append to a dict", "}Na", ErrCorrupt, "a dict"},
		{"bad storage", "NQ", ErrCorrupt, "storage"},
		{"bad tensor", "ctorch._utils\n_rebuild_tensor_v2\n)R", ErrCorrupt, "arguments"},
		{"state of a number", "K\x01}b", ErrCorrupt, "a number"},
		{"state dict is a number", "}(" + pickleString("state_dict") + "K\x01u", ErrNotCheckpoint, "a number"},
		{"no tensors", class + "ub", ErrNotCheckpoint, "no tensors"},
		{"deep", deep.String(), ErrCorrupt, "deeper"},
		{"laughs", laughs, ErrCorrupt, "attributes"},
		{"cycle", cycle, ErrCorrupt, "deeper"},
		{"too many instructions", strings.Repeat("N", pickle.MaxOps), ErrCorrupt, "instructions"},
		{"duplicate tensor", "}(" + strings.Repeat(pickleString("w")+pickleTensor("0", 6, 0, []int64{6}, []int64{1}), 2) + "u", ErrCorrupt, "two tensors for w"},
		{"nameless tensor", "}(" + pickleString("") + pickleTensor("0", 6, 0, []int64{6}, []int64{1}) + "u", ErrCorrupt, "name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := OpenBytes("toy.pt", archiveOf(t, tt.program))
			expectError(t, err, tt.kind, "toy.pt", tt.word)
		})
	}
}

// Tensors that share a storage are fine, thousands that multiply a small file are not.
func TestRefusedSharing(t *testing.T) {
	var entries strings.Builder
	for i := range 400 {
		entries.WriteString(pickleString(fmt.Sprint("w", i)) + "h\x00")
	}
	tensor := pickleTensor("0", 1<<16, 0, []int64{1 << 16}, []int64{1})
	program := "\x80\x02" + tensor + "q\x00}(" + entries.String() + "u."
	_, err := OpenBytes("toy.pt", zipOf(t, entry{"toy/data.pkl", []byte(program), zip.Store}, entry{"toy/data/0", make([]byte, 1<<18), zip.Store}))
	expectError(t, err, ErrCorrupt, "toy.pt", "share")
}

func TestRefusedZips(t *testing.T) {
	program := []byte("\x80\x02}(" + pickleString("w") + pickleTensor("0", 6, 0, []int64{6}, []int64{1}) + "u.")
	pkl, numbers := entry{"toy/data.pkl", program, zip.Store}, entry{"toy/data/0", make([]byte, 24), zip.Store}
	overlap := zipOf(t, pkl, numbers, entry{"toy/data/1", make([]byte, 24), zip.Store})
	directory := bytes.Index(overlap, []byte("PK\x01\x02"))
	second := directory + 4 + bytes.Index(overlap[directory+4:], []byte("PK\x01\x02"))
	third := second + 4 + bytes.Index(overlap[second+4:], []byte("PK\x01\x02"))
	copy(overlap[third+42:third+46], overlap[second+42:second+46]) // offset of the local header
	outside := zipOf(t, pkl, numbers)
	second = bytes.LastIndex(outside, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(outside[second+20:], 1<<30) // stored size
	lie := zipOf(t, entry{"toy/data.pkl", make([]byte, 2*maxPickle), zip.Deflate}, numbers)
	bomb := bytes.Clone(lie)
	first := bytes.Index(lie, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(lie[first+24:], 100) // unpacked size
	locked := zipOf(t, pkl, numbers)
	locked[bytes.LastIndex(locked, []byte("PK\x01\x02"))+8] |= encrypted
	tests := []struct {
		name string
		data []byte
		kind error
		word string
	}{
		{"no pickle", zipOf(t, entry{"word/document.xml", nil, zip.Store}), ErrNotCheckpoint, "data.pkl"},
		{"pickle at the root", zipOf(t, entry{"data.pkl", program, zip.Store}), ErrNotCheckpoint, "data.pkl"},
		{"two pickles", zipOf(t, pkl, numbers, entry{"other/data.pkl", program, zip.Store}), ErrCorrupt, `"other" and "toy"`},
		{"duplicate entry", zipOf(t, pkl, numbers, numbers), ErrCorrupt, "twice"},
		{"overlap", overlap, ErrCorrupt, "overlap"},
		{"outside the file", outside, ErrCorrupt, "toy/data/0"},
		{"bomb", bomb, ErrCorrupt, "33554432"},
		{"bomb that lies", lie, ErrCorrupt, "data.pkl"},
		{"encrypted", locked, ErrUnsupported, "encrypted"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := OpenBytes("toy.pt", tt.data)
			expectError(t, err, tt.kind, "toy.pt", tt.word)
		})
	}
}

// A compressed data.pkl is read as long as the tensors are stored as they are.
func TestCompressedPickle(t *testing.T) {
	program := []byte("\x80\x02}(" + pickleString("w") + pickleTensor("0", 6, 0, []int64{6}, []int64{1}) + "u.")
	c, err := OpenBytes("toy.pt", zipOf(t, entry{"toy/data.pkl", program, zip.Deflate}, entry{"toy/data/0", make([]byte, 24), zip.Store}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Float32("w", 6); err != nil {
		t.Error(err)
	}
}
