package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/facet-clip/facet/clip/tokenizer"
	"github.com/facet-clip/facet/internal/atomicfile"
	"github.com/facet-clip/facet/internal/regular"
)

// maxTokenizer bounds the tokenizer.json of a repository; CLIP's has 2.2 MB.
const maxTokenizer = 32 << 20

// source is one place on the network from which a file may come.
type source struct {
	name   string
	url    *url.URL // of the file, as far as it is known beforehand
	byHand Download
	fetch  func(ctx context.Context) (path string, err error)
}

// bring tries sources in order. The error is a [SourcesError] with what failed at each; a cancelled context and the trouble of the own file
// system end it at once.
func (p *pull) bring(ctx context.Context, what string, from []source) (string, error) {
	failed := &SourcesError{What: what}
	p.connect(ctx, from)
	for _, s := range from {
		path, err := "", p.dead[s.url.Host]
		if err == nil {
			path, err = s.fetch(ctx)
		}
		var file *fs.PathError
		switch {
		case err == nil:
			if len(failed.Failed) > 0 {
				p.log().Warn(what+" came from a later source", "source", s.name, "before", failed.Failed)
			}
			return path, nil
		case ctx.Err() != nil:
			return "", fmt.Errorf("%s: %w", s.name, err)
		case errors.As(err, &file), errors.Is(err, ErrCard):
			return "", err // no other source can help
		}
		failed.Failed = append(failed.Failed, SourceError{s.name, err})
		failed.ByHand = append(failed.ByHand, s.byHand)
		p.log().Info("a source failed", "file", what, "source", s.name, "error", err)
	}
	return "", failed
}

// checkpoints are the sources of the model's checkpoint: the mirror that was asked for, the hub, the publisher.
func (p *pull) checkpoints() []source {
	var all []source
	if p.mirror != nil && p.model.URL != "" {
		all = append(all, p.published("mirror ", p.mirror, p.model.original(), p.model.Path(p.Cache)))
	}
	if p.model.Hub != "" {
		all = append(all, p.hubCheckpoint())
	}
	if p.model.URL != "" {
		all = append(all, p.published("", nil, p.model.original(), p.model.Path(p.Cache)))
	}
	return all
}

// published is a file at its publisher's host or at a mirror of it.
func (p *pull) published(what string, from *mirror, f file, path string) source {
	f.from = from
	at, err := from.address(f.url)
	s := source{byHand: Download{URL: f.url, Bytes: f.size, Path: path}}
	if err != nil {
		s.name, s.url = f.url, &url.URL{}
		s.fetch = func(context.Context) (string, error) { return "", err }
		return s
	}
	s.name, s.url = what+at.Host, at
	s.fetch = func(ctx context.Context) (string, error) { return path, p.ensure(ctx, f, path) }
	return s
}

// hubCheckpoint is the checkpoint in the model's repository.
func (p *pull) hubCheckpoint() source {
	return p.hubSource(Download{Bytes: p.model.HubBytes, Path: p.model.hubPath(p.Cache, SafeTensors)}, SafeTensors, p.fetchFromHub)
}

// Download says from where the file of a model with a SHA-256 can be brought, and where to put it in a cache; false when facet does not know
// that sum.
func (m Model) Download(cache, sha256 string) (Download, bool) {
	switch {
	case m.SHA256 != "" && strings.HasPrefix(sha256, m.SHA256):
		return Download{URL: m.URL, Path: m.Path(cache)}, true
	case m.HubSHA256 != "" && m.HubSHA256 == sha256:
		p := &pull{Puller: &Puller{Machine: Machine{Cache: cache}}, model: m}
		return p.hubCheckpoint().byHand, true
	}
	return Download{}, false
}

// hubCard is what the model's repository says of it.
func (p *pull) hubCard() source {
	return p.hubSource(Download{Path: p.model.hubPath(p.Cache, CardFile)}, CardFile, p.fetchCard)
}

// hubSource is a file in the model's repository.
func (p *pull) hubSource(byHand Download, file string, fetch func(context.Context, repository) (string, error)) source {
	s := source{byHand: byHand, url: &url.URL{}, name: "hub " + p.model.Hub}
	end, err := p.Hub.endpoint()
	if err == nil && p.Hub.Offline {
		err = ErrOffline
	}
	if end == nil {
		s.fetch = func(context.Context) (string, error) { return "", err }
		return s
	}
	r := repository{
		hub: end, token: p.Hub.Token, name: p.model.Hub, revision: or(p.commit, p.model.revision()), client: p.client(),
		patience: 4 * or(p.Connect, defaultConnect),
	}
	s.url = r.address(file)
	s.byHand.URL = s.url.Redacted()
	s.name = fmt.Sprintf("%s %s", s.url.Host, p.model.Hub)
	s.fetch = func(ctx context.Context) (string, error) {
		if err != nil {
			return "", err
		}
		return fetch(ctx, r)
	}
	return s
}

// client is the one to ask for small things with: a tokenizer.json of 2 MB within two minutes.
func (p *pull) client() *http.Client {
	c := http.Client{}
	if p.Client != nil {
		c = *p.Client
	}
	c.Timeout = 4 * or(p.Stall, defaultStall)
	return &c
}

// fetchFromHub brings the checkpoint of a repository, in safetensors if it has them.
func (p *pull) fetchFromHub(ctx context.Context, r repository) (string, error) {
	path, err := p.fetchWeights(ctx, r, SafeTensors)
	if missing(err) {
		path, err = p.fetchWeights(ctx, r, TorchFile)
	}
	return path, err
}

// bringCard brings what the repository of an unknown model says of it, before anything else: what is no CLIP-ResNet is refused for a few
// hundred bytes. It stays where the weights will be, for the activation.
func (p *pull) bringCard(ctx context.Context) error {
	_, err := p.bring(ctx, CardFile, []source{p.hubCard()})
	var without *SourcesError
	if errors.As(err, &without) {
		without.ByHand = append(without.ByHand, p.hubCheckpoint().byHand, p.hubTokenizer().byHand)
		without.All = true
	}
	return err
}

// fetchCard brings the card, and notes the commit that it is of, so that all files are of one state even if the branch moves on meanwhile.
func (p *pull) fetchCard(ctx context.Context, r repository) (string, error) {
	data, said, err := r.again(ctx, p.Puller, func(ctx context.Context) ([]byte, stated, error) { return r.small(ctx, CardFile, maxCard) })
	if err != nil {
		return "", err
	}
	if _, err := ParseCard(r.address(CardFile).Redacted(), data); err != nil {
		return "", err
	}
	p.commit = said.commit
	path := p.model.hubPath(p.Cache, CardFile)
	return path, keep(path, data)
}

// fetchWeights brings one file of a repository. Its sum is the one that facet knows, else the one that the hub states.
func (p *pull) fetchWeights(ctx context.Context, r repository, name string) (string, error) {
	_, said, err := r.again(ctx, p.Puller, func(ctx context.Context) ([]byte, stated, error) {
		s, err := r.head(ctx, name)
		return nil, s, err
	})
	if err != nil {
		return "", err
	}
	at := r.address(name)
	sum := p.model.hubSum(name, said.sha256)
	switch {
	case sum == "":
		return "", fmt.Errorf("%s: %w: the hub states none", at.Redacted(), ErrNoSum)
	case said.sha256 != "" && said.sha256 != sum:
		return "", &ChecksumError{Path: at.Redacted(), Expected: sum, Found: said.sha256}
	}
	path := p.model.hubPath(p.Cache, name)
	f := file{url: at.String(), sha256: sum, size: said.bytes, limit: maxCheckpoint, from: r.hub.host(), token: r.token}
	if err := p.ensure(ctx, f, path); err != nil {
		return "", err
	}
	p.remember(p.model, path, sum)
	return path, nil
}

// again asks the hub once more after what may pass.
func (r repository) again(ctx context.Context, p *Puller, ask func(context.Context) ([]byte, stated, error)) ([]byte, stated, error) {
	pause := or(p.Backoff, defaultBackoff)
	for n := 1; ; n++ {
		data, said, err := ask(ctx)
		var temporary *temporaryError
		if !errors.As(err, &temporary) {
			return data, said, err
		}
		if n == min(3, or(p.Attempts, defaultAttempts)) {
			return nil, stated{}, fmt.Errorf("gave up after %d attempts: %w", n, temporary.err)
		}
		if err := sleep(ctx, pause); err != nil {
			return nil, stated{}, err
		}
		pause *= 2
	}
}

// vocabularies are the sources of the text tower's vocabulary; none when one lies beside the checkpoint or in the cache. That of a model of the
// hub is in its repository; CLIP's own has a known sum, and so goes before a repository's copy of it.
func (p *pull) vocabularies(ctx context.Context, checkpoint string) []source {
	own := clipVocabulary
	if p.vocabulary != nil {
		own = *p.vocabulary
	}
	path := VocabularyPath(p.Cache)
	unknown := p.model.Source == SourceHub
	switch {
	case checkpoint != "" && loads(filepath.Dir(checkpoint)):
		return nil
	case !unknown && verify(ctx, path, own.sha256) == nil:
		return nil
	case !unknown && loads(filepath.Join(p.Cache, tokenizerFile)):
		return nil // it came from a repository when nobody else could be asked
	}
	var from []source
	if unknown {
		from = append(from, p.hubTokenizer())
	}
	if p.mirror != nil {
		from = append(from, p.published("mirror ", p.mirror, own, path))
	}
	if p.model.Hub == "" || unknown {
		return append(from, p.published("", nil, own, path))
	}
	own.attempts = 2 // for the hub has it too
	return append(from, p.published("", nil, own, path), p.hubTokenizer())
}

const tokenizerFile = "tokenizer.json"

// hubTokenizer is the vocabulary in the model's repository: its tokenizer.json, else its vocab.json with merges.txt.
func (p *pull) hubTokenizer() source {
	folder := p.Cache
	if p.model.Source == SourceHub {
		folder = filepath.Dir(p.model.Path(p.Cache))
	}
	byHand := Download{Path: filepath.Join(folder, tokenizerFile)}
	return p.hubSource(byHand, tokenizerFile, func(ctx context.Context, r repository) (string, error) {
		err := p.fetchTokenizer(ctx, r, folder, tokenizerFile)
		if missing(err) && p.fetchTokenizer(ctx, r, folder, "merges.txt", "vocab.json") == nil {
			return filepath.Join(folder, "vocab.json"), nil
		}
		return byHand.Path, err
	})
}

// fetchTokenizer keeps files of a repository in a folder if they make a vocabulary.
func (p *pull) fetchTokenizer(ctx context.Context, r repository, folder string, names ...string) error {
	files := make([][]byte, len(names))
	for i, name := range names {
		var err error
		files[i], _, err = r.again(ctx, p.Puller, func(ctx context.Context) ([]byte, stated, error) { return r.small(ctx, name, maxTokenizer) })
		if err != nil {
			return err
		}
	}
	if len(names) == 1 {
		if _, err := tokenizer.Read(r.address(names[0]).Redacted(), bytes.NewReader(files[0])); err != nil {
			return err
		}
	}
	for i, name := range names {
		if err := keep(filepath.Join(folder, name), files[i]); err != nil {
			return err
		}
	}
	_, err := tokenizer.Load(filepath.Join(folder, names[len(names)-1]))
	return err
}

// loads tells whether there is a vocabulary that facet can use.
func loads(path string) bool {
	_, err := tokenizer.Load(path)
	return err == nil
}

// keep writes a file whole, and its folder where there is none.
func keep(path string, data []byte) error {
	if old, err := regular.ReadFile(path, maxTokenizer); err == nil && bytes.Equal(old, data) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// connect tries to reach the hosts of sources, all at once, and marks those that cannot be: without a network the first of them would take as
// long to fail as all together. Where the client makes its connections in a way of its own, nothing is tried.
func (p *pull) connect(ctx context.Context, from []source) {
	transport, ok := p.transport()
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, or(p.Connect, defaultConnect))
	defer cancel()
	if p.dead == nil {
		p.dead = map[string]error{}
	}
	var (
		wait sync.WaitGroup
		lock sync.Mutex
	)
	untried := map[string]*url.URL{}
	for _, s := range from {
		if _, tried := p.dead[s.url.Host]; !tried && s.url.Host != "" {
			untried[s.url.Host] = s.url
		}
	}
	for host, to := range untried {
		wait.Go(func() {
			err := dial(ctx, transport, to)
			if err != nil {
				err = fmt.Errorf("%w: %w", ErrUnreachable, err)
			}
			lock.Lock()
			defer lock.Unlock()
			p.dead[host] = err
		})
	}
	wait.Wait()
}

// transport is what the client connects by, if that is the standard library's.
func (p *pull) transport() (*http.Transport, bool) {
	if p.Client == nil || p.Client.Transport == nil {
		t, ok := http.DefaultTransport.(*http.Transport)
		return t, ok
	}
	t, ok := p.Client.Transport.(*http.Transport)
	return t, ok
}

// dial opens a connection to a host, or to the proxy that leads there, and closes it.
func dial(ctx context.Context, t *http.Transport, to *url.URL) error {
	if t.Proxy != nil {
		proxy, err := t.Proxy(&http.Request{URL: to})
		if err != nil {
			return err
		}
		if proxy != nil {
			to = proxy
		}
	}
	port := to.Port()
	switch {
	case port != "":
	case to.Scheme == "http":
		port = "80"
	case to.Scheme == "https":
		port = "443"
	default:
		return nil // a proxy of another kind, which has its own ports
	}
	open := t.DialContext
	if open == nil {
		open = (&net.Dialer{}).DialContext
	}
	conn, err := open(ctx, "tcp", net.JoinHostPort(to.Hostname(), port))
	if err != nil {
		return err
	}
	return conn.Close()
}
