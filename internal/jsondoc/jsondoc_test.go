package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPageIsCurrent: go generate ./answer has been run since an answer changed.
func TestPageIsCurrent(t *testing.T) {
	want, err := Page("../..")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../docs/reference/json.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("docs/reference/json.md is not what package answer says; run go generate ./answer: %s", diff)
	}
}

// TestFieldsAreCurrent: go generate ./answer has been run since an answer or a type of the API changed.
func TestFieldsAreCurrent(t *testing.T) {
	want, err := Fields("../..")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../web/fields.json")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("web/fields.json is not what the docs say; run go generate ./answer: %s", diff)
	}
}

// TestPythonIsCurrent: go generate ./answer has been run since an answer changed.
func TestPythonIsCurrent(t *testing.T) {
	want, err := Python("../..")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../" + pythonFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is not what package answer says; run go generate ./answer: %s", pythonFile, diff)
	}
}

// TestPage describes every form that a field can have.
func TestPage(t *testing.T) {
	root := t.TempDir()
	write(t, root, "answer/json.md", "# Head\n")
	write(t, root, "other/other.go", "package other\n\n// Part is a part.\ntype Part struct {\n\tX int `json:\"x\"` // X is a count.\n}\n")
	write(t, root, "answer/a.go", strings.ReplaceAll(`package answer

import (
	"time"

	"`+module+`other"
)

// A is the answer of facet a. It is small.
type A struct {
	Base
	// Name is the name.
	Name string 'json:"name"'
	// At is a time.
	At time.Time 'json:"at"'
	// P is a part.
	P *other.Part 'json:"p"'
	// Q are parts of parts.
	Q [][]float64 'json:"q,omitempty"'
	// Items are items.
	Items []Item 'json:"items"'
	Hidden int 'json:"-"'
	hidden int
}

// Base stands among the fields.
type Base struct {
	Count map[string]int 'json:"count"' // Count counts a|b.
}

// Item is an item.
type Item struct {
	// Grid is height and width.
	Grid [2]int 'json:"grid"'
	// One is the [Shared] part.
	One Shared 'json:"one"'
	Two *Shared 'json:"two,omitempty"' // Two is another.
}

// Shared has a section.
type Shared struct {
	Yes bool 'json:"yes"' // Yes says so.
}
`, "'", "`"))
	got, err := Page(root)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.ReplaceAll(`# Head

## 'facet a'

It is small.

| field | is | |
|---|---|---|
| 'count' | object of whole number by name | Count counts a\|b. |
| 'name' | text | The name. |
| 'at' | time (RFC 3339) | A time. |
| 'p' | object, or null | A part. |
| 'p.x' | whole number | A count. |
| 'q' | list of lists of numbers, or absent | Parts of parts. |
| 'items' | list of objects | Items. |
| 'items[].grid' | 2 whole numbers | Height and width. |
| 'items[].one' | [Shared](#shared) | The 'Shared' part. |
| 'items[].two' | [Shared](#shared), or absent | Another. |

# Parts of several answers

## Shared

Shared has a section.

| field | is | |
|---|---|---|
| 'yes' | true or false | It says so. |
`, "'", "`")
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

// TestPageWantsDocs: a field that nobody describes is an error that names it.
func TestPageWantsDocs(t *testing.T) {
	root := t.TempDir()
	write(t, root, "answer/json.md", "")
	write(t, root, "answer/a.go", "package answer\n\n// A is the answer of facet a.\ntype A struct {\n\tBare int `json:\"bare\"`\n}\n")
	if _, err := Page(root); err == nil || !strings.Contains(err.Error(), "bare") {
		t.Errorf("a field without a doc: %v", err)
	}
}

// TestPageWantsNamesOnce: a field that another one of the same name hides is an error that names it.
func TestPageWantsNamesOnce(t *testing.T) {
	root := t.TempDir()
	write(t, root, "answer/json.md", "")
	write(t, root, "answer/a.go", "package answer\n\n// A is the answer of facet a.\ntype A struct {\n\t// Says is a share.\n\tSays float64 `json:\"says\"`\n\tNames\n}\n\n"+
		"// Names are words.\ntype Names struct {\n\t// Says is a word.\n\tSays string `json:\"says\"`\n}\n")
	if _, err := Page(root); err == nil || !strings.Contains(err.Error(), "says") {
		t.Errorf("two fields of one name: %v", err)
	}
}

func write(t *testing.T, root, name, text string) {
	t.Helper()
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
