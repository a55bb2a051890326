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

	"github.com/facet-clip/facet/atlas"
)

// finishLabels prints labels and says where they are.
func (a *app) finishLabels(ctx context.Context, m *model, o labelOptions, l inWords) error {
	if a.json {
		record, err := m.record(ctx)
		if err != nil {
			return err
		}
		r := labelResult{
			Model: record, Atlas: o.atlas, Method: o.method, DictionaryNorm: o.scale, Bank: o.bank, Texts: l.made.Texts, Terms: o.terms,
			Null: l.made.SaysNull, FiresNull: l.made.FiresNull, Labelled: len(l.labels), Pairs: l.records(o.top),
		}
		says, fires := l.named()
		if r.Named = says; l.atlas {
			r.FiresNamed = &fires
		}
		return encodeJSON(a.stdout, r)
	}
	a.printLabels(l, o.top)
	if l.kept {
		fmt.Fprintf(a.stdout, "They are kept in %s; facet pairs, neuron, explain, sink and search show them.\n", o.atlas)
	}
	if o.output != "" {
		fmt.Fprintf(a.stdout, "Every term of every label is in %s\n", o.output)
	}
	return nil
}

// labelWriter writes labels in the format that the ending of a name says, nil for others.
func labelWriter(path string) func(io.Writer, inWords) error {
	switch filepath.Ext(path) {
	case ".parquet":
		return func(w io.Writer, l inWords) error { return atlas.WriteLabelTable(w, l.labels, l.ov.Channels) }
	case ".jsonl":
		return writeLabelsJSONL
	case ".csv":
		return writeLabelsCSV
	}
	return nil
}

// writeLabelsJSONL writes a pair a line.
func writeLabelsJSONL(w io.Writer, l inWords) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for _, r := range l.records(len(l.labels)) {
		if err := e.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

func writeLabelsCSV(w io.Writer, l inWords) error {
	c := csv.NewWriter(w)
	header := []string{"neuron", "head", "norm", "sense", "named", "margin", "stability", "rank", "shown", "text", "coefficient", "weight", "explained", "cosine"}
	if err := c.Write(header); err != nil {
		return err
	}
	float := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	for r := range atlas.Rows(l.labels, l.ov.Channels) {
		err := c.Write([]string{
			strconv.Itoa(int(r.Neuron)), strconv.Itoa(int(r.Head)), float(r.Norm), r.Sense, strconv.FormatBool(r.Named), float(r.Margin), float(r.Stability),
			strconv.Itoa(int(r.Rank)), strconv.FormatBool(r.Shown), r.Text, float(r.Coefficient), float(r.Weight), float(r.Explained), float(r.Cosine),
		})
		if err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

func (a *app) printLabels(l inWords, top int) {
	columns := []string{"(neuron,head)", "‖u‖", "says", "explained", "by all words", "margin", "stability"}
	if l.atlas {
		columns = []string{"(neuron,head)", "fires for", "explained", "stability", "says", "explained", "stability"}
	}
	t := a.table(columns...)
	var right []table.ColumnConfig
	for i, c := range columns {
		if c != "fires for" && c != "says" && i > 0 {
			right = append(right, table.ColumnConfig{Number: i + 1, Align: text.AlignRight})
		}
	}
	t.SetColumnConfigs(right)
	share := func(v float64) string { return fmt.Sprintf("%.1f %%", 100*v) }
	stable := func(w atlas.Words) string { return fmt.Sprintf("%.2f", w.Stability) }
	for _, x := range first(l.labels, top) {
		row := table.Row{l.ov.Pair(x.Pair).String(), fmt.Sprintf("%.4f", x.Norm), x.Says.String(), share(x.Says.ShownShare()), share(x.Says.Explained()),
			fmt.Sprintf("%.3f", x.Says.Margin), stable(x.Says)}
		if l.atlas {
			row = table.Row{l.ov.Pair(x.Pair).String(), x.Fires.String(), share(x.Fires.ShownShare()), stable(x.Fires), x.Says.String(), share(x.Says.ShownShare()), stable(x.Says)}
		}
		t.AppendRow(row)
	}
	t.Render()
	says, fires := l.named()
	if l.atlas {
		fmt.Fprintf(a.stdout, "%d of %d pairs are named by what they fire for; the others are no better explained than random sets of images.\n", fires, len(l.labels))
	}
	fmt.Fprintf(a.stdout, "%d of %d pairs are named by what they say: %d texts, at most %d in a label; the others are no better explained than random directions of their heads.\n",
		says, len(l.labels), l.made.Texts, l.made.Terms)
}
