package facet

import (
	"go/ast"
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
	{"cmd/facet", "bench/encode", "bench/labels", "bench/drift", "bench/watch", "bench/decode"},
	{"internal/cli"},
	{"lab", "internal/jsondoc"},
	{"demo"},
	{"experiment", "experiment/attribution", "naming"},
	{"atlas"},
	{"segment/benchmark"},
	{"drift/watch"},
	{"drift/profile", "drift/record", "drift/report", "drift/store", "drift/quality"},
	{"answer"},
	{"segment", "drift"},
	{"concept/bank"},
	{"concept", "internal/randomclip"},
	{"clip"},
	{"decompose"},
	{"clip/tokenizer", "clip/preprocess", "clip/checkpoint", "clip/registry"},
	{"engine/ort", "engine/portable", "engine/enginetest"},
	{"engine"},
	{"engine/graph"},
	{"dataset"},
	{"dataset/codec"},
	{"dataset/codec/module"},
	{"scenes", "plot"},
	{"npy"},
	{"internal/atomicfile", "internal/place"},
	{"half", "internal/foreign", "internal/numeric", "internal/pgtest", "internal/regular", "textfile"},
}

// pure are the packages of mathematics: no files, no network, no engine, no format.
var pure = map[string]bool{"decompose": true, "experiment/attribution": true, "concept": true, "segment": true, "drift": true}

var impure = []string{"os", "net/http", module + "engine", module + "clip/checkpoint", module + "npy"}

// writers are the calls by which files come into being; of facet's packages only internal/atomicfile makes them.
var writers = []string{"Create", "CreateTemp", "Link", "MkdirTemp", "OpenFile", "Rename", "Symlink", "Truncate", "WriteFile"}

// TestOnlyAtomicfileWrites: files that appear half, links that are followed and locks that are removed have no other place to come from.
func TestOnlyAtomicfileWrites(t *testing.T) {
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		slash := filepath.ToSlash(file)
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") ||
			strings.HasPrefix(slash, "internal/atomicfile/") || strings.HasPrefix(slash, "internal/regular/") || strings.HasPrefix(slash, "internal/pgtest/") || strings.HasPrefix(slash, "bench/") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			if spec.Path.Value == `"github.com/gofrs/flock"` {
				t.Errorf("%s takes a lock of its own: use internal/atomicfile", file)
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if call, ok := n.(*ast.SelectorExpr); ok {
				if pkg, ok := call.X.(*ast.Ident); ok && (pkg.Name == "os" || pkg.Name == "regular") && slices.Contains(writers, call.Sel.Name) {
					t.Errorf("%s: %s.%s: use internal/atomicfile", file, pkg.Name, call.Sel.Name)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

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
