package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/internal/flags"
)

// sources opens what facet segment is given. With an output folder, pictures that would be written under one name are refused where they are
// known before they are read.
func (o *segmentOptions) sources(ctx context.Context) ([]*dataset.Source, error) {
	sources, err := dataset.OpenAll(o.paths)
	if err != nil {
		return nil, err
	}
	if o.why != "" && dataset.Total(sources) != 1 {
		return nil, flags.Mistakef("--why: expected one picture, found several")
	}
	names := outputNames{}
	for _, s := range sources {
		if o.output == "" || s.Len() < 0 {
			continue
		}
		for item, err := range s.Items(ctx, 0) {
			if err != nil {
				return nil, err
			}
			if _, err := names.of(s, item.Path); err != nil {
				return nil, err
			}
		}
	}
	return sources, nil
}

// outputNames are the names under which pictures are written, and whose they are.
type outputNames map[string]string

// of is the name for a picture of a source, without an ending: its path in a folder, or its own name.
func (n outputNames) of(s *dataset.Source, path string) (string, error) {
	name := filepath.Base(path)
	if rel, err := filepath.Rel(s.Name, path); err == nil && filepath.IsLocal(rel) && rel != "." {
		name = rel
	}
	name = strings.TrimSuffix(name, filepath.Ext(name))
	if other, taken := n[name]; taken && other != path {
		return "", fmt.Errorf("%s and %s would be written under one name", other, path)
	}
	n[name] = path
	return name, nil
}
