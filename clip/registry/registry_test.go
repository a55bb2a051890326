package registry

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestModels(t *testing.T) {
	var names []string
	folders := map[string]bool{}
	for _, m := range Models() {
		names = append(names, m.Name)
		u, err := url.Parse(m.URL)
		if err != nil || u.Scheme != "https" || !strings.HasSuffix(u.Path, ".pt") {
			t.Errorf("%s: URL %s: expected https://….pt (%v)", m.Name, m.URL, err)
		}
		digits := map[string]int{SourceOpenAI: 64, SourceOpenCLIP: 8}[m.Source]
		if len(m.SHA256) != digits || checkDigits(m.SHA256) != nil {
			t.Errorf("%s: SHA-256 %q: expected %d digits", m.Name, m.SHA256, digits)
		}
		// The publishers put the sum into the address: it must be the one in the table.
		if !strings.Contains(m.URL, "/"+m.SHA256+"/"+m.Name+".pt") && !strings.HasSuffix(m.URL, "-"+m.SHA256+".pt") {
			t.Errorf("%s: %s does not carry the sum %s", m.Name, m.URL, m.SHA256)
		}
		if !m.QuickGELU || m.Note == "" {
			t.Errorf("%s: every published CLIP-ResNet uses QuickGELU and has a note: %+v", m.Name, m)
		}
		if owner, name, ok := strings.Cut(m.Hub, "/"); !ok || owner != "timm" || !strings.Contains(name, "_clip.") {
			t.Errorf("%s: repository %q", m.Name, m.Hub)
		}
		folder := strings.ToLower(filepath.Dir(m.Path("cache"))) // some file systems ignore case
		if folders[folder] {
			t.Errorf("%s: shares the folder %s with another model", m.Name, folder)
		}
		folders[folder] = true
	}
	want := []string{"RN50", "RN101", "RN50x4", "RN50x16", "RN50x64", "RN50/yfcc15m", "RN50/cc12m", "RN101/yfcc15m"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	Models()[0].Name = "changed"
	if Models()[0].Name != "RN50" {
		t.Error("a caller can change the table")
	}
}

func TestLookup(t *testing.T) {
	m, err := Lookup("RN50/cc12m")
	if err != nil || m.Name != "RN50/cc12m" || m.SHA256 != "f000538c" {
		t.Errorf("got %+v, %v", m, err)
	}
	for given, want := range map[string]string{"rn50": "RN50", "RN50X16": "RN50x16", "rn50/YFCC15M": "RN50/yfcc15m"} {
		if m, err := Lookup(given); err != nil || m.Name != want {
			t.Errorf("%s: got %s, %v; want %s", given, m.Name, err, want)
		}
	}
	for _, name := range []string{"", "RN51", "ViT-B/32", "RN50 "} {
		m, err := Lookup(name)
		if !errors.Is(err, ErrUnknown) || m != (Model{}) {
			t.Errorf("%q: got %+v, %v", name, m, err)
			continue
		}
		for _, known := range Models() {
			if !strings.Contains(err.Error(), known.Name) {
				t.Errorf("%q: error does not list %s: %v", name, known.Name, err)
			}
		}
	}
}

// TestDownload: an atlas names the very file that it was made with, so either file of a model can be asked for.
func TestDownload(t *testing.T) {
	m := Models()[0]
	for sum, want := range map[string]Download{
		m.SHA256:    {URL: m.URL, Path: m.Path("cache")},
		m.HubSHA256: {URL: "https://huggingface.co/timm/resnet50_clip.openai/resolve/main/open_clip_model.safetensors", Bytes: 408291932, Path: m.hubPath("cache", SafeTensors)},
	} {
		if got, ok := m.Download("cache", sum); !ok || got != want || !m.Is(sum) {
			t.Errorf("%s: got %+v, %v", sum, got, ok)
		}
	}
	if got, ok := m.Download("cache", digits(nil)); ok || m.Is(digits(nil)) {
		t.Errorf("an unknown sum: %+v", got)
	}
}

func TestCacheDir(t *testing.T) {
	t.Setenv("FACET_CACHE", "/some/where")
	if dir, err := CacheDir(); dir != "/some/where" || err != nil {
		t.Errorf("with FACET_CACHE: got %q, %v", dir, err)
	}
	t.Setenv("FACET_CACHE", "")
	user, err := os.UserCacheDir()
	if err != nil {
		for _, name := range []string{"HOME", "home", "LocalAppData"} {
			t.Setenv(name, t.TempDir())
		}
		user, _ = os.UserCacheDir()
	}
	if dir, err := CacheDir(); dir != filepath.Join(user, "facet") || err != nil {
		t.Errorf("without: got %q, %v", dir, err)
	}
	for _, name := range []string{"HOME", "home", "LocalAppData", "XDG_CACHE_HOME"} {
		t.Setenv(name, "")
	}
	if dir, err := CacheDir(); dir != "" || err == nil || !strings.Contains(err.Error(), "set FACET_CACHE") {
		t.Errorf("without a home: got %q, %v", dir, err)
	}
}

func TestPath(t *testing.T) {
	tests := []struct {
		name, url string
		want      string // slash-separated, in the cache
	}{
		{"RN50", "https://h/a/RN50.pt", "RN50/RN50.pt"},
		{"RN50/yfcc15m", "https://h/x-455df137.pt?download=1", "RN50-yfcc15m/x-455df137.pt"},
		{"../../etc", "https://h/a/..", "-..-etc/unnamed"},
		{"..", "https://h/a%2f..%2fb.pt", "unnamed/b.pt"},
		{"", "https://h", "unnamed/unnamed"},
		{`a\b:c`, "https://h/", "a-b-c/-"},
		{"né", "::", "n-/unnamed"},
	}
	for _, tt := range tests {
		got := Model{Name: tt.name, URL: tt.url}.Path("cache")
		if want := filepath.Join("cache", filepath.FromSlash(tt.want)); got != want {
			t.Errorf("%q, %q: got %s, want %s", tt.name, tt.url, got, want)
		}
	}
	if got, want := VocabularyPath("cache"), filepath.Join("cache", "bpe_simple_vocab_16e6.txt.gz"); got != want {
		t.Errorf("vocabulary: got %s, want %s", got, want)
	}
}

func FuzzPath(f *testing.F) {
	f.Add("RN50/cc12m", "https://h/x.pt")
	f.Add("../..", "https://h/..")
	f.Add("C:\\", "https://h/%2e%2e%2f")
	f.Fuzz(func(t *testing.T, name, address string) {
		cache := t.TempDir()
		got := Model{Name: name, URL: address}.Path(cache)
		rel, err := filepath.Rel(cache, got)
		if err != nil || !filepath.IsLocal(rel) || strings.Count(rel, string(filepath.Separator)) != 1 {
			t.Errorf("%q, %q: %s is not a file in a folder of the cache (%v)", name, address, rel, err)
		}
		if strings.HasPrefix(path.Base(filepath.ToSlash(rel)), ".") || strings.HasPrefix(rel, ".") {
			t.Errorf("%q, %q: %s is hidden", name, address, rel)
		}
	})
}

// TestVocabularySum checks the pinned sum against the real file, which is not in the repository.
func TestVocabularySum(t *testing.T) {
	name := os.Getenv("FACET_CLIP_VOCAB")
	if name == "" {
		t.Skip("needs CLIP's vocabulary: set FACET_CLIP_VOCAB to a bpe_simple_vocab_16e6.txt.gz")
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	if got := hex.EncodeToString(sum[:]); got != clipVocabulary.sha256 || int64(len(data)) != clipVocabulary.size {
		t.Errorf("%s: %d bytes, SHA-256 %s; pinned are %d and %s", name, len(data), got, clipVocabulary.size, clipVocabulary.sha256)
	}
}

// TestClaims: a file is taken for a published one by its name, and for none by that of its folder.
func TestClaims(t *testing.T) {
	for name, want := range map[string]string{
		"RN50": "RN50", "rn50X4": "RN50x4", "dir/RN101.pt": "RN101", "rn50.PT": "RN50", "rn50-quickgelu-cc12m-f000538c.pt": "RN50/cc12m",
		"hf:timm/resnet50_clip.openai": "RN50", "hf:Timm/resnet50_clip.openai@v1": "RN50", "RN50/cc12m": "RN50/cc12m",
		"RN50.safetensors": "", "RN50/mine.pt": "", "hf:owner/RN50.pt": "", "open_clip_model.safetensors": "", "": "",
	} {
		got := ""
		for _, m := range Models() {
			if m.Claims(name) {
				got += m.Name
			}
		}
		if got != want {
			t.Errorf("%q is taken for %q, expected %q", name, got, want)
		}
	}
}
