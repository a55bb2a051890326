package web

import (
	"net/http"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"
)

// BenchmarkGet asks every address 50 times at once, again and again, and tells the 95th percentile of each: bench/serve.sh.
func BenchmarkGet(b *testing.B) {
	h := newServer(b, "127.0.0.1:8080", nil).Handler()
	for _, a := range addresses {
		b.Run(a, func(b *testing.B) {
			if out := send(h, "GET", a, nil, nil); out.Code != http.StatusOK { // warm
				b.Fatalf("%d: %s", out.Code, out.Body)
			}
			const atOnce = 50
			var mu sync.Mutex
			var took []time.Duration
			var group sync.WaitGroup
			b.ResetTimer()
			for range atOnce {
				group.Go(func() {
					for range max(1, b.N/atOnce) {
						began := time.Now()
						send(h, "GET", a, nil, nil)
						mu.Lock()
						took = append(took, time.Since(began))
						mu.Unlock()
					}
				})
			}
			group.Wait()
			b.StopTimer()
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			b.ReportMetric(float64(m.HeapAlloc>>10)/1024, "heap-MiB")
		})
	}
}
