package scenes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/facet-clip/facet/npy"
)

// Words is the world's vocabulary: what its things are called and how captions speak of them. It is world.json of [WriteNPY].
type Words struct {
	Categories    []Word   `json:"categories"` // in the order of their ids, from 1 on
	Colours       []Word   `json:"colours"`
	Patterns      []Word   `json:"patterns"`
	Backgrounds   []Word   `json:"backgrounds"`
	BodyStyles    []string `json:"body_styles"`
	NounPrompts   []string `json:"noun_prompts"`
	GroundPrompts []string `json:"ground_prompts"`
	PaintPrompts  []string `json:"paint_prompts"`
}

// Word is a class name, the words that mean the same, name first, and for a background the phrases that put a thing there.
type Word struct {
	Name     string   `json:"name"`
	Synonyms []string `json:"synonyms"`
	Places   []string `json:"places,omitempty"`
}

// AllWords returns the vocabulary of the world.
func AllWords() Words {
	w := Words{NounPrompts: NounPrompts(), GroundPrompts: GroundPrompts(), PaintPrompts: PaintPrompts()}
	for _, c := range Categories() {
		w.Categories = append(w.Categories, Word{Name: c.String(), Synonyms: c.Synonyms()})
	}
	for _, c := range Colours() {
		w.Colours = append(w.Colours, Word{Name: c.String(), Synonyms: c.Synonyms()})
	}
	for _, p := range Patterns() {
		w.Patterns = append(w.Patterns, Word{Name: p.String(), Synonyms: p.Synonyms()})
	}
	for _, b := range Backgrounds() {
		w.Backgrounds = append(w.Backgrounds, Word{Name: b.String(), Synonyms: b.Synonyms(), Places: b.Places()})
	}
	for _, c := range BodyStyles() {
		w.BodyStyles = append(w.BodyStyles, c.String())
	}
	return w
}

// WriteNPY writes scenes into dir for training:
//
//	images.npy       every picture, uint8 [N,size,size,3]
//	captions.jsonl   a Record for each scene, in the same order, without file and mask
//	world.json       Words
//	scenes.json      seed, size and format
//
// The array appears whole or not at all: an interrupted run begins it anew. It fails like [WriteImageFolder].
func WriteNPY(ctx context.Context, dir string, w Writing) error {
	if err := w.validate(); err != nil {
		return err
	}
	m := manifest{Format: 1, World: WorldVersion, Layout: "npy", Seed: w.Seed, Size: w.Size}
	if err := claim(dir, m); err != nil {
		return err
	}
	err := place(filepath.Join(dir, "world.json"), func(out io.Writer) error { return json.NewEncoder(out).Encode(AllWords()) })
	if err != nil {
		return err
	}
	return place(filepath.Join(dir, "images.npy"), func(images io.Writer) error {
		return place(filepath.Join(dir, Captions), func(captions io.Writer) error {
			return w.arrays(ctx, images, json.NewEncoder(captions))
		})
	})
}

// arrays renders a chunk at a time in parallel and writes it in order.
func (w Writing) arrays(ctx context.Context, images io.Writer, captions *json.Encoder) error {
	if err := npy.WriteBytesHeader(images, w.Scenes, w.Size, w.Size, 3); err != nil {
		return err
	}
	for start := 0; start < w.Scenes; start += chunk {
		all, err := w.renderChunk(ctx, start, min(start+chunk, w.Scenes))
		if err != nil {
			return err
		}
		for i, s := range all {
			_, err := images.Write(rgbBytes(s.Image.Pix))
			if err := errors.Join(err, captions.Encode(s.Record(start+i, "", ""))); err != nil {
				return err
			}
			if w.Progress != nil {
				w.Progress()
			}
		}
	}
	return nil
}

func (w Writing) renderChunk(ctx context.Context, from, to int) ([]*Scene, error) {
	all := make([]*Scene, to-from)
	g, running := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range all {
		g.Go(func() error {
			if running.Err() != nil {
				return running.Err()
			}
			spec, err := Sample(DefaultWorld(), w.Seed, uint64(from+i))
			if err != nil {
				return err
			}
			all[i], err = Render(spec, w.Size)
			return err
		})
	}
	return all, g.Wait()
}

// rgbBytes drops every fourth byte, alpha.
func rgbBytes(rgba []uint8) []uint8 {
	out := make([]uint8, 0, len(rgba)/4*3)
	for ; len(rgba) >= 4; rgba = rgba[4:] {
		out = append(out, rgba[:3]...)
	}
	return out
}

func (w Writing) validate() error {
	if w.Scenes < 1 || w.Scenes > MaxScenes {
		return fmt.Errorf("scenes: %d scenes: want 1 to %d", w.Scenes, MaxScenes)
	}
	if w.Size < MinSize || w.Size > MaxSize {
		return fmt.Errorf("scenes: size %d pixels: want %d to %d", w.Size, MinSize, MaxSize)
	}
	return nil
}
