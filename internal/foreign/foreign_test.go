package foreign

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{
		"":                               `""`,
		"a\x1b[2J\nb":                    `"a\x1b[2J\nb"`,
		strings.Repeat("x", 120):         `"` + strings.Repeat("x", 120) + `"`,
		strings.Repeat("x", 121):         `"` + strings.Repeat("x", 120) + `"… (121 bytes)`,
		strings.Repeat("ä", 100):         `"` + strings.Repeat("ä", 60) + `"… (200 bytes)`,
		"x" + strings.Repeat("€", 60000): `"x` + strings.Repeat("€", 39) + `"… (180001 bytes)`,
	} {
		if got := Quote(in); got != want {
			t.Errorf("%.200q: %s, expected %s", in, got, want)
		}
	}
}

func TestMessage(t *testing.T) {
	if got := Message("short\nof two lines"); got != "short\nof two lines" {
		t.Error(got)
	}
	if got, want := Message("a\x1b[2Jb\u009b"), `a\x1b[2Jb\x9b`; got != want {
		t.Errorf("%q, expected %q", got, want)
	}
	got := Message(strings.Repeat("€", 30000))
	if len(got) > mostMessage+30 || !utf8.ValidString(got) || !strings.HasSuffix(got, "… (90000 bytes)") {
		t.Errorf("%d bytes that end in %q", len(got), got[len(got)-30:])
	}
}

func FuzzQuote(f *testing.F) {
	f.Add("name")
	f.Add(strings.Repeat("\xff\x00€", 100))
	f.Fuzz(func(t *testing.T, s string) {
		if q := Quote(s); len(q) > 10*mostQuoted+40 || strings.ContainsAny(q, "\n\r\x1b\x00") {
			t.Errorf("%q", q)
		}
		if m := Message(s); len(m) > 4*mostMessage+40 || utf8.ValidString(s) && !utf8.ValidString(m) {
			t.Errorf("%q", m)
		}
	})
}
