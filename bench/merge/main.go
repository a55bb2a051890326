//go:build linux

// Command merge measures facet atlas merge: parts as large as RN50's are drawn, and joined in a process of its own, whose processor time and largest
// memory are told. Beside it stands a process that reads the same files and writes as many bytes as the joined atlas has. Both run with the files on
// disk alone, for which Linux must be told as root to forget what it has in memory, and with the files in memory.
//
//	go run ./bench/merge -parts 64 -dir /big/disk
//
// It takes 80 MB of disk for each part. A few parts are drawn, and the others are copies with other fingerprints: their bytes are read all the same.
package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"syscall"
	"time"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/atomicfile"
	"github.com/facet-clip/facet/internal/regular"
)

func main() {
	dir := flag.String("dir", "", "an empty folder for the atlases")
	parts := flag.Int("parts", 64, "how many atlases")
	drawn := flag.Int("drawn", 8, "how many of them are drawn; the others are copies")
	images := flag.Int("images", 64, "images of each")
	turns := flag.Int("turns", 5, "how often each is measured")
	job := flag.String("job", "", "for processes that this one starts: merge or copy")
	flag.Parse()
	var err error
	switch *job {
	case "merge":
		err = atlas.Merge(flag.Args(), filepath.Join(*dir, "merged"))
	case "copy":
		err = readAndWrite(flag.Args(), filepath.Join(*dir, "merged"), filepath.Join(*dir, "copy"))
	default:
		err = measure(*dir, *parts, *drawn, *images, *turns)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// measure makes the parts that are not there yet, and runs both jobs.
func measure(dir string, parts, drawn, images, turns int) error {
	dirs := make([]string, parts)
	for k := range dirs {
		dirs[k] = filepath.Join(dir, fmt.Sprintf("part-%03d", k))
		if _, err := os.Stat(filepath.Join(dirs[k], atlas.ManifestFile)); err == nil {
			continue
		}
		if k < drawn {
			if err := draw(dirs[k], k, images); err != nil {
				return err
			}
		} else if err := copyOf(dirs[k%drawn], dirs[k], fingerprint(k%drawn), fingerprint(k)); err != nil {
			return err
		}
	}
	for _, cold := range []bool{true, false} {
		if err := compare(dir, dirs, turns, cold); err != nil {
			return err
		}
	}
	return nil
}

// compare runs both jobs in turns and prints medians. Cold: the files are not in memory when a job begins, as after a scan on other machines.
func compare(dir string, dirs []string, turns int, cold bool) error {
	all := map[string][]cost{}
	jobs := []string{"merge", "copy"}
	for range turns {
		for _, job := range jobs {
			made := map[string]string{"merge": "merged", "copy": "copy"}[job]
			if err := os.RemoveAll(filepath.Join(dir, made)); err != nil {
				return err
			}
			if cold {
				syscall.Sync()
				if err := os.WriteFile("/proc/sys/vm/drop_caches", []byte("3"), 0); err != nil {
					return fmt.Errorf("emptying the page cache, which needs root: %w", err)
				}
			}
			c, err := run(dir, job, dirs)
			if err != nil {
				return err
			}
			all[job] = append(all[job], c)
		}
	}
	clock := func(job string) float64 { return median(all[job], func(c cost) float64 { return c.clock }) }
	for _, job := range jobs {
		fmt.Printf("%-6s %d parts, cold %-5v median of %d: %.1f s by the clock, %.1f s of processor time, %.0f MB of memory at most\n", job, len(dirs), cold, turns,
			clock(job), median(all[job], func(c cost) float64 { return c.processor }), median(all[job], func(c cost) float64 { return c.memory }))
	}
	fmt.Printf("by the clock, a merge takes %.2f times as long as reading and writing the bytes\n", clock("merge")/clock("copy"))
	return nil
}

// cost is what one process took: seconds, seconds of all cores, MB.
type cost struct{ clock, processor, memory float64 }

func run(dir, job string, dirs []string) (cost, error) {
	cmd := exec.Command(os.Args[0], append([]string{"-job", job, "-dir", dir}, dirs...)...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return cost{}, fmt.Errorf("%s: %w", job, err)
	}
	used := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return cost{
		clock: time.Since(start).Seconds(), memory: float64(used.Maxrss) / 1024,
		processor: (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(),
	}, nil
}

func median(all []cost, of func(cost) float64) float64 {
	x := make([]float64, len(all))
	for k, c := range all {
		x[k] = of(c)
	}
	slices.Sort(x)
	return x[len(x)/2]
}

func fingerprint(k int) string { return fmt.Sprintf("%x", sha256.Sum256([]byte{byte(k)})) }

// draw makes an atlas of random scalars in RN50's shape.
func draw(dir string, k, images int) error {
	const heads, channels, embed = 32, 2048, 1024
	rng := rand.New(rand.NewPCG(1, 2))
	random := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(rng.NormFloat64()) / 32
		}
		return x
	}
	weights := decompose.Weights{
		Heads: heads, Channels: channels, Embed: embed, Value: random(channels * channels), ValueBias: random(channels),
		Output: random(embed * channels), OutputBias: random(embed),
	}
	m := atlas.Manifest{
		Model:    atlas.Model{Name: "drawn", SHA256: "drawn", Engine: "none", Config: clip.Config{Heads: heads, Channels: channels, Embed: embed}},
		Datasets: []atlas.Dataset{{Source: "drawn", Fingerprint: fingerprint(k)}},
	}
	w, err := atlas.Create(dir, m, weights, atlas.Options{})
	if err != nil {
		return err
	}
	rng = rand.New(rand.NewPCG(3, uint64(k)))
	scalars := make([]float32, heads*channels)
	for i := range images {
		for p := range scalars {
			scalars[p] = max(0, float32(rng.NormFloat64()))
		}
		if err := w.Add(atlas.Image{Path: fmt.Sprintf("%d/%d.jpg", k, i), Embedding: random(embed)}, scalars); err != nil {
			return errors.Join(err, w.Close())
		}
	}
	err = errors.Join(w.Finish(), w.Close())
	debug.FreeOSMemory()
	return err
}

// copyOf copies an atlas and gives it another fingerprint.
func copyOf(from, to, old, now string) error {
	return eachFile([]string{from}, func(path string, f io.Reader) error {
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(to, name)), 0o755); err != nil {
			return err
		}
		data, err := io.ReadAll(f)
		if err != nil {
			return err
		}
		if name == atlas.ManifestFile {
			data = bytes.ReplaceAll(data, []byte(old), []byte(now))
		}
		return atomicfile.Write(filepath.Join(to, name), func(w io.Writer) error {
			_, err := w.Write(data)
			return err
		})
	})
}

// readAndWrite reads every file of the parts, and copies the merged atlas.
func readAndWrite(dirs []string, merged, to string) error {
	if err := eachFile(dirs, func(_ string, f io.Reader) error {
		_, err := io.Copy(io.Discard, struct{ io.Reader }{f})
		return err
	}); err != nil {
		return err
	}
	return copyOf(merged, to, "-", "-")
}

func eachFile(dirs []string, do func(path string, f io.Reader) error) error {
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			f, err := regular.Open(path)
			if err != nil {
				return err
			}
			return errors.Join(do(path, f), f.Close())
		})
		if err != nil {
			return err
		}
	}
	return nil
}
