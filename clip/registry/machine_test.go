package registry

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// hubCacheOf fills a folder as the hub's client does: a blob by its sum, a link to it in a snapshot, a reference to the snapshot.
func hubCacheOf(t *testing.T, repository string, files map[string][]byte) string {
	t.Helper()
	cache := t.TempDir()
	folder := filepath.Join(cache, "models--"+strings.ReplaceAll(repository, "/", "--"))
	writeFile(t, filepath.Join(folder, "refs", "main"), []byte(testCommit))
	for name, data := range files {
		blob := filepath.Join("blobs", digits(data))
		writeFile(t, filepath.Join(folder, blob), data)
		link := filepath.Join(folder, "snapshots", testCommit, name)
		if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join("..", "..", blob), link); err != nil {
			t.Fatal(err)
		}
	}
	return cache
}

func snapshotOf(cache, file string) string {
	return filepath.Join(cache, "models--owner--clip", "snapshots", testCommit, file)
}

// offlinePuller has no network at all.
func offlinePuller(t *testing.T, m Machine) *Puller {
	t.Helper()
	return &Puller{Machine: m, vocabulary: testVocabulary(), Client: &http.Client{Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
		t.Errorf("request: %s", r.URL)
		return nil, errors.New("no network")
	})}}
}

// TestUsedInPlace: what other programs keep is used where it lies, after its sum was found right, and nothing is copied.
func TestUsedInPlace(t *testing.T) {
	for name, c := range map[string]struct {
		model func(*Model)
		there func(t *testing.T, m *Machine) (path string)
	}{
		"OpenAI's cache": {nil, func(t *testing.T, m *Machine) string {
			m.OpenAI = t.TempDir()
			path := filepath.Join(m.OpenAI, "test.pt")
			writeFile(t, path, content)
			return path
		}},
		"the hub's cache": {nil, func(t *testing.T, m *Machine) string {
			m.HubCache = hubCacheOf(t, testRepository, map[string][]byte{SafeTensors: content})
			return snapshotOf(m.HubCache, SafeTensors)
		}},
		"the hub's cache, a known sum": {func(m *Model) { m.HubSHA256 = digits(content) }, func(t *testing.T, m *Machine) string {
			m.HubCache = hubCacheOf(t, testRepository, map[string][]byte{SafeTensors: content})
			return snapshotOf(m.HubCache, SafeTensors)
		}},
		"the hub's cache without links, a known sum": {func(m *Model) { m.HubSHA256 = digits(content) }, func(t *testing.T, m *Machine) string {
			m.HubCache = hubCacheOf(t, testRepository, nil)
			path := snapshotOf(m.HubCache, SafeTensors)
			writeFile(t, path, content)
			return path
		}},
		"the hub's cache, a commit": {func(m *Model) { m.Revision = testCommit }, func(t *testing.T, m *Machine) string {
			m.HubCache = hubCacheOf(t, testRepository, map[string][]byte{TorchFile: content})
			return snapshotOf(m.HubCache, TorchFile)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			machine := Machine{Cache: t.TempDir()}
			path, m := c.there(t, &machine), hubTestModel()
			if c.model != nil {
				c.model(&m)
			}
			writeFile(t, VocabularyPath(machine.Cache), vocabularyContent)
			got, err := offlinePuller(t, machine).Pull(t.Context(), m)
			if err != nil || got != path {
				t.Fatalf("got %s, %v; want %s", got, err, path)
			}
			found, err := machine.Find(t.Context(), m, slog.New(slog.DiscardHandler))
			if err != nil || found.Path != path || found.Own || found.Bytes != int64(len(content)) {
				t.Errorf("found %+v, %v", found, err)
			}
			if copies, _ := filepath.Glob(filepath.Join(machine.Cache, "RN50-test", "*")); len(copies) != 1 || filepath.Base(copies[0]) != receiptFile {
				t.Errorf("in the cache: %v", copies)
			}
		})
	}
}

// TestReadOnce: a file elsewhere is read again when its size or its date changed, and not otherwise.
func TestReadOnce(t *testing.T) {
	machine := Machine{Cache: t.TempDir(), OpenAI: t.TempDir()}
	path, m, log := filepath.Join(machine.OpenAI, "test.pt"), hubTestModel(), slog.New(slog.DiscardHandler)
	find := func() error {
		_, err := machine.Find(t.Context(), m, log)
		return err
	}
	day := time.Date(2021, 1, 5, 12, 0, 0, 0, time.UTC)
	put := func(data []byte, when time.Time) {
		t.Helper()
		writeFile(t, path, data)
		if err := os.Chtimes(path, when, when); err != nil {
			t.Fatal(err)
		}
	}
	put(flipped(content), day)
	var wrong *ChecksumError
	if err := find(); !errors.Is(err, fs.ErrNotExist) || !errors.As(err, &wrong) || wrong.Path != path {
		t.Errorf("a wrong file: %v", err)
	}
	put(content, day)
	if err := find(); err != nil || machine.Checked(m, path) != digits(content) {
		t.Errorf("a right one: %v", err)
	}
	put(flipped(content), day) // which only a reading would show
	if err := find(); err != nil {
		t.Errorf("it was read again: %v", err)
	}
	put(flipped(content), day.Add(time.Second))
	if err := find(); err == nil || machine.Checked(m, path) != "" {
		t.Error("it was not read again after a change")
	}
	for _, receipt := range []string{"", "{", `{"version": 9}`, `{"version": 1, "sha256": "x"}`} {
		put(content, day)
		writeFile(t, m.hubPath(machine.Cache, receiptFile), []byte(receipt))
		if err := find(); err != nil {
			t.Errorf("receipt %q: %v", receipt, err)
		}
	}
	machine.Cache = "" // nowhere to remember
	if err := find(); err != nil {
		t.Errorf("without a cache: %v", err)
	}
}

// TestMovedCache: facet's cache may be copied to a machine without network, where dates and places are others: all is checked and used there.
func TestMovedCache(t *testing.T) {
	s := newStandIn(t, repositoryFiles(t))
	p := hubPuller(t, s)
	for _, m := range []Model{hubTestModel(), {Name: "hf:owner/clip", Source: SourceHub, Hub: testRepository}} {
		if _, err := p.Pull(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		there := filepath.Join(t.TempDir(), "shared")
		if err := os.CopyFS(there, os.DirFS(p.Cache)); err != nil {
			t.Fatal(err)
		}
		want := m.hubPath(there, SafeTensors)
		if path, err := offlinePuller(t, Machine{Cache: there}).Pull(t.Context(), m); err != nil || path != want {
			t.Errorf("%s: got %s, %v", m.Name, path, err)
		}
		writeFile(t, want, flipped(content))
		moved := hubPuller(t, s)
		moved.Cache = there
		if path, err := moved.Pull(t.Context(), m); err != nil || path != want || !bytes.Equal(read(t, path), content) {
			t.Errorf("%s, damaged on the way: got %s, %v", m.Name, path, err)
		}
	}
}

// TestLeftAside: what is not sound is not used, the reason is told, and facet brings its own.
func TestLeftAside(t *testing.T) {
	for name, c := range map[string]struct {
		there func(t *testing.T, m *Machine)
		says  string
	}{
		"OpenAI's file is cut off": {func(t *testing.T, m *Machine) { writeFile(t, filepath.Join(m.OpenAI, "test.pt"), content[:9]) }, "found " + digits(content[:9])},
		"a blob is damaged": {func(t *testing.T, m *Machine) {
			m.HubCache = hubCacheOf(t, testRepository, map[string][]byte{SafeTensors: content})
			writeFile(t, snapshotOf(m.HubCache, SafeTensors), flipped(content))
		}, "found " + digits(flipped(content))},
		"a copy without a sum": {func(t *testing.T, m *Machine) {
			m.HubCache = hubCacheOf(t, testRepository, nil)
			writeFile(t, snapshotOf(m.HubCache, SafeTensors), content)
		}, "no SHA-256 is known"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStandIn(t, repositoryFiles(t))
			p := hubPuller(t, s)
			p.OpenAI = t.TempDir()
			c.there(t, &p.Machine)
			var log strings.Builder
			p.Log = slog.New(slog.NewTextHandler(&log, nil))
			path, err := p.Pull(t.Context(), hubTestModel())
			if err != nil || !strings.HasPrefix(path, p.Cache) || !bytes.Equal(read(t, path), content) {
				t.Errorf("got %s, %v", path, err)
			}
			if !strings.Contains(log.String(), "left aside") || !strings.Contains(log.String(), c.says) {
				t.Errorf("log: %s", log.String())
			}
		})
	}
}

// TestNotThere: half files, folders and foreign references are no checkpoints.
func TestNotThere(t *testing.T) {
	m := hubTestModel()
	machine := Machine{Cache: t.TempDir(), OpenAI: t.TempDir(), HubCache: t.TempDir()}
	writeFile(t, m.Path(machine.Cache)+".part", content[:7])
	writeFile(t, filepath.Join(machine.OpenAI, "test.pt", "folder"), nil)
	folder := filepath.Join(machine.HubCache, "models--owner--clip")
	writeFile(t, filepath.Join(folder, "blobs", digits(content)+".incomplete"), content[:5])
	for _, reference := range []string{"", "../../..", strings.Repeat("0", 39), strings.Repeat("0", 1<<11)} {
		writeFile(t, filepath.Join(folder, "refs", "main"), []byte(reference))
		if places := machine.Places(m); len(places) > 0 {
			t.Errorf("reference %.50q: %+v", reference, places)
		}
	}
	want := []Unfinished{
		{m.Path(machine.Cache) + ".part", 7},
		{filepath.Join(folder, "blobs", digits(content)+".incomplete"), 5},
	}
	if diff := cmp.Diff(want, machine.Unfinished(m)); diff != "" {
		t.Errorf("unfinished: %s", diff)
	}
	if places := (Machine{}).Places(m); places != nil {
		t.Errorf("no folders: %v", places)
	}
}

// TestRepositoryInPlace: a repository that the hub's client has whole is used there; without its card it is not, since nothing tells the activation.
func TestRepositoryInPlace(t *testing.T) {
	m, err := Lookup("hf:owner/clip")
	if err != nil {
		t.Fatal(err)
	}
	files := repositoryFiles(t)
	machine := Machine{Cache: t.TempDir(), HubCache: hubCacheOf(t, testRepository, files)}
	path, err := offlinePuller(t, machine).Pull(t.Context(), m)
	if err != nil || path != snapshotOf(machine.HubCache, SafeTensors) {
		t.Errorf("got %s, %v", path, err)
	}
	if quick, known, err := Activation(m.Name, path); !quick || !known || err != nil {
		t.Errorf("activation: %v, %v, %v", quick, known, err)
	}
	files[CardFile] = []byte(vitCard)
	machine = Machine{Cache: t.TempDir(), HubCache: hubCacheOf(t, testRepository, files)}
	if path, err := offlinePuller(t, machine).Pull(t.Context(), m); !errors.Is(err, ErrCard) {
		t.Errorf("a vision transformer: %s, %v", path, err)
	}
	delete(files, CardFile)
	machine.HubCache = hubCacheOf(t, testRepository, files)
	if places := machine.Places(m); len(places) > 0 {
		t.Errorf("without a card: %+v", places)
	}
}

func TestThisMachine(t *testing.T) {
	home := t.TempDir()
	set := func(values map[string]string) Machine {
		t.Setenv("HOME", home)
		for _, name := range []string{"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"} {
			t.Setenv(name, values[name])
		}
		return ThisMachine("cache")
	}
	for _, c := range []struct{ name, value, want string }{
		{"", "", filepath.Join(home, ".cache/huggingface/hub")},
		{"XDG_CACHE_HOME", "/x", "/x/huggingface/hub"},
		{"HF_HOME", "/h", "/h/hub"},
		{"HF_HOME", "~/h", filepath.Join(home, "h/hub")},
		{"HF_HOME", "$HOME/h", filepath.Join(home, "h/hub")},
		{"HUGGINGFACE_HUB_CACHE", "/old", "/old"},
		{"HF_HUB_CACHE", "~/c", filepath.Join(home, "c")},
	} {
		got := set(map[string]string{c.name: c.value})
		if want := (Machine{Cache: "cache", OpenAI: filepath.Join(home, ".cache/clip"), HubCache: c.want}); got != want {
			t.Errorf("%s=%s: got %+v, want %+v", c.name, c.value, got, want)
		}
	}
	all := map[string]string{"HF_HUB_CACHE": "/c", "HF_HOME": "/h", "XDG_CACHE_HOME": "/x"}
	if got := set(all); got.HubCache != "/c" {
		t.Errorf("all of them: %+v", got)
	}
	delete(all, "HF_HUB_CACHE")
	if got := set(all); got.HubCache != "/h/hub" {
		t.Errorf("both homes: %+v", got)
	}
}

func TestHubFromEnv(t *testing.T) {
	t.Setenv("HF_ENDPOINT", "https://hub.example/")
	t.Setenv("HF_TOKEN", " secret\n")
	for value, offline := range map[string]bool{"": false, "0": false, "1": true, "true": true, "ON": true, "no": false} {
		t.Setenv("HF_HUB_OFFLINE", value)
		if got, want := HubFromEnv(), (Hub{"https://hub.example/", "secret", offline}); got != want {
			t.Errorf("HF_HUB_OFFLINE=%s: got %+v", value, got)
		}
	}
	for endpoint, want := range map[string]string{
		"":                         "https://huggingface.co/a/b/resolve/refs%2Fpr%2F1/c.json",
		"https://hub.example/":     "https://hub.example/a/b/resolve/refs%2Fpr%2F1/c.json",
		"https://hub.example/x/y/": "https://hub.example/x/y/a/b/resolve/refs%2Fpr%2F1/c.json",
	} {
		end, err := Hub{Endpoint: endpoint}.endpoint()
		if err != nil {
			t.Fatal(err)
		}
		r := repository{hub: end, name: "a/b", revision: "refs/pr/1"}
		if got := r.address("c.json").String(); got != want {
			t.Errorf("address %s, want %s", got, want)
		}
		if u, err := end.host().address(want); err != nil || u.String() != want {
			t.Errorf("to be downloaded from %s, %v", u, err)
		}
	}
}

func TestParseCard(t *testing.T) {
	want := Card{QuickGELU: true, Image: 224, Layers: [4]int{3, 4, 6, 3}, Width: 64, Embed: 1024, Vocabulary: 49408}
	if got, err := ParseCard("card", []byte(goodCard)); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	gelu := strings.Replace(goodCard, `"quick_gelu": true,`, "", 1)
	want.QuickGELU = false
	if got, err := ParseCard("card", []byte(gelu)); err != nil || got != want {
		t.Errorf("without quick_gelu, which open_clip takes for GELU: %+v, %v", got, err)
	}
	for _, c := range []struct{ old, new, says string }{
		{`[3, 4, 6, 3]`, `12`, "vision transformer"},
		{`"layers": [3, 4, 6, 3], `, ``, "vision transformer"},
		{`[3, 4, 6, 3]`, `[3, 4, 6]`, "four layers"},
		{`[3, 4, 6, 3]`, `[3, 4, 6, 1001]`, "1 to 1000 blocks"},
		{`[3, 4, 6, 3]`, `[3, 4, 0, 3]`, "1 to 1000 blocks"},
		{`[3, 4, 6, 3]`, `[3, 4, 6, 1e30]`, "four layers"},
		{`"width": 64`, `"width": 64, "timm_model_name": "convnext_base"`, `timm's "convnext_base"`},
		{`"width": 64`, `"width": 64, "head_width": 32`, "head_width: expected 64, found 32"},
		{`"width": 64`, `"width": 63`, "even number, found 63"},
		{`"width": 64`, `"width": -2`, "even number, found -2"},
		{`"width": 512`, `"width": 512, "hf_model_name": "roberta-base"`, `"roberta-base", not CLIP's`},
		{`"heads": 8`, `"heads": 12`, "found 12 heads in a width of 512"},
		{`"image_size": 224`, `"image_size": 225`, "multiple of 32 pixels, found 225"},
		{`"image_size": 224`, `"image_size": [224, 288]`, "one side in pixels"},
		{`1024`, `0`, "embed_dim"},
		{`49408`, `-1`, "vocab_size"},
		{`"embed_dim"`, `"multimodal_cfg": {}, "embed_dim"`, "third tower"},
		{`0.48145466`, `0.5`, "preprocess_cfg.mean"},
		{`0.26862954,`, ``, "preprocess_cfg.std"},
		{`"model_cfg"`, `"config"`, "expected model_cfg"},
		{`"text_cfg"`, `"words"`, "expected model_cfg"},
		{goodCard, `null`, "expected model_cfg"},
		{goodCard, ``, "unexpected end"},
	} {
		text := strings.Replace(goodCard, c.old, c.new, 1)
		if text == goodCard {
			t.Errorf("%s: nothing to replace", c.old)
		}
		got, err := ParseCard("card.json", []byte(text))
		if !errors.Is(err, ErrCard) || got != (Card{}) || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), "card.json: ") {
			t.Errorf("%s → %s: got %+v, %v; want %q", c.old, c.new, got, err, c.says)
		}
	}
}

// FuzzCard: what a repository says of itself is nonsense, refused, or an architecture that can be.
func FuzzCard(f *testing.F) {
	f.Add([]byte(goodCard))
	f.Add([]byte(vitCard))
	f.Add([]byte(`{"model_cfg":{"vision_cfg":{"layers":[[[]]]},"text_cfg":{}}}`))
	f.Add(bytes.Repeat([]byte("["), 20000))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ParseCard("card", data)
		if err != nil {
			if c != (Card{}) || !errors.Is(err, ErrCard) || len(err.Error()) > 1<<12 {
				t.Errorf("%+v, %v", c, err)
			}
			return
		}
		if c.impossible() != "" {
			t.Errorf("%+v: %s", c, c.impossible())
		}
	})
}

func TestActivation(t *testing.T) {
	dir := t.TempDir()
	weights := filepath.Join(dir, SafeTensors)
	check := func(name, path string, quick, known, fails bool) {
		t.Helper()
		q, k, err := Activation(name, path)
		if q != quick || k != known || fails != (err != nil) {
			t.Errorf("%s, %s: got %v, %v, %v", name, path, q, k, err)
		}
	}
	check("rn50", "anything", true, true, false)
	check(weights, weights, false, false, false)
	for _, c := range []struct {
		card         string
		quick, known bool
	}{{goodCard, true, true}, {strings.Replace(goodCard, "true", "false", 1), false, true}, {vitCard, false, false}} {
		writeFile(t, filepath.Join(dir, CardFile), []byte(c.card))
		check(weights, weights, c.quick, c.known, !c.known)
		check("hf:owner/clip", weights, c.quick, c.known, !c.known)
	}
	check(weights, filepath.Join(dir, "mine.pt"), false, false, false) // the card is not of this file
	if err := os.Remove(filepath.Join(dir, CardFile)); err != nil {
		t.Fatal(err)
	}
	check("hf:owner/clip", weights, false, false, false)
}

func ExampleSourcesError() {
	err := &SourcesError{
		What:   "the checkpoint",
		Failed: []SourceError{{"huggingface.co timm/resnet50_clip.openai", ErrUnreachable}},
		ByHand: []Download{{URL: "https://huggingface.co/timm/resnet50_clip.openai/resolve/main/open_clip_model.safetensors", Bytes: 408291932, Path: "RN50/open_clip_model.safetensors"}},
	}
	fmt.Println(err)
	// Output:
	// the checkpoint: no source brought it
	//   huggingface.co timm/resnet50_clip.openai: no connection
	// by hand, on a machine with network: get one of these files, put it there, and pull again, which checks it
	//   https://huggingface.co/timm/resnet50_clip.openai/resolve/main/open_clip_model.safetensors (408291932 bytes)
	//     as RN50/open_clip_model.safetensors
}
