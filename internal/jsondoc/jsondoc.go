package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/facet-clip/facet/internal/regular"
)

// answers is the folder of the types.
const answers = "answer"

// whole is how the doc of a type begins that is all of an answer.
var whole = regexp.MustCompile(`^\w+ is the answer of (facet [a-z -]+?|GET [a-z/{}]+)(?: and (facet [a-z ]+))?[.:]`)

// page is docs/reference/json.md in the making.
type page struct {
	*source
	out    bytes.Buffer
	told   map[string]bool // fields of the section
	shared map[*named]bool // types with a section of their own: more than one field has them
}

// Page is docs/reference/json.md of a repository. A field without a doc is an error.
func Page(root string) ([]byte, error) {
	head, err := regular.ReadFile(filepath.Join(root, answers, "json.md"), mostSource)
	if err != nil {
		return nil, err
	}
	p := &page{source: &source{root: root, packages: map[string]*pkg{}}, shared: map[*named]bool{}}
	all, err := p.load(answers)
	if err != nil {
		return nil, err
	}
	if err := p.count(all); err != nil {
		return nil, err
	}
	p.out.Write(head)
	for _, n := range all.order {
		if m := whole.FindStringSubmatch(n.doc); m != nil {
			title := "`" + m[1] + "`"
			if m[2] != "" {
				title += ", `" + m[2] + "`"
			}
			if err := p.section(title, n); err != nil {
				return nil, err
			}
		}
	}
	fmt.Fprint(&p.out, "\n# Parts of several answers\n")
	for _, n := range p.parts(all) {
		if err := p.section(n.name, n); err != nil {
			return nil, err
		}
	}
	return p.out.Bytes(), nil
}

// parts are the types with sections of their own: those of package answer in order, then those of others.
func (p *page) parts(all *pkg) (list []*named) {
	for _, n := range all.order {
		if p.shared[n] {
			list = append(list, n)
		}
	}
	for _, folder := range []string{"clip", "concept", "decompose", "segment"} {
		if other := p.packages[folder]; other != nil {
			for _, n := range other.order {
				if p.shared[n] {
					list = append(list, n)
				}
			}
		}
	}
	return list
}

// count finds the types that more than one field has.
func (p *page) count(all *pkg) error {
	uses, seen := map[*named]int{}, map[*named]bool{}
	var visit func(n *named) error
	visit = func(n *named) error {
		if seen[n] {
			return nil
		}
		seen[n] = true
		for _, f := range n.fields() {
			t, err := p.find(n, core(f.expr))
			if err != nil {
				return err
			}
			if t == nil || t.fields() == nil {
				continue
			}
			if f.name != "" {
				uses[t]++
				p.shared[t] = uses[t] > 1
			}
			if err := visit(t); err != nil {
				return err
			}
		}
		return nil
	}
	for _, n := range all.order {
		if whole.MatchString(n.doc) {
			if err := visit(n); err != nil {
				return err
			}
		}
	}
	return nil
}

// section is a type with its fields.
func (p *page) section(title string, n *named) error {
	doc := whole.ReplaceAllString(n.doc, "")
	fmt.Fprintf(&p.out, "\n## %s\n\n", title)
	if doc = strings.TrimSpace(doc); doc != "" {
		fmt.Fprintf(&p.out, "%s\n\n", doc)
	}
	fmt.Fprint(&p.out, "| field | is | |\n|---|---|---|\n")
	p.told = map[string]bool{}
	return p.rows("", n)
}

// rows are the fields of a struct, and those of structs in it that have no section.
func (p *page) rows(before string, n *named) error {
	for _, f := range n.fields() {
		t, err := p.find(n, core(f.expr))
		if err != nil {
			return err
		}
		if f.name == "" { // embedded
			if t == nil {
				return fmt.Errorf("%s.%s: an embedded field of an unknown type", n.pkg.folder, n.name)
			}
			if err := p.rows(before, t); err != nil {
				return err
			}
			continue
		}
		if f.doc == "" {
			return fmt.Errorf("%s.%s: field %s has no doc", n.pkg.folder, n.name, f.name)
		}
		is, err := p.kind(n, f.expr)
		if err != nil {
			return err
		}
		if f.omitEmpty {
			is += ", or absent"
		} else if _, pointer := f.expr.(*ast.StarExpr); pointer {
			is += ", or null"
		}
		if p.told[before+f.name] { // encoding/json prints the outer one, and says nothing
			return fmt.Errorf("%s.%s: two fields are called %s%s, so one is never printed", n.pkg.folder, n.name, before, f.name)
		}
		p.told[before+f.name] = true
		fmt.Fprintf(&p.out, "| `%s%s` | %s | %s |\n", before, f.name, is, cell(f.doc))
		if t == nil || p.shared[t] || t.fields() == nil {
			continue
		}
		if err := p.rows(before+f.name+brackets(f.expr)+".", t); err != nil {
			return err
		}
	}
	return nil
}

// cell is a doc as a cell of a table: links of Go's are code, and a bar is escaped.
func cell(doc string) string {
	doc = regexp.MustCompile(`\[([A-Z][\w.]*)\]`).ReplaceAllString(doc, "`$1`")
	return strings.ReplaceAll(doc, "|", `\|`)
}

// core is what lists, pointers and maps are of.
func core(e ast.Expr) ast.Expr {
	switch t := e.(type) {
	case *ast.StarExpr:
		return core(t.X)
	case *ast.ArrayType:
		return core(t.Elt)
	case *ast.MapType:
		return core(t.Value)
	}
	return e
}

// brackets follow the name of a list, once for each level.
func brackets(e ast.Expr) string {
	switch t := e.(type) {
	case *ast.StarExpr:
		return brackets(t.X)
	case *ast.ArrayType:
		return "[]" + brackets(t.Elt)
	case *ast.MapType:
		return "{}" + brackets(t.Value)
	}
	return ""
}

// basic are Go's types in words: of one, and of several.
var basic = map[string][2]string{
	"string": {"text", "texts"}, "bool": {"true or false", "true or false"},
	"int": {"whole number", "whole numbers"}, "int8": {"whole number", "whole numbers"}, "int32": {"whole number", "whole numbers"},
	"int64": {"whole number", "whole numbers"}, "uint64": {"whole number", "whole numbers"}, "uint32": {"whole number", "whole numbers"},
	"float64": {"number", "numbers"}, "float32": {"number", "numbers"}, "any": {"value", "values"},
}

// kind says in words what a field is.
func (p *page) kind(n *named, e ast.Expr) (string, error) {
	switch t := e.(type) {
	case *ast.StarExpr:
		return p.kind(n, t.X)
	case *ast.ArrayType:
		return p.several(n, t)
	case *ast.MapType:
		of, err := p.kind(n, t.Value)
		return "object of " + of + " by name", err
	}
	return p.one(n, e, 0)
}

// several says what a list holds.
func (p *page) several(n *named, t *ast.ArrayType) (string, error) {
	prefix := "list of "
	if length, fixed := t.Len.(*ast.BasicLit); fixed {
		prefix = length.Value + " "
	}
	if _, nested := t.Elt.(*ast.ArrayType); nested {
		of, err := p.kind(n, t.Elt)
		return prefix + strings.Replace(of, "list", "lists", 1), err
	}
	if id, ok := t.Elt.(*ast.Ident); ok && id.Name == "byte" && t.Len == nil {
		return "bytes as base64", nil
	}
	of, err := p.one(n, core(t.Elt), 1)
	return prefix + of, err
}

// one is a type in words, in singular or plural.
func (p *page) one(n *named, e ast.Expr, number int) (string, error) {
	if id, ok := e.(*ast.Ident); ok && n.pkg.types[id.Name] == nil {
		if words, ok := basic[id.Name]; ok {
			return words[number], nil
		}
		return "", fmt.Errorf("%s.%s: type %s is not known", n.pkg.folder, n.name, id.Name)
	}
	if s, ok := e.(*ast.SelectorExpr); ok {
		if name := s.X.(*ast.Ident).Name + "." + s.Sel.Name; name == "time.Time" {
			return []string{"time (RFC 3339)", "times (RFC 3339)"}[number], nil
		}
	}
	t, err := p.find(n, e)
	switch {
	case err != nil:
		return "", err
	case t == nil:
		return []string{"object", "objects"}[number], nil
	case t.fields() == nil: // another name of a simple type, or of a list
		return p.kind(t, t.expr)
	case p.shared[t]:
		return fmt.Sprintf("[%s](#%s)", t.name, strings.ToLower(t.name)), nil
	}
	return []string{"object", "objects"}[number], nil
}
