package dataset

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/scenes"
)

// TestWrittenScenes: a folder that facet scenes wrote is a dataset of its pictures, not of its masks, and its captions say what they are of; so it is below
// another folder, and by the name of its captions.
func TestWrittenScenes(t *testing.T) {
	w := scenes.Writing{Scenes: 6, Seed: 3, Size: 32}
	var want []string // by number
	for i := range w.Scenes {
		spec, err := scenes.Sample(scenes.DefaultWorld(), w.Seed, uint64(i))
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, spec.Main().Category.String())
	}
	outer := t.TempDir()
	imageFolder, voc := filepath.Join(outer, "folders"), filepath.Join(outer, "voc")
	if err := scenes.WriteImageFolder(t.Context(), imageFolder, w); err != nil {
		t.Fatal(err)
	}
	if err := scenes.WriteVOC(t.Context(), voc, w); err != nil {
		t.Fatal(err)
	}
	for name, times := range map[string]int{imageFolder: 1, voc: 1, outer: 2, filepath.Join(voc, scenes.Captions): 1} {
		s := open1(t, name, Options{})
		got := make([]string, w.Scenes)
		items := read(t, s, 0)
		for _, item := range items {
			number, err := strconv.Atoi(strings.TrimSuffix(filepath.Base(item.Path), filepath.Ext(item.Path)))
			if err != nil {
				t.Fatal(err)
			}
			got[number] = item.Label
			if spec, ok, err := Scene(filepath.FromSlash(item.Path)); err != nil || !ok || spec.Main().Category.String() != item.Label {
				t.Errorf("%s: what is in it is not known: %v, %v", item.Path, ok, err)
			}
			if item.Says < 0 {
				t.Errorf("%s cannot be read", item.Path)
			}
		}
		if d := cmp.Diff(want, got); d != "" || len(items) != times*w.Scenes || s.Kind != "classes" || s.Ignored != 0 {
			t.Errorf("%s: %d items of kind %s, %d ignored %s", name, len(items), s.Kind, s.Ignored, d)
		}
	}
	for _, other := range []string{"SegmentationClass/0000001.png", "JPEGImages/0000001.png", "JPEGImages/x.jpg", "labels.txt"} {
		if _, ok, _ := Scene(filepath.Join(voc, other)); ok {
			t.Errorf("%s is taken for a scene", other)
		}
	}
	if err := os.Remove(filepath.Join(voc, scenes.Captions)); err != nil {
		t.Fatal(err)
	}
	if s := open1(t, voc, Options{}); s.Len() != w.Scenes {
		t.Errorf("without captions, as while it is written: %d items", s.Len())
	}
	write(t, filepath.Join(voc, scenes.Captions), []byte("{}\n"))
	if _, err := Open(voc, Options{}); err == nil || !strings.Contains(err.Error(), "captions.jsonl: line 1: expected the captions of a scene") {
		t.Errorf("captions of something else: %v", err)
	}
	write(t, filepath.Join(outer, "other/scenes.json"), []byte(`{"layout":"mine"}`))
	write(t, filepath.Join(outer, "other/masks/a.png"), pngOf(t, 1))
	if s := open1(t, filepath.Join(outer, "other"), Options{}); s.Len() != 1 {
		t.Errorf("another's scenes.json: %d items", s.Len())
	}
}
