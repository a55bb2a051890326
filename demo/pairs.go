package demo

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/textfile"
)

// pairsFile is what scripts/demo_pairs.sh makes.
//
//go:embed pairs.csv.gz
var pairsFile []byte

// Pairs is what 4,000 scenes tell of the demo model's pairs: an atlas of them, as far as an explanation needs it.
type Pairs struct {
	Means  []float64     // s̄ [M,C]
	Labels []atlas.Label // of every pair, with the words that are shown
}

// KnownPairs reads the table inside the program. Its scenes are the first 4,000 of [NamingSeed]; no measurement is made on them.
func KnownPairs() (Pairs, error) {
	p, err := readPairs(bytes.NewReader(pairsFile))
	if err != nil {
		return Pairs{}, fmt.Errorf("the demo model's pairs: %w", err)
	}
	return p, nil
}

// pairColumns head the table. Words stand as word:weight, with semicolons; a sense that is no name begins with a question mark.
var pairColumns = []string{"pair", "mean", "fires", "says"}

func readPairs(r io.Reader) (p Pairs, err error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return p, err
	}
	rows := csv.NewReader(textfile.NewReader(z))
	rows.ReuseRecord = true
	for i := -1; ; i++ {
		row, err := rows.Read()
		switch {
		case err == io.EOF:
			return p, nil
		case err != nil:
			return p, err
		case len(row) != len(pairColumns):
			return p, fmt.Errorf("row %d: expected %d columns, found %d", i, len(pairColumns), len(row))
		case i < 0:
			continue
		}
		if err := p.add(i, row); err != nil {
			return p, fmt.Errorf("row %d: %w", i, err)
		}
	}
}

// add takes up the row of pair i.
func (p *Pairs) add(i int, row []string) error {
	if row[0] != strconv.Itoa(i) {
		return fmt.Errorf("expected pair %d, found %s", i, row[0])
	}
	mean, err := strconv.ParseFloat(row[1], 64)
	if err != nil {
		return err
	}
	l := atlas.Label{Pair: i}
	if l.Fires, err = parseWords(row[2]); err != nil {
		return err
	}
	if l.Says, err = parseWords(row[3]); err != nil {
		return err
	}
	p.Means, p.Labels = append(p.Means, mean), append(p.Labels, l)
	return nil
}

func parseWords(s string) (w atlas.Words, err error) {
	list, unnamed := strings.CutPrefix(s, "?")
	if w.Named = !unnamed; list == "" {
		return w, nil
	}
	for part := range strings.SplitSeq(list, ";") {
		text, weight, _ := strings.Cut(part, ":")
		t := atlas.Word{Text: text, Shown: true}
		if t.Weight, err = strconv.ParseFloat(weight, 64); err != nil {
			return w, err
		}
		w.Terms = append(w.Terms, t)
	}
	return w, nil
}

// WritePairs writes the table of an atlas of the demo model whose labels are of every pair.
func WritePairs(w io.Writer, a *atlas.Atlas) error {
	labels, err := a.PairLabels()
	if err != nil {
		return err
	}
	words := make([][2]string, len(a.Stats.Mean))
	for _, l := range labels {
		words[l.Pair] = [2]string{formatWords(l.Fires), formatWords(l.Says)}
	}
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	rows := csv.NewWriter(z)
	rows.Write(pairColumns) // an error comes back from Flush
	for i, mean := range a.Stats.Mean {
		rows.Write([]string{strconv.Itoa(i), strconv.FormatFloat(mean, 'g', 7, 64), words[i][0], words[i][1]})
	}
	if rows.Flush(); rows.Error() != nil {
		return rows.Error()
	}
	return z.Close()
}

func formatWords(w atlas.Words) string {
	var parts []string
	for _, t := range w.Shown() {
		parts = append(parts, t.Text+":"+strconv.FormatFloat(t.Weight, 'g', 3, 64))
	}
	list := strings.Join(parts, ";")
	if !w.Named {
		return "?" + list
	}
	return list
}
