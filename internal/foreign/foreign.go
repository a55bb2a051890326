// Package foreign makes text that comes from outside, such as a name in a file or a value in a request, fit for a message.
package foreign

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	mostQuoted  = 120  // bytes of a text that a message repeats
	mostMessage = 4000 // bytes of a message that leaves the program
)

// Quote quotes a text for a message: escaped, so that it is one line and moves no cursor, and cut where it is long.
func Quote(s string) string {
	if len(s) <= mostQuoted {
		return strconv.Quote(s)
	}
	return strconv.Quote(cut(s, mostQuoted)) + "… (" + strconv.Itoa(len(s)) + " bytes)"
}

// Message makes a whole message that may hold texts from outside fit to leave the program: without characters that move a cursor, and cut where
// it is long. Line ends and tabs stay.
func Message(s string) string {
	whole := len(s)
	if whole > mostMessage {
		s = cut(s, mostMessage)
	}
	var b strings.Builder
	for _, r := range s {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			fmt.Fprintf(&b, "\\x%02x", r)
			continue
		}
		b.WriteRune(r)
	}
	if whole > mostMessage {
		fmt.Fprintf(&b, "… (%d bytes)", whole)
	}
	return b.String()
}

// cut gives most bytes of a text, or a few fewer, so that no character is torn.
func cut(s string, most int) string {
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}
