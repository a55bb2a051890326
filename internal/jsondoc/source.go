package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/facet-clip/facet/internal/regular"
)

// module is the path that imports of ours begin with.
const module = "github.com/facet-clip/facet/"

// mostSource bounds a file, in bytes.
const mostSource = 1 << 20

// source finds the types of packages by name, in the source below a root.
type source struct {
	root     string
	packages map[string]*pkg // by folder, relative to the root
}

// pkg is the types of one package.
type pkg struct {
	folder string
	types  map[string]*named
	order  []*named // as they stand, file by file
}

// named is a type with its doc and the imports of its file.
type named struct {
	pkg     *pkg
	name    string
	doc     string
	expr    ast.Expr
	imports map[string]string // the folder of a package of ours, by what the file calls it
}

// load parses a package once.
func (s *source) load(folder string) (*pkg, error) {
	if p := s.packages[folder]; p != nil {
		return p, nil
	}
	files, err := regular.Match(filepath.Join(s.root, folder), "*.go")
	if err != nil {
		return nil, err
	}
	p := &pkg{folder: folder, types: map[string]*named{}}
	s.packages[folder] = p
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		data, err := regular.ReadFile(file, mostSource)
		if err != nil {
			return nil, err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, data, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		p.add(parsed)
	}
	if len(p.order) == 0 {
		return nil, fmt.Errorf("%s: no type", folder)
	}
	return p, nil
}

// add takes up the types of a file.
func (p *pkg) add(file *ast.File) {
	imports := map[string]string{}
	for _, spec := range file.Imports {
		at, ours := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), module)
		if !ours {
			continue
		}
		name := filepath.Base(at)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		imports[name] = at
	}
	for _, d := range file.Decls {
		group, ok := d.(*ast.GenDecl)
		if !ok || group.Tok != token.TYPE {
			continue
		}
		for _, spec := range group.Specs {
			t := spec.(*ast.TypeSpec)
			doc := t.Doc.Text()
			if doc == "" {
				doc = group.Doc.Text()
			}
			n := &named{pkg: p, name: t.Name.Name, doc: oneLine(doc), expr: t.Type, imports: imports}
			p.types[n.name] = n
			p.order = append(p.order, n)
		}
	}
}

// oneLine is a comment as one paragraph.
func oneLine(doc string) string { return strings.Join(strings.Fields(doc), " ") }

// find is the type that an expression in n's file names; nil where it is a type of Go or of another module.
func (s *source) find(n *named, e ast.Expr) (*named, error) {
	switch e := e.(type) {
	case *ast.Ident:
		return n.pkg.types[e.Name], nil
	case *ast.SelectorExpr:
		folder, ours := n.imports[e.X.(*ast.Ident).Name]
		if !ours {
			return nil, nil
		}
		p, err := s.load(folder)
		if err != nil {
			return nil, err
		}
		if p.types[e.Sel.Name] == nil {
			return nil, fmt.Errorf("%s: no type %s", folder, e.Sel.Name)
		}
		return p.types[e.Sel.Name], nil
	}
	return nil, nil
}

// withoutName is the doc of a field without its name in Go: "Path is the checkpoint's." is "The checkpoint's."
func withoutName(name, doc string) string {
	for _, verb := range []string{" is ", " are ", " tells ", " says "} {
		if rest, ok := strings.CutPrefix(doc, name+verb); ok {
			if verb == " tells " || verb == " says " {
				rest = "It" + verb + rest
			}
			first, size := utf8.DecodeRuneInString(rest)
			return string(unicode.ToUpper(first)) + rest[size:]
		}
	}
	return doc
}

// field is a field of a struct as JSON has it.
type field struct {
	name      string // empty: its fields stand among those around it
	omitEmpty bool
	doc       string
	expr      ast.Expr
}

// fields are those of a struct that JSON has, in order.
func (n *named) fields() (list []field) {
	st, ok := n.expr.(*ast.StructType)
	if !ok {
		return nil
	}
	for _, f := range st.Fields.List {
		doc := f.Doc.Text()
		if doc == "" {
			doc = f.Comment.Text()
		}
		one := field{doc: oneLine(doc), expr: f.Type}
		if len(f.Names) > 0 {
			one.doc = withoutName(f.Names[0].Name, one.doc)
		}
		tag := ""
		if f.Tag != nil {
			quoted, _ := strconv.Unquote(f.Tag.Value)
			tag = reflect.StructTag(quoted).Get("json")
		}
		parts := strings.Split(tag, ",")
		one.name, one.omitEmpty = parts[0], slices.Contains(parts[1:], "omitempty") || slices.Contains(parts[1:], "omitzero")
		switch {
		case one.name == "-", len(f.Names) > 0 && !f.Names[0].IsExported():
			continue
		case one.name == "" && len(f.Names) > 0:
			one.name = f.Names[0].Name
		}
		list = append(list, one)
	}
	return list
}
