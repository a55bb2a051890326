package web

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
)

const (
	tokenParameter = "token"
	tokenCookie    = "facet_token"
	cookieSeconds  = 30 * 24 * 60 * 60
)

// newToken is one of 130 random bits.
func newToken() string { return rand.Text() }

// isLoopback tells whether only this machine reaches an address.
func isLoopback(a net.Addr) bool {
	host, _, err := net.SplitHostPort(a.String())
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback()
}

// hosted refuses requests to a name that is not this machine's: a page from elsewhere may have its own name lead here (DNS rebinding), and would
// then read all answers. An IP address cannot be had that way.
func (s *Server) hosted(next http.Handler) http.Handler {
	own, _ := os.Hostname() // without a name, the machine is called by its addresses
	return http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		if !s.isHost(in.Host, own) {
			s.refuse(out, in, http.StatusMisdirectedRequest, "this machine does not go by the Host of the request: expected localhost, or the address that the explorer listens at")
			return
		}
		next.ServeHTTP(out, in)
	})
}

func (s *Server) isHost(host, own string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(name, "["), "]"), ".")
	ip := net.ParseIP(name)
	switch {
	case strings.EqualFold(name, "localhost"), s.config.Host != "" && strings.EqualFold(name, s.config.Host):
		return true
	case s.loopback:
		return ip != nil && ip.IsLoopback()
	}
	return ip != nil || own != "" && strings.EqualFold(name, own)
}

// secured sets the headers that browsers go by. Pages set a policy of their own, which allows their scripts.
func (s *Server) secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		h := out.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(self), geolocation=(), microphone=()")
		next.ServeHTTP(out, in)
	})
}

// sameOrigin refuses what a browser sends for a page of another origin, but for GET, which changes nothing.
func sameOrigin(s *Server, next http.Handler) http.Handler {
	p := http.NewCrossOriginProtection()
	p.SetDenyHandler(http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		s.refuse(out, in, http.StatusForbidden, "the request comes from a page of another origin")
	}))
	return p.Handler(next)
}

// allowed lets in whoever has the token: as a bearer, in the cookie, or once in the address, which then sets the cookie.
func (s *Server) allowed(next http.Handler) http.Handler {
	if s.token == "" {
		return next
	}
	want := sha256.Sum256([]byte(s.token))
	right := func(token string) bool {
		got := sha256.Sum256([]byte(token))
		return subtle.ConstantTimeCompare(got[:], want[:]) == 1
	}
	return http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		bearer, isBearer := strings.CutPrefix(in.Header.Get("Authorization"), "Bearer ")
		cookie, err := in.Cookie(tokenCookie)
		switch {
		case in.URL.Path == s.base+"/healthz", s.isStatic(in.URL.Path), isBearer && right(bearer), err == nil && right(cookie.Value):
			next.ServeHTTP(out, in)
		case (in.Method == http.MethodGet || in.Method == http.MethodHead) && right(in.URL.Query().Get(tokenParameter)):
			s.welcome(out, in)
		default:
			out.Header().Set("WWW-Authenticate", `Bearer realm="facet"`)
			s.refuse(out, in, http.StatusUnauthorized, "a token is needed: facet serve wrote it when it started. Send it as Authorization: Bearer TOKEN, or open the address that facet serve wrote")
		}
	})
}

// isStatic tells the addresses of static files, which are the same everywhere: the page that asks for a token needs its style.
func (s *Server) isStatic(path string) bool {
	name, ok := strings.CutPrefix(path, s.base+"/static/")
	return ok && fs.ValidPath(name)
}

// welcome keeps the token in a cookie and takes it out of the address.
func (s *Server) welcome(out http.ResponseWriter, in *http.Request) {
	http.SetCookie(out, &http.Cookie{
		Name: tokenCookie, Value: s.token, Path: s.base + "/", MaxAge: cookieSeconds, HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: in.TLS != nil,
	})
	query := in.URL.Query()
	query.Del(tokenParameter)
	to := url.URL{Path: "/" + strings.TrimLeft(in.URL.Path, "/\\"), RawQuery: query.Encode()} // never another machine's
	out.Header().Set("Cache-Control", "no-store")
	http.Redirect(out, in, to.String(), http.StatusSeeOther)
}
