package clip

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/facet-clip/facet/clip/checkpoint"
)

// Stride is the side of one spatial token in pixels.
const Stride = 32

const (
	expansion  = 4    // a bottleneck's output channels over its planes
	headWidth  = 64   // d, the same in every published CLIP-ResNet and in its text tower
	batchNormε = 1e-5 // PyTorch's default, which the checkpoints do not store
	layerNormε = 1e-5
)

// ErrNotResNet is returned when a checkpoint has no ModifiedResNet image tower with an attention pool.
var ErrNotResNet = errors.New("not a CLIP-ResNet")

// Config is the architecture of a CLIP-ResNet, read off its tensors.
type Config struct {
	Image    int        `json:"image"`    // The native side of a picture in pixels, 32·grid.
	Width    int        `json:"width"`    // The channels of the stem.
	Blocks   [4]int     `json:"blocks"`   // The bottlenecks of each layer.
	Channels int        `json:"channels"` // C, the neurons.
	Heads    int        `json:"heads"`    // M, the heads of the attention pool.
	Embed    int        `json:"embed"`    // D, the length of an embedding.
	Text     TextConfig `json:"text"`     // The text tower. It is zero when the checkpoint has the image tower alone.
}

// TextConfig is the architecture of a text tower.
type TextConfig struct {
	Width      int `json:"width"`      // The channels of a token.
	Layers     int `json:"layers"`     // The transformer's blocks.
	Heads      int `json:"heads"`      // The heads of each block.
	Vocabulary int `json:"vocabulary"` // How many tokens there are.
	Context    int `json:"context"`    // The most tokens of a text, start and end included.
}

// Grid is the native side of the trunk's output: K = Grid².
func (c Config) Grid() int { return c.Image / Stride }

// HasText tells whether there is a text tower.
func (c Config) HasText() bool { return c.Text.Width > 0 }

// Spec is a tensor that an architecture needs.
type Spec struct {
	Name  string
	Shape []int
}

// InferConfig reads the architecture off the shapes of the tensors, for any width and depth, and
// checks that every tensor is there in its shape. Errors name the file and the tensor.
func InferConfig(ck *checkpoint.Checkpoint) (Config, error) {
	c, err := inferImage(ck)
	if err != nil {
		return Config{}, err
	}
	if _, ok := ck.Tensor("token_embedding.weight"); ok {
		if c.Text, err = inferText(ck); err != nil {
			return Config{}, err
		}
	}
	for _, s := range c.Tensors() {
		if err := ck.Check(s.Name, s.Shape...); err != nil {
			return Config{}, err
		}
	}
	return c, nil
}

func inferImage(ck *checkpoint.Checkpoint) (Config, error) {
	refuse := func(why string) (Config, error) {
		return Config{}, fmt.Errorf("%s: %w: %s", ck.Path(), ErrNotResNet, why)
	}
	for _, name := range []string{"visual.class_embedding", "visual.proj", "visual.transformer.resblocks.0.ln_1.weight"} {
		if _, ok := ck.Tensor(name); ok {
			return refuse("it holds a vision transformer (tensor " + name + "); facet reads ResNets with an attention pool")
		}
	}
	if _, ok := ck.Tensor("visual.attnpool.positional_embedding"); !ok {
		return refuse("tensor visual.attnpool.positional_embedding is missing")
	}
	var err error
	dim := func(name string, rank, axis int) int {
		t, ok := ck.Tensor(name)
		switch {
		case err != nil:
		case !ok:
			err = ck.Check(name)
		case len(t.Shape) != rank:
			err = fmt.Errorf("%s: tensor %s: expected %d axes, found shape %v", ck.Path(), name, rank, t.Shape)
		default:
			return t.Shape[axis]
		}
		return 0
	}
	c := Config{
		Width:    dim("visual.conv3.weight", 4, 0),
		Channels: dim("visual.attnpool.positional_embedding", 2, 1),
		Embed:    dim("visual.attnpool.c_proj.weight", 2, 0),
	}
	tokens := dim("visual.attnpool.positional_embedding", 2, 0)
	if err != nil {
		return Config{}, err
	}
	grid := int(math.Sqrt(float64(tokens - 1)))
	if grid < 1 || grid*grid != tokens-1 {
		return refuse(fmt.Sprintf("%d positions are not a square grid and a class token", tokens))
	}
	if c.Width < 2 || c.Width%2 != 0 || c.Channels != 8*expansion*c.Width {
		return refuse(fmt.Sprintf("%d channels do not follow from a stem of width %d", c.Channels, c.Width))
	}
	c.Image = grid * Stride
	c.Heads = c.Channels / headWidth
	for i := range c.Blocks {
		c.Blocks[i] = consecutive(ck, func(b int) string { return fmt.Sprintf("visual.layer%d.%d.conv1.weight", i+1, b) })
	}
	return c, nil
}

func inferText(ck *checkpoint.Checkpoint) (TextConfig, error) {
	tokens, _ := ck.Tensor("token_embedding.weight")
	positions, ok := ck.Tensor("positional_embedding")
	if !ok {
		return TextConfig{}, ck.Check("positional_embedding")
	}
	if len(tokens.Shape) != 2 || len(positions.Shape) != 2 {
		return TextConfig{}, fmt.Errorf("%s: tensors token_embedding.weight and positional_embedding: expected 2 axes each, found %v and %v",
			ck.Path(), tokens.Shape, positions.Shape)
	}
	width := tokens.Shape[1]
	if width < 1 || (width > headWidth && width%headWidth != 0) {
		return TextConfig{}, fmt.Errorf("%s: tensor token_embedding.weight: a text width of %d does not split into heads of %d", ck.Path(), width, headWidth)
	}
	return TextConfig{
		Width:      width,
		Layers:     consecutive(ck, func(l int) string { return fmt.Sprintf("transformer.resblocks.%d.ln_1.weight", l) }),
		Heads:      max(1, width/headWidth),
		Vocabulary: tokens.Shape[0],
		Context:    positions.Shape[0],
	}, nil
}

// consecutive counts how many of name(0), name(1), … there are, at least one: the check that follows
// names the first one when it is missing.
func consecutive(ck *checkpoint.Checkpoint, name func(int) string) int {
	n := 0
	for {
		if _, ok := ck.Tensor(name(n)); !ok {
			return max(n, 1)
		}
		n++
	}
}

// Tensors lists every tensor of the architecture with its shape, under OpenAI's names.
func (c Config) Tensors() []Spec { return append(c.imageTensors(), c.textTensors()...) }

func (c Config) imageTensors() []Spec {
	var specs []Spec
	conv := func(conv, bn string, out, in, k int) {
		specs = append(specs, Spec{conv + ".weight", []int{out, in, k, k}})
		for _, part := range []string{".weight", ".bias", ".running_mean", ".running_var"} {
			specs = append(specs, Spec{bn + part, []int{out}})
		}
	}
	for _, l := range c.stem() {
		conv(l.conv, l.bn, l.out, l.in, 3)
	}
	for _, b := range c.bottlenecks() {
		conv(b.name+".conv1", b.name+".bn1", b.planes, b.in, 1)
		conv(b.name+".conv2", b.name+".bn2", b.planes, b.planes, 3)
		conv(b.name+".conv3", b.name+".bn3", expansion*b.planes, b.planes, 1)
		if b.downsample {
			conv(b.name+".downsample.0", b.name+".downsample.1", expansion*b.planes, b.in, 1)
		}
	}
	pool := "visual.attnpool."
	specs = append(specs, Spec{pool + "positional_embedding", []int{c.Grid()*c.Grid() + 1, c.Channels}})
	for _, p := range []string{"q_proj", "k_proj", "v_proj", "c_proj"} {
		out := c.Channels
		if p == "c_proj" {
			out = c.Embed
		}
		specs = append(specs, Spec{pool + p + ".weight", []int{out, c.Channels}}, Spec{pool + p + ".bias", []int{out}})
	}
	return specs
}

func (c Config) textTensors() []Spec {
	if !c.HasText() {
		return nil
	}
	w := c.Text.Width
	specs := []Spec{{"token_embedding.weight", []int{c.Text.Vocabulary, w}}, {"positional_embedding", []int{c.Text.Context, w}}}
	for l := range c.Text.Layers {
		b := fmt.Sprintf("transformer.resblocks.%d.", l)
		specs = append(specs,
			Spec{b + "ln_1.weight", []int{w}}, Spec{b + "ln_1.bias", []int{w}},
			Spec{b + "attn.in_proj_weight", []int{3 * w, w}}, Spec{b + "attn.in_proj_bias", []int{3 * w}},
			Spec{b + "attn.out_proj.weight", []int{w, w}}, Spec{b + "attn.out_proj.bias", []int{w}},
			Spec{b + "ln_2.weight", []int{w}}, Spec{b + "ln_2.bias", []int{w}},
			Spec{b + "mlp.c_fc.weight", []int{4 * w, w}}, Spec{b + "mlp.c_fc.bias", []int{4 * w}},
			Spec{b + "mlp.c_proj.weight", []int{w, 4 * w}}, Spec{b + "mlp.c_proj.bias", []int{w}})
	}
	return append(specs, Spec{"ln_final.weight", []int{w}}, Spec{"ln_final.bias", []int{w}},
		Spec{"text_projection", []int{w, c.Embed}}, Spec{"logit_scale", nil})
}

// stemConv is one 3×3 convolution of the stem.
type stemConv struct {
	conv, bn        string
	in, out, stride int
}

func (c Config) stem() []stemConv {
	half := c.Width / 2
	return []stemConv{
		{"visual.conv1", "visual.bn1", 3, half, 2},
		{"visual.conv2", "visual.bn2", half, half, 1},
		{"visual.conv3", "visual.bn3", half, c.Width, 1},
	}
}

// bottleneck is one residual block; its output has 4·planes channels.
type bottleneck struct {
	name               string
	in, planes, stride int
	downsample         bool
}

func (c Config) bottlenecks() []bottleneck {
	var list []bottleneck
	in := c.Width
	for l, n := range c.Blocks {
		planes := c.Width << l
		for i := range n {
			b := bottleneck{name: fmt.Sprintf("visual.layer%d.%d", l+1, i), in: in, planes: planes, stride: 1}
			if l > 0 && i == 0 {
				b.stride = 2
			}
			b.downsample = b.stride > 1 || in != expansion*planes
			list = append(list, b)
			in = expansion * planes
		}
	}
	return list
}

// published are the architectures with a name, by blocks and width.
var published = map[string]struct {
	blocks [4]int
	width  int
}{
	"RN50":    {[4]int{3, 4, 6, 3}, 64},
	"RN101":   {[4]int{3, 4, 23, 3}, 64},
	"RN50x4":  {[4]int{4, 6, 10, 6}, 80},
	"RN50x16": {[4]int{6, 8, 18, 8}, 96},
	"RN50x64": {[4]int{3, 15, 36, 10}, 128},
}

// Architecture is the published name of the image tower's shape, or "ModifiedResNet" with its width and blocks.
func (c Config) Architecture() string {
	for name, p := range published {
		if p.blocks == c.Blocks && p.width == c.Width {
			return name
		}
	}
	return fmt.Sprintf("ModifiedResNet(width %d, blocks %v)", c.Width, c.Blocks)
}

// Parameters are the numbers of learned parameters of the towers; running statistics of batch norms are not counted.
func (c Config) Parameters() (image, text int64) {
	count := func(specs []Spec) (n int64) {
		for _, s := range specs {
			if !strings.Contains(s.Name, ".running_") {
				n += int64(elements(s.Shape))
			}
		}
		return n
	}
	return count(c.imageTensors()), count(c.textTensors())
}
