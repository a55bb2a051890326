package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// refusedPause is how long who is told to come again waits.
const refusedPause = 500 * time.Millisecond

// timed asks n questions, 50 at once, and gives the times in order.
func (s *served) timed(ctx context.Context, n int, at func(int) string) ([]time.Duration, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	took := make([]time.Duration, n)
	var next atomic.Int64
	var group sync.WaitGroup
	for range atOnce {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				began := time.Now()
				_, err := s.get(ctx, at(i))
				for errors.Is(err, errRefused) { // its time counts on
					s.refused.Add(1)
					time.Sleep(refusedPause)
					_, err = s.get(ctx, at(i))
				}
				if err != nil {
					cancel(err)
					return
				}
				took[i] = time.Since(began)
			}
		})
	}
	group.Wait()
	slices.Sort(took)
	return took, context.Cause(ctx)
}

func median(took []time.Duration) time.Duration {
	slices.Sort(took)
	return took[len(took)/2]
}

// uploads times questions about a picture that is sent, one by one, beside its plain encoding.
func (s *served) uploads(ctx context.Context, picture string) error {
	data, err := os.ReadFile(picture)
	if err != nil {
		return err
	}
	fmt.Printf("\nuploads of %s, one by one (median of 9)\n", baseName(picture))
	var plain time.Duration
	for _, q := range []string{"embed", "explain", "explain?text=" + url.QueryEscape("a castle"), "classify?labels=cat&labels=dog&labels=car", "segment?classes=cat&classes=grass"} {
		var took []time.Duration
		for range 10 {
			in, err := http.NewRequestWithContext(ctx, http.MethodPost, s.address+"/api/v1/"+q, bytes.NewReader(data))
			if err != nil {
				return err
			}
			in.Header.Set("Content-Type", "application/octet-stream")
			began := time.Now()
			if _, err := s.send(in); err != nil {
				return err
			}
			took = append(took, time.Since(began))
		}
		m := median(took[1:])
		if q == "embed" {
			plain = m
		}
		fmt.Printf("%-40s %9s ms, %s ms more than embed\n", q, ms(m), ms(m-plain))
	}
	return nil
}

// watchMemory asks many questions and prints what the process takes on the way.
func (s *served) watchMemory(ctx context.Context, o options) error {
	if o.memory == 0 {
		return nil
	}
	sh, err := s.shapeOf(ctx)
	if err != nil {
		return err
	}
	routes := sh.routes()
	fmt.Printf("\n%12s %12s %12s\n", "requests", "heap MiB", "resident MiB")
	const steps = 10
	for step := range steps + 1 {
		if step > 0 {
			each := o.memory / steps
			_, err := s.timed(ctx, each, func(i int) string {
				i += step * each
				if i%200 < 190 { // most questions were asked before
					return routes[i%len(routes)].at(i % 7)
				}
				return routes[19+i%3].at(i) // others are new
			})
			if err != nil {
				return err
			}
		}
		body, err := s.get(ctx, "/metrics")
		if err != nil {
			return err
		}
		fmt.Printf("%12d %12.1f %12.1f\n", step*(o.memory/steps), gauge(string(body), "go_memstats_heap_inuse_bytes"), gauge(string(body), "process_resident_memory_bytes"))
	}
	return nil
}

// gauge is a number of /metrics in MiB.
func gauge(metrics, name string) float64 { return number(metrics, name) / (1 << 20) }

// number is one of /metrics; 0 where it is not there.
func number(metrics, name string) float64 {
	m := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindStringSubmatch(metrics)
	if m == nil {
		return 0
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(m[1]), 64)
	if err != nil {
		return 0
	}
	return v
}
