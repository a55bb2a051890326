package atlas

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/internal/place"
)

// Picture finds the picture of image i, given its [Image.Path], and gives a path that [dataset.Picture] opens. It looks where the scan found
// it, and then where it lies if atlas and pictures were moved together. Roots say where the pictures lie instead: one folder for all datasets,
// or one for each. [ErrNoPicture]: it is not there.
func (a *Atlas) Picture(i int, path string, roots []string) (string, error) {
	candidates := a.Roots(a.dataset(i), roots)
	if len(candidates) == 0 {
		candidates = []string{""}
	}
	for _, root := range candidates {
		if found := dataset.Under(root, path); dataset.There(found) {
			return found, nil
		}
	}
	return "", fmt.Errorf("%s: %w; looked in %s", path, ErrNoPicture, strings.Join(candidates, " and "))
}

// CheckRoots is an error unless there is one root, or one for each dataset, or none.
func (a *Atlas) CheckRoots(roots []string) error {
	if n := len(a.Manifest.Datasets); len(roots) > 1 && len(roots) != n {
		return fmt.Errorf("%s: expected one root, or one for each of its %d datasets in their order, found %d", a.dir, n, len(roots))
	}
	return nil
}

// Roots are the folders in which the pictures of dataset d may lie, the likeliest first.
func (a *Atlas) Roots(d int, given []string) []string {
	root := a.root(d)
	switch n := len(a.Manifest.Datasets); {
	case len(given) == 0:
		return root.Candidates(a.dir)
	case len(given) > 1:
		return given[d : d+1]
	case n > 1 && root.Path != "": // the folder may hold the roots of all datasets
		return []string{filepath.Join(given[0], filepath.Base(root.Path)), given[0]}
	}
	return given
}

// dataset is the number of the dataset that image i is of.
func (a *Atlas) dataset(i int) int {
	d, found := slices.BinarySearch(a.first, i)
	for found && d+1 < len(a.first) && a.first[d+1] == i { // after datasets without images
		d++
	}
	if !found {
		d--
	}
	return d
}

// root is the place of a dataset's root. Version 1 says it only in the source's name, which is taken from here, or from the folder beside the
// atlas.
func (a *Atlas) root(d int) place.Place {
	set := a.Manifest.Datasets[d]
	if a.Manifest.Format > 1 {
		return set.Root
	}
	named := oldRoot(set.Source)
	if named == "" {
		return place.Place{}
	}
	p := place.Of(named, a.dir)
	if !filepath.IsAbs(named) {
		p.Relative = path.Join("..", filepath.ToSlash(named))
	}
	return p
}

// path is an image's path from its dataset's root, where version 1 has it as the scan was told it.
func (a *Atlas) path(path string, image int) string {
	if a.Manifest.Format > 1 {
		return path
	}
	root := oldRoot(a.Manifest.Datasets[a.dataset(image)].Source)
	if root == "" {
		return path
	}
	if abs, err := filepath.Abs(root); err == nil {
		root = abs
	}
	return dataset.Within(root, path)
}

// oldRoot is the folder that a source of version 1 was in: itself, or that of a manifest or of shards.
func oldRoot(source string) string {
	if strings.HasPrefix(source, "scenes:") {
		return ""
	}
	switch ext := strings.ToLower(filepath.Ext(source)); ext {
	case ".csv", ".jsonl", ".parquet", ".tar", ".gz", ".tgz":
		source = filepath.Dir(source)
		for strings.ContainsAny(source, "*?[{") && filepath.Dir(source) != source {
			source = filepath.Dir(source)
		}
	}
	return filepath.Clean(source)
}
