package known

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/internal/foreign"
	"github.com/facet-clip/facet/scenes"
)

// openImageFolder takes the folders in dir for classes, in byte order, as torchvision's ImageFolder does. Where all are synsets of ImageNet, such
// as those of ImageNet-A or Imagenette, they have ImageNet's names and templates.
func openImageFolder(dir string) (*Set, error) {
	set := &Set{Words: fromFolders, Templates: concept.DefaultTemplates()}
	if err := set.folders(dir); err != nil {
		return nil, err
	}
	imagenet, err := protocol("imagenet", fromNotebook)
	if err != nil {
		return nil, err
	}
	names := index(imagenet.Classes)
	if slices.ContainsFunc(set.Classes, func(c Class) bool { _, ok := names[c.Key]; return !ok }) {
		return set, nil
	}
	for i, c := range set.Classes {
		set.Classes[i].Name = imagenet.Classes[names[c.Key]].Name
	}
	set.Templates, set.Words = imagenet.Templates, imagenet.Words
	return set, nil
}

// folders adds the pictures below dir. A set without classes has the folders for its classes; in any other a folder that is no class is an error.
func (s *Set) folders(dir string) error {
	src, err := dataset.Open(dir, dataset.Options{})
	if err != nil {
		return err
	}
	if src.Kind != "classes" {
		return fmt.Errorf("%s: %w: expected a folder of pictures for each class, found pictures that lie in none", dir, ErrLayout)
	}
	var items []dataset.Item
	var keys []string
	for item, err := range src.Items(context.Background(), 0) {
		if err != nil {
			return err
		}
		items, keys = append(items, item), append(keys, item.Label)
	}
	slices.Sort(keys)
	if s.Classes == nil {
		for _, k := range slices.Compact(keys) {
			s.Classes = append(s.Classes, Class{k, strings.ReplaceAll(k, "_", " ")})
		}
	}
	if len(s.Classes) < 2 {
		return fmt.Errorf("%s: %w: expected the folders of two classes or more, found one", dir, ErrLayout)
	}
	classes := index(s.Classes)
	for _, item := range items {
		class, ok := classes[item.Label]
		if !ok {
			return fmt.Errorf("%s: %w: the folder %s is no class: expected %s", dir, ErrLayout, foreign.Quote(item.Label), someKeys(s.Classes))
		}
		name, err := filepath.Rel(dir, item.Path)
		if err != nil {
			return err
		}
		s.pictures = append(s.pictures, picture{item: item, name: filepath.ToSlash(name), classes: []int{class}})
	}
	return nil
}

// openScenes are scenes of the demo world. Their classes are the categories of things.
func openScenes(name string) (*Set, error) {
	src, err := dataset.Open(name, dataset.Options{})
	if err != nil {
		return nil, err
	}
	set := &Set{Name: name, Kind: scenesKind, Words: fromWorld, Templates: scenes.NounPrompts(), fingerprint: src.Fingerprint()}
	for _, c := range scenes.Categories() {
		set.Classes = append(set.Classes, Class{c.String(), scenes.Phrase(c.String())})
	}
	classes := index(set.Classes)
	for item, err := range src.Items(context.Background(), 0) {
		if err != nil {
			return nil, err
		}
		class, ok := classes[item.Label]
		if !ok {
			return nil, fmt.Errorf("%s: %w: no thing in scene %d", name, ErrLayout, item.Index)
		}
		set.pictures = append(set.pictures, picture{item: item, name: fmt.Sprintf("%07d", item.Index), classes: []int{class}})
	}
	return set, nil
}
