package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	testRepository = "owner/clip"
	testCommit     = "0123456789abcdef0123456789abcdef01234567"
)

// standIn speaks the hub's protocol: small files come at once, large ones from a storage on another host.
type standIn struct {
	URL     string
	storage *httptest.Server

	files  map[string][]byte // of testRepository at testCommit
	linked map[string]string // what is stated of a file's sum instead of its own
	sent   map[string][]byte // what the storage sends instead of a file
	cut    int               // the storage's first answer breaks after so many bytes; 0: it does not

	mu   sync.Mutex
	seen []string // requests, with the token of each and the range
}

func newStandIn(t *testing.T, files map[string][]byte) *standIn {
	t.Helper()
	s := &standIn{files: files, linked: map[string]string{}, sent: map[string][]byte{}}
	s.storage = httptest.NewServer(http.HandlerFunc(s.serveStorage))
	endpoint := httptest.NewServer(http.HandlerFunc(s.serveHub))
	t.Cleanup(s.storage.Close)
	t.Cleanup(endpoint.Close)
	s.URL = endpoint.URL
	return s
}

func (s *standIn) note(host string, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	line := fmt.Sprintf("%s %s %s", r.Method, host, r.URL.Path)
	for _, name := range []string{"Authorization", "Range"} {
		if v := r.Header.Get(name); v != "" {
			line += " [" + v + "]"
		}
	}
	s.seen = append(s.seen, line)
}

// requests are those so far, and are forgotten.
func (s *standIn) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := s.seen
	s.seen = nil
	return seen
}

func (s *standIn) serveHub(w http.ResponseWriter, r *http.Request) {
	s.note("hub", r)
	refuse := func(code int, reason string) {
		w.Header().Set("X-Error-Code", reason)
		w.WriteHeader(code)
	}
	repository, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/resolve/")
	revision, file, _ := strings.Cut(rest, "/")
	data, there := s.files[file]
	switch {
	case repository == "owner/old-name":
		http.Redirect(w, r, "/"+testRepository+"/resolve/"+rest, http.StatusTemporaryRedirect)
	case repository == "owner/gated":
		refuse(http.StatusForbidden, "GatedRepo")
	case repository != testRepository:
		refuse(http.StatusUnauthorized, "RepoNotFound")
	case revision != "main" && revision != "refs%2Fpr%2F1" && revision != testCommit:
		refuse(http.StatusNotFound, "RevisionNotFound")
	case !there:
		refuse(http.StatusNotFound, "EntryNotFound")
	case strings.HasSuffix(file, ".json"), strings.HasSuffix(file, ".txt"):
		w.Header().Set("X-Repo-Commit", testCommit)
		w.Header().Set("ETag", `"`+digits(data)[:40]+`"`) // git's own, of 40 digits
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	default:
		sum, ok := s.linked[file]
		if !ok {
			sum = digits(data)
		}
		w.Header().Set("X-Repo-Commit", testCommit)
		w.Header().Set("X-Linked-Etag", `"`+sum+`"`)
		w.Header().Set("X-Linked-Size", fmt.Sprint(len(data)))
		w.Header().Set("ETag", `"`+sum+`"`)
		http.Redirect(w, r, s.storage.URL+"/blob/"+file+"?signature=1", http.StatusFound)
	}
}

func (s *standIn) serveStorage(w http.ResponseWriter, r *http.Request) {
	s.note("storage", r)
	name := filepath.Base(r.URL.Path)
	data := s.files[name]
	if other, ok := s.sent[name]; ok {
		data = other
	}
	h := serve(data, `"blob"`)
	if s.cut > 0 {
		h, s.cut = cut(s.cut, h), 0
	}
	h(w, r)
}

// goodCard is that of RN50.
const goodCard = `{"model_cfg": {"embed_dim": 1024, "quick_gelu": true,
	"vision_cfg": {"image_size": 224, "layers": [3, 4, 6, 3], "width": 64, "patch_size": null},
	"text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 512, "heads": 8, "layers": 12}},
	"preprocess_cfg": {"mean": [0.48145466, 0.4578275, 0.40821073], "std": [0.26862954, 0.26130258, 0.27577711]}}`

const vitCard = `{"model_cfg": {"embed_dim": 512, "vision_cfg": {"image_size": 224, "layers": 12, "width": 768, "patch_size": 32},
	"text_cfg": {"vocab_size": 49408, "width": 512, "heads": 8, "layers": 12}}}`

// repositoryFiles are what a repository of a CLIP-ResNet has.
func repositoryFiles(t *testing.T) map[string][]byte {
	t.Helper()
	return map[string][]byte{SafeTensors: content, CardFile: []byte(goodCard), tokenizerFile: bytesOnly(t)}
}

// bytesOnly is a tokenizer.json with no merges: the byte symbols, each alone and at the end of a word, and the two specials.
func bytesOnly(t *testing.T) []byte {
	t.Helper()
	vocab := map[string]int{}
	add := func(token string) { vocab[token] = len(vocab) }
	next := rune(256)
	for b := range rune(256) {
		symbol := b
		if printable := b >= '!' && b <= '~' || b >= '¡' && b <= '¬' || b >= '®'; !printable {
			symbol = next
			next++
		}
		add(string(symbol))
		add(string(symbol) + "</w>")
	}
	add("<|startoftext|>")
	add("<|endoftext|>")
	data, err := json.Marshal(map[string]any{"model": map[string]any{"vocab": vocab, "merges": []string{}}})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// hubPuller asks a stand-in, with an empty cache. Every host but this machine's is dead.
func hubPuller(t *testing.T, s *standIn) *Puller {
	t.Helper()
	return &Puller{
		Machine: Machine{Cache: t.TempDir()}, Hub: Hub{Endpoint: s.URL}, Client: loopback(),
		Stall: time.Minute, Attempts: 4, Backoff: time.Millisecond, vocabulary: testVocabulary(),
	}
}

func hubTestModel() Model {
	m := testModel(content)
	m.Hub = testRepository
	return m
}

// TestPullFromHub: the publisher is gone, the hub has all that is needed, and its storage never sees the token.
func TestPullFromHub(t *testing.T) {
	s := newStandIn(t, repositoryFiles(t))
	s.cut = 1000
	p := hubPuller(t, s)
	p.Hub.Token = "secret"
	path, err := p.Pull(t.Context(), hubTestModel())
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(p.Cache, "RN50-test", SafeTensors); path != want || !bytes.Equal(read(t, path), content) {
		t.Errorf("got %s, want %s", path, want)
	}
	if !loads(filepath.Join(p.Cache, tokenizerFile)) {
		t.Error("no vocabulary")
	}
	at := "/owner/clip/resolve/main/"
	want := []string{
		"GET hub " + at + "tokenizer.json [Bearer secret]",
		"HEAD hub " + at + SafeTensors + " [Bearer secret]",
		"GET hub " + at + SafeTensors + " [Bearer secret]",
		"GET storage /blob/" + SafeTensors,
		"GET hub " + at + SafeTensors + " [Bearer secret] [bytes=1000-]",
		"GET storage /blob/" + SafeTensors + " [bytes=1000-]",
	}
	if diff := cmp.Diff(want, s.requests()); diff != "" {
		t.Error(diff)
	}
	again, err := p.Pull(t.Context(), hubTestModel())
	if again != path || err != nil || len(s.requests()) > 0 {
		t.Errorf("again: %s, %v", again, err)
	}
	if found, err := p.Find(t.Context(), hubTestModel(), p.log()); err != nil || found.Path != path || !found.Own {
		t.Errorf("found %+v, %v", found, err)
	}
}

// TestPullFromHubFails: what the hub refuses is told in words, and the next source is asked.
func TestPullFromHubFails(t *testing.T) {
	other := digits([]byte("other"))
	tests := []struct {
		name   string
		change func(*standIn, *Puller, *Model)
		is     error
		says   string
	}{
		{"no repository", func(_ *standIn, _ *Puller, m *Model) { m.Hub = "owner/none" }, nil, "no such repository, or it is private: set HF_TOKEN"},
		{"not for this token", func(_ *standIn, p *Puller, m *Model) { m.Hub, p.Hub.Token = "owner/none", "x" }, nil, "HF_TOKEN may not read it"},
		{"gated", func(_ *standIn, _ *Puller, m *Model) { m.Hub = "owner/gated" }, nil, "ask for access"},
		{"no revision", func(_ *standIn, _ *Puller, m *Model) { m.Revision = "v9" }, nil, "no such revision"},
		{"no weights", func(s *standIn, _ *Puller, _ *Model) { delete(s.files, SafeTensors) }, nil, TorchFile + ": the server answers 404 Not Found: the repository has no such file"},
		{"no sum", func(s *standIn, _ *Puller, _ *Model) {
			s.linked[SafeTensors] = "356a192b7913b04c54574d18c28d46e6395428ab"
		}, ErrNoSum, "the hub states none"},
		{"other bytes", func(s *standIn, _ *Puller, _ *Model) { s.sent[SafeTensors] = flipped(content) }, nil, "found " + digits(flipped(content))},
		{"fewer bytes", func(s *standIn, _ *Puller, _ *Model) { s.sent[SafeTensors] = content[:9] }, ErrSize, "expected 300000 bytes, the server offers 9"},
		{"another sum than known", func(_ *standIn, _ *Puller, m *Model) { m.HubSHA256 = other }, nil, "expected SHA-256 " + other},
		{"offline", func(_ *standIn, p *Puller, _ *Model) { p.Hub.Offline = true }, ErrOffline, "HF_HUB_OFFLINE"},
		{"no URL", func(_ *standIn, p *Puller, _ *Model) { p.Hub.Endpoint = "hub.example" }, ErrMirror, "HF_ENDPOINT"},
		{"dead", func(_ *standIn, p *Puller, _ *Model) { p.Hub.Endpoint = "https://hub.invalid" }, ErrUnreachable, "no connection: lookup hub.invalid: no such host (hub.invalid owner/clip, models.invalid)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStandIn(t, repositoryFiles(t))
			p, m := hubPuller(t, s), hubTestModel()
			tt.change(s, p, &m)
			writeFile(t, VocabularyPath(p.Cache), vocabularyContent)
			_, err := p.Pull(t.Context(), m)
			var failed *SourcesError
			if !errors.As(err, &failed) || tt.is != nil && !errors.Is(err, tt.is) {
				t.Fatalf("got %v, want %v", err, tt.is)
			}
			for _, text := range []string{tt.says, "models.invalid", "https://models.invalid/weights/test.pt", m.Path(p.Cache)} {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("error does not say %q: %v", text, err)
				}
			}
			if places := p.Places(m); len(failed.Failed) != 2 || len(failed.ByHand) != 2 || len(places) > 0 {
				t.Errorf("%d failed, %d by hand, %v there", len(failed.Failed), len(failed.ByHand), places)
			}
		})
	}
}

// TestKnownSumDecides: a repository that states the sum of what it sends is refused all the same when facet knows another, before any weights.
func TestKnownSumDecides(t *testing.T) {
	s := newStandIn(t, repositoryFiles(t))
	p, m := hubPuller(t, s), hubTestModel()
	m.URL, m.SHA256, m.HubSHA256 = "", "", digits([]byte("the real one"))
	writeFile(t, VocabularyPath(p.Cache), vocabularyContent)
	_, err := p.Pull(t.Context(), m)
	var wrong *ChecksumError
	if !errors.As(err, &wrong) || wrong.Expected != m.HubSHA256 || wrong.Found != digits(content) {
		t.Errorf("got %v", err)
	}
	for _, r := range s.requests() {
		if strings.Contains(r, "storage") {
			t.Errorf("weights were asked for: %s", r)
		}
	}
	m.HubSHA256 = digits(content) // and where nothing is stated, the known sum serves
	s.linked[SafeTensors] = "unknown"
	if path, err := p.Pull(t.Context(), m); err != nil || !bytes.Equal(read(t, path), content) {
		t.Errorf("known sum, none stated: %v", err)
	}
}

// TestSourceAfterSource: each source in its turn, as long as the one before has nothing.
func TestSourceAfterSource(t *testing.T) {
	mirror := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/weights/test.pt" {
			serve(content, "")(w, r)
			return
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(mirror.Close)
	s := newStandIn(t, repositoryFiles(t))
	p := hubPuller(t, s)
	p.Mirror = mirror.URL
	path, err := p.Pull(t.Context(), hubTestModel())
	if err != nil || filepath.Base(path) != "test.pt" {
		t.Errorf("the mirror goes first: %s, %v", path, err)
	}
	if diff := cmp.Diff([]string{"GET hub /owner/clip/resolve/main/tokenizer.json"}, s.requests()); diff != "" {
		t.Errorf("the hub is asked for what the mirror lacks: %s", diff)
	}
	p.Cache = t.TempDir()
	p.Mirror = mirror.URL + "/nothing"
	if path, err = p.Pull(t.Context(), hubTestModel()); err != nil || filepath.Base(path) != SafeTensors {
		t.Errorf("then the hub: %s, %v", path, err)
	}
}

// TestTorchFile: an older repository has no safetensors.
func TestTorchFile(t *testing.T) {
	files := repositoryFiles(t)
	files[TorchFile] = files[SafeTensors]
	delete(files, SafeTensors)
	p := hubPuller(t, newStandIn(t, files))
	path, err := p.Pull(t.Context(), hubTestModel())
	if err != nil || filepath.Base(path) != TorchFile || !bytes.Equal(read(t, path), content) {
		t.Errorf("got %s, %v", path, err)
	}
}

// TestVocabularyFiles: what a repository may have instead of a tokenizer.json, and what facet cannot use.
func TestVocabularyFiles(t *testing.T) {
	var whole struct {
		Model struct {
			Vocab map[string]int `json:"vocab"`
		} `json:"model"`
	}
	if err := json.Unmarshal(bytesOnly(t), &whole); err != nil {
		t.Fatal(err)
	}
	whole.Model.Vocab["ab"] = len(whole.Model.Vocab)
	vocab, err := json.Marshal(whole.Model.Vocab)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Lookup("hf:owner/clip")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		files map[string][]byte
		ok    bool
	}{
		"vocab.json and merges.txt": {map[string][]byte{"vocab.json": vocab, "merges.txt": []byte("#version: 0.2\na b\n")}, true},
		"vocab.json alone":          {map[string][]byte{"vocab.json": vocab}, false},
		"another kind":              {map[string][]byte{tokenizerFile: []byte(`{"model": {"type": "Unigram", "vocab": [["a", -1.5]]}}`)}, false},
		"none":                      {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string][]byte{SafeTensors: content, CardFile: []byte(goodCard)}
			maps.Copy(files, c.files)
			p := hubPuller(t, newStandIn(t, files))
			_, err := p.Pull(t.Context(), m)
			if c.ok != (err == nil) || c.ok != loads(filepath.Dir(m.Path(p.Cache))) {
				t.Errorf("got %v", err)
			}
			if err != nil && !strings.Contains(err.Error(), "the vocabulary: no source brought it") {
				t.Errorf("error does not say what is missing: %v", err)
			}
		})
	}
}

// TestPullRepository: of a model that facet does not know the card comes first, all files are of its commit, and the activation stays known.
func TestPullRepository(t *testing.T) {
	for given, folder := range map[string]string{
		"hf:owner/clip":           "models--owner--clip",
		"HF:owner/clip@refs/pr/1": "models--owner--clip@refs%2Fpr%2F1",
		"hf:owner/old-name":       "models--owner--old-name",
	} {
		t.Run(given, func(t *testing.T) {
			s := newStandIn(t, repositoryFiles(t))
			p := hubPuller(t, s)
			m, err := Lookup(given)
			if err != nil {
				t.Fatal(err)
			}
			path, err := p.Pull(t.Context(), m)
			if want := filepath.Join(p.Cache, folder, SafeTensors); err != nil || path != want || !bytes.Equal(read(t, path), content) {
				t.Fatalf("got %s, %v; want %s", path, err, want)
			}
			seen := s.requests()
			if !strings.HasSuffix(seen[0], "/"+CardFile) {
				t.Errorf("the first request is not for the card: %v", seen)
			}
			for _, r := range seen[2:] {
				if strings.HasPrefix(r, "GET hub") && !strings.Contains(r, "/"+testCommit+"/") && !strings.Contains(given, "old") {
					t.Errorf("not of the card's commit: %s", r)
				}
			}
			if quick, known, err := Activation(m.Name, path); !quick || !known || err != nil {
				t.Errorf("activation: %v, %v, %v", quick, known, err)
			}
			if !loads(filepath.Dir(path)) {
				t.Error("no vocabulary beside the weights")
			}
			if found, err := p.Find(t.Context(), m, p.log()); err != nil || found.Path != path {
				t.Errorf("found %+v, %v", found, err)
			}
			if pulled := p.Pulled(); len(pulled) != 1 || pulled[0].Hub != m.Hub || pulled[0].Revision != m.Revision {
				t.Errorf("pulled: %+v", pulled)
			}
			if again, err := p.Pull(t.Context(), m); again != path || err != nil || len(s.requests()) > 0 {
				t.Errorf("again: %s, %v", again, err)
			}
		})
	}
}

// TestRefusedBeforeWeights: what is no CLIP-ResNet costs one small request.
func TestRefusedBeforeWeights(t *testing.T) {
	for name, c := range map[string]struct {
		card []byte
		is   error
		says string
	}{
		"vision transformer": {[]byte(vitCard), ErrCard, "vision transformer"},
		"no JSON":            {[]byte("<html>"), ErrCard, "invalid character"},
		"too long":           {bytes.Repeat([]byte(" "), maxCard+1), ErrSize, "at most 1048576 bytes"},
		"no card":            {nil, nil, "the repository has no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			files := repositoryFiles(t)
			if files[CardFile] = c.card; c.card == nil {
				delete(files, CardFile)
			}
			s := newStandIn(t, files)
			p := hubPuller(t, s)
			m, err := Lookup("hf:owner/clip")
			if err != nil {
				t.Fatal(err)
			}
			_, err = p.Pull(t.Context(), m)
			if err == nil || c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v", err)
			}
			if diff := cmp.Diff([]string{"GET hub /owner/clip/resolve/main/" + CardFile}, s.requests()); diff != "" {
				t.Error(diff)
			}
			if read(t, p.model(m, CardFile)) != nil {
				t.Error("the card was kept")
			}
		})
	}
}

// model is where a file of a model lies.
func (p *Puller) model(m Model, file string) string { return m.hubPath(p.Cache, file) }

// TestNoNetwork: whether hosts have no address, refuse or say nothing at all, it takes less than three seconds to say what to do by hand.
func TestNoNetwork(t *testing.T) {
	for name, dial := range map[string]func(ctx context.Context) error{
		"no address": func(context.Context) error { return &net.DNSError{Err: "no such host", IsNotFound: true} },
		"silent":     func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &Puller{Machine: Machine{Cache: t.TempDir()}, Client: &http.Client{Transport: &http.Transport{
				DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return nil, dial(ctx) },
			}}}
			m, err := Lookup("RN50")
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			_, err = p.Pull(t.Context(), m)
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("took %s", took)
			}
			if !errors.Is(err, ErrUnreachable) {
				t.Fatalf("got %v", err)
			}
			for _, text := range []string{
				"pull RN50: the vocabulary: no source brought it: no connection: ", "(huggingface.co timm/resnet50_clip.openai, openaipublic.azureedge.net)",
				"https://huggingface.co/timm/resnet50_clip.openai/resolve/main/open_clip_model.safetensors (408291932 bytes)",
				"as " + filepath.Join(p.Cache, "RN50", SafeTensors), "as " + filepath.Join(p.Cache, "RN50", "RN50.pt"),
				"\nthe checkpoint: no source brought it: no connection: ", vocabularyURL + " (1356917 bytes)", "as " + VocabularyPath(p.Cache),
			} {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("error does not say %q:\n%v", text, err)
				}
			}
		})
	}
}

// TestSilentHub: a hub that takes requests and says nothing is left for the next source after a while.
func TestSilentHub(t *testing.T) {
	silence := httptest.NewServer(http.HandlerFunc(silent))
	t.Cleanup(silence.Close)
	s := newStandIn(t, repositoryFiles(t))
	p := hubPuller(t, s)
	p.Hub.Endpoint, p.Connect = silence.URL, 20*time.Millisecond
	writeFile(t, VocabularyPath(p.Cache), vocabularyContent)
	_, err := p.Pull(t.Context(), hubTestModel())
	if !errors.Is(err, ErrStalled) || !errors.Is(err, ErrUnreachable) || strings.Contains(err.Error(), "gave up") {
		t.Errorf("got %v", err)
	}
}

// TestByHand: what somebody put into the cache is checked when the hub can be asked, and used when it cannot.
func TestByHand(t *testing.T) {
	s := newStandIn(t, repositoryFiles(t))
	p, m := hubPuller(t, s), hubTestModel()
	m.URL, m.SHA256 = "", ""
	writeFile(t, VocabularyPath(p.Cache), vocabularyContent)
	path := p.model(m, SafeTensors)
	writeFile(t, path, content)
	p.Hub.Endpoint = "https://hub.invalid"
	if got, err := p.Pull(t.Context(), m); got != path || err != nil {
		t.Errorf("without a network: %s, %v", got, err)
	}
	p.Hub.Endpoint = s.URL
	if got, err := p.Pull(t.Context(), m); got != path || err != nil || len(s.requests()) != 1 {
		t.Errorf("with one: %s, %v", got, err)
	}
	writeFile(t, path, flipped(content))
	if _, err := p.Pull(t.Context(), m); err != nil || !bytes.Equal(read(t, path), content) {
		t.Errorf("a wrong file is replaced: %v", err)
	}
}

// TestTokenStays: a host below the endpoint's is another host.
func TestTokenStays(t *testing.T) {
	end, err := Hub{Endpoint: "http://hub.example"}.endpoint()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	client := end.guard(&http.Client{Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
		seen[r.URL.Host] = r.Header.Get("Authorization")
		resp := &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Header: http.Header{}, Request: r}
		if r.URL.Host == "hub.example" {
			resp.StatusCode = http.StatusFound
			resp.Header.Set("Location", "http://cdn.hub.example/x")
		}
		return resp, nil
	})})
	r := repository{hub: end, token: "secret", name: testRepository, revision: "main", patience: time.Minute}
	resp, err := r.ask(t.Context(), client, http.MethodGet, CardFile)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if diff := cmp.Diff(map[string]string{"hub.example": "Bearer secret", "cdn.hub.example": ""}, seen); diff != "" {
		t.Error(diff)
	}
}

func TestHubModel(t *testing.T) {
	for text, want := range map[string]Model{
		"hf:owner/name":             {Name: "hf:owner/name", Hub: "owner/name"},
		"HF:o/n@v1.0":               {Name: "hf:o/n@v1.0", Hub: "o/n", Revision: "v1.0"},
		"hf:o/n@refs/pr/3":          {Name: "hf:o/n@refs/pr/3", Hub: "o/n", Revision: "refs/pr/3"},
		"hf:timm/resnet50_clip.x-y": {Name: "hf:timm/resnet50_clip.x-y", Hub: "timm/resnet50_clip.x-y"},
	} {
		want.Source = SourceHub
		got, err := Lookup(text)
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v", text, got, err)
		}
		folder := strings.TrimPrefix(got.folder(), "models--")
		if back, err := modelOfFolder(folder); err != nil || back != want {
			t.Errorf("%s: folder %s is that of %+v, %v", text, folder, back, err)
		}
	}
	known, err := Lookup("hf:timm/resnet50_clip.openai")
	if err != nil || known.HubSHA256 != published[0].HubSHA256 || known.HubBytes == 0 {
		t.Errorf("a known sum is known by the repository too: %+v, %v", known, err)
	}
	if pinned, err := Lookup("hf:timm/resnet50_clip.openai@old"); err != nil || pinned.HubSHA256 != "" {
		t.Errorf("but not of another revision: %+v, %v", pinned, err)
	}
	for _, text := range []string{"hf:", "hf:name", "hf:/name", "hf:owner/", "hf:a/b/c", "hf:../b", "hf:a/..", "hf:a--b/c", "hf:a/b@", "hf:a/b@..", "hf:a/b@/x", "hf:a/b@x/../../y", "hf:a b/c", "hf:a/b@x y", "hf:a/b@c:d", "hf:.a/b", "hf:a/b."} {
		if m, err := Lookup(text); !errors.Is(err, ErrRepository) || m != (Model{}) {
			t.Errorf("%q: got %+v, %v", text, m, err)
		}
	}
}

// FuzzHubModel: whatever repository is asked for, its files stay in one folder of the cache.
func FuzzHubModel(f *testing.F) {
	f.Add("owner/name@refs/pr/1")
	f.Add("../..@..")
	f.Add("a/b@" + strings.Repeat("x/", 100))
	f.Fuzz(func(t *testing.T, text string) {
		m, err := hubModel(text)
		if err != nil {
			return
		}
		rel, err := filepath.Rel("cache", m.Path("cache"))
		if err != nil || !filepath.IsLocal(rel) || strings.Count(rel, string(filepath.Separator)) != 1 {
			t.Errorf("%q: %s", text, rel)
		}
		if back, err := modelOfFolder(strings.TrimPrefix(m.folder(), "models--")); err != nil || back.Hub != m.Hub || back.Revision != m.Revision {
			t.Errorf("%q: folder %s is that of %+v, %v", text, m.folder(), back, err)
		}
	})
}
