// Package atlas is what a scan of a dataset leaves behind: for each pair, neuron and head the statistics from which the paper's
// questions are answered (Bu & Gandelsman, arXiv 2509.19943; docs/design.md, 11 to 15), and a row for each image. Its size does not grow
// with the dataset but for that row.
//
// # Terms
//
//   - M heads of width d = C/M, C neurons, D the joint embedding width, N images.
//   - pair p: the flat index head·C + neuron, as everywhere in facet.
//   - pair scalar s[h,n] and direction u[h,n]: package decompose. s̄ is the mean over the atlas' images.
//   - centred contribution (s − s̄)·u of a pair, of norm |s − s̄|·‖u‖.
//   - co-moments Σ (x − x̄)(y − ȳ); covariances are co-moments over N.
//   - extremes: the images of largest and of smallest scalar of a pair, [decompose.Extremes] of each.
//   - packed: the upper triangle of a symmetric matrix, row by row, as numpy.triu_indices orders it.
//
// # Use
//
// A [Writer] makes an atlas and survives being killed; [Open] reads one; [Merge] joins several. Images count from 0 in the
// order in which they were added, or, in a merged atlas, in the order of its parts.
package atlas

import (
	"errors"
	"fmt"
	"time"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/internal/numeric"
	"github.com/facet-clip/facet/internal/place"
)

// Format is the version of the files of a merged atlas, and scanFormat that of a scan's. A merged atlas of version 2 or 1, from earlier versions of facet, has
// one file of images and no [Part]. Version 1 has no [Dataset.Root]: its paths are as the scan was told them, from the folder in which it was started.
const (
	Format     = 3
	scanFormat = 2
)

// MaxParts bounds how many atlases may be merged into one, at once or in steps.
const MaxParts = 100_000

const _ = uint(numeric.MostSums - numeric.Numbers*MaxParts) // does not compile where a digit of a sum could overflow

// Uses is how many of an image's strongest pairs are kept.
const Uses = 32

// MaxSkipped bounds the list of unreadable files.
const MaxSkipped = 100_000

var (
	// ErrUnfinished is returned when a folder holds a scan that has not come to its end.
	ErrUnfinished = errors.New("the scan is not finished")
	// ErrUnfinishedMerge is the [ErrUnfinished] of a folder in which a merge has not come to its end.
	ErrUnfinishedMerge = fmt.Errorf("%w: it is a merge", ErrUnfinished)
	// ErrFinished is returned when a scan is to go on in a folder whose atlas is complete.
	ErrFinished = errors.New("the atlas is complete")
	// ErrBusy is returned when another process is writing into the folder of an atlas.
	ErrBusy = errors.New("another process is writing there")
	// ErrNoPicture is returned when a picture of an atlas is not where it was.
	ErrNoPicture = errors.New("the picture is not where the scan found it")
	// ErrNoScalars is returned when the scalars of every image are asked of an atlas that was made without them.
	ErrNoScalars = errors.New("the atlas keeps no scalars of single images")
	// ErrFormat is returned when a file of an atlas is not what it should be.
	ErrFormat = errors.New("not a readable atlas")
	// ErrMismatch is returned when an atlas is of another model, shape, dataset or way of scanning than it is used with.
	ErrMismatch = errors.New("the atlas is of something else")
)

// Image is one image of a dataset.
type Image struct {
	Path         string // from the root of its dataset, with slashes; see [Atlas.Picture]
	Label, Group string
	Truth        string    // what the dataset says of it beside its class, such as 1 for "holds the concept"; empty when not known
	Time         time.Time // to the microsecond, UTC; zero when not known
	Embedding    []float32 // [D], not normalised
	Top          []Use     // strongest pairs by ‖s·u‖, strongest first, at most Uses of them; a Writer fills it
}

// Use is a pair in an image.
type Use struct {
	Pair   int // head·C + neuron
	Scalar float32
}

// Manifest is atlas.json: what was scanned with what. It holds nothing that differs between two scans of the same thing.
type Manifest struct {
	Format   int       `json:"format"`
	Model    Model     `json:"model"`
	Datasets []Dataset `json:"datasets"`        // in the order of their images; one unless merged
	Parts    []Part    `json:"parts,omitempty"` // of a merged atlas, in its order
	Options  Options   `json:"options"`
	Images   int       `json:"images"` // N
	Skipped  []Skipped `json:"skipped"`
	Files    []File    `json:"files"` // sorted by name
	Labels   *Labels   `json:"labels,omitempty"`
}

// Model says which model made an atlas. SHA256 and Config are its fingerprint; nothing of another one is read or merged.
type Model struct {
	Name   string      `json:"name"`
	SHA256 string      `json:"sha256"` // of the checkpoint file
	Bytes  int64       `json:"bytes,omitempty"`
	File   place.Place `json:"file,omitzero"` // where it lay; not for the demo model, which lies in facet
	Engine string      `json:"engine"`        // of a merged atlas: empty when they differ
	Config clip.Config `json:"config"`
}

// Part is an atlas that was merged into another, and was not merged itself, or by a version of facet whose merged atlases had no parts. Parts stand in an
// order that depends on them alone: by source, shard and fingerprint of their first dataset. Their datasets, images and skipped items
// follow each other in that order.
type Part struct {
	Datasets int `json:"datasets"`
	Images   int `json:"images"`  // rows of its file below images/
	Skipped  int `json:"skipped"` // items
}

// Dataset says what was scanned.
type Dataset struct {
	Source      string      `json:"source"`           // as the user named it
	Root        place.Place `json:"root,omitzero"`    // the folder that the images' paths start from; none for scenes
	Fingerprint string      `json:"fingerprint"`      // of its items and of the part of them that was scanned
	Shard       int         `json:"shard,omitempty"`  // which part of the source was scanned, from 0
	Shards      int         `json:"shards,omitempty"` // of how many; 0: it was scanned whole, or by a version of facet that did not note it
	Images      int         `json:"images"`           // rows of the atlas that came from it
}

// Skipped is an item that gave no image.
type Skipped struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

// File is one file of an atlas.
type File struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
	CRC32C uint32 `json:"crc32c,omitempty"` // none: an earlier version of facet wrote it
}

// Options are how a scan is kept. They must be the same when it goes on.
type Options struct {
	CheckpointEvery int  `json:"-"`                     // images between checkpoints; 0: only when told. The tables do not depend on it
	KeepScalars     bool `json:"keep_scalars"`          // scalars.npy [N,M,C] float16
	ExifRotate      bool `json:"exif_rotate,omitempty"` // pictures were turned as their EXIF data say
}

// SameModel is an error that wraps [ErrMismatch] unless both have the same fingerprint.
func (m Model) SameModel(other Model) error {
	if m.SHA256 != other.SHA256 {
		return fmt.Errorf("%w: made with the model %s (sha256 %.12s…), expected %s (sha256 %.12s…)", ErrMismatch, m.Name, m.SHA256, other.Name, other.SHA256)
	}
	if m.Config != other.Config {
		return fmt.Errorf("%w: made with the architecture %+v, expected %+v", ErrMismatch, m.Config, other.Config)
	}
	return nil
}
