package registry

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/facet-clip/facet/internal/atomicfile"
	"github.com/facet-clip/facet/internal/regular"
)

const (
	receiptFile    = "checked.json"
	maxReceipt     = 1 << 16
	receiptVersion = 1
)

// receipt remembers, in the model's folder of facet's cache, that a checkpoint was read and what its sum is.
type receipt struct {
	Version  int       `json:"version"`
	Path     string    `json:"path"` // of the checkpoint: its name when it lies beside the receipt, so that a cache can be moved
	SHA256   string    `json:"sha256"`
	Bytes    int64     `json:"bytes"`
	Modified time.Time `json:"modified"`
}

// readReceipt gives an empty one where there is none, or none that can be used.
func readReceipt(cache string, model Model) receipt {
	if cache == "" {
		return receipt{}
	}
	data, err := regular.ReadFile(model.hubPath(cache, receiptFile), maxReceipt)
	var r receipt
	if err != nil || json.Unmarshal(data, &r) != nil || r.Version != receiptVersion || !isSHA256(r.SHA256) {
		return receipt{}
	}
	return r
}

// sumOf is the sum of the file at path, if it is the one that was read; else it is empty. A file of facet's own cache may have been copied
// since: its sum is what it must have. A file elsewhere may have been changed: its sum counts as long as size and date stay.
func (r receipt) sumOf(cache string, model Model, path string) string {
	if r.Path == "" || r.Path != receiptPath(cache, model, path) {
		return ""
	}
	info, err := os.Stat(path)
	if err != nil || filepath.IsAbs(r.Path) && (info.Size() != r.Bytes || !info.ModTime().Equal(r.Modified)) {
		return ""
	}
	return r.SHA256
}

// receiptPath is how a receipt names a file.
func receiptPath(cache string, model Model, path string) string {
	if folder, name := filepath.Split(path); filepath.Clean(folder) == filepath.Join(cache, model.folder()) {
		return name
	}
	return absolute(path)
}

// Checked is the SHA-256 with which a model's file was found right when it was pulled or first used; empty when it was not, or when a file of
// another program changed since.
func (m Machine) Checked(model Model, path string) string {
	return readReceipt(m.Cache, model).sumOf(m.Cache, model, path)
}

// remember writes a receipt. A cache that cannot be written to is no fault: the file is read again next time.
func (m Machine) remember(model Model, path, sum string) {
	info, err := os.Stat(path)
	if err != nil || m.Cache == "" {
		return
	}
	r := receipt{Version: receiptVersion, Path: receiptPath(m.Cache, model, path), SHA256: sum, Bytes: info.Size(), Modified: info.ModTime()}
	target := model.hubPath(m.Cache, receiptFile)
	if os.MkdirAll(filepath.Dir(target), 0o755) == nil {
		_ = atomicfile.Write(target, func(w io.Writer) error { return json.NewEncoder(w).Encode(r) })
	}
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}
