package checkpoint

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/facet-clip/facet/internal/foreign"
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
		return fmt.Errorf("%w: tensor %s: expected a name of 1 to %d bytes, found %d", ErrCorrupt, foreign.Quote(name), maxNameLength, len(name))
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return fmt.Errorf("%w: tensor %s: expected a printable name", ErrCorrupt, foreign.Quote(name))
	}
	return nil
}

// wrappers are parts of a name that PyTorch's and Lightning's wrappers of a module put there: DistributedDataParallel, torch.compile, FSDP,
// activation checkpointing, Fabric. No tensor of a CLIP has such a part of its own.
var wrappers = map[string]bool{
	"module": true, "_orig_mod": true, "_fsdp_wrapped_module": true, "_checkpoint_wrapped_module": true, "_forward_module": true,
}

// towers are names that every image tower has: what stands before one is where the model lies in a larger module. The first that a name
// ends with counts.
var towers = []string{"visual.trunk.stem.conv1.conv.weight", "visual.conv1.weight", "stem.conv1.conv.weight"}

// unwrapped is a name without the parts of wrappers, wherever they stand.
func unwrapped(name string) string {
	parts := slices.DeleteFunc(strings.Split(name, "."), func(part string) bool { return wrappers[part] })
	if len(parts) == 0 {
		return name
	}
	return strings.Join(parts, ".")
}

// towerPrefixes are what stands before the names of image towers, without wrappers: "" or "model." or the like. The first is the model's to
// take: averages come last, and the shortest first.
func towerPrefixes(names []string) []string {
	var found []string
	for _, name := range names {
		name = unwrapped(name)
		for _, tower := range towers {
			prefix, ok := strings.CutSuffix(name, tower)
			if !ok || prefix != "" && !strings.HasSuffix(prefix, ".") {
				continue
			}
			if !slices.Contains(found, prefix) {
				found = append(found, prefix)
			}
			break
		}
	}
	late := map[bool]int{true: 1}
	slices.SortFunc(found, func(a, b string) int {
		return cmp.Or(late[isAverage(a)]-late[isAverage(b)], len(a)-len(b), strings.Compare(a, b))
	})
	return found
}

// withinModel takes wrappers and the prefix of the model off names. A name outside the model is kept where no other has it, and is "" else.
func withinModel(sources []string, prefix string) []string {
	names, inside := make([]string, len(sources)), map[string]bool{}
	for i, source := range sources {
		name, ok := strings.CutPrefix(unwrapped(source), prefix)
		if ok && name != "" {
			names[i] = name
			inside[name] = true
		}
	}
	for i, source := range sources {
		if name := unwrapped(source); names[i] == "" && !inside[name] {
			names[i] = name
		}
	}
	return names
}

// canonicalNames returns the canonical name of each source, in the same order, "" for one that is left out, and whose naming it is. others
// are prefixes of further image towers in the same file.
func canonicalNames(sources []string, format Format) (names []string, naming Naming, taken string, others []string) {
	if prefixes := towerPrefixes(sources); len(prefixes) > 0 {
		taken, others = prefixes[0], prefixes[1:]
	}
	names = withinModel(sources, taken)
	return names, translate(names, format), taken, others
}

// translate turns names into OpenAI's, in place.
func translate(names []string, format Format) Naming {
	has := make(map[string]bool, len(names))
	for _, n := range names {
		has[n] = true
	}
	trunk := has["visual.trunk.stem.conv1.conv.weight"]
	if trunk || has["stem.conv1.conv.weight"] {
		for i, n := range names {
			names[i] = fromTimm(n, trunk)
		}
		return NamingTimm
	}
	if has["text.token_embedding.weight"] && !has["token_embedding.weight"] { // open_clip's CustomTextCLIP
		for i, n := range names {
			names[i] = strings.TrimPrefix(n, "text.")
		}
		return NamingOpenCLIP
	}
	switch {
	case format == FormatTorchScript, slices.ContainsFunc(sizeBuffers, func(b string) bool { return has[b] }):
		return NamingOpenAI
	case slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, "visual.") }):
		return NamingOpenCLIP
	}
	return NamingUnknown
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
