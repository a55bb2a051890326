package concept

import (
	"math"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var close = cmpopts.EquateApprox(0, 1e-6)

func bank(t *testing.T, texts []string, rows ...float32) *Bank {
	t.Helper()
	b, err := NewBank(texts, rows, len(rows)/len(texts))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestNewBank(t *testing.T) {
	b := bank(t, []string{"car", "tree"}, 3, 4, 0, -2)
	if diff := cmp.Diff([]float32{0.6, 0.8, 0, -1}, b.Embeddings, close); diff != "" {
		t.Error(diff)
	}
	for name, rows := range map[string][]float32{"zero": {0, 0}, "NaN": {float32(math.NaN()), 1}, "infinite": {1, float32(math.Inf(1))}, "short": {1}} {
		if _, err := NewBank([]string{"car"}, rows, 2); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := NewBank(nil, nil, 2); err == nil {
		t.Error("empty bank: no error")
	}
}

func TestCentred(t *testing.T) {
	c, err := bank(t, []string{"car", "tree"}, 1, 0, 0, 1).Centred()
	if err != nil {
		t.Fatal(err)
	}
	h := float32(math.Sqrt(0.5))
	if diff := cmp.Diff([]float32{h, -h, -h, h}, c.Embeddings, close); diff != "" {
		t.Error(diff)
	}
	if _, err := bank(t, []string{"car", "car"}, 1, 0, 1, 0).Centred(); err == nil {
		t.Error("twice the same text: no error")
	}
}

func TestNearest(t *testing.T) {
	b := bank(t, []string{"car", "tree", "boat"}, 1, 0, 0, 1, 1, 1)
	got := b.Nearest([]float32{0, 5}, 2)
	if none := b.Nearest([]float32{0, 0}, 2); len(none) != 0 {
		t.Errorf("near no direction: %v", none)
	}
	want := []Match{{"tree", 1}, {"boat", math.Sqrt(0.5)}}
	if diff := cmp.Diff(want, got, close); diff != "" {
		t.Error(diff)
	}
}

func TestZeroShot(t *testing.T) {
	b, err := ZeroShot([]string{"car", "tree"}, []float32{2, 0, 0, 3, -1, 0, -4, 0}, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	h := float32(math.Sqrt(0.5))
	if diff := cmp.Diff([]float32{h, h, -1, 0}, b.Embeddings, close); diff != "" {
		t.Error(diff)
	}
	got := b.Classify([]float32{0, 9}, 2)
	p := 1 / (1 + math.Exp(-2*math.Sqrt(0.5)))
	want := []Class{{"car", 2 * math.Sqrt(0.5), p}, {"tree", 0, 1 - p}}
	if diff := cmp.Diff(want, got, close); diff != "" {
		t.Error(diff)
	}
}

func TestReadTexts(t *testing.T) {
	for _, text := range []string{"a dog\n\n# b\n", "\ufeffa dog\r\n\r\n# b", "a dog\r\r# b\r"} {
		got, err := ReadTexts("t.txt", strings.NewReader(text))
		if diff := cmp.Diff([]string{"a dog", "", "# b"}, got); diff != "" || err != nil {
			t.Errorf("%q: %v, %s", text, err, diff)
		}
		lines, err := ReadLines("t.txt", strings.NewReader(text))
		if diff := cmp.Diff([]string{"a dog"}, lines); diff != "" || err != nil {
			t.Errorf("%q: %v, %s", text, err, diff)
		}
	}
	for text, want := range map[string]string{"": "found none", "a\ncaf\xe9": "line 2: expected a text in UTF-8", "a\n\x00": "NUL"} {
		if _, err := ReadTexts("t.txt", strings.NewReader(text)); err == nil || !strings.HasPrefix(err.Error(), "t.txt: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	f, err := os.Open("../testdata/cases/utf16.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := ReadTemplates("utf16.txt", f); err == nil || !strings.Contains(err.Error(), "UTF-16") {
		t.Error(err)
	}
}

func TestReadTemplates(t *testing.T) {
	got, err := ReadTemplates("t.txt", strings.NewReader("# prompts\n\na photo of a {}.\r\n  {} in the wild \n"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a photo of a car.", "car in the wild"}, got.Fill("car")); diff != "" {
		t.Error(diff)
	}
	if n := len(DefaultTemplates()); n < 2 {
		t.Errorf("%d default templates", n)
	}
	for name, text := range map[string]string{"none": "a photo", "two": "{} and {}", "empty": "# nothing\n"} {
		if _, err := ReadTemplates("t.txt", strings.NewReader(text)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
