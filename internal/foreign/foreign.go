// Package foreign makes text that comes from outside, such as a name in a file or a value in a request, fit for a message.
package foreign

import (
	"strconv"
	"unicode/utf8"
)

const (
	mostQuoted  = 120  // bytes of a text that a message repeats
	mostMessage = 2000 // bytes of a message that leaves the program
)

// Quote quotes a text for a message: escaped, so that it is one line and moves no cursor, and cut where it is long.
func Quote(s string) string {
	if len(s) <= mostQuoted {
		return strconv.Quote(s)
	}
	return strconv.Quote(cut(s, mostQuoted)) + "… (" + strconv.Itoa(len(s)) + " bytes)"
}

// Message bounds a whole message that may hold texts from outside: the beginning of one that is too long.
func Message(s string) string {
	if len(s) <= mostMessage {
		return s
	}
	return cut(s, mostMessage) + "… (" + strconv.Itoa(len(s)) + " bytes)"
}

// cut gives most bytes of a text, or a few fewer, so that no character is torn.
func cut(s string, most int) string {
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}
