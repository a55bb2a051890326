package checkpoint

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// wantTaken is [want] with which set of weights is taken.
type wantTaken struct {
	want
	Weights string   `json:"weights"`
	Others  []string `json:"others"`
}

// What trainers leave: make_training.py wrote the files, and what PyTorch reads in them.
func TestOpenReadsWhatTrainersWrote(t *testing.T) {
	b, err := os.ReadFile("testdata/training/expected.json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]wantTaken
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	if len(all) < 25 {
		t.Fatalf("expected.json: %d files", len(all))
	}
	for file, expected := range all {
		t.Run(file, func(t *testing.T) {
			c := open(t, filepath.Join("testdata", "training", file))
			if diff := cmp.Diff(expected.want, read(t, c)); diff != "" {
				t.Errorf("-PyTorch +facet\n%s", diff)
			}
			taken, others := c.Weights()
			if taken != expected.Weights || !slices.Equal(others, expected.Others) {
				t.Errorf("taken %q, not %q; expected %q, not %q", taken, others, expected.Weights, expected.Others)
			}
		})
	}
}

func TestRefusedTraining(t *testing.T) {
	tests := []struct {
		file  string
		kind  error
		words []string
	}{
		{"whole.pt", ErrUnsupported, []string{"Toy", "state_dict()"}},
		{"whole-under-model.pt", ErrUnsupported, []string{"Toy", `"model"`, "state_dict()"}},
		{"arrays.pt", ErrUnsupported, []string{"numpy", "logit_scale"}},
		{"sparse.pt", ErrUnsupported, []string{"visual.bn1.weight", "_rebuild_sparse_tensor"}},
		{"quantised.pt", ErrUnsupported, []string{"visual.bn1.weight", "_rebuild_qtensor"}},
		{"float8.pt", ErrUnsupported, []string{"visual.bn1.weight", "float8_e4m3fn"}},
		{"complex.pt", ErrUnsupported, []string{"visual.bn1.weight", "ComplexFloatStorage"}},
		{"model-00001-of-00002.safetensors", ErrUnsupported, []string{"shard 1 of 2", ".index.json"}},
		{"pytorch_model-00002-of-00002.bin", ErrUnsupported, []string{"shard 2 of 2", ".index.json"}},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			path := filepath.Join("testdata", "training", tt.file)
			_, err := Open(path)
			expectError(t, err, tt.kind, path, tt.words...)
		})
	}
}

// Names of one state dict, and which of them is the model's first convolution.
func TestNamesWithinWrappers(t *testing.T) {
	const tower = "visual.conv1.weight"
	tests := []struct {
		names  []string
		source string // of tower; empty: none
		others []string
	}{
		{[]string{"module.module._orig_mod.visual.conv1.weight"}, "module.module._orig_mod.visual.conv1.weight", nil},
		{[]string{"_forward_module.model._orig_mod.clip.visual.conv1.weight", "loss.weight"}, "_forward_module.model._orig_mod.clip.visual.conv1.weight", nil},
		{[]string{"_fsdp_wrapped_module.visual._checkpoint_wrapped_module.conv1.weight"}, "_fsdp_wrapped_module.visual._checkpoint_wrapped_module.conv1.weight", nil},
		{[]string{"ema.visual.conv1.weight", "student.visual.conv1.weight"}, "student.visual.conv1.weight", []string{"ema.*"}},
		{[]string{"model.visual.conv1.weight", "visual.conv1.weight"}, "visual.conv1.weight", []string{"model.*"}},
		{[]string{"model_ema.visual.conv1.weight"}, "model_ema.visual.conv1.weight", nil},
		{[]string{"model.visual.trunk.stem.conv1.conv.weight"}, "model.visual.trunk.stem.conv1.conv.weight", nil},
		{[]string{"module.stem.conv1.conv.weight", "module.head.pos_embed"}, "module.stem.conv1.conv.weight", nil},
		{[]string{"cinema.visual.conv1.weight", "xvisual.conv1.weight"}, "cinema.visual.conv1.weight", nil},
		{[]string{"module", "module.module"}, "", nil},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.names, " "), func(t *testing.T) {
			var entries []string
			for _, name := range tt.names {
				entries = append(entries, `"`+name+`":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`)
			}
			c, err := OpenBytes("model", safetensorsOf("{"+strings.Join(entries, ",")+"}", 0))
			if err != nil {
				t.Fatal(err)
			}
			x, _ := c.Tensor(tower)
			if _, others := c.Weights(); x.Source != tt.source || !slices.Equal(others, tt.others) {
				t.Errorf("%q stands for %s, others %q; expected %q, %q", x.Source, tower, others, tt.source, tt.others)
			}
		})
	}
}

const oneShard = `{"weight_map":{"a":"model-00001-of-00001.safetensors"}}`

func TestRefusedIndex(t *testing.T) {
	shard := safetensorsOf(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 8)
	tests := []struct {
		name, index string
		shard       []byte
		kind        error
		word        string
	}{
		{"no map", `{"metadata":{}}`, shard, ErrNotCheckpoint, "weight_map"},
		{"other JSON", `{"model_type":"clip"}`, shard, ErrNotCheckpoint, "weight_map"},
		{"half", oneShard[:20], shard, ErrCorrupt, ""},
		{"more", oneShard + "{}", shard, ErrCorrupt, "closing brace"},
		{"duplicate", `{"weight_map":{"a":"x","a":"y"}}`, shard, ErrCorrupt, "twice"},
		{"two maps", `{"weight_map":{"a":"x"},"weight_map":{}}`, shard, ErrCorrupt, "twice"},
		{"number", `{"weight_map":{"a":1}}`, shard, ErrCorrupt, `"a"`},
		{"elsewhere", `{"weight_map":{"a":"../../etc/passwd"}}`, shard, ErrCorrupt, "beside"},
		{"absolute", `{"weight_map":{"a":"/etc/passwd"}}`, shard, ErrCorrupt, "beside"},
		{"parent", `{"weight_map":{"a":".."}}`, shard, ErrCorrupt, "beside"},
		{"itself", `{"weight_map":{"a":"i.index.json"}}`, shard, ErrCorrupt, "within an index"},
		{"no such shard", `{"weight_map":{"a":"none.safetensors"}}`, shard, os.ErrNotExist, "none.safetensors"},
		{"missing tensor", `{"weight_map":{"a":"model-00001-of-00001.safetensors","b":"model-00001-of-00001.safetensors"}}`, shard, ErrCorrupt, `"b"`},
		{"unknown tensor", `{"weight_map":{"b":"model-00001-of-00001.safetensors"}}`, shard, ErrCorrupt, `"a"`},
		{"damaged shard", oneShard, shard[:len(shard)-1], ErrTruncated, "model-00001-of-00001.safetensors"},
		{"no shard", oneShard, []byte("<html>"), ErrNotCheckpoint, "HTML"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "i.index.json")
			for file, data := range map[string][]byte{path: []byte(tt.index), filepath.Join(dir, "model-00001-of-00001.safetensors"): tt.shard} {
				if err := os.WriteFile(file, data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			_, err := Open(path)
			expectError(t, err, tt.kind, path, tt.word)
		})
	}
	if _, err := OpenBytes("memory", []byte(oneShard)); err == nil || !strings.Contains(err.Error(), "not a file") {
		t.Errorf("an index in memory: %v", err)
	}
}

// A byte-order mark is skipped, one shard of one is a checkpoint, and the digest is that of all files.
func TestShards(t *testing.T) {
	dir := t.TempDir()
	path, shard := filepath.Join(dir, "i.index.json"), filepath.Join(dir, "model-00001-of-00001.safetensors")
	write := func(last byte) string {
		data := safetensorsOf(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1)
		data[len(data)-1] = last
		for file, data := range map[string][]byte{path: []byte("\xef\xbb\xbf\n" + oneShard), shard: data} {
			if err := os.WriteFile(file, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		c := open(t, path)
		if a, err := c.Float32("a", 1); err != nil || a[0] != float32(last) {
			t.Fatalf("%v, %v", a, err)
		}
		sum, err := c.SHA256(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	if write(1) == write(2) {
		t.Error("the digest does not cover the shard")
	}
	open(t, shard)
}

// What was refused before, because a NumPy scalar lies beside the weights or because they lie one level deeper.
func TestOpenReadsWhatWasRefused(t *testing.T) {
	for _, file := range []string{"numpy.pt", "nested.pt"} {
		if err := open(t, filepath.Join("testdata", file)).Check("visual.conv1.weight", 2, 3); err != nil {
			t.Error(err)
		}
	}
}
