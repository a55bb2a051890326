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
// relative to dir, times in the given format. It ends with the input, after the first error, which names the line, or with the context; a read that waits for input then
// goes on in the background until the input ends.
func Feed(ctx context.Context, in io.Reader, dir string, times TimeFormat) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		items, failed := make(chan Item), make(chan error, 1)
		go func() {
			defer close(items)
			failed <- readRows(in, func(r row) error {
				item, err := r.item(fileRow(dir), times)
				if err != nil {
					return fmt.Errorf("%s: %w", r.place, err)
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

// readRows reads JSON lines where the input begins with an object, and CSV otherwise. Nothing is taken from the input to find out, so that lines keep their numbers.
func readRows(in io.Reader, use func(row) error) error {
	b := bufio.NewReader(in)
	for n := 1; ; n++ {
		head, err := b.Peek(n)
		head = bytes.TrimLeft(head, " \t\r\n\ufeff")
		switch {
		case len(head) > 0 && head[0] == '{':
			return jsonRows(b, use)
		case len(head) > 0 && !bytes.HasPrefix([]byte("\ufeff"), head), errors.Is(err, bufio.ErrBufferFull):
			return csvRows(b, []string{"path"}, use)
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}
