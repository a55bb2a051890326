// Package profile keeps a drift profile in a folder: profile.json and arrays beside it. The folder's size does not depend on the
// number of images. docs/reference/files/profile.md describes the files.
package profile

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/internal/atomicfile"
	"github.com/facet-clip/facet/internal/numeric"
	"github.com/facet-clip/facet/internal/place"
	"github.com/facet-clip/facet/internal/regular"
	"github.com/facet-clip/facet/npy"
)

// ErrFormat is returned when a folder is not a profile, or not one that this version reads.
var ErrFormat = errors.New("not a drift profile that facet reads")

// ErrThere is returned when something is where a profile is to be written.
var ErrThere = errors.New("it exists already")

// Version of the format. Version 1 had no qualities, no labels and no sums of its files.
const Version = 2

const format = "facet drift profile"

const maxHeader = 1 << 30 // bytes of profile.json: paths of the sample and labels are in it

// The files of a profile.
const (
	headerFile     = "profile.json"
	pairsFile      = "pair_moments.npy"      // means and Σ (x − mean)² of every pair scalar: float64 [2,M·C]
	meanFile       = "embedding_mean.npy"    // float64 [D]
	comomentsFile  = "embedding_m2.npy"      // Σ (x − mean)(x − mean)ᵀ, upper triangle: float64 [D,D]
	watchedFile    = "watched_moments.npy"   // as pairsFile, of signed score and norm score of each concept: float64 [2,2W]
	directionsFile = "watched.npy"           // the concepts as unit directions: float32 [W,D]
	embeddingsFile = "sample_embeddings.npy" // float32 [n,D]
	scalarsFile    = "sample_scalars.npy"    // of the strong pairs: float32 [n,S]
	scoresFile     = "sample_scores.npy"     // signed and norm: float32 [n,2W]
	sumsFile       = "moment_sums.npy"       // of a merged profile: its moments without rounding: int64 [n,5], place and four digits (docs/design.md, formula 55)
	qualitiesFile  = "qualities.npy"         // what more of each quality does to an embedding: float32 [Q,D]
)

var arrays = []string{pairsFile, meanFile, comomentsFile, watchedFile, directionsFile, embeddingsFile, scalarsFile, scoresFile, qualitiesFile}

// Header is profile.json.
type Header struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	Model   Model  `json:"model"`
	Source  string `json:"source"`
	Parts   []Part `json:"parts,omitempty"` // of a merged profile, by their sources
	After   string `json:"after,omitempty"` // the profile before, of a stream whose new state was accepted
	Images  int    `json:"images"`
	// ExifRotate says that pictures were turned as their EXIF data say.
	ExifRotate bool     `json:"exif_rotate,omitempty"`
	Skipped    []string `json:"skipped"`            // files that could not be read, with the reason; at most 100
	Unread     int      `json:"unread"`             // how many in all
	Repeated   int      `json:"repeated,omitempty"` // pictures whose content had come before, which are left out
	Pairs      int      `json:"pairs"`              // M·C
	Embed      int      `json:"embed"`              // D
	Strong     []int    `json:"strong"`             // flat indexes head·C + neuron, strongest first
	Bank       string   `json:"bank,omitempty"`     // whose words the labels are; empty: the demo world's
	Labels     []string `json:"labels,omitempty"`   // of the strong pairs, in their order; empty for a pair that no words fit
	Watched    []string `json:"watched"`
	Size       int      `json:"sample_size"` // at most
	Sample     []string `json:"sample"`      // paths
	// Groups and Classes are the group and the label of each image of the sample, where its source gives any; absent in what earlier versions wrote.
	Groups  []string `json:"sample_groups,omitempty"`
	Classes []string `json:"sample_labels,omitempty"`

	Qualities []Quality         `json:"qualities"`
	Files     map[string]string `json:"files"` // SHA-256 of each array
}

// Quality is a quality of pictures whose direction is known.
type Quality struct {
	Name     string `json:"name"`
	Way      string `json:"way"`      // what was done to pictures
	Pictures int    `json:"pictures"` // that were varied
}

// RepeatedShare is the share of the pictures whose content had come before.
func (h Header) RepeatedShare() float64 { return float64(h.Repeated) / float64(h.Images+h.Repeated) }

// Model says which model made a profile.
type Model struct {
	Name   string      `json:"name"`
	SHA256 string      `json:"sha256"`
	Bytes  int64       `json:"bytes,omitempty"`
	File   place.Place `json:"file,omitzero"` // where it lay; not for the demo model, which lies in facet
}

// Vacant is an error, which wraps [ErrThere], where there is something already and no profile can be written.
func Vacant(dir string) error {
	if _, err := os.Lstat(dir); err == nil {
		return fmt.Errorf("%s: %w; a profile goes into a new folder", dir, ErrThere)
	}
	return nil
}

// Write writes a profile into a new folder, whole or not at all. Format, version, counts and samples of the
// header, labels, qualities and sums are filled in. A folder that exists is an error.
func Write(dir string, h Header, p *drift.Profile) error {
	h.Model.File = place.Of(h.Model.File.Path, dir)
	return atomicfile.WriteFolder(dir, func(temporary string) error { return writeAll(temporary, h, p) })
}

func writeAll(dir string, h Header, p *drift.Profile) error {
	D, sample := len(p.Embedding.Mean), p.Sample()
	h.Format, h.Version, h.Images, h.Size = format, Version, p.Count(), p.Size
	h.Pairs, h.Embed, h.Strong, h.Labels, h.Files = len(p.Pairs.Mean), D, p.Strong, p.Labels, map[string]string{}
	var directions, embeddings, scalars, scores, qualities []float32
	h.Qualities = []Quality{}
	for _, q := range p.Qualities {
		h.Qualities = append(h.Qualities, Quality{q.Name, q.Way, q.Pictures})
		qualities = append(qualities, q.Shift...)
	}
	for _, c := range p.Watched {
		h.Watched = append(h.Watched, c.Text)
		directions = append(directions, c.Direction...)
	}
	h.Groups, h.Classes = valuesOf(sample, func(i drift.Image) string { return i.Group }), valuesOf(sample, func(i drift.Image) string { return i.Label })
	for _, image := range sample {
		h.Sample = append(h.Sample, image.Path)
		embeddings = append(embeddings, image.Embedding...)
		scalars = append(scalars, image.Scalars...)
		for _, s := range image.Scores {
			scores = append(scores, float32(s.Signed), float32(s.Norm))
		}
	}
	W, n := len(p.Watched), len(sample)
	f := folder{dir, h.Files}
	err := errors.Join(
		f.moments(pairsFile, p.Pairs), f.moments(watchedFile, p.Scores),
		f.write(meanFile, func(w io.Writer) error { return npy.WriteFloat64(w, p.Embedding.Mean, D) }),
		f.write(comomentsFile, func(w io.Writer) error { return npy.WriteFloat64(w, p.Embedding.M2, D, D) }),
		f.array(directionsFile, directions, W, D), f.array(embeddingsFile, embeddings, n, D),
		f.array(scalarsFile, scalars, n, len(p.Strong)), f.array(scoresFile, scores, n, 2*W),
		f.array(qualitiesFile, qualities, len(p.Qualities), D),
	)
	if p.Sums == nil {
		h.Parts = nil // of the profile that this one comes after
	} else {
		err = errors.Join(err, f.momentSums(p.Sums))
	}
	if err != nil {
		return err
	}
	return f.write(headerFile, func(w io.Writer) error { return json.NewEncoder(w).Encode(h) })
}

// valuesOf are the values of images; nil where none has one.
func valuesOf(sample []drift.Image, value func(drift.Image) string) []string {
	out, some := make([]string, len(sample)), false
	for k, i := range sample {
		out[k] = value(i)
		some = some || out[k] != ""
	}
	if !some {
		return nil
	}
	return out
}

// folder is where a profile's files are written, with the sums of those that are.
type folder struct {
	dir  string
	sums map[string]string
}

func (f folder) write(name string, write func(io.Writer) error) error {
	sum := sha256.New()
	err := atomicfile.Write(filepath.Join(f.dir, name), func(out io.Writer) error { return write(io.MultiWriter(out, sum)) })
	f.sums[name] = hex.EncodeToString(sum.Sum(nil))
	return err
}

func (f folder) array(name string, data []float32, shape ...int) error {
	return f.write(name, func(w io.Writer) error { return npy.Write(w, data, shape...) })
}

func (f folder) moments(name string, m *drift.Moments) error {
	both := append(append([]float64{}, m.Mean...), m.M2...)
	return f.write(name, func(w io.Writer) error { return npy.WriteFloat64(w, both, 2, len(m.Mean)) })
}

func (f folder) momentSums(s *numeric.Sums) error {
	rows := make([]int64, 0, 5*s.Len())
	for i := range s.Len() {
		place, digits := s.Digits(i)
		rows = append(append(rows, int64(place)), digits[:]...)
	}
	return f.write(sumsFile, func(w io.Writer) error { return npy.WriteInt64(w, rows, s.Len(), 5) })
}

// ReadHeader reads profile.json. Errors wrap [ErrFormat] where the file is there but wrong.
func ReadHeader(dir string) (Header, error) {
	path := filepath.Join(dir, headerFile)
	data, err := regular.ReadFile(path, maxHeader)
	if err != nil {
		return Header{}, fmt.Errorf("%w (expected a folder that facet drift profile wrote)", err)
	}
	h, err := parseHeader(data)
	if err != nil {
		return Header{}, fmt.Errorf("%s: %w", path, err)
	}
	return h, nil
}

func parseHeader(data []byte) (Header, error) {
	var h Header
	if err := json.Unmarshal(data, &h); err != nil {
		return h, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	switch {
	case h.Format != format:
		return h, fmt.Errorf("%w: its format is %q, expected %q", ErrFormat, h.Format, format)
	case h.Version != Version:
		return h, fmt.Errorf("%w: version %d, expected %d", ErrFormat, h.Version, Version)
	case h.Images < 1 || h.Pairs < 1 || h.Embed < 1:
		return h, fmt.Errorf("%w: %d images, %d pairs, embedding %d", ErrFormat, h.Images, h.Pairs, h.Embed)
	case h.Labels != nil && len(h.Labels) != len(h.Strong):
		return h, fmt.Errorf("%w: %d labels of %d strong pairs", ErrFormat, len(h.Labels), len(h.Strong))
	case h.Groups != nil && len(h.Groups) != len(h.Sample) || h.Classes != nil && len(h.Classes) != len(h.Sample):
		return h, fmt.Errorf("%w: %d groups and %d labels of %d images", ErrFormat, len(h.Groups), len(h.Classes), len(h.Sample))
	case len(h.Sample) > h.Images || len(h.Sample) > h.Size || len(h.Strong) > h.Pairs:
		return h, fmt.Errorf("%w: a sample of %d out of %d images, %d strong pairs of %d", ErrFormat, len(h.Sample), h.Images, len(h.Strong), h.Pairs)
	}
	for _, p := range h.Strong {
		if p < 0 || p >= h.Pairs {
			return h, fmt.Errorf("%w: strong pair %d of %d", ErrFormat, p, h.Pairs)
		}
	}
	if err := h.checkParts(); err != nil {
		return h, err
	}
	for _, name := range arrays {
		if h.Files[name] == "" {
			return h, fmt.Errorf("%w: no sum of %s", ErrFormat, name)
		}
	}
	return h, nil
}

// Open reads a profile for the model whose directions are ov. Compare Header.Model with the model at hand first: see [ReadHeader].
func Open(dir string, ov *decompose.OV) (*drift.Profile, error) {
	h, err := ReadHeader(dir)
	if err != nil {
		return nil, err
	}
	if h.Pairs != ov.Heads*ov.Channels || h.Embed != ov.Embed {
		return nil, fmt.Errorf("%s: %w: %d pairs and embedding %d, the model has %d and %d",
			dir, ErrFormat, h.Pairs, h.Embed, ov.Heads*ov.Channels, ov.Embed)
	}
	r := &reader{dir: dir, sums: h.Files}
	W, n := len(h.Watched), len(h.Sample)
	p := &drift.Profile{Strong: h.Strong, Labels: h.Labels}
	p.Size = h.Size
	p.Pairs, p.Scores = r.moments(pairsFile, h.Images, h.Pairs), r.moments(watchedFile, h.Images, 2*W)
	p.Embedding = &drift.Gaussian{Count: h.Images, Mean: r.float64s(meanFile, h.Embed), M2: r.float64s(comomentsFile, h.Embed, h.Embed)}
	directions := r.float32s(directionsFile, W, h.Embed)
	embeddings, scalars := r.float32s(embeddingsFile, n, h.Embed), r.float32s(scalarsFile, n, len(h.Strong))
	scores, qualities := r.float32s(scoresFile, n, 2*W), r.float32s(qualitiesFile, len(h.Qualities), h.Embed)
	if r.err != nil {
		return nil, r.err
	}
	for w, text := range h.Watched {
		c, err := drift.NewConcept(text, directions[w*h.Embed:(w+1)*h.Embed], ov)
		if err != nil {
			return nil, err
		}
		p.Watched = append(p.Watched, c)
	}
	for i, q := range h.Qualities {
		p.Qualities = append(p.Qualities, drift.Quality{Name: q.Name, Way: q.Way, Pictures: q.Pictures, Shift: qualities[i*h.Embed:][:h.Embed]})
	}
	images := make([]drift.Image, n)
	for i, path := range h.Sample {
		images[i] = drift.Image{Path: path, Embedding: embeddings[i*h.Embed:][:h.Embed], Scalars: scalars[i*len(h.Strong):][:len(h.Strong)]}
		if h.Groups != nil {
			images[i].Group = h.Groups[i]
		}
		if h.Classes != nil {
			images[i].Label = h.Classes[i]
		}
		for w := range W {
			images[i].Scores = append(images[i].Scores, drift.Score{Signed: float64(scores[(i*W+w)*2]), Norm: float64(scores[(i*W+w)*2+1])})
		}
	}
	p.Restore(images)
	if len(h.Parts) > 0 {
		p.Sums = r.momentSums(p.MomentSums(), numeric.Numbers*len(h.Parts))
	}
	return p, r.err
}

// reader reads arrays of known shapes and sums; after the first error it reads no more.
type reader struct {
	dir  string
	sums map[string]string
	err  error
}

func (r *reader) read(name string, read func(io.Reader) error) {
	if r.err != nil {
		return
	}
	path := filepath.Join(r.dir, name)
	f, err := regular.Open(path)
	if err != nil {
		r.err = err
		return
	}
	defer f.Close()
	if err := r.check(f, name); err != nil {
		r.err = fmt.Errorf("%s: %w", path, err)
	} else if err := read(f); err != nil {
		r.err = fmt.Errorf("%s: %w", path, err)
	}
}

// check compares a file's sum with that in the header, and goes back to its beginning.
func (r *reader) check(f *os.File, name string) error {
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return err
	}
	if found := hex.EncodeToString(sum.Sum(nil)); found != r.sums[name] {
		return fmt.Errorf("%w: its SHA-256 is %.12s…, expected %.12s…: it is damaged, or of another profile", ErrFormat, found, r.sums[name])
	}
	_, err := f.Seek(0, io.SeekStart)
	return err
}

func (r *reader) float64s(name string, shape ...int) (data []float64) {
	r.read(name, func(f io.Reader) (err error) {
		data, err = npy.ReadFloat64(f, shape...)
		return err
	})
	return data
}

func (r *reader) float32s(name string, rows, columns int) (data []float32) {
	r.read(name, func(f io.Reader) error {
		a, err := npy.Read(f)
		if err != nil {
			return err
		}
		if len(a.Shape) != 2 || a.Shape[0] != rows || a.Shape[1] != columns {
			return fmt.Errorf("%w: shape %v, expected [%d %d]", ErrFormat, a.Shape, rows, columns)
		}
		data = a.Data
		return nil
	})
	return data
}

func (r *reader) moments(name string, count, n int) *drift.Moments {
	both := r.float64s(name, 2, n)
	if r.err != nil {
		return nil
	}
	return &drift.Moments{Count: count, Mean: both[:n:n], M2: both[n:]}
}

// momentSums reads n sums of so many numbers at most.
func (r *reader) momentSums(n, numbers int) *numeric.Sums {
	s := numeric.NewSums(n)
	r.read(sumsFile, func(f io.Reader) error {
		rows, err := npy.ReadInt64(f, n, 5)
		if err != nil {
			return err
		}
		for i := range n {
			row := rows[5*i:]
			if err := s.SetDigits(i, int(row[0]), [4]int64(row[1:]), numbers); err != nil {
				return fmt.Errorf("%w: row %d: %w", ErrFormat, i, err)
			}
		}
		return nil
	})
	return s
}

// Fingerprint is the SHA-256 of a profile's header, in hex.
func Fingerprint(dir string) (string, error) {
	data, err := regular.ReadFile(filepath.Join(dir, headerFile), maxHeader)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}
