package show

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/terminal"
	"github.com/facet-clip/facet/lab"
)

// Ablations prints accuracy against what is held at its mean.
func Ablations(out io.Writer, r *answer.Ablations) {
	if len(r.Notable) > 0 {
		notable(out, r)
		return
	}
	t := terminal.Table(out, "percentile", r.Unit+"s held", "zero-shot accuracy (95 %)", "cosine", "random: accuracy (range)", "cosine")
	for _, x := range r.Rows {
		row := []any{fmt.Sprintf("%g", x.Percentile), fmt.Sprintf("%d of %d", x.Held, x.Of), Interval(x.Accuracy), fmt.Sprintf("%.4f", x.Cosine), "", ""}
		if x.Random != nil {
			if row[4] = Interval(x.Accuracy); x.Accuracy.Of > 0 {
				row[4] = fmt.Sprintf("%.1f %% (%.1f to %.1f)", 100*x.Random.Mean, 100*x.Random.Low, 100*x.Random.High)
			}
			row[5] = fmt.Sprintf("%.4f", x.Random.Cosine)
		}
		t.AppendRow(row)
	}
	t.Render()
	fmt.Fprintf(out, "%d images, %d classes; means and scores from %s.\n", r.Images, r.Classes, r.Means)
	if r.Activations {
		fmt.Fprintln(out, "Neurons were held where they fire, in every token, so attention changed with them.")
	}
}

// notable prints what is left without each image's units of note, and with them alone.
func notable(out io.Writer, r *answer.Ablations) {
	said := map[string]string{"none": "nothing", "notable": r.Unit + "s of note", "others": "all others", "all": "all"}
	t := terminal.Table(out, "held", "an image, on average", "zero-shot accuracy (95 %)", "cosine")
	for _, x := range r.Notable {
		t.AppendRow([]any{said[x.Held], fmt.Sprintf("%.1f of %d", x.Mean, x.Of), Interval(x.Accuracy), fmt.Sprintf("%.4f", x.Cosine)})
	}
	t.Render()
	fmt.Fprintf(out, "%d images, %d classes; means and fiftieth norms from %s.\n", r.Images, r.Classes, r.Means)
}

// Reconstructions prints accuracy of reconstructed embeddings.
func Reconstructions(out io.Writer, r *answer.Reconstructions) {
	inWords := slices.ContainsFunc(r.Rows, func(x answer.Reconstruction) bool { return x.Words > 0 })
	kept := "components of each " + r.Unit
	if inWords {
		kept = "the direction of each " + r.Unit
	}
	t := terminal.Table(out, kept, "zero-shot accuracy (95 %)", "cosine with the embedding")
	for _, row := range r.Rows {
		cosine := fmt.Sprintf("%.4f", row.Cosine)
		if r.Images > 1 { // of one image no spread is known
			cosine += fmt.Sprintf(" ± %.4f", row.CosineHalf)
		}
		var first any = row.Components
		if inWords {
			first = "its own"
		}
		if row.Words > 0 {
			first = fmt.Sprintf("in %d texts", row.Words)
			if row.Words == 1 {
				first = "in 1 text"
			}
		}
		t.AppendRow([]any{first, Interval(row.Accuracy), cosine})
	}
	t.Render()
	fmt.Fprintf(out, "%d images, %d classes; means and components from %s.\n", r.Images, r.Classes, r.Means)
}

// Components prints what the first components of neurons or heads say.
func Components(out io.Writer, r *answer.Components) {
	t := terminal.Table(out, r.Unit, "variance of its components", "explained", "the first says")
	for _, u := range r.Units[:min(Most, len(r.Units))] {
		var variance, terms []string
		for _, v := range u.Variance {
			variance = append(variance, fmt.Sprintf("%.2g", v))
		}
		for _, x := range u.Words {
			terms = append(terms, fmt.Sprintf("%+.2f %s", x.Weight, x.Text))
		}
		t.AppendRow([]any{u.Unit, strings.Join(variance, ", "), Percent(u.Explained), strings.Join(terms, ", ")})
	}
	t.Render()
	if r.File != "" {
		fmt.Fprintf(out, "%s holds the components of all %d %ss: float32 [%d,%d,%d].\n", r.File, r.Count, r.Unit, r.Count, r.Rank, r.Embed)
	}
}

// Polysemanticity prints for how many things units stand.
func Polysemanticity(out io.Writer, r *answer.Polysemanticity) {
	t := terminal.Table(out, "unit", "lowest", "quarter", "median", "three quarters", "highest")
	units, spreads := lab.Spreads(r)
	for i, x := range spreads {
		t.AppendRow([]any{units[i], Score(x.Low), Score(x.Quarter), Score(x.Median), Score(x.ThreeQuarters), Score(x.High)})
	}
	t.Render()
	if c := r.Comparison; c != nil {
		fmt.Fprintf(out, "The strongest pair of a neuron stands for less than the neuron in %d of %d neurons, for more in %d; median difference %+.3f, sign test p = %.1e.\n",
			c.Lower, c.Neurons, c.Higher, c.Median, c.P)
	}
	if c := r.Purest; c != nil {
		fmt.Fprintf(out, "The pair of lowest score, chosen on half of the images and judged on the others, stands for less in %d, for more in %d; median difference %+.3f, sign test p = %.1e.\n",
			c.Lower, c.Higher, c.Median, c.P)
	}
	scored(out, r.Units)
}

func scored(out io.Writer, units []answer.ScoredUnit) {
	t := terminal.Table(out, "stands for least", "score")
	for _, u := range units {
		var name string
		switch {
		case u.Head == nil:
			name = fmt.Sprintf("neuron %d", *u.Neuron)
		case u.Neuron == nil:
			name = fmt.Sprintf("head %d", *u.Head)
		default:
			name = decompose.Pair{Head: *u.Head, Neuron: *u.Neuron}.String()
		}
		t.AppendRow([]any{name, Score(u.Score)})
	}
	t.Render()
}

// Score shows a number with three decimals.
func Score(x float64) string { return fmt.Sprintf("%.3f", x) }
