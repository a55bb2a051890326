package registry

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

var (
	// ErrUnknown is returned when no published model has the name.
	ErrUnknown = errors.New("unknown model")

	// ErrRepository is returned when a text cannot be the name of a repository on the hub.
	ErrRepository = errors.New("not a repository of the Hugging Face hub")

	// ErrCard is returned when an open_clip_config.json is none of a CLIP-ResNet that facet reads.
	ErrCard = errors.New("not a CLIP-ResNet that facet reads")

	// ErrNoSum is returned when nobody states the SHA-256 of a checkpoint, so that it cannot be checked.
	ErrNoSum = errors.New("no SHA-256 is known")

	// ErrOffline is returned when the hub may not be asked.
	ErrOffline = errors.New("HF_HUB_OFFLINE is set")

	// ErrUnreachable is returned when no connection to a host comes about.
	ErrUnreachable = errors.New("no connection")

	// ErrMirror is returned when the mirror is not a URL that files can be taken from.
	ErrMirror = errors.New("unusable mirror")

	// ErrInsecure is returned when an address or a redirect is not https and no http mirror was asked for.
	ErrInsecure = errors.New("refused: not https")

	// ErrStalled is returned when a server sent nothing for too long, at every attempt.
	ErrStalled = errors.New("the server sends nothing")

	// ErrSlow is returned when a server sent next to nothing for a minute, at every attempt.
	ErrSlow = errors.New("the server is too slow")

	// ErrSize is returned when a server offers or sends another number of bytes than can be right.
	ErrSize = errors.New("wrong size")
)

// ChecksumError tells that a file has another SHA-256 than published.
type ChecksumError struct {
	Path     string
	Expected string // the published digits, maybe only the first ones
	Found    string // 64 digits
}

// Error names file, expected and found, and says what to do.
func (e *ChecksumError) Error() string {
	expected := e.Expected
	if len(expected) < len(e.Found) {
		expected += "…"
	}
	return fmt.Sprintf("%s: expected SHA-256 %s, found %s: the server, or a proxy on the way, sent something else", e.Path, expected, e.Found)
}

// StatusError tells that a server answered with a status that brings no file.
type StatusError struct {
	URL    string
	Code   int    // the HTTP status
	Reason string // in the server's own words or ours; may be empty
}

// Error names address and status, and says what they mean.
func (e *StatusError) Error() string {
	text := fmt.Sprintf("%s: the server answers %d %s", e.URL, e.Code, http.StatusText(e.Code))
	switch {
	case e.Reason != "":
		return text + ": " + e.Reason
	case e.Code == http.StatusNotFound || e.Code == http.StatusGone:
		return text + ": the file is not there"
	case e.Code == http.StatusUnauthorized || e.Code == http.StatusForbidden || e.Code == http.StatusProxyAuthRequired:
		return text + ": access is refused; check the proxy"
	case e.temporary():
		return text + ": try again later"
	}
	return text
}

// temporary tells whether the same request may be answered differently soon.
func (e *StatusError) temporary() bool {
	return e.Code >= 500 || e.Code == http.StatusTooManyRequests || e.Code == http.StatusRequestTimeout
}

// temporaryError marks a failure after which another attempt makes sense.
type temporaryError struct{ err error }

func (e *temporaryError) Error() string { return e.err.Error() }
func (e *temporaryError) Unwrap() error { return e.err }

// SourcesError tells that a file came from none of its sources: what failed where, and what to do by hand.
type SourcesError struct {
	What   string // the checkpoint, the vocabulary, or a file's name
	Failed []SourceError
	ByHand []Download // any one of them serves, unless All are needed
	All    bool
}

// SourceError tells why one source did not bring a file.
type SourceError struct {
	Source string // as people know it: its host, and the repository on it
	Err    error
}

// String is for a log.
func (e SourceError) String() string { return fmt.Sprintf("%s: %v", e.Source, e.Err) }

// Download is a file that can be brought by hand.
type Download struct {
	URL   string
	Bytes int64  // 0 when not known beforehand
	Path  string // where facet looks for it
}

// Error has a line for each source, or one for all when none could be reached, and then a line for each way by hand.
func (e *SourcesError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: no source brought it", e.What)
	if names, reason := e.unreachable(); reason != nil {
		fmt.Fprintf(&b, ": %v (%s)", reason, strings.Join(names, ", "))
	} else {
		for _, f := range e.Failed {
			fmt.Fprintf(&b, "\n  %s: %v", f.Source, f.Err)
		}
	}
	switch {
	case len(e.ByHand) > 0 && e.All:
		b.WriteString("\nby hand, on a machine with network: get these files, put them there, and pull again")
	case len(e.ByHand) > 0:
		b.WriteString("\nby hand, on a machine with network: get one of these files, put it there, and pull again, which checks it")
	}
	for _, d := range e.ByHand {
		fmt.Fprintf(&b, "\n  %s%s\n    as %s", d.URL, d.size(), d.Path)
	}
	return b.String()
}

// unreachable gives all names and the first reason when no source could be reached; nil otherwise.
func (e *SourcesError) unreachable() (names []string, reason error) {
	for _, f := range e.Failed {
		if !errors.Is(f.Err, ErrUnreachable) {
			return nil, nil
		}
		names = append(names, f.Source)
	}
	if len(e.Failed) < 2 {
		return nil, nil
	}
	return names, e.Failed[0].Err
}

func (d Download) size() string {
	if d.Bytes == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d bytes)", d.Bytes)
}

// Unwrap gives what failed at each source.
func (e *SourcesError) Unwrap() []error {
	errs := make([]error, len(e.Failed))
	for i, f := range e.Failed {
		errs[i] = f.Err
	}
	return errs
}
