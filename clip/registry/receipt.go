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
	Path     string    `json:"path"` // of the checkpoint, wherever it lies
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

// sumOf is the sum of the file at path, if it is the one that was read; else it is empty.
func (r receipt) sumOf(path string) string {
	if r.SHA256 == "" || r.Path != absolute(path) {
		return ""
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() != r.Bytes || !info.ModTime().Equal(r.Modified) {
		return ""
	}
	return r.SHA256
}

// Checked is the SHA-256 with which a model's file was found right when it was pulled or first used; empty when it was not, or changed since.
func (m Machine) Checked(model Model, path string) string {
	return readReceipt(m.Cache, model).sumOf(path)
}

// remember writes a receipt. A cache that cannot be written to is no fault: the file is read again next time.
func (m Machine) remember(model Model, path, sum string) {
	info, err := os.Stat(path)
	if err != nil || m.Cache == "" {
		return
	}
	r := receipt{Version: receiptVersion, Path: absolute(path), SHA256: sum, Bytes: info.Size(), Modified: info.ModTime()}
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
