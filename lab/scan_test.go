package lab_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/lab"
)

// TestScanResumes: interrupted and resumed, a scan leaves the bytes of an undisturbed one.
func TestScanResumes(t *testing.T) {
	source, dir := images(t, "scenes:single?n=20&seed=7&size=64", 0), t.TempDir()
	whole, cut := filepath.Join(dir, "whole.atlas"), filepath.Join(dir, "cut.atlas")
	l := open(t, lab.Config{})
	if _, err := l.Scan(t.Context(), lab.Scan{Source: source, Folder: whole}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	disturbed := open(t, lab.Config{Progress: func(step string, done, _ int) {
		if step == "images" && done > 0 {
			cancel()
		}
	}})
	q := lab.Scan{Source: source, Folder: cut, Every: -1} // no checkpoint but at the end
	_, err := disturbed.Scan(ctx, q)
	var stopped *lab.Stopped
	if !errors.Is(err, context.Canceled) || !errors.As(err, &stopped) || stopped.Images == 0 || stopped.Images >= 20 || stopped.Unreadable != 0 {
		t.Fatalf("interrupted: %v, %+v", err, stopped)
	}
	if _, err := l.Scan(t.Context(), q); !errors.Is(err, atlas.ErrUnfinished) {
		t.Errorf("begun again: %v", err)
	}
	q.Resume = true
	first := 0
	resuming := open(t, lab.Config{Progress: func(step string, done, _ int) {
		if step == "images" && first == 0 {
			first = done
		}
	}})
	at, err := resuming.Scan(t.Context(), q)
	if err != nil || at.Manifest.Images != 20 || first != stopped.Images+1 {
		t.Fatalf("resumed after %d images: image %d is the first, %v", stopped.Images, first, err)
	}
	if _, err := l.Scan(t.Context(), q); !errors.Is(err, atlas.ErrFinished) {
		t.Errorf("resumed when it was done: %v", err)
	}
	files, err := os.ReadDir(whole)
	if err != nil || len(files) < 4 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, f := range files {
		want, err1 := os.ReadFile(filepath.Join(whole, f.Name()))
		got, err2 := os.ReadFile(filepath.Join(cut, f.Name()))
		if err := errors.Join(err1, err2); err != nil || string(got) != string(want) {
			t.Errorf("%s: %d bytes, want the %d of an undisturbed scan: %v", f.Name(), len(got), len(want), err)
		}
	}
}

// TestScanUnreadable: what cannot be read is listed with the reason, or ends a strict scan, which can be resumed.
func TestScanUnreadable(t *testing.T) {
	l, dir := open(t, lab.Config{}), t.TempDir()
	photos := filepath.Join(dir, "photos")
	picture, err := os.ReadFile(scene)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Mkdir(photos, 0o755), os.WriteFile(filepath.Join(photos, "a.png"), picture, 0o644),
		os.WriteFile(filepath.Join(photos, "zz.png"), []byte("not a picture"), 0o644)); err != nil {
		t.Fatal(err)
	}
	source, err := dataset.Open(photos, dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	q := lab.Scan{Source: source, Folder: filepath.Join(dir, "at")}
	at, err := l.Scan(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if s := at.Manifest.Skipped; len(s) != 1 || s[0].Path != "zz.png" || s[0].Reason == "" || strings.Contains(s[0].Reason, dir) || at.Manifest.Images != 1 {
		t.Errorf("%d images, skipped: %+v", at.Manifest.Images, s)
	}
	q.Folder, q.Strict = filepath.Join(dir, "strict"), true
	var stopped *lab.Stopped
	if _, err := l.Scan(t.Context(), q); !errors.Is(err, lab.ErrStrict) || !errors.As(err, &stopped) || !strings.Contains(err.Error(), "zz.png") {
		t.Errorf("a strict scan: %v", err)
	}
	q.Strict, q.Resume = false, true
	if at, err := l.Scan(t.Context(), q); err != nil || len(at.Manifest.Skipped) != 1 {
		t.Errorf("resumed: %v", err)
	}
	for name, q := range map[string]lab.Scan{"no dataset": {Folder: q.Folder}, "output is missing": {Source: source}} {
		if _, err := l.Scan(t.Context(), q); !errors.Is(err, lab.ErrQuestion) || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
