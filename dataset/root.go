package dataset

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/facet-clip/facet/internal/bucket"
	"github.com/facet-clip/facet/internal/regular"
)

// Root is the folder below which all pictures of the source lie, absolute: a folder itself, the folder of a manifest or of shards, or the
// deepest that holds all when a manifest or a pattern reaches further. Of a bucket it is a URL. It is empty for scenes, and where there is no such folder.
func (s *Source) Root() (string, error) {
	if strings.HasPrefix(s.Name, scenesPrefix) {
		return "", nil
	}
	if s.root != "" {
		return s.root, nil
	}
	if regular.IsFolder(s.Name) {
		return filepath.Abs(s.Name)
	}
	var files []string
	if s.at == nil {
		all, err := shards(context.Background(), s.Name)
		if err != nil {
			return "", err
		}
		for _, f := range all {
			files = append(files, f.path)
		}
	} else {
		files = append(files, s.Name)
		for i := range s.n {
			files = append(files, s.at(i).Path)
		}
	}
	return above(files)
}

// above is the deepest folder that holds all files; empty on several volumes.
func above(files []string) (string, error) {
	root := ""
	for i, f := range files {
		abs, err := filepath.Abs(f)
		if err != nil {
			return "", err
		}
		if i == 0 {
			root = filepath.Dir(abs)
		}
		for !holds(root, abs) {
			up := filepath.Dir(root)
			if up == root {
				return "", nil
			}
			root = up
		}
	}
	return root, nil
}

func holds(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

// Within is an [Item.Path] as seen from a root, with slashes. What does not lie below the root stays absolute; scenes stay as they are.
func Within(root, path string) string {
	if root == "" || strings.HasPrefix(path, scenesPrefix) {
		return path
	}
	file, member := splitPath(path)
	if bucket.IsURL(root) || bucket.IsURL(file) {
		return strings.TrimPrefix(file, root+"/") + member
	}
	abs, err := filepath.Abs(file)
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(root, abs); err == nil && filepath.IsLocal(rel) {
		abs = rel
	}
	return filepath.ToSlash(abs) + member
}

// Under undoes [Within], perhaps for another root: it gives a path that [Picture] opens.
func Under(root, within string) string {
	if strings.HasPrefix(within, scenesPrefix) {
		return within
	}
	file, member := splitPath(within)
	if bucket.IsURL(root) && !bucket.IsURL(file) {
		return bucket.Join(root, within)
	}
	if bucket.IsURL(file) {
		return within
	}
	if file = filepath.FromSlash(file); !filepath.IsAbs(file) {
		file = filepath.Join(root, file)
	}
	return file + member
}

// There tells whether the file of a picture is there, without opening it. Scenes are everywhere, and of an object only reading it tells.
func There(path string) bool {
	if strings.HasPrefix(path, scenesPrefix) || bucket.IsURL(path) {
		return true
	}
	file, _ := locate(path)
	info, err := os.Stat(file)
	return err == nil && !info.IsDir()
}

// locate is [splitPath] where the files are: one that is there is a name, whatever is in it.
func locate(path string) (file, member string) {
	if bucket.IsURL(path) {
		return splitPath(path)
	}
	if regular.Exists(path) {
		return path, ""
	}
	for at := range path {
		if strings.HasPrefix(path[at:], memberMark) && isTar(path[:at]) && regular.Exists(path[:at]) {
			return path[:at], path[at:]
		}
	}
	return splitPath(path)
}

// splitPath cuts SHARD.tar#member into the file and #member, which is empty for a picture that is a file.
func splitPath(path string) (file, member string) {
	for at := 0; ; at++ {
		i := strings.Index(path[at:], memberMark)
		if i < 0 {
			return path, ""
		}
		if at += i; isTar(path[:at]) {
			return path[:at], path[at:]
		}
	}
}
