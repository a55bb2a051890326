package show

import (
	"fmt"
	"io"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/internal/terminal"
)

// percent is a probability, or nothing.
func percent(p *float64) string {
	if p == nil {
		return ""
	}
	return fmt.Sprintf("%.0f %%", 100**p)
}

// wayNames are the ways to name pairs, in words.
var wayNames = map[string]string{
	"fires": "facet: fires for", "says": "facet: says", "clip-dissect": "CLIP-Dissect", "invert-1": "INVERT, one word", "invert-3": "INVERT, three words",
	"another-pair": "another pair's name", "random-word": "a random word", "best-word": "the best word of all",
}

// ways prints how names compare with other ways to name the same pairs.
func ways(out io.Writer, r *answer.LabelReport) {
	t := terminal.Table(out, "pairs named by", "named", "right", "mean AUC", "CoSy: AUC", "CoSy: MAD", "cosine with the best")
	var right []table.ColumnConfig
	for i := range 6 {
		right = append(right, table.ColumnConfig{Number: i + 2, Align: text.AlignRight})
	}
	t.SetColumnConfigs(right)
	for _, w := range r.Ways {
		name := wayNames[w.Way]
		if w.Knows {
			name += " *"
		}
		t.AppendRow(table.Row{
			name, overSeeds(&w.Named, "%.0f", 1), overSeeds(&w.Right, "%.1f %%", 100), overSeeds(&w.AUC, "%.3f", 1),
			overSeeds(w.CosyAUC, "%.3f", 1), overSeeds(w.CosyMAD, "%.2f", 1), overSeeds(w.TextCosine, "%.2f", 1),
		})
	}
	t.Render()
	fmt.Fprintf(out, "Of the %d strongest pairs. Right: the value tells the word with AUC ≥ %g. * was told what is in pictures.", r.Asked, experiment.Predictive)
	if r.Seeds > 1 {
		fmt.Fprintf(out, " Means of %d sets of scenes ± their standard deviation.", r.Seeds)
	}
	fmt.Fprint(out, "\n\n")
}

// overSeeds is a mean with its standard deviation over sets of scenes, if there are several that differ.
func overSeeds(s *answer.SeedSpread, format string, scale float64) string {
	switch {
	case s == nil:
		return ""
	case s.Least == s.Most:
		return fmt.Sprintf(format, scale*s.Mean)
	}
	return fmt.Sprintf(format+" ± "+format, scale*s.Mean, scale*s.SD)
}

// discoveries prints how honest the probability of a name is, and what stands when false names are controlled.
func discoveries(out io.Writer, r *answer.LabelReport) {
	for _, c := range r.Calibrations {
		t := terminal.Table(out, "names that "+senseNames[c.Sense]+", said to be right", "names", "mean of what is said", "right")
		for _, b := range c.Bins {
			t.AppendRow(table.Row{fmt.Sprintf("%.0f to %.0f %%", 100*b.Low, 100*b.Low+10), b.Names, percent(&b.Probability), percent(&b.Right)})
		}
		t.Render()
		fmt.Fprintf(out, "Brier score %.3f, against %.3f where %.0f %% is said of each; expected calibration error %.3f. Each name is judged by a fit to other neurons",
			c.Brier, c.Base, 100*c.Right, c.ECE)
		if r.Seeds > 1 {
			fmt.Fprint(out, " and other scenes")
		}
		fmt.Fprint(out, ".\n\n")
	}
	for _, d := range r.Discoveries {
		fmt.Fprintf(out, "Of %d pairs %d have names that %s, and %d of these are right. At a false discovery rate of 5 %%, %d are right beyond doubt",
			d.Pairs, d.Named, senseNames[d.Sense], d.NamedRight, d.Holding)
		if d.Meaning != nil {
			fmt.Fprintf(out, ";\n%d pairs have a first word that explains more than chance, and for %d of these it is right", *d.Meaning, *d.MeaningRight)
		}
		fmt.Fprintln(out, ".")
	}
	if r.SamePictures {
		fmt.Fprintln(out, "The pictures that judge these names also made them, so the names look better than they are: use --labels-from.")
	}
	fmt.Fprintln(out)
}

var senseNames = map[string]string{"fires": "fire for it", "says": "say it"}
