package dataset

import (
	"context"
	"fmt"
	"strings"

	"github.com/facet-clip/facet/internal/bucket"
)

// ContentAt reads a picture again by the [Item.Path] that a source gave it, without decoding it. Its hash tells whether it is what it was.
func ContentAt(ctx context.Context, path string) (Content, error) {
	item := FileItem(path)
	switch shard, member := locate(path); {
	case strings.HasPrefix(path, scenesPrefix):
		set, i, err := sceneAt(path, strings.TrimPrefix(path, scenesPrefix))
		if err != nil {
			return Content{}, err
		}
		item = Item{Path: path, read: func() ([]byte, error) { return []byte(path), nil }, decode: set.decode(path, i)}
	case bucket.IsURL(path) && member == "":
		item = objectItem(ctx, path)
	case member != "":
		return tarContent(ctx, shard, strings.TrimPrefix(member, memberMark))
	}
	return item.Content()
}

// tarContent reads through a shard to a member.
func tarContent(ctx context.Context, shard, member string) (c Content, err error) {
	found := false
	_, readErr := readShard(ctx, shard, func(i Item) bool {
		if found = i.Path == shard+memberMark+member; found {
			c, err = i.Content()
		}
		return !found
	})
	switch {
	case found:
		return c, err
	case readErr != nil:
		return c, readErr
	}
	return c, fmt.Errorf("%s: no picture %s in it", shard, member)
}
