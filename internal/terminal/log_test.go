package terminal

import (
	"bytes"
	"log/slog"
	"testing"
)

func TestLogLines(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(NewLineHandler(&out, slog.LevelInfo)).With("file", "RN50.pt")
	log.Debug("not shown")
	log.Info("read")
	log.Warn("download interrupted", "bytes", 7)
	want := "facet: read (file: RN50.pt)\nfacet: warning: download interrupted (file: RN50.pt, bytes: 7)\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
