package atomicfile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestTryLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.lock")
	first, err := TryLock(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := TryLock(path); !errors.Is(err, ErrLocked) {
		t.Errorf("%v, want %v", err, ErrLocked)
	}
	if err := first.Unlock(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the lock's file does not stay: %v", err)
	}
	again, err := TryLock(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Unlock(); err != nil {
		t.Error(err)
	}
}

// TestLockIsOfOne: goroutines take and release one lock; never two have it.
func TestLockIsOfOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.lock")
	var inside atomic.Int32
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for n := 0; n < 50; {
				l, err := TryLock(path)
				if errors.Is(err, ErrLocked) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				if inside.Add(1) != 1 {
					t.Error("two hold the lock")
				}
				inside.Add(-1)
				if err := l.Unlock(); err != nil {
					t.Error(err)
				}
				n++
			}
		})
	}
	group.Wait()
}

const countTo = 200

// count adds to the number in a file, under a lock, without which additions would be lost.
func count(path string) error {
	for range countTo {
		l, err := WaitLock(context.Background(), path+".lock", nil)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(string(data))
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(strconv.Itoa(n+1)), 0o600); err != nil {
			return err
		}
		if err := l.Unlock(); err != nil {
			return err
		}
	}
	return nil
}

// TestLockAcrossProcesses: the same with processes that read, add one and write.
func TestLockAcrossProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "n")
	put(t, path, "0")
	var all []*exec.Cmd
	for range 3 {
		cmd := process(t, "counter", path)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		all = append(all, cmd)
	}
	for _, cmd := range all {
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	if got, want := get(t, path), fmt.Sprint(3*countTo); got != want {
		t.Errorf("counted to %s, want %s", got, want)
	}
}

// TestLockRemoved: a program that removes lock files, as facet once did, does not let two in who come after.
func TestLockRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.lock")
	waiting := make(chan struct{})
	old, err := TryLock(path)
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan *Lock)
	go func() {
		l, err := WaitLock(t.Context(), path, func() { close(waiting) })
		if err != nil {
			t.Error(err)
		}
		got <- l
	}()
	<-waiting
	os.Remove(path)
	first := <-got // the name is free again
	if _, err := TryLock(path); !errors.Is(err, ErrLocked) {
		t.Errorf("%v, want %v", err, ErrLocked)
	}
	if err := errors.Join(old.Unlock(), first.Unlock()); err != nil {
		t.Error(err)
	}
}

func TestWaitLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.lock")
	held, err := TryLock(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*poll)
	defer cancel()
	if _, err := WaitLock(ctx, path, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want %v", err, context.DeadlineExceeded)
	}
	said := 0
	time.AfterFunc(3*poll, func() { held.Unlock() })
	l, err := WaitLock(t.Context(), path, func() { said++ })
	if err != nil || said != 1 {
		t.Fatalf("said %d times: %v", said, err)
	}
	if err := l.Unlock(); err != nil {
		t.Error(err)
	}
}
