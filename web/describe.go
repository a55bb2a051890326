package web

import (
	_ "embed"
	"encoding/json"
	"path"

	"github.com/danielgtaylor/huma/v2"
)

// fields are the docs of types and their fields, by package.Type: go generate ./answer writes them.
//
//go:embed fields.json
var fields []byte

// describe puts the docs of types and fields into the description of the API.
func describe(api *huma.OpenAPI) {
	docs := map[string]map[string]string{}
	if err := json.Unmarshal(fields, &docs); err != nil { // it is part of the program
		panic(err)
	}
	registry := api.Components.Schemas
	for name, schema := range registry.Map() {
		t := registry.TypeFromRef("#/components/schemas/" + name)
		if t == nil {
			continue
		}
		of := docs[path.Base(t.PkgPath())+"."+t.Name()]
		if schema.Description == "" {
			schema.Description = of[""]
		}
		for field, p := range schema.Properties {
			if p.Description == "" {
				p.Description = of[field]
			}
		}
	}
}
