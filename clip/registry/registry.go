package registry

import (
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Model is a published checkpoint.
type Model struct {
	Name      string // what people type: RN50, RN50/yfcc15m
	Source    string // who published it: [SourceOpenAI] or [SourceOpenCLIP]
	URL       string
	SHA256    string // lower-case hexadecimal; the first digits (at least 8) where only those are published
	QuickGELU bool   // the text tower's activation is QuickGELU
	Note      string // one line for people: size of the image tower and training data
}

// The publishers of models.
const (
	SourceOpenAI   = "openai"
	SourceOpenCLIP = "open_clip"
)

// Models gives the published models, OpenAI's first, small before large. The slice is the caller's.
func Models() []Model { return slices.Clone(published) }

// Lookup finds a model by its exact name. For another name the error wraps [ErrUnknown] and lists the known ones.
func Lookup(name string) (Model, error) {
	names := make([]string, len(published))
	for i, m := range published {
		if m.Name == name {
			return m, nil
		}
		names[i] = m.Name
	}
	return Model{}, fmt.Errorf("%w %q; expected one of %s", ErrUnknown, name, strings.Join(names, ", "))
}

// CacheDir is the folder that keeps models: FACET_CACHE when set, else the folder facet in the user's cache folder.
// It need not exist yet. It is an error when neither is defined.
func CacheDir() (string, error) {
	if dir := os.Getenv("FACET_CACHE"); dir != "" {
		return dir, nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache folder for models: %w; set FACET_CACHE to a folder", err)
	}
	return filepath.Join(dir, "facet"), nil
}

// Path is where the checkpoint lies, or would lie, in a cache: a folder named after the model, and in it the last
// part of the URL's path. Characters that could leave the cache or trouble a file system become hyphens.
func (m Model) Path(cache string) string {
	return filepath.Join(cache, pathElement(m.Name), pathElement(urlBase(m.URL)))
}

// Installed tells whether a file lies at [Model.Path]. It does not read it: [Puller.Pull] checks the sum.
func (m Model) Installed(cache string) bool {
	info, err := os.Stat(m.Path(cache))
	return err == nil && info.Mode().IsRegular()
}

// VocabularyPath is where the vocabulary that the published models share lies, or would lie, in a cache.
func VocabularyPath(cache string) string { return filepath.Join(cache, urlBase(vocabularyURL)) }

// urlBase is the last part of a URL's path.
func urlBase(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return path.Base(u.Path)
}

// pathElement turns any text into the name of one file or folder: never empty, hidden, or with a separator.
func pathElement(text string) string {
	safe := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
			return r
		}
		return '-'
	}, text)
	if safe = strings.Trim(safe, "."); safe == "" {
		return "unnamed"
	}
	return safe
}
