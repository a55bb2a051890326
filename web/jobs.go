package web

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/sse"

	"github.com/facet-clip/facet/internal/foreign"
	"github.com/facet-clip/facet/lab"
)

// The states of a job.
const (
	jobWaiting   = "waiting"
	jobRunning   = "running"
	jobDone      = "done"
	jobFailed    = "failed"
	jobCancelled = "cancelled"
)

const (
	jobsWaiting = 16  // at most, with the one that runs
	jobsKept    = 32  // that have ended
	jobTell     = 250 // milliseconds between two events of progress
)

// Job is a question that takes long. Its answer is kept until many others have ended.
type Job struct {
	// ID names the job in addresses.
	ID string `json:"id"`
	// Kind is the question: label, reconstruct, ablate, polysemanticity, sink or segment; or atlas, which the explorer asks itself: the demo's whole atlas
	// is made while its beginning is served.
	Kind string `json:"kind"`
	// State is waiting, running, done, failed or cancelled.
	State string `json:"state" enum:"waiting,running,done,failed,cancelled"`
	// Step is what is being done; empty where nothing is.
	Step string `json:"step"`
	// Done is how much of the step is done.
	Done int `json:"done"`
	// Total is how much there is to do; negative where nobody knows.
	Total int `json:"total"`
	// Problem is why the job failed; absent where it did not.
	Problem string `json:"problem,omitempty"`
	// Status is the HTTP status of that reason; absent where the job did not fail.
	Status int `json:"status,omitempty"`
	// Asked is when the job was asked for.
	Asked time.Time `json:"asked"`
}

// Jobs are those that are waiting, running or kept.
type Jobs struct {
	// Jobs are they, the latest first.
	Jobs []Job `json:"jobs"`
}

// job is a Job with what only the server knows.
type job struct {
	Job
	answer any
	cancel context.CancelFunc
	news   chan struct{} // closed when something has changed
}

// jobs runs questions one after the other.
type jobs struct {
	mu    sync.Mutex
	all   []*job // the latest last
	turn  chan struct{}
	ctx   context.Context
	stop  context.CancelFunc
	group sync.WaitGroup
}

func newJobs() *jobs {
	ctx, stop := context.WithCancel(context.Background())
	return &jobs{turn: make(chan struct{}, 1), ctx: ctx, stop: stop}
}

// close cancels all jobs and waits for them.
func (j *jobs) close() {
	j.stop()
	j.group.Wait()
}

// start begins a job, or says that there are too many.
func (j *jobs) start(s *Server, kind string, ask func(context.Context) (any, error)) (Job, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	under := 0
	for _, one := range j.all {
		if one.State == jobWaiting || one.State == jobRunning {
			under++
		}
	}
	if under >= jobsWaiting || j.ctx.Err() != nil {
		return Job{}, errBusy
	}
	ctx, cancel := context.WithCancel(j.ctx)
	one := &job{Job: Job{ID: strings.ToLower(rand.Text()), Kind: kind, State: jobWaiting, Asked: time.Now().UTC().Truncate(time.Millisecond)}, cancel: cancel, news: make(chan struct{})}
	j.all = append(j.all, one)
	j.forget()
	j.group.Go(func() {
		defer cancel()
		j.run(ctx, s, one, ask)
	})
	return one.Job, nil
}

// underWay is the id of a job of a kind that has not ended; empty where there is none.
func (j *jobs) underWay(kind string) string {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, one := range j.all {
		if one.Kind == kind && (one.State == jobWaiting || one.State == jobRunning) {
			return one.ID
		}
	}
	return ""
}

// forget drops the jobs that ended first where there are many. The caller holds the lock.
func (j *jobs) forget() {
	for len(j.all) > jobsKept {
		at := slices.IndexFunc(j.all, func(one *job) bool { return one.State != jobWaiting && one.State != jobRunning })
		if at < 0 {
			return
		}
		j.all = slices.Delete(j.all, at, at+1)
	}
}

// change changes a job and tells who watches it.
func (j *jobs) change(one *job, how func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	how()
	close(one.news)
	one.news = make(chan struct{})
}

// run waits for its turn and answers.
func (j *jobs) run(ctx context.Context, s *Server, one *job, ask func(context.Context) (any, error)) {
	var a any
	var err error
	select {
	case j.turn <- struct{}{}:
		defer func() { <-j.turn }()
		j.change(one, func() { one.State = jobRunning })
		a, err = j.guarded(lab.WithProgress(ctx, func(step string, done, total int) {
			j.change(one, func() { one.Step, one.Done, one.Total = step, max(done, 0), total })
		}), ask)
	case <-ctx.Done():
		err = ctx.Err()
	}
	j.change(one, func() {
		one.Step, one.Done, one.Total = "", 0, 0
		switch {
		case ctx.Err() != nil:
			one.State = jobCancelled
		case err != nil:
			status, told := problem(err)
			s.tellLog(ctx, status, err)
			one.State, one.Status, one.Problem = jobFailed, status, foreign.Message(told)
		default:
			one.State, one.answer = jobDone, a
		}
	})
}

// guarded makes an error of a panic: nobody else would catch that of a job.
func (j *jobs) guarded(ctx context.Context, ask func(context.Context) (any, error)) (a any, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("a job panicked: %v\n%s", cause, debug.Stack())
		}
	}()
	return ask(ctx)
}

// find is a job as it is now, with its answer where it has one and a channel that is closed when it changes.
func (j *jobs) find(id string) (found Job, answer any, news <-chan struct{}, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, one := range j.all {
		if one.ID == id {
			return one.Job, one.answer, one.news, nil
		}
	}
	return Job{}, nil, nil, errNoJob
}

var errNoJob = fmt.Errorf("job: %w, or it was forgotten", errUnknown)

// wait is a job when it has ended.
func (j *jobs) wait(ctx context.Context, id string) (Job, error) {
	for {
		one, _, news, err := j.find(id)
		if err != nil || one.State != jobWaiting && one.State != jobRunning {
			return one, err
		}
		select {
		case <-news:
		case <-ctx.Done():
			return one, ctx.Err()
		}
	}
}

// cancelJob ends a job that has not ended.
func (j *jobs) cancelJob(id string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, one := range j.all {
		if one.ID == id {
			one.cancel()
			return nil
		}
	}
	return errNoJob
}

func (j *jobs) list() *Jobs {
	j.mu.Lock()
	defer j.mu.Unlock()
	all := &Jobs{Jobs: []Job{}}
	for _, one := range slices.Backward(j.all) {
		all.Jobs = append(all.Jobs, one.Job)
	}
	return all
}

// JobInput names a job.
type JobInput struct {
	ID string `path:"id" maxLength:"40" doc:"the job's id"`
}

// registerJobs registers what is asked of jobs.
func (s *Server) registerJobs(api huma.API) {
	ask(s, api, question{"jobs", "/jobs", "The jobs that are waiting, running or kept", ""}, func(context.Context, *nothing) (*Jobs, error) { return s.jobs.list(), nil })
	ask(s, api, question{"job", "/jobs/{id}", "How far a job is", ""}, func(_ context.Context, in *JobInput) (*Job, error) {
		one, _, _, err := s.jobs.find(in.ID)
		return &one, err
	})
	op := question{"job-answer", "/jobs/{id}/answer", "The answer of a job", "The bytes that the verb prints with --json. 409 while there is none."}.operation(http.MethodGet)
	huma.Register(api, op, func(ctx context.Context, in *JobInput) (*result[any], error) {
		a, err := s.jobAnswer(in.ID)
		if err != nil {
			return nil, s.failed(ctx, err)
		}
		return &result[any]{formJSON, a}, nil
	})
	op = question{"cancel-job", "/jobs/{id}", "Cancel a job", ""}.operation(http.MethodDelete)
	op.Errors = append(op.Errors, http.StatusForbidden)
	huma.Register(api, op, func(ctx context.Context, in *JobInput) (*struct{}, error) {
		if err := s.jobs.cancelJob(in.ID); err != nil {
			return nil, s.failed(ctx, err)
		}
		return nil, nil
	})
	op = question{"job-events", "/jobs/{id}/events", "The progress of a job, as server-sent events", "An event progress each time something has changed, and an event end with the job as it ended."}.operation(http.MethodGet)
	sse.Register(api, op, map[string]any{"progress": jobProgress{}, "end": jobEnd{}}, s.jobEvents)
	s.registerJobKinds(api)
}

type (
	jobProgress struct{ Job }
	jobEnd      struct{ Job }
)

// jobEvents tells how far a job is until it ends or nobody listens.
func (s *Server) jobEvents(ctx context.Context, in *JobInput, send sse.Sender) {
	for {
		one, _, news, err := s.jobs.find(in.ID)
		if err != nil {
			send.Data(jobEnd{Job{ID: in.ID, State: jobFailed, Problem: errNoJob.Error(), Status: http.StatusNotFound}})
			return
		}
		if one.State != jobWaiting && one.State != jobRunning {
			send.Data(jobEnd{one})
			return
		}
		if send.Data(jobProgress{one}) != nil {
			return
		}
		select {
		case <-news:
		case <-ctx.Done():
			return
		}
		select { // not each of many steps is told
		case <-time.After(jobTell * time.Millisecond):
		case <-ctx.Done():
			return
		}
	}
}

// errNoAnswer is returned for the answer of a job that has none.
var errNoAnswer = errors.New("the job has no answer: its state says why")

func (s *Server) jobAnswer(id string) (any, error) {
	one, a, _, err := s.jobs.find(id)
	if err == nil && one.State != jobDone {
		err = errNoAnswer
	}
	return a, err
}
