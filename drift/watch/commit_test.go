package watch

import (
	"bytes"
	"context"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/drift/store"
	"github.com/facet-clip/facet/internal/pgtest"
)

// cutter passes connections on to a PostgreSQL server, and cuts the next one that commits before the server's answer is passed on, when it is told to.
type cutter struct {
	armed atomic.Bool
	cuts  atomic.Int32
}

// start gives the address by which the server is reached through the cutter.
func (c *cutter) start(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	const socket = ".s.PGSQL.5432"
	server := filepath.Join(u.Query().Get("host"), socket)
	dir, err := os.MkdirTemp("", "cut-*") // of a short name: a socket's is limited
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	listener, err := net.Listen("unix", filepath.Join(dir, socket))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go c.pass(client, server)
		}
	}()
	return strings.Replace(address, url.QueryEscape(u.Query().Get("host")), url.QueryEscape(dir), 1)
}

func (c *cutter) pass(client net.Conn, address string) {
	defer client.Close()
	server, err := net.Dial("unix", address)
	if err != nil {
		return
	}
	defer server.Close()
	var cut atomic.Bool
	go func() {
		defer client.Close()
		buffer := make([]byte, 1<<16)
		for {
			n, err := server.Read(buffer)
			if err != nil || cut.Load() {
				return
			}
			client.Write(buffer[:n])
		}
	}()
	buffer := make([]byte, 1<<16)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		if bytes.Contains(bytes.ToLower(buffer[:n]), []byte("commit\x00")) && c.armed.CompareAndSwap(true, false) {
			c.cuts.Add(1)
			cut.Store(true)
		}
		server.Write(buffer[:n])
	}
}

// TestCommitWithoutAnswer: a window whose commit the database did not confirm, since the connection was lost meanwhile, is told once like all others.
func TestCommitWithoutAnswer(t *testing.T) {
	var c cutter
	s := openStore(t, c.start(t, pgtest.Start(t)))
	var told []int
	w := newWatcher(t, s, func(config *Config) { config.Closed = func(w answer.Window) { told = append(told, w.Number) } })
	var images []store.Image
	run(t, w, w.Items(list(t, 0, 19, 0), ignore)) // one less than a window
	for k := 19; k < 60; k++ {
		pixels := pixelsOf(t, k, 32)
		a := &arrival{pixels: pixels, image: store.Image{Hash: [32]byte{byte(k)}, Name: "picture"}}
		if err := w.encode(context.Background(), []*arrival{a}); err != nil {
			t.Fatal(err)
		}
		images = append(images, a.image)
	}
	if _, err := s.Add(context.Background(), images); err != nil {
		t.Fatal(err)
	}
	c.armed.Store(true)
	if err := w.closeWindows(context.Background()); err != nil {
		t.Fatal(err)
	}
	if c.cuts.Load() != 1 {
		t.Errorf("cut %d times", c.cuts.Load())
	}
	if len(told) != 3 || told[0] != 1 || told[1] != 2 || told[2] != 3 {
		t.Errorf("windows %v were told, expected 1 to 3", told)
	}
	if got := totals(t, s); got.Windows != 3 {
		t.Errorf("%+v", got)
	}
}
