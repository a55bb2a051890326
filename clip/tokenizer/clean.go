package tokenizer

import (
	"html"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// Clean is what OpenAI's tokenizer does to a text before splitting it: the repairs of ftfy that it relies on, HTML entities twice, runs of
// space to one, lower case. Of ftfy it does NFC, curly quotes, Latin ligatures, full-width and half-width forms, line breaks,
// terminal escapes and control characters. Mojibake ("Ã©" for "é") is left as it is: guessing at encodings is out of scope.
func Clean(text string) string {
	text = repair(text)
	text = strings.TrimFunc(html.UnescapeString(html.UnescapeString(text)), isSpace)
	return cases.Lower(language.Und).String(strings.Join(strings.FieldsFunc(text, isSpace), " "))
}

var (
	terminalEscape = regexp.MustCompile("\x1b\\[[0-?]*[ -/]*[@-~]")
	quotes         = strings.NewReplacer("‘", "'", "’", "'", "‚", "'", "‛", "'", "ʼ", "'", "“", `"`, "”", `"`, "„", `"`, "‟", `"`)
	ligatures      = strings.NewReplacer("ﬀ", "ff", "ﬁ", "fi", "ﬂ", "fl", "ﬃ", "ffi", "ﬄ", "ffl", "ﬅ", "ſt", "ﬆ", "st",
		"ĳ", "ij", "Ĳ", "IJ", "ŉ", "ʼn", "ǆ", "dž", "ǅ", "Dž", "Ǆ", "DŽ", "ǉ", "lj", "ǈ", "Lj", "Ǉ", "LJ", "ǌ", "nj", "ǋ", "Nj", "Ǌ", "NJ", "ǳ", "dz", "ǲ", "Dz", "Ǳ", "DZ")
	lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n", "\u0085", "\n")
)

// repair is the part of ftfy's fix_text that matters for captions.
func repair(text string) string {
	if isASCII(text) {
		return text
	}
	text = terminalEscape.ReplaceAllString(strings.ToValidUTF8(text, "\ufffd"), "")
	text = quotes.Replace(ligatures.Replace(text))
	text = strings.Map(foldWidth, text)
	text = strings.Map(dropControl, lineBreaks.Replace(text))
	return norm.NFC.String(text)
}

// foldWidth turns a full-width or half-width form into its ordinary one, and the ideographic space into a space.
func foldWidth(r rune) rune {
	if (r >= 0xff01 && r <= 0xffef) || r == 0x3000 {
		for _, plain := range norm.NFKC.String(string(r)) {
			return plain
		}
	}
	return r
}

// dropControl removes characters that say nothing: control characters, byte-order marks and invisible formatting of old.
func dropControl(r rune) rune {
	switch {
	case r < 0x09, r == 0x0b, r >= 0x0e && r <= 0x1f, r == 0x7f, // C0 but tab, line feed, form feed and return
		r >= 0x206a && r <= 0x206f, r == 0xfeff, r >= 0xfff9 && r <= 0xfffc:
		return -1
	}
	return r
}

// isSpace is Python's str.isspace, which is Unicode's white space and the four ASCII separators.
func isSpace(r rune) bool { return unicode.IsSpace(r) || (r >= 0x1c && r <= 0x1f) }

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= 0x7f || text[i] < 0x20 && text[i] != '\t' && text[i] != '\n' {
			return false
		}
	}
	return true
}
