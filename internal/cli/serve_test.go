package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/web"
)

// TestServeAnswersAsJSON: the API gives the bytes that a verb prints with --json in the folder where all lies. Only the path of a picture of an
// atlas differs, which the API tells as the atlas has it.
func TestServeAnswersAsJSON(t *testing.T) {
	if testing.Short() {
		t.Skip("scans twelve pictures, watches a stream and asks two dozen questions twice")
	}
	t.Chdir(t.TempDir())
	portable := []string{"--engine", "portable", "--model", "demo"}
	succeed(t, "scenes", "-n", "12", "--seed", "3", "-o", "scenes")
	pictures, err := filepath.Glob(filepath.Join("scenes", "images", "*", "*.png"))
	if err != nil || len(pictures) == 0 {
		t.Fatalf("no picture: %v", err)
	}
	data, err := os.ReadFile(pictures[0])
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"photo.png": string(data), "words.txt": "sedan\ncastle\nsnow\nbutterfly\ncat\n"} {
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	succeed(t, append([]string{"scan", "scenes", "-o", "photos.atlas", "--keep-scalars"}, portable...)...)
	succeed(t, append([]string{"label", "photos.atlas", "--units", "top:20"}, portable...)...)
	succeed(t, driftArgs("profile", "scenes:steady?n=2&seed=1&size=64", "--vary", "1", "--watch", "a yellow car", "-o", "steady.profile")...)
	windows := strings.SplitAfter(succeed(t, driftArgs("watch", "steady.profile", "scenes:yellow-cars?n=4&seed=3&size=64", "--store", "gate.db", "--window", "10", "--json")...), "\n")
	address := serveHere(t, web.Config{Atlases: []string{"photos.atlas"}, Banks: []string{"words.txt"}, Profiles: []string{"steady.profile"}, Stores: []string{"gate.db"}})
	for i, line := range windows[:len(windows)-1] { // a line each, where the API answers on many
		var want bytes.Buffer
		if err := json.Indent(&want, []byte(line), "", "  "); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.String(), requested(t, address, fmt.Sprintf("GET drift/streams/gate/windows/%d", i+1), nil)); diff != "" || len(windows) != 5 {
			t.Errorf("window %d of %d of facet drift watch (-facet +serve):\n%s", i+1, len(windows)-1, diff)
		}
	}
	root, err := filepath.Abs("scenes")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args    string // of the command line, apart by |
		request string
	}{
		{"search|a castle|--top|4", "GET search?text=a+castle&top=4"},
		{"search|a castle|--top|4|--unit|neuron", "GET search?text=a+castle&top=4&unit=neuron"},
		{"search|a <castle> & more|--atlas|photos.atlas|--bank|words.txt", "GET search?text=a+%3Ccastle%3E+%26+more&atlas=photos.atlas&bank=words.txt"},
		{"nearest|89,3|--top|4|--bank|words.txt", "GET pairs/89,3/nearest?top=4&bank=words.txt"},
		{"pairs|photos.atlas|--top|4", "GET atlases/photos.atlas/pairs?top=4"},
		{"pairs|photos.atlas|--top|3|--neuron|5|--sort|poly|--bank|words.txt", "GET atlases/photos.atlas/pairs?top=3&neuron=5&sort=poly&bank=words.txt"},
		{"neuron|photos.atlas|89|--images|3", "GET atlases/photos.atlas/neurons/89?images=3"},
		{"explain|photo.png|--text|a castle|--top|3|--atlas|photos.atlas", "POST explain?name=photo.png&text=a+castle&top=3&atlas=photos.atlas"},
		{"explain|photo.png|--bank|words.txt|--atlas|photos.atlas|--text|a castle|--baseline|average picture",
			"POST explain?name=photo.png&bank=words.txt&atlas=photos.atlas&text=a+castle&baseline=average+picture"},
		{"explain|photo.png|--bank|words.txt|--text|a castle", "POST explain?name=photo.png&bank=words.txt&text=a+castle"},
		{"explain|photo.png|--text|a castle|--top|3|--atlas|photos.atlas|--intervals", "POST explain?name=photo.png&text=a+castle&top=3&atlas=photos.atlas&intervals=true"},
		{"classify|photo.png|--labels|sedan, tree, cat", "POST classify?name=photo.png&labels=sedan&labels=tree&labels=cat"},
		{"classify|photo.png|--labels|sedan, tree, cat|--why|--bank|words.txt", "POST classify?name=photo.png&labels=sedan&labels=tree&labels=cat&why=second&bank=words.txt"},
		{"embed|photo.png", "POST embed?name=photo.png"},
		{"tree|photos.atlas|89|--images|3", "GET atlases/photos.atlas/neurons/89/tree?images=3"},
		{"polysemanticity|photos.atlas|--top|3", "JOB polysemanticity?atlas=photos.atlas&top=3"},
		{"reconstruct|photos.atlas|--components|1", "JOB reconstruct?atlas=photos.atlas&components=1"},
		{"ablate|photos.atlas|--percentile|50", "JOB ablate?atlas=photos.atlas&percentiles=50"},
		{"explain|" + pictureOf(t, address, 5) + "|--text|a castle|--atlas|photos.atlas", "GET atlases/photos.atlas/images/5/explanation?text=a+castle"},
		{"explain|" + pictureOf(t, address, 5) + "|--text|a castle|--atlas|photos.atlas|--contrast|" + pictureOf(t, address, 8),
			"GET atlases/photos.atlas/images/5/explanation?text=a+castle&baseline_image=8"},
		{"explain|photo.png|--text|a castle|--atlas|photos.atlas|--contrast|" + pictureOf(t, address, 8), "POST explain?name=photo.png&text=a+castle&atlas=photos.atlas&baseline_image=8"},
		{"sink|photos.atlas|--limit|6", "JOB sink?atlas=photos.atlas&limit=6"},
		{"sink|photos.atlas|--limit|4|--classes|sedan, tree, cat|--bank|words.txt", "JOB sink?atlas=photos.atlas&limit=4&classes=sedan&classes=tree&classes=cat&bank=words.txt"},
		{"label|photos.atlas|--units|top:10|--terms|8|--top|5", "JOB label?atlas=photos.atlas&units=top:10&terms=8&top=5"},
		{"label|photos.atlas|--units|89,3|--bank|words.txt", "JOB label?atlas=photos.atlas&units=89,3&bank=words.txt"},
		{"segment|photo.png|--classes|sedan, tree|-o|out", "POST segment?name=photo.png&classes=sedan&classes=tree"},
	} {
		want := succeed(t, append(append(strings.Split(c.args, "|"), portable...), "--json")...)
		want = strings.ReplaceAll(want, filepath.ToSlash(root)+"/", "")
		got := requested(t, address, c.request, data)
		if seconds := regexp.MustCompile(`"seconds": [\d.e-]+`); strings.HasPrefix(c.args, "segment") { // differ from run to run
			want, got = seconds.ReplaceAllString(want, ""), seconds.ReplaceAllString(got, "")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s and facet %s (-facet +serve):\n%s", c.request, c.args, diff)
		}
	}
}

// pictureOf is where an image of the atlas lies.
func pictureOf(t *testing.T, address string, image int) string {
	t.Helper()
	var a web.AtlasImages
	if err := json.Unmarshal([]byte(requested(t, address, "GET atlases/photos.atlas/images", nil)), &a); err != nil {
		t.Fatal(err)
	}
	path, err := filepath.Abs(filepath.Join("scenes", filepath.FromSlash(a.Images[image].Path)))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// serveHere serves what lies here, by the demo model, and gives the address.
func serveHere(t *testing.T, c web.Config) string {
	t.Helper()
	l, err := lab.Open(t.Context(), lab.Config{Engine: "portable"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	c.Lab, c.Listener = l, listener
	s, err := web.New(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	go s.Serve(t.Context())
	return "http://" + listener.Addr().String() + "/api/v1/"
}

// jobAnswer is the answer of a job that is begun at an address.
func jobAnswer(t *testing.T, address, path string) string {
	t.Helper()
	var job web.Job
	if err := json.Unmarshal([]byte(requested(t, address, "POST jobs/"+path, nil)), &job); err != nil {
		t.Fatal(err)
	}
	requested(t, address, "GET jobs/"+job.ID+"/events", nil) // until it ends
	return requested(t, address, "GET jobs/"+job.ID+"/answer", nil)
}

// requested is the answer to METHOD ADDRESS, with a picture where the method is POST; of JOB ADDRESS, that of the job.
func requested(t *testing.T, address, request string, picture []byte) string {
	t.Helper()
	method, path, _ := strings.Cut(request, " ")
	if method == "JOB" {
		return jobAnswer(t, address, path)
	}
	in, err := http.NewRequestWithContext(t.Context(), method, address+path, bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	in.Header.Set("Content-Type", "image/png")
	out, err := http.DefaultClient.Do(in)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	body, err := io.ReadAll(out.Body)
	if err != nil || out.StatusCode != http.StatusOK && out.StatusCode != http.StatusAccepted {
		t.Fatalf("%s: %s %v: %s", request, out.Status, err, body)
	}
	return string(body)
}
