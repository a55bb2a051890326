// Command watch posts pictures to a real facet drift watch and prints how fast it takes them and how much memory it has: bench/watch.sh.
package main

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"image"
	"image/png"
	"log"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/facet-clip/facet/dataset"
)

const lanes = 32

func main() {
	facet := flag.String("facet", "bin/facet", "the program")
	profile := flag.String("profile", "", "a profile of the demo model")
	store := flag.String("store", "", "a new store")
	n := flag.Int("n", 10_000, "pictures")
	flag.Parse()
	if err := run(*facet, *profile, *store, *n); err != nil {
		log.Fatal(err)
	}
}

func run(facet, profile, store string, n int) error {
	pictures, err := render(n)
	if err != nil {
		return err
	}
	cmd := exec.Command(facet, "drift", "watch", profile, "--model", "demo", "--store", store, "--listen", "localhost:0")
	said, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer cmd.Process.Kill()
	address := ""
	lines := bufio.NewScanner(said)
	for address == "" && lines.Scan() {
		_, address, _ = strings.Cut(lines.Text(), "listening at ")
	}
	fmt.Printf("posts    pictures/s  resident MiB\n")
	const step = 2000
	for from := 0; from < n; from += step {
		to := min(from+step, n)
		began := time.Now()
		if err := post(address+"/images", pictures[from:to]); err != nil {
			return err
		}
		took := time.Since(began)
		memory, err := resident(cmd.Process.Pid)
		if err != nil {
			return err
		}
		fmt.Printf("%-8d %-11.0f %.0f\n", to, float64(to-from)/took.Seconds(), memory)
	}
	return nil
}

// render draws small scenes, all different.
func render(n int) ([][]byte, error) {
	out := make([][]byte, n)
	decoder := dataset.NewDecoder(0)
	for k := range out {
		var b bytes.Buffer
		path := fmt.Sprintf("scenes:steady?n=%d&seed=77&size=64#%d", n, k)
		err := decoder.Picture(context.Background(), path, func(img *image.NRGBA) error { return png.Encode(&b, img) })
		if err != nil {
			return nil, err
		}
		out[k] = b.Bytes()
	}
	return out, nil
}

func post(address string, pictures [][]byte) error {
	var wait sync.WaitGroup
	errs := make([]error, lanes)
	for lane := range lanes {
		wait.Go(func() {
			for k := lane; k < len(pictures); k += lanes {
				response, err := http.Post(address, "image/png", bytes.NewReader(pictures[k]))
				if err != nil {
					errs[lane] = err
					return
				}
				response.Body.Close()
				if response.StatusCode != http.StatusCreated {
					errs[lane] = fmt.Errorf("picture %d: %s", k, response.Status)
				}
			}
		})
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// resident is a process' memory in MiB.
func resident(pid int) (float64, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(string(data), "VmRSS:")
	kib, err := strconv.Atoi(strings.Fields(after)[0])
	return float64(kib) / 1024, err
}
