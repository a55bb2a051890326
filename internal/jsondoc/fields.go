package main

import (
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"
)

// served is the folder of the API, whose types are described beside those of the answers.
const served = "web"

// Fields is web/fields.json of a repository: by package.Type the doc of the type, under the empty name, and of each of its JSON fields. The API describes
// itself by it, as no program holds its own comments.
func Fields(root string) ([]byte, error) {
	s := &source{root: root, packages: map[string]*pkg{}}
	for _, folder := range []string{answers, served} {
		if _, err := s.load(folder); err != nil {
			return nil, err
		}
	}
	docs, todo := map[string]map[string]string{}, []string{answers, served}
	for len(todo) > 0 {
		p := s.packages[todo[0]]
		todo = todo[1:]
		for _, n := range p.order {
			known := slices.Collect(maps.Keys(s.packages))
			fields := map[string]string{}
			if err := s.docs(n, fields); err != nil {
				return nil, err
			}
			if len(fields) > 0 {
				fields[""] = n.doc
				docs[path.Base(p.folder)+"."+n.name] = fields
			}
			for folder := range s.packages {
				if !slices.Contains(known, folder) {
					todo = append(todo, folder)
				}
			}
		}
	}
	data, err := json.MarshalIndent(docs, "", " ")
	return append(data, '\n'), err
}

// docs gathers those of a type's fields, with those of what it embeds.
func (s *source) docs(n *named, into map[string]string) error {
	for _, f := range n.fields() {
		t, err := s.find(n, core(f.expr))
		if err != nil {
			return err
		}
		switch {
		case f.name != "" && f.doc != "" && strings.ToLower(f.name[:1]) == f.name[:1]: // others are no fields of JSON
			into[f.name] = f.doc
		case f.name == "" && t != nil:
			if err := s.docs(t, into); err != nil {
				return err
			}
		}
	}
	return nil
}
