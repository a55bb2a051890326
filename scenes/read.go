package scenes

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/facet-clip/facet/internal/regular"
	"github.com/facet-clip/facet/textfile"
)

// Beside tells whether a folder was written by [WriteImageFolder] or [WriteVOC], and gives the names of what lies in it beside the pictures.
func Beside(dir string) (names []string, written bool) {
	m, err := readManifest(dir)
	if err != nil || m.Format != manifestFormat {
		return nil, false
	}
	for _, l := range []layout{imageFolder, voc} {
		if l.name == m.Layout {
			return append([]string{manifestName, Captions, labelsName}, l.beside...), true
		}
	}
	return nil, false
}

func readManifest(dir string) (m manifest, err error) {
	path := filepath.Join(dir, manifestName)
	data, err := regular.ReadFile(path, maxManifest)
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return m, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// Classes gives the category of the main object of every scene in a folder, by the file of its picture, as the captions have them. They are
// written last: a folder that is not finished has none. Errors name the file and the line.
func Classes(dir string) (map[string]string, error) {
	path := filepath.Join(dir, Captions)
	f, err := regular.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readClasses(path, f)
}

func readClasses(name string, in io.Reader) (map[string]string, error) {
	classes, one := map[string]string{}, map[string]string{} // one: a string for each category, and not for each scene
	for line, err := range textfile.Lines(in) {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		var r Record
		if err := json.Unmarshal([]byte(line.Text), &r); err != nil {
			return nil, fmt.Errorf("%s: line %d: expected the captions of a scene: %w", name, line.Number, err)
		}
		if r.File == "" || len(r.Objects) == 0 {
			return nil, fmt.Errorf("%s: line %d: expected the captions of a scene, with its file and its objects", name, line.Number)
		}
		category := r.Objects[0].Category
		if _, known := one[category]; !known {
			one[category] = category
		}
		classes[r.File] = one[category]
	}
	return classes, nil
}

// Written is what is in a picture of a folder that [WriteImageFolder] or [WriteVOC] wrote with this version of the world, by the picture's path; ok is
// false for other pictures.
func Written(path string) (spec Spec, ok bool) {
	base := filepath.Base(path)
	i, err := strconv.ParseUint(strings.TrimSuffix(base, filepath.Ext(base)), 10, 63)
	if err != nil || i >= MaxScenes {
		return spec, false
	}
	for dir, depth := filepath.Dir(path), 0; depth < maxDepth; dir, depth = filepath.Dir(dir), depth+1 {
		m, err := readManifest(dir)
		if err != nil || m.Format != manifestFormat || m.World != WorldVersion {
			continue
		}
		if spec, err = Sample(DefaultWorld(), m.Seed, i); err != nil {
			return spec, false
		}
		for _, l := range []layout{imageFolder, voc} {
			file := l.image(&Scene{Spec: spec}, name(int(i)))
			if l.name == m.Layout && filepath.Join(dir, filepath.FromSlash(file)) == filepath.Clean(path) {
				return spec, true
			}
		}
	}
	return spec, false
}

// maxDepth is how many folders a picture lies below that of the scenes.
const maxDepth = 3
