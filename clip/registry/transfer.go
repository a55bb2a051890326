package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	chunk      = 256 << 10        // bytes read at a time
	worthwhile = 1 << 20          // an attempt that brings so many new bytes does not count as failed
	maxBackoff = 30 * time.Second // longest pause between attempts

	// An attempt fails when a window of waiting for bytes brings fewer than leastBytes: 1 KiB a second, at which RN50 would take three days.
	slowWindow = time.Minute
	leastBytes = 60 << 10
)

// transfer fills a part from a server, with as many requests as it takes.
type transfer struct {
	file     file
	url      *url.URL
	log      *slog.Logger
	client   *http.Client
	token    string // of the hub; empty elsewhere
	part     *part
	stall    time.Duration
	attempts int
	backoff  time.Duration
	progress func(done, total int64)

	total     int64  // bytes of the whole file; -1 while unknown
	validator string // ETag or Last-Modified of the file the part's bytes belong to; "" while unknown
}

// run fills the part until its sum is right. A part that was put together from several answers and has the wrong sum is
// thrown away and fetched once more in one go, since it may mix two files.
func (t *transfer) run(ctx context.Context) error {
	wrong := t.part.check(t.file.sha256) // right when an earlier run ended just before the last step
	for last := false; wrong != nil; last = true {
		if err := t.fill(ctx); err != nil {
			return err
		}
		if wrong = t.part.check(t.file.sha256); wrong == nil {
			break
		}
		joined := t.part.joined
		if err := t.startOver(); err != nil {
			return err
		}
		if !joined || last {
			return wrong
		}
		t.log.Warn("the continued download has a wrong sum; starting over", "url", t.url.Redacted(), "error", wrong)
	}
	t.progress(t.part.size, t.part.size)
	return nil
}

// fill makes attempts until the file is whole. It gives up after t.attempts in a row that did not get further than ever before.
func (t *transfer) fill(ctx context.Context) error {
	furthest, failures := t.part.size, 0
	for {
		err := t.attempt(ctx)
		var again *temporaryError
		if !errors.As(err, &again) {
			return err
		}
		if t.part.size >= furthest+worthwhile {
			furthest, failures = t.part.size, 0
		}
		if failures++; failures >= t.attempts {
			return fmt.Errorf("gave up after %d attempts: %w", failures, again.err)
		}
		pause := min(t.backoff<<min(failures-1, 10), maxBackoff)
		t.log.Warn("download interrupted; trying again", "url", t.url.Redacted(), "bytes", t.part.size, "pause", pause, "error", again.err)
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// attempt makes one request for what is missing, and appends what arrives.
func (t *transfer) attempt(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watch := time.AfterFunc(t.stall, func() { cancel(fmt.Errorf("%s: %w for %s", t.url.Redacted(), ErrStalled, t.stall)) })
	defer watch.Stop()
	resp, err := t.request(ctx)
	if err != nil {
		return failure(ctx, err)
	}
	defer resp.Body.Close()
	if err := t.accept(resp); err != nil {
		return err
	}
	t.progress(t.part.size, t.total)
	return t.append(ctx, resp.Body, watch)
}

func (t *transfer) request(ctx context.Context) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.url.String(), nil)
	if err != nil {
		return nil, err
	}
	setHeaders(req, t.token)
	if t.part.size > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", t.part.size))
		if t.validator != "" {
			req.Header.Set("If-Range", t.validator)
		}
	}
	return t.client.Do(req)
}

// setHeaders says who asks, and by which right.
func setHeaders(req *http.Request, token string) {
	req.Header.Set("User-Agent", "facet")
	req.Header.Set("Accept-Encoding", "identity") // sums and ranges are of the bytes as published
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
}

// failure tells what ended an attempt: a stall, the caller, a final refusal, or something that may pass.
func failure(ctx context.Context, err error) error {
	if stalled := context.Cause(ctx); errors.Is(stalled, ErrStalled) {
		return &temporaryError{stalled}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var certificate *tls.CertificateVerificationError
	if errors.Is(err, ErrInsecure) || errors.Is(err, errRedirects) || errors.As(err, &certificate) {
		return err
	}
	return &temporaryError{err}
}

// accept brings part, total and validator in line with the head of an answer.
func (t *transfer) accept(resp *http.Response) error {
	status := &StatusError{URL: t.url.Redacted(), Code: resp.StatusCode}
	switch {
	case resp.StatusCode == http.StatusOK:
		return t.acceptWhole(resp)
	case resp.StatusCode == http.StatusPartialContent:
		return t.acceptRest(resp)
	case resp.StatusCode == http.StatusRequestedRangeNotSatisfiable && t.part.size > 0:
		// The sum of the part was wrong at the start, so it is not merely complete.
		return t.again("%s: the server has no bytes after the %d downloaded ones", t.url.Redacted(), t.part.size)
	case status.temporary():
		return &temporaryError{status}
	}
	return status
}

// acceptWhole is for an answer that begins at the first byte, asked for or not.
func (t *transfer) acceptWhole(resp *http.Response) error {
	if err := t.startOver(); err != nil {
		return err
	}
	t.total, t.validator = resp.ContentLength, validator(resp)
	return t.checkTotal()
}

// acceptRest is for an answer that continues the part, if it does.
func (t *transfer) acceptRest(resp *http.Response) error {
	header := resp.Header.Get("Content-Range")
	start, total, err := parseContentRange(header)
	if err != nil || start != t.part.size {
		return t.again("%s: asked for the bytes from %d on, the server sends the range %q", t.url.Redacted(), t.part.size, header)
	}
	v := validator(resp)
	if (t.validator != "" && v != "" && v != t.validator) || (t.total >= 0 && total >= 0 && total != t.total) {
		return t.again("%s: the file changed on the server", t.url.Redacted())
	}
	if total >= 0 {
		t.total = total
	}
	if v != "" {
		t.validator = v
	}
	t.part.joined = t.part.joined || t.part.size > 0
	return t.checkTotal()
}

// again empties the part and reports a failure after which the next attempt begins at the first byte.
func (t *transfer) again(format string, args ...any) error {
	failed := fmt.Errorf(format, args...)
	if err := t.startOver(); err != nil {
		return err
	}
	return &temporaryError{failed}
}

func (t *transfer) startOver() error {
	t.total, t.validator = -1, ""
	return t.part.discard()
}

// checkTotal refuses what the server announces when it cannot be the file.
func (t *transfer) checkTotal() error {
	switch {
	case t.total < 0:
		return nil
	case t.file.size > 0 && t.total != t.file.size:
		return t.wrongSize(fmt.Sprintf("expected %d bytes, the server offers %d", t.file.size, t.total))
	case t.total > t.file.limit:
		return t.wrongSize(fmt.Sprintf("expected at most %d bytes, the server offers %d", t.file.limit, t.total))
	}
	return nil
}

// wrongSize is final. The part is emptied: whatever it continues, it is not the file.
func (t *transfer) wrongSize(what string) error {
	err := fmt.Errorf("%s: %w: %s", t.url.Redacted(), ErrSize, what)
	return errors.Join(err, t.startOver())
}

// append reads the body into the part, and never more than the file can have.
func (t *transfer) append(ctx context.Context, body io.Reader, watch *time.Timer) error {
	most := t.file.limit
	if t.total >= 0 {
		most = t.total
	}
	buf := make([]byte, chunk)
	var pace pace
	for {
		watch.Reset(t.stall)
		began := time.Now()
		n, err := body.Read(buf)
		watch.Stop() // writing may take its time
		slow := pace.tooSlow(n, time.Since(began))
		if t.part.size+int64(n) > most {
			return t.wrongSize(fmt.Sprintf("expected at most %d bytes, the server sends more", most))
		}
		if n > 0 {
			if err := t.part.write(buf[:n]); err != nil {
				return err
			}
			t.progress(t.part.size, t.total)
		}
		switch {
		case err == io.EOF && t.part.size < t.total:
			return &temporaryError{fmt.Errorf("%s: %w: the server sent %d of %d bytes", t.url.Redacted(), io.ErrUnexpectedEOF, t.part.size, t.total)}
		case err == io.EOF:
			return nil
		case err != nil:
			return failure(ctx, fmt.Errorf("%s: %w", t.url.Redacted(), err))
		case slow:
			return &temporaryError{fmt.Errorf("%s: %w: fewer than %d bytes in %s; another host may be faster",
				t.url.Redacted(), ErrSlow, leastBytes, slowWindow)}
		}
	}
}

// pace is what came in a window of waiting.
type pace struct {
	bytes  int
	waited time.Duration
}

// tooSlow takes up bytes and how long they were waited for, and tells at the end of a window whether they are too few.
func (p *pace) tooSlow(n int, waited time.Duration) bool {
	p.bytes += n
	if p.waited += waited; p.waited < slowWindow {
		return false
	}
	slow := p.bytes < leastBytes
	*p = pace{}
	return slow
}

// validator is what tells one state of a file from another: the ETag, unless it is a weak one, else the date.
func validator(resp *http.Response) string {
	if tag := resp.Header.Get("ETag"); strings.HasPrefix(tag, `"`) {
		return tag
	}
	return resp.Header.Get("Last-Modified")
}

// parseContentRange reads "bytes FIRST-LAST/TOTAL" or "bytes FIRST-LAST/*" (total -1) of an answer with status 206.
func parseContentRange(header string) (start, total int64, err error) {
	bad := fmt.Errorf("Content-Range %q: expected bytes FIRST-LAST/TOTAL", header) //nolint:staticcheck // the header's name
	span, size, ok := strings.Cut(strings.TrimPrefix(header, "bytes "), "/")
	first, last, ok2 := strings.Cut(span, "-")
	if !ok || !ok2 || !strings.HasPrefix(header, "bytes ") {
		return 0, 0, bad
	}
	from, err1 := strconv.ParseUint(first, 10, 63)
	to, err2 := strconv.ParseUint(last, 10, 63)
	if err1 != nil || err2 != nil || to < from {
		return 0, 0, bad
	}
	if size == "*" {
		return int64(from), -1, nil
	}
	all, err := strconv.ParseUint(size, 10, 63)
	if err != nil || to >= all {
		return 0, 0, bad
	}
	return int64(from), int64(all), nil
}

// sleep waits, or returns why the context ended.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
