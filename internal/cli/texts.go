package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/lab"
)

func (a *app) textsCommand() *cobra.Command {
	var q lab.TextBank
	var templates string
	cmd := &cobra.Command{
		Use:   "texts FILE -o BANK",
		Short: "Make a bank: the embeddings of a list of words or phrases",
		Long: `Sends every line of a text file through the text tower and keeps the embeddings in a folder, for search and labels.
Texts are batched by length and end where they end: a word costs a few tokens, not 77. Cut off, it goes on where it stopped.`,
		Example: `  facet texts words.txt -o words                       each line as it is
  facet texts nouns.txt -o nouns --templates photo.txt each line as the mean of its prompts`,
		Args: argsBetween(1, 1, "one FILE, a text a line"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if q.Folder == "" {
				return flags.Mistakef("facet texts: expected -o BANK, the folder to write")
			}
			q.File = args[0]
			return a.texts(cmd.Context(), q, templates)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&q.Folder, "output", "o", "", "write the `BANK`, a folder")
	f.StringVar(&templates, "templates", "", "a `FILE` with a prompt a line, {} for the text (default: the texts as they are)")
	f.BoolVar(&q.Truncate, "truncate", false, "cut texts that are too long instead of refusing them")
	return cmd
}

func (a *app) texts(ctx context.Context, q lab.TextBank, templates string) (err error) {
	if q.Templates, err = readTemplates(ctx, templates); err != nil {
		return err
	}
	l, err := a.openLab(ctx, "")
	if err != nil {
		return err
	}
	defer l.Close()
	bank, err := l.TextBank(ctx, q)
	if err != nil {
		return asUsage(err)
	}
	if a.json {
		return encodeJSON(a.stdout, bank)
	}
	fmt.Fprintf(a.stdout, "%d texts of %s, width %d, in %s\n", bank.Texts, q.File, bank.Model.Config.Embed, bank.Folder)
	return nil
}
