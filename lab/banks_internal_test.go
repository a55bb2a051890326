package lab

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/internal/randomclip"
)

// TestNameBy: where a question names no bank, the one that was given stands in for the common words, also for pairs of an atlas without labels. The demo model keeps its own.
func TestNameBy(t *testing.T) {
	data, err := randomclip.Checkpoint(clip.Config{
		Image: 64, Width: 8, Blocks: [4]int{1, 1, 1, 1}, Channels: 256, Heads: 4, Embed: 16,
		Text: clip.TextConfig{Width: 64, Layers: 1, Heads: 1, Vocabulary: 16, Context: 8},
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "small.safetensors")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	for model, want := range map[string][2]string{path: {CommonWords, "words.txt"}, "demo": {"", ""}} {
		l, err := Open(t.Context(), Config{Model: model, Cache: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		before := l.bankOr("")
		l.NameBy("words.txt")
		if after := l.bankOr(""); before != want[0] || after != want[1] || l.bankOr("mine.txt") != "mine.txt" {
			t.Errorf("%s: by %q, then by %q, expected %q", model, before, after, want)
		}
		if got := l.bankToName(t.Context(), "", nil); got != want[1] {
			t.Errorf("%s: pairs are named by %q, expected %q", model, got, want[1])
		}
	}
}
