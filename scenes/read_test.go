package scenes

import (
	"bytes"
	"strings"
	"testing"

	"github.com/facet-clip/facet/textfile"
)

func TestReadClasses(t *testing.T) {
	for text, want := range map[string]string{
		"":   "",
		"{}": "captions.jsonl: line 1: expected the captions of a scene, with its file and its objects",
		"[]": "captions.jsonl: line 1: expected the captions of a scene: ",
		"{\"file\":\"a\",\"objects\":[{\"category\":\"car\"}]}\nx": "captions.jsonl: line 2: ",
		strings.Repeat(" ", textfile.MaxLine+1):                    "captions.jsonl: line 1: ",
	} {
		_, err := readClasses("captions.jsonl", strings.NewReader(text))
		if got := said(err); !strings.HasPrefix(got, want) || (got == "") != (want == "") {
			t.Errorf("%.20q: %v, expected %q", text, err, want)
		}
	}
}

func said(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func FuzzReadClasses(f *testing.F) {
	f.Add([]byte("{\"file\":\"images/car/0000000.png\",\"objects\":[{\"category\":\"car\"}]}\n"))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		classes, err := readClasses("captions.jsonl", bytes.NewReader(data))
		if err == nil && len(classes) > bytes.Count(data, []byte("\n"))+1 {
			t.Errorf("%d scenes in %d lines", len(classes), bytes.Count(data, []byte("\n"))+1)
		}
	})
}
