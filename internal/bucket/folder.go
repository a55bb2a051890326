package bucket

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// listFolder gives the files of a file:// URL in byte order of their keys. It reads each folder once; the library reads all of them again for each page.
func listFolder(ctx context.Context, p place, yield func(Object, error) bool) {
	folder := p.key[:strings.LastIndex(p.key, "/")+1]
	base := p.url[:len(p.url)-len(p.key)]
	w := walker{ctx: ctx, prefix: p.key, yield: func(key string, size int64, err error) bool { return yield(Object{base + key, size}, err) }}
	w.folder(filepath.Join(p.bucket, filepath.FromSlash(folder)), folder)
}

type walker struct {
	ctx    context.Context
	prefix string
	yield  func(key string, size int64, err error) bool
}

// folder goes through a folder whose keys begin so, which is empty or ends in a slash. It gives false when it was ended.
func (w walker) folder(path, key string) bool {
	if err := w.ctx.Err(); err != nil {
		return w.yield("", 0, err) && false
	}
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return true // as in a bucket, where there are no folders
	}
	if err != nil {
		kind := ErrUnavailable
		if errors.Is(err, fs.ErrPermission) {
			kind = ErrAccess
		}
		return w.yield("", 0, fmt.Errorf("file://%s: %w: %w", filepath.ToSlash(path), kind, err)) && false
	}
	type named struct {
		key   string
		entry fs.DirEntry
	}
	all := make([]named, 0, len(entries))
	for _, e := range entries {
		k := key + unescaped(e.Name())
		if e.IsDir() {
			k += "/"
		}
		all = append(all, named{k, e})
	}
	slices.SortFunc(all, func(a, b named) int { return cmp.Compare(a.key, b.key) })
	for _, n := range all {
		if n.entry.IsDir() {
			if (strings.HasPrefix(n.key, w.prefix) || strings.HasPrefix(w.prefix, n.key)) && !w.folder(filepath.Join(path, n.entry.Name()), n.key) {
				return false
			}
			continue
		}
		if !strings.HasPrefix(n.key, w.prefix) || strings.HasSuffix(n.entry.Name(), ".attrs") { // of which the library keeps notes of its own
			continue
		}
		info, err := n.entry.Info()
		if errors.Is(err, fs.ErrNotExist) { // removed meanwhile
			continue
		}
		if err != nil {
			return w.yield("", 0, err) && false
		}
		if !w.yield(n.key, info.Size(), nil) {
			return false
		}
	}
	return true
}

var escape = regexp.MustCompile("__0x[0-9a-f]+__")

// unescaped is the part of a key that a file's name stands for: the library writes letters that a file system may not take as __0x2a__.
func unescaped(name string) string {
	if !strings.Contains(name, "__0x") {
		return name
	}
	return escape.ReplaceAllStringFunc(name, func(s string) string {
		code, err := strconv.ParseInt(s[4:len(s)-2], 16, 32)
		if err != nil {
			return s
		}
		return string(rune(code))
	})
}
