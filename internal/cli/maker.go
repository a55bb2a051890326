package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/clip/registry"
	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/internal/place"
)

// maker is the model that made an atlas or a profile, as that knows it. The digest says which one it is; the rest helps to find it.
type maker struct {
	what   string // the atlas or profile, for errors
	keeper string // its folder, which file is seen from
	name   string
	sha256 string
	bytes  int64 // 0: not known
	file   place.Place
}

// rootFlag lets a verb that opens the pictures of an atlas be told where they lie now.
func rootFlag(f *pflag.FlagSet, roots *[]string) {
	f.StringArrayVar(roots, "root", nil, "the `FOLDER` in which the pictures lie now, if they were moved; of a merged atlas one for each dataset, or one for all")
}

// maker is how what this model makes will know it.
func (m *model) maker(ctx context.Context) (maker, error) {
	sum, err := m.Checkpoint().SHA256(ctx)
	by := maker{name: m.name, sha256: sum}
	if err != nil || m.name == demoName {
		return by, err
	}
	path, err := filepath.Abs(m.Checkpoint().Path())
	if err != nil {
		return by, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return by, err
	}
	by.bytes, by.file = info.Size(), place.Place{Path: path}
	return by, nil
}

// atlasMaker is the maker of the atlas in a folder.
func atlasMaker(dir string, m atlas.Model) maker {
	return maker{"the atlas " + dir, dir, m.Name, m.SHA256, m.Bytes, m.File}
}

// openFor opens the model that an atlas was made with, or without an atlas the model of --model.
func (a *app) openFor(ctx context.Context, dir string) (*model, error) {
	if dir == "" {
		return a.open()
	}
	m, err := atlas.ReadManifest(dir)
	if err != nil {
		return nil, err
	}
	return a.openMaker(ctx, atlasMaker(dir, m.Model))
}

// openMaker opens the model that made something: that of --model, which must be the same one, else wherever it is found.
func (a *app) openMaker(ctx context.Context, by maker) (*model, error) {
	find := a.findMaker
	if a.model != "" {
		find = a.givenMaker
	}
	name, ck, err := find(ctx, by)
	if err != nil {
		return nil, err
	}
	m, err := a.bind(name, ck)
	if err != nil {
		return nil, errors.Join(err, ck.Close())
	}
	return m, nil
}

// givenMaker opens what --model names, if it is the maker.
func (a *app) givenMaker(ctx context.Context, by maker) (string, *checkpoint.Checkpoint, error) {
	name, ck, err := a.openCheckpoint()
	if err != nil {
		return "", nil, err
	}
	sum, err := ck.SHA256(ctx)
	if err == nil && sum != by.sha256 {
		err = fmt.Errorf("--model %s: its sha256 is %s, but %s was made with %s, whose sha256 is %s: it is another model; without --model facet looks for that one",
			a.model, sum, by.what, by.name, by.sha256)
	}
	if err != nil {
		return "", nil, errors.Join(err, ck.Close())
	}
	return name, ck, nil
}

// findMaker looks for the maker: the demo model, the cache, and where it was.
func (a *app) findMaker(ctx context.Context, by maker) (string, *checkpoint.Checkpoint, error) {
	ck, err := demo.Checkpoint()
	if err != nil {
		return "", nil, err
	}
	if by.is(ctx, ck) {
		return demoName, ck, nil
	}
	cache, err := registry.CacheDir()
	if err != nil {
		slog.Info("the model is only looked for where it was", "reason", err)
	}
	var tried []string
	for _, c := range by.candidates(cache) {
		if ck := by.open(ctx, c.path); ck != nil {
			tellWeights(ck)
			return c.name, ck, nil
		}
		tried = append(tried, c.path)
	}
	if ck := by.searchIn(ctx, cache); ck != nil {
		tellWeights(ck)
		return ck.Path(), ck, nil
	}
	if err := ctx.Err(); err != nil {
		return "", nil, err
	}
	return "", nil, by.missing(cache, tried)
}

// missing says that the maker was not found, and what helps.
func (by maker) missing(cache string, tried []string) error {
	hint := "say where it lies now: --model FILE"
	if _, err := registry.Lookup(by.name); err == nil {
		hint = "get it with facet model pull " + by.name + ", or " + hint
	}
	return fmt.Errorf("%s was made with the model %s (sha256 %s), which is neither in the cache %s nor where it was (%s); %s",
		by.what, by.name, by.sha256, cache, strings.Join(tried, ", "), hint)
}

// candidate is a file that may be the model, with the name to call it by.
type candidate struct{ name, path string }

// candidates are published models of the same digest or name in the cache, and then the places where the file was.
func (by maker) candidates(cache string) (all []candidate) {
	for _, m := range registry.Models() {
		if cache != "" && (m.Name == by.name || strings.HasPrefix(by.sha256, m.SHA256)) {
			all = append(all, candidate{m.Name, m.Path(cache)})
		}
	}
	paths := by.file.Candidates(by.keeper)
	if _, err := registry.Lookup(by.name); err != nil && by.file == (place.Place{}) { // an earlier facet kept only the path that it was told
		paths = append(paths, by.name)
		if !filepath.IsAbs(by.name) {
			paths = append(paths, filepath.Join(filepath.Dir(filepath.Clean(by.keeper)), by.name))
		}
	}
	for _, path := range paths {
		all = append(all, candidate{path, path})
	}
	return all
}

// searchIn looks in a cache, and in the folder of each model there, for a file of the maker's size and digest, whatever it is called; nil if
// there is none.
func (by maker) searchIn(ctx context.Context, cache string) *checkpoint.Checkpoint {
	if cache == "" || by.bytes == 0 {
		return nil
	}
	folders := []string{cache}
	for i := 0; i < len(folders); i++ {
		entries, err := os.ReadDir(folders[i])
		if err != nil {
			continue // what cannot be read is not the maker
		}
		for _, e := range entries {
			path := filepath.Join(folders[i], e.Name())
			if e.IsDir() && i == 0 {
				folders = append(folders, path)
			}
			if !e.Type().IsRegular() {
				continue
			}
			if ck := by.open(ctx, path); ck != nil {
				return ck
			}
		}
	}
	return nil
}

// open opens a file if it is the maker; nil if not.
func (by maker) open(ctx context.Context, path string) *checkpoint.Checkpoint {
	info, err := os.Stat(path)
	if err != nil || by.bytes > 0 && info.Size() != by.bytes {
		return nil
	}
	ck, err := checkpoint.Open(path)
	if err != nil {
		slog.Info("not the model that is looked for", "file", path, "reason", err)
		return nil
	}
	if by.is(ctx, ck) {
		return ck
	}
	return nil
}

// is tells whether a checkpoint is the maker, and closes it if not.
func (by maker) is(ctx context.Context, ck *checkpoint.Checkpoint) bool {
	sum, err := ck.SHA256(ctx)
	if err == nil && sum == by.sha256 {
		return true
	}
	ck.Close()
	return false
}
