package registry

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

const maxRedirects = 10

var errRedirects = errors.New("too many redirects")

// mirror is a URL below which files lie: a mirror of the published hosts, or the hub's endpoint. nil is the published hosts.
type mirror url.URL

func parseMirror(text string) (*mirror, error) {
	if text == "" {
		return nil, nil
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMirror, err)
	}
	if (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%w %q; expected https://HOST or https://HOST/PATH", ErrMirror, u.Redacted())
	}
	return (*mirror)(u), nil
}

// address is where a published file is found: the rule in the package's documentation.
func (m *mirror) address(published string) (*url.URL, error) {
	u, err := url.Parse(published)
	if err != nil {
		return nil, err
	}
	if m != nil {
		at := url.URL(*m)
		u.Scheme, u.User, u.Host = at.Scheme, at.User, at.Host
		u.RawPath = strings.TrimRight(at.EscapedPath(), "/") + u.EscapedPath()
		u.Path = strings.TrimRight(at.Path, "/") + u.Path
	}
	return u, m.allow(u)
}

// host is the mirror without its path.
func (m *mirror) host() *mirror { return &mirror{Scheme: m.Scheme, User: m.User, Host: m.Host} }

// allow refuses plain http, unless the mirror itself is asked for with it.
func (m *mirror) allow(u *url.URL) error {
	if u.Scheme == "https" || u.Scheme == "http" && m != nil && m.Scheme == "http" {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrInsecure, u.Redacted())
}

// guard gives a copy of the client that refuses redirects the mirror does not allow, and takes a token along to no other host.
func (m *mirror) guard(c *http.Client) *http.Client {
	guarded := http.Client{}
	if c != nil {
		guarded = *c
	}
	before := guarded.CheckRedirect
	guarded.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if err := m.allow(req.URL); err != nil {
			return err
		}
		if len(via) > maxRedirects {
			return errRedirects
		}
		if req.URL.Host != via[0].URL.Host {
			req.Header.Del("Authorization") // which the standard library passes on to a host below the first one
		}
		if before != nil {
			return before(req, via)
		}
		return nil
	}
	return &guarded
}
