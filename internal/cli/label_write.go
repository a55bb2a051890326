package cli

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strconv"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/parquet-go/parquet-go"
)

// labelRow is a row of labels.parquet and labels.csv: a term of a pair's label. A pair without terms has no row.
type labelRow struct {
	Neuron      int32   `parquet:"neuron"`
	Head        int32   `parquet:"head,dict"`
	Norm        float64 `parquet:"norm"`
	Named       bool    `parquet:"named"`
	Margin      float64 `parquet:"margin"`
	Stability   float64 `parquet:"stability"`
	Rank        int32   `parquet:"rank,dict"` // from 0
	Shown       bool    `parquet:"shown"`
	Text        string  `parquet:"text,dict,snappy"`
	Coefficient float64 `parquet:"coefficient"`
	Explained   float64 `parquet:"explained"`
	Cosine      float64 `parquet:"cosine"`
}

// finishLabels writes the file, if one is wanted, and prints.
func (a *app) finishLabels(ctx context.Context, m *model, o labelOptions, result labelResult) (err error) {
	if o.output != "" {
		write := labelWriter(o.output)
		if err := writeFile(o.output, func(w io.Writer) error { return write(w, result.Pairs) }); err != nil {
			return err
		}
	}
	if a.json {
		if result.Model, err = m.record(ctx); err != nil {
			return err
		}
		return encodeJSON(a.stdout, result)
	}
	a.printLabels(result, o.top)
	if o.output != "" {
		fmt.Fprintf(a.stdout, "Every term of every label is in %s\n", o.output)
	}
	return nil
}

// labelWriter writes labels in the format that the ending of a name says, nil for others.
func labelWriter(path string) func(io.Writer, []labelRecord) error {
	switch filepath.Ext(path) {
	case ".parquet":
		return writeLabelsParquet
	case ".jsonl":
		return writeLabelsJSONL
	case ".csv":
		return writeLabelsCSV
	}
	return nil
}

// writeLabelsJSONL writes a pair a line.
func writeLabelsJSONL(w io.Writer, labels []labelRecord) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for _, l := range labels {
		if err := e.Encode(l); err != nil {
			return err
		}
	}
	return nil
}

func writeLabelsParquet(w io.Writer, labels []labelRecord) error {
	p := parquet.NewGenericWriter[labelRow](w)
	for _, l := range labels {
		if _, err := p.Write(l.rows()); err != nil {
			return err
		}
	}
	return p.Close()
}

func writeLabelsCSV(w io.Writer, labels []labelRecord) error {
	c := csv.NewWriter(w)
	header := []string{"neuron", "head", "norm", "named", "margin", "stability", "rank", "shown", "text", "coefficient", "explained", "cosine"}
	if err := c.Write(header); err != nil {
		return err
	}
	float := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	for _, l := range labels {
		for _, r := range l.rows() {
			err := c.Write([]string{
				strconv.Itoa(int(r.Neuron)), strconv.Itoa(int(r.Head)), float(r.Norm), strconv.FormatBool(r.Named), float(r.Margin), float(r.Stability),
				strconv.Itoa(int(r.Rank)), strconv.FormatBool(r.Shown), r.Text, float(r.Coefficient), float(r.Explained), float(r.Cosine),
			})
			if err != nil {
				return err
			}
		}
	}
	c.Flush()
	return c.Error()
}

func (l labelRecord) rows() []labelRow {
	rows := make([]labelRow, len(l.Terms))
	for i, t := range l.Terms {
		rows[i] = labelRow{
			Neuron: int32(l.Neuron), Head: int32(l.Head), Norm: l.Norm, Named: l.Named, Margin: l.Margin, Stability: l.Stability,
			Rank: int32(i), Shown: i < len(l.Label), Text: t.Text, Coefficient: t.Coefficient, Explained: t.Explained, Cosine: t.Cosine,
		}
	}
	return rows
}

// shownShare is the share of the direction that the words shown explain.
func (l labelRecord) shownShare() float64 {
	if len(l.Label) == 0 {
		return 0
	}
	return l.Terms[len(l.Label)-1].Explained
}

func (a *app) printLabels(r labelResult, top int) {
	t := a.table("(neuron,head)", "‖u‖", "label", "explained", "by all words", "margin", "stability")
	t.SetColumnConfigs([]table.ColumnConfig{{Number: 2, Align: text.AlignRight}, {Number: 4, Align: text.AlignRight}, {Number: 5, Align: text.AlignRight}, {Number: 6, Align: text.AlignRight}, {Number: 7, Align: text.AlignRight}})
	named := 0
	for i, l := range r.Pairs {
		if l.Named {
			named++
		}
		if i < top {
			t.AppendRow(table.Row{fmt.Sprintf("(%d,%d)", l.Neuron, l.Head), fmt.Sprintf("%.4f", l.Norm), l.name(),
				fmt.Sprintf("%.1f %%", 100*l.shownShare()), fmt.Sprintf("%.1f %%", 100*l.Explained), fmt.Sprintf("%.3f", l.Margin), fmt.Sprintf("%.2f", l.Stability)})
		}
	}
	t.Render()
	fmt.Fprintf(a.stdout, "%d of %d pairs are named: %d texts, at most %d in a label; the others are no better explained than random directions of their heads.\n",
		named, len(r.Pairs), r.Texts, r.Terms)
}
