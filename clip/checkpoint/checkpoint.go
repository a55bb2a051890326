package checkpoint

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
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
	format  Format
	naming  Naming
	names   []string         // canonical, sorted
	tensors map[string]*view // by canonical name

	mu     sync.RWMutex // write-held by Close alone
	closed bool
	data   []byte
	unmap  func() error

	digest atomic.Pointer[string] // of data, once asked for
}

// Open maps the file at path and finds out by its content what it is. It reads the directory of tensors
// and no tensor. Errors name the file and wrap a sentinel of this package, or the file system's.
func Open(path string) (*Checkpoint, error) {
	f, err := regular.Open(path)
	if errors.Is(err, regular.ErrKind) {
		return nil, fmt.Errorf("%w: %w", ErrNotCheckpoint, err)
	}
	if err != nil {
		return nil, fmt.Errorf("open checkpoint: %w", err)
	}
	defer f.Close() // the mapping outlives the descriptor
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("open checkpoint: %w", err)
	}
	if info.Size() == 0 {
		return nil, fmt.Errorf("%s: %w: the file is empty", path, ErrNotCheckpoint)
	}
	mapped, err := mmap.Map(f, mmap.RDONLY, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: map the file: %w", path, err)
	}
	c, err := openBytes(path, mapped)
	if err != nil {
		mapped.Unmap() //nolint:errcheck // the first error is the one to report
		return nil, err
	}
	c.unmap = mapped.Unmap
	return c, nil
}

// openBytes reads the directory of a checkpoint that lies in memory.
func openBytes(path string, data []byte) (*Checkpoint, error) {
	c := &Checkpoint{path: path, data: data}
	if err := c.index(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

func (c *Checkpoint) index() error {
	kind, err := sniff(c.data)
	if err != nil {
		return err
	}
	var views []*view
	if kind == contentSafetensors {
		c.format = FormatSafetensors
		views, err = readSafetensors(c.data)
	} else {
		c.format, views, err = readTorch(c.data)
	}
	if err != nil {
		return err
	}
	if err := checkViews(views, len(c.data)); err != nil {
		return err
	}
	return c.name(views)
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
	canonical, naming := canonicalNames(sources, c.format)
	c.naming = naming
	c.tensors = make(map[string]*view, len(views))
	for i, v := range views {
		v.Name = canonical[i]
		if other, ok := c.tensors[v.Name]; ok {
			return fmt.Errorf("%w: two tensors for %s: %s and %s", ErrCorrupt, v.Name, other.Source, v.Source)
		}
		c.tensors[v.Name] = v
		c.names = append(c.names, v.Name)
	}
	slices.Sort(c.names)
	return nil
}

// Close releases the file. Slices returned by Float32 stay valid; reading more tensors returns ErrClosed.
func (c *Checkpoint) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	c.data = nil
	for _, v := range c.tensors {
		v.storage = nil
	}
	if c.unmap == nil {
		return nil
	}
	if err := c.unmap(); err != nil {
		return fmt.Errorf("%s: unmap the file: %w", c.path, err)
	}
	return nil
}

// Path returns the path that the checkpoint was opened with.
func (c *Checkpoint) Path() string { return c.path }

// Format returns the container.
func (c *Checkpoint) Format() Format { return c.format }

// Naming returns whose names the tensors bear in the file.
func (c *Checkpoint) Naming() Naming { return c.naming }

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

// SHA256 returns the digest of the file's bytes in hexadecimal: the fingerprint of the model. It reads
// the whole file, the first time, and stops with the context's error when that is cancelled.
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
	for chunk := range slices.Chunk(c.data, step) {
		if err := ctx.Err(); err != nil {
			return "", fmt.Errorf("%s: digest: %w", c.path, err)
		}
		h.Write(chunk)
	}
	digest := hex.EncodeToString(h.Sum(nil))
	c.digest.Store(&digest)
	return digest, nil
}
