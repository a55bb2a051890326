package show

import (
	"fmt"
	"io"

	"github.com/facet-clip/facet/atlas"
)

const listedSkipped = 10

// Atlas prints what an atlas holds.
func Atlas(w io.Writer, dir string, m atlas.Manifest) {
	row := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%-10s %s\n", name, fmt.Sprintf(format, args...))
	}
	c := m.Model.Config
	row("atlas", "%s", dir)
	row("model", "%s, %s, %d neurons, %d heads, embedding %d", m.Model.Name, c.Architecture(), c.Channels, c.Heads, c.Embed)
	row("sha256", "%s", m.Model.SHA256)
	for _, d := range m.Datasets {
		row("dataset", "%s: %d images", d.Source, d.Images)
	}
	row("images", "%d", m.Images)
	kept := "statistics of pairs, neurons and heads; a row for each image"
	if m.Options.KeepScalars {
		kept += "; the scalars of every image"
	}
	row("kept", "%s", kept)
	if l := m.Labels; l != nil {
		bank := l.Bank
		if bank == "" {
			bank = "the demo world's words"
		}
		row("labels", "%d pairs in %d texts of %s, by %s", l.Pairs, l.Texts, bank, l.Method)
	}
	var size int64
	for _, f := range m.Files {
		size += f.Bytes
	}
	row("size", "%.1f MB in %d files", float64(size)/1e6, len(m.Files))
	Skipped(w, m.Skipped)
}

// Skipped names the first items that gave no image.
func Skipped(w io.Writer, skipped []atlas.Skipped) {
	if len(skipped) == 0 {
		return
	}
	fmt.Fprintf(w, "%-10s %d unreadable:\n", "skipped", len(skipped))
	for i, s := range skipped {
		if i == listedSkipped {
			fmt.Fprintf(w, "  … and %d more: facet atlas show --json lists all\n", len(skipped)-i)
			return
		}
		fmt.Fprintf(w, "  %s: %s\n", s.Path, s.Reason)
	}
}
