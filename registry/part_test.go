package registry

import (
	"path/filepath"
	"testing"
)

func TestOpenPartTooLong(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.part")
	writeFile(t, path, content)
	p, err := openPart(t.Context(), path, 100)
	if err != nil {
		t.Fatal(err)
	}
	if p.size != 0 || len(read(t, path)) != 0 {
		t.Errorf("kept %d bytes of a part over the limit", p.size)
	}
	if err := p.close(); err != nil {
		t.Error(err)
	}
}
