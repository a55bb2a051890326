package atlas

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// FuzzTop reads arbitrary top_images.parquet and moment_sums.parquet whose digests are right: what someone made on purpose. They are read, or refused as no such file.
func FuzzTop(f *testing.F) {
	out := filepath.Join(f.TempDir(), "merged")
	if err := Merge([]string{scan(f, 0, 20, Options{}), scan(f, 20, 60, Options{})}, out); err != nil {
		f.Fatal(err)
	}
	whole, err := Open(out)
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range []string{topFile, sumsFile} {
		data, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		f.Add(data[:len(data)/2])
		for _, at := range []int{5, len(data) / 3, len(data) - 100} {
			broken := append([]byte(nil), data...)
			broken[at] ^= 0x41
			f.Add(broken)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		a := newAtlas(dir, whole.Manifest)
		a.Manifest.Files = nil
		for _, name := range []string{topFile, sumsFile} {
			write(t, filepath.Join(dir, name), string(data))
			file, err := hashFile(dir, name)
			if err != nil {
				t.Fatal(err)
			}
			a.Manifest.Files = append(a.Manifest.Files, file)
		}
		if err := a.readTop(); err != nil && !errors.Is(err, ErrFormat) {
			t.Error(err)
		}
		if _, err := a.momentSums(); err != nil && !errors.Is(err, ErrFormat) {
			t.Error(err)
		}
	})
}
