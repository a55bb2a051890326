// Package known reads the data sets that zero-shot classification is measured on, each in the layout it is published in: pictures, the classes
// that are in them, and the names and prompts that the classes are put into words with.
//
// # Terms
//
//   - A key is how a data set calls a class: a folder, a synset, a number.
//   - A name is what stands in prompts. Names and templates are OpenAI's where they are published (data/prompts.md and a notebook of
//     github.com/openai/CLIP); they lie in the folder protocol with their licence.
//   - A data set of several labels has any number of classes in a picture; in all others a picture has one.
package known

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/internal/foreign"
)

// Class is a class of a data set.
type Class struct {
	Key  string // what the data set calls it
	Name string // what stands in prompts
}

// Set is a data set, or the part of it that is measured on.
type Set struct {
	Name      string // as it was asked for
	Kind      string // the name of its layout
	Classes   []Class
	Templates concept.Templates
	Words     string // where the names of classes and the templates come from
	Several   bool   // a picture has any number of classes

	published   published
	fingerprint string // of the source, where there is more to know than names and classes
	pictures    []picture
}

// picture is a picture and what is true of it.
type picture struct {
	item    dataset.Item
	name    string // in the data set
	classes []int  // one, or in a set of several labels any number
	unsure  []int  // that are in it, but too hard to see to count
}

var (
	// ErrUnknown is returned when there is no data set of a name.
	ErrUnknown = errors.New("unknown data set")
	// ErrLayout is returned when files do not have the layout of their data set.
	ErrLayout = errors.New("not the layout of the data set")
	// ErrUnsafe is returned for a pickle that asks for what only an attack needs.
	ErrUnsafe = errors.New("unsafe content")
)

// layout is a data set that is known by name.
type layout struct {
	name      string
	open      func(dir string) (*Set, error)
	published published
}

const scenesKind = "scenes"

// Names are the data sets that [Open] knows.
func Names() []string {
	var names []string
	for _, l := range layouts {
		names = append(names, l.name+":DIR")
	}
	return append(names, "scenes:default?n=N&seed=S&size=P")
}

// Open finds the pictures of a data set: NAME:DIR, or scenes:… of package dataset. Pictures are not read. Errors name the file.
func Open(name string) (*Set, error) {
	kind, where, ok := strings.Cut(name, ":")
	if kind == scenesKind {
		return openScenes(name)
	}
	i := slices.IndexFunc(layouts, func(l layout) bool { return l.name == kind })
	if i < 0 || !ok || where == "" {
		return nil, fmt.Errorf("%s: %w: expected one of %s", foreign.Quote(name), ErrUnknown, strings.Join(Names(), ", "))
	}
	set, err := layouts[i].open(where)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	set.Name, set.Kind, set.published = name, kind, layouts[i].published
	if len(set.pictures) == 0 {
		return nil, fmt.Errorf("%s: %w", name, dataset.ErrEmpty)
	}
	return set, nil
}

// Len is the number of pictures.
func (s *Set) Len() int { return len(s.pictures) }

// Item is the name of picture i in the data set.
func (s *Set) Item(i int) string { return s.pictures[i].name }

// Truth are the classes of picture i: one, unless the set is of several labels.
func (s *Set) Truth(i int) []int { return s.pictures[i].classes }

// Unsure are the classes that are in picture i and do not count, because their objects are hard to see. Only sets of several labels have them.
func (s *Set) Unsure(i int) []int { return s.pictures[i].unsure }

// Limit keeps the first n pictures.
func (s *Set) Limit(n int) { s.pictures = s.pictures[:min(n, len(s.pictures))] }

// Source gives the pictures to [dataset.Load].
func (s *Set) Source() (*dataset.Source, error) {
	return dataset.Listed(s.Name, s.Fingerprint(), len(s.pictures), func(i int) dataset.Item { return s.pictures[i].item })
}

// Fingerprint changes with the pictures' names, their order, and what is true of them; not with what is in their files.
func (s *Set) Fingerprint() string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %q\n", s.Kind, s.fingerprint)
	for _, c := range s.Classes {
		fmt.Fprintf(sum, "%q\n", c.Key)
	}
	for _, p := range s.pictures {
		fmt.Fprintf(sum, "%q %v %v\n", p.name, p.classes, p.unsure)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Rename gives the classes other names, in their order.
func (s *Set) Rename(names []string) error {
	if len(names) != len(s.Classes) {
		return fmt.Errorf("%d names for the %d classes of %s: expected a name for each, in their order (%s)", len(names), len(s.Classes), s.Name, someKeys(s.Classes))
	}
	for i, n := range names {
		s.Classes[i].Name = n
	}
	s.Words = Given
	return nil
}

// someKeys are the first keys, for a message.
func someKeys(classes []Class) string {
	var keys []string
	for _, c := range classes[:min(3, len(classes))] {
		keys = append(keys, foreign.Quote(c.Key))
	}
	if len(classes) > 3 {
		keys = append(keys, "…")
	}
	return strings.Join(keys, ", ")
}

// file is a picture in a file whose name stands in a list: name, below dir.
func file(dir, name string, class int) (picture, error) {
	path, err := local(dir, name)
	return picture{item: dataset.FileItem(path), name: name, classes: []int{class}}, err
}

const maxName = 1 << 12

// local is the path of a file below a folder, by a name that a list gives.
func local(dir, name string) (string, error) {
	if name == "" || len(name) > maxName || strings.ContainsAny(name, "\\\x00") || !filepath.IsLocal(filepath.FromSlash(name)) {
		return "", fmt.Errorf("%w: expected the name of a file in %s, found %s", ErrLayout, dir, foreign.Quote(name))
	}
	return filepath.Join(dir, filepath.FromSlash(name)), nil
}

// index gives the classes of a set by their keys.
func index(classes []Class) map[string]int {
	at := map[string]int{}
	for i, c := range classes {
		at[c.Key] = i
	}
	return at
}

// lines reads a text file, a value a line; blank lines are left out, and lines that begin with #.
func lines(path string) ([]string, error) {
	return read(path, concept.ReadLines)
}

// read reads a file that the layout promises.
func read[T any](path string, parse func(name string, r io.Reader) (T, error)) (T, error) {
	f, err := open(path)
	if err != nil {
		var none T
		return none, err
	}
	defer f.Close()
	v, err := parse(path, f)
	if err != nil && !errors.Is(err, ErrLayout) {
		err = fmt.Errorf("%w: %w", ErrLayout, err)
	}
	return v, err
}
