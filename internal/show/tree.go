package show

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/internal/terminal"
	"github.com/facet-clip/facet/lab"
)

// Tree prints the parts of a neuron.
func Tree(out io.Writer, g *answer.Tree) {
	how := fmt.Sprintf("cut into %d", len(g.Parts))
	if g.ByGap {
		how = "cut at the largest gap"
	}
	fmt.Fprintf(out, "Neuron %d in %d parts (%s linkage, %s), %d images\n", g.Neuron, len(g.Parts), g.Linkage, how, g.Images)
	t := terminal.Table(out, "part", "share", "heads", "fires for", "clarity", "MonoSemanticity")
	row := func(name string, n answer.TreeNode) {
		clarity, mono := "", ""
		if n.Score != nil {
			clarity, mono = Score(n.Score.Clarity), Score(n.Score.MonoSemanticity)
		}
		fires := ""
		if n.Fires != nil {
			fires = n.Fires.String()
		}
		t.AppendRow([]any{name, Percent(n.Share), lab.HeadList(n.Heads), fires, clarity, mono})
	}
	row("neuron", g.Nodes[len(g.Nodes)-1])
	for i, node := range g.Parts {
		row(strconv.Itoa(i+1), g.Nodes[node])
	}
	t.Render()
	if s := g.Split; s != nil && len(g.Parts) > 1 {
		fmt.Fprintf(out, "The parts' mean clarity is %.3f (random partitions %.3f ± %.3f, p %.2g), their MonoSemanticity %.3f (%.3f ± %.3f, p %.2g).\n",
			s.Parts.Clarity, s.Null.Clarity, s.Spread.Clarity, s.P.Clarity, s.Parts.MonoSemanticity, s.Null.MonoSemanticity, s.Spread.MonoSemanticity, s.P.MonoSemanticity)
	}
}

// Trees prints how cleanly neurons split.
func Trees(out io.Writer, r *answer.Trees) {
	t := terminal.Table(out, "neuron", "heads of the parts", "clarity", "of the neuron", "of chance", "MonoSemanticity", "of the neuron", "of chance", "rank")
	for _, n := range r.Neurons {
		var parts []string
		for _, heads := range n.Parts {
			parts = append(parts, lab.HeadList(heads))
		}
		s := n.Split
		t.AppendRow([]any{n.Neuron, strings.Join(parts, " | "), Score(s.Parts.Clarity), Score(s.Neuron.Clarity), Score(s.Null.Clarity),
			Score(s.Parts.MonoSemanticity), Score(s.Neuron.MonoSemanticity), Score(s.Null.MonoSemanticity), fmt.Sprintf("%.2f", n.Rank)})
	}
	t.Render()
	row := func(what string, n answer.TreeCounts) {
		fmt.Fprintf(out, "%s: %d by clarity, %d by MonoSemanticity\n", what, n.Clarity, n.MonoSemanticity)
	}
	fmt.Fprintf(out, "Of %d neurons (%s linkage):\n", r.Scored, r.Linkage)
	row("  whose parts score higher than the neuron", r.Better)
	row("  than the mean of random partitions", r.Above)
	row(fmt.Sprintf("  with p ≤ %g", r.Level), r.Low)
	row(fmt.Sprintf("  told from chance, false ones controlled at %g", r.Level), r.Clean)
}
