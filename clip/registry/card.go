package registry

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/facet-clip/facet/internal/regular"
)

const (
	maxCard   = 1 << 20 // bytes
	maxBlocks = 1000    // bottlenecks of a layer
	maxWidth  = 1 << 16
	stride    = 32 // pixels of a token
	headWidth = 64
)

// Card is what an open_clip_config.json says of a CLIP-ResNet.
type Card struct {
	QuickGELU  bool   // the text tower's activation is QuickGELU, else GELU
	Image      int    // the native side of a picture in pixels
	Layers     [4]int // the bottlenecks of each layer
	Width      int    // the channels of the stem
	Embed      int    // D, the length of an embedding
	Vocabulary int    // the tokens of the text tower
}

// cardJSON is the file. Numbers that may be a list are read later.
type cardJSON struct {
	Model *struct {
		Embed      int             `json:"embed_dim"`
		QuickGELU  bool            `json:"quick_gelu"`
		Vision     *visionJSON     `json:"vision_cfg"`
		Text       *textJSON       `json:"text_cfg"`
		Multimodal json.RawMessage `json:"multimodal_cfg"`
	} `json:"model_cfg"`
	Preprocess struct {
		Mean []float64 `json:"mean"`
		Std  []float64 `json:"std"`
	} `json:"preprocess_cfg"`
}

type visionJSON struct {
	Image     json.RawMessage `json:"image_size"`
	Layers    json.RawMessage `json:"layers"`
	Width     int             `json:"width"`
	HeadWidth int             `json:"head_width"`
	Timm      string          `json:"timm_model_name"`
}

type textJSON struct {
	Vocabulary int    `json:"vocab_size"`
	Width      int    `json:"width"`
	Heads      int    `json:"heads"`
	Layers     int    `json:"layers"`
	HF         string `json:"hf_model_name"`
}

// ReadCard reads the card in a folder. Errors name the file, and wrap [ErrCard] where it is none of a CLIP-ResNet.
func ReadCard(folder string) (Card, error) {
	path := filepath.Join(folder, CardFile)
	data, err := regular.ReadFile(path, maxCard)
	if err != nil {
		return Card{}, err
	}
	return ParseCard(path, data)
}

// ParseCard reads a card; name stands in errors, which wrap [ErrCard].
func ParseCard(name string, data []byte) (Card, error) {
	refuse := func(format string, args ...any) (Card, error) {
		return Card{}, fmt.Errorf("%s: %w: %s", name, ErrCard, fmt.Sprintf(format, args...))
	}
	if len(data) > maxCard {
		return refuse("expected at most %d bytes", maxCard)
	}
	var c cardJSON
	if err := json.Unmarshal(data, &c); err != nil {
		return refuse("%v", err)
	}
	if c.Model == nil || c.Model.Vision == nil || c.Model.Text == nil {
		return refuse("expected model_cfg with vision_cfg and text_cfg")
	}
	if problem := c.foreign(); problem != "" {
		return refuse("%s", problem)
	}
	v, t := c.Model.Vision, c.Model.Text
	card := Card{QuickGELU: c.Model.QuickGELU, Width: v.Width, Embed: c.Model.Embed, Vocabulary: t.Vocabulary}
	var layers []int
	if err := json.Unmarshal(v.Layers, &layers); err != nil || len(layers) != len(card.Layers) {
		return refuse("vision_cfg.layers: expected the numbers of blocks of four layers, found %.40s", v.Layers)
	}
	copy(card.Layers[:], layers)
	if err := json.Unmarshal(v.Image, &card.Image); err != nil {
		return refuse("vision_cfg.image_size: expected one side in pixels, found %.40s", v.Image)
	}
	if problem := card.impossible(); problem != "" {
		return refuse("%s", problem)
	}
	return card, nil
}

// foreign says what makes the model another one than a CLIP-ResNet; empty when nothing does.
func (c cardJSON) foreign() string {
	v, t := c.Model.Vision, c.Model.Text
	layers := bytes.TrimSpace(v.Layers)
	switch {
	case v.Timm != "":
		return fmt.Sprintf("its image tower is timm's %.60q, not a ResNet with an attention pool", v.Timm)
	case len(layers) == 0 || layers[0] != '[':
		return "its image tower is a vision transformer (vision_cfg.layers is no list); facet reads ResNets with an attention pool"
	case v.HeadWidth != 0 && v.HeadWidth != headWidth:
		return fmt.Sprintf("vision_cfg.head_width: expected %d, found %d", headWidth, v.HeadWidth)
	case t.HF != "":
		return fmt.Sprintf("its text tower is %.60q, not CLIP's", t.HF)
	case t.Heads != 0 && t.Heads*headWidth != t.Width && t.Width > headWidth:
		return fmt.Sprintf("text_cfg: expected heads of width %d, found %d heads in a width of %d", headWidth, t.Heads, t.Width)
	case len(c.Model.Multimodal) > 0 && string(bytes.TrimSpace(c.Model.Multimodal)) != "null":
		return "it has a third tower (multimodal_cfg)"
	case !near(c.Preprocess.Mean, [3]float64{0.48145466, 0.4578275, 0.40821073}):
		return fmt.Sprintf("preprocess_cfg.mean: facet prepares pictures with OpenAI's, found %.3v", c.Preprocess.Mean)
	case !near(c.Preprocess.Std, [3]float64{0.26862954, 0.26130258, 0.27577711}):
		return fmt.Sprintf("preprocess_cfg.std: facet prepares pictures with OpenAI's, found %.3v", c.Preprocess.Std)
	}
	return ""
}

// near tells whether colours, if any are given, are those that facet has.
func near(found []float64, expected [3]float64) bool {
	if len(found) == 0 {
		return true // open_clip takes OpenAI's then
	}
	if len(found) != len(expected) {
		return false
	}
	for i, e := range expected {
		if d := found[i] - e; !(d < 1e-4 && d > -1e-4) {
			return false
		}
	}
	return true
}

// impossible says which number cannot be; empty when all can.
func (c Card) impossible() string {
	switch {
	case c.Image < stride || c.Image > maxWidth || c.Image%stride != 0:
		return fmt.Sprintf("vision_cfg.image_size: expected a multiple of %d pixels, found %d", stride, c.Image)
	case c.Width < 2 || c.Width > maxWidth || c.Width%2 != 0:
		return fmt.Sprintf("vision_cfg.width: expected an even number, found %d", c.Width)
	case c.Embed < 1 || c.Embed > maxWidth:
		return fmt.Sprintf("embed_dim: expected 1 to %d, found %d", maxWidth, c.Embed)
	case c.Vocabulary < 0 || c.Vocabulary > 1<<24:
		return fmt.Sprintf("text_cfg.vocab_size: %d cannot be", c.Vocabulary)
	}
	for _, n := range c.Layers {
		if n < 1 || n > maxBlocks {
			return fmt.Sprintf("vision_cfg.layers: expected 1 to %d blocks each, found %v", maxBlocks, c.Layers)
		}
	}
	return ""
}

// Activation tells whether a model uses QuickGELU: a published one by its name, another one by the card beside its weights. Known is false
// where nothing says so. A card that cannot be read is an error.
func Activation(name, weights string) (quick, known bool, err error) {
	if m, err := Lookup(name); err == nil && m.Source != SourceHub {
		return m.QuickGELU, true, nil
	}
	if base := filepath.Base(weights); !strings.HasPrefix(base, "open_clip_") {
		return false, false, nil // the card is of open_clip's own files
	}
	folder := filepath.Dir(weights)
	if !regular.Exists(filepath.Join(folder, CardFile)) {
		return false, false, nil
	}
	card, err := ReadCard(folder)
	return card.QuickGELU, err == nil, err
}
