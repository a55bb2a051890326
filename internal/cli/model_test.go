package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/registry"
)

// alone hides what other programs keep on this machine: a model of theirs would be used.
func alone(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	t.Setenv("HF_HUB_CACHE", t.TempDir())
}

func TestPullSaysWhatIsWrong(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	t.Setenv("HF_ENDPOINT", server.URL)
	alone(t)
	code, stdout, stderr := facet(t, "model", "pull", "hf:owner/name")
	if code != exitFailure || stdout != "" {
		t.Errorf("exit code %d, stdout %q", code, stdout)
	}
	for _, s := range []string{"404", server.URL + "/owner/name/resolve/main/open_clip_config.json", "by hand", "models--owner--name"} {
		if !strings.Contains(stderr, s) {
			t.Errorf("stderr does not say %q: %s", s, stderr)
		}
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"model", "pull"}, exitUsage, "facet model list"},
		{[]string{"model", "pull", "RN50", "--mirror", "models.example"}, exitFailure, `unusable mirror "models.example"`},
		{[]string{"model", "pull", "hf:owner"}, exitFailure, "hf:OWNER/NAME@REVISION"},
		{[]string{"explain", "a.png", "--model", "hf:owner/name"}, exitFailure, "facet model pull hf:owner/name"},
		{[]string{"explain", "a.png", "--model", "hf:owner/name", "--yes"}, exitFailure, "404"},
	} {
		if code, _, stderr := facet(t, c.args...); code != c.code || !strings.Contains(stderr, c.says) {
			t.Errorf("facet %v: exit code %d: %s", c.args, code, stderr)
		}
	}
}

func TestConfirm(t *testing.T) {
	for in, want := range map[string]bool{"\n": true, "y\n": true, "Yes\n": true, "n\n": false, "what?\n": false, "": false, "y": true} {
		var out strings.Builder
		got, err := confirm(t.Context(), strings.NewReader(in), &out, "Download it?")
		if got != want || err != nil || out.String() != "facet: Download it? [Y/n] " {
			t.Errorf("%q: got %v, %v; asked %q", in, got, err, out.String())
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	never, _ := io.Pipe()
	if yes, err := confirm(ctx, never, io.Discard, "Download it?"); yes || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v, %v", yes, err)
	}
}

// tinyCard is what open_clip would say of the tiny model, if it had been trained with GELU.
const tinyCard = `{"model_cfg": {"embed_dim": 32, "quick_gelu": false, "vision_cfg": {"image_size": 64, "layers": [1, 1, 1, 1], "width": 16},
	"text_cfg": {"vocab_size": 49408, "width": 64, "heads": 1, "layers": 2}}}`

// hubOf serves one repository, owner/tiny, with its weights on the same host, and counts how often those are sent.
func hubOf(t *testing.T, weights []byte) (url string, sent *atomic.Int64) {
	t.Helper()
	sum := sha256.Sum256(weights)
	sent = new(atomic.Int64)
	vocabulary, err := json.Marshal(byteVocabulary())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/owner/tiny/resolve/main/open_clip_config.json":
			w.Write([]byte(tinyCard))
		case "/owner/tiny/resolve/main/tokenizer.json":
			w.Write(vocabulary)
		case "/owner/tiny/resolve/main/open_clip_model.safetensors":
			if r.Method == http.MethodGet {
				sent.Add(1)
			}
			w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sum))
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(weights))
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, sent
}

// byteVocabulary is the smallest tokenizer.json that can encode every text: bytes and no merges.
func byteVocabulary() any {
	_, vocab := byteTokens()
	return tokenizerJSON(vocab, []string{})
}

// byteTokens are the symbols of all bytes, and a vocabulary of each alone and at the end of a word.
func byteTokens() (symbols []string, vocab map[string]int) {
	vocab = map[string]int{}
	next := rune(256)
	for b := range rune(256) {
		symbol := b
		if printable := b >= '!' && b <= '~' || b >= '¡' && b <= '¬' || b >= '®'; !printable {
			symbol, next = next, next+1
		}
		symbols = append(symbols, string(symbol))
		vocab[string(symbol)] = len(vocab)
		vocab[string(symbol)+"</w>"] = len(vocab)
	}
	return symbols, vocab
}

// tokenizerJSON is a tokenizer.json of tokens, to which both specials are added.
func tokenizerJSON(vocab map[string]int, merges []string) any {
	vocab["<|startoftext|>"] = len(vocab)
	vocab["<|endoftext|>"] = len(vocab)
	return map[string]any{"model": map[string]any{"vocab": vocab, "merges": merges}}
}

// TestPullAndUse: a model of the hub is pulled once, by the verb or by whoever needs it, keeps its activation and is listed.
func TestPullAndUse(t *testing.T) {
	weights, err := os.ReadFile(tinyModel)
	if err != nil {
		t.Fatal(err)
	}
	url, sent := hubOf(t, weights)
	cache := t.TempDir()
	run := func(args ...string) (code int, stdout, stderr string) {
		t.Helper()
		alone(t)
		t.Setenv("HF_ENDPOINT", url)
		t.Setenv("FACET_CACHE", cache)
		var out, log bytes.Buffer
		code = Main(args, &out, &log)
		return code, out.String(), log.String()
	}
	const name = "hf:owner/tiny"
	if code, _, stderr := run("model", "inspect", name); code != exitFailure || !strings.Contains(stderr, "facet model pull "+name) {
		t.Errorf("not pulled yet: exit code %d: %s", code, stderr)
	}
	code, stdout, stderr := run("model", "inspect", name, "--yes", "--json")
	var inspection answer.Inspection
	if err := json.Unmarshal([]byte(stdout), &inspection); code != exitOK || err != nil {
		t.Fatalf("inspect --yes: exit code %d, %v: %s", code, err, stderr)
	}
	if inspection.Activation != "gelu" || inspection.ActivationAssumed || inspection.SHA256 != fmt.Sprintf("%x", sha256.Sum256(weights)) {
		t.Errorf("inspection: %+v", inspection)
	}
	code, stdout, stderr = run("model", "pull", name, "--json")
	var pulled answer.ListedModel
	if err := json.Unmarshal([]byte(stdout), &pulled); code != exitOK || err != nil {
		t.Fatalf("pull: exit code %d, %v: %s", code, err, stderr)
	}
	want := answer.ListedModel{Name: name, Source: "hub", Installed: true, Path: inspection.Path, Bytes: int64(len(weights)), Hub: "owner/tiny"}
	if pulled != want || sent.Load() != 1 {
		t.Errorf("pulled %+v, want %+v; the weights were sent %d times", pulled, want, sent.Load())
	}
	if code, stdout, stderr = run("model", "list"); code != exitOK || !strings.Contains(stdout, name) || !strings.Contains(stdout, "9.2 MB") || !strings.Contains(stdout, inspection.Path) {
		t.Errorf("list: exit code %d: %s%s", code, stdout, stderr)
	}
	if err := os.Truncate(inspection.Path, 1<<20); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(inspection.Path, inspection.Path+".part"); err != nil {
		t.Fatal(err)
	}
	if _, stdout, _ = run("model", "list"); !strings.Contains(stdout, "no (1.0 MB of a download are there: facet model pull hf:owner/tiny goes on)") {
		t.Errorf("list of a half model: %s", stdout)
	}
	if code, stdout, stderr = run("model", "doctor", "HF:owner/tiny", "--yes"); !strings.Contains(stdout, "open_clip_config.json beside the file says") {
		t.Errorf("doctor: exit code %d: %s%s", code, stdout, stderr)
	}
	if got, err := os.ReadFile(inspection.Path); err != nil || !bytes.Equal(got, weights) {
		t.Errorf("the half model was not completed: %v", err)
	}
}

// TestSizesOfModels: of every published model a size is told before it is there, and it is that of its architecture.
func TestSizesOfModels(t *testing.T) {
	text := func(width int) clip.TextConfig {
		return clip.TextConfig{Width: width, Layers: 12, Heads: width / 64, Vocabulary: 49408, Context: 77}
	}
	configs := map[string]clip.Config{
		"RN50":    {Image: 224, Width: 64, Blocks: [4]int{3, 4, 6, 3}, Channels: 2048, Heads: 32, Embed: 1024, Text: text(512)},
		"RN101":   {Image: 224, Width: 64, Blocks: [4]int{3, 4, 23, 3}, Channels: 2048, Heads: 32, Embed: 512, Text: text(512)},
		"RN50x4":  {Image: 288, Width: 80, Blocks: [4]int{4, 6, 10, 6}, Channels: 2560, Heads: 40, Embed: 640, Text: text(640)},
		"RN50x16": {Image: 384, Width: 96, Blocks: [4]int{6, 8, 18, 8}, Channels: 3072, Heads: 48, Embed: 768, Text: text(768)},
		"RN50x64": {Image: 448, Width: 128, Blocks: [4]int{3, 15, 36, 10}, Channels: 4096, Heads: 64, Embed: 1024, Text: text(1024)},
	}
	for _, m := range registry.Models() {
		architecture, _, _ := strings.Cut(m.Name, "/")
		image, words := configs[architecture].Parameters()
		if image+words+1 != m.Parameters { // and the logit scale
			t.Errorf("%s: %d parameters, the architecture has %d", m.Name, m.Parameters, image+words+1)
		}
		l := listed(registry.ThisMachine(t.TempDir()), m)
		if off := float64(l.Bytes)/float64(4*m.Parameters) - 1; !l.Installed && (off < 0 || off > 0.002) {
			t.Errorf("%s: %d bytes, %d parameters", m.Name, l.Bytes, m.Parameters)
		}
	}
}
