package tokenizer

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func load(t testing.TB, path string) *Tokenizer {
	t.Helper()
	tok, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// textCase is a text with what an independent implementation makes of it.
type textCase struct {
	Text, Clean string
	IDs         []int
}

func readCases(t *testing.T, file string) []textCase {
	t.Helper()
	var whole struct{ Texts []textCase }
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err = json.Unmarshal(data, &whole.Texts); err != nil {
		err = json.Unmarshal(data, &whole)
	}
	if err != nil || len(whole.Texts) == 0 {
		t.Fatalf("%s: %d cases, %v", file, len(whole.Texts), err)
	}
	return whole.Texts
}

// compare encodes the texts of a file.
func compare(t *testing.T, tok *Tokenizer, file string) {
	t.Helper()
	for _, c := range readCases(t, file) {
		if diff := cmp.Diff(c.IDs, tok.Encode(c.Text)); diff != "" {
			t.Errorf("%+q: %s", c.Text, diff)
		}
	}
}

func TestEncodeSmall(t *testing.T) { compare(t, load(t, "testdata/small.txt"), "testdata/small.json") }

// TestEncodeOpenAI needs CLIP's vocabulary, which is not part of the repository.
func TestEncodeOpenAI(t *testing.T) {
	path := os.Getenv("FACET_CLIP_VOCAB")
	if path == "" {
		t.Skip("FACET_CLIP_VOCAB does not name CLIP's bpe_simple_vocab_16e6.txt.gz")
	}
	tok := load(t, path)
	if tok.Size() != 49408 || tok.Start() != 49406 || tok.End() != 49407 {
		t.Errorf("size %d, start %d, end %d", tok.Size(), tok.Start(), tok.End())
	}
	for _, file := range []string{"testdata/openai.json", "testdata/texts.json", "../../testdata/cases/texts.json"} {
		compare(t, tok, file)
	}
	for form, other := range otherForms(t, tok) {
		t.Run(form, func(t *testing.T) { compare(t, other, "testdata/openai.json") })
	}
}

// otherForms writes a vocabulary in Hugging Face's formats and reads it back.
func otherForms(t *testing.T, tok *Tokenizer) map[string]*Tokenizer {
	t.Helper()
	merges := make([]pair, len(tok.ranks))
	for m, rank := range tok.ranks {
		merges[rank] = m
	}
	var lines, joined []string
	var pairs [][]string
	for _, m := range merges {
		joined = append(joined, m[0]+" "+m[1])
		pairs = append(pairs, []string{m[0], m[1]})
	}
	lines = append([]string{"#version: 0.2"}, joined...)
	dir := t.TempDir()
	write := func(name string, v any) string {
		path := filepath.Join(dir, name)
		data, err := json.Marshal(v)
		if s, ok := v.(string); ok {
			data = []byte(s)
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("merges.txt", strings.Join(lines, "\n")+"\n")
	whole := func(merges any) any {
		return map[string]any{"version": "1.0", "model": map[string]any{"type": "BPE", "vocab": tok.ids, "merges": merges}}
	}
	return map[string]*Tokenizer{
		"vocab.json":                   load(t, write("vocab.json", tok.ids)),
		"tokenizer.json":               load(t, write("old.json", whole(joined))),
		"tokenizer.json, merges split": load(t, write("new.json", whole(pairs))),
		"folder":                       load(t, dir),
	}
}

func TestOtherForms(t *testing.T) {
	for form, tok := range otherForms(t, load(t, "testdata/small.txt")) {
		t.Run(form, func(t *testing.T) { compare(t, tok, "testdata/small.json") })
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"don’t":                     "don't",
		"“Quoted”  text\t\n":        `"quoted" text`,
		"ﬁsh ﬂies":                  "fish flies",
		"ＦＵＬＬ　ｗｉｄｔｈ！":               "full width!",
		"e\u0301te\u0301":           "été",
		"\ufeffmark":                "mark",
		"bell\x07 and \x1b[31mred":  "bell and red",
		"line\u2028break\u0085here": "line break…here", // U+0085 is Windows-1252's ellipsis
		"it\u0092s &rsquo;tis":      "it's 'tis",
		"a&#31;b&#x0;":              "ab\ufffd",
		"<b>&rsquo;</b>":            "<b>’</b>", // with a < in it ftfy takes a line for HTML
		"&NTILDE;o &SZLIG; &Mlt;":   "ño ss &mlt;",
		"&nLt;&nGt; &fjlig; &semi;": "≪\u20d2≫\u20d2 fj ;",
		"&ltx &notit; &amp":         "<x ¬it; &",
		"a &amp;amp; b &lt;3":       "a & b <3",
		"ΟΔΟΣ":                      "οδος",
		"cafÃ©":                     "cafã©", // mojibake stays
		"no\u00a0break":             "no break",
		"bad \xff byte":             "bad \ufffd byte",
		"sep\x1carator":             "separator",
		"ideographic\u3000space":    "ideographic space",
	} {
		if got := Clean(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// TestCleanCorpus: what OpenAI's tokenizer with ftfy makes of odd texts (testdata/texts.py).
func TestCleanCorpus(t *testing.T) {
	cases := readCases(t, "testdata/texts.json")
	for _, c := range cases {
		if got := Clean(c.Text); got != c.Clean {
			t.Errorf("%+q: got %+q, want %+q", c.Text, got, c.Clean)
		}
	}
}

// TestCleanEnds: layers of escapes that are deeper than anybody writes end, and soon.
func TestCleanEnds(t *testing.T) {
	start := time.Now()
	for _, text := range []string{strings.Repeat("&amp&semi", 1000) + ";", "&" + strings.Repeat("amp;", 10_000), strings.Repeat("&am\x01p;", 10_000)} {
		Clean(text)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("took %s", took)
	}
}

func TestSequence(t *testing.T) {
	tok := load(t, "testdata/small.txt")
	got, err := tok.Sequence("a car", 5, false)
	if err != nil {
		t.Fatal(err)
	}
	ids := tok.Encode("a car")
	if diff := cmp.Diff([]int64{int64(tok.Start()), int64(ids[0]), int64(ids[1]), int64(tok.End())}, got); diff != "" {
		t.Error(diff)
	}
	if _, err := tok.Sequence("a car a car", 5, false); !errors.Is(err, ErrTooLong) || !strings.Contains(err.Error(), "at most 5") {
		t.Errorf("too long: %v", err)
	}
	cut, err := tok.Sequence("a car a car", 5, true)
	if err != nil || len(cut) != 5 || cut[4] != int64(tok.End()) {
		t.Errorf("truncated: %v, %v", cut, err)
	}
	for _, text := range []string{"a car<|endoftext|>x", "a car &lt;|EndOfText|&gt; x <|endoftext|>"} {
		ended, err := tok.Sequence(text, 20, false)
		if diff := cmp.Diff(got, ended); err != nil || diff != "" {
			t.Errorf("%s: %v, %s", text, err, diff)
		}
	}
	if got := tok.Decode(tok.Encode("A Yellow car, on été")); got != "a yellow car , on été" {
		t.Errorf("decoded: %q", got)
	}
}

func TestRefuses(t *testing.T) {
	small, err := os.ReadFile("testdata/small.txt")
	if err != nil {
		t.Fatal(err)
	}
	var bomb bytes.Buffer
	z, err := gzip.NewWriterLevel(&bomb, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	z.Write(make([]byte, maxVocabulary+1))
	z.Close()
	for name, data := range map[string]string{
		"empty":         "",
		"three symbols": "header\na b c\n",
		"unknown part":  "header\nab c\nx",
		"json list":     "[1,2]",
		"no merges":     `{"a": 0}`,
		"other json":    `{"model": {"vocab": {"a": 0, "b": 0}}}`,
		"bomb":          bomb.String(),
		"UTF-16":        "\xff\xfeh\x00\n\x00",
		"NUL":           "header\na b\x00\n",
	} {
		if _, err := Read(name, strings.NewReader(data)); !errors.Is(err, ErrFormat) || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Read("cut gzip", bytes.NewReader(bomb.Bytes()[:100])); err == nil {
		t.Error("cut gzip: no error")
	}
	for _, end := range []string{"\n", "\r\n", "\r"} {
		text := "\ufeff" + strings.ReplaceAll(string(small), "\n", end)
		if tok, err := Read("small", strings.NewReader(text)); err != nil || tok.Size() != load(t, "testdata/small.txt").Size() {
			t.Errorf("line ends %q: %v", end, err)
		}
	}
	if _, err := Find(t.TempDir()); !errors.Is(err, ErrNotFound) {
		t.Errorf("no vocabulary: %v", err)
	}
}

func FuzzEncode(f *testing.F) {
	tok := load(f, "testdata/small.txt")
	f.Add("a photo of a yellow car")
	f.Add("İ ﬁ ’ \xff <|endoftext|> 日本")
	f.Fuzz(func(t *testing.T, text string) {
		for _, id := range tok.Encode(text) {
			if id < 0 || id >= tok.Size() {
				t.Fatalf("id %d", id)
			}
		}
		if again := tok.Decode(tok.Encode(text)); !utf8.ValidString(again) {
			t.Errorf("%q", again)
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("header\na b\nab c</w>\n"))
	f.Add([]byte(`{"model": {"vocab": {"a": 0}, "merges": ["a b", ["a", "b"]]}}`))
	f.Add([]byte("\x1f\x8b\x08\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if tok, err := Read("fuzz", bytes.NewReader(data)); err == nil && tok.Size() < 514 {
			t.Errorf("accepted a vocabulary of %d tokens", tok.Size())
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	tok := load(b, "testdata/small.txt")
	for b.Loop() {
		tok.Encode("a photo of a yellow car on the grass, seen from far away")
	}
}
