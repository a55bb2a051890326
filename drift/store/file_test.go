package store

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A store whose file is gone acknowledges nothing, though SQLite goes on writing.
func TestLostStore(t *testing.T) {
	move := func(from, to string) error { return os.Rename(from, to) }
	tests := map[string]func(path string) error{
		"deleted": os.Remove,
		"all parts deleted": func(path string) error {
			return errors.Join(os.Remove(path), os.Remove(path+"-wal"), os.Remove(path+"-shm"))
		},
		"log deleted":    func(path string) error { return os.Remove(path + "-wal") },
		"moved":          func(path string) error { return move(path, path+".old") },
		"folder deleted": func(path string) error { return os.RemoveAll(filepath.Dir(path)) },
		"folder moved":   func(path string) error { return move(filepath.Dir(path), filepath.Dir(path)+".old") },
		"replaced": func(path string) error {
			b, err := os.ReadFile(path)
			return errors.Join(err, os.WriteFile(path+".new", b, 0o600), move(path+".new", path))
		},
		"cut short": func(path string) error { return os.Truncate(path, 0) },
	}
	for name, harm := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "in", "drift.db")
			if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			s, err := Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			image := func(k byte) Image {
				return Image{Hash: [32]byte{k}, Name: "a", Moment: time.Now(), Arrived: time.Now()}
			}
			if _, err := s.Add(t.Context(), []Image{image(1)}); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(s.Ping(t.Context()), s.Intact()); err != nil {
				t.Fatal(err)
			}
			if err := harm(path); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Add(t.Context(), []Image{image(2)}); err == nil {
				t.Error("an image was acknowledged")
			}
			if known, err := s.Known(t.Context(), image(1)); err == nil {
				t.Errorf("known %+v, expected an error", known)
			}
			if err := s.Ping(t.Context()); !errors.Is(err, ErrLost) {
				t.Errorf("ping: %v", err)
			}
			if err := s.Intact(); !errors.Is(err, ErrLost) {
				t.Errorf("intact: %v", err)
			}
		})
	}
}

// What comes back is whole again: nothing was lost when a file was moved away and back.
func TestStoreThatComesBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "drift.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	if err := s.Intact(); !errors.Is(err, ErrLost) {
		t.Errorf("away: %v", err)
	}
	if err := os.Rename(path+".away", path); err != nil {
		t.Fatal(err)
	}
	if err := s.Intact(); err != nil {
		t.Errorf("back: %v", err)
	}
}
