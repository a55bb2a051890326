package bucket_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"

	"github.com/facet-clip/facet/internal/bucket"
	"github.com/facet-clip/facet/internal/s3test"
)

// places are buckets of every kind that a test can have: one URL prefix each.
func places(t *testing.T) map[string]string {
	t.Helper()
	s3test.Start(t, "data")
	memory := memblob.OpenBucket(nil)
	t.Cleanup(bucket.Mount("mem", func(context.Context, string) (*blob.Bucket, error) { return memory, nil }))
	return map[string]string{"s3": "s3://data", "mem": "mem://data", "file": "file://" + filepath.ToSlash(t.TempDir())}
}

func put(t *testing.T, url string, data []byte) {
	t.Helper()
	if err := bucket.Write(t.Context(), url, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }); err != nil {
		t.Fatal(err)
	}
}

// noise is some content that no two places of are alike.
func noise(n int) []byte {
	data := make([]byte, n)
	x := uint32(1)
	for i := range data {
		x = x*1664525 + 1013904223
		data[i] = byte(x >> 24)
	}
	return data
}

// TestPlaces: what was written is listed and read, whole, ahead and in parts, in every kind of bucket.
func TestPlaces(t *testing.T) {
	for kind, base := range places(t) {
		t.Run(kind, func(t *testing.T) {
			want := noise(5<<20 + 3)
			for key, data := range map[string][]byte{"p/b c%20+é.bin": want, "p/a": []byte("a"), "p/d/x": []byte("x"), "q": []byte("q")} {
				put(t, bucket.Join(base, key), data)
			}
			var listed []string
			for o, err := range bucket.List(t.Context(), base+"/p/") {
				if err != nil {
					t.Fatal(err)
				}
				listed = append(listed, fmt.Sprintf("%s %d", strings.TrimPrefix(o.URL, base), o.Size))
			}
			if want := []string{"/p/a 1", "/p/b c%20+é.bin 5242883", "/p/d/x 1"}; !slices.Equal(listed, want) {
				t.Errorf("listed %q, want %q", listed, want)
			}
			url := bucket.Join(base, "p/b c%20+é.bin")
			if got, err := bucket.ReadFile(t.Context(), url, 1<<30); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
			if _, err := bucket.ReadFile(t.Context(), url, 100); !errors.Is(err, bucket.ErrSize) {
				t.Errorf("of at most 100 bytes: %v", err)
			}
			in, err := bucket.OpenAhead(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(in); err != nil || !bytes.Equal(got, want) {
				t.Errorf("ahead: %d bytes, %v", len(got), err)
			}
			in.Close()
			parts, err := bucket.OpenRanges(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(io.NewSectionReader(parts, 0, parts.Size())); err != nil || !bytes.Equal(got, want) {
				t.Errorf("in parts: %d bytes, %v", len(got), err)
			}
			some := make([]byte, 700_000)
			if n, err := parts.ReadAt(some, 300_000); err != nil || !bytes.Equal(some, want[300_000:300_000+n]) {
				t.Errorf("a part: %d bytes, %v", n, err)
			}
		})
	}
}

// TestPages: a listing of several pages gives every key once, in order.
func TestPages(t *testing.T) {
	s := s3test.Start(t, "data")
	for i := range 2_345 {
		s.Put("data", fmt.Sprintf("p/%05d", i), []byte("x"))
	}
	i := 0
	for o, err := range bucket.List(t.Context(), "s3://data/p/") {
		if want := fmt.Sprintf("s3://data/p/%05d", i); err != nil || o.URL != want {
			t.Fatalf("object %d: %s, %v", i, o.URL, err)
		}
		i++
	}
	if i != 2_345 {
		t.Errorf("%d objects, want 2345", i)
	}
}

// TestFaults: of a server that fails one request in three, in the middle of an answer too, everything is read and written as it is.
func TestFaults(t *testing.T) {
	s := s3test.Start(t, "data")
	s.FailEvery(3)
	want := noise(20<<20 + 1) // two parts of an upload
	put(t, "s3://data/a", want)
	if got := s.Get("data", "a"); !bytes.Equal(got, want) {
		t.Errorf("written: %d bytes of %d", len(got), len(want))
	}
	for range 4 {
		got, err := bucket.ReadFile(t.Context(), "s3://data/a", 1<<30)
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("read: %d bytes of %d, %v", len(got), len(want), err)
		}
	}
	n := 0
	for _, err := range bucket.List(t.Context(), "s3://data/") {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 1 {
		t.Errorf("%d objects, want 1", n)
	}
}

// TestRestart: a reader goes on where it was when the server stopped, once the server is there again.
func TestRestart(t *testing.T) {
	s := s3test.Start(t, "data")
	want := noise(32 << 20)
	s.Put("data", "a", want)
	r, err := bucket.Open(t.Context(), "s3://data/a")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got := make([]byte, 1<<20)
	if _, err := io.ReadFull(r, got); err != nil {
		t.Fatal(err)
	}
	s.Stop()
	go func() {
		time.Sleep(time.Second)
		s.Restart()
	}()
	rest, err := io.ReadAll(r)
	if got = append(got, rest...); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes of %d, %v", len(got), len(want), err)
	}
}

// TestErrors: an error says which URL, and what is wrong with it.
func TestErrors(t *testing.T) {
	s := s3test.Start(t, "data")
	s.Put("data", "a", []byte("x"))
	s.Put("data", "changes", noise(32<<20))
	folder := t.TempDir()
	locked := filepath.Join(folder, "locked")
	if err := os.WriteFile(locked, nil, 0); err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]error{
		"s3://data/b": bucket.ErrKey, "s3://other/a": bucket.ErrBucket, "s3:///a": bucket.ErrURL, "s3://data": bucket.ErrURL, "s3://data/a/": bucket.ErrURL,
		"file://" + filepath.ToSlash(folder) + "/none": bucket.ErrKey, "file://relative/a": bucket.ErrURL, "ftp://data/a": bucket.ErrURL, "gs://data/a": bucket.ErrURL,
	} {
		_, err := bucket.Open(t.Context(), url)
		if !errors.Is(err, want) || !strings.Contains(err.Error(), url) {
			t.Errorf("%s: got %v, want the URL and %q", url, err, want)
		}
	}
	for _, err := range bucket.List(t.Context(), "s3://other/p/") {
		if !errors.Is(err, bucket.ErrBucket) {
			t.Errorf("listing no bucket: %v", err)
		}
	}
	s.Put("data", "empty", nil)
	if got, err := bucket.ReadFile(t.Context(), "s3://data/empty", 10); err != nil || len(got) != 0 {
		t.Errorf("an empty object: %d bytes, %v", len(got), err)
	}
	s.Deny(true)
	if _, err := bucket.Open(t.Context(), "s3://data/a"); !errors.Is(err, bucket.ErrAccess) || !strings.Contains(err.Error(), "s3://data/a") {
		t.Errorf("denied: %v", err)
	}
	s.Deny(false)
	r, err := bucket.Open(t.Context(), "s3://data/changes")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s.Put("data", "changes", noise(31<<20))
	s.Stop()
	s.Restart()
	if _, err := io.ReadAll(r); !errors.Is(err, bucket.ErrChanged) {
		t.Errorf("an object that changed while it was read: %v", err)
	}
}

// TestAnonymous: without any credentials requests are not signed, and the bucket is read all the same.
func TestAnonymous(t *testing.T) {
	s := s3test.Start(t, "data")
	s.Put("data", "a", []byte("x"))
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
	if got, err := bucket.ReadFile(t.Context(), "s3://data/a", 10); err != nil || string(got) != "x" {
		t.Errorf("%q, %v", got, err)
	}
}

// TestGivenUp: a write whose content breaks leaves no object.
func TestGivenUp(t *testing.T) {
	for kind, base := range places(t) {
		ctx, cancel := context.WithCancel(t.Context())
		url := bucket.Join(base, "half")
		err := bucket.Write(ctx, url, func() (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(bytes.NewReader(noise(1<<20)), stopping(cancel))), nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", kind, err)
		}
		if _, err := bucket.Stat(t.Context(), url); !errors.Is(err, bucket.ErrKey) {
			t.Errorf("%s: half an object is there: %v", kind, err)
		}
	}
}

// stopping ends a write as a signal does.
type stopping func()

func (s stopping) Read([]byte) (int, error) {
	s()
	return 0, errors.New("broken")
}
