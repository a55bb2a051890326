package lab

import (
	"cmp"
	"context"
	"errors"
	"sync"
)

// kept is how many atlases, and how many banks, a lab keeps open.
const kept = 8

// cache keeps the values that were used last, by key. A value is made once, and who asks for it meanwhile waits. A failure is not kept.
type cache[K comparable, V any] struct {
	most    int     // values; 0 is kept
	dropped func(V) // told of values that are no longer kept, if it is not nil; whoever uses one may still do so
	mu      sync.Mutex
	entries map[K]*entry[V]
	clock   int
}

type entry[V any] struct {
	ready chan struct{} // closed when value and err are there
	value V
	err   error
	used  int
}

// get is the value of a key, which make makes where there is none. Another caller's cancellation is not this one's.
func (c *cache[K, V]) get(ctx context.Context, key K, make func(context.Context) (V, error)) (V, error) {
	for {
		e, mine := c.entry(key)
		if mine {
			e.value, e.err = make(ctx)
			c.finish(key, e)
			return e.value, e.err
		}
		select {
		case <-e.ready:
		case <-ctx.Done():
			var none V
			return none, ctx.Err()
		}
		if e.err == nil || !errors.Is(e.err, context.Canceled) && !errors.Is(e.err, context.DeadlineExceeded) {
			return e.value, e.err
		}
	}
}

// entry is that of a key, and whether the caller is to make its value.
func (c *cache[K, V]) entry(key K) (e *entry[V], mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clock++
	e = c.entries[key]
	if mine = e == nil; mine {
		if c.entries == nil {
			c.entries = map[K]*entry[V]{}
		}
		e = &entry[V]{ready: make(chan struct{})}
		c.entries[key] = e
	}
	e.used = c.clock
	return e, mine
}

// finish lets the others have a value, and drops what was used longest ago.
func (c *cache[K, V]) finish(key K, e *entry[V]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(e.ready)
	if e.err != nil {
		delete(c.entries, key)
	}
	for len(c.entries) > cmp.Or(c.most, kept) {
		oldest, found := key, false
		for k, other := range c.entries {
			select {
			case <-other.ready:
			default:
				continue // somebody is making it
			}
			if !found || other.used < c.entries[oldest].used {
				oldest, found = k, true
			}
		}
		if !found {
			return
		}
		c.drop(oldest)
	}
}

// drop keeps a value no longer. The caller holds the lock.
func (c *cache[K, V]) drop(key K) {
	e := c.entries[key]
	delete(c.entries, key)
	if c.dropped != nil && e.err == nil {
		c.dropped(e.value)
	}
}

// forget drops the values of the keys that match.
func (c *cache[K, V]) forget(match func(K) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, e := range c.entries {
		select {
		case <-e.ready:
			if match(k) {
				c.drop(k)
			}
		default:
		}
	}
}
