package dataset

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
)

// Feed gives the items of a manifest as its lines come in, CSV with a header or JSON lines by what it begins with; see [Open] for the columns. Paths are
// relative to dir. It ends with the input, after the first error, which names the line, or with the context; a read that waits for input then
// goes on in the background until the input ends.
func Feed(ctx context.Context, in io.Reader, dir string) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		items, failed := make(chan Item), make(chan error, 1)
		go func() {
			defer close(items)
			failed <- readRows(in, func(r row) error {
				item, err := r.item(dir)
				if err != nil {
					return fmt.Errorf("line %d: %w", r.line, err)
				}
				select {
				case items <- item:
					return nil
				case <-ctx.Done():
					return errStop
				}
			})
		}()
		for i := 0; ; i++ {
			select {
			case <-ctx.Done():
				yield(Item{}, ctx.Err())
				return
			case item, more := <-items:
				if !more {
					if err := <-failed; err != nil && ctx.Err() == nil {
						yield(Item{}, fmt.Errorf("%w: %w", ErrManifest, err))
					}
					return
				}
				if item.Index = i; !yield(item, nil) {
					return
				}
			}
		}
	}
}

// readRows reads JSON lines where the input begins with an object, and CSV otherwise.
func readRows(in io.Reader, use func(row) error) error {
	b := bufio.NewReader(in)
	for {
		first, err := b.Peek(1)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case bytes.ContainsAny(first, " \t\r\n"):
			b.Discard(1)
			continue
		case first[0] == '{':
			return jsonRows(b, use)
		}
		return csvRows(b, use)
	}
}
