package npy

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRows: rows written one by one are the bytes of the same array written at once.
func TestRows(t *testing.T) {
	for _, n := range []int{0, 1, 9, 10, 12345} {
		data := make([]float32, 3*n)
		for i := range data {
			data[i] = float32(i) / 7
		}
		var want bytes.Buffer
		if err := Write(&want, data, n, 3); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "rows.npy")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		r, err := NewRows(f, 3)
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			if err := r.Add(data[3*i : 3*i+3]); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.Finish(); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.Bytes(), got); diff != "" {
			t.Errorf("%d rows: %s", n, diff)
		}
	}
}

// TestRowsOfAnyNumber: a header for the most rows that there can be takes as many bytes as one for none.
func TestRowsOfAnyNumber(t *testing.T) {
	sizes := map[int64]bool{}
	for _, n := range []int{0, 1 << 62} {
		f, err := os.Create(filepath.Join(t.TempDir(), "rows.npy"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		r, err := NewRows(f, 1024)
		if err != nil {
			t.Fatal(err)
		}
		r.count = n
		if err := r.Finish(); err != nil {
			t.Fatal(err)
		}
		info, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		sizes[info.Size()] = true
	}
	if len(sizes) != 1 {
		t.Errorf("headers of several sizes: %v", sizes)
	}
}

func TestRowsRefused(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "rows.npy"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := NewRows(f, 3)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Add(make([]float32, 4)); err == nil {
		t.Error("four numbers were taken for rows of three")
	}
}
