package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/concept"
)

// textsResult is what facet texts --json prints.
type textsResult struct {
	Model       modelRecord       `json:"model"`
	Folder      string            `json:"folder"`
	Texts       int               `json:"texts"`
	Templates   concept.Templates `json:"templates"`
	Fingerprint string            `json:"fingerprint"`
}

func (a *app) textsCommand() *cobra.Command {
	var output, templates string
	var truncate bool
	cmd := &cobra.Command{
		Use:   "texts FILE -o BANK",
		Short: "Make a bank: the embeddings of a list of words or phrases",
		Long: `Sends every line of a text file through the text tower and keeps the embeddings in a folder, for search and labels.
Texts are batched by length and end where they end: a word costs a few tokens, not 77. Cut off, it goes on where it stopped.`,
		Example: `  facet texts words.txt -o words                       each line as it is
  facet texts nouns.txt -o nouns --templates photo.txt each line as the mean of its prompts`,
		Args: argsBetween(1, 1, "one FILE, a text a line"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if output == "" {
				return usagef("facet texts: expected -o BANK, the folder to write")
			}
			return a.texts(cmd.Context(), args[0], output, templates, truncate)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&output, "output", "o", "", "write the `BANK`, a folder")
	f.StringVar(&templates, "templates", "", "a `FILE` with a prompt a line, {} for the text (default: the texts as they are)")
	f.BoolVar(&truncate, "truncate", false, "cut texts that are too long instead of refusing them")
	return cmd
}

func (a *app) texts(ctx context.Context, file, output, templateFile string, truncate bool) error {
	var templates concept.Templates
	var err error
	if templateFile != "" {
		if templates, err = readText(ctx, templateFile, concept.ReadTemplates); err != nil {
			return err
		}
	}
	m, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer m.Close()
	recipe, err := m.recipe(ctx, file, templates, truncate)
	if err != nil {
		return err
	}
	bank, err := m.buildBank(ctx, output, file, recipe)
	if err != nil {
		return err
	}
	if !a.json {
		fmt.Fprintf(a.stdout, "%d texts of %s, width %d, in %s\n", len(bank.Texts), file, bank.Embed, output)
		return nil
	}
	record, err := m.record(ctx)
	if err != nil {
		return err
	}
	return encodeJSON(a.stdout, textsResult{record, output, len(bank.Texts), templates, recipe.Fingerprint()})
}
