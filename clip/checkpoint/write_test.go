package checkpoint

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWriteSafetensors(t *testing.T) {
	tensors := []Data{
		{"a.weight", Float16, []int{2, 3}, []float32{0, -1.5, 65504, 6e-8, 1.0 / 3, -2}},
		{"logit_scale", Float32, nil, []float32{4.6052}},
	}
	var b bytes.Buffer
	if err := WriteSafetensors(&b, tensors); err != nil {
		t.Fatal(err)
	}
	ck, err := OpenBytes("memory", b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	defer ck.Close()
	a, err := ck.Float32("a.weight", 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]float32{0, -1.5, 65504, 1.0 / (1 << 24), 0.33325195, -2}, a); diff != "" {
		t.Error(diff)
	}
	if s, err := ck.Float32("logit_scale"); err != nil || s[0] != 4.6052 {
		t.Errorf("logit_scale: %v, %v", s, err)
	}
	if err := WriteSafetensors(&b, []Data{{"short", Float32, []int{2}, []float32{1}}}); err == nil {
		t.Error("a tensor that does not fill its shape: no error")
	}
}
