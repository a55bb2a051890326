package atlas

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
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
		if err := a.readTop(data); err != nil && !errors.Is(err, ErrFormat) {
			t.Error(err)
		}
		if _, err := a.momentSums(data); err != nil && !errors.Is(err, ErrFormat) {
			t.Error(err)
		}
	})
}

// TestEarlierDigests: an atlas of an earlier version lists SHA-256 alone, and is checked by it.
func TestEarlierDigests(t *testing.T) {
	dir := copyOf(t, scan(t, 0, 50, Options{KeepScalars: true}))
	path := filepath.Join(dir, ManifestFile)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	earlier := regexp.MustCompile(`,\s*"crc32c": \d+`).ReplaceAllString(string(data), "")
	if strings.Contains(earlier, "crc32c") || len(earlier) == len(data) {
		t.Fatal("no sums to take out")
	}
	write(t, path, earlier)
	a := reopen(t, dir)
	s, err := a.Scalars()
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	if err := Merge([]string{dir, scan(t, 50, 60, Options{KeepScalars: true})}, filepath.Join(t.TempDir(), "merged")); err != nil {
		t.Error(err)
	}
	for _, name := range []string{topFile, neuronsFile, scalarsFile} {
		broken := copyOf(t, dir)
		data, err := os.ReadFile(filepath.Join(broken, name))
		if err != nil {
			t.Fatal(err)
		}
		data[len(data)/2] ^= 1
		write(t, filepath.Join(broken, name), string(data))
		a, err := Open(broken)
		if err == nil {
			_, err = a.Scalars()
		}
		if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestPlainColumns: numbers are used where they lie in pages of any size, and decoded where they are compressed; either way they are those that were written.
func TestPlainColumns(t *testing.T) {
	type row struct {
		Packed uint32  `parquet:"packed,snappy"`
		Plain  float64 `parquet:"plain"`
	}
	rows := make([]row, 5000)
	for i := range rows {
		rows[i] = row{uint32(i * i), float64(i) / 3}
	}
	for _, page := range []int{64, 1000, 1 << 20} {
		var file bytes.Buffer
		w := parquet.NewGenericWriter[row](&file, parquet.PageBufferSize(page), parquet.MaxRowsPerRowGroup(1700))
		if _, err := w.Write(rows); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		tab, err := openTable[row](&Atlas{}, "t", file.Bytes(), len(rows))
		if err != nil {
			t.Fatal(err)
		}
		packed, err := tab.plain(0, 4, len(rows))
		if err != nil {
			t.Fatal(err)
		}
		numbers, err := tab.plain(1, 8, len(rows))
		if err != nil {
			t.Fatal(err)
		}
		for from := 0; from+50 <= len(rows); from += 7 {
			a, b := packed.run(from, 50, nil), numbers.run(from, 50, nil)
			for i := range 50 {
				if binary.LittleEndian.Uint32(a[4*i:]) != rows[from+i].Packed || float64At(b[8*i:]) != rows[from+i].Plain {
					t.Fatalf("pages of %d: row %d", page, from+i)
				}
			}
		}
	}
}
