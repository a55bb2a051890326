package lab

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
)

// TestCacheMakesOnce: those who ask while a value is made wait for it.
func TestCacheMakesOnce(t *testing.T) {
	var c cache[int, int]
	var made atomic.Int32
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			got, err := c.get(t.Context(), 7, func(context.Context) (int, error) { made.Add(1); return 49, nil })
			if err != nil || got != 49 {
				t.Errorf("%d, %v", got, err)
			}
		})
	}
	all.Wait()
	if made.Load() != 1 {
		t.Errorf("made %d times", made.Load())
	}
}

// TestCacheKeepsNoFailure: the next one tries again.
func TestCacheKeepsNoFailure(t *testing.T) {
	var c cache[int, int]
	wrong := errors.New("wrong")
	if _, err := c.get(t.Context(), 1, func(context.Context) (int, error) { return 0, wrong }); !errors.Is(err, wrong) {
		t.Error(err)
	}
	if got, err := c.get(t.Context(), 1, func(context.Context) (int, error) { return 2, nil }); err != nil || got != 2 {
		t.Errorf("%d, %v", got, err)
	}
}

// TestCacheCancelled: who is not cancelled makes the value that a cancelled one did not.
func TestCacheCancelled(t *testing.T) {
	var c cache[int, int]
	ctx, cancel := context.WithCancel(t.Context())
	begun := make(chan struct{})
	done := make(chan error)
	go func() {
		_, err := c.get(ctx, 1, func(ctx context.Context) (int, error) { close(begun); <-ctx.Done(); return 0, ctx.Err() })
		done <- err
	}()
	<-begun
	go func() {
		got, err := c.get(t.Context(), 1, func(context.Context) (int, error) { return 5, nil })
		if got != 5 {
			err = errors.Join(err, errors.New("no value"))
		}
		done <- err
	}()
	cancel()
	if first, second := <-done, <-done; (first == nil) == (second == nil) {
		t.Errorf("%v, %v: expected one to be cancelled and the other to have a value", first, second)
	}
}

// TestCacheIsBounded keeps what was used last.
func TestCacheIsBounded(t *testing.T) {
	var c cache[int, int]
	made := 0
	get := func(key int) {
		t.Helper()
		if got, err := c.get(t.Context(), key, func(context.Context) (int, error) { made++; return key, nil }); err != nil || got != key {
			t.Fatalf("%d, %v", got, err)
		}
	}
	for k := range kept {
		get(k)
	}
	get(0)
	get(kept) // drops 1
	if made != kept+1 || len(c.entries) != kept {
		t.Fatalf("made %d, kept %d", made, len(c.entries))
	}
	get(0)
	if made != kept+1 {
		t.Error("what was used last was dropped")
	}
	get(1)
	if made != kept+2 {
		t.Error("what was used longest ago was kept")
	}
	c.forget(func(k int) bool { return k == 0 })
	get(0)
	if made != kept+3 {
		t.Error("a forgotten value was kept")
	}
}
