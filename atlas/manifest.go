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

// ParseManifest reads the content of an atlas.json. Errors wrap [ErrFormat].
func ParseManifest(data []byte) (Manifest, error) { return parseManifest(data) }

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
	if err := m.checkParts(); err != nil {
		return err
	}
	listed := map[string]bool{}
	for _, f := range m.Files {
		listed[f.Name] = true
	}
	for _, name := range m.tableFiles() {
		if !listed[name] {
			return fmt.Errorf("it lists no %s", name)
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

// checkParts refuses parts that do not add up.
func (m Manifest) checkParts() error {
	if len(m.Parts) > 0 != (m.Format > scanFormat) {
		return fmt.Errorf("%d parts in format version %d", len(m.Parts), m.Format)
	}
	if len(m.Parts) > MaxParts {
		return fmt.Errorf("%d parts, expected at most %d", len(m.Parts), MaxParts)
	}
	datasets, images, skipped := m.Datasets, m.Images, len(m.Skipped)
	for k, p := range m.Parts {
		if p.Datasets < 1 || p.Datasets > len(datasets) || p.Images < 1 || p.Images > images || p.Skipped < 0 || p.Skipped > skipped {
			return fmt.Errorf("part %d of %d datasets, %d images and %d skipped items, where %d, %d and %d are left", k,
				p.Datasets, p.Images, p.Skipped, len(datasets), images, skipped)
		}
		sum := 0
		for _, d := range datasets[:p.Datasets] {
			sum += d.Images
		}
		if sum != p.Images {
			return fmt.Errorf("part %d of %d images, its datasets of %d", k, p.Images, sum)
		}
		datasets, images, skipped = datasets[p.Datasets:], images-p.Images, skipped-p.Skipped
	}
	if len(m.Parts) > 0 && (len(datasets) > 0 || images > 0 || skipped > 0) {
		return fmt.Errorf("%d datasets, %d images and %d skipped items are in no part", len(datasets), images, skipped)
	}
	return nil
}

// tableFiles are those that an atlas has beside its manifest.
func (m Manifest) tableFiles() []string {
	names := []string{pairsFile, neuronsFile, topFile, neuronCovFile, headCovFile, headMeanFile, gramFile}
	if len(m.Parts) == 0 {
		names = append(names, imagesFile)
	} else {
		names = append(names, sumsFile)
	}
	for k := range m.Parts {
		names = append(names, partFile(k))
	}
	if m.Options.KeepScalars {
		names = append(names, scalarsFile)
	}
	return names
}

// section is a part of an atlas and where it lies in it. An atlas without parts is one itself.
type section struct {
	Part
	file           string // of its images
	dataset, image int    // its first ones, in the atlas
	item           int    // its first skipped item
}

// sections are the parts of an atlas.
func (m Manifest) sections() []section {
	if len(m.Parts) == 0 {
		return []section{{Part: Part{len(m.Datasets), m.Images, len(m.Skipped)}, file: imagesFile}}
	}
	all := make([]section, len(m.Parts))
	var next section
	for k, p := range m.Parts {
		next.Part, next.file = p, partFile(k)
		all[k] = next
		next.dataset, next.image, next.item = next.dataset+p.Datasets, next.image+p.Images, next.item+p.Skipped
	}
	return all
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
