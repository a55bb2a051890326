package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"path"
	"slices"
	"strings"
)

const pythonHead = `"""The answers of facet as dataclasses. Generated from package answer by "go generate ./answer": do not edit.

A field that facet may leave out is None then, or an empty list or dict. A field whose name is a word of Python ends with an underscore here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
`

// keywords are the names of JSON fields that Python does not allow.
var keywords = []string{"and", "as", "class", "del", "else", "for", "from", "if", "import", "in", "is", "lambda", "not", "or", "pass", "with"}

// python writes the types of the answers in Python.
type python struct {
	*source
	out   bytes.Buffer
	names map[*named]string // the classes that are written
	taken map[string]*named
	todo  []*named
}

// Python is the Python module of a repository's answers: a class for each type, and which class each verb answers with.
func Python(root string) ([]byte, error) {
	p := &python{source: &source{root: root, packages: map[string]*pkg{}}, names: map[*named]string{}, taken: map[string]*named{}}
	all, err := p.load(answers)
	if err != nil {
		return nil, err
	}
	p.out.WriteString(pythonHead)
	var verbs []string
	for _, n := range all.order {
		m := whole.FindStringSubmatch(n.doc)
		if m == nil {
			continue
		}
		for _, verb := range m[1:] {
			if verb, ours := strings.CutPrefix(verb, "facet "); ours {
				verbs = append(verbs, fmt.Sprintf("    %q: %s,\n", verb, p.class(n)))
			}
		}
	}
	for len(p.todo) > 0 {
		n := p.todo[0]
		p.todo = p.todo[1:]
		if err := p.write(n); err != nil {
			return nil, err
		}
	}
	slices.Sort(verbs)
	fmt.Fprintf(&p.out, "\n\n#: By verb, the class of what it prints with --json.\nANSWERS: dict[str, type] = {\n%s}\n", strings.Join(verbs, ""))
	return p.out.Bytes(), nil
}

// class is the name of a type's class, which is written in its turn. Where two packages have a type of one name, the second is named after its package too.
func (p *python) class(n *named) string {
	if name, ok := p.names[n]; ok {
		return name
	}
	name := n.name
	if p.taken[name] != nil {
		folder := path.Base(n.pkg.folder)
		name = strings.ToUpper(folder[:1]) + folder[1:] + name
	}
	p.names[n], p.taken[name] = name, n
	p.todo = append(p.todo, n)
	return name
}

func (p *python) write(n *named) error {
	fmt.Fprintf(&p.out, "\n\n@dataclass(kw_only=True)\nclass %s:\n    %s\n\n", p.names[n], docstring(n.doc))
	seen := map[string]bool{}
	for _, f := range n.fields() { // they come before those of what is embedded
		seen[f.name] = true
	}
	return p.fields(n, seen, true)
}

// fields writes those of a struct, with those of what it embeds, unless they are hidden by a field of the struct around.
func (p *python) fields(n *named, seen map[string]bool, own bool) error {
	for _, f := range n.fields() {
		if f.name != "" && !own && seen[f.name] {
			continue
		}
		seen[f.name] = true
		if f.name == "" {
			t, err := p.find(n, core(f.expr))
			if err != nil || t == nil {
				return fmt.Errorf("%s.%s: an embedded field of an unknown type: %w", n.pkg.folder, n.name, err)
			}
			if err := p.fields(t, seen, false); err != nil {
				return err
			}
			continue
		}
		kind, err := p.hint(n, f.expr)
		if err != nil {
			return err
		}
		if f.doc != "" {
			fmt.Fprintf(&p.out, "    #: %s\n", f.doc)
		}
		fmt.Fprintf(&p.out, "    %s\n", declaration(f, kind))
	}
	return nil
}

// declaration is a field with its type and what it is where facet leaves it out.
func declaration(f field, kind string) string {
	name := f.name
	if slices.Contains(keywords, name) {
		name += "_"
	}
	switch {
	case !f.omitEmpty:
		return fmt.Sprintf("%s: %s", name, kind)
	case strings.HasPrefix(kind, "list["):
		return fmt.Sprintf("%s: %s = field(default_factory=list)", name, kind)
	case strings.HasPrefix(kind, "dict["):
		return fmt.Sprintf("%s: %s = field(default_factory=dict)", name, kind)
	}
	return fmt.Sprintf("%s: %s | None = None", name, strings.TrimSuffix(kind, " | None"))
}

// docstring is a comment of Go as one of Python.
func docstring(doc string) string {
	doc = strings.ReplaceAll(strings.ReplaceAll(doc, `\`, `\\`), `"""`, `\"\"\"`)
	if strings.HasSuffix(doc, `"`) {
		doc += " "
	}
	return `"""` + doc + `"""`
}

// simple are Go's types in Python.
var simple = map[string]string{
	"string": "str", "bool": "bool", "any": "Any", "int": "int", "int8": "int", "int16": "int", "int32": "int", "int64": "int",
	"uint8": "int", "uint16": "int", "uint32": "int", "uint64": "int", "float32": "float", "float64": "float",
}

// hint is a type in Python.
func (p *python) hint(n *named, e ast.Expr) (string, error) {
	switch t := e.(type) {
	case *ast.StarExpr:
		of, err := p.hint(n, t.X)
		return of + " | None", err
	case *ast.ArrayType:
		if id, ok := t.Elt.(*ast.Ident); ok && id.Name == "byte" && t.Len == nil {
			return "str", nil // base64
		}
		of, err := p.hint(n, t.Elt)
		return "list[" + of + "]", err
	case *ast.MapType:
		of, err := p.hint(n, t.Value)
		return "dict[str, " + of + "]", err
	case *ast.Ident:
		if n.pkg.types[t.Name] != nil {
			break
		}
		if kind, ok := simple[t.Name]; ok {
			return kind, nil
		}
		return "", fmt.Errorf("%s.%s: type %s is not known", n.pkg.folder, n.name, t.Name)
	case *ast.SelectorExpr:
		if t.X.(*ast.Ident).Name == "time" && t.Sel.Name == "Time" {
			return "str", nil // RFC 3339
		}
	}
	t, err := p.find(n, e)
	switch {
	case err != nil:
		return "", err
	case t == nil:
		return "Any", nil
	case t.pkg.folder == answers && t.name == "Number": // null where it is not defined
		return "float | None", nil
	case t.fields() == nil:
		return p.hint(t, t.expr)
	}
	return p.class(t), nil
}
