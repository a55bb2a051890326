package facet

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// openers open whatever a path names, and wait where it is a pipe; globs take a name that exists for a pattern. Each is given with what
// stands in its place.
var openers = map[string]string{
	"os.Open": "regular.Open", "os.OpenFile": "regular.OpenFile", "os.Create": "regular.Create", "os.ReadFile": "regular.ReadFile",
	"os.WriteFile": "a temporary file that is renamed", "os.OpenInRoot": "regular.Open", "zip.OpenReader": "regular.Open", "syscall.Open": "regular.Open",
	"syscall.Mmap": "regular.Open", "filepath.Glob": "regular.Glob or regular.Match", "fs.Glob": "regular.Match", "os.Stdin": "a command's own input",
	"filepath.WalkDir": "dataset.Walk", "filepath.Walk": "dataset.Walk", "fs.WalkDir": "dataset.Walk",
}

// mayOpen are the files that may, and why.
var mayOpen = map[string]string{
	"internal/regular/regular.go": "is what stands in their place",
	"internal/regular/stream.go":  "opens pipes that a shell passed on",
	"internal/pgtest/pgtest.go":   "looks for a database server in tests",
	"internal/golden/golden.go":   "reads what tests compare with",
	"internal/cli/root.go":        "hands standard input to the verbs",
}

// TestOnlyRegularFilesAreOpened: a bare opener anywhere in the program is a place where a pipe hangs it.
func TestOnlyRegularFilesAreOpened(t *testing.T) {
	seen := map[string]bool{}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		file = filepath.ToSlash(file)
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") || strings.HasPrefix(file, "bench/") {
			return err
		}
		for _, found := range openersIn(t, file) {
			seen[file] = true
			if mayOpen[file] == "" {
				t.Errorf("%s uses %s: use %s", file, found, openers[found])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for file := range mayOpen {
		if !seen[file] {
			t.Errorf("%s opens nothing any more: take it off the list", file)
		}
	}
}

// openersIn are the openers that a file names, whatever name it imports their packages by.
func openersIn(t *testing.T, file string) (found []string) {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	packages := map[string]string{}
	for _, spec := range f.Imports {
		path := strings.Trim(spec.Path.Value, `"`)
		name := path[strings.LastIndex(path, "/")+1:]
		packages[name] = name
		if spec.Name != nil {
			packages[spec.Name.Name] = name
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok {
				if name := packages[x.Name] + "." + s.Sel.Name; openers[name] != "" && !slices.Contains(found, name) {
					found = append(found, name)
				}
			}
		}
		return true
	})
	return found
}
