package facet

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTextsAreReadInOnePlace: lines and tables that people bring go through package textfile, which knows byte-order marks, line ends and other encodings.
func TestTextsAreReadInOnePlace(t *testing.T) {
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") || strings.HasPrefix(filepath.ToSlash(file), "bench/") {
			return err
		}
		source, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if bytes.Contains(source, []byte("bufio.NewScanner(")) {
			t.Errorf("%s splits lines itself: expected textfile.Lines", file)
		}
		if bytes.Contains(source, []byte("csv.NewReader(")) && !bytes.Contains(source, []byte("textfile.NewReader(")) {
			t.Errorf("%s reads a table as it is: expected textfile.NewReader below csv.NewReader", file)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
