package show

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/facet-clip/facet/answer"
)

// Inspection prints what a checkpoint holds.
func Inspection(w io.Writer, i *answer.Inspection) {
	row := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%-14s %s\n", name, fmt.Sprintf(format, args...))
	}
	c := i.Config
	row("file", "%s", i.Path)
	row("sha256", "%s", i.SHA256)
	row("format", "%s, names of %s", i.Format, i.Naming)
	if len(i.OtherWeights) > 0 {
		row("weights", "%s; not %s", i.Weights, strings.Join(i.OtherWeights, ", "))
	}
	row("architecture", "%s", i.Architecture)
	row("image tower", "%d px, width %d, blocks %v, %d neurons, %d heads, grid %d×%d, embedding %d, %s parameters",
		c.Image, c.Width, c.Blocks, c.Channels, c.Heads, c.Grid(), c.Grid(), c.Embed, millions(i.ImageParameters))
	if c.HasText() {
		activation := i.Activation
		if i.ActivationAssumed {
			activation += " (assumed: the file does not say)"
		}
		row("text tower", "width %d, %d layers, %d heads, %d tokens, context %d, %s, %s parameters",
			c.Text.Width, c.Text.Layers, c.Text.Heads, c.Text.Vocabulary, c.Text.Context, activation, millions(i.TextParameters))
	} else {
		row("text tower", "none")
	}
	var types []string
	for _, d := range slices.Sorted(maps.Keys(i.DTypes)) {
		types = append(types, fmt.Sprintf("%d of %s", i.DTypes[d], d))
	}
	row("tensors", "%s", strings.Join(types, ", "))
}

func millions(n int64) string { return fmt.Sprintf("%.1f M", float64(n)/1e6) }

// Trace prints where the rows of a trace are.
func Trace(out io.Writer, r *answer.Trace) {
	fmt.Fprintf(out, "%s holds the %s of %d pictures: float32 %v.\n", r.File, r.What, len(r.Inputs), append([]int{len(r.Inputs)}, r.Shape...))
}
