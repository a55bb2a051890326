package flags

import (
	"context"
	"fmt"
	"slices"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/internal/regular"
)

// Watched are the texts to follow: those of --watch, and then those of a file with a text a line, if one is named.
func Watched(ctx context.Context, given []string, file string) ([]string, error) {
	texts := slices.Clone(given)
	if file != "" {
		more, err := regular.Read(ctx, file, concept.ReadLines)
		if err != nil {
			return nil, err
		}
		texts = append(texts, more...)
	}
	for _, t := range given {
		if err := Text("--watch", t, ": --watch-file reads one"); err != nil {
			return nil, err
		}
	}
	for i, t := range texts {
		if slices.Contains(texts[:i], t) {
			return nil, fmt.Errorf("%q is watched twice", t)
		}
	}
	return texts, nil
}
