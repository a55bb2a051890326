package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/concept"
)

// classifyResult is what facet classify --json prints.
type classifyResult struct {
	Model     modelRecord       `json:"model"`
	Templates concept.Templates `json:"templates"`
	Images    []classified      `json:"images"`
	Skipped   []skippedPicture  `json:"skipped,omitempty"`
}

// classified is one picture with its most likely labels, the first first.
type classified struct {
	Image   string          `json:"image"`
	Classes []concept.Class `json:"classes"`
}

// classifyOptions are the flags of facet classify.
type classifyOptions struct {
	input
	labels, templates string
	top               int
}

func (a *app) classifyCommand() *cobra.Command {
	var o classifyOptions
	cmd := &cobra.Command{
		Use:        "classify SOURCE… --labels \"car, tree, boat\"",
		SuggestFor: []string{"classification"},
		Short:      "Say which of some labels fit a picture, without training",
		Long: `Zero-shot classification: each label is put into every prompt template, and the mean of the prompts'
embeddings is compared with the picture. A label may bring its article: "a cat" becomes "a photo of a cat.", not "of a a cat.".
` + sourceHelp + ` Pictures of a
dataset that cannot be read are left out and listed.`,
		Example: `  facet classify photo.jpg --labels "car, tree, boat"
  facet classify photos/ --labels imagenet.txt --templates prompts.txt --top 1 --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.paths = args
			switch {
			case len(args) == 0 && o.pixels == "":
				return usagef("expected pictures or datasets, or --pixels FILE.npy")
			case len(args) > 0 && o.pixels != "":
				return usagef("expected only one of pictures or datasets and --pixels FILE.npy")
			case o.labels == "":
				return usagef("expected --labels, a list with commas or a file with a label a line")
			}
			return a.classify(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	o.flags(f)
	f.StringVar(&o.labels, "labels", "", "a list with commas, or a `FILE` with a label a line")
	f.StringVar(&o.templates, "templates", "", "a `FILE` with a prompt a line, {} for the label (default: facet's own for photographs)")
	numberVar(f, &o.top, "top", 5, some, "show at most so many: labels of each picture")
	return cmd
}

func (a *app) classify(ctx context.Context, o classifyOptions) error {
	labels, err := readLabels(ctx, "--labels", o.labels)
	if err != nil {
		return err
	}
	labels = distinct(labels)
	templates := concept.DefaultTemplates()
	if o.templates != "" {
		if templates, err = readText(ctx, o.templates, concept.ReadTemplates); err != nil {
			return err
		}
	}
	m, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer m.Close()
	head, err := m.zeroShot(ctx, labels, templates)
	if err != nil {
		return err
	}
	result := classifyResult{Templates: templates, Images: []classified{}}
	count := 0
	result.Skipped, err = m.classifyImages(ctx, o, head, func(c classified) error {
		if a.json {
			result.Images = append(result.Images, c)
			return nil
		}
		count++
		return printClasses(a.stdout, c, count > 1)
	})
	if err != nil || !a.json {
		return err
	}
	if result.Model, err = m.record(ctx); err != nil {
		return err
	}
	return encodeJSON(a.stdout, result)
}

// distinct drops labels that are given twice: between two of one name a probability would be split.
func distinct(labels []string) []string {
	var all []string
	for _, l := range labels {
		if slices.Contains(all, l) {
			slog.Warn("a label that is given twice counts once", "label", l)
			continue
		}
		all = append(all, l)
	}
	return all
}

// zeroShot embeds every label in every template.
func (m *model) zeroShot(ctx context.Context, labels []string, templates concept.Templates) (*concept.Bank, error) {
	var prompts []string
	for _, l := range labels {
		prompts = append(prompts, templates.Fill(l)...)
	}
	embeddings, err := m.encodeTexts(ctx, prompts, false)
	if err != nil {
		return nil, err
	}
	return concept.ZeroShot(labels, embeddings, len(templates), m.Config.Embed)
}

// classifyImages gives the top labels of each picture as it is seen.
func (m *model) classifyImages(ctx context.Context, o classifyOptions, head *concept.Bank, use func(classified) error) ([]skippedPicture, error) {
	τ, err := m.LogitScale()
	if err != nil {
		return nil, err
	}
	D := m.Config.Embed
	return m.batches(ctx, o.input, func(b batch) error {
		out, err := m.EncodeImages(ctx, b.pixels, clip.Embedding)
		if err != nil {
			return err
		}
		for i, name := range b.names {
			classes := head.Classify(out[clip.Embedding].Floats[i*D:(i+1)*D], τ)
			top := slices.Clone(classes[:min(o.top, len(classes))]) // and not the memory of all
			if err := use(classified{name, top}); err != nil {
				return err
			}
		}
		return nil
	})
}

func printClasses(w io.Writer, c classified, space bool) error {
	if space {
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w, text.Bold.Sprint(c.Image))
	for _, class := range c.Classes {
		if _, err := fmt.Fprintf(w, "  %5.1f %%  %s\n", 100*class.Probability, class.Label); err != nil {
			return err
		}
	}
	return nil
}
