package atlas_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/decompose"
)

// Write the atlas of three pictures, and read it: the pictures in their order, then what each pair does over all of them.
func Example() {
	dir, err := os.MkdirTemp("", "facet-example-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	folder := filepath.Join(dir, "three.atlas")
	if err := write(folder); err != nil {
		log.Fatal(err)
	}
	a, err := atlas.Open(folder)
	if err != nil {
		log.Fatal(err)
	}
	for image, err := range a.Images() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(image.Path, image.Label, image.Embedding)
	}
	for pair, mean := range a.Stats.Mean {
		fmt.Printf("pair (%d,0): mean scalar %.0f, direction of length %.0f\n", pair, mean, a.Norms[pair])
	}
	// Output:
	// a.png cat [1 0]
	// b.png cat [3 0]
	// c.png dog [2 8]
	// pair (0,0): mean scalar 2, direction of length 1
	// pair (1,0): mean scalar 1, direction of length 2
}

// write makes the atlas of a model with one head and two neurons, whose directions are (1,0) and (0,2).
func write(folder string) error {
	w := decompose.Weights{
		Heads: 1, Channels: 2, Embed: 2,
		Value: []float32{1, 0, 0, 2}, ValueBias: []float32{0, 0},
		Output: []float32{1, 0, 0, 1}, OutputBias: []float32{0, 0},
	}
	m := atlas.Manifest{
		Model:    atlas.Model{Name: "example", SHA256: "00", Config: clip.Config{Heads: 1, Channels: 2, Embed: 2}},
		Datasets: []atlas.Dataset{{Source: "three pictures", Fingerprint: "3"}},
	}
	out, err := atlas.Create(folder, m, w, atlas.Options{})
	if err != nil {
		return err
	}
	defer out.Close()
	for _, picture := range []struct {
		path, label string
		scalars     []float32 // [heads,channels]
	}{{"a.png", "cat", []float32{1, 0}}, {"b.png", "cat", []float32{3, 0}}, {"c.png", "dog", []float32{2, 4}}} {
		image := atlas.Image{Path: picture.path, Label: picture.label, Embedding: []float32{picture.scalars[0], 2 * picture.scalars[1]}}
		if err := out.Add(image, picture.scalars); err != nil {
			return err
		}
	}
	return out.Finish()
}
