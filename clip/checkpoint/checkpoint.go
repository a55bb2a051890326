package checkpoint

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/edsrzf/mmap-go"

	"github.com/facet-clip/facet/internal/regular"
)

// Format is the container that a checkpoint is stored in.
type Format string

// The formats that are read.
const (
	FormatTorchScript Format = "torchscript" // torch.jit.save: OpenAI's releases
	FormatTorch       Format = "torch"       // torch.save of a state dict or of a dict around one
	FormatSafetensors Format = "safetensors"
)

// Limits on what a file may claim. RN50x64 with its optimizer's state stays under a tenth of each.
const (
	maxTensors    = 1 << 16 // in one checkpoint
	maxNameLength = 1 << 10 // bytes of a dotted name
	maxRank       = 16      // axes of a tensor
	maxSharing    = 16      // bytes of all tensors, views counted one by one, over bytes of the file
)

// Checkpoint is an open file of tensors. Its methods may be called from several goroutines. The
// file must not be changed while it is open.
type Checkpoint struct {
	path    string
	folder  string // in which shards may lie; empty for bytes in memory
	format  Format
	naming  Naming
	weights string           // which set of weights is taken, where there are several
	others  []string         // and which are not
	names   []string         // canonical, sorted
	tensors map[string]*view // by canonical name

	mu     sync.RWMutex // write-held by Close alone
	closed bool
	files  []mapping

	digest atomic.Pointer[string] // of the files, once asked for
}

// mapping is a file in memory.
type mapping struct {
	data  []byte
	unmap func() error // nil for bytes that were in memory before
}

// Open maps the file at path and finds out by its content what it is: one of the formats, or the index of a checkpoint in shards, which are
// then mapped too. It reads the directory of tensors and no tensor. Errors name the file and wrap a sentinel of this package, or the file
// system's.
func Open(path string) (*Checkpoint, error) {
	m, err := mapFile(path)
	if err != nil {
		return nil, err
	}
	c := &Checkpoint{path: path, folder: filepath.Dir(path), files: []mapping{m}}
	err = refuseShard(path)
	if err == nil {
		err = c.index()
	}
	if err != nil {
		c.Close() //nolint:errcheck // the first error is the one to report
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// OpenBytes reads the directory of a checkpoint that lies in memory, as [Open] does of a file; name stands for its path. The
// data must not change while the checkpoint is open.
func OpenBytes(name string, data []byte) (*Checkpoint, error) {
	c := &Checkpoint{path: name, files: []mapping{{data: slices.Clip(data)}}}
	if err := c.index(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return c, nil
}

func mapFile(path string) (mapping, error) {
	f, err := regular.Open(path)
	if errors.Is(err, regular.ErrKind) {
		return mapping{}, fmt.Errorf("%w: %w", ErrNotCheckpoint, err)
	}
	if err != nil {
		return mapping{}, fmt.Errorf("open checkpoint: %w", err)
	}
	defer f.Close() // the mapping outlives the descriptor
	info, err := f.Stat()
	if err != nil {
		return mapping{}, fmt.Errorf("open checkpoint: %w", err)
	}
	if info.Size() == 0 {
		return mapping{}, fmt.Errorf("%s: %w: the file is empty", path, ErrNotCheckpoint)
	}
	mapped, err := mmap.Map(f, mmap.RDONLY, 0)
	if err != nil {
		return mapping{}, fmt.Errorf("%s: map the file: %w", path, err)
	}
	return mapping{mapped, mapped.Unmap}, nil
}

func (c *Checkpoint) index() error {
	kind, err := sniff(c.files[0].data)
	if err != nil {
		return err
	}
	var views []*view
	if kind == contentIndex {
		views, err = c.readShards()
	} else {
		views, err = c.readFile(kind, c.files[0].data)
	}
	if err != nil {
		return err
	}
	size := 0
	for _, f := range c.files {
		size += len(f.data)
	}
	if err := checkViews(views, size); err != nil {
		return err
	}
	return c.name(views)
}

// readFile reads the directory of one file.
func (c *Checkpoint) readFile(kind content, data []byte) ([]*view, error) {
	if kind == contentSafetensors {
		c.format = FormatSafetensors
		return readSafetensors(data)
	}
	format, found, err := readTorch(data)
	if err != nil {
		return nil, err
	}
	c.format = format
	if len(found.others) > 0 {
		c.weights, c.others = found.weights, found.others
	}
	return found.views, nil
}

// checkViews refuses tensors that are in order one by one but not together.
func checkViews(views []*view, fileSize int) error {
	if len(views) == 0 {
		return fmt.Errorf("%w: it holds no tensors", ErrNotCheckpoint)
	}
	if len(views) > maxTensors {
		return fmt.Errorf("%w: expected at most %d tensors, found %d", ErrCorrupt, maxTensors, len(views))
	}
	total := 0
	for _, v := range views {
		if err := checkName(v.Source); err != nil {
			return err
		}
		total += v.Elements() * v.DType.Size() // each at most the file's size, so no overflow
		if total/maxSharing > fileSize {
			return fmt.Errorf("%w: its tensors share storages so much that they claim over %d times the file's %d bytes",
				ErrCorrupt, maxSharing, fileSize)
		}
	}
	return nil
}

// name files the tensors under their canonical names.
func (c *Checkpoint) name(views []*view) error {
	sources := make([]string, len(views))
	for i, v := range views {
		sources[i] = v.Source
	}
	canonical, naming, prefix, others := canonicalNames(sources, c.format)
	c.naming = naming
	if len(others) > 0 {
		c.weights = within(c.weights, prefix)
		for _, other := range others {
			c.others = append(c.others, within("", other))
		}
	}
	c.tensors = make(map[string]*view, len(views))
	for i, v := range views {
		if v.Name = canonical[i]; v.Name == "" {
			continue
		}
		if other, ok := c.tensors[v.Name]; ok {
			return fmt.Errorf("%w: two tensors for %s: %s and %s", ErrCorrupt, v.Name, other.Source, v.Source)
		}
		c.tensors[v.Name] = v
		c.names = append(c.names, v.Name)
	}
	slices.Sort(c.names)
	return nil
}

// within says where in a file tensors are: at a key, and under names that begin alike.
func within(path, prefix string) string {
	switch {
	case prefix == "":
		return cmp.Or(path, "names without a prefix")
	case path == "":
		return prefix + "*"
	}
	return path + ": " + prefix + "*"
}

// Close releases the file. Slices returned by Float32 stay valid; reading more tensors returns ErrClosed.
func (c *Checkpoint) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	for _, v := range c.tensors {
		v.storage = nil
	}
	var errs []error
	for _, f := range c.files {
		if f.unmap == nil {
			continue
		}
		if err := f.unmap(); err != nil {
			errs = append(errs, fmt.Errorf("%s: unmap the file: %w", c.path, err))
		}
	}
	c.files = nil
	return errors.Join(errs...)
}

// Path returns the path that the checkpoint was opened with.
func (c *Checkpoint) Path() string { return c.path }

// Format returns the container.
func (c *Checkpoint) Format() Format { return c.format }

// Naming returns whose names the tensors bear in the file.
func (c *Checkpoint) Naming() Naming { return c.naming }

// Weights tells which set of weights was taken, and which other sets the file holds: a key such as state_dict, or the beginning of names such
// as model.*. Weights as they were trained are taken before averages of them (ema, swa, …). Without others both are empty.
func (c *Checkpoint) Weights() (taken string, others []string) {
	return c.weights, slices.Clone(c.others)
}

// Names returns the canonical names of all tensors, sorted. The caller may keep the slice.
func (c *Checkpoint) Names() []string { return slices.Clone(c.names) }

// Tensor describes a tensor by its canonical name.
func (c *Checkpoint) Tensor(name string) (Tensor, bool) {
	v, ok := c.tensors[name]
	if !ok {
		return Tensor{}, false
	}
	t := v.Tensor
	t.Shape = slices.Clone(t.Shape)
	return t, true
}

// Check returns a *TensorError unless there is a tensor of this canonical name and shape. No shape
// stands for a scalar.
func (c *Checkpoint) Check(name string, shape ...int) error {
	v, ok := c.tensors[name]
	if !ok {
		return &TensorError{File: c.path, Tensor: name, Err: ErrNoTensor,
			Expected: formatShape(shape), Found: "no tensor of that name"}
	}
	if !slices.Equal(v.Shape, shape) {
		return &TensorError{File: c.path, Tensor: name, Source: v.Source, Err: ErrShape,
			Expected: formatShape(shape), Found: formatShape(v.Shape)}
	}
	return nil
}

// Float32 decodes a tensor of any number type to float32, contiguous and row-major, in memory of its own. It
// returns a *TensorError when there is no tensor of this canonical name and shape (no shape
// stands for a scalar), and ErrClosed after Close.
func (c *Checkpoint) Float32(name string, shape ...int) ([]float32, error) {
	if err := c.Check(name, shape...); err != nil {
		return nil, err
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return nil, fmt.Errorf("%s: tensor %s: %w", c.path, name, ErrClosed)
	}
	return c.tensors[name].float32s(), nil
}

// SHA256 returns the digest of the file's bytes in hexadecimal: the fingerprint of the model. Of a checkpoint in shards it is that of the
// index followed by the shards, in the order of their names. It reads everything, the first time, and stops with the context's error when
// that is cancelled.
func (c *Checkpoint) SHA256(ctx context.Context) (string, error) {
	const step = 8 << 20
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return "", fmt.Errorf("%s: %w", c.path, ErrClosed)
	}
	if known := c.digest.Load(); known != nil && ctx.Err() == nil {
		return *known, nil
	}
	h := sha256.New()
	for _, f := range c.files {
		for chunk := range slices.Chunk(f.data, step) {
			if err := ctx.Err(); err != nil {
				return "", fmt.Errorf("%s: digest: %w", c.path, err)
			}
			h.Write(chunk)
		}
	}
	digest := hex.EncodeToString(h.Sum(nil))
	c.digest.Store(&digest)
	return digest, nil
}
