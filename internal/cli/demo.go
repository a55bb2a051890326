package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/show"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/scenes"
)

func (a *app) demoCommand() *cobra.Command {
	var dir string
	var evaluate bool
	var n int
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See it work at once: the built-in model explains scenes it knows",
		Long: `Renders a few scenes of the demo world and shows what the built-in model sees in them. It explains one of them down to its neuron–head pairs, and
leaves pictures and an index.html. It needs nothing: no network, no files.`,
		Example: `  facet demo               leaves facet-demo/index.html
  facet demo --evaluate    how well the built-in model knows its world, on scenes it was not trained on`,
		Args: argsBetween(0, 0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.model != "" && a.model != demoName {
				return flags.Mistakef("facet demo: shows the built-in model; for %s see: facet explain --help", a.model)
			}
			a.model = demoName
			if evaluate {
				return a.evaluateDemo(cmd.Context(), n)
			}
			return a.demo(cmd.Context(), dir)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&dir, "output", "o", "facet-demo", "write into `DIR`")
	f.BoolVar(&evaluate, "evaluate", false, "measure the built-in model instead")
	flags.Number(f, &n, "scenes", 2000, flags.Span[int]{Least: demo.Gallery, Most: scenes.MaxScenes}, "how many scenes of each kind to measure on")
	return cmd
}

// sees says what the model sees in a scene.
func sees(s answer.DemoScene) string { return strings.Join(s.Categories, ", ") + "; " + s.Background }

func (a *app) demo(ctx context.Context, dir string) error {
	l, err := a.openLab(ctx, "")
	if err != nil {
		return err
	}
	defer l.Close()
	d, err := l.Demo(ctx, lab.Demo{Folder: dir})
	if err != nil {
		return asUsage(err)
	}
	if err := writeDemo(dir, d); err != nil {
		return err
	}
	if a.json {
		return encodeJSON(a.stdout, d.Answer)
	}
	a.printDemo(d)
	return nil
}

// writeDemo leaves the scenes with their maps, the explanation and the page in dir.
func writeDemo(dir string, d *lab.Demonstration) error {
	if err := os.MkdirAll(filepath.Join(dir, "scenes"), 0o755); err != nil {
		return err
	}
	for i, s := range d.Answer.Scenes {
		if err := errors.Join(writePNG(filepath.Join(dir, s.Picture), d.Pictures[i]), writePNG(filepath.Join(dir, s.Map), d.Maps[i])); err != nil {
			return err
		}
	}
	if err := writeExplanation(filepath.Join(dir, "explain"), d.Explained); err != nil {
		return err
	}
	if err := writePNG(filepath.Join(dir, d.Answer.Segmentation.Overlay), d.Overlay); err != nil {
		return err
	}
	if d.Story != nil {
		if err := writeSheet(filepath.Join(dir, d.Answer.Story.Picture), d.Story); err != nil {
			return err
		}
	}
	if err := writeFile(filepath.Join(dir, d.Answer.Drift.Report), d.Report.Write); err != nil {
		return err
	}
	page := demoPage(d)
	return writeFile(filepath.Join(dir, "index.html"), func(w io.Writer) error { return page.Write(w) })
}

// nextSteps is what to try after the demo. The commands work as they are printed.
func nextSteps(folder string) []demo.Step {
	facet := program()
	scene := func(name string) string { return quoted(filepath.Join(folder, "scenes", name+".png")) }
	return []demo.Step{
		{Command: fmt.Sprintf(`%s explain %s --text "a shirt" -o out`, facet, scene("shirt")), Why: "the same picture, another text"},
		{Command: fmt.Sprintf(`%s explain %s --text "a butterfly" --contrast %s`, facet, scene("butterfly"), scene("shirt")), Why: "why this picture rather than that"},
		{Command: fmt.Sprintf(`%s classify %s %s --labels "cat, car, castle, shirt"`, facet, scene("convertible"), scene("castle")), Why: "tell pictures apart by words of your own"},
		{Command: facet + " scenes -n 500 -o world", Why: "more of this world, with captions and masks"},
		{Command: facet + " drift profile \"scenes:steady?n=20\" -o steady.profile --vary 0", Why: "a reference to compare later pictures with"},
		{Command: facet + " model pull RN50", Why: "a model that knows photographs; then --model RN50 with every verb"},
	}
}

// signed writes a number with the sign that pages and pictures have.
func signed(format string, v float64) string {
	return strings.ReplaceAll(fmt.Sprintf(format, v), "-", "−")
}

// program is how this program is called again: by go run where that has built it, by its name where the shell finds it, else by its path.
func program() string {
	called := os.Args[0]
	switch {
	case strings.Contains(called, "go-build"):
		return "go run ./cmd/facet"
	case !strings.ContainsRune(called, filepath.Separator):
		return "facet"
	}
	return quoted(called)
}

// unquoted are paths that a shell takes as they are.
var unquoted = regexp.MustCompile(`^[\w@%+=:,./\\-]+$`)

// quoted is a path for a shell.
func quoted(path string) string {
	if unquoted.MatchString(path) {
		return path
	}
	return `"` + path + `"`
}

func demoPage(d *lab.Demonstration) demo.Page {
	r := d.Answer
	page := demo.Page{
		Text: r.Text, Logit: r.Total, Against: d.Explained.AgainstText(), Pairs: len(d.Explained.Scalars.S), Residual: r.Residual, Summary: "explain/summary.png",
		Overlay: r.Segmentation.Overlay, Next: nextSteps(r.Folder), Drift: demoDrift(r.Drift),
	}
	for _, s := range r.Scenes {
		page.Scenes = append(page.Scenes, demo.PageScene{Picture: s.Picture, Map: s.Map, Text: s.Text, Logit: s.Logit, Sees: sees(s)})
	}
	for _, g := range r.Groups {
		page.Groups = append(page.Groups, demo.PageGroup{
			Word: show.GroupName(g, r.By), Amount: signed("%+.3f", g.Amount), Share: signed("%+.1f %%", 100*g.Share), Pairs: show.GroupCount(g),
		})
	}
	if s := r.Story; s != nil {
		page.Story = &demo.PageStory{
			Neuron: s.Neuron, Heads: [2]int{s.Facets[0].Head, s.Facets[1].Head}, Words: [2]string{s.Facets[0].Word, s.Facets[1].Word}, Picture: s.Picture,
		}
	}
	return page
}

func demoDrift(d answer.DemoDrift) demo.PageDrift {
	c := d.Comparison
	p := demo.PageDrift{Before: c.ProfileImages, After: c.Images, Changed: c.Changed, Tested: c.Tested, Report: d.Report}
	for _, x := range c.Changes {
		p.Changes = append(p.Changes, demo.PageChange{Name: x.String(), Share: fmt.Sprintf("%.1f %%", 100*x.Share), Effect: signed("%+.2f", x.Effect)})
	}
	return p
}

func (a *app) printDemo(d *lab.Demonstration) {
	for _, s := range d.Answer.Scenes {
		fmt.Fprintf(a.stdout, "%-24s sees %-32s “%s” %.1f\n", s.Picture, sees(s), s.Text, s.Logit)
	}
	fmt.Fprintln(a.stdout)
	show.Explanation(a.stdout, d.Explained)
	if s := d.Answer.Story; s != nil {
		fmt.Fprintf(a.stdout, "\nNeuron %d fires for %s through head %d, and for %s through head %d.\n",
			s.Neuron, s.Facets[0].Word, s.Facets[0].Head, s.Facets[1].Word, s.Facets[1].Head)
	}
	if changes := demoDrift(d.Answer.Drift).Changes; len(changes) > 0 {
		fmt.Fprintf(a.stdout, "\nNew in later scenes: %s.\n", changes[0].Name)
	}
	fmt.Fprintf(a.stdout, "\nLook at %s\n\nNext:\n", filepath.Join(d.Answer.Folder, "index.html"))
	for _, s := range nextSteps(d.Answer.Folder) {
		fmt.Fprintf(a.stdout, "  %s\n      %s\n", s.Command, s.Why)
	}
}

// evaluateDemo prints how well the demo model knows its world.
func (a *app) evaluateDemo(ctx context.Context, n int) error {
	l, err := a.openLab(ctx, "")
	if err != nil {
		return err
	}
	defer l.Close()
	metrics, err := l.EvaluateDemo(ctx, lab.EvaluateDemo{Scenes: n})
	if err != nil {
		return asUsage(err)
	}
	if a.json {
		return encodeJSON(a.stdout, metrics)
	}
	t := a.table("zero-shot, held-out scenes", "right", "of", "%")
	for _, row := range []struct {
		what string
		answer.Score
	}{
		{"category (36), one object", metrics.Category}, {"body style (5), one vehicle", metrics.BodyStyle}, {"colour (10), one object", metrics.Colour},
		{"background (12)", metrics.Background}, {fmt.Sprintf("caption → picture among %d", demo.Gallery), metrics.Retrieval},
	} {
		t.AppendRow([]any{row.what, row.Right, row.Of, fmt.Sprintf("%.1f", 100*float64(row.Right)/float64(row.Of))})
	}
	t.Render()
	fmt.Fprintf(a.stdout, "\nLargest residual of the decomposition: %.1e\n\n", metrics.Residual)
	v := a.table("strongest pairs", "share of the summed variance", "of the embedding's variance explained")
	for _, row := range metrics.Variance {
		v.AppendRow([]any{fmt.Sprintf("%g %%", row.Percent), fmt.Sprintf("%.1f %%", 100*row.Summed), fmt.Sprintf("%.1f %%", 100*row.Explained)})
	}
	v.Render()
	return nil
}
