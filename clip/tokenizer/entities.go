package tokenizer

import (
	"html"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/language"
)

var (
	reference     = regexp.MustCompile(`&(#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)`)
	sureReference = regexp.MustCompile(`&#?[0-9A-Za-z]{1,24};`)
)

// wideEntities are those that Go's table leaves out, because their text has more bytes than their name.
var wideEntities = map[string]string{"nLt;": "≪\u20d2", "nGt;": "≫\u20d2"}

// entity is the text of an HTML entity, named without its ampersand: "eacute;", or one of the old ones without semicolon, "eacute". The
// standard library has the table but not this question, so what it makes of the whole has to tell whether it took the name for one entity.
func entity(name string) (string, bool) {
	if text, ok := wideEntities[name]; ok {
		return text, true
	}
	whole := "&" + name
	text := html.UnescapeString(whole)
	switch {
	case text == whole:
		return "", false
	case strings.HasSuffix(name, ";"): // else it stays, also behind an old name that the name begins with
		return text, !strings.HasSuffix(text, ";") || name == "semi;"
	}
	return text, len([]rune(text)) == 1
}

// unescape is Python's html.unescape. Go's differs in what it makes of numbers that are no characters.
func unescape(text string) string {
	return reference.ReplaceAllStringFunc(text, func(whole string) string {
		name := whole[1:]
		if name[0] == '#' {
			return numbered(name[1:])
		}
		if text, ok := entity(name); ok {
			return text
		}
		for end := len(name) - 1; end > 1; end-- { // an old name without semicolon, and more behind it
			if text, ok := entity(name[:end]); ok {
				return text + name[end:]
			}
		}
		return whole
	})
}

// numbered is the character of a reference such as 8217; or x2019;
func numbered(digits string) string {
	digits, base := strings.TrimSuffix(digits, ";"), 10
	if digits[0] == 'x' || digits[0] == 'X' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	r := rune(n)
	switch {
	case err != nil, n == 0, n > utf8.MaxRune, n >= 0xd800 && n <= 0xdfff:
		return "\ufffd"
	case n >= 0x80 && n <= 0x9f:
		return string(fromC1(r))
	case r < 0x09, r == 0x0b, r >= 0x0e && r <= 0x1f, r == 0x7f, r >= 0xfdd0 && r <= 0xfdef, r&0xfffe == 0xfffe:
		return ""
	}
	return string(r)
}

// fromC1 reads a C1 control character, which nobody writes, as the character of Windows-1252 in its place. Five places are empty: there it stays.
func fromC1(r rune) rune {
	if windows := charmap.Windows1252.DecodeByte(byte(r)); windows != utf8.RuneError {
		return windows
	}
	return r
}

// unescapeSure is ftfy's unescaping: only what ends in a semicolon and is an entity as a whole, also those of lower-case letters written
// in capitals: &NTILDE; is Ñ.
func unescapeSure(text string) string {
	return sureReference.ReplaceAllStringFunc(text, func(whole string) string {
		name := whole[1:]
		if name[0] == '#' {
			if text := unescape(whole); !strings.Contains(text, ";") {
				return text
			}
			return whole
		}
		if text, ok := entity(name); ok {
			return text
		}
		lower := strings.ToLower(name)
		if text, ok := entity(lower); ok && strings.ToUpper(lower) == name && unescape(whole) == whole {
			return cases.Upper(language.Und).String(text)
		}
		return whole
	})
}
