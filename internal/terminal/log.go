package terminal

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"

	"github.com/facet-clip/facet/internal/foreign"
)

// lineHandler logs as people read: "facet: warning: message (key: value)".
type lineHandler struct {
	level slog.Level
	say   func(error) string
	attrs []slog.Attr

	mu  *sync.Mutex
	out io.Writer
}

// NewLineHandler writes each record of at least a level as one line. Errors stand there as say puts them.
func NewLineHandler(out io.Writer, level slog.Level, say func(error) string) slog.Handler {
	return lineHandler{level: level, say: say, mu: &sync.Mutex{}, out: out}
}

func (h lineHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level }

func (h lineHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	h.attrs = append(h.attrs[:len(h.attrs):len(h.attrs)], attrs...)
	return h
}

// WithGroup leaves the names of groups out: nothing here uses them.
func (h lineHandler) WithGroup(string) slog.Handler { return h }

func (h lineHandler) Handle(_ context.Context, r slog.Record) error {
	var notes []string
	note := func(a slog.Attr) bool {
		value := fmt.Sprint(a.Value)
		if err, ok := a.Value.Any().(error); ok {
			value = h.say(err)
		}
		notes = append(notes, a.Key+": "+foreign.Message(value))
		return true
	}
	for _, a := range h.attrs {
		note(a)
	}
	r.Attrs(note)
	line := "facet: " + r.Message
	if r.Level >= slog.LevelWarn {
		line = "facet: warning: " + r.Message
	}
	if len(notes) > 0 {
		line += " (" + strings.Join(notes, ", ") + ")"
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := fmt.Fprintln(h.out, line)
	return err
}
