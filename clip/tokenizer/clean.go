package tokenizer

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// Clean is what OpenAI's tokenizer does to a text before splitting it: ftfy's repairs, HTML entities twice, runs of space to one, lower
// case. One repair of ftfy is left out: mojibake ("Ã©" for "é") stays as it is, because guessing at encodings is out of scope.
func Clean(text string) string {
	if !isPlain(text) {
		text = unescape(unescape(repair(strings.ToValidUTF8(text, "\ufffd"))))
	}
	return cases.Lower(language.Und).String(strings.Join(strings.FieldsFunc(text, isSpace), " "))
}

// isPlain tells of texts that need no repair, which are nearly all.
func isPlain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c == '&' || c >= 0x7f || c < 0x20 && c != '\t' && c != '\n' {
			return false
		}
	}
	return true
}

// isSpace is Python's str.isspace, which is Unicode's white space and the four ASCII separators.
func isSpace(r rune) bool { return unicode.IsSpace(r) || (r >= 0x1c && r <= 0x1f) }
