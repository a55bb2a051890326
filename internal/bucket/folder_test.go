package bucket_test

import (
	"cmp"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"

	"github.com/facet-clip/facet/internal/bucket"
)

// TestListFolder: of a folder come the keys and sizes that the library gives, in byte order, which the library does not keep.
func TestListFolder(t *testing.T) {
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(1, 2))
	names := []string{"a", "a-b", "a.b", "a0", "b", "é", "z__0x3a__", "c d", "A", "x.attrs"}
	for range 400 {
		path := dir
		for range r.IntN(4) {
			path = filepath.Join(path, "in-"+names[r.IntN(len(names))])
		}
		if err := os.MkdirAll(path, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(path, names[r.IntN(len(names))]), make([]byte, r.IntN(9)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(bucket.Mount("library", func(context.Context, string) (*blob.Bucket, error) {
		return fileblob.OpenBucket(dir, &fileblob.Options{NoTempDir: true})
	}))
	for _, prefix := range []string{"", "in-a/", "in-a", "in-b/in-", "in-é/a", "nothing/", "a"} {
		got, want := listing(t, "file://"+filepath.ToSlash(dir)+"/", prefix), listing(t, "library://x/", prefix)
		slices.SortFunc(want, func(a, b bucket.Object) int { return cmp.Compare(a.URL, b.URL) })
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", prefix, diff)
		}
		if prefix == "" && len(got) < 100 {
			t.Errorf("only %d files", len(got))
		}
	}
	closed := filepath.Join(dir, "in-closed")
	if err := os.Mkdir(closed, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := os.ReadDir(closed); err == nil {
		t.Skip("this user may read all folders")
	}
	for _, err := range bucket.List(t.Context(), "file://"+filepath.ToSlash(dir)+"/") {
		if err != nil {
			return
		}
	}
	t.Error("a folder that cannot be read was passed over")
}

func listing(t *testing.T, base, prefix string) (all []bucket.Object) {
	t.Helper()
	for o, err := range bucket.List(t.Context(), base+prefix) {
		if err != nil {
			t.Fatal(err)
		}
		o.URL = strings.TrimPrefix(o.URL, base)
		all = append(all, o)
	}
	return all
}
