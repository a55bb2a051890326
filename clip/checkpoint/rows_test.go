package checkpoint

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRows takes rows of tables that lie in the file row after row, and column after column.
func TestRows(t *testing.T) {
	for name, strides := range map[string][]int{"rows": {2, 1}, "columns": {1, 3}} {
		ck := &Checkpoint{path: "table", tensors: map[string]*view{"w": {
			Tensor:  Tensor{Name: "w", DType: Uint8, Shape: []int{3, 2}},
			storage: []byte{0, 1, 2, 3, 4, 5}, strides: strides,
		}}}
		whole, err := ck.Float32("w", 3, 2)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ck.Float32Rows("w", []int64{2, 0, 2}, 3, 2)
		if err != nil {
			t.Fatal(err)
		}
		want := append(append(append([]float32{}, whole[4:6]...), whole[:2]...), whole[4:6]...)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
		for _, row := range []int64{-1, 3, 1 << 62} {
			if _, err := ck.Float32Rows("w", []int64{0, row}, 3, 2); err == nil || !strings.Contains(err.Error(), "expected 0 to 2") {
				t.Errorf("row %d: %v", row, err)
			}
		}
		if _, err := ck.Float32Rows("w", nil, 2, 2); err == nil {
			t.Error("another shape is taken")
		}
	}
}
