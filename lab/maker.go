package lab

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

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

// Made is how an atlas of this model knows it, and so finds it when either has moved.
func (l *Lab) Made(ctx context.Context) (atlas.Model, error) {
	ck := l.model.Checkpoint()
	sum, err := ck.SHA256(ctx)
	m := atlas.Model{Name: l.name, SHA256: sum, Engine: l.model.Engine().Name(), Config: l.model.Config}
	if err != nil || l.name == DemoName {
		return m, err
	}
	path, err := filepath.Abs(ck.Path())
	if err != nil {
		return m, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return m, err
	}
	m.Bytes, m.File = info.Size(), place.Place{Path: path}
	return m, nil
}

// atlasMaker is the maker of the atlas in a folder.
func atlasMaker(dir string, m atlas.Model) maker {
	return maker{"the atlas " + dir, dir, m.Name, m.SHA256, m.Bytes, m.File}
}

// openMaker opens the model that made something: the config's, which must be the same one, else wherever it is found.
func (c Config) openMaker(ctx context.Context, by maker) (*Lab, error) {
	c = c.filled()
	find := c.findMaker
	if c.Model != "" {
		find = c.givenMaker
	}
	name, ck, err := find(ctx, by)
	if err != nil {
		return nil, err
	}
	return c.bind(name, ck)
}

// givenMaker opens the config's model, if it is the maker.
func (c Config) givenMaker(ctx context.Context, by maker) (string, *checkpoint.Checkpoint, error) {
	name, ck, err := c.checkpoint(ctx)
	if err != nil {
		return "", nil, err
	}
	sum, err := ck.SHA256(ctx)
	if err == nil && sum != by.sha256 {
		err = fmt.Errorf("model %s: its sha256 is %s, but %s was made with %s, whose sha256 is %s: it is another model; where no model is named, facet looks for that one",
			c.Model, sum, by.what, by.name, by.sha256)
	}
	if err != nil {
		return "", nil, errors.Join(err, ck.Close())
	}
	return name, ck, nil
}

// findMaker looks for the maker: the demo model, the cache, and where it was.
func (c Config) findMaker(ctx context.Context, by maker) (string, *checkpoint.Checkpoint, error) {
	ck, err := demo.Checkpoint()
	if err != nil {
		return "", nil, err
	}
	if by.is(ctx, ck) {
		return DemoName, ck, nil
	}
	cache, err := c.cacheDir()
	if err != nil {
		c.Log.Info("the model is only looked for where it was", "reason", err)
	}
	var tried []string
	for _, at := range by.candidates(cache) {
		if ck := by.open(ctx, at.path, c.Log); ck != nil {
			c.tellWeights(ck)
			return at.name, ck, nil
		}
		tried = append(tried, at.path)
	}
	if ck := by.searchIn(ctx, cache, c.Log); ck != nil {
		c.tellWeights(ck)
		return ck.Path(), ck, nil
	}
	if err := ctx.Err(); err != nil {
		return "", nil, err
	}
	return "", nil, by.missing(cache, tried)
}

// ErrMakerGone is returned when the model that made an atlas or a profile is found nowhere.
var ErrMakerGone = errors.New("the model that made it is not on this machine")

// missing says that the maker was not found, and what helps.
func (by maker) missing(cache string, tried []string) error {
	hint := ""
	if m, err := registry.Lookup(by.name); err == nil {
		hint = "; get it with facet model pull " + by.name
		if places := registry.ThisMachine(cache).Places(m); len(places) > 0 {
			hint = fmt.Sprintf("; %s is another file of %s", places[0].Path, by.name)
			if d, ok := m.Download(cache, by.sha256); ok {
				hint += fmt.Sprintf(": put %s beside it, as %s", d.URL, d.Path)
			}
		}
	}
	return fmt.Errorf("%s: %w: %s (sha256 %s) is neither in the cache %s nor where it was (%s)%s",
		by.what, ErrMakerGone, by.name, by.sha256, cache, strings.Join(tried, ", "), hint)
}

// candidate is a file that may be the model, with the name to call it by.
type candidate struct{ name, path string }

// published are the files on this machine that may be a model of the same digest or name.
func (by maker) published(m registry.Model, cache string) (all []candidate) {
	if cache == "" || m.Name != by.name && !m.Is(by.sha256) {
		return nil
	}
	for _, at := range registry.ThisMachine(cache).Places(m) {
		all = append(all, candidate{m.Name, at.Path})
	}
	if all == nil {
		all = []candidate{{m.Name, m.Path(cache)}} // so that an error says where it was looked for
	}
	return all
}

// candidates are published models of the same digest or name on this machine, and then the places where the file was.
func (by maker) candidates(cache string) (all []candidate) {
	for _, m := range registry.Models() {
		all = append(all, by.published(m, cache)...)
	}
	if m, err := registry.Lookup(by.name); err == nil && m.Source == registry.SourceHub {
		all = append(all, by.published(m, cache)...)
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
func (by maker) searchIn(ctx context.Context, cache string, log *slog.Logger) *checkpoint.Checkpoint {
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
			if ck := by.open(ctx, path, log); ck != nil {
				return ck
			}
		}
	}
	return nil
}

// open opens a file if it is the maker; nil if not.
func (by maker) open(ctx context.Context, path string, log *slog.Logger) *checkpoint.Checkpoint {
	info, err := os.Stat(path)
	if err != nil || by.bytes > 0 && info.Size() != by.bytes {
		return nil
	}
	ck, err := checkpoint.Open(path)
	if err != nil {
		log.Info("not the model that is looked for", "file", path, "reason", err)
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
