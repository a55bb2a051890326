//go:build unix

// Package filetest gives tests what folders hold beside regular files, and a limit to waiting for it.
package filetest

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// limit is far above what any test takes, also under the race detector on a busy machine.
const limit = 5 * time.Minute

// Within fails a test that hangs.
func Within(t testing.TB, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-done:
	case <-time.After(limit):
		t.Fatalf("still waiting after %v", limit)
	}
}

// Pipe makes a named pipe, and the folder for it, and gives its path.
func Pipe(t testing.TB, path string) string {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), syscall.Mkfifo(path, 0o600)); err != nil {
		t.Fatal(err)
	}
	return path
}

// Link makes a symbolic link, and the folder for it.
func Link(t testing.TB, target, path string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.Symlink(target, path)); err != nil {
		t.Fatal(err)
	}
}
