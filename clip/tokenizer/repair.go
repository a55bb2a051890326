package tokenizer

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

var (
	terminalEscape = regexp.MustCompile(`\x1b\[[\d;]*[a-zA-Z]`)
	quotes         = strings.NewReplacer("ʼ", "'", "‘", "'", "’", "'", "‚", "'", "‛", "'", "“", `"`, "”", `"`, "„", `"`, "‟", `"`)
	ligatures      = strings.NewReplacer("ﬀ", "ff", "ﬁ", "fi", "ﬂ", "fl", "ﬃ", "ffi", "ﬄ", "ffl", "ﬅ", "ſt", "ﬆ", "st",
		"ĳ", "ij", "Ĳ", "IJ", "ŉ", "ʼn", "ǆ", "dž", "ǅ", "Dž", "Ǆ", "DŽ", "ǉ", "lj", "ǈ", "Lj", "Ǉ", "LJ", "ǌ", "nj", "ǋ", "Nj", "Ǌ", "NJ", "ǳ", "dz", "ǲ", "Dz", "Ǳ", "DZ")
	lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n", "\u0085", "\n")
)

// maxPasses is how often [repair] looks at a text again. A pass undoes one layer of escapes; people write two or three, and attackers any number.
const maxPasses = 64

// repair is ftfy's fix_text, line by line as there, without its guesses at encodings. A line with a < is taken for HTML: from there
// on entities are left to [unescape].
func repair(text string) string {
	var out strings.Builder
	escaped := true
	for line := range strings.Lines(text) {
		escaped = escaped && !strings.Contains(line, "<")
		out.WriteString(repairLine(line, escaped))
	}
	return out.String()
}

// repairLine repeats all repairs until nothing changes.
func repairLine(line string, escaped bool) string {
	for range maxPasses {
		before := line
		if escaped {
			line = unescapeSure(line)
		}
		line = repairCharacters(line)
		if line == before {
			break
		}
	}
	return line
}

// repairCharacters is one pass of ftfy's repairs of characters, in its order.
func repairCharacters(text string) string {
	text = strings.Map(windowsControl, text)
	text = ligatures.Replace(text)
	text = foldWidths(text)
	text = lineBreaks.Replace(quotes.Replace(text))
	text = terminalEscape.ReplaceAllString(text, "")
	text = strings.Map(dropInvisible, text)
	return norm.NFC.String(text)
}

func windowsControl(r rune) rune {
	if r >= 0x80 && r <= 0x9f {
		return fromC1(r)
	}
	return r
}

// foldWidths turns full-width and half-width forms into ordinary ones, and the ideographic space into a space.
func foldWidths(text string) string {
	if !strings.ContainsFunc(text, hasWidth) {
		return text
	}
	var out strings.Builder
	for _, r := range text {
		if hasWidth(r) {
			out.WriteString(norm.NFKC.String(string(r)))
		} else {
			out.WriteRune(r)
		}
	}
	return out.String()
}

func hasWidth(r rune) bool { return r == 0x3000 || (r >= 0xff01 && r <= 0xffef) }

// invisible are the ranges of characters that say nothing: control characters, byte-order marks and formatting of old.
var invisible = [][2]rune{{0x00, 0x08}, {0x0b, 0x0b}, {0x0e, 0x1f}, {0x7f, 0x7f}, {0x206a, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffc}}

func isInvisible(r rune) bool {
	return slices.ContainsFunc(invisible, func(span [2]rune) bool { return r >= span[0] && r <= span[1] })
}

func dropInvisible(r rune) rune {
	if isInvisible(r) {
		return -1
	}
	return r
}
