package textfile

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// lines are those of a text, read as it is and a byte at a time, which must agree.
func lines(t *testing.T, text string) ([]Line, error) {
	t.Helper()
	read := func(r io.Reader) (all []Line, err error) {
		for line, err := range Lines(r) {
			if err != nil {
				return all, err
			}
			all = append(all, line)
		}
		return all, nil
	}
	whole, err := read(strings.NewReader(text))
	pieces, piecesErr := read(iotest.OneByteReader(strings.NewReader(text)))
	if diff := cmp.Diff(whole, pieces); diff != "" {
		t.Errorf("%q, a byte at a time: %s", text, diff)
	}
	if (err == nil) != (piecesErr == nil) || err != nil && err.Error() != piecesErr.Error() {
		t.Errorf("%q: %v, a byte at a time %v", text, err, piecesErr)
	}
	return whole, err
}

func TestLines(t *testing.T) {
	for text, want := range map[string][]Line{
		"":                       nil,
		"a":                      {{1, "a"}},
		"a\n":                    {{1, "a"}},
		"a\r\nb\r\n":             {{1, "a"}, {2, "b"}},
		"a\rb\r":                 {{1, "a"}, {2, "b"}},
		"a\r\rb\n\rc":            {{1, "a"}, {2, ""}, {3, "b"}, {4, ""}, {5, "c"}},
		"\n\nx":                  {{1, ""}, {2, ""}, {3, "x"}},
		"\ufeffa\n\ufeff\ufeffb": {{1, "a"}, {2, "b"}}, // as two files that were joined
		"\ufeff":                 nil,
		"\ufeff\r\nz":            {{1, ""}, {2, "z"}},
		"zero\ufeffwidth é 日本 😀": {{1, "zero\ufeffwidth é 日本 😀"}},
	} {
		got, err := lines(t, text)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%q: %v, %s", text, err, diff)
		}
	}
}

func TestRefusesOtherEncodings(t *testing.T) {
	for text, want := range map[string]string{
		"\xff\xfea\x00\n\x00":          "line 1: expected a text in UTF-8, found byte 0xff: it seems to be UTF-16; convert it: iconv -f UTF-16 -t UTF-8 FILE > NEW",
		"\xfe\xff\x00a":                "UTF-16; convert it: iconv -f UTF-16 ",
		"\xff\xfe":                     "UTF-16;",
		"\xff\xfe\x00\x00a\x00\x00":    "UTF-32;",
		"\x00\x00\xfe\xff\x00\x00":     "UTF-32;",
		"a\x00b\x00":                   "UTF-16 without a byte-order mark; convert it: iconv -f UTF-16LE",
		"\x00a\x00b":                   "UTF-16 without a byte-order mark; convert it: iconv -f UTF-16BE",
		"a\x00\x00\x00b\x00\x00\x00":   "UTF-32LE",
		"first\r\ncaf\xe9\n":           "line 2: expected a text in UTF-8, found byte 0xe9: it seems to be Latin-1 or Windows-1252; convert it: iconv -f WINDOWS-1252",
		"it\x92s":                      "found byte 0x92: it seems to be Latin-1 or Windows-1252",
		"cut \xe2\x80":                 "found byte 0xe2",
		"surrogate \xed\xa0\x80":       "found byte 0xed",
		"text\nand\x00more":            "line 2: expected a text in UTF-8, found a NUL byte: this is not a text file",
		strings.Repeat("\x00", 10_000): "found a NUL byte",
	} {
		_, err := lines(t, text)
		if !errors.Is(err, ErrEncoding) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: got %v, want %q", text, err, want)
		}
	}
}

// TestCases: what stands in testdata/cases for files of other encodings.
func TestCases(t *testing.T) {
	for name, want := range map[string]string{"utf16.txt": "UTF-16", "manifests/utf16.csv": "UTF-16", "manifests/bomq.csv": "", "manifests/cr.csv": ""} {
		data, err := os.ReadFile(filepath.Join("../testdata/cases", name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(NewReader(bytes.NewReader(data)))
		if want == "" && (err != nil || bytes.ContainsAny(got, "\r\ufeff")) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %q, %v, want %q", name, got, err, want)
		}
	}
}

// TestLongLine: a file without line ends costs no more memory than a line may have.
func TestLongLine(t *testing.T) {
	endless := io.LimitReader(letters{}, 1<<40)
	for _, err := range Lines(io.MultiReader(strings.NewReader("short\n"), endless)) {
		if err != nil {
			if !errors.Is(err, ErrLong) || !strings.HasPrefix(err.Error(), "line 2: ") {
				t.Error(err)
			}
			return
		}
	}
	t.Error("no error")
}

type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

// TestDoesNotWait: a line is given when it is there, not when more has come.
func TestDoesNotWait(t *testing.T) {
	for _, end := range []string{"\n", "\r\n", "\r"} {
		r, w := io.Pipe()
		wrote := make(chan error, 1)
		go func() { _, err := w.Write([]byte("first" + end)); wrote <- err }()
		for line, err := range Lines(r) {
			if err != nil || line.Text != "first" {
				t.Errorf("%q: %+v, %v", end, line, err)
			}
			break
		}
		r.Close()
		<-wrote
	}
}

func FuzzReader(f *testing.F) {
	for _, text := range []string{"\ufeffa,b\r\n1,2\r3", "\xff\xfea\x00", "caf\xe9", "a\x00b", "日本\n\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := io.ReadAll(NewReader(bytes.NewReader(data)))
		slow, slowErr := io.ReadAll(NewReader(iotest.OneByteReader(bytes.NewReader(data))))
		if !bytes.Equal(got, slow) || (err == nil) != (slowErr == nil) {
			t.Errorf("%q and %v, a byte at a time %q and %v", got, err, slow, slowErr)
		}
		if !utf8.Valid(got) || bytes.ContainsAny(got, "\r\x00") {
			t.Errorf("%q", got)
		}
		if err != nil && !errors.Is(err, ErrEncoding) && !errors.Is(err, ErrLong) {
			t.Error(err)
		}
	})
}
