package facet

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/facet-clip/facet/"

// layers is the house of docs/architecture.md, top to bottom: a package imports only packages of lower layers.
var layers = [][]string{
	{"cmd/facet", "bench/encode", "bench/labels", "bench/drift", "bench/watch"},
	{"internal/cli"},
	{"demo", "textbank"},
	{"experiment", "naming"},
	{"atlas"},
	{"segment/benchmark"},
	{"drift/watch"},
	{"drift/profile", "drift/report", "drift/store", "drift/quality"},
	{"segment", "drift"},
	{"registry", "concept"},
	{"clip"},
	{"decompose"},
	{"clip/tokenizer", "clip/preprocess", "clip/checkpoint"},
	{"engine/ort", "engine/portable", "engine/enginetest"},
	{"engine"},
	{"graph"},
	{"dataset"},
	{"scenes", "plot"},
	{"npy"},
	{"half", "internal/foreign", "internal/pgtest", "internal/numeric", "internal/regular"},
}

// pure are the packages of mathematics: no files, no network, no engine, no format.
var pure = map[string]bool{"decompose": true, "concept": true, "segment": true, "drift": true}

var impure = []string{"os", "net/http", module + "engine", module + "clip/checkpoint", module + "npy"}

func TestImportsGoDown(t *testing.T) {
	level := map[string]int{}
	for i, l := range layers {
		for _, p := range l {
			level[p] = i
		}
	}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		pkg := path.Dir(filepath.ToSlash(file))
		mine, known := level[pkg]
		if !known && !strings.HasPrefix(pkg, "internal/golden") {
			t.Errorf("package %s stands on no layer", pkg)
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			imported := strings.Trim(spec.Path.Value, `"`)
			if pure[pkg] && slices.Contains(impure, imported) {
				t.Errorf("%s: package %s imports %s", file, pkg, imported)
			}
			if below, ours := strings.CutPrefix(imported, module); ours && level[below] <= mine && pkg != "internal/golden" {
				t.Errorf("%s: package %s imports %s, which is not below it", file, pkg, below)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
