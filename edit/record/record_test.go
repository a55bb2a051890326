package record_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/edit/record"
)

// TestRecord: a record is read as it was written, where it belongs, and only for the file that it is of.
func TestRecord(t *testing.T) {
	weights := filepath.Join(t.TempDir(), "edited.safetensors")
	if err := os.WriteFile(weights, []byte("weights"), 0o600); err != nil {
		t.Fatal(err)
	}
	want := answer.EditRecord{Format: record.Format, File: "edited.safetensors", SHA256: "00", Bytes: 7, Steps: []answer.EditStep{{Rule: "a rule"}}}
	at := record.Of(weights, clip.Safetensors)
	if at != record.Beside(weights) {
		t.Errorf("written to %s, looked for at %s", at, record.Beside(weights))
	}
	if err := record.Write(at, want); err != nil {
		t.Fatal(err)
	}
	got, ok, err := record.For(weights)
	if err != nil || !ok {
		t.Fatalf("%v, %v", ok, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err := os.WriteFile(weights, []byte("other weights"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := record.For(weights); ok || err != nil {
		t.Errorf("a record of another file is taken: %v", err)
	}
	if _, err := record.Read(filepath.Join(t.TempDir(), "edit.json")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no record: %v", err)
	}
}

// FuzzRead: what is no record is told by its path.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"format": 1, "steps": [{"pairs": [], "erasures": []}]}`))
	f.Add([]byte(`{"format": 2}`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "edit.json")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := record.Read(path)
		if err != nil && !strings.Contains(err.Error(), path) {
			t.Errorf("%v does not name the file", err)
		}
		if err == nil && len(r.Steps) == 0 {
			t.Error("a record without steps is taken")
		}
	})
}
