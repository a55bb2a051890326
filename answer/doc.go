// Package answer holds what facet answers: one type for each question, with its JSON names, and no logic. The command line's --json, the
// web API and Go programs share these types, and docs/reference/json.md is generated from their docs.
//
// A list is never null unless its doc says so. A field that is absent when it has nothing to say is marked omitempty.
package answer

//go:generate go run ../internal/jsondoc -root ..
