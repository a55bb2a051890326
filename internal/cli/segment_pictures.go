package cli

import (
	"context"
	"fmt"
	"image"
	"path/filepath"
	"strings"

	"github.com/facet-clip/facet/dataset"
)

// segmentSources opens what facet segment is given. With an output folder, pictures that would be written under one name are refused where they are
// known before they are read.
func segmentSources(ctx context.Context, o segmentOptions) (sources []*dataset.Source, total int, err error) {
	if sources, err = dataset.OpenAll(o.paths); err != nil {
		return nil, 0, err
	}
	for _, s := range sources {
		if s.Len() < 0 {
			total = -1
		} else if total >= 0 {
			total += s.Len()
		}
	}
	if o.why != "" && total != 1 {
		return nil, 0, usagef("--why: expected one picture, found several")
	}
	names := outputNames{}
	for _, s := range sources {
		if o.output == "" || s.Len() < 0 {
			continue
		}
		for item, err := range s.Items(ctx, 0) {
			if err != nil {
				return nil, 0, err
			}
			if _, err := names.of(s, item.Path); err != nil {
				return nil, 0, err
			}
		}
	}
	return sources, total, nil
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

// eachPicture gives the pictures of sources one by one. It lists those of datasets that cannot be read; one that was named itself must be readable.
func (a *app) eachPicture(ctx context.Context, sources []*dataset.Source, use usePicture) (skipped []skippedPicture, err error) {
	shown := 0
	for _, s := range sources {
		for item, err := range s.Items(ctx, 0) {
			if err != nil {
				return nil, err
			}
			unread, err := a.onePicture(ctx, s, item, use)
			switch {
			case err != nil:
				return nil, err
			case unread != nil && s.Kind == dataset.KindFiles:
				return nil, unread
			case unread != nil:
				skipped = append(skipped, skippedPicture{item.Path, strings.TrimPrefix(unread.Error(), item.Path+": ")})
			default:
				shown++
			}
		}
	}
	warnSkipped(skipped)
	if shown == 0 && len(skipped) > 0 {
		return nil, fmt.Errorf("none of %d pictures can be read", len(skipped))
	}
	return skipped, nil
}

type usePicture func(source *dataset.Source, path string, photo *image.NRGBA) error

// onePicture tells why a picture cannot be read from what its use says.
func (a *app) onePicture(ctx context.Context, s *dataset.Source, item dataset.Item, use usePicture) (unread, err error) {
	unread = item.Decode(ctx, a.decoder(), func(photo *image.NRGBA) error {
		err = use(s, item.Path, photo)
		return err
	})
	if err == nil {
		err = ctx.Err()
	}
	return unread, err
}
