// Package place keeps where a file or folder lies, so that it is found again when what keeps its name has moved, or both have.
package place

import (
	"path/filepath"
	"strings"
)

// Place is where something lies, seen from the folder that keeps it.
type Place struct {
	Path     string `json:"path,omitempty"`     // absolute, when it was written down
	Relative string `json:"relative,omitempty"` // from the keeper's folder, with slashes; empty on another volume
}

// Of is the place of path, as the folder keeper sees it. Nothing lies nowhere: an empty path gives an empty place.
func Of(path, keeper string) Place {
	if path == "" {
		return Place{}
	}
	if strings.Contains(path, "://") { // in a bucket
		return Place{Path: path}
	}
	p := Place{Path: absolute(path)}
	if rel, err := filepath.Rel(real(keeper), real(path)); err == nil {
		p.Relative = filepath.ToSlash(rel)
	}
	return p
}

// Candidates are the paths where it may lie, the likeliest first: where it was, and where it is if keeper and it moved together.
func (p Place) Candidates(keeper string) []string {
	var all []string
	if p.Path != "" {
		all = append(all, p.Path)
	}
	if p.Relative != "" {
		if moved := filepath.Join(real(keeper), filepath.FromSlash(p.Relative)); moved != p.Path {
			all = append(all, moved)
		}
	}
	return all
}

// absolute is a path from the root, or as it is where there is no current folder.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return filepath.Clean(path)
}

// real is an absolute path without links, as far as it leads to something: ".." after a link leads elsewhere than it seems.
func real(path string) string {
	abs := absolute(path)
	for dir, rest := abs, ""; ; {
		if followed, err := filepath.EvalSymlinks(dir); err == nil {
			return filepath.Join(followed, rest)
		}
		if dir == filepath.Dir(dir) {
			return abs
		}
		dir, rest = filepath.Dir(dir), filepath.Join(filepath.Base(dir), rest)
	}
}
