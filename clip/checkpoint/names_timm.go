package checkpoint

import (
	"regexp"
	"strconv"
	"strings"
)

// timmWrites are the rules from OpenAI's names of an image tower, without "visual.", to timm's: the inverse of [timmRules].
var timmWrites = []timmRule{
	{regexp.MustCompile(`^(conv|bn)(\d)\.(\w+)$`), func(m []string) string { return "stem.conv" + m[2] + "." + m[1] + "." + m[3] }},
	{regexp.MustCompile(`^layer(\d)\.(\d{1,3})\.(conv|bn)(\d)\.(\w+)$`), func(m []string) string {
		kind := map[string]string{"2": "kxk"}[m[4]]
		if kind == "" {
			kind = "1x1"
		}
		return stage(m[1]) + "." + m[2] + ".conv" + m[4] + "_" + kind + "." + m[3] + "." + m[5]
	}},
	{regexp.MustCompile(`^layer(\d)\.(\d{1,3})\.downsample\.([01])\.(\w+)$`), func(m []string) string {
		return stage(m[1]) + "." + m[2] + ".shortcut.conv." + map[string]string{"0": "conv", "1": "bn"}[m[3]] + "." + m[4]
	}},
	{regexp.MustCompile(`^attnpool\.positional_embedding$`), func([]string) string { return "head.pos_embed" }},
	{regexp.MustCompile(`^attnpool\.([qkv])_proj\.(\w+)$`), func(m []string) string { return "head." + m[1] + "." + m[2] }},
	{regexp.MustCompile(`^attnpool\.c_proj\.(\w+)$`), func(m []string) string { return "head.proj." + m[1] }},
}

// stage turns OpenAI's layer, counted from 1, into timm's stage, counted from 0.
func stage(layer string) string {
	n, _ := strconv.Atoi(layer) // one digit
	return "stages." + strconv.Itoa(n-1)
}

// TimmName is timm's name for a tensor of the image tower, given its canonical name; ok is false for all others.
func TimmName(canonical string) (name string, ok bool) {
	rest, ok := strings.CutPrefix(canonical, "visual.")
	if !ok {
		return "", false
	}
	for _, r := range timmWrites {
		if m := r.pattern.FindStringSubmatch(rest); m != nil {
			return r.rewrite(m), true
		}
	}
	return "", false
}
