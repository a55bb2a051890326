package registry

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/facet-clip/facet/internal/regular"
)

// Machine is the folders in which models lie. An empty folder is not looked into.
type Machine struct {
	Cache    string // facet's own: see [CacheDir]
	OpenAI   string // of OpenAI's package and of older versions of open_clip
	HubCache string // of the hub's client
}

// ThisMachine gives the folders of this machine; cache is facet's own. The others are where their owners keep them: ~/.cache/clip, and
// HF_HUB_CACHE, else HF_HOME/hub, else the folder huggingface/hub in XDG_CACHE_HOME or ~/.cache.
func ThisMachine(cache string) Machine {
	home, err := os.UserHomeDir()
	if err != nil {
		home = ""
	}
	m := Machine{Cache: cache, HubCache: hubCache(home)}
	if home != "" {
		m.OpenAI = filepath.Join(home, ".cache", "clip")
	}
	return m
}

// hubCache is where the hub's client keeps what it downloaded: the first of its variables that is set decides.
func hubCache(home string) string {
	expand := func(path string) string {
		if rest, ok := strings.CutPrefix(path, "~"); ok && home != "" && (rest == "" || rest[0] == '/') {
			path = home + rest
		}
		return os.ExpandEnv(path)
	}
	for _, name := range []string{"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"} {
		if dir := os.Getenv(name); dir != "" {
			return expand(dir)
		}
	}
	if dir := os.Getenv("HF_HOME"); dir != "" {
		return filepath.Join(expand(dir), "hub")
	}
	if dir := os.Getenv("XDG_CACHE_HOME"); dir != "" {
		return filepath.Join(expand(dir), "huggingface", "hub")
	}
	if home == "" {
		return ""
	}
	return filepath.Join(home, ".cache", "huggingface", "hub")
}

// Place is a checkpoint that lies on a machine.
type Place struct {
	Path  string
	Bytes int64
	Own   bool // it lies in facet's own cache

	sha256 string // that it must have: whole or its first digits; empty when nobody knows
}

// Places lists the files that may be a model's checkpoint, the best first: facet's own cache, OpenAI's, the hub's. No byte of them is read:
// [Machine.Find] does.
func (m Machine) Places(model Model) []Place {
	var all []Place
	add := func(path, sha256 string, own bool) {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			all = append(all, Place{Path: path, Bytes: info.Size(), Own: own, sha256: sha256})
		}
	}
	if m.Cache != "" {
		if model.URL != "" {
			add(model.Path(m.Cache), model.SHA256, true)
		}
		for _, file := range []string{SafeTensors, TorchFile} {
			path := model.hubPath(m.Cache, file)
			add(path, model.hubSum(file, m.Checked(model, path)), true)
		}
	}
	if m.OpenAI != "" && model.URL != "" {
		add(filepath.Join(m.OpenAI, urlBase(model.URL)), model.SHA256, false)
	}
	if snapshot := m.snapshot(model); snapshot != "" {
		for _, file := range []string{SafeTensors, TorchFile} {
			path := filepath.Join(snapshot, file)
			add(path, model.hubSum(file, blobSum(path)), false)
		}
	}
	return all
}

// hubSum is the sum of a file of the model's repository: the one that facet knows decides.
func (m Model) hubSum(file, told string) string {
	if file == SafeTensors && m.HubSHA256 != "" {
		return m.HubSHA256
	}
	return told
}

// snapshot is the folder of a revision in the hub's cache; empty when it has none. A model of the hub alone needs its card there too.
func (m Machine) snapshot(model Model) string {
	if m.HubCache == "" || model.Hub == "" {
		return ""
	}
	folder := filepath.Join(m.HubCache, hubFolder(model.Hub, ""))
	commit := model.revision()
	if !commitName.MatchString(commit) {
		data, err := regular.ReadFile(filepath.Join(folder, "refs", filepath.FromSlash(commit)), 1<<10)
		if commit = strings.TrimSpace(string(data)); err != nil || !commitName.MatchString(commit) {
			return ""
		}
	}
	snapshot := filepath.Join(folder, "snapshots", commit)
	if model.Source == SourceHub && !regular.Exists(filepath.Join(snapshot, CardFile)) {
		return ""
	}
	return snapshot
}

// blobSum is the sum by which the hub's client names the file that a snapshot's link leads to; empty where it made no link.
func blobSum(link string) string {
	target, err := os.Readlink(link)
	if name := filepath.Base(target); err == nil && isSHA256(name) {
		return name
	}
	return ""
}

// Find gives the first place of a model that is sound. What lies in facet's own cache was checked before it got its name. A file elsewhere is
// read once: when its sum is right, that is remembered in facet's cache for as long as its size and date stay. Without any the error wraps
// [fs.ErrNotExist], and says what is wrong with those that were left aside.
func (m Machine) Find(ctx context.Context, model Model, log *slog.Logger) (Place, error) {
	var left []error
	for _, p := range m.Places(model) {
		if p.Own {
			return p, nil
		}
		err := m.check(ctx, model, p)
		if err == nil {
			return p, nil
		}
		if ctx.Err() != nil {
			return Place{}, ctx.Err()
		}
		log.Warn("a checkpoint on this machine is left aside", "model", model.Name, "file", p.Path, "reason", err)
		left = append(left, err)
	}
	return Place{}, errors.Join(append([]error{fmt.Errorf("model %s: %w on this machine", model.Name, fs.ErrNotExist)}, left...)...)
}

// check reads a file and compares its sum, unless that was done before.
func (m Machine) check(ctx context.Context, model Model, p Place) error {
	if p.sha256 == "" {
		return fmt.Errorf("%s: %w; to use it all the same, give the file instead of the name", p.Path, ErrNoSum)
	}
	if known := m.Checked(model, p.Path); known != "" && strings.HasPrefix(known, p.sha256) {
		return nil
	}
	sum, err := sumOf(ctx, p.Path)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(sum, p.sha256) {
		return &ChecksumError{Path: p.Path, Expected: p.sha256, Found: sum}
	}
	m.remember(model, p.Path, sum)
	return nil
}

// Unfinished is a download that was cut off.
type Unfinished struct {
	Path  string
	Bytes int64
}

// Unfinished lists the downloads of a model that were cut off: facet's own, which the next pull continues, and those of the hub's client.
func (m Machine) Unfinished(model Model) []Unfinished {
	var all []Unfinished
	add := func(pattern ...string) {
		paths, _ := regular.Glob(filepath.Join(pattern...))
		for _, path := range paths {
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Size() > 0 {
				all = append(all, Unfinished{Path: path, Bytes: info.Size()})
			}
		}
	}
	if m.Cache != "" {
		add(m.Cache, model.folder(), "*.part")
	}
	if m.HubCache != "" && model.Hub != "" {
		add(m.HubCache, hubFolder(model.Hub, ""), "blobs", "*.incomplete")
	}
	return all
}

// Pulled lists the models of the hub alone that lie, or began to be pulled, in facet's own cache.
func (m Machine) Pulled() []Model {
	var all []Model
	entries, err := os.ReadDir(m.Cache)
	if m.Cache == "" || err != nil {
		return nil // what cannot be read has none
	}
	for _, e := range entries {
		name, ok := strings.CutPrefix(e.Name(), "models--")
		if !ok || !e.IsDir() {
			continue
		}
		model, err := modelOfFolder(name)
		if err == nil && (len(m.Places(model)) > 0 || len(m.Unfinished(model)) > 0) {
			all = append(all, model)
		}
	}
	return all
}
