// Package photographs has ten photographs that anybody may use, each with a plain label. README.md has their sources and terms.
package photographs

import (
	"embed"
	"fmt"
)

//go:embed *.jpg
var files embed.FS

// Photograph is a picture of one thing.
type Photograph struct {
	Name  string // of its file
	Label string // what it shows, as prompts say it
	Data  []byte // JPEG
}

// labels are by file.
var labels = [...][2]string{
	{"astronaut", "an astronaut"},
	{"bricks", "a brick wall"},
	{"camera", "a man with a camera"},
	{"cat", "a cat"},
	{"coffee", "a cup of coffee"},
	{"galaxies", "galaxies in space"},
	{"grass", "grass"},
	{"gravel", "gravel"},
	{"retina", "the retina of an eye"},
	{"rocket", "a rocket"},
}

// All are the ten, in the order of their names.
func All() ([]Photograph, error) {
	all := make([]Photograph, len(labels))
	for i, l := range labels {
		data, err := files.ReadFile(l[0] + ".jpg")
		if err != nil {
			return nil, fmt.Errorf("a photograph of facet's own: %w", err)
		}
		all[i] = Photograph{l[0] + ".jpg", l[1], data}
	}
	return all, nil
}
