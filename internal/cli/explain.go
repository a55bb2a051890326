package cli

import (
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
)

// explainOptions are the flags of facet explain.
type explainOptions struct {
	input
	text, words, output string
	atlas               string
	top                 int
	truncate            bool
}

func (a *app) explainCommand() *cobra.Command {
	var o explainOptions
	cmd := &cobra.Command{
		Use:   "explain IMAGE",
		Short: "Show which neuron–head pairs made a picture's embedding, exactly",
		Long: `Split the embedding of a picture into contributions of neuron–head pairs, exactly: a pair's scalar times its direction,
summed over all pairs, plus a constant, is the embedding. With --text, split the logit of that text instead.`,
		Example: `  facet explain photo.jpg                                  the pairs that made the embedding
  facet explain photo.jpg --text "a yellow car" -o out     … that made it a yellow car, with maps and pictures in out/
  facet explain photo.jpg --bank words.txt                … named by the words of a list
  facet explain photo.jpg --atlas photos.atlas             … by the labels that an atlas keeps`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.paths = args; len(args) > 1 || (len(args) == 1) == (o.pixels != "") {
				return usagef("facet explain: expected one picture, or --pixels FILE.npy with one")
			}
			if cmd.Flags().Changed("text") && o.text == "" {
				return usagef("--text: expected a text, found an empty one")
			}
			if err := checkText("--text", o.text, ""); err != nil {
				return err
			}
			return a.explain(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	o.flags(f)
	f.StringVar(&o.text, "text", "", "explain the logit of this text instead of the embedding")
	f.StringVar(&o.words, "bank", "", "a `BANK` of facet texts, or a file with a text a line: name pairs by it (the demo model has its own)")
	f.StringVar(&o.atlas, "atlas", "", "an `ATLAS` of the same model: name pairs by the labels that facet label left in it")
	f.StringVarP(&o.output, "output", "o", "", "write pictures, arrays and explain.json into this `DIR`")
	numberVar(f, &o.top, "top", 20, some, "show at most so many: pairs")
	f.BoolVar(&o.truncate, "truncate", false, "cut texts that are too long instead of refusing them")
	return cmd
}

// explained is all that facet explain has found out about one picture.
type explained struct {
	source    string
	seen      *image.RGBA
	h, w      int // of the grid
	embedding []float32
	scalars   decompose.Scalars
	tokens    decompose.Tokens
	split     decompose.Explanation
	text      string
	bank      *concept.Bank     // centred, nil without a list
	words     [][]concept.Match // nearest in the bank to what each top pair adds to the embedding
	names     *names            // by a list, or that an atlas keeps
	residual  float64
}

func (a *app) explain(ctx context.Context, o explainOptions) error {
	m, use, err := a.openUse(ctx, o.atlas)
	if err != nil {
		return err
	}
	defer m.Close()
	e, err := m.explainPicture(ctx, o)
	if err != nil {
		return err
	}
	if use != nil && use.atlas.Manifest.Labels == nil && o.words == "" {
		return fmt.Errorf("--atlas %s: %w; make them: facet label %s", o.atlas, atlas.ErrNoLabels, o.atlas)
	}
	if e.names, err = e.namesFor(ctx, m, use, o); err != nil {
		return err
	}
	record := modelRecord{Name: m.name} // which is all that the table shows
	if a.json || o.output != "" {
		if record, err = m.record(ctx); err != nil {
			return err
		}
	}
	report := e.report(record)
	if o.output != "" {
		if err := e.write(o.output, report); err != nil {
			return err
		}
	}
	if a.json {
		return encodeJSON(a.stdout, report)
	}
	a.printExplanation(e, report)
	if o.output != "" {
		fmt.Fprintf(a.stdout, "\nPictures and arrays are in %s: begin with summary.png\n", o.output)
	}
	return nil
}

// explainPicture runs the picture and splits its embedding or its logit.
func (m *model) explainPicture(ctx context.Context, o explainOptions) (*explained, error) {
	e, err := m.look(ctx, o.input)
	if err != nil {
		return nil, err
	}
	e.residual = e.scalars.Residual(e.embedding)
	if o.text == "" {
		e.split = e.scalars.ExplainEmbedding(e.embedding, o.top)
	} else if err := m.explainText(ctx, e, o); err != nil {
		return nil, err
	}
	if o.words == "" && m.name != demoName {
		return e, nil
	}
	if e.bank, err = m.wordBank(ctx, o.words, o.truncate); err != nil {
		return nil, err
	}
	for _, p := range e.split.Top {
		e.words = append(e.words, e.bank.Nearest(e.scalars.Contribution(p.Pair), wordsPerPair))
	}
	return e, nil
}

// look runs the one picture of the input.
func (m *model) look(ctx context.Context, in input) (*explained, error) {
	ov, err := m.Decomposition()
	if err != nil {
		return nil, err
	}
	var e *explained
	_, err = m.batches(ctx, in, func(b batch) error {
		if e != nil || len(b.names) != 1 {
			return errors.New("expected one picture to explain, found more")
		}
		out, err := m.EncodeImages(ctx, b.pixels, clip.Embedding, clip.Attention, clip.Tokens, clip.Scalars)
		if err != nil {
			return err
		}
		e = &explained{source: in.pixels, seen: b.seen[0], embedding: out[clip.Embedding].Floats}
		e.h, e.w = b.pixels.Shape[2]/clip.Stride, b.pixels.Shape[3]/clip.Stride
		if in.pixels == "" {
			e.source = b.names[0]
		}
		if e.scalars, err = ov.Scalars(out[clip.Scalars].Floats); err != nil {
			return err
		}
		e.tokens, err = ov.Tokens(out[clip.Tokens].Floats, out[clip.Attention].Floats)
		return err
	})
	return e, err
}

func (m *model) explainText(ctx context.Context, e *explained, o explainOptions) error {
	bank, err := m.bankOf(ctx, []string{o.text}, o.truncate)
	if err != nil {
		return err
	}
	τ, err := m.LogitScale()
	if err != nil {
		return err
	}
	e.text = o.text
	e.split = e.scalars.ExplainLogit(bank.Embeddings, e.embedding, τ, o.top)
	return nil
}

// namesFor are labels of the top pairs. Without an atlas they are of what a pair adds to the embedding, so that a negative scalar turns them around.
func (e *explained) namesFor(ctx context.Context, m *model, use *use, o explainOptions) (*names, error) {
	top := make([]decompose.Pair, len(e.split.Top))
	for i, p := range e.split.Top {
		top[i] = p.Pair
	}
	n, err := m.namesFor(ctx, e.scalars.OV, use, top, o.words, o.truncate)
	if n == nil || err != nil || use != nil {
		return n, err
	}
	for _, p := range e.split.Top {
		if at := e.scalars.Index(p.Pair); p.Scalar < 0 {
			l := n.labels[at]
			l.Says = l.Says.Turned()
			n.labels[at] = l
		}
	}
	return n, nil
}

// report is explain.json and what --json prints. Its fields are kept stable; docs/json.md explains each.
type report struct {
	Model     modelRecord  `json:"model"`
	Image     imageRecord  `json:"image"`
	Residual  float64      `json:"residual"`
	Text      string       `json:"text,omitempty"`
	Total     float64      `json:"total"`
	BiasShare float64      `json:"bias_share"`
	TopShare  float64      `json:"top_share"`
	Pairs     []pairRecord `json:"pairs"`
}

type imageRecord struct {
	Path string `json:"path"`
	Grid [2]int `json:"grid"` // height, width
}

type pairRecord struct {
	Neuron           int             `json:"neuron"`
	Head             int             `json:"head"`
	Scalar           float64         `json:"scalar"`
	ContributionNorm float64         `json:"contribution_norm"`
	Amount           float64         `json:"amount"`
	Share            float64         `json:"share"`
	Words            []concept.Match `json:"words,omitempty"`
	pairNames
	Map string `json:"map,omitempty"`
}

func (e *explained) report(m modelRecord) report {
	r := report{
		Model: m, Image: imageRecord{e.source, [2]int{e.h, e.w}}, Residual: e.residual, Text: e.text,
		Total: e.split.Total, BiasShare: decompose.Share(e.split.Bias, e.split.Total), TopShare: e.split.TopPercent / 100,
	}
	for i, p := range e.split.Top {
		record := pairRecord{Neuron: p.Neuron, Head: p.Head, Scalar: p.Scalar, ContributionNorm: p.Norm, Amount: p.Amount, Share: p.Share}
		if len(e.words) > 0 {
			record.Words = e.words[i]
		}
		record.pairNames = e.names.of(e.scalars.Index(p.Pair))
		r.Pairs = append(r.Pairs, record)
	}
	return r
}

// write leaves the arrays, the pictures and explain.json in dir; explain.json comes last, so that where it is, all is.
func (e *explained) write(dir string, r report) error {
	maps := filepath.Join(dir, "maps")
	if err := os.MkdirAll(maps, 0o755); err != nil {
		return err
	}
	record := filepath.Join(dir, "explain.json")
	if err := os.Remove(record); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err // of an earlier run
	}
	ov := e.scalars.OV
	arrays := errors.Join(
		writeNPY(filepath.Join(dir, "embedding.npy"), e.embedding, len(e.embedding)),
		writeNPY(filepath.Join(dir, "attention.npy"), e.tokens.A, ov.Heads, e.tokens.N),
		writeNPY(filepath.Join(dir, "scalars.npy"), e.scalars.S, ov.Heads, ov.Channels))
	if arrays != nil {
		return arrays
	}
	pictures := e.pictures()
	for i, p := range r.Pairs {
		r.Pairs[i].Map = fmt.Sprintf("maps/%02d-neuron%d-head%d.png", i+1, p.Neuron, p.Head)
		if err := writePNG(filepath.Join(dir, r.Pairs[i].Map), pictures[i]); err != nil {
			return err
		}
	}
	if err := writePNG(filepath.Join(dir, "summary.png"), e.summary(r, pictures).Draw()); err != nil {
		return err
	}
	return writeJSON(record, r)
}

// mapScale is the amount shown in full colour: the largest of any map, so that maps compare.
func mapScale(maps [][]float32) float32 {
	var largest float32
	for _, v := range slices.Concat(maps...) {
		largest = max(largest, float32(math.Abs(float64(v))))
	}
	return largest
}
