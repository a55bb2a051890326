package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/facet-clip/facet/lab"
)

// secret is in every path of the machine that the test server knows: no answer may hold it.
const secret = "zqsecretfolder"

var demoServed struct {
	sync.Once
	dir, atlas, bank string
	lab              *lab.Lab
	stream           watchedStream
	err              error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if demoServed.lab != nil {
		demoServed.lab.Close()
	}
	os.RemoveAll(demoServed.dir)
	os.Exit(code)
}

// newServer serves the demo with its atlas at an address that is only said to be where requests come from.
func newServer(t testing.TB, address string, change func(*Config)) *Server {
	t.Helper()
	d := &demoServed
	d.Do(func() {
		var parent string
		if parent, d.err = os.MkdirTemp("", secret); d.err != nil {
			return
		}
		d.dir, d.bank = parent, filepath.Join(parent, "words.txt")
		if d.err = os.WriteFile(d.bank, []byte("sedan\ncastle\nsnow\ncat\n"), 0o644); d.err != nil {
			return
		}
		if d.lab, d.err = lab.Open(context.Background(), lab.Config{Cache: parent}); d.err == nil {
			d.atlas, d.err = d.lab.DemoAtlas(context.Background())
		}
		if d.err == nil {
			d.stream, d.err = makeStream(d.lab, filepath.Join(parent, "streams"), false)
		}
	})
	if d.err != nil {
		t.Fatal(d.err)
	}
	at, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Lab: d.lab, Atlases: []string{d.atlas}, Banks: []string{d.bank}, Profiles: []string{d.stream.profile}, Stores: []string{d.stream.store}, Listener: said{at}, Log: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&c)
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.streams.close() })
	return s
}

// said is a listener that has nothing but an address.
type said struct{ at net.Addr }

func (said) Accept() (net.Conn, error) { return nil, net.ErrClosed }
func (said) Close() error              { return nil }
func (l said) Addr() net.Addr          { return l.at }

// send sends a request to a handler.
func send(h http.Handler, method, target string, body []byte, header map[string]string) *httptest.ResponseRecorder {
	in := httptest.NewRequest(method, "http://localhost:8080/", bytes.NewReader(body))
	if u, err := url.ParseRequestURI(target); err == nil {
		in.URL = u
	}
	in.RequestURI, in.Host = target, "localhost:8080"
	for name, value := range header {
		if in.Header.Set(name, value); name == "Host" {
			in.Host = value
		}
	}
	out := httptest.NewRecorder()
	h.ServeHTTP(out, in)
	return out
}

func pngBytes(t testing.TB, side int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewNRGBA(image.Rect(0, 0, side, side))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// checkProblem is a failure where an answer is an error of facet's own, or holds a path.
func checkProblem(t *testing.T, what string, out *httptest.ResponseRecorder) {
	t.Helper()
	if out.Code >= 500 && out.Code != http.StatusServiceUnavailable {
		t.Errorf("%s: %d: %s", what, out.Code, out.Body)
	}
	if strings.Contains(out.Body.String()+fmt.Sprint(out.Header()), secret) {
		t.Errorf("%s: a path of the machine: %s", what, out.Body)
	}
	if out.Code >= 400 && out.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("%s: %d is told as %s", what, out.Code, out.Header().Get("Content-Type"))
	}
}

var picturePNG = map[string]string{"Content-Type": "image/png"}

// TestGuards: who may ask, by name, origin and token.
func TestGuards(t *testing.T) {
	local, open := newServer(t, "127.0.0.1:8080", nil), newServer(t, "192.0.2.1:8080", nil)
	if local.token != "" || open.token == "" {
		t.Fatal("expected a token off the loopback and nowhere else")
	}
	bearer := "Bearer " + open.token
	for _, c := range []struct {
		server *Server
		method string
		target string
		header map[string]string
		want   int
	}{
		{local, "GET", "/api/v1/model", nil, 200},
		{local, "GET", "/api/v1/model", map[string]string{"Host": "evil.example"}, 421},
		{local, "GET", "/api/v1/model", map[string]string{"Host": "localhost.evil.example:8080"}, 421},
		{local, "GET", "/api/v1/model", map[string]string{"Host": "192.0.2.1:8080"}, 421},
		{local, "GET", "/api/v1/model", map[string]string{"Host": "[::1]:8080"}, 200},
		{local, "POST", "/api/v1/embed", map[string]string{"Content-Type": "image/png", "Sec-Fetch-Site": "cross-site"}, 403},
		{local, "POST", "/api/v1/embed", map[string]string{"Content-Type": "image/png", "Origin": "http://evil.example"}, 403},
		{local, "POST", "/api/v1/embed", map[string]string{"Content-Type": "image/png", "Sec-Fetch-Site": "same-origin"}, 200},
		{open, "GET", "/api/v1/model", map[string]string{"Host": "evil.example", "Authorization": bearer}, 421},
		{open, "GET", "/api/v1/model", nil, 401},
		{open, "GET", "/metrics", nil, 401},
		{open, "GET", "/static/facet.js", nil, 200},
		{open, "GET", "/static/../api/v1/model", nil, 401},
		{open, "GET", "/healthz", nil, 200},
		{open, "GET", "/api/v1/model", map[string]string{"Authorization": bearer + "x"}, 401},
		{open, "GET", "/api/v1/model", map[string]string{"Authorization": "Bearer "}, 401},
		{open, "GET", "/api/v1/model", map[string]string{"Authorization": bearer}, 200},
		{open, "GET", "/api/v1/model", map[string]string{"Cookie": tokenCookie + "=" + open.token}, 200},
		{open, "GET", "/?token=wrong", nil, 401},
	} {
		out := send(c.server.Handler(), c.method, c.target, pngBytes(t, 8), c.header)
		if out.Code != c.want {
			t.Errorf("%s %s %v: %d, expected %d: %s", c.method, c.target, c.header, out.Code, c.want, out.Body)
		}
		if strings.Contains(out.Body.String(), open.token) {
			t.Errorf("%s %s: the token is told", c.method, c.target)
		}
	}
	out := send(open.Handler(), "GET", "//evil.example/?token="+open.token+"&a=1", nil, nil)
	cookie := out.Header().Get("Set-Cookie")
	if at := out.Header().Get("Location"); out.Code != 303 || at != "/evil.example/?a=1" || !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Strict") {
		t.Errorf("%d to %s with %s", out.Code, at, cookie)
	}
}

// TestUploads: what is too large, cut off, no picture, a bomb or late is refused as what it is.
func TestUploads(t *testing.T) {
	s := newServer(t, "127.0.0.1:8080", nil)
	h := s.Handler()
	good := pngBytes(t, 64)
	bomb := bytes.Clone(good)
	copy(bomb[16:], []byte{0, 1, 0x86, 0xa0, 0, 1, 0x86, 0xa0}) // 100,000 × 100,000 pixels, whose checksum is wrong
	bmp := append([]byte("BM"), make([]byte, 60)...)
	copy(bmp[10:], []byte{54, 0, 0, 0, 40, 0, 0, 0, 0, 0, 1, 0, 0, 0x80, 0, 0, 1, 0, 24})
	for _, c := range []struct {
		name string
		data []byte
		kind string
		want []int
	}{
		{"good", good, "image/png", []int{200}},
		{"oversize", make([]byte, s.limits.body+1), "image/png", []int{413}},
		{"truncated", good[:len(good)/2], "image/png", []int{422}},
		{"empty", nil, "image/png", []int{415}},
		{"no picture", []byte("../../etc/passwd"), "image/png", []int{415}},
		{"bomb", bomb, "image/png", []int{413, 422}},
		{"bitmap bomb", bmp, "image/bmp", []int{413}},
		{"text", good, "text/plain", []int{415}},
		{"no kind", good, "", []int{415}},
		{"form without end", []byte("--x\r\nContent-Disposition: form-data; name=a; filename=../../b.png\r\n\r\nabc"), "multipart/form-data; boundary=x", []int{400}},
		{"form without file", []byte("--x--\r\n"), "multipart/form-data; boundary=x", []int{400}},
	} {
		for _, question := range []string{"explain?text=a+car", "classify?labels=a&labels=b", "embed", "segment?classes=a&classes=b", "segment/overlay?classes=a&classes=b"} {
			out := send(h, "POST", "/api/v1/"+question, c.data, map[string]string{"Content-Type": c.kind})
			checkProblem(t, c.name+" to "+question, out)
			if !slices.Contains(c.want, out.Code) {
				t.Errorf("%s to %s: %d, expected %v: %s", c.name, question, out.Code, c.want, out.Body)
			}
		}
	}
	for _, mistake := range []string{"segment?classes=a", "segment?classes=a&classes=a", "segment?threshold=0.5", "segment/overlay?threshold=0.9&name=shirt", "segment?classes=a&classes=b&why=900,900,901,901"} {
		if out := send(h, "POST", "/api/v1/"+mistake, good, picturePNG); out.Code != http.StatusBadRequest {
			t.Errorf("%s: %d: %s", mistake, out.Code, out.Body)
		}
	}
	reads := newServer(t, "127.0.0.1:8080", func(c *Config) { c.ReadOnly = true })
	if out := send(reads.Handler(), "POST", "/api/v1/embed", good, picturePNG); out.Code != http.StatusForbidden {
		t.Errorf("read-only: %d", out.Code)
	}
}

// TestSlowUploads: clients that send nothing lose their places, and who comes after them is served.
func TestSlowUploads(t *testing.T) {
	s := newServer(t, "127.0.0.1:8080", nil)
	s.limits.grace = 300 * time.Millisecond
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	for range 200 {
		c, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprintf(c, "POST /api/v1/embed HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: 1000\r\n\r\n")
	}
	if out, err := http.Get(server.URL + "/api/v1/model"); err != nil || out.StatusCode != http.StatusOK {
		t.Fatalf("beside slow clients: %v %v", out, err)
	}
	for until := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		out, err := http.Post(server.URL+"/api/v1/embed", "image/png", bytes.NewReader(pngBytes(t, 32)))
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, out.Body)
		out.Body.Close()
		if out.StatusCode == http.StatusOK {
			return
		}
		if out.StatusCode != http.StatusServiceUnavailable || out.Header.Get("Retry-After") == "" || time.Now().After(until) {
			t.Fatalf("after slow clients: %s", out.Status)
		}
	}
}

// addresses are all that is answered to GET.
var addresses = []string{
	"/", "/healthz", "/metrics", "/api/openapi.json", "/api/v1/model", "/api/v1/atlases", "/api/v1/search?text=a+castle&atlas=scenes", "/api/v1/search?text=a&bank=words.txt",
	"/api/v1/pairs/12,3/nearest", "/api/v1/atlases/scenes/pairs?top=5", "/api/v1/atlases/scenes/neurons/89", "/api/v1/atlases/scenes/images?from=290",
	"/api/v1/atlases/scenes/images/7", "/api/v1/atlases/scenes/images/7?whole=true", "/api/v1/atlases/scenes/images/7/maps?neuron=89&head=3",
	"/api/v1/atlases/scenes/images/7/maps?neuron=89", "/api/v1/atlases/scenes/images/7/maps?head=3", "/api/v1/atlases/scenes/images/7/maps?neuron=89&head=3&head=4", "/api/v1/atlases/scenes/neurons/64/tree", "/api/v1/atlases/scenes/pairs/89,3", "/api/v1/atlases/scenes/pairs/89,3/images?least=1&most=2",
	"/api/v1/atlases/scenes/pairs/89,3/with/64,3", "/api/v1/atlases/scenes/heads/3", "/api/v1/atlases/scenes/strengths",
	"/api/v1/atlases/scenes/images/7/places?text=a+castle", "/api/v1/atlases/scenes/edit?unit=pair:64,3&unit=head:2&text=a&image=7",
	"/api/v1/drift/streams", "/api/v1/drift/streams/gate/windows", "/api/v1/drift/streams/gate/windows/2", "/api/v1/drift/streams/gate/alerts", "/api/v1/drift/streams/gate/windows/2/picture?before=true",
	"/api/v1/jobs", "/api/v1/atlases/scenes/embeddings?top=2", "/api/v1/atlases/scenes/images/7/embedding", "/api/v1/atlases/scenes/images/7/scalars",
	"/api/v1/atlases/scenes/images/7/maps/values?neuron=89&head=3",
	"/api/v1/atlases/scenes/images/7/explanation?text=a+castle", "/api/v1/atlases/scenes/images/7/explanation?text=a+castle&baseline_image=8", "/api/v1/atlases/scenes/images/7/explanation?bank=words.txt&text=a&baseline=average+picture",
}

// TestNothingLeaks: every address answers without a path of the machine, and again when each of its parameters leads out of a folder.
func TestNothingLeaks(t *testing.T) {
	h := newServer(t, "127.0.0.1:8080", nil).Handler()
	for _, a := range addresses {
		out := send(h, "GET", a, nil, nil)
		if out.Code != http.StatusOK {
			t.Errorf("%s: %d: %s", a, out.Code, out.Body)
		}
		checkProblem(t, a, out)
	}
	for _, evil := range []string{"../../../../etc/passwd", demoServed.atlas, demoServed.bank, "..", "scenes/../scenes", "\x00", "%2e%2e%2f", strings.Repeat("a", 5000)} {
		evil := url.QueryEscape(evil)
		for _, a := range []string{
			"search?text=" + evil, "search?text=a&atlas=" + evil, "search?text=a&bank=" + evil, "search?text=a&unit=" + evil, "search?text=a&top=" + evil, "pairs/" + evil + "/nearest",
			"pairs/1,1/nearest?bank=" + evil, "atlases/" + evil + "/pairs", "atlases/scenes/pairs?sort=" + evil, "atlases/scenes/pairs?bank=" + evil, "atlases/scenes/neurons/" + evil, "atlases/scenes/pairs/" + evil, "atlases/scenes/pairs/1,1?bank=" + evil, "atlases/scenes/pairs/1,1/with/" + evil, "atlases/scenes/heads/" + evil, "atlases/scenes/edit?unit=" + evil, "atlases/scenes/images/1/places?bank=" + evil,
			"atlases/scenes/images/" + evil, "atlases/scenes/images/1/maps?neuron=" + evil, "atlases/scenes/images/1/explanation?against=" + evil,
			"atlases/scenes/images/1/explanation?text=a&baseline_image=" + evil, "atlases/scenes/images/1/explanation?baseline=" + evil, "atlases/scenes/images/1/explanation?by=" + evil, evil,
			"atlases/" + evil + "/embeddings", "atlases/scenes/images/" + evil + "/scalars", "atlases/scenes/images/1/maps/values?head=" + evil, "jobs/" + evil + "/answer",
			"drift/streams/" + evil + "/windows", "drift/streams/gate/windows/" + evil, "drift/streams/gate/windows/2/picture?picture=" + evil,
		} {
			out := send(h, "GET", "/api/v1/"+a, nil, nil)
			if out.Code == http.StatusOK && !strings.Contains(a, "text="+evil) {
				t.Errorf("%s: %d: %s", a, out.Code, out.Body)
			}
			if out.Code >= 500 {
				t.Errorf("%s: %d: %s", a, out.Code, out.Body)
			}
			if body := strings.ReplaceAll(out.Body.String(), demoServed.atlas, ""); strings.Contains(strings.ReplaceAll(body, demoServed.bank, ""), secret) {
				t.Errorf("%s tells more than it was told: %s", a, out.Body)
			}
		}
	}
}

// TestAgainstAnotherPicture: why this picture rather than that adds up to the difference of their logits, in either direction; what makes no sense is refused.
func TestAgainstAnotherPicture(t *testing.T) {
	h := newServer(t, "127.0.0.1:8080", nil).Handler()
	total := func(query string) (a struct {
		Total       float64
		GroupsTotal float64 `json:"groups_total"`
		Groups      []struct{ Amount float64 }
	}) {
		out := send(h, "GET", "/api/v1/atlases/scenes/images/"+query, nil, nil)
		if err := json.Unmarshal(out.Body.Bytes(), &a); err != nil || out.Code != http.StatusOK {
			t.Fatalf("%s: %d %v: %s", query, out.Code, err, out.Body)
		}
		return a
	}
	one, other := total("7/explanation?text=a+castle"), total("8/explanation?text=a+castle")
	forth, back := total("7/explanation?text=a+castle&baseline_image=8"), total("8/explanation?text=a+castle&baseline_image=7")
	sum := 0.0
	for _, g := range forth.Groups {
		sum += g.Amount
	}
	if want := one.Total - other.Total; want == 0 || math.Abs(forth.GroupsTotal-want) > 1e-4 || math.Abs(back.GroupsTotal+want) > 1e-4 || math.Abs(sum-want) > 1e-4 {
		t.Errorf("forth %v of groups %v, back %v: expected ±%v", forth.GroupsTotal, sum, back.GroupsTotal, want)
	}
	for query, want := range map[string]int{
		"7/explanation?baseline_image=8": 400, "7/explanation?text=a&baseline_image=300": 404, "7/explanation?text=a&baseline_image=-1": 422, "7/explanation?text=a&against=b&baseline_image=8": 400,
		"7/explanation?text=a&by=token&baseline_image=8": 400, "7/explanation?text=a&by=head&intervals=true": 400,
	} {
		if out := send(h, "GET", "/api/v1/atlases/scenes/images/"+query, nil, nil); out.Code != want {
			t.Errorf("%s: %d, expected %d: %s", query, out.Code, want, out.Body)
		}
	}
	if out := send(h, "POST", "/api/v1/explain?text=a&baseline_image=8", pngBytes(t, 64), picturePNG); out.Code != http.StatusBadRequest || !strings.Contains(out.Body.String(), "expected an atlas") {
		t.Errorf("an upload without an atlas: %d %s", out.Code, out.Body)
	}
}

// TestETag: an answer is asked for again only when something changed, and is remembered.
func TestETag(t *testing.T) {
	h := newServer(t, "127.0.0.1:8080", nil).Handler()
	const a = "/api/v1/atlases/scenes/pairs?top=2"
	first := send(h, "GET", a, nil, nil)
	tag := first.Header().Get("ETag")
	if again := send(h, "GET", a, nil, nil); again.Body.String() != first.Body.String() || again.Header().Get("ETag") != tag || tag == "" {
		t.Errorf("again: another answer, tag %q", again.Header().Get("ETag"))
	}
	if out := send(h, "GET", a, nil, map[string]string{"If-None-Match": tag}); out.Code != http.StatusNotModified || out.Body.Len() != 0 {
		t.Errorf("with its tag: %d", out.Code)
	}
	if out := send(h, "GET", "/api/v1/atlases/scenes/pairs?top=3", nil, map[string]string{"If-None-Match": tag}); out.Code != http.StatusOK {
		t.Errorf("another question with that tag: %d", out.Code)
	}
	if out := send(h, "GET", a+"&tops=3", nil, nil); out.Code != http.StatusUnprocessableEntity || out.Header().Get("ETag") != "" {
		t.Errorf("an unknown parameter: %d", out.Code)
	}
}

// TestPaging: pages follow each other without a gap.
func TestPaging(t *testing.T) {
	h := newServer(t, "127.0.0.1:8080", nil).Handler()
	pairs := func(query string) (list []json.RawMessage) {
		var a struct{ Pairs []json.RawMessage }
		if err := json.Unmarshal(send(h, "GET", "/api/v1/atlases/scenes/pairs?"+query, nil, nil).Body.Bytes(), &a); err != nil {
			t.Fatal(err)
		}
		return a.Pairs
	}
	all, first, second := pairs("top=10"), pairs("top=4"), pairs("top=6&from=4")
	if got := append(first, second...); fmt.Sprintf("%s", got) != fmt.Sprintf("%s", all) || len(all) != 10 {
		t.Errorf("pages of 4 and 6 are not the first %d", len(all))
	}
	if end := pairs("from=16777216"); len(end) != 0 {
		t.Errorf("after the end: %d", len(end))
	}
}

// TestAtOnce: answers that are asked for at once are those that are asked for one by one.
func TestAtOnce(t *testing.T) {
	h := newServer(t, "127.0.0.1:8080", nil).Handler()
	alone := newServer(t, "127.0.0.1:8080", nil).Handler()
	var group sync.WaitGroup
	for _, a := range addresses[4:] {
		want := send(alone, "GET", a, nil, nil).Body.String()
		for range 4 {
			group.Go(func() {
				if out := send(h, "GET", a, nil, nil); out.Code != http.StatusOK || out.Body.String() != want {
					t.Errorf("%s: %d, %d bytes, expected %d", a, out.Code, out.Body.Len(), len(want))
				}
			})
		}
	}
	group.Wait()
}

// TestServeEnds: the server ends with its context.
func TestServeEnds(t *testing.T) {
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, "127.0.0.1:1", func(c *Config) { c.Listener, c.BasePath = listener, "/facet" })
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx) }()
	out, err := http.Get(s.Address() + "api/v1/model")
	if err != nil || out.StatusCode != http.StatusOK {
		t.Errorf("%s: %v %v", s.Address(), out, err)
	}
	stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("it does not end")
	}
}

// TestMemory: what is remembered stays within its bound.
func TestMemory(t *testing.T) {
	m := newMemory(100 << 10)
	for i := range 1000 {
		key := fmt.Sprint(i)
		if _, _, mine := m.get(key); !mine {
			t.Fatalf("%s is there", key)
		}
		m.done(key, &remembered{key, nil, make([]byte, 9<<10)})
	}
	if m.bytes > 100<<10 || len(m.entries) != m.order.Len() || len(m.entries) != 9 || len(m.making) != 0 {
		t.Errorf("%d bytes in %d answers", m.bytes, len(m.entries))
	}
}

// TestRate: an address that asks too often is told when to come again.
func TestRate(t *testing.T) {
	c, now := newClients(limits{bucket: 2, refill: 1, addresses: 2}), time.Now()
	for i, want := range []bool{true, true, false} {
		if ok, _ := c.takes("a", now); ok != want {
			t.Errorf("request %d: %v", i, ok)
		}
	}
	if ok, _ := c.takes("a", now.Add(time.Second)); !ok {
		t.Error("a second later: no")
	}
	c.takes("b", now)
	if c.takes("c", now); len(c.buckets) > 2 {
		t.Errorf("%d addresses are remembered", len(c.buckets))
	}
}

// FuzzQuery: whatever an address holds, facet does not fail.
func FuzzQuery(f *testing.F) {
	h := newServer(f, "127.0.0.1:8080", nil).Handler()
	for _, a := range addresses {
		f.Add(strings.TrimPrefix(a, "/api/v1/"))
	}
	f.Add("search?text=%zz&top=-1")
	f.Add("atlases/scenes/pairs?neuron=99999999999999999999&top=")
	f.Fuzz(func(t *testing.T, a string) {
		if _, err := url.ParseRequestURI("/api/v1/" + a); err != nil {
			return
		}
		checkFuzzed(t, a, send(h, "GET", "/api/v1/"+a, nil, nil))
	})
}

func checkFuzzed(t *testing.T, a string, out *httptest.ResponseRecorder) {
	if out.Code >= 500 && out.Code != http.StatusServiceUnavailable || strings.Contains(out.Body.String(), secret) && !strings.Contains(a, secret) {
		t.Errorf("%q: %d: %s", a, out.Code, out.Body)
	}
}

// TestPages: every page comes with a policy that lets its own scripts run and no other, and each script that it names is served.
func TestPages(t *testing.T) {
	h := newServer(t, "127.0.0.1:8080", nil).Handler()
	script := regexp.MustCompile(`<script type="module" src="([^"]+)" nonce="([^"]+)"></script>`)
	for target, want := range map[string]int{"/": 2, "/search?text=a+castle": 2, "/neuron?neuron=89": 2, "/picture": 2, "/pair?pair=89,3": 2, "/head?head=3": 2, "/compare": 2, "/workbench": 2, "/drift": 2} {
		out := send(h, "GET", target, nil, nil)
		found := script.FindAllStringSubmatch(out.Body.String(), -1)
		if out.Code != 200 || len(found) != want || strings.Count(out.Body.String(), "<script") != want {
			t.Errorf("%s: %d, scripts %q", target, out.Code, found)
		}
		for _, s := range found {
			if !strings.Contains(out.Header().Get("Content-Security-Policy"), "'nonce-"+s[2]+"'") {
				t.Errorf("%s: %s is not in the policy", target, s[1])
			}
			if got := send(h, "GET", s[1], nil, nil); got.Code != 200 || !strings.HasPrefix(got.Header().Get("Content-Type"), "text/javascript") {
				t.Errorf("%s: %d, %s", s[1], got.Code, got.Header().Get("Content-Type"))
			}
		}
	}
}
