package show

import (
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/terminal"
)

// Segmentation prints the scores of methods.
func Segmentation(out io.Writer, r answer.SegmentationScores) {
	columns := []string{"method", "mIoU", "aAcc", "mAcc"}
	if r.Methods[0].AP != nil {
		columns = append(columns, "mAP")
	}
	for _, g := range r.Methods[0].Groups {
		columns = append(columns, "mIoU "+g.Group)
	}
	t := terminal.Table(out, append(columns, "ms an image")...)
	for _, m := range r.Methods {
		row := table.Row{m.Method, m.MIoU.Percent(), m.AAcc.Percent(), m.MAcc.Percent()}
		if m.AP != nil {
			row = append(row, m.AP.Percent())
		}
		for _, g := range m.Groups {
			row = append(row, g.MIoU.Percent())
		}
		t.AppendRow(append(row, fmt.Sprintf("%.1f", 1000*m.Seconds)))
	}
	t.Render()
	fmt.Fprintf(out, "\n%d images of %s; besides, %.1f ms an image in the image tower.\nProtocol %s: short side %d, windows of %d every %d, %d pairs a text; record %.12s\n",
		r.Images, r.Protocol.Dataset, 1000*r.Encoding, r.Protocol.Preset, r.Protocol.ShortSide, r.Protocol.Window, r.Protocol.Stride, r.Protocol.Pairs, r.Protocol.SHA256)
}

// Region prints which pairs gave a region its class.
func Region(out io.Writer, w answer.RegionReason) {
	fmt.Fprintf(out, "\nPixels %d,%d to %d,%d are %q: logit %.4f of the text %q, made by\n", w.Region[0], w.Region[1], w.Region[2]-1, w.Region[3]-1, w.Class, w.Logit, w.Text)
	t := terminal.Table(out, "pair (neuron,head)", "share (+ for the text)", "words")
	for _, p := range w.Pairs {
		var words []string
		for _, word := range p.Words {
			words = append(words, word.Text)
		}
		t.AppendRow(table.Row{decompose.Pair{Head: p.Head, Neuron: p.Neuron}, fmt.Sprintf("%+5.1f %%", 100*p.Share), strings.Join(words, ", ")})
	}
	t.Render()
}
