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

// Model is a published checkpoint. Two files may hold it: the publisher's own, and the one that its repository on the hub has.
type Model struct {
	Name      string // what people type: RN50, RN50/yfcc15m, hf:owner/name@revision
	Source    string // who published it: [SourceOpenAI], [SourceOpenCLIP] or [SourceHub]
	URL       string // of the publisher's file; empty when it lies on the hub alone
	SHA256    string // of the publisher's file: lower-case hexadecimal; the first digits (at least 8) where only those are published
	Hub       string // its repository on the hub: owner/name
	Revision  string // of the repository: a branch, a tag or a commit; empty: main
	HubSHA256 string // of [SafeTensors] there; empty when only the hub knows it
	HubBytes  int64  // of [SafeTensors] there; 0 when only the hub knows it
	// Parameters are those of its architecture: four bytes each are about the size of the hub's file. 0 when not known.
	Parameters int64
	QuickGELU  bool   // the text tower's activation is QuickGELU; of a model of the hub its [Card] says so instead
	Note       string // one line for people: size of the image tower and training data
}

// The publishers of models. SourceHub is whoever owns the repository.
const (
	SourceOpenAI   = "openai"
	SourceOpenCLIP = "open_clip"
	SourceHub      = "hub"
)

// The files of a repository that open_clip writes, and facet reads.
const (
	SafeTensors = "open_clip_model.safetensors"
	TorchFile   = "open_clip_pytorch_model.bin"
	CardFile    = "open_clip_config.json"
)

// Models gives the published models, OpenAI's first, small before large. The slice is the caller's.
func Models() []Model { return slices.Clone(published) }

// Lookup finds a published model by its name, in whatever case, and makes a model of hf:owner/name or hf:owner/name@revision. For another
// name the error wraps [ErrUnknown] and lists the known ones; for a repository that cannot be, it wraps [ErrRepository].
func Lookup(name string) (Model, error) {
	if repository, ok := cutFold(name, hubPrefix); ok {
		return hubModel(repository)
	}
	names := make([]string, len(published))
	for i, m := range published {
		if strings.EqualFold(m.Name, name) {
			return m, nil
		}
		names[i] = m.Name
	}
	return Model{}, fmt.Errorf("%w %q; expected one of %s, or hf:OWNER/NAME of the Hugging Face hub", ErrUnknown, name, strings.Join(names, ", "))
}

// cutFold is [strings.CutPrefix] in whatever case.
func cutFold(text, prefix string) (after string, found bool) {
	if len(text) < len(prefix) || !strings.EqualFold(text[:len(prefix)], prefix) {
		return text, false
	}
	return text[len(prefix):], true
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

// Path is where the publisher's file lies, or would lie, in a cache: a folder named after the model, and in it the last part of the URL's
// path. A model of the hub alone has [SafeTensors] there. Characters that could leave the cache or trouble a file system become hyphens.
func (m Model) Path(cache string) string {
	if m.Source == SourceHub {
		return m.hubPath(cache, SafeTensors)
	}
	return filepath.Join(cache, m.folder(), pathElement(urlBase(m.URL)))
}

// hubPath is where a file of the model's repository lies, or would lie, in a cache.
func (m Model) hubPath(cache, file string) string { return filepath.Join(cache, m.folder(), file) }

// folder is the name of the model's folder in a cache.
func (m Model) folder() string {
	if m.Source == SourceHub {
		return hubFolder(m.Hub, m.Revision)
	}
	return pathElement(m.Name)
}

// Is tells whether a SHA-256 is that of a file of the model, as far as facet knows them beforehand.
func (m Model) Is(sha256 string) bool {
	return m.SHA256 != "" && strings.HasPrefix(sha256, m.SHA256) || m.HubSHA256 != "" && m.HubSHA256 == sha256
}

// Claims tells whether a name is the model's: its own, its repository's on the hub, or that of the publisher's file, in whatever folder. Case does not count.
func (m Model) Claims(name string) bool {
	if repository, ok := cutFold(name, hubPrefix); ok {
		repository, _, _ = strings.Cut(repository, "@")
		return strings.EqualFold(repository, m.Hub)
	}
	return strings.EqualFold(name, m.Name) || m.URL != "" && strings.EqualFold(filepath.Base(name), urlBase(m.URL))
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
