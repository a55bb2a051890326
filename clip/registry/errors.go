package registry

import (
	"errors"
	"fmt"
	"net/http"
)

var (
	// ErrUnknown is returned when no published model has the name.
	ErrUnknown = errors.New("unknown model")

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
	return fmt.Sprintf("%s: expected SHA-256 %s, found %s: the server, or a proxy on the way, sent something else; "+
		"try again, or take another host with --mirror URL", e.Path, expected, e.Found)
}

// StatusError tells that a server answered with a status that brings no file.
type StatusError struct {
	URL  string
	Code int // the HTTP status
}

// Error names address and status, and says what to do.
func (e *StatusError) Error() string {
	text := fmt.Sprintf("%s: the server answers %d %s", e.URL, e.Code, http.StatusText(e.Code))
	switch {
	case e.Code == http.StatusNotFound || e.Code == http.StatusGone:
		return text + ": the file is not there; take another host with --mirror URL"
	case e.Code == http.StatusUnauthorized || e.Code == http.StatusForbidden || e.Code == http.StatusProxyAuthRequired:
		return text + ": access is refused; check the proxy, or take another host with --mirror URL"
	case e.temporary():
		return text + ": try again later, or take another host with --mirror URL"
	}
	return text + ": take another host with --mirror URL"
}

// temporary tells whether the same request may be answered differently soon.
func (e *StatusError) temporary() bool {
	return e.Code >= 500 || e.Code == http.StatusTooManyRequests || e.Code == http.StatusRequestTimeout
}

// temporaryError marks a failure after which another attempt makes sense.
type temporaryError struct{ err error }

func (e *temporaryError) Error() string { return e.err.Error() }
func (e *temporaryError) Unwrap() error { return e.err }
