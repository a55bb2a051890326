package watch

import (
	"bytes"
	"compress/gzip"
	"database/sql"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// drip opens a post of many bytes, sends the first and then one now and then, until the server ends it. It gives what the server said.
func drip(t testing.TB, address string, first int, every time.Duration) (said <-chan string) {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	out := make(chan string, 1)
	ended := make(chan struct{})
	t.Cleanup(func() { c.Close() })
	fmt.Fprint(c, "POST /images HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: 1000000\r\n\r\n"+strings.Repeat("x", first))
	go func() {
		answer, _ := io.ReadAll(c) // the server may reset what it did not read
		close(ended)
		out <- string(answer)
	}()
	go func() {
		for {
			select {
			case <-time.After(every):
				if _, err := c.Write([]byte{'x'}); err != nil {
					return
				}
			case <-ended:
				return
			}
		}
	}()
	return out
}

// honest posts a picture and gives how long the answer took.
func honest(t testing.TB, address string, k int) time.Duration {
	t.Helper()
	began := time.Now()
	if code, a := post(t, address+"/images", "image/png", bytes.NewReader(picture(k, 0))); code != 201 {
		t.Errorf("honest post %d: %d %+v", k, code, a)
	}
	return time.Since(began)
}

// TestSlowClientsKeepNobodyOut: 200 clients that send a byte now and then take no slot from others, and are ended.
func TestSlowClientsKeepNobodyOut(t *testing.T) {
	w := newWatcher(t, openStore(t, filepath.Join(t.TempDir(), "drift.db")), nil)
	address := serve(t, w)
	var slow []<-chan string
	for range 200 {
		slow = append(slow, drip(t, address, 10, 50*time.Millisecond))
	}
	longest := time.Duration(0)
	for k := range 10 {
		longest = max(longest, honest(t, address, k))
	}
	t.Logf("the longest of 10 honest posts took %v", longest)
	if longest > 5*time.Second {
		t.Errorf("an honest post took %v", longest)
	}
	for _, said := range slow {
		select {
		case answer := <-said:
			if !strings.HasPrefix(answer, "HTTP/1.1 408") {
				t.Fatalf("a slow client was told %.200q", answer)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("a slow client goes on")
		}
	}
}

// TestSlowClientsShareFewSlots: clients that come up to a slot and then slow down get the slots for slow posts, and no more.
func TestSlowClientsShareFewSlots(t *testing.T) {
	w := newWatcher(t, openStore(t, filepath.Join(t.TempDir(), "drift.db")), nil)
	w.limits.head, w.limits.slots, w.limits.brisk, w.limits.grace = 100, 2*slowShare, 100*time.Millisecond, time.Minute
	address := serve(t, w)
	var wait sync.WaitGroup
	var lock sync.Mutex
	codes := map[string]int{}
	for range 2 * slowShare {
		said := drip(t, address, 200, 20*time.Millisecond)
		wait.Go(func() {
			select {
			case answer := <-said:
				lock.Lock()
				defer lock.Unlock()
				codes[answer[:min(12, len(answer))]]++
			case <-time.After(3 * time.Second):
			}
		})
	}
	wait.Wait()
	if codes["HTTP/1.1 503"] != 2*slowShare-2 || len(codes) != 1 {
		t.Errorf("%v, expected all but two to be told 503", codes)
	}
	honest(t, address, 1)
}

// TestTooManyHeads: who finds no place to be read at all is told at once to come again.
func TestTooManyHeads(t *testing.T) {
	w := newWatcher(t, openStore(t, filepath.Join(t.TempDir(), "drift.db")), nil)
	w.limits.heads, w.limits.grace = 1, time.Second
	address := serve(t, w)
	said := drip(t, address, 1, time.Minute)
	busy := false
	for k := range 1000 {
		code, a := post(t, address+"/images", "image/png", bytes.NewReader(picture(k, 0)))
		if busy = code == http.StatusServiceUnavailable && strings.Contains(a.Error, "try again"); busy {
			break
		}
	}
	if !busy {
		t.Error("nobody was told that the server is busy")
	}
	if answer := <-said; !strings.HasPrefix(answer, "HTTP/1.1 408") {
		t.Errorf("the slow client was told %q", answer)
	}
	honest(t, address, 2000)
}

// TestEncodedBodies are refused by name: the hash of a picture is that of its bytes as they are.
func TestEncodedBodies(t *testing.T) {
	w := newWatcher(t, openStore(t, filepath.Join(t.TempDir(), "drift.db")), nil)
	address := serve(t, w)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(picture(1, 0))
	z.Close()
	for coding, want := range map[string]int{"gzip": 415, "GZIP": 415, "deflate, gzip": 415, "br": 415, "": 422, "identity": 422, "Identity": 422} {
		request, err := http.NewRequest("POST", address+"/images", bytes.NewReader(packed.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "image/png")
		request.Header.Set("Content-Encoding", coding)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if accepts := response.Header.Get("Accept-Encoding"); response.StatusCode != want || want == 415 && accepts != "identity" {
			t.Errorf("Content-Encoding %q: %d, Accept-Encoding %q, expected %d", coding, response.StatusCode, accepts, want)
		}
	}
}

func TestMoment(t *testing.T) {
	at := time.Date(2026, 1, 2, 1, 4, 5, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"": {}, "2026-01-02T03:04:05+02:00": at, "2026-01-02T03:04:05 02:00": at, "2026-01-02 03:04:05 02:00": at, "2026-01-02 01:04:05Z": at,
		"2026-01-01T23:04:05-02:00": at, "2026-01-02T03:04:05.250 02:00": at.Add(250 * time.Millisecond),
	} {
		if got, err := moment(text); err != nil || !got.Equal(want) {
			t.Errorf("%q: %v, %v, expected %v", text, got, err, want)
		}
	}
	for _, text := range []string{"2026-01-02", "2026-01-02T03:04:05", "2026-01-02T03:04:05  02:00", " ", "1767322445", "2026-13-02T03:04:05Z", "2026-01-02T03:04:05 02:00 "} {
		if got, err := moment(text); err == nil {
			t.Errorf("%q: %v, expected an error", text, got)
		}
	}
}

func FuzzMoment(f *testing.F) {
	f.Add("2026-01-02T03:04:05 02:00")
	f.Add("2026-01-02 03:04:05.123456789Z")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := moment(text)
		if err != nil && len(err.Error()) > 1000 {
			t.Errorf("an error of %d bytes", len(err.Error()))
		}
		if plus, err2 := moment(strings.Replace(text, " ", "+", 1)); err == nil && err2 == nil && text != "" && !plus.Equal(got) {
			t.Errorf("%q: %v, with a plus %v", text, got, plus)
		}
	})
}

// TestLostStore: a watcher whose store is deleted acknowledges no post, and is not well.
func TestLostStore(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "drift.db")
	w := newWatcher(t, openStore(t, path), nil)
	address := serve(t, w)
	honest(t, address, 1)
	if code, body := get(t, address+"/healthz"); code != 200 {
		t.Fatalf("before: %d %s", code, body)
	}
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	for k := range 3 { // a new picture, and one that is known
		if code, a := post(t, address+"/images", "image/png", bytes.NewReader(picture(k, 0))); code != 503 || !strings.Contains(a.Error, "deleted or moved") {
			t.Errorf("a post: %d %+v", code, a)
		}
	}
	if code, body := get(t, address+"/healthz"); code != 503 || !strings.Contains(body, "deleted or moved") {
		t.Errorf("health: %d %s", code, body)
	}
	if err := os.Rename(path+".away", path); err != nil {
		t.Fatal(err)
	}
	honest(t, address, 2)
	if code, body := get(t, address+"/healthz"); code != 200 {
		t.Errorf("afterwards: %d %s", code, body)
	}
}

// TestFullStore: a store that refuses what is to be counted makes the watcher unwell at once, and the post is told why.
func TestFullStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "drift.db")
	w := newWatcher(t, openStore(t, path), nil)
	w.limits.answer = 2 * time.Second
	address := serve(t, w)
	honest(t, address, 1)
	db, err := sql.Open("sqlite", path+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`CREATE TRIGGER full BEFORE INSERT ON images BEGIN SELECT RAISE(ABORT, 'disk is full'); END`); err != nil {
		t.Fatal(err)
	}
	if code, a := post(t, address+"/images", "image/png", bytes.NewReader(picture(2, 0))); code != 503 || !strings.Contains(a.Error, "disk is full") {
		t.Errorf("a post: %d %+v", code, a)
	}
	if code, body := get(t, address+"/healthz"); code != 503 || !strings.Contains(body, "disk is full") {
		t.Errorf("health: %d %s", code, body)
	}
	if _, err := db.Exec(`DROP TRIGGER full`); err != nil {
		t.Fatal(err)
	}
	for range 300 {
		if code, _ := get(t, address+"/healthz"); code == 200 {
			honest(t, address, 3)
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("the watcher does not get well")
}
