package known

import (
	"bytes"
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/internal/foreign"
	"github.com/facet-clip/facet/internal/regular"
)

// protocolFiles are the names and templates of published protocols: NAME.txt has a class a line, its key, a tab and its name, and
// NAME-templates.txt a prompt a line.
//
//go:embed protocol/*.txt
var protocolFiles embed.FS

// The sources of names and templates.
const (
	fromPrompts  = "github.com/openai/CLIP data/prompts.md"
	fromNotebook = "github.com/openai/CLIP notebooks/Prompt_Engineering_for_ImageNet.ipynb"
	fromFolders  = "the names of the folders; facet's own templates"
	fromWorld    = "the demo world"

	// Given is the source of names that were given in place of the data set's.
	Given = "given"
)

// protocol is an empty set with the classes and templates of a published protocol.
func protocol(name, words string) (*Set, error) {
	set := &Set{Words: words}
	data, err := protocolFiles.ReadFile("protocol/" + name + ".txt")
	if err != nil {
		return nil, err
	}
	all, err := concept.ReadLines(name+".txt", bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	for _, line := range all {
		key, text, ok := strings.Cut(line, "\t")
		if !ok {
			return nil, fmt.Errorf("%s.txt: %q: expected a key, a tab and a name", name, line)
		}
		set.Classes = append(set.Classes, Class{key, text})
	}
	data, err = protocolFiles.ReadFile("protocol/" + name + "-templates.txt")
	if err != nil {
		return nil, err
	}
	set.Templates, err = concept.ReadTemplates(name+"-templates.txt", bytes.NewReader(data))
	return set, err
}

// agreeing holds a data set's own list of its classes to the order of the protocol. A list that is not there is not asked for.
func agreeing(path string, classes []Class) error {
	if !regular.Exists(path) {
		return nil
	}
	names, err := lines(path)
	if err != nil {
		return err
	}
	return inOrder(path, names, classes)
}

// inOrder holds the classes that a file lists to those of the protocol.
func inOrder(path string, names []string, classes []Class) error {
	if len(names) != len(classes) {
		return fmt.Errorf("%s: %w: %d classes, expected %d", path, ErrLayout, len(names), len(classes))
	}
	for i, n := range names {
		if n != classes[i].Key {
			return fmt.Errorf("%s: %w: class %d is %s, expected %s", path, ErrLayout, i, foreign.Quote(n), classes[i].Key)
		}
	}
	return nil
}

// open opens a file that a layout promises.
func open(path string) (*os.File, error) {
	f, err := regular.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLayout, err)
	}
	return f, nil
}

// within is dir, or the folder in it that the archive of a data set unpacks to.
func within(dir string, folders ...string) string {
	for _, f := range folders {
		if path := filepath.Join(dir, f); regular.IsFolder(path) {
			return path
		}
	}
	return dir
}
