package clip_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/engine"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/engine/portable"
	"github.com/facet-clip/facet/internal/golden"
)

// named is an engine under another name.
type named struct {
	engine.Engine
	name string
}

func (n named) Name() string { return n.name }

// TestLittleWork: pictures go to the engine that starts at once when they are known to be few, texts until they have been many.
func TestLittleWork(t *testing.T) {
	few := clip.PicturesAtTurn(toy, 2, 2)
	if few < 1 {
		t.Fatalf("%d pictures are few", few)
	}
	texts := func(n int) [][]int64 { // of 4 tokens each, 2 of them the same in all
		list := make([][]int64, n)
		for i := range list {
			list[i] = []int64{1, 2, int64(i / 20), int64(i % 20)}
		}
		return list
	}
	for name, test := range map[string]struct {
		use  func(*clip.Model) error
		want string
	}{
		"an unknown number of pictures": {func(m *clip.Model) error { return see(t, m, 1) }, "own"},
		"one picture":                   {func(m *clip.Model) error { m.Expect(1); return see(t, m, 1) }, "small"},
		"the most that are few":         {func(m *clip.Model) error { m.Expect(few); return see(t, m, 1) }, "small"},
		"one more":                      {func(m *clip.Model) error { m.Expect(few + 1); return see(t, m, 1) }, "own"},
		"few pictures, larger than usual": {func(m *clip.Model) error {
			m.Expect(few)
			_, err := m.EncodeImages(t.Context(), pixels(1, 4, 4), clip.Embedding)
			return err
		}, "own"},
		"one picture, then many": {func(m *clip.Model) error {
			m.Expect(1)
			if err := see(t, m, 1); err != nil {
				return err
			}
			m.Expect(few + 1)
			return see(t, m, 2)
		}, "small + own"},
		"a text":     {func(m *clip.Model) error { return read(t, m, texts(1)) }, "small"},
		"many texts": {func(m *clip.Model) error { return read(t, m, texts(380)) }, "own"},
		"text after text": {func(m *clip.Model) error {
			for range 100 {
				if err := read(t, m, texts(1)); err != nil {
					return err
				}
			}
			return nil
		}, "small + own"},
		"nothing": {func(*clip.Model) error { return nil }, "own"},
	} {
		t.Run(name, func(t *testing.T) {
			m := toyModel(t, named{portable.New(), "own"})
			defer m.Close()
			m.StartOn(named{portable.New(), "small"})
			if err := test.use(m); err != nil {
				t.Fatal(err)
			}
			if got := m.Engines(); got != test.want {
				t.Errorf("ran on %s, expected %s", got, test.want)
			}
		})
	}
}

func see(t *testing.T, m *clip.Model, n int) error {
	_, err := m.EncodeImages(t.Context(), pixels(n, 2, 2), clip.Embedding)
	return err
}

func read(t *testing.T, m *clip.Model, texts [][]int64) error {
	_, err := m.EncodeTexts(t.Context(), texts, nil)
	return err
}

// TestEnginesAgree: little work has the answers of much.
func TestEnginesAgree(t *testing.T) {
	own := engines(t)
	alone, both := toyModel(t, own[len(own)-1]), toyModel(t, own[len(own)-1])
	defer alone.Close()
	defer both.Close()
	both.StartOn(portable.New())
	both.Expect(1)
	for i := range jobs(alone) {
		want, err := jobs(alone)[i].run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got, err := jobs(both)[i].run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for o := range want {
			golden.Compare(t, jobs(alone)[i].name, got[o].Floats, want[o].Floats, 1e-5, 1e-5)
		}
	}
}

// TestImageOperations holds the count against that of the tower's graph.
func TestImageOperations(t *testing.T) {
	for _, grid := range [][2]int{{2, 2}, {1, 3}, {5, 4}} {
		g, err := clip.ImageTower(checkpointOf(t, toy, nil), toy, grid[0], grid[1], []clip.Output{clip.Embedding})
		if err != nil {
			t.Fatal(err)
		}
		want := operations(g)
		if diff := cmp.Diff(want, clip.ImageOperations(toy, grid[0], grid[1])); diff != "" {
			t.Errorf("%v (−graph +formula):\n%s", grid, diff)
		}
	}
}

// operations counts the multiplications and additions of products and convolutions for one picture.
func operations(g *graph.Graph) (n int64) {
	for _, node := range g.Nodes() {
		shape := func(v *graph.Value) []int { return graph.Binding{Batch: 1}.Shape(v) }
		out := int64(1)
		for _, d := range shape(node.Output) {
			out *= int64(d)
		}
		switch node.Op {
		case graph.OpConv:
			w := shape(node.Inputs[1])
			n += 2 * out * int64(w[1]*w[2]*w[3])
		case graph.OpMatMul:
			a := shape(node.Inputs[0])
			n += 2 * out * int64(a[len(a)-1])
		}
	}
	return n
}

func TestClosedTextsSaySo(t *testing.T) {
	m := toyModel(t, portable.New())
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if err := read(t, m, [][]int64{{1}}); err == nil || !strings.Contains(err.Error(), fmt.Sprint(clip.ErrClosed)) {
		t.Errorf("got %v", err)
	}
}
