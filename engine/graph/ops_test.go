package graph

import (
	"strings"
	"testing"
)

// A size below one would read as a free size.
func TestWindowsThatDoNotFit(t *testing.T) {
	tests := []struct {
		name  string
		build func(g *Graph, x, w, b *Value)
		want  string // "" when the graph is right
	}{
		{"kernel fits by its padding", func(g *Graph, x, w, b *Value) { g.Conv(x, w, b, 1, 1) }, ""},
		{"kernel too large", func(g *Graph, x, w, b *Value) { g.Conv(x, w, b, 1, 0) }, "Conv"},
		{"negative padding", func(g *Graph, x, w, b *Value) { g.Conv(x, w, b, 1, -1) }, "Conv"},
		{"window fits", func(g *Graph, x, w, b *Value) { g.AvgPool(x, 2) }, ""},
		{"window too large", func(g *Graph, x, w, b *Value) { g.AvgPool(x, 3) }, "AvgPool"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := New(test.name)
			w := g.Constant("w", make([]float32, 9), 1, 1, 3, 3)
			test.build(g, g.Input("x", Float32, Batch, 1, 2, 4), w, g.Constant("b", []float32{0}, 1))
			if err := g.Err(); (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("expected an error with %q, got %v", test.want, err)
			}
		})
	}
}
