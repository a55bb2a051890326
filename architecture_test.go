package facet

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/facet-clip/facet/"

// layers is the house of docs/architecture.md, top to bottom: a package imports only packages of lower layers.
var layers = [][]string{
	{".", "cmd/facet", "internal/demopairs", "internal/wordbank", "internal/standin", "internal/clidoc", "bench/encode", "bench/labels", "bench/drift", "bench/serve", "bench/watch", "bench/decode", "bench/attribution", "bench/flow", "bench/merge", "bench/names", "beam/cmd/facet-beam"},
	{"internal/cli", "beam/shards"},
	{"web", "internal/verbs"},
	{"internal/flags", "internal/show"},
	{"lab/editing", "lab/comparing", "lab/directions", "lab/tracing", "lab/labtest"},
	{"lab", "internal/jsondoc"},
	{"demo"},
	{"experiment", "experiment/attribution", "experiment/relatives", "experiment/tree", "naming", "compare", "compare/report"},
	{"experiment/judged"},
	{"atlas/remote"},
	{"atlas"},
	{"segment/benchmark", "dataset/known", "paper", "edit/record"},
	{"drift/watch", "drift/stream"},
	{"drift/metrics"},
	{"drift/profile", "drift/record", "drift/report", "drift/store", "drift/quality", "drift/gate"},
	{"segment", "drift", "drift/performance"},
	{"answer"},
	{"concept/bank"},
	{"concept", "edit", "clip/verify", "internal/randomclip"},
	{"clip"},
	{"decompose"},
	{"clip/registry"},
	{"clip/tokenizer", "clip/preprocess", "clip/checkpoint"},
	{"engine/ort", "engine/portable", "engine/enginetest"},
	{"engine"},
	{"engine/graph"},
	{"dataset"},
	{"dataset/codec"},
	{"dataset/codec/module"},
	{"scenes", "plot"},
	{"npy"},
	{"internal/bucket", "internal/journal", "dataset/mat", "internal/pickle"},
	{"internal/atomicfile", "internal/place", "internal/terminal"},
	{"half", "internal/filetest", "internal/foreign", "internal/numeric", "internal/pgtest", "internal/regular", "internal/s3test", "internal/serving", "textfile", "concept/words", "internal/torchrand", "clip/verify/photographs"},
}

// pure are the packages of mathematics: no files, no network, no engine, no format, neither themselves nor through what they import.
var pure = []string{"answer", "compare", "concept", "decompose", "drift", "drift/performance", "edit", "experiment", "experiment/attribution", "experiment/judged", "experiment/relatives", "experiment/tree", "segment"}

// impure is what they reach neither directly nor through other packages of facet. What the standard library and other modules import
// does not count.
var impure = []string{"net", "net/http", "os", "os/exec", module + "clip/checkpoint", module + "engine", module + "npy"}

// allowed are the imports, by file, that lead a pure package to impure ones all the same, and why.
var allowed = map[string]map[string]string{
	"segment/run.go":    {module + "clip": "a Runner asks a *clip.Model for the tokens of its windows; all other files of segment see only arrays"},
	"answer/model.go":   {module + "clip": "the type Config, whose JSON stands in answers"},
	"answer/inspect.go": {module + "clip": "the type Config, whose JSON stands in answers"},
}

// writers are the calls by which files come into being; of facet's packages only internal/atomicfile makes them.
var writers = []string{"Create", "CreateTemp", "Link", "MkdirTemp", "OpenFile", "Rename", "Symlink", "Truncate", "WriteFile"}

// TestOnlyAtomicfileWrites: files that appear half, links that are followed and locks that are removed have no other place to come from.
func TestOnlyAtomicfileWrites(t *testing.T) {
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		slash := filepath.ToSlash(file)
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") ||
			strings.HasPrefix(slash, "internal/atomicfile/") || strings.HasPrefix(slash, "internal/regular/") || strings.HasPrefix(slash, "internal/pgtest/") || strings.HasPrefix(slash, "internal/filetest/") || strings.HasPrefix(slash, "lab/labtest/") || strings.HasPrefix(slash, "bench/") {
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

// TestOnlyBucketOpensBuckets: credentials, retries and what an error says of a URL have one place.
func TestOnlyBucketOpensBuckets(t *testing.T) {
	for _, s := range sources(t) {
		for _, i := range s.imports {
			for _, cloud := range []string{"gocloud.dev/", "github.com/minio/", "github.com/Azure/", "cloud.google.com/", "github.com/aws/"} {
				if strings.HasPrefix(i, cloud) && s.pkg != "internal/bucket" {
					t.Errorf("%s imports %s: use internal/bucket", s.file, i)
				}
			}
		}
	}
}

// programs are the packages that own a process, and so its log.
var programs = []string{"cmd/", "internal/cli", "bench/", "beam/cmd/"}

// TestLibrariesAreGivenTheirLog: who uses a library says where its warnings go.
func TestLibrariesAreGivenTheirLog(t *testing.T) {
	for _, s := range sources(t) {
		if !slices.Contains(s.imports, "log/slog") || slices.ContainsFunc(programs, func(p string) bool { return strings.HasPrefix(s.pkg+"/", p) }) {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), s.file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if call, ok := n.(*ast.SelectorExpr); ok {
				if pkg, ok := call.X.(*ast.Ident); ok && pkg.Name == "slog" && slices.Contains([]string{"Debug", "Info", "Warn", "Error", "Log", "Default", "SetDefault"}, call.Sel.Name) {
					t.Errorf("%s: slog.%s: have a *slog.Logger injected", s.file, call.Sel.Name)
				}
			}
			return true
		})
	}
}

// source is what a file of facet imports.
type source struct {
	file, pkg string // with slashes, from the root
	imports   []string
}

// sources are all files but tests.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		s := source{file: filepath.ToSlash(file), pkg: path.Dir(filepath.ToSlash(file))}
		for _, spec := range f.Imports {
			s.imports = append(s.imports, strings.Trim(spec.Path.Value, `"`))
		}
		all = append(all, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestNoPackageIsMostOfIt: of all lines of Go, tests too and what is generated not, no package has more than 15 %.
func TestNoPackageIsMostOfIt(t *testing.T) {
	lines, all := map[string]int{}, 0
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		pkg := path.Dir(filepath.ToSlash(file))
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".go") || pkg == "dataset/codec/module" {
			return err
		}
		data, err := os.ReadFile(file)
		n := bytes.Count(data, []byte("\n"))
		lines[pkg], all = lines[pkg]+n, all+n
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg, n := range lines {
		if 100*n > 15*all {
			t.Errorf("%s has %d of %d lines, %.1f %%: take a room out of it", pkg, n, all, 100*float64(n)/float64(all))
		}
	}
}

func TestImportsGoDown(t *testing.T) {
	level := map[string]int{}
	for i, l := range layers {
		for _, p := range l {
			level[p] = i
		}
	}
	for _, s := range sources(t) {
		mine, known := level[s.pkg]
		if !known && !strings.HasPrefix(s.pkg, "internal/golden") {
			t.Errorf("package %s stands on no layer", s.pkg)
			continue
		}
		for _, imported := range s.imports {
			if below, ours := strings.CutPrefix(imported, module); ours && level[below] <= mine && s.pkg != "internal/golden" {
				t.Errorf("%s: package %s imports %s, which is not below it", s.file, s.pkg, below)
			}
		}
	}
}

// TestPureReachesNothing follows the imports of the pure packages through all packages of facet.
func TestPureReachesNothing(t *testing.T) {
	all := sources(t)
	for _, pkg := range pure {
		if !slices.ContainsFunc(all, func(s source) bool { return s.pkg == pkg }) {
			t.Errorf("there is no package %s", pkg)
		}
		for _, way := range ways(all, pkg, allowed) {
			t.Errorf("%s reaches %s: %s", pkg, way[len(way)-1], strings.Join(way, " → "))
		}
	}
	for file, imports := range allowed {
		for imported := range imports {
			if !slices.ContainsFunc(all, func(s source) bool { return s.file == file && slices.Contains(s.imports, imported) }) {
				t.Errorf("%s does not import %s any more: it needs no exception", file, imported)
			}
		}
	}
}

// ways are how a package reaches impure ones, one way to each package through which it does: its files, in the order of imports, then
// what is impure.
func ways(all []source, pkg string, allowed map[string]map[string]string) (found [][]string) {
	seen := map[string]bool{pkg: true}
	var follow func(pkg string, way []string)
	follow = func(pkg string, way []string) {
		for _, s := range all {
			if s.pkg != pkg {
				continue
			}
			here := append(slices.Clone(way), s.file)
			for _, imported := range s.imports {
				if _, ok := allowed[s.file][imported]; ok {
					continue
				}
				if slices.Contains(impure, imported) {
					found = append(found, append(slices.Clone(here), imported))
				} else if below, ours := strings.CutPrefix(imported, module); ours && !seen[below] {
					seen[below] = true
					follow(below, here)
				}
			}
		}
	}
	follow(pkg, nil)
	return found
}

// TestWays: an impure package is found behind two others and in a file beside a harmless one; an exception holds for its file alone.
func TestWays(t *testing.T) {
	all := []source{
		{"a/a.go", "a", []string{"fmt", module + "b"}},
		{"a/run.go", "a", []string{module + "d"}},
		{"b/b.go", "b", []string{module + "c"}},
		{"c/c.go", "c", []string{"math"}},
		{"c/file.go", "c", []string{"os"}},
		{"d/d.go", "d", []string{module + "engine", module + "b"}},
	}
	for _, c := range []struct {
		pkg     string
		allowed map[string]map[string]string
		want    []string
	}{
		{"a", nil, []string{"a/a.go b/b.go c/file.go os", "a/run.go d/d.go " + module + "engine"}},
		{"a", map[string]map[string]string{"a/run.go": {module + "d": ""}}, []string{"a/a.go b/b.go c/file.go os"}},
		{"a", map[string]map[string]string{"a/a.go": {module + "d": ""}}, []string{"a/a.go b/b.go c/file.go os", "a/run.go d/d.go " + module + "engine"}},
		{"a", map[string]map[string]string{"a/a.go": {module + "b": ""}}, []string{"a/run.go d/d.go " + module + "engine", "a/run.go d/d.go b/b.go c/file.go os"}},
		{"c", nil, []string{"c/file.go os"}},
		{"e", nil, nil},
	} {
		var got []string
		for _, way := range ways(all, c.pkg, c.allowed) {
			got = append(got, strings.Join(way, " "))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s with %v: got %q, want %q", c.pkg, c.allowed, got, c.want)
		}
	}
}

// flagLike is a flag of the command line within a text; what facet prints by such a flag is documentation.
var flagLike = regexp.MustCompile(`(?:^|[ (])--[a-z]`)

// TestLibrariesKnowNoFlags: what a flag can do about an error is said by internal/cli, which has the flags.
func TestLibrariesKnowNoFlags(t *testing.T) {
	stored := map[string]string{"lab/profile.go": `" --exif-rotate"`} // part of the format of profiles
	for _, s := range sources(t) {
		if slices.ContainsFunc(append([]string{"internal/flags", "internal/show", "internal/verbs", "scripts/", "training/", "internal/pgtest"}, programs...), func(p string) bool { return strings.HasPrefix(s.pkg+"/", p) }) {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), s.file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if ok && lit.Kind == token.STRING && flagLike.MatchString(lit.Value) && stored[s.file] != lit.Value && !strings.Contains(lit.Value, "facet ") && !strings.Contains(lit.Value, "prints with --json") {
				t.Errorf("%s: %.80s: a library names a flag", s.file, lit.Value)
			}
			return true
		})
	}
}

// TestFunctionsAreShort: none has more than 60 lines.
func TestFunctionsAreShort(t *testing.T) {
	for _, s := range sources(t) {
		if strings.HasPrefix(s.pkg, "dataset/codec/module") { // generated
			continue
		}
		files := token.NewFileSet()
		f, err := parser.ParseFile(files, s.file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := files.Position(fn.End()).Line - files.Position(fn.Pos()).Line + 1; n > 60 {
				t.Errorf("%s: %s has %d lines, expected at most 60", s.file, fn.Name.Name, n)
			}
		}
	}
}

// TestCommandLineIsThin: internal/cli holds no answer of its own, and stays small.
func TestCommandLineIsThin(t *testing.T) {
	lines := 0
	for _, s := range sources(t) {
		if s.pkg != "internal/cli" {
			continue
		}
		data, err := os.ReadFile(s.file)
		if err != nil {
			t.Fatal(err)
		}
		lines += bytes.Count(data, []byte("\n"))
		if bytes.Contains(data, []byte("`json:")) {
			t.Errorf("%s has a JSON tag: answers are types of package answer", s.file)
		}
	}
	if lines > 5000 {
		t.Errorf("internal/cli has %d lines without tests, expected at most 5000", lines)
	}
}
