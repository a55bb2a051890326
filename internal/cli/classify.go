package cli

import (
	"context"
	"fmt"
	"image"
	"io"
	"os"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/graph"
)

// classifyResult is what facet classify --json prints.
type classifyResult struct {
	Model     modelRecord       `json:"model"`
	Templates concept.Templates `json:"templates"`
	Images    []classified      `json:"images"`
}

// classified is one picture with every label, most likely first.
type classified struct {
	Image   string          `json:"image"`
	Classes []concept.Class `json:"classes"`
}

func (a *app) classifyCommand() *cobra.Command {
	var in input
	var labels, templates string
	var top int
	cmd := &cobra.Command{
		Use:        "classify IMAGE… --labels \"car, tree, boat\"",
		SuggestFor: []string{"classification"},
		Short:      "Say which of some labels fit a picture, without training",
		Long: `Zero-shot classification: each label is put into every prompt template, and the mean of the prompts'
embeddings is compared with the picture. A label may bring its article: "a cat" becomes "a photo of a cat.", not "of a a cat.".`,
		Example: `  facet classify photo.jpg --labels "car, tree, boat"
  facet classify *.jpg --labels imagenet.txt --templates prompts.txt --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			in.paths = args
			if (len(args) > 0) == (in.pixels != "") {
				return usagef("facet classify: expected either pictures or --pixels FILE.npy")
			}
			if labels == "" {
				return usagef("facet classify: expected --labels, a list with commas or a file with a label a line")
			}
			return a.classify(cmd.Context(), in, labels, templates, top)
		},
	}
	f := cmd.Flags()
	in.flags(f)
	f.StringVar(&labels, "labels", "", "a list with commas, or a `FILE` with a label a line")
	f.StringVar(&templates, "templates", "", "a `FILE` with a prompt a line, {} for the label (default: facet's own for photographs)")
	numberVar(f, &top, "top", 5, some, "labels to print for each picture")
	return cmd
}

func (a *app) classify(ctx context.Context, in input, labelList, templateFile string, top int) error {
	labels, err := readLabels(labelList)
	if err != nil {
		return err
	}
	templates := concept.DefaultTemplates()
	if templateFile != "" {
		if templates, err = readText(templateFile, concept.ReadTemplates); err != nil {
			return err
		}
	}
	m, err := a.open()
	if err != nil {
		return err
	}
	defer m.Close()
	head, err := m.zeroShot(ctx, labels, templates)
	if err != nil {
		return err
	}
	result := classifyResult{Templates: templates}
	if result.Images, err = m.classifyImages(ctx, in, head); err != nil {
		return err
	}
	if !a.json {
		return printClasses(a.stdout, result.Images, top)
	}
	if result.Model, err = m.record(ctx); err != nil {
		return err
	}
	return encodeJSON(a.stdout, result)
}

// readLabels takes a file's lines, or the parts of a list with commas.
func readLabels(list string) ([]string, error) {
	if _, err := os.Stat(list); err == nil {
		return readText(list, concept.ReadLines)
	}
	var labels []string
	for label := range strings.SplitSeq(list, ",") {
		if label = strings.TrimSpace(label); label != "" {
			labels = append(labels, label)
		}
	}
	if len(labels) == 0 {
		return nil, usagef("--labels %q: expected at least one label", list)
	}
	return labels, nil
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

func (m *model) classifyImages(ctx context.Context, in input, head *concept.Bank) ([]classified, error) {
	τ, err := m.LogitScale()
	if err != nil {
		return nil, err
	}
	var images []classified
	err = m.batches(ctx, in, func(pixels graph.Tensor, _ []*image.RGBA) error {
		out, err := m.EncodeImages(ctx, pixels, clip.Embedding)
		if err != nil {
			return err
		}
		e, D := out[clip.Embedding].Floats, m.Config.Embed
		for i := range pixels.Shape[0] {
			name := fmt.Sprintf("%s[%d]", in.pixels, len(images))
			if in.pixels == "" {
				name = in.paths[len(images)]
			}
			images = append(images, classified{name, head.Classify(e[i*D:(i+1)*D], τ)})
		}
		return nil
	})
	return images, err
}

func printClasses(w io.Writer, images []classified, top int) error {
	for i, c := range images {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintln(w, text.Bold.Sprint(c.Image))
		for _, class := range c.Classes[:min(top, len(c.Classes))] {
			fmt.Fprintf(w, "  %5.1f %%  %s\n", 100*class.Probability, class.Label)
		}
	}
	return nil
}
