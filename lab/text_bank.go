package lab

import (
	"context"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/concept/bank"
	"github.com/facet-clip/facet/internal/regular"
)

// TextBank asks for a bank: the embeddings of a list of words or phrases, in a folder.
type TextBank struct {
	// File has a text a line.
	File string
	// Folder is where the bank is written. Begun there before, it goes on where it stopped.
	Folder string
	// Templates are the prompts that each text is put into. Empty, texts are taken as they are.
	Templates concept.Templates
	// Truncate cuts texts that are too long instead of refusing them.
	Truncate bool
}

// TextBank sends the texts through the text tower. They are batched by length and end where they end.
func (l *Lab) TextBank(ctx context.Context, q TextBank) (*answer.TextBank, error) {
	if q.File == "" || q.Folder == "" {
		return nil, mistake("file", "is missing: expected a file of texts and the folder of the bank")
	}
	texts, err := regular.Read(ctx, q.File, concept.ReadLines)
	if err != nil {
		return nil, err
	}
	recipe, err := l.recipe(ctx, texts, q.Templates, q.Truncate)
	if err != nil {
		return nil, err
	}
	b, err := l.buildBank(ctx, bank.Builder.Build, q.Folder, q.File, recipe)
	if err != nil {
		return nil, err
	}
	a := &answer.TextBank{Folder: q.Folder, Texts: len(b.Texts), Templates: q.Templates, Fingerprint: recipe.Fingerprint()}
	a.Model, err = l.Describe(ctx)
	return a, err
}
