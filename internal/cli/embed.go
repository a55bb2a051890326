package cli

import (
	"context"
	"image"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/graph"
)

// embedResult is what facet embed --json prints.
type embedResult struct {
	Model      modelRecord `json:"model"`
	Inputs     []string    `json:"inputs"`
	Embeddings [][]float32 `json:"embeddings"`
}

func (a *app) embedCommand() *cobra.Command {
	var in input
	var texts, output string
	var truncate bool
	cmd := &cobra.Command{
		Use:   "embed [IMAGE…] (-o FILE.npy | --json)",
		Short: "Embed pictures or texts",
		Long:  `Embed pictures or texts into the joint space: float32 [N,D], not normalised.`,
		Example: `  facet embed --model RN50 a.jpg b.png -o images.npy
  facet embed --model RN50 --texts words.txt -o words.npy      one text a line`,
		RunE: func(cmd *cobra.Command, args []string) error {
			in.paths = args
			sources := 0
			for _, given := range []bool{len(args) > 0, texts != "", in.pixels != ""} {
				if given {
					sources++
				}
			}
			if sources != 1 {
				return usagef("facet embed: expected either pictures, --texts FILE or --pixels FILE.npy")
			}
			if output == "" && !a.json {
				return usagef("facet embed: expected -o FILE.npy or --json")
			}
			return a.embed(cmd.Context(), in, texts, output, truncate)
		},
	}
	f := cmd.Flags()
	in.flags(f)
	f.StringVar(&texts, "texts", "", "embed the lines of a text `FILE`, each as it is, empty ones too")
	f.BoolVar(&truncate, "truncate", false, "cut texts that are too long instead of refusing them")
	f.StringVarP(&output, "output", "o", "", "write float32 [N,D] to `FILE.npy`")
	return cmd
}

func (a *app) embed(ctx context.Context, in input, texts, output string, truncate bool) error {
	m, err := a.open()
	if err != nil {
		return err
	}
	defer m.Close()
	names := in.paths
	var data []float32
	if texts != "" {
		if names, err = readText(texts, concept.ReadTexts); err != nil {
			return err
		}
		data, err = m.encodeTexts(ctx, names, truncate)
	} else {
		data, err = m.encodeImages(ctx, in)
	}
	if err != nil {
		return err
	}
	D := m.Config.Embed
	if output != "" {
		if err := writeNPY(output, data, len(data)/D, D); err != nil {
			return err
		}
	}
	if !a.json {
		return nil
	}
	record, err := m.record(ctx)
	if err != nil {
		return err
	}
	result := embedResult{Model: record, Inputs: names, Embeddings: make([][]float32, len(data)/D)}
	for i := range result.Embeddings {
		result.Embeddings[i] = data[i*D : (i+1)*D]
	}
	return encodeJSON(a.stdout, result)
}

// encodeImages gives the embeddings [N,D] of the input.
func (m *model) encodeImages(ctx context.Context, in input) ([]float32, error) {
	var data []float32
	err := m.batches(ctx, in, func(pixels graph.Tensor, _ []*image.RGBA) error {
		out, err := m.EncodeImages(ctx, pixels, clip.Embedding)
		if err != nil {
			return err
		}
		data = append(data, out[clip.Embedding].Floats...)
		return nil
	})
	return data, err
}
