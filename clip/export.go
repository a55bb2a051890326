package clip

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/clip/registry"
	"github.com/facet-clip/facet/internal/atomicfile"
)

// Layout is how an exported checkpoint lies in its file or folder.
type Layout string

// The layouts that are written.
const (
	Safetensors Layout = "safetensors" // a file that ends in .safetensors, under the source's names
	Torch       Layout = "torch"       // a file that ends in .pt: a state dict under OpenAI's names, for clip.load
	OpenCLIP    Layout = "open_clip"   // a folder for open_clip's local-dir:
)

// ErrExport is returned when a checkpoint cannot be written in the way that is asked for.
var ErrExport = errors.New("cannot be written so")

// LayoutOf is the layout that the ending of a path asks for.
func LayoutOf(path string) (Layout, error) {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".safetensors":
		return Safetensors, nil
	case ".pt", ".pth":
		return Torch, nil
	case "":
		return OpenCLIP, nil
	}
	return "", fmt.Errorf("%s: %w: expected a name that ends in .safetensors or .pt, or a folder's, without an ending", path, ErrExport)
}

// Export says how a model's checkpoint is written anew.
type Export struct {
	// Replace are the tensors that are not the source's, by canonical name, in the source's shapes.
	Replace map[string][]float32
	// Timm writes the image tower alone, under timm's names.
	Timm bool
	// DType is what floating-point tensors are stored as. Empty, each keeps its type; norms keep theirs instead of taking two bytes.
	DType checkpoint.DType
}

// Weights is the file of an exported checkpoint that holds its tensors: the path itself, or a file of the folder.
func (l Layout) Weights(path string) string {
	if l == OpenCLIP {
		return filepath.Join(path, registry.SafeTensors)
	}
	return path
}

// Export writes the checkpoint to a path, whose ending says in which layout; fill, if not nil, may add files to a folder. Files appear whole or not at
// all. It is [ErrExport] when the layout cannot hold the model, or when the path is the model's own file.
func (m *Model) Export(path string, x Export, fill func(folder string) error) error {
	layout, err := LayoutOf(path)
	if err != nil {
		return err
	}
	if err := m.checkExport(path, layout, x); err != nil {
		return err
	}
	tensors, err := m.exported(layout, x)
	if err != nil {
		return err
	}
	switch layout {
	case Safetensors:
		return atomicfile.Write(path, func(w io.Writer) error { return checkpoint.WriteSafetensors(w, tensors) })
	case Torch:
		return atomicfile.Write(path, func(w io.Writer) error { return checkpoint.WriteTorch(w, tensors) })
	}
	return atomicfile.WriteFolder(path, func(dir string) error {
		if err := atomicfile.Write(filepath.Join(dir, registry.CardFile), m.writeOpenCLIPConfig); err != nil {
			return err
		}
		err := atomicfile.Write(filepath.Join(dir, registry.SafeTensors), func(w io.Writer) error { return checkpoint.WriteSafetensors(w, tensors) })
		if err != nil || fill == nil {
			return err
		}
		return fill(dir)
	})
}

// checkExport is [ErrExport] where a client would not read what is asked for, or would read it wrong.
func (m *Model) checkExport(path string, layout Layout, x Export) error {
	switch {
	case x.DType != "" && !x.DType.IsFloat():
		return fmt.Errorf("%s: %w: numbers of type %s, expected float16, bfloat16, float32 or float64", path, ErrExport, x.DType)
	case x.Timm && layout == OpenCLIP:
		return fmt.Errorf("%s: %w: a folder for open_clip holds both towers, timm's names are of the image tower alone; name a file", path, ErrExport)
	case layout != Safetensors && !x.Timm && !m.Config.HasText():
		return fmt.Errorf("%s: %w: %s has the image tower alone, and this layout needs both; write a .safetensors file", path, ErrExport, m.ck.Path())
	case layout == Torch && !x.Timm && m.Activation != QuickGELU:
		return fmt.Errorf("%s: %w: clip.load runs every text tower with QuickGELU, and this one uses %s; write a folder for open_clip", path, ErrExport, m.Activation)
	}
	target, err := os.Stat(path)
	if err != nil {
		return nil // there is nothing yet; what else is wrong shows when it is written
	}
	if source, err := os.Stat(m.ck.Path()); err == nil && os.SameFile(source, target) {
		return fmt.Errorf("%s: %w: it is the model that is edited, which stays as it is; name another file", path, ErrExport)
	}
	return nil
}

// exported are the tensors of an export.
func (m *Model) exported(layout Layout, x Export) ([]checkpoint.Data, error) {
	known := map[string]bool{}
	for _, s := range m.Config.Tensors() {
		known[s.Name] = true
	}
	var out []checkpoint.Data
	for _, canonical := range m.ck.Names() {
		counts := strings.HasPrefix(canonical, "visual.") && strings.HasSuffix(canonical, ".num_batches_tracked")
		name, ok := exportName(canonical, known[canonical] || counts, layout, x.Timm)
		if !ok {
			continue
		}
		t, err := m.ck.Stored(canonical)
		if err != nil {
			return nil, err
		}
		if name != "" {
			t.Name = name
		}
		replaced, changed := x.Replace[canonical]
		kind := t.DType
		if x.DType != "" && kind.IsFloat() && !(x.DType.Size() == 2 && isNorm(canonical)) {
			kind = x.DType
		}
		switch {
		case changed:
			t.Bytes, t.Floats = nil, replaced
		case kind != t.DType:
			if t.Floats, err = m.ck.Float32(canonical, t.Shape...); err != nil {
				return nil, err
			}
			t.Bytes = nil
		}
		t.DType = kind
		if err := storable(t); err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

// isNorm tells a parameter or a statistic of a batch or layer norm. In two bytes they would cost more than all other tensors together, and save nothing.
func isNorm(canonical string) bool {
	return strings.Contains(canonical, "bn") || strings.Contains(canonical, ".downsample.1.") || strings.Contains(canonical, "ln_")
}

// storable is [ErrExport] for a number that its type cannot hold.
func storable(t checkpoint.Data) error {
	if t.Bytes != nil {
		return nil
	}
	for i, v := range checkpoint.Round(t.Floats, t.DType) {
		if v-v != 0 {
			return fmt.Errorf("tensor %s: %w: the number %g is not one of %s; ask for float32", t.Name, ErrExport, t.Floats[i], t.DType)
		}
	}
	return nil
}

// exportName is the name of a tensor in a layout, empty for the source's own; ok is false for one that the layout's reader does not know.
func exportName(canonical string, known bool, layout Layout, timm bool) (name string, ok bool) {
	switch {
	case timm && known:
		return checkpoint.TimmName(canonical)
	case timm:
		return "", false
	case layout == Safetensors:
		return "", true
	}
	return canonical, known
}

// writeOpenCLIPConfig writes what open_clip needs to know of the model.
func (m *Model) writeOpenCLIPConfig(w io.Writer) error {
	c := m.Config
	config := map[string]any{
		"model_cfg": map[string]any{
			"embed_dim":  c.Embed,
			"quick_gelu": m.Activation == QuickGELU,
			"vision_cfg": map[string]any{"image_size": c.Image, "layers": c.Blocks, "width": c.Width, "patch_size": nil},
			"text_cfg": map[string]any{
				"context_length": c.Text.Context, "vocab_size": c.Text.Vocabulary, "width": c.Text.Width, "heads": c.Text.Heads, "layers": c.Text.Layers,
			},
		},
		"preprocess_cfg": map[string]any{
			"mean": preprocess.Mean, "std": preprocess.Deviation, "interpolation": "bicubic", "resize_mode": "shortest",
		},
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(config)
}
