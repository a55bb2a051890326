package dataset

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/facet-clip/facet/internal/bucket"
	"github.com/facet-clip/facet/internal/regular"
)

// KindFiles is the kind of a source of pictures that were named one by one.
const KindFiles = "files"

// OpenAll opens what a command line names: datasets as [Open] does, and picture files, those that stand together as one source of kind
// [KindFiles]. Errors name the argument.
func OpenAll(names []string) (sources []*Source, err error) {
	var files []string
	flush := func() {
		if len(files) > 0 {
			sources = append(sources, pictureFiles(files))
		}
		files = nil
	}
	for _, name := range names {
		if !isDataset(name) && !bucket.IsURL(name) {
			if _, err := os.Stat(name); err != nil {
				return nil, err
			}
			files = append(files, name)
			continue
		}
		flush()
		s, err := Open(name, Options{})
		if err != nil {
			return nil, err
		}
		sources = append(sources, s)
	}
	flush()
	return sources, nil
}

// Total is how many items sources select together, −1 where one of them does not know it before all is read.
func Total(sources []*Source) int {
	total := 0
	for _, s := range sources {
		if s.Len() < 0 {
			return -1
		}
		total += s.Len()
	}
	return total
}

// isDataset tells a dataset from a picture file, by its name where there is nothing.
func isDataset(name string) bool {
	if _, _, ok := isGrouped(name); ok || strings.HasPrefix(name, scenesPrefix) || isTar(name) {
		return true
	}
	if regular.IsFolder(name) {
		return true
	}
	return manifestReaders[strings.ToLower(filepath.Ext(name))] != nil
}

func pictureFiles(paths []string) *Source {
	d := newDigest()
	for _, p := range paths {
		d.add(p, 0)
	}
	options, _ := Options{}.check()
	return &Source{Name: paths[0], Kind: KindFiles, fingerprint: d.String(), options: options, n: len(paths), at: func(i int) Item { return FileItem(paths[i]) }}
}
