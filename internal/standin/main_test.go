package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/facet-clip/facet/clip/registry"
)

// TestPulled: facet's own client gets weights, card and vocabulary from the stand-in, and checks the sum that it states.
func TestPulled(t *testing.T) {
	folder := t.TempDir()
	weights := bytes.Repeat([]byte("weights"), 10_000)
	for name, data := range map[string][]byte{
		"open_clip_model.safetensors": weights,
		"open_clip_config.json": []byte(`{"model_cfg": {"embed_dim": 32, "quick_gelu": true, "vision_cfg": {"image_size": 64, "layers": [1, 1, 1, 1], "width": 16},
			"text_cfg": {"vocab_size": 49408, "width": 64, "heads": 1, "layers": 2}}}`),
	} {
		path := filepath.Join(folder, "owner", "name", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	in, out := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, folder, out) }()
	address := make([]byte, 100)
	n, err := in.Read(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("HF_HUB_CACHE", t.TempDir())
	for name, says := range map[string]string{"hf:owner/name": "vocab", "hf:owner/other": "no such repository", "hf:owner/..": "OWNER/NAME"} {
		m, err := registry.Lookup(name)
		if err == nil {
			p := registry.Puller{Machine: registry.ThisMachine(t.TempDir()), Hub: registry.Hub{Endpoint: strings.TrimSpace(string(address[:n]))}}
			_, err = p.Pull(ctx, m)
			if name == "hf:owner/name" {
				got, _ := os.ReadFile(m.Path(p.Machine.Cache))
				if !bytes.Equal(got, weights) {
					t.Errorf("%d bytes came, expected %d", len(got), len(weights))
				}
			}
		}
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, expected %s", name, err, says)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
