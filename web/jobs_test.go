package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/facet-clip/facet/lab"
)

// ended waits for a job.
func ended(t *testing.T, h http.Handler, id string) Job {
	t.Helper()
	for until := time.Now().Add(2 * time.Minute); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		var one Job
		out := send(h, "GET", "/api/v1/jobs/"+id, nil, nil)
		if err := json.Unmarshal(out.Body.Bytes(), &one); err != nil || out.Code != http.StatusOK {
			t.Fatalf("%d %v: %s", out.Code, err, out.Body)
		}
		if one.State != jobWaiting && one.State != jobRunning {
			return one
		}
	}
	t.Fatalf("job %s does not end", id)
	return Job{}
}

// began is a job that a request begins.
func began(t *testing.T, out *httptest.ResponseRecorder) Job {
	t.Helper()
	var one Job
	if err := json.Unmarshal(out.Body.Bytes(), &one); err != nil || out.Code != http.StatusAccepted {
		t.Fatalf("%d %v: %s", out.Code, err, out.Body)
	}
	return one
}

// TestJobs: a job's answer has the bytes of the lab's, its events end with it, and what fails says why.
func TestJobs(t *testing.T) {
	s := newServer(t, "127.0.0.1:8080", nil)
	h := s.Handler()
	one := began(t, send(h, "POST", "/api/v1/jobs/polysemanticity?atlas=scenes&top=3", nil, nil))
	if early := send(h, "GET", "/api/v1/jobs/"+one.ID+"/answer", nil, nil); early.Code != http.StatusConflict && early.Code != http.StatusOK {
		t.Errorf("its answer at once: %d %s", early.Code, early.Body)
	}
	events := send(h, "GET", "/api/v1/jobs/"+one.ID+"/events", nil, nil) // until it ends
	if kind := events.Header().Get("Content-Type"); kind != "text/event-stream" || !strings.Contains(events.Body.String(), "event: end\n") {
		t.Errorf("events: %s\n%s", kind, events.Body)
	}
	if got := ended(t, h, one.ID); got.State != jobDone {
		t.Fatalf("%+v", got)
	}
	a, err := s.lab.Polysemanticity(t.Context(), lab.Polysemanticity{Atlas: demoServed.atlas, Top: 3})
	if a, err = hidden(t.Context(), s, a, err); err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	if err := encode(&want, a); err != nil {
		t.Fatal(err)
	}
	if got := send(h, "GET", "/api/v1/jobs/"+one.ID+"/answer", nil, nil); got.Body.String() != want.String() {
		t.Errorf("%s\nexpected\n%s", got.Body, &want)
	}
	picture := began(t, send(h, "POST", "/api/v1/jobs/segment?classes=cat&classes=grass", pngBytes(t, 64), picturePNG))
	if got := ended(t, h, picture.ID); got.State != jobDone {
		t.Errorf("segment: %+v", got)
	}
	if got := ended(t, h, began(t, send(h, "POST", "/api/v1/jobs/ablate?atlas=none", nil, nil)).ID); got.State != jobFailed || got.Status != 404 {
		t.Errorf("of no atlas: %+v", got)
	}
	var all Jobs
	if err := json.Unmarshal(send(h, "GET", "/api/v1/jobs", nil, nil).Body.Bytes(), &all); err != nil || len(all.Jobs) != 3 || all.Jobs[2].ID != one.ID {
		t.Errorf("%v %+v", err, all)
	}
	reads := newServer(t, "127.0.0.1:8080", func(c *Config) { c.ReadOnly = true })
	for _, method := range []string{"POST", "DELETE"} {
		out := send(reads.Handler(), method, "/api/v1/jobs/label?atlas=scenes", nil, nil)
		if checkProblem(t, method, out); out.Code != http.StatusForbidden {
			t.Errorf("read-only, %s: %d", method, out.Code)
		}
	}
}

// TestJobsEnd: a job that is cancelled ends, those that wait too, there are not too many, and a server that closes waits for them.
func TestJobsEnd(t *testing.T) {
	s := newServer(t, "127.0.0.1:8080", nil)
	h := s.Handler()
	endless := func(ctx context.Context) (any, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	var ids []string
	for range jobsWaiting {
		one, err := s.jobs.start(s, "endless", endless)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, one.ID)
	}
	out := send(h, "POST", "/api/v1/jobs/sink?atlas=scenes", nil, nil)
	if checkProblem(t, "one too many", out); out.Code != http.StatusServiceUnavailable || out.Header().Get("Retry-After") == "" {
		t.Errorf("one too many: %d", out.Code)
	}
	for _, id := range ids[:2] {
		if out := send(h, "DELETE", "/api/v1/jobs/"+id, nil, nil); out.Code != http.StatusNoContent {
			t.Errorf("%d %s", out.Code, out.Body)
		}
		if got := ended(t, h, id); got.State != jobCancelled {
			t.Errorf("%+v", got)
		}
	}
	if out := send(h, "DELETE", "/api/v1/jobs/none", nil, nil); out.Code != http.StatusNotFound {
		t.Errorf("no such job: %d", out.Code)
	}
	s.jobs.close()
	for _, one := range s.jobs.list().Jobs {
		if one.State != jobCancelled {
			t.Errorf("after the end: %+v", one)
		}
	}
	for range jobsKept + 3 { // a closed server begins none, but forgets none either
		if _, err := s.jobs.start(s, "late", endless); err == nil {
			t.Error("a job begins after the end")
		}
	}
	more := newJobs()
	for range jobsKept + 5 {
		one, err := more.start(s, "short", func(context.Context) (any, error) { return 1, nil })
		if err != nil {
			t.Fatal(err)
		}
		for {
			if now, _, _, err := more.find(one.ID); err != nil || now.State == jobDone {
				break
			}
			time.Sleep(time.Millisecond)
		}
	}
	if n := len(more.list().Jobs); n > jobsKept {
		t.Errorf("%d jobs are kept", n)
	}
	panics, err := more.start(s, "panics", func(context.Context) (any, error) { panic("no") })
	if err != nil {
		t.Fatal(err)
	}
	more.group.Wait()
	if got, _, _, err := more.find(panics.ID); err != nil || got.State != jobFailed || got.Status != 500 || strings.Contains(got.Problem, "goroutine") {
		t.Errorf("%v %+v", err, got)
	}
}
