package terminal

import (
	"bytes"
	"errors"
	"log/slog"
	"testing"
)

func TestLogLines(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(NewLineHandler(&out, slog.LevelInfo, func(err error) string { return err.Error() + " (or so)" })).With("file", "RN50.pt")
	log.Debug("not shown")
	log.Info("read")
	log.Warn("download interrupted", "bytes", 7, "reason", errors.New("lost"))
	want := "facet: read (file: RN50.pt)\nfacet: warning: download interrupted (file: RN50.pt, bytes: 7, reason: lost (or so))\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
