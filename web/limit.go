package web

import (
	"context"
	"errors"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"
)

// limits bound what requests may take.
type limits struct {
	questions int           // that are answered at a time
	waiting   int           // questions that wait for their turn; others are told to come again
	wait      time.Duration // for a turn, at most
	answer    time.Duration // to answer a question
	body      int64         // bytes of an upload
	uploads   int           // that are received or answered at a time: all are in memory
	rate      int64         // bytes a second that an upload must bring
	grace     time.Duration // added to what it may take at that rate
	bucket    float64       // requests that an address may make at once
	refill    float64       // requests a second that are added to them
	addresses int           // that are remembered
}

var defaultLimits = limits{
	questions: 2 * runtime.GOMAXPROCS(0), waiting: 512, wait: 15 * time.Second, answer: 2 * time.Minute, body: 20 << 20, uploads: 8, rate: 32 << 10,
	grace: 3 * time.Second, bucket: 400, refill: 100, addresses: 4096,
}

// room is what questions share.
type room struct {
	turns   chan struct{}
	queue   chan struct{} // those that have a turn, or wait for one
	uploads chan struct{}
}

func newRoom(l limits) *room {
	return &room{make(chan struct{}, l.questions), make(chan struct{}, l.questions+l.waiting), make(chan struct{}, l.uploads)}
}

var errBusy = errors.New("too many questions at once: try again")

// enter waits for a turn. leave gives it back; it is nil when there is an error.
func (r *room) enter(ctx context.Context, l limits) (leave func(), err error) {
	select {
	case r.queue <- struct{}{}:
	default:
		return nil, errBusy
	}
	timeout := time.NewTimer(l.wait)
	defer timeout.Stop()
	select {
	case r.turns <- struct{}{}:
		return func() { <-r.turns; <-r.queue }, nil
	case <-timeout.C:
		err = errBusy
	case <-ctx.Done():
		err = ctx.Err()
	}
	<-r.queue
	return nil, err
}

// limited answers so many questions at a time, each within some time.
func (s *Server) limited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		if in.Method == http.MethodPost { // has its turn when the upload is there
			next.ServeHTTP(out, in)
			return
		}
		s.inTurn(next, out, in)
	})
}

// writing passes what is asked of jobs: it is never remembered, and takes no turn, as it is answered at once or listens. A server that only reads
// takes none of it but GET.
func (s *Server) writing(next http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		if s.config.ReadOnly && in.Method != http.MethodGet && in.Method != http.MethodHead {
			s.refuse(out, in, http.StatusForbidden, errReadOnly.Error())
			return
		}
		out.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(out, in)
	})
}

// inTurn answers a question when it has its turn, within some time.
func (s *Server) inTurn(next http.Handler, out http.ResponseWriter, in *http.Request) {
	leave, err := s.room.enter(in.Context(), s.limits)
	if err != nil {
		s.fail(out, in, err)
		return
	}
	defer leave()
	ctx, cancel := context.WithTimeout(in.Context(), s.limits.answer)
	defer cancel()
	next.ServeHTTP(out, in.WithContext(ctx))
}

// clients counts requests by address, as buckets that fill again with time. Requests from this machine are not counted.
type clients struct {
	mu      sync.Mutex
	buckets map[string]*bucket
	limits  limits
}

type bucket struct {
	left float64
	at   time.Time
}

func newClients(l limits) *clients { return &clients{buckets: map[string]*bucket{}, limits: l} }

// takes tells whether an address may make a request, and if not, when.
func (c *clients) takes(address string, now time.Time) (bool, time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.buckets[address]
	if b == nil {
		c.forget(now)
		b = &bucket{c.limits.bucket, now}
		c.buckets[address] = b
	}
	b.left, b.at = min(c.limits.bucket, b.left+c.limits.refill*now.Sub(b.at).Seconds()), now
	if b.left < 1 {
		return false, time.Duration((1 - b.left) / c.limits.refill * float64(time.Second))
	}
	b.left--
	return true, 0
}

// forget drops full buckets where there are many, and then any.
func (c *clients) forget(now time.Time) {
	if len(c.buckets) < c.limits.addresses {
		return
	}
	for a, b := range c.buckets {
		if b.left+c.limits.refill*now.Sub(b.at).Seconds() >= c.limits.bucket {
			delete(c.buckets, a)
		}
	}
	for a := range c.buckets {
		if len(c.buckets) < c.limits.addresses {
			return
		}
		delete(c.buckets, a)
	}
}

// addressOf is where a request comes from: of IPv6, the network of a household (/64).
func addressOf(in *http.Request) string {
	host, _, err := net.SplitHostPort(in.RemoteAddr)
	if err != nil {
		return in.RemoteAddr
	}
	ip := net.ParseIP(host)
	if ip == nil || ip.To4() != nil {
		return host
	}
	return ip.Mask(net.CIDRMask(64, 128)).String()
}

// paced refuses an address that asks too often.
func (s *Server) paced(next http.Handler) http.Handler {
	if s.loopback {
		return next
	}
	return http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		if ok, after := s.clients.takes(addressOf(in), time.Now()); !ok {
			out.Header().Set("Retry-After", strconv.Itoa(1+int(after.Seconds())))
			s.refuse(out, in, http.StatusTooManyRequests, "too many requests from this address: try again later")
			return
		}
		next.ServeHTTP(out, in)
	})
}

// isAPI tells programs' addresses from people's.
func (s *Server) isAPI(in *http.Request) bool {
	return strings.HasPrefix(in.URL.Path, s.base+"/api/") || strings.HasPrefix(in.URL.Path, "/api/")
}
