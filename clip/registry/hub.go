package registry

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	hubPrefix   = "hf:"
	mainBranch  = "main"
	hubEndpoint = "https://huggingface.co"
	maxRevision = 255
)

// Hub is the Hugging Face hub, as its own client is told of it by the environment. The zero value is the public hub, without a token.
type Hub struct {
	Endpoint string // HF_ENDPOINT; empty: the public hub
	Token    string // HF_TOKEN: sent to the endpoint's host and to no other
	Offline  bool   // HF_HUB_OFFLINE: the hub is not asked
}

// HubFromEnv reads HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE.
func HubFromEnv() Hub {
	offline := false
	switch strings.ToUpper(os.Getenv("HF_HUB_OFFLINE")) {
	case "1", "ON", "YES", "TRUE":
		offline = true
	}
	return Hub{Endpoint: os.Getenv("HF_ENDPOINT"), Token: strings.TrimSpace(os.Getenv("HF_TOKEN")), Offline: offline}
}

var (
	namePart   = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?$`)
	commitName = regexp.MustCompile(`^[0-9a-f]{40}$`)
)

// hubModel reads owner/name or owner/name@revision.
func hubModel(text string) (Model, error) {
	repository, revision, given := strings.Cut(text, "@")
	owner, name, ok := strings.Cut(repository, "/")
	bad := func(part string) bool {
		return !namePart.MatchString(part) || strings.Contains(part, "--") || strings.Contains(part, "..")
	}
	if !ok || bad(owner) || bad(name) || given && !isRevision(revision) {
		return Model{}, fmt.Errorf("%w: %q; expected %sOWNER/NAME or %sOWNER/NAME@REVISION", ErrRepository, text, hubPrefix, hubPrefix)
	}
	m := Model{Name: hubPrefix + text, Source: SourceHub, Hub: repository, Revision: revision}
	for _, known := range published {
		if revision == "" && strings.EqualFold(known.Hub, repository) {
			m.HubSHA256, m.HubBytes = known.HubSHA256, known.HubBytes
		}
	}
	return m, nil
}

// isRevision tells whether a text can name a branch, a tag or a commit, and a file of that name stays in the folder of references.
func isRevision(text string) bool {
	printable := !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`\:?*"<>|%`, r) })
	return text != "" && len(text) <= maxRevision && printable && filepath.IsLocal(text) && !strings.Contains(text, "..")
}

// hubFolder is a repository's folder in a cache, with the revision where one is asked for: as the hub's client names it.
func hubFolder(repository, revision string) string {
	folder := "models--" + strings.ReplaceAll(repository, "/", "--")
	if revision != "" {
		folder += "@" + url.PathEscape(revision)
	}
	return folder
}

// revision is the asked for, or main.
func (m Model) revision() string {
	if m.Revision == "" {
		return mainBranch
	}
	return m.Revision
}

// endpoint is the URL below which repositories lie.
func (h Hub) endpoint() (*mirror, error) {
	text := h.Endpoint
	if text == "" {
		text = hubEndpoint
	}
	u, err := parseMirror(strings.TrimRight(text, "/"))
	if err != nil {
		return nil, fmt.Errorf("HF_ENDPOINT: %w", err)
	}
	return u, nil
}

// repository is one revision of a repository on the hub.
type repository struct {
	hub      *mirror
	token    string
	name     string
	revision string
	client   *http.Client
	patience time.Duration // for an answer to begin
}

// address is where a file is found.
func (r repository) address(file string) *url.URL {
	return (*url.URL)(r.hub).JoinPath(r.name, "resolve", url.PathEscape(r.revision), file)
}

// stated is what the hub says of a file before it sends it.
type stated struct {
	sha256 string // 64 digits, or empty
	bytes  int64  // 0 when it is not said
	commit string // 40 digits, or empty
}

// head asks for what the hub knows of a file. Large files lie on another host: what the hub says when it points there is taken, and that host
// is not asked.
func (r repository) head(ctx context.Context, file string) (stated, error) {
	client := r.hub.guard(r.client)
	follow := client.CheckRedirect
	client.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if req.URL.Host != via[0].URL.Host {
			return http.ErrUseLastResponse
		}
		return follow(req, via) // of a repository that was renamed
	}
	resp, err := r.ask(ctx, client, http.MethodHead, file)
	if err != nil {
		return stated{}, err
	}
	resp.Body.Close()
	if resp.StatusCode >= 400 {
		return stated{}, r.refusal(resp, file)
	}
	return readStated(resp), nil
}

// readStated reads the headers of an answer. A sum is a SHA-256 only when it has 64 digits: small files go by another sum.
func readStated(resp *http.Response) stated {
	tag := resp.Header.Get("X-Linked-Etag")
	if tag == "" {
		tag = resp.Header.Get("ETag")
	}
	var s stated
	if tag = strings.Trim(strings.TrimPrefix(tag, "W/"), `"`); isSHA256(tag) {
		s.sha256 = tag
	}
	if commit := resp.Header.Get("X-Repo-Commit"); commitName.MatchString(commit) {
		s.commit = commit
	}
	size := resp.Header.Get("X-Linked-Size")
	if size == "" && resp.StatusCode == http.StatusOK {
		size = resp.Header.Get("Content-Length")
	}
	if n, err := strconv.ParseInt(size, 10, 64); err == nil && n > 0 {
		s.bytes = n
	}
	return s
}

func isSHA256(text string) bool {
	_, err := hex.DecodeString(text)
	return err == nil && len(text) == 64 && strings.ToLower(text) == text
}

// small reads a file of at most limit bytes into memory.
func (r repository) small(ctx context.Context, file string, limit int64) ([]byte, stated, error) {
	resp, err := r.ask(ctx, r.hub.guard(r.client), http.MethodGet, file)
	if err != nil {
		return nil, stated{}, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, stated{}, r.refusal(resp, file)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, stated{}, &temporaryError{fmt.Errorf("%s: %w", r.address(file).Redacted(), err)}
	}
	if int64(len(data)) > limit {
		return nil, stated{}, fmt.Errorf("%s: %w: expected at most %d bytes", r.address(file).Redacted(), ErrSize, limit)
	}
	return data, readStated(resp), nil
}

// ask makes one request. A hub that does not begin to answer is not asked again: another source may.
func (r repository) ask(ctx context.Context, client *http.Client, method, file string) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	req, err := http.NewRequestWithContext(ctx, method, r.address(file).String(), nil)
	if err != nil {
		cancel(nil)
		return nil, err
	}
	setHeaders(req, r.token)
	silent := fmt.Errorf("%s: %w for %s", r.address(file).Redacted(), ErrStalled, r.patience)
	watch := time.AfterFunc(r.patience, func() { cancel(silent) })
	resp, err := client.Do(req)
	watch.Stop()
	if err != nil {
		defer cancel(nil)
		if errors.Is(context.Cause(ctx), silent) {
			return nil, silent
		}
		return nil, failure(ctx, err)
	}
	resp.Body = &cancelling{resp.Body, cancel}
	return resp, nil
}

// cancelling ends a request when its body is closed.
type cancelling struct {
	io.ReadCloser
	cancel context.CancelCauseFunc
}

func (c *cancelling) Close() error {
	defer c.cancel(nil)
	return c.ReadCloser.Close()
}

// refusal says in words why the hub sends no file.
func (r repository) refusal(resp *http.Response, file string) error {
	err := &StatusError{URL: r.address(file).Redacted(), Code: resp.StatusCode, Reason: hubReason(resp, r.token != "")}
	if err.temporary() {
		return &temporaryError{err}
	}
	return err
}

// hubReason reads the hub's own code of an error. Of a private repository it says that there is none.
func hubReason(resp *http.Response, token bool) string {
	private := "or it is private: set HF_TOKEN"
	if token {
		private = "or HF_TOKEN may not read it"
	}
	switch resp.Header.Get("X-Error-Code") {
	case "RepoNotFound":
		return "the hub has no such repository, " + private
	case "GatedRepo":
		return "the repository is gated: ask for access on its page, then set HF_TOKEN"
	case "RevisionNotFound":
		return "the repository has no such revision"
	case "EntryNotFound":
		return "the repository has no such file"
	}
	if resp.StatusCode == http.StatusUnauthorized {
		return "the hub has no such repository, " + private
	}
	return ""
}

// missing tells that a server has no such file.
func missing(err error) bool {
	var status *StatusError
	return errors.As(err, &status) && status.Code == http.StatusNotFound
}

// modelOfFolder is the inverse of [hubFolder], without what folders begin with.
func modelOfFolder(folder string) (Model, error) {
	folder, revision, pinned := strings.Cut(folder, "@")
	text := strings.Replace(folder, "--", "/", 1)
	if pinned {
		unescaped, err := url.PathUnescape(revision)
		if err != nil {
			return Model{}, err
		}
		text += "@" + unescaped
	}
	return hubModel(text)
}
