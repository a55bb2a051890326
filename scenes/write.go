package scenes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/facet-clip/facet/internal/atomicfile"
)

// MaxScenes is the most scenes one folder takes.
const MaxScenes = 10_000_000

// Writing says what to write. Scenes are those of the default world.
type Writing struct {
	Scenes   int    // 1 to MaxScenes
	Seed     uint64 // scene i is Sample(DefaultWorld(), Seed, i)
	Size     int    // side in pixels
	Progress func() // called once for each scene, from one goroutine at a time; may be nil
}

// WorldVersion changes whenever the same seed gives other pixels or words.
const WorldVersion = 1

// ErrOtherScenes is returned when a folder holds something else than what is to be written.
var ErrOtherScenes = errors.New("the folder holds something else")

// Captions is the file with a [Record] for each scene in a folder of scenes.
const Captions = "captions.jsonl"

// manifest, in scenes.json, says what a folder holds. Only scenes of an equal
// manifest are added to a folder, so a file that is there already is the right one.
type manifest struct {
	Format int    `json:"format"`
	World  int    `json:"world"`
	Layout string `json:"layout"`
	Seed   uint64 `json:"seed"`
	Size   int    `json:"size"`
}

const (
	manifestName   = "scenes.json"
	labelsName     = "labels.txt"
	contextName    = "context-labels.txt"
	manifestFormat = 1
	maxManifest    = 1 << 16 // bytes of it
)

// layout is one way to arrange the files of scenes in a folder.
type layout struct {
	name    string
	image   func(s *Scene, id string) string
	mask    func(s *Scene, id string) string
	context func(id string) string // mask with the background named; nil for none
	listing string                 // file with the ids, one a line; empty for none
	beside  []string               // what else is in the folder than pictures and what every layout has
}

var imageFolder = layout{
	name:  "imagefolder",
	image: func(s *Scene, id string) string { return "images/" + folder(s) + "/" + id + ".png" },
	mask:  func(s *Scene, id string) string { return "masks/" + folder(s) + "/" + id + ".png" },

	beside: []string{"masks"},
}

var voc = layout{
	name:    "voc",
	image:   func(_ *Scene, id string) string { return "JPEGImages/" + id + ".jpg" },
	mask:    func(_ *Scene, id string) string { return "SegmentationClass/" + id + ".png" },
	context: func(id string) string { return "SegmentationContext/" + id + ".png" },
	listing: "ImageSets/Segmentation/val.txt",
	beside:  []string{"SegmentationClass", "SegmentationContext", "ImageSets", contextName},
}

// folder is the class folder of a scene, as in "pickup_truck".
func folder(s *Scene) string { return strings.ReplaceAll(s.Spec.Main().Category.String(), " ", "_") }

// WriteImageFolder writes scenes into dir as a classification set:
//
//	images/<category of the main object>/0000000.png
//	masks/<category of the main object>/0000000.png   indexed, values of LabelNames
//	captions.jsonl                                    a Record for each scene
//	labels.txt                                        LabelNames, one a line
//	scenes.json                                       seed, size and format
//
// Files appear whole or not at all. Run again after an interruption, it writes
// only what is missing. It fails with [ErrOtherScenes] if dir holds other files.
func WriteImageFolder(ctx context.Context, dir string, w Writing) error {
	return imageFolder.write(ctx, dir, w)
}

// WriteVOC writes scenes into dir in the layout of PASCAL VOC:
//
//	JPEGImages/0000000.jpg
//	SegmentationClass/0000000.png     indexed, values of LabelNames
//	SegmentationContext/0000000.png   the same with the background named, values of ContextNames
//	ImageSets/Segmentation/val.txt
//	captions.jsonl, labels.txt, context-labels.txt, scenes.json
//
// It resumes and fails like [WriteImageFolder].
func WriteVOC(ctx context.Context, dir string, w Writing) error {
	return voc.write(ctx, dir, w)
}

func (l layout) write(ctx context.Context, dir string, w Writing) error {
	if err := w.validate(); err != nil {
		return err
	}
	m := manifest{Format: manifestFormat, World: WorldVersion, Layout: l.name, Seed: w.Seed, Size: w.Size}
	if err := claim(dir, m); err != nil {
		return err
	}
	if err := writeLines(filepath.Join(dir, labelsName), LabelNames()); err != nil {
		return err
	}
	if l.context != nil {
		if err := writeLines(filepath.Join(dir, contextName), ContextNames()); err != nil {
			return err
		}
	}
	if err := l.writeAll(ctx, dir, w); err != nil {
		return err
	}
	if l.listing == "" {
		return nil
	}
	return place(filepath.Join(dir, l.listing), func(out io.Writer) error {
		for i := range w.Scenes {
			if _, err := fmt.Fprintln(out, name(i)); err != nil {
				return err
			}
		}
		return nil
	})
}

func name(i int) string { return fmt.Sprintf("%07d", i) }

// claim makes dir the home of the manifest's scenes, or finds that it is.
func claim(dir string, m manifest) error {
	path := filepath.Join(dir, manifestName)
	have, err := readManifest(dir)
	if err == nil && have != m {
		return fmt.Errorf("%s describes %+v, not %+v: %w: choose another folder", path, have, m, ErrOtherScenes)
	}
	if err == nil {
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s has %s but no %s: %w: choose an empty folder", dir, entries[0].Name(), manifestName, ErrOtherScenes)
	}
	return place(path, func(out io.Writer) error { return json.NewEncoder(out).Encode(m) })
}

// chunk is the number of scenes between two runs of lines into captions.jsonl.
const chunk = 256

// writeAll writes pictures and masks in parallel, and captions.jsonl in order.
func (l layout) writeAll(ctx context.Context, dir string, w Writing) error {
	return place(filepath.Join(dir, Captions), func(out io.Writer) error {
		lines := json.NewEncoder(out)
		for start := 0; start < w.Scenes; start += chunk {
			records, err := l.writeChunk(ctx, dir, w, start, min(start+chunk, w.Scenes))
			if err != nil {
				return err
			}
			for _, r := range records {
				if err := lines.Encode(r); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (l layout) writeChunk(ctx context.Context, dir string, w Writing, from, to int) ([]Record, error) {
	records := make([]Record, to-from)
	done := make(chan struct{}, to-from)
	counted := make(chan struct{})
	go func() {
		defer close(counted)
		for range done {
			if w.Progress != nil {
				w.Progress()
			}
		}
	}()
	g, running := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := from; i < to && running.Err() == nil; i++ {
		g.Go(func() error {
			var err error
			records[i-from], err = l.writeScene(dir, w, i)
			done <- struct{}{}
			return err
		})
	}
	err := g.Wait()
	if err == nil {
		err = ctx.Err()
	}
	close(done)
	<-counted
	return records, err
}

// writeScene writes the files of one scene that are not there yet.
func (l layout) writeScene(dir string, w Writing, i int) (Record, error) {
	spec, err := Sample(DefaultWorld(), w.Seed, uint64(i))
	if err != nil {
		return Record{}, err
	}
	s, err := Render(spec, w.Size)
	if err != nil {
		return Record{}, err
	}
	r := s.Record(i, l.image(s, name(i)), l.mask(s, name(i)))
	if err := writeImage(dir, r.File, s.Image); err != nil {
		return Record{}, err
	}
	if err := writeImage(dir, r.Mask, Indexed(s.Labels())); err != nil {
		return Record{}, err
	}
	if l.context == nil {
		return r, nil
	}
	return r, writeImage(dir, l.context(name(i)), Indexed(s.Context()))
}

// fast trades a few per cent of size for speed.
var fast = png.Encoder{CompressionLevel: png.BestSpeed, BufferPool: &encoderPool{}}

// encoderPool lets one picture's encoder scratch serve the next.
type encoderPool struct{ pool sync.Pool }

func (p *encoderPool) Get() *png.EncoderBuffer {
	b, _ := p.pool.Get().(*png.EncoderBuffer) // nil makes the encoder start a fresh one
	return b
}

func (p *encoderPool) Put(b *png.EncoderBuffer) { p.pool.Put(b) }

// jpegQuality keeps outlines clean.
const jpegQuality = 95

// writeImage writes an image unless its file exists. Names that end in .jpg become JPEG, others PNG.
func writeImage(dir, file string, m image.Image) error {
	path := filepath.Join(dir, filepath.FromSlash(file))
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	return place(path, func(out io.Writer) error {
		if strings.HasSuffix(file, ".jpg") {
			return jpeg.Encode(out, m, &jpeg.Options{Quality: jpegQuality})
		}
		return fast.Encode(out, m)
	})
}

func writeLines(path string, lines []string) error {
	return place(path, func(out io.Writer) error {
		_, err := io.WriteString(out, strings.Join(lines, "\n")+"\n")
		return err
	})
}

// place writes a file whole or not at all, and makes its folder.
func place(path string, write func(io.Writer) error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return atomicfile.Write(path, write)
}
