package dataset

import (
	"context"
	"image"
	"iter"
	"runtime"
	"sync"
)

// Loaded is an item with what was made of its picture, or why there is nothing.
type Loaded[T any] struct {
	Item
	Made T
	Hash [32]byte // of the picture's content; see [Content]
	Err  error    // the picture's own; the rest of the source can still be read
}

// ahead is how many pictures per core are decoded before they are asked for.
const ahead = 2

// Load decodes the selected items of a source from item from on, makes something smaller of each picture, in parallel and ahead of whoever
// takes it, and gives that in order. A picture is in memory only while make runs; at most [ahead] of what is made wait for each core. An
// unreadable picture is given with its error; what ends the source (a bucket that cannot be reached, a cancelled context) is the error of the last pair.
func Load[T any](ctx context.Context, s *Source, from int, d *Decoder, make func(Item, *image.NRGBA) (T, error)) iter.Seq2[Loaded[T], error] {
	return func(yield func(Loaded[T], error) bool) {
		running, cancel := context.WithCancel(ctx)
		defer cancel()
		slots, wait := decodeAhead(running, s, from, d, make)
		defer wait()
		for next := range slots {
			l := <-next
			if l.end != nil {
				yield(Loaded[T]{}, l.end)
				cancel()
				return
			}
			if !yield(l.Loaded, nil) {
				cancel()
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(Loaded[T]{}, err)
		}
	}
}

// slot is an item, or what ended the source.
type slot[T any] struct {
	Loaded[T]
	end error
}

// decodeAhead starts decoding and gives the places where items will be, in order. A picture is begun when there is room for its place, and
// the channel has as many as may wait. After cancelling, wait for all to end.
func decodeAhead[T any](ctx context.Context, s *Source, from int, d *Decoder, use func(Item, *image.NRGBA) (T, error)) (<-chan chan slot[T], func()) {
	places := make(chan chan slot[T], ahead*runtime.GOMAXPROCS(0)-1) // and one that the taker holds
	var workers sync.WaitGroup
	workers.Go(func() {
		defer close(places)
		for item, err := range s.fetched(ctx, from) {
			place := make(chan slot[T], 1)
			select {
			case places <- place:
			case <-ctx.Done():
				return
			}
			if err != nil {
				place <- slot[T]{end: err}
				return
			}
			workers.Go(func() { place <- loaded(ctx, item, d, use) })
		}
	})
	return places, workers.Wait
}

func loaded[T any](ctx context.Context, item Item, d *Decoder, use func(Item, *image.NRGBA) (T, error)) slot[T] {
	l := Loaded[T]{}
	var c Content
	if c, l.Err = item.Content(); l.Err == nil {
		l.Hash = c.Hash
		l.Err = c.Decode(ctx, d, func(img *image.NRGBA) (err error) {
			l.Made, err = use(item, img)
			return err
		})
	}
	item.read, item.decode = nil, nil // and with them a member's bytes
	l.Item = item
	if err := ctx.Err(); err != nil && l.Err != nil { // no fault of the picture
		return slot[T]{end: err}
	}
	if ofSource(l.Err) {
		return slot[T]{end: l.Err}
	}
	return slot[T]{Loaded: l}
}
