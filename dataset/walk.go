package dataset

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/facet-clip/facet/internal/regular"
	"github.com/facet-clip/facet/scenes"
)

// ErrLoop is returned when a link, or a folder mounted in itself, leads back to a folder that it lies in.
var ErrLoop = errors.New("a loop of folders")

// errLinks ends following links that lead to each other in ever new ways.
var errLinks = fmt.Errorf("more than %d links to folders", maxLinks)

// maxLinks is the most links to folders that one walk follows. Every order of n folders that link to each other is a path of its own.
const maxLinks = 100_000

// extensions are those of files in a folder that are taken for pictures, and of members of a shard.
var extensions = map[string]bool{".jpg": true, ".jpeg": true, ".png": true, ".gif": true, ".bmp": true, ".tif": true, ".tiff": true, ".webp": true}

func isPicture(name string) bool { return extensions[strings.ToLower(filepath.Ext(name))] }

// Found is something below a folder: a picture, or what cannot be looked at.
type Found struct {
	Path   string
	Info   fs.FileInfo // what the file is, through a link; of a picture
	Err    error       // why the path is left out; nil for a picture
	Scenes string      // the folder that facet scenes wrote in which a picture lies; empty: none
}

// Item is what was found as an item of a source. What is left out cannot be decoded: the error says why.
func (f Found) Item() Item {
	if f.Err == nil {
		return FileItem(f.Path)
	}
	return Item{Path: f.Path, read: func() ([]byte, error) { return nil, f.Err }, decode: failing(f.Err)}
}

// Walk walks over every picture below a folder, folder by folder, each in byte order of its names. Links are followed, those to folders too; what lies
// behind a link has the link's name. Hidden files and folders are passed over, and so is what facet scenes writes beside its pictures, masks among
// it. What cannot be looked at is found with its error, and the walk goes on: a loop of links, a link to nothing, a folder that may not
// be read, a path that is too long, a pipe, a socket, a device. Only a dir that cannot be read ends it, and what use returns. It returns how many
// other files there are.
func Walk(dir string, use func(Found) error) (ignored int, err error) {
	return walkThrough(dir, maxLinks, use)
}

func walkThrough(dir string, links int, use func(Found) error) (ignored int, err error) {
	w := walk{use: use, links: links}
	info, err := os.Stat(dir)
	if err != nil {
		return 0, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	w.above = []step{{dir, info}}
	err = w.entries(dir, entries)
	return w.ignored, err
}

// walk is a walk under way.
type walk struct {
	use     func(Found) error
	ignored int
	links   int    // to folders, that it may follow yet
	above   []step // the folders that it is in, the outermost first
	scenes  string // of these, the innermost that facet scenes wrote
}

type step struct {
	path string
	info fs.FileInfo
}

// leaveOut finds a path that cannot be looked at. What is gone meanwhile was never there.
func (w *walk) leaveOut(path string, err error) error {
	if _, gone := os.Lstat(path); errors.Is(gone, fs.ErrNotExist) {
		return nil
	}
	var p *fs.PathError
	if errors.As(err, &p) && p.Path == path {
		err = p.Err // which stands behind the path, as everywhere
	}
	if !strings.HasPrefix(err.Error(), path+": ") {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return w.use(Found{Path: path, Err: err})
}

// entries looks at what is in a folder.
func (w *walk) entries(dir string, entries []fs.DirEntry) error {
	beside, written := scenes.Beside(dir)
	if written {
		outer := w.scenes
		w.scenes = dir
		defer func() { w.scenes = outer }()
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || written && slices.Contains(beside, e.Name()) {
			continue
		}
		if err := w.entry(filepath.Join(dir, e.Name()), e.Type()); err != nil {
			return err
		}
	}
	return nil
}

// entry looks at a path, through a link.
func (w *walk) entry(path string, kind fs.FileMode) error {
	if kind.IsRegular() && !isPicture(path) {
		w.ignored++
		return nil
	}
	info, err := os.Stat(path)
	switch link := kind&fs.ModeSymlink != 0; {
	case link && errors.Is(err, fs.ErrNotExist):
		return w.leaveOut(path, errors.New("a link to nothing"))
	case err != nil:
		return w.leaveOut(path, err)
	case info.IsDir():
		return w.folder(path, info, link)
	case !info.Mode().IsRegular():
		return w.leaveOut(path, regular.Check(path, info))
	case !isPicture(path):
		w.ignored++
		return nil
	}
	return w.use(Found{Path: path, Info: info, Scenes: w.scenes})
}

// folder walks through a folder that is not one of those around it.
func (w *walk) folder(path string, info fs.FileInfo, link bool) error {
	for _, s := range w.above {
		if os.SameFile(s.info, info) {
			return w.leaveOut(path, fmt.Errorf("%w: it leads back to %s", ErrLoop, s.path))
		}
	}
	if link {
		if w.links == 0 {
			return w.leaveOut(path, errLinks)
		}
		w.links--
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return w.leaveOut(path, err)
	}
	w.above = append(w.above, step{path, info})
	defer func() { w.above = w.above[:len(w.above)-1] }()
	return w.entries(path, entries)
}

// openFolder takes every picture below a folder. When all lie at least one folder deep, the first folder is their class. Of scenes that facet
// wrote, the class is the main thing in it, by their captions.
func openFolder(dir string) (*Source, error) {
	f := folder{dir: dir, sum: newDigest(), deep: true, captions: map[string]map[string]string{}}
	ignored, err := Walk(dir, f.add)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	switch {
	case f.pictures == 0 && f.first != nil:
		return nil, fmt.Errorf("%s: %w, but %d things that cannot be read, such as %w", dir, ErrEmpty, len(f.items), f.first)
	case f.pictures == 0:
		return nil, fmt.Errorf("%s: %w", dir, ErrEmpty)
	}
	s := &Source{Kind: "folder", Ignored: ignored, fingerprint: f.sum.String(), n: len(f.items), at: func(i int) Item { return f.items[i] }}
	if f.deep {
		s.Kind = "classes"
	} else {
		for _, i := range f.classed {
			f.items[i].Label = ""
		}
	}
	return s, nil
}

// folder is a source of what a walk finds.
type folder struct {
	dir      string
	sum      digest
	items    []Item
	pictures int
	first    error // why something was left out
	deep     bool
	classed  []int                        // items whose label is the first folder of their path
	captions map[string]map[string]string // by folder of scenes, the class of a file
}

func (f *folder) add(found Found) error {
	rel, err := filepath.Rel(f.dir, found.Path)
	if err != nil {
		return err
	}
	rel = filepath.ToSlash(rel)
	item := found.Item()
	if found.Err != nil {
		if f.first == nil {
			f.first = found.Err
		}
		f.sum.add(rel, -1)
		f.items = append(f.items, item)
		return nil
	}
	f.pictures++
	f.sum.add(rel, found.Info.Size())
	switch class, _, below := strings.Cut(rel, "/"); {
	case found.Scenes != "":
		if item.Label, err = f.caption(found); err != nil {
			return err
		}
	default:
		f.deep = f.deep && below
		item.Label = class
		f.classed = append(f.classed, len(f.items))
	}
	f.items = append(f.items, item)
	return nil
}

// caption is what the captions beside a scene say that it is of.
func (f *folder) caption(found Found) (string, error) {
	if f.captions[found.Scenes] == nil {
		classes, err := scenes.Classes(found.Scenes)
		if err != nil {
			return "", err
		}
		f.captions[found.Scenes] = classes
	}
	rel, err := filepath.Rel(found.Scenes, found.Path)
	return f.captions[found.Scenes][filepath.ToSlash(rel)], err
}
