// Package s3test gives tests an S3 server of their own, over HTTP, which fails as often as they ask it to. It stops and starts again.
package s3test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// Server is a server whose objects are in memory and outlive its stops.
type Server struct {
	t        testing.TB
	backend  *s3mem.Backend
	handler  http.Handler
	address  string
	running  *http.Server
	requests atomic.Int64
	every    atomic.Int64
	deny     atomic.Bool
}

// Start starts a server that ends with the test, and has s3:// mean it: the environment of the test says so.
func Start(t testing.TB, buckets ...string) *Server {
	t.Helper()
	s := &Server{t: t, backend: s3mem.New(), address: "127.0.0.1:0"}
	s.handler = gofakes3.New(s.backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server()
	for _, b := range buckets {
		if err := s.backend.CreateBucket(b); err != nil {
			t.Fatal(err)
		}
	}
	s.Restart()
	t.Cleanup(s.Stop)
	for _, e := range s.Environment() {
		name, value, _ := strings.Cut(e, "=")
		t.Setenv(name, value)
	}
	return s
}

// Environment is what has a program find the server.
func (s *Server) Environment() []string {
	return []string{"AWS_ENDPOINT_URL_S3=http://" + s.address, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true"}
}

// Stop cuts all connections; whoever asks then finds nobody.
func (s *Server) Stop() { s.running.Close() }

// Restart has the server answer again, at the address that it had.
func (s *Server) Restart() {
	s.t.Helper()
	l, err := net.Listen("tcp", s.address)
	if err != nil {
		s.t.Fatal(err)
	}
	s.address = l.Addr().String()
	s.running = &http.Server{Handler: s}
	go s.running.Serve(l)
}

// FailEvery has one in so many requests fail, by turns: the server is busy, it cuts the connection, or it cuts it in the middle of its answer. 0: none.
func (s *Server) FailEvery(n int) { s.every.Store(int64(n)) }

// Deny has every request refused.
func (s *Server) Deny(all bool) { s.deny.Store(all) }

// Requests is how many requests came so far, failed ones too.
func (s *Server) Requests() int { return int(s.requests.Load()) }

// ServeHTTP answers, or fails.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n, every := s.requests.Add(1), s.every.Load()
	switch {
	case s.deny.Load():
		fail(w, http.StatusForbidden, "AccessDenied")
	case every == 0 || n%every != 0:
		s.handler.ServeHTTP(w, r)
	case n/every%3 == 0:
		fail(w, http.StatusServiceUnavailable, "SlowDown")
	case n/every%3 == 1:
		panic(http.ErrAbortHandler)
	default:
		s.handler.ServeHTTP(&cut{ResponseWriter: w}, r)
		panic(http.ErrAbortHandler)
	}
}

func fail(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	io.WriteString(w, "<Error><Code>"+code+"</Code><Message>as the test asked</Message></Error>")
}

// cut passes half of an answer on whose length is announced.
type cut struct {
	http.ResponseWriter
	left int64
	sent bool
}

func (c *cut) WriteHeader(status int) {
	length, _ := strconv.ParseInt(c.Header().Get("Content-Length"), 10, 64)
	c.left, c.sent = length/2, true
	c.ResponseWriter.WriteHeader(status)
}

func (c *cut) Write(p []byte) (int, error) {
	if !c.sent {
		c.WriteHeader(http.StatusOK)
	}
	part := p[:min(int64(len(p)), c.left)]
	c.left -= int64(len(part))
	if _, err := c.ResponseWriter.Write(part); err != nil {
		return 0, err
	}
	if len(part) < len(p) {
		http.NewResponseController(c.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	return len(p), nil
}

// Put puts an object there.
func (s *Server) Put(bucket, key string, data []byte) {
	s.t.Helper()
	if _, err := s.backend.PutObject(bucket, key, map[string]string{"Last-Modified": time.Now().UTC().Format(http.TimeFormat)}, bytes.NewReader(data), int64(len(data)), nil); err != nil {
		s.t.Fatal(err)
	}
}

// Get is what lies there; nil: nothing.
func (s *Server) Get(bucket, key string) []byte {
	s.t.Helper()
	o, err := s.backend.GetObject(bucket, key, nil)
	if gofakes3.HasErrorCode(err, gofakes3.ErrNoSuchKey) {
		return nil
	}
	if err != nil {
		s.t.Fatal(err)
	}
	defer o.Contents.Close()
	data, err := io.ReadAll(o.Contents)
	if err != nil {
		s.t.Fatal(err)
	}
	return data
}

// Delete removes an object.
func (s *Server) Delete(bucket, key string) {
	s.t.Helper()
	if _, err := s.backend.DeleteObject(bucket, key); err != nil {
		s.t.Fatal(err)
	}
}

// Keys are all keys of a bucket, in order.
func (s *Server) Keys(bucket string) (keys []string) {
	s.t.Helper()
	l, err := s.backend.ListBucket(bucket, nil, gofakes3.ListBucketPage{})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, o := range l.Contents {
		keys = append(keys, o.Key)
	}
	return keys
}
