package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"
)

// options of ask.
type options struct {
	facet, model, atlas, banks string
	picture                    string // that is uploaded
	requests                   int    // of each route
	memory                     int    // requests over which the memory is watched
	only                       string // routes that hold this
	warm                       time.Duration
}

const (
	atOnce     = 50
	startLimit = 10 * time.Minute
)

// ask starts facet serve, and prints a table.
func ask(ctx context.Context, args []string) error {
	var o options
	f := flag.NewFlagSet("ask", flag.ExitOnError)
	f.StringVar(&o.facet, "facet", "facet", "the program")
	f.StringVar(&o.model, "model", "", "the model that made the atlas; empty: the demo model with an atlas of its own")
	f.StringVar(&o.atlas, "atlas", "", "the atlas")
	f.StringVar(&o.banks, "banks", "", "a bank")
	f.StringVar(&o.picture, "picture", "", "a picture to upload; empty: none is")
	f.IntVar(&o.requests, "requests", 1000, "requests of each route")
	f.IntVar(&o.memory, "memory", 0, "requests over which the memory is watched")
	f.DurationVar(&o.warm, "warm", 0, "how long to wait for what is computed ahead")
	f.StringVar(&o.only, "only", "", "routes that hold this")
	f.Parse(args)
	s, err := start(ctx, o)
	if err != nil {
		return err
	}
	defer s.stop()
	fmt.Printf("from the start of the process to the first page: %.2f s; until all was open: %.2f s\n", s.ready.Seconds(), s.open.Seconds())
	if o.warm > 0 {
		fmt.Printf("then it was left alone for %s\n", o.warm)
		time.Sleep(o.warm)
	}
	if err := s.table(ctx, o); err != nil {
		return err
	}
	if o.picture != "" {
		if err := s.uploads(ctx, o.picture); err != nil {
			return err
		}
	}
	return s.watchMemory(ctx, o)
}

// served is a facet serve that runs.
type served struct {
	process *exec.Cmd
	cancel  context.CancelFunc
	address string        // without a slash at the end
	ready   time.Duration // from the start of the process to its first page
	open    time.Duration // and until all was open
	client  *http.Client
	refused atomic.Int64 // requests that were told to come again
}

// start starts facet serve and waits for its first page.
func start(ctx context.Context, o options) (*served, error) {
	ctx, cancel := context.WithCancel(ctx)
	args := []string{"serve", "--listen", "localhost:0", "--no-open"}
	for _, given := range [][]string{{o.atlas}, {"--model", o.model}, {"--banks", o.banks}} {
		if given[len(given)-1] != "" {
			args = append(args, given...)
		}
	}
	s := &served{process: exec.CommandContext(ctx, o.facet, args...), cancel: cancel}
	s.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: atOnce, MaxConnsPerHost: atOnce}}
	out, err := s.process.StderrPipe()
	if err != nil {
		cancel()
		return nil, err
	}
	began := time.Now()
	if err := s.process.Start(); err != nil {
		cancel()
		return nil, err
	}
	found := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if _, at, ok := strings.Cut(lines.Text(), "the explorer is at "); ok {
				found <- strings.TrimSuffix(at, "/")
			}
		}
		close(found)
	}()
	select {
	case s.address = <-found:
	case <-time.After(startLimit):
	}
	if s.address == "" {
		s.stop()
		return nil, fmt.Errorf("%s %s: it did not say where it listens", filepath.Base(o.facet), strings.Join(args, " "))
	}
	if err := s.opened(ctx, began); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// opened waits for the first page, which may say that the explorer is opening, and until it is open.
func (s *served) opened(ctx context.Context, began time.Time) error {
	for {
		in, err := http.NewRequestWithContext(ctx, http.MethodGet, s.address+"/", nil)
		if err != nil {
			return err
		}
		in.Header.Set("Accept", "text/html")
		_, err = s.send(in)
		if s.ready == 0 {
			s.ready = time.Since(began)
		}
		if s.open = time.Since(began); err == nil || s.open > startLimit {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (s *served) stop() {
	s.cancel()
	s.process.Wait() // killed: its status says nothing
}

// get asks for an address and gives the body of an answer that is right.
func (s *served) get(ctx context.Context, target string) ([]byte, error) {
	in, err := http.NewRequestWithContext(ctx, http.MethodGet, s.address+target, nil)
	if err != nil {
		return nil, err
	}
	return s.send(in)
}

// errRefused is returned where facet serve says that it has too many questions.
var errRefused = errors.New("told to come again")

func (s *served) send(in *http.Request) ([]byte, error) {
	out, err := s.client.Do(in)
	if err != nil {
		return nil, err
	}
	defer out.Body.Close()
	body, err := io.ReadAll(out.Body)
	if out.StatusCode == http.StatusServiceUnavailable {
		return nil, errRefused
	}
	if err == nil && out.StatusCode != http.StatusOK {
		err = errors.New(out.Status + ": " + string(body))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", in.URL.RequestURI(), err)
	}
	return body, nil
}
