package dataset

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestFeed(t *testing.T) {
	for _, c := range []struct {
		name, in string
		paths    []string
		says     string
	}{
		{"csv", "path,time\na.png,2015\nb/c.png,\n", []string{"/d/a.png", "/d/b/c.png"}, ""},
		{"json lines", "\n {\"path\":\"a.png\"}\n{\"path\":\"/x/b.png\",\"label\":\"x\"}\n", []string{"/d/a.png", "/x/b.png"}, ""},
		{"nothing", " \n", nil, ""},
		{"outside", "path\na.png\n../b.png\n", []string{"/d/a.png"}, "line 3: ../b.png leaves"},
		{"marks and blanks", "\n\ufeff\r\n{\"path\":\"a.png\"}\r\n{\"path\":\"\"}", []string{"/d/a.png"}, "line 4: no path"},
		{"a mark before a quote", "\ufeff\"path\"\r\"a.png\"\r", []string{"/d/a.png"}, ""},
		{"old line ends", "path,label\ra.png,x\rb.png\r", []string{"/d/a.png"}, "line 3: 1 values, expected 2"},
		{"UTF-16", "\xff\xfep\x00", nil, "UTF-16"},
		{"Latin-1", "path,label\na.png,caf\xe9\n", nil, "line 2: expected a text in UTF-8"},
		{"NUL", "{\"path\":\"a.png\"}\n\x00", []string{"/d/a.png"}, "NUL"},
		{"no header", "a.png\nb.png\n", nil, "expected a column path"},
		{"half a line", "{\"path\":\"a.png\"}\n{\"path\":", []string{"/d/a.png"}, "line 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var paths []string
			said := ""
			for item, err := range Feed(t.Context(), strings.NewReader(c.in), "/d", "") {
				if err != nil {
					if said = err.Error(); !errors.Is(err, ErrManifest) {
						t.Errorf("not ErrManifest: %v", err)
					}
					continue
				}
				if item.Index != len(paths) {
					t.Errorf("%s has index %d", item.Path, item.Index)
				}
				paths = append(paths, item.Path)
			}
			if d := cmp.Diff(c.paths, paths); d != "" || !strings.Contains(said, c.says) || (said == "") != (c.says == "") {
				t.Errorf("error %q, expected %q (-want +got)\n%s", said, c.says, d)
			}
		})
	}
}

// TestFeedComesLineByLine: an item is there when its line is, and waiting for the next one ends with the context.
func TestFeedComesLineByLine(t *testing.T) {
	in, out := io.Pipe()
	defer out.Close()
	go io.WriteString(out, "path\na.png\n")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for item, err := range Feed(ctx, in, "/d", "") {
		if n++; n == 1 {
			if err != nil || item.Path != "/d/a.png" {
				t.Fatalf("%v, %v", item, err)
			}
			time.AfterFunc(time.Millisecond, cancel)
			continue
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}
	if n != 2 {
		t.Errorf("%d results, expected an item and the end of the context", n)
	}
}

// TestContent: what a content is known by is what it decodes, whatever becomes of the file.
func TestContent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.png")
	data := pngOf(t, 3)
	write(t, path, data)
	c, err := FileItem(path).Content()
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, []byte("something else"))
	if c.Hash != sha256.Sum256(data) || c.Hash != NewContent("x", data).Hash {
		t.Errorf("hash %x", c.Hash)
	}
	if _, err := decoded(c.Decode, 1<<20); err != nil {
		t.Error(err)
	}
	if _, err := decodeBytes("x.png", []byte("x"), 1<<20); !errors.Is(err, ErrFormat) || !strings.HasPrefix(err.Error(), "x.png: ") {
		t.Errorf("got %v", err)
	}
}
