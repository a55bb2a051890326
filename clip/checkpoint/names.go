package checkpoint

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Naming tells whose names the tensors bear in the file.
type Naming string

// The namings that are known. All but timm's agree on the names themselves.
const (
	NamingOpenAI   Naming = "openai"    // a TorchScript archive, or a state dict with OpenAI's three size buffers
	NamingOpenCLIP Naming = "open_clip" // OpenAI's names without those buffers
	NamingTimm     Naming = "timm"      // timm's names for the image tower, alone or under open_clip's visual.trunk
	NamingUnknown  Naming = "unknown"   // none of the above: names are kept as they are
)

// sizeBuffers are stored by OpenAI beside the weights, and by nobody else.
var sizeBuffers = []string{"input_resolution", "context_length", "vocab_size"}

func checkName(name string) error {
	switch {
	case name == "" || len(name) > maxNameLength:
		return fmt.Errorf("%w: tensor %s: expected a name of 1 to %d bytes, found %d", ErrCorrupt, quote(name), maxNameLength, len(name))
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return fmt.Errorf("%w: tensor %s: expected a printable name", ErrCorrupt, quote(name))
	}
	return nil
}

// canonicalNames returns the canonical name of each source, in the same order, and whose naming it is.
func canonicalNames(sources []string, format Format) ([]string, Naming) {
	names := slices.Clone(sources)
	stripAll(names, "module.")
	has := make(map[string]bool, len(names))
	for _, n := range names {
		has[n] = true
	}
	trunk := has["visual.trunk.stem.conv1.conv.weight"]
	switch {
	case trunk || has["stem.conv1.conv.weight"]:
		for i, n := range names {
			names[i] = fromTimm(n, trunk)
		}
		return names, NamingTimm
	case format == FormatTorchScript, slices.ContainsFunc(sizeBuffers, func(b string) bool { return has[b] }):
		return names, NamingOpenAI
	case slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, "visual.") }):
		return names, NamingOpenCLIP
	}
	return names, NamingUnknown
}

// stripAll removes a prefix that every name has, as DistributedDataParallel puts it there.
func stripAll(names []string, prefix string) {
	for _, n := range names {
		if len(n) <= len(prefix) || !strings.HasPrefix(n, prefix) {
			return
		}
	}
	for i, n := range names {
		names[i] = n[len(prefix):]
	}
}

// timmRule rewrites one kind of timm's names; the first that matches is used.
type timmRule struct {
	pattern *regexp.Regexp
	rewrite func(m []string) string
}

var timmRules = []timmRule{
	{regexp.MustCompile(`^stem\.conv(\d)\.(conv|bn)\.(\w+)$`), func(m []string) string {
		return m[2] + m[1] + "." + m[3]
	}},
	{regexp.MustCompile(`^stages\.(\d)\.(\d{1,3})\.conv(\d)_(?:1x1|kxk)\.(conv|bn)\.(\w+)$`), func(m []string) string {
		return layer(m[1]) + "." + m[2] + "." + m[4] + m[3] + "." + m[5]
	}},
	{regexp.MustCompile(`^stages\.(\d)\.(\d{1,3})\.shortcut\.conv\.(conv|bn)\.(\w+)$`), func(m []string) string {
		part := map[string]string{"conv": "0", "bn": "1"}[m[3]]
		return layer(m[1]) + "." + m[2] + ".downsample." + part + "." + m[4]
	}},
	{regexp.MustCompile(`^head\.pos_embed$`), func([]string) string { return "attnpool.positional_embedding" }},
	{regexp.MustCompile(`^head\.([qkv])\.(\w+)$`), func(m []string) string { return "attnpool." + m[1] + "_proj." + m[2] }},
	{regexp.MustCompile(`^head\.proj\.(\w+)$`), func(m []string) string { return "attnpool.c_proj." + m[1] }},
}

// layer turns timm's stage, counted from 0, into OpenAI's layer, counted from 1.
func layer(stage string) string {
	n, _ := strconv.Atoi(stage) // one digit
	return "layer" + strconv.Itoa(n+1)
}

// fromTimm returns the canonical name. Inside open_clip the image tower lies under visual.trunk and
// the text tower under text; alone, the names are the image tower's. Others are kept.
func fromTimm(name string, trunk bool) string {
	if trunk {
		rest, ok := strings.CutPrefix(name, "visual.trunk.")
		if !ok {
			return strings.TrimPrefix(name, "text.")
		}
		name = rest
	}
	for _, r := range timmRules {
		if m := r.pattern.FindStringSubmatch(name); m != nil {
			return "visual." + r.rewrite(m)
		}
	}
	if trunk {
		return "visual.trunk." + name
	}
	return name
}
