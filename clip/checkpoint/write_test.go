package checkpoint

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWriteSafetensors(t *testing.T) {
	tensors := []Data{
		{Name: "a.weight", DType: Float16, Shape: []int{2, 3}, Floats: []float32{0, -1.5, 65504, 6e-8, 1.0 / 3, -2}},
		{Name: "logit_scale", DType: Float32, Floats: []float32{4.6052}},
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
	if err := WriteSafetensors(&b, []Data{{Name: "short", DType: Float32, Shape: []int{2}, Floats: []float32{1}}}); err == nil {
		t.Error("a tensor that does not fill its shape: no error")
	}
}
