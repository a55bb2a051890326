package bucket

import (
	"context"
	"io"
	"sync"
)

const (
	aheadBlock = 1 << 20
	aheadMost  = 4 // blocks that are read and wait
)

// OpenAhead is [Open] with a few mebibytes read before they are asked for, for who reads an object through.
func OpenAhead(ctx context.Context, url string) (io.ReadCloser, error) {
	ctx, cancel := context.WithCancel(ctx)
	r, err := Open(ctx, url)
	if err != nil {
		cancel()
		return nil, err
	}
	a := &ahead{blocks: make(chan block, aheadMost), cancel: cancel}
	a.reading.Go(func() {
		defer close(a.blocks)
		defer r.Close()
		for {
			data := make([]byte, aheadBlock)
			n, err := io.ReadFull(r, data)
			if err == io.ErrUnexpectedEOF { // the last block; a broken read is told by its own errors
				err = io.EOF
			}
			select {
			case a.blocks <- block{data[:n], err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	})
	return a, nil
}

// block is a part of an object, and what came behind it.
type block struct {
	data []byte
	err  error
}

// ahead gives blocks that another goroutine reads.
type ahead struct {
	blocks  chan block
	now     block
	cancel  context.CancelFunc
	reading sync.WaitGroup
}

func (a *ahead) Read(p []byte) (int, error) {
	for len(a.now.data) == 0 {
		if a.now.err != nil {
			return 0, a.now.err
		}
		next, more := <-a.blocks
		if !more {
			return 0, context.Canceled
		}
		a.now = next
	}
	n := copy(p, a.now.data)
	a.now.data = a.now.data[n:]
	return n, nil
}

// Close ends reading, and waits for it.
func (a *ahead) Close() error {
	a.cancel()
	a.reading.Wait()
	return nil
}

const (
	rangeBlock = 256 << 10
	rangeMost  = 64 // blocks that are kept: 16 MiB, more than the columns of a table that are read side by side
)

// Ranges reads an object here and there, by blocks that it keeps for a while. It is safe for concurrent use.
type Ranges struct {
	ctx  context.Context
	url  string
	size int64

	mu   sync.Mutex
	kept map[int64][]byte
	used []int64 // the blocks that are kept, the one used last at the end
}

// OpenRanges looks at an object, of which parts are to be read.
func OpenRanges(ctx context.Context, url string) (*Ranges, error) {
	o, err := Stat(ctx, url)
	if err != nil {
		return nil, err
	}
	return &Ranges{ctx: ctx, url: url, size: o.Size, kept: map[int64][]byte{}}, nil
}

// Size is the number of bytes of the object.
func (r *Ranges) Size() int64 { return r.size }

// ReadAt reads what lies at an offset, as [io.ReaderAt] says.
func (r *Ranges) ReadAt(p []byte, at int64) (n int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for n < len(p) {
		if at >= r.size {
			return n, io.EOF
		}
		data, err := r.block(at / rangeBlock)
		if err != nil {
			return n, err
		}
		c := copy(p[n:], data[at%rangeBlock:])
		n, at = n+c, at+int64(c)
	}
	return n, nil
}

// block is one that is kept, or read now.
func (r *Ranges) block(i int64) ([]byte, error) {
	for at, k := range r.used {
		if k == i {
			r.used = append(append(r.used[:at:at], r.used[at+1:]...), i)
			return r.kept[i], nil
		}
	}
	from := i * rangeBlock
	data, err := readRange(r.ctx, r.url, from, min(rangeBlock, r.size-from), r.size)
	if err != nil {
		return nil, err
	}
	if len(r.used) == rangeMost {
		delete(r.kept, r.used[0])
		r.used = r.used[1:]
	}
	r.kept[i], r.used = data, append(r.used, i)
	return data, nil
}
