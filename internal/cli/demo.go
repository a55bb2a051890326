package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/plot"
	"github.com/facet-clip/facet/scenes"
)

func (a *app) demoCommand() *cobra.Command {
	var dir string
	var evaluate bool
	var n int
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See it work at once: the built-in model explains scenes it knows",
		Long: `Renders a few scenes of the demo world, shows what the built-in model sees in them, explains one of them
down to its neuron–head pairs, and leaves pictures and an index.html. It needs nothing: no network, no files.`,
		Example: `  facet demo               leaves facet-demo/index.html
  facet demo --evaluate    how well the built-in model knows its world, on scenes it was not trained on`,
		Args: argsBetween(0, 0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.model != "" && a.model != demoName {
				return usagef("facet demo: shows the built-in model; for %s see: facet explain --help", a.model)
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
	numberVar(f, &n, "scenes", 2000, span[int]{least: demo.Gallery, most: scenes.MaxScenes}, "how many scenes of each kind to measure on")
	return cmd
}

// demoResult is what facet demo --json prints.
type demoResult struct {
	Folder string      `json:"folder"`
	Scenes []demoScene `json:"scenes"`
	report
}

// demoScene is what the model says of one scene.
type demoScene struct {
	Picture    string   `json:"picture"`
	Map        string   `json:"map"`
	Text       string   `json:"text"`
	Logit      float64  `json:"logit"`
	Categories []string `json:"categories"` // those the model gives a tenth of its belief or more, most likely first
	Background string   `json:"background"`
}

func (s demoScene) sees() string { return strings.Join(s.Categories, ", ") + "; " + s.Background }

// likely is the least probability of what is listed.
const likely = 0.1

func (a *app) demo(ctx context.Context, dir string) error {
	m, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer m.Close()
	if err := os.MkdirAll(filepath.Join(dir, "scenes"), 0o755); err != nil {
		return err
	}
	result := demoResult{Folder: dir}
	if result.Scenes, err = m.demoScenes(ctx, dir); err != nil {
		return err
	}
	first := demo.Pictures()[0]
	e, err := m.explainPicture(ctx, explainOptions{
		input: input{paths: []string{filepath.Join(dir, result.Scenes[0].Picture)}}, text: first.Text, top: 16,
	})
	if err != nil {
		return err
	}
	record, err := m.record(ctx)
	if err != nil {
		return err
	}
	result.report = e.report(record)
	if err := e.write(filepath.Join(dir, "explain"), result.report); err != nil {
		return err
	}
	page := result.page(len(e.scalars.S), e.bank)
	if err := writeFile(filepath.Join(dir, "index.html"), func(w io.Writer) error { return page.Write(w) }); err != nil {
		return err
	}
	if a.json {
		return encodeJSON(a.stdout, result)
	}
	a.printDemo(e, result)
	return nil
}

// demoScenes draws the demo's pictures and, for each, where its text is found.
func (m *model) demoScenes(ctx context.Context, dir string) ([]demoScene, error) {
	ov, err := m.Decomposition()
	if err != nil {
		return nil, err
	}
	concepts, err := demo.NewConcepts(ctx, m.Model)
	if err != nil {
		return nil, err
	}
	τ, err := m.LogitScale()
	if err != nil {
		return nil, err
	}
	var all []demoScene
	for _, p := range demo.Pictures() {
		img, err := p.Render(m.Config.Image)
		if err != nil {
			return nil, err
		}
		s := demoScene{Picture: "scenes/" + p.Name + ".png", Map: "scenes/" + p.Name + "-map.png", Text: p.Text}
		pixels := graph.Floats(preprocess.Normalise(img), 1, 3, m.Config.Image, m.Config.Image)
		out, err := m.EncodeImages(ctx, pixels, clip.Embedding, clip.Attention, clip.Tokens)
		if err != nil {
			return nil, err
		}
		embedding := out[clip.Embedding].Floats
		for _, c := range concepts.Categories.Classify(embedding, τ) {
			if c.Probability >= likely {
				s.Categories = append(s.Categories, c.Label)
			}
		}
		s.Background = concepts.Backgrounds.Classify(embedding, τ)[0].Label
		tokens, err := ov.Tokens(out[clip.Tokens].Floats, out[clip.Attention].Floats)
		if err != nil {
			return nil, err
		}
		text, err := m.bankOf(ctx, []string{p.Text}, false)
		if err != nil {
			return nil, err
		}
		s.Logit = text.Classify(embedding, τ)[0].Logit
		grid := m.Config.Grid()
		heat := plot.HeatMap(img, tokens.LogitMap(text.Embeddings, embedding, τ)[1:], grid, grid, 0)
		if err := errors.Join(writePNG(filepath.Join(dir, s.Picture), img), writePNG(filepath.Join(dir, s.Map), heat)); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// next is what to try after the demo.
func (r demoResult) next() []demo.Step {
	shirt, all := filepath.Join(r.Folder, "scenes", "shirt.png"), filepath.Join(r.Folder, "scenes", "c*.png")
	return []demo.Step{
		{Command: fmt.Sprintf(`facet explain %s --text "a butterfly" -o out`, shirt), Why: "which pairs see the butterfly on the shirt"},
		{Command: fmt.Sprintf(`facet classify %s --labels "a cat, a car, a castle, a shirt"`, all), Why: "tell pictures apart by words of your own"},
		{Command: "facet scenes -n 500 -o world", Why: "more of this world, with captions and masks"},
		{Command: "facet model pull RN50", Why: "a model that knows photographs; then --model RN50 with every verb"},
	}
}

func (r demoResult) page(pairs int, bank *concept.Bank) demo.Page {
	page := demo.Page{
		Text: r.Text, Pairs: pairs, Residual: r.Residual, Summary: "explain/summary.png", Words: len(bank.Texts), Next: r.next(),
	}
	for _, s := range r.Scenes {
		page.Scenes = append(page.Scenes, demo.PageScene{Picture: s.Picture, Map: s.Map, Text: s.Text, Logit: s.Logit, Sees: s.sees()})
	}
	for _, p := range r.report.Pairs[:8] {
		page.Top = append(page.Top, demo.PagePair{
			Neuron: p.Neuron, Head: p.Head, Share: strings.TrimSpace(signedPercent(p.Share)), Map: "explain/" + p.Map, Words: wordList(p.Words),
		})
	}
	return page
}

func (a *app) printDemo(e *explained, r demoResult) {
	for _, s := range r.Scenes {
		fmt.Fprintf(a.stdout, "%-24s sees %-32s “%s” %.1f\n", s.Picture, s.sees(), s.Text, s.Logit)
	}
	fmt.Fprintln(a.stdout)
	a.printExplanation(e, r.report)
	fmt.Fprintf(a.stdout, "\nLook at %s\n\nNext:\n", filepath.Join(r.Folder, "index.html"))
	for _, s := range r.next() {
		fmt.Fprintf(a.stdout, "  %s\n      %s\n", s.Command, s.Why)
	}
}

// evaluateDemo prints how well the demo model knows its world.
func (a *app) evaluateDemo(ctx context.Context, n int) error {
	m, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer m.Close()
	bar := a.progress("scenes", n+n/demo.Gallery*demo.Gallery)
	defer bar.done()
	metrics, err := demo.Evaluate(ctx, m.Model, n, bar.add)
	if err != nil {
		return err
	}
	bar.done()
	if a.json {
		record, err := m.record(ctx)
		if err != nil {
			return err
		}
		return encodeJSON(a.stdout, struct {
			Model modelRecord `json:"model"`
			demo.Metrics
		}{record, metrics})
	}
	t := a.table("zero-shot, held-out scenes", "right", "of", "%")
	for _, row := range []struct {
		what string
		demo.Score
	}{
		{"category (36), one object", metrics.Category}, {"body style (5), one vehicle", metrics.BodyStyle}, {"colour (10), one object", metrics.Colour},
		{"background (12)", metrics.Background}, {fmt.Sprintf("caption → picture among %d", demo.Gallery), metrics.Retrieval},
	} {
		t.AppendRow([]any{row.what, row.Right, row.Of, fmt.Sprintf("%.1f", row.Percent())})
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
