package atlas

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/internal/regular"
)

// writeManifest writes atlas.json, which makes an atlas of a folder.
func writeManifest(dir string, m Manifest, files []File) error {
	m.Files = slices.SortedFunc(slices.Values(files), func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	_, err := writeFile(dir, ManifestFile, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(m)
	})
	return err
}

// ReadManifest reads what an atlas says of itself, and none of its tables. Errors are those of [Open].
func ReadManifest(dir string) (Manifest, error) { return readManifest(dir) }

// readManifest reads atlas.json.
func readManifest(dir string) (Manifest, error) {
	f, err := regular.Open(filepath.Join(dir, ManifestFile))
	if errors.Is(err, fs.ErrNotExist) {
		if exists(dir, stateFile) {
			return Manifest{}, fmt.Errorf("%s: %w", dir, ErrUnfinished)
		}
		if exists(dir, mergePart) {
			return Manifest{}, fmt.Errorf("%s: %w", dir, ErrUnfinishedMerge)
		}
		return Manifest{}, fmt.Errorf("%s: expected an atlas, found no %s in it: %w", dir, ManifestFile, err)
	}
	if err != nil {
		return Manifest{}, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxManifest+1))
	if err != nil {
		return Manifest{}, err
	}
	m, err := parseManifest(data)
	if err != nil {
		return Manifest{}, fmt.Errorf("%s: %w", filepath.Join(dir, ManifestFile), err)
	}
	return m, nil
}

// parseManifest reads and checks a manifest. Errors wrap [ErrFormat].
func parseManifest(data []byte) (Manifest, error) {
	refuse := func(format string, args ...any) (Manifest, error) {
		return Manifest{}, fmt.Errorf("%w: %w", ErrFormat, fmt.Errorf(format, args...))
	}
	if len(data) > maxManifest {
		return refuse("more than %d bytes", maxManifest)
	}
	var version struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(data, &version); err != nil {
		return refuse("%w", err)
	}
	if version.Format < 1 || version.Format > Format {
		return refuse("format version %d, this facet reads versions 1 to %d", version.Format, Format)
	}
	var m Manifest
	d := json.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&m); err != nil {
		return refuse("%w", err)
	}
	if err := m.check(); err != nil {
		return refuse("%w", err)
	}
	return m, nil
}

// check refuses numbers that no atlas has.
func (m Manifest) check() error {
	if err := checkShape(m.Model.Config); err != nil {
		return err
	}
	if m.Images < 1 || m.Images > math.MaxUint32 {
		return fmt.Errorf("%d images, expected 1 to %d", m.Images, uint32(math.MaxUint32))
	}
	sum := 0
	for _, d := range m.Datasets {
		if d.Images < 0 || d.Images > m.Images {
			return fmt.Errorf("%d images of %s, %d in all", d.Images, d.Source, m.Images)
		}
		sum += d.Images
	}
	if sum != m.Images {
		return fmt.Errorf("%d images in the datasets, %d in all", sum, m.Images)
	}
	for _, name := range tableFiles(m.Options) {
		if _, err := m.file(name); err != nil {
			return err
		}
	}
	if m.Labels != nil {
		return m.Labels.check(m)
	}
	return nil
}

func checkShape(c clip.Config) error {
	const most = 1 << 20
	if c.Heads < 1 || c.Channels < 1 || c.Channels > most || c.Heads > c.Channels || c.Channels%c.Heads != 0 || c.Embed < 1 || c.Embed > most {
		return fmt.Errorf("a model of %d heads, %d neurons, embedding %d", c.Heads, c.Channels, c.Embed)
	}
	return nil
}

// tableFiles are those that every atlas has beside its manifest.
func tableFiles(o Options) []string {
	names := []string{pairsFile, neuronsFile, imagesFile, topFile, neuronCovFile, headCovFile, headMeanFile, gramFile}
	if o.KeepScalars {
		names = append(names, scalarsFile)
	}
	return names
}

// file is the entry of one file.
func (m Manifest) file(name string) (File, error) {
	for _, f := range m.Files {
		if f.Name == name {
			return f, nil
		}
	}
	return File{}, fmt.Errorf("it lists no %s", name)
}
