package dataset

import (
	"context"
	"image"
	"iter"
	"runtime"
	"sync"
)

// Loaded is an item with its picture, or why there is none.
type Loaded struct {
	Item
	Image *image.NRGBA
	Err   error // the picture's own; the rest of the source can still be read
}

// ahead is how many pictures per core are decoded before they are asked for.
const ahead = 2

// Load decodes the selected items from item from on, in parallel and ahead of whoever takes them, and gives them in order. At most
// [ahead] pictures a core wait in memory. An unreadable picture is given with its error; what ends the source (a damaged shard, a
// cancelled context) is the error of the last pair.
func (s *Source) Load(ctx context.Context, from int, maxPixels int64) iter.Seq2[Loaded, error] {
	return func(yield func(Loaded, error) bool) {
		running, cancel := context.WithCancel(ctx)
		defer cancel()
		slots, wait := s.decodeAhead(running, from, maxPixels)
		defer wait()
		for next := range slots {
			l := <-next
			if l.end != nil {
				yield(Loaded{}, l.end)
				cancel()
				return
			}
			if !yield(l.Loaded, nil) {
				cancel()
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(Loaded{}, err)
		}
	}
}

// slot is a picture, or what ended the source.
type slot struct {
	Loaded
	end error
}

// decodeAhead starts decoding and gives the places where pictures will be, in order. A picture is begun when there is room for its place, and
// the channel has as many as may wait. After cancelling, wait for all to end.
func (s *Source) decodeAhead(ctx context.Context, from int, maxPixels int64) (<-chan chan slot, func()) {
	places := make(chan chan slot, ahead*runtime.GOMAXPROCS(0)-1) // and one that the taker holds
	var workers sync.WaitGroup
	workers.Go(func() {
		defer close(places)
		for item, err := range s.Items(ctx, from) {
			place := make(chan slot, 1)
			select {
			case places <- place:
			case <-ctx.Done():
				return
			}
			if err != nil {
				place <- slot{end: err}
				return
			}
			workers.Go(func() {
				img, err := item.Decode(maxPixels)
				item.read, item.decode = nil, nil // and with them a member's bytes
				place <- slot{Loaded: Loaded{Item: item, Image: img, Err: err}}
			})
		}
	})
	return places, workers.Wait
}
