package dataset

import (
	"context"
	"fmt"
	"image"
	"net/url"
	"strconv"
	"strings"

	"github.com/facet-clip/facet/scenes"
)

const (
	scenesPrefix  = "scenes:"
	memberMark    = "#"
	defaultScenes = 1000
	defaultSize   = 192
	mostWindows   = 1000
)

// sceneSet is what a scenes: name stands for.
type sceneSet struct {
	name    string
	n, size int
	seed    uint64
	window  int // of a stream, from 1 on; 0: all
	item    func(i int) (sceneItem, error)
}

// sceneItem is a scene before it is rendered, and what is known of it.
type sceneItem struct {
	spec  scenes.Spec
	group string
	truth string
}

// parseScenes understands NAME?n=N&seed=S&size=P&window=K. NAME is default or single (n scenes of the default world, with one object each for
// single), shortcut (whose group is the ground, which tells the category; in shortcut-even it does not), or a stream (n scenes in each of its windows, or in window K alone).
func parseScenes(source, spec string) (sceneSet, error) {
	name, query, _ := strings.Cut(spec, "?")
	set := sceneSet{name: name, n: defaultScenes, size: defaultSize}
	values, err := url.ParseQuery(query)
	if err != nil {
		return set, fmt.Errorf("%s: %w", source, err)
	}
	for key, v := range values {
		n, err := strconv.ParseUint(v[0], 10, 63)
		if err != nil {
			return set, fmt.Errorf("%s: %s=%s: expected a number", source, key, v[0])
		}
		switch {
		case key == "n" && n >= 1 && n <= scenes.MaxScenes:
			set.n = int(n)
		case key == "size" && n >= scenes.MinSize && n <= scenes.MaxSize:
			set.size = int(n)
		case key == "window" && n >= 1 && n <= mostWindows:
			set.window = int(n)
		case key == "seed":
			set.seed = n
		default:
			return set, fmt.Errorf("%s: %s=%s: expected n (1 to %d), seed, size (%d to %d), or window (from 1)", source, key, v[0], scenes.MaxScenes, scenes.MinSize, scenes.MaxSize)
		}
	}
	return set, set.find(source)
}

// find sets how scenes are drawn, and for a stream how many there are.
func (set *sceneSet) find(source string) error {
	worlds := map[string]scenes.World{"default": scenes.DefaultWorld(), "single": scenes.DefaultWorld().Single()}
	if w, ok := worlds[set.name]; ok {
		if set.window > 0 {
			return fmt.Errorf("%s: window=%d: %s is no stream", source, set.window, set.name)
		}
		set.item = func(i int) (sceneItem, error) {
			spec, err := scenes.Sample(w, set.seed, uint64(i))
			return sceneItem{spec: spec}, err
		}
		return nil
	}
	shortcuts := map[string]int{"shortcut": scenes.ShortcutEvery, "shortcut-even": 2}
	if every, ok := shortcuts[set.name]; ok {
		if set.window > 0 {
			return fmt.Errorf("%s: window=%d: %s is no stream", source, set.window, set.name)
		}
		set.item = func(i int) (sceneItem, error) {
			spec, usual, err := scenes.Shortcut(set.seed, uint64(i), every)
			return sceneItem{spec, spec.Background.String(), truth(usual)}, err
		}
		return nil
	}
	names := []string{"default", "single", "shortcut", "shortcut-even"}
	for _, stream := range scenes.Streams(set.seed, set.n) {
		if stream.Name == set.name {
			if set.window > len(stream.Windows) {
				return fmt.Errorf("%s: window=%d: expected 1 to %d", source, set.window, len(stream.Windows))
			}
			first := max(0, set.window-1) * set.n
			if set.window == 0 {
				set.n = stream.Len()
			}
			set.item = func(i int) (sceneItem, error) {
				it, err := stream.Item(first + i)
				if err != nil {
					return sceneItem{}, err
				}
				return sceneItem{it.Spec, stream.Windows[it.Window].Name, truth(it.Holds)}, nil
			}
			return nil
		}
		names = append(names, stream.Name)
	}
	return fmt.Errorf("%s: expected scenes: and one of %s", source, strings.Join(names, ", "))
}

func truth(holds bool) string {
	if holds {
		return "1"
	}
	return "0"
}

func (set sceneSet) render(source string, i int) (*image.NRGBA, error) {
	it, err := set.item(i)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", source, err)
	}
	s, err := scenes.Render(it.spec, set.size)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", source, err)
	}
	// The picture is opaque, so its bytes are the same with and without premultiplied alpha.
	return &image.NRGBA{Pix: s.Image.Pix, Stride: s.Image.Stride, Rect: s.Image.Rect}, nil
}

func openScenes(source, spec string) (*Source, error) {
	set, err := parseScenes(source, spec)
	if err != nil {
		return nil, err
	}
	d := newDigest()
	what := fmt.Sprintf("%s seed=%d size=%d world=%d", set.name, set.seed, set.size, scenes.WorldVersion)
	if set.window > 0 {
		what += fmt.Sprintf(" window=%d", set.window)
	}
	d.add(what, int64(set.n))
	s := &Source{Kind: "scenes", n: set.n, fingerprint: d.String()}
	s.at = func(i int) Item {
		item := Item{Path: fmt.Sprintf("%s%s%d", source, memberMark, i), decode: set.decode(source, i)}
		item.read = func() ([]byte, error) { return []byte(item.Path), nil }
		it, err := set.item(i)
		if err != nil { // the worlds are facet's own and valid
			item.decode = failing(fmt.Errorf("%s: %w", source, err))
			return item
		}
		item.Label, item.Group, item.Truth = it.spec.Main().Category.String(), it.group, it.truth
		return item
	}
	return s, nil
}

// decode renders picture i. Such pictures are small and have no part in the budget.
func (s sceneSet) decode(source string, i int) decodeFunc {
	return func(_ context.Context, _ *Decoder, _ []byte, use func(*image.NRGBA) error) error {
		img, err := s.render(source, i)
		if err != nil {
			return err
		}
		return use(img)
	}
}

// scenePicture renders scenes:…#index.
func scenePicture(path, spec string) (*image.NRGBA, error) {
	set, i, err := sceneAt(path, spec)
	if err != nil {
		return nil, err
	}
	return set.render(path, i)
}

func sceneAt(path, spec string) (set sceneSet, i int, err error) {
	spec, index, ok := strings.Cut(spec, memberMark)
	i, err = strconv.Atoi(index)
	if !ok || err != nil {
		return set, 0, fmt.Errorf("%s: expected scenes:…#INDEX", path)
	}
	if set, err = parseScenes(path, spec); err != nil {
		return set, 0, err
	}
	if i < 0 || i >= set.n {
		return set, 0, fmt.Errorf("%s: expected an index from 0 to %d", path, set.n-1)
	}
	return set, i, nil
}

// Scene is what is in a picture of the rendered world, drawn now or written by facet scenes, given its path as an [Item] has it; ok is false for other pictures.
func Scene(path string) (spec scenes.Spec, ok bool, err error) {
	name, ok := strings.CutPrefix(path, scenesPrefix)
	if !ok {
		spec, ok = scenes.Written(path)
		return spec, ok, nil
	}
	set, i, err := sceneAt(path, name)
	if err != nil {
		return spec, true, err
	}
	item, err := set.item(i)
	return item.spec, true, err
}
