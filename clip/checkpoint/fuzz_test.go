package checkpoint

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// check opens bytes that may be anything and reads whatever they turn out to hold.
func check(t *testing.T, data []byte) {
	before := bytes.Clone(data)
	c, err := OpenBytes("fuzz", data)
	if err != nil {
		return
	}
	total := 0
	for _, name := range c.Names() {
		x, ok := c.Tensor(name)
		if !ok {
			t.Fatalf("%q is listed and not found", name)
		}
		f, err := c.Float32(name, x.Shape...)
		if err != nil || len(f) != x.Elements() {
			t.Fatalf("%q %v: %d numbers, %v", name, x.Shape, len(f), err)
		}
		total += len(f) * x.DType.Size()
	}
	if total > (maxSharing+1)*len(data) {
		t.Fatalf("%d bytes of tensors out of a file of %d", total, len(data))
	}
	if !bytes.Equal(before, data) {
		t.Fatal("the file was changed")
	}
}

func seed(f *testing.F, pattern string) {
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		f.Fatalf("%s: no seeds, %v", pattern, err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
}

// FuzzOpenTorch feeds whole files to the zip reader and what lies behind it.
func FuzzOpenTorch(f *testing.F) {
	seed(f, "testdata/*.pt")
	seed(f, "testdata/training/*.pt")
	seed(f, "testdata/training/*.ckpt")
	f.Fuzz(check)
}

// FuzzPickle feeds data.pkl alone, in a well-formed archive, so that the fuzzer need not mend the zip.
func FuzzPickle(f *testing.F) {
	files, err := filepath.Glob("testdata/*.pt")
	if err != nil {
		f.Fatal(err)
	}
	more, err := filepath.Glob("testdata/training/*.[pc]*t")
	if err != nil {
		f.Fatal(err)
	}
	files = append(files, more...)
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		a, err := readArchive(b)
		if err != nil {
			continue // the legacy format
		}
		p, err := a.pickle()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(bytes.TrimSuffix(bytes.TrimPrefix(p, []byte("\x80\x02")), []byte(".")))
	}
	f.Add([]byte("}(X\x05\x00\x00\x00modelcargparse\nNamespace\n)\x81}bX\x01\x00\x00\x00acnumpy\ndtype\n(NtRNa\x8f(K\x01\x90u"))
	f.Add([]byte("}(" + pickleString("w") + pickleTensor("0", 6, 0, []int64{2, 3}, []int64{3, 1}) + "u"))
	f.Fuzz(func(t *testing.T, program []byte) { check(t, archiveOf(t, string(program))) })
}

// FuzzOpenSafetensors feeds whole files to the safetensors reader.
func FuzzOpenSafetensors(f *testing.F) {
	seed(f, "testdata/*.safetensors")
	f.Fuzz(check)
}

// FuzzIndex feeds the index of a checkpoint in shards, which may name the file beside it.
func FuzzIndex(f *testing.F) {
	seed(f, "testdata/training/*.index.json")
	f.Add([]byte(oneShard))
	f.Add([]byte(`{"weight_map":{"a":"../shard"}}`))
	f.Fuzz(func(t *testing.T, index []byte) {
		shardOf, err := readIndex(index)
		if err != nil {
			return
		}
		for name, file := range shardOf {
			if !filepath.IsLocal(file) || filepath.Dir(filepath.Join("folder", file)) != "folder" {
				t.Fatalf("%q: shard %q lies elsewhere", name, file)
			}
		}
	})
}
