//go:build linux

// Command flow measures whether facet scan takes memory that does not grow with its source. A server, spoken to as S3, claims to hold very many pictures and makes each one
// when it is read. facet scan reads them in a process of its own for some minutes, and is interrupted. Its memory is told every ten seconds.
//
//	go build -o /tmp/facet ./cmd/facet
//	go run ./bench/flow -facet /tmp/facet -pictures 1000000 -minutes 10
package main

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"flag"
	"fmt"
	"image/jpeg"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/facet-clip/facet/scenes"
)

const (
	pad  = 16 << 10 // bytes of every picture: zeros follow the end of a JPEG, since a listing says sizes before a picture is made
	page = 1000     // keys of a page of the listing
)

// made is the server.
type made struct {
	pictures int
	read     atomic.Int64
	listed   atomic.Int64
	changed  time.Time
}

func key(i int) string { return fmt.Sprintf("pictures/%09d.jpg", i) }

// picture makes a picture.
func picture(i int) ([]byte, error) {
	spec, err := scenes.Sample(scenes.DefaultWorld(), 1, uint64(i))
	if err != nil {
		return nil, err
	}
	scene, err := scenes.Render(spec, 96)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, scene.Image, nil); err != nil {
		return nil, err
	}
	if b.Len() > pad {
		return nil, fmt.Errorf("picture %d takes %d bytes", i, b.Len())
	}
	return append(b.Bytes(), make([]byte, pad-b.Len())...), nil
}

func (m *made) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/made/")
	if name == "" || r.URL.Path == "/made" {
		m.list(w, r)
		return
	}
	i, ok := numberOf(name)
	if !ok || i < 0 || i >= m.pictures {
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, "<Error><Code>NoSuchKey</Code></Error>")
		return
	}
	data, err := picture(i)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	m.read.Add(1)
	w.Header().Set("ETag", strconv.Quote(strconv.Itoa(i)))
	w.Header().Set("Content-Type", "image/jpeg")
	http.ServeContent(w, r, "", m.changed, bytes.NewReader(data))
}

// numberOf is the picture that a key names.
func numberOf(name string) (int, bool) {
	i, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(name, "pictures/"), ".jpg"))
	return i, err == nil && key(i) == name
}

// list answers ListObjectsV2.
func (m *made) list(w http.ResponseWriter, r *http.Request) {
	type object struct {
		Key, LastModified, ETag, StorageClass string
		Size                                  int
	}
	var out struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		Name, Prefix          string
		KeyCount, MaxKeys     int
		IsTruncated           bool
		NextContinuationToken string `xml:",omitempty"`
		Contents              []object
	}
	q := r.URL.Query()
	out.Name, out.Prefix, out.MaxKeys = "made", q.Get("prefix"), page
	if most, err := strconv.Atoi(q.Get("max-keys")); err == nil {
		out.MaxKeys = min(page, most)
	}
	from, after := numberOf(cmp.Or(q.Get("continuation-token"), q.Get("start-after")))
	if after {
		from++
	}
	end := min(from+out.MaxKeys, m.pictures)
	for i := from; i < end; i++ {
		if strings.HasPrefix(key(i), out.Prefix) {
			out.Contents = append(out.Contents, object{key(i), m.changed.UTC().Format(time.RFC3339), strconv.Quote(strconv.Itoa(i)), "STANDARD", pad})
		}
	}
	if out.IsTruncated = end < m.pictures; out.IsTruncated {
		out.NextContinuationToken = key(end - 1)
	}
	out.KeyCount = len(out.Contents)
	m.listed.Add(int64(len(out.Contents)))
	w.Header().Set("Content-Type", "application/xml")
	xml.NewEncoder(w).Encode(out)
}

func main() {
	facet := flag.String("facet", "facet", "the facet to run")
	pictures := flag.Int("pictures", 1_000_000, "pictures that the server claims to hold")
	minutes := flag.Float64("minutes", 10, "how long the scan runs, once the listing is read")
	flag.Parse()
	if err := run(*facet, *pictures, *minutes); err != nil {
		log.Fatal(err)
	}
}

func run(facet string, pictures int, minutes float64) error {
	m := &made{pictures: pictures, changed: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: m}
	defer server.Close()
	go server.Serve(l)
	work, err := os.MkdirTemp("", "flow")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	cmd := exec.Command(facet, "scan", "s3://made/pictures/", "-o", filepath.Join(work, "atlas"))
	cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL_S3=http://"+l.Addr().String(), "AWS_ACCESS_KEY_ID=x", "AWS_SECRET_ACCESS_KEY=x", "AWS_REGION=us-east-1", "FACET_CACHE="+work)
	said := &bytes.Buffer{}
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	begun := time.Now()
	var first time.Time
	for tick := time.NewTicker(10 * time.Second); ; {
		select {
		case err := <-ended:
			return fmt.Errorf("the scan ended early: %w: %s", err, said)
		case <-tick.C:
		}
		read := m.read.Load()
		if first.IsZero() && read > 0 {
			first = time.Now()
		}
		fmt.Printf("%4.0f s: %8d listed, %7d read, %5.0f MB of memory\n", time.Since(begun).Seconds(), m.listed.Load(), read, memory(cmd.Process.Pid))
		if !first.IsZero() && time.Since(first).Minutes() >= minutes {
			break
		}
	}
	cmd.Process.Signal(syscall.SIGINT)
	err = <-ended
	fmt.Printf("interrupted after %d pictures in %.0f s: %.1f a second; %d would take %.1f hours at that pace\n", m.read.Load(), time.Since(first).Seconds(),
		float64(m.read.Load())/time.Since(first).Seconds(), pictures, float64(pictures)*time.Since(first).Hours()/float64(m.read.Load()))
	if cmd.ProcessState.ExitCode() != 130 {
		return fmt.Errorf("facet scan: %w: %s", err, said)
	}
	return nil
}

// memory is what a process has in memory, in megabytes.
func memory(pid int) float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		var kB float64
		if n, _ := fmt.Sscanf(line, "VmRSS: %f kB", &kB); n == 1 {
			return kB / 1024
		}
	}
	return 0
}
