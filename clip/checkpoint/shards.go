package checkpoint

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/facet-clip/facet/internal/foreign"
)

// A large checkpoint may lie in shards, files of their own, beside an index: a JSON object whose weight_map gives the shard of every tensor
// (model.safetensors.index.json, pytorch_model.bin.index.json). The index is what is opened.

const (
	maxIndex  = 32 << 20 // bytes of the index
	maxShards = 1000
)

// oneOf is the name of a shard, as everybody forms it.
var oneOf = regexp.MustCompile(`-0*(\d+)-of-0*(\d+)\.\w+$`)

// refuseShard refuses a file that is one shard of several.
func refuseShard(path string) error {
	m := oneOf.FindStringSubmatch(filepath.Base(path))
	if m == nil || m[2] == "1" {
		return nil
	}
	return fmt.Errorf("%w: it is shard %s of %s; open the index beside it, a file that ends in .index.json", ErrUnsupported, m[1], m[2])
}

// readShards opens the shards of an index and gives their tensors. Every tensor must be where the index says, and no other be there.
func (c *Checkpoint) readShards() ([]*view, error) {
	shardOf, err := readIndex(c.files[0].data)
	if err != nil {
		return nil, err
	}
	if c.folder == "" {
		return nil, fmt.Errorf("%w: an index of shards that is not a file, so that its shards lie nowhere", ErrUnsupported)
	}
	shards := slices.Compact(slices.Sorted(maps.Values(shardOf)))
	if len(shards) > maxShards {
		return nil, fmt.Errorf("%w: %d shards, expected at most %d", ErrCorrupt, len(shards), maxShards)
	}
	var all []*view
	for _, name := range shards {
		views, err := c.readShard(filepath.Join(c.folder, name))
		if err != nil {
			return nil, err
		}
		for _, v := range views {
			if shardOf[v.Source] != name {
				return nil, fmt.Errorf("%w: shard %s holds tensor %s, which the index does not place there",
					ErrCorrupt, foreign.Quote(name), foreign.Quote(v.Source))
			}
		}
		all = append(all, views...)
	}
	return all, missing(shardOf, all)
}

func (c *Checkpoint) readShard(path string) ([]*view, error) {
	m, err := mapFile(path)
	if err != nil {
		return nil, fmt.Errorf("shard: %w", err)
	}
	c.files = append(c.files, m)
	kind, err := sniff(m.data)
	if err == nil && kind == contentIndex {
		err = fmt.Errorf("%w: an index within an index", ErrCorrupt)
	}
	var views []*view
	if err == nil {
		views, err = c.readFile(kind, m.data)
	}
	if err != nil {
		return nil, fmt.Errorf("shard %s: %w", path, err)
	}
	return views, nil
}

// missing names a tensor that no shard holds.
func missing(shardOf map[string]string, found []*view) error {
	if len(found) == len(shardOf) { // names are keys: each is there once
		return nil
	}
	there := map[string]bool{}
	for _, v := range found {
		there[v.Source] = true
	}
	for _, name := range slices.Sorted(maps.Keys(shardOf)) {
		if !there[name] {
			return fmt.Errorf("%w: the index places tensor %s in shard %s, which does not hold it",
				ErrCorrupt, foreign.Quote(name), foreign.Quote(shardOf[name]))
		}
	}
	return nil
}

// readIndex gives the shard of every tensor.
func readIndex(data []byte) (map[string]string, error) {
	if len(data) > maxIndex {
		return nil, fmt.Errorf("%w: an index of %d bytes, expected at most %d", ErrCorrupt, len(data), maxIndex)
	}
	r := &headerReader{dec: json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, byteOrderMark)))}
	if err := r.delim('{'); err != nil {
		return nil, err
	}
	var shardOf map[string]string
	seen := map[string]bool{}
	for r.dec.More() {
		key, err := r.key(seen)
		if err != nil {
			return nil, err
		}
		if key == "weight_map" {
			shardOf, err = r.weightMap()
		} else {
			err = r.skip()
		}
		if err != nil {
			return nil, err
		}
	}
	if err := r.delim('}'); err != nil {
		return nil, err
	}
	if _, err := r.dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("%w: something follows the closing brace", ErrCorrupt)
	}
	if len(shardOf) == 0 {
		return nil, fmt.Errorf("%w: a JSON file; expected the index of a checkpoint in shards, with a weight_map", ErrNotCheckpoint)
	}
	return shardOf, nil
}

func (r *headerReader) skip() error {
	var any json.RawMessage
	if err := r.dec.Decode(&any); err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return nil
}

// weightMap reads {"tensor": "file", …}. Files lie beside the index.
func (r *headerReader) weightMap() (map[string]string, error) {
	if err := r.delim('{'); err != nil {
		return nil, err
	}
	shardOf, seen := map[string]string{}, map[string]bool{}
	for r.dec.More() {
		name, err := r.key(seen)
		if err != nil {
			return nil, err
		}
		t, err := r.token()
		if err != nil {
			return nil, err
		}
		file, ok := t.(string)
		if !ok || file == "." || file == ".." || file != filepath.Base(file) || filepath.VolumeName(file) != "" || len(file) > maxNameLength {
			return nil, fmt.Errorf("%w: weight_map: tensor %s: expected the name of a file beside the index, found %s",
				ErrCorrupt, foreign.Quote(name), foreign.Quote(fmt.Sprint(t)))
		}
		if len(shardOf) >= maxTensors {
			return nil, fmt.Errorf("%w: weight_map: expected at most %d tensors", ErrCorrupt, maxTensors)
		}
		shardOf[name] = file
	}
	return shardOf, r.delim('}')
}
