package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/drift/profile"
	"github.com/facet-clip/facet/drift/store"
	"github.com/facet-clip/facet/lab"
)

// watchedStream is a profile of the demo model, and a store into which windows were written as a watcher does, whose numbers are made up. Its second
// window raises an alert.
type watchedStream struct {
	profile, store string
	settings       string
	before, after  string // picture files that the alert names beside scenes; empty: it names none
}

const reference = "scenes:steady?n=20&seed=1#"

// makeStream makes a profile and a store below a folder.
func makeStream(l *lab.Lab, dir string, files bool) (w watchedStream, err error) {
	w = watchedStream{profile: filepath.Join(dir, "steady.profile"), store: filepath.Join(dir, "gate.db")}
	if files {
		w.before, w.after = filepath.Join(dir, "before.png"), filepath.Join(dir, "after.png")
	}
	ctx, c := context.Background(), l.Model().Config
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return w, err
	}
	sum, err := l.Model().Checkpoint().SHA256(ctx)
	if err != nil {
		return w, err
	}
	summary := drift.NewSummary(c.Heads*c.Channels, c.Embed, 0, 50)
	for i := range 8 {
		path := fmt.Sprint(reference, i)
		if i == 7 && files {
			path = w.before
		}
		embedding := make([]float32, c.Embed)
		embedding[i] = 1
		if err := summary.Add(drift.Image{Path: path, Embedding: embedding}, make([]float32, c.Heads*c.Channels), nil); err != nil {
			return w, err
		}
	}
	h := profile.Header{Model: profile.Model{Name: l.Name(), SHA256: sum}, Source: dir}
	if err := profile.Write(w.profile, h, drift.NewProfile(summary, make([]float32, c.Heads*c.Channels), nil)); err != nil {
		return w, err
	}
	if sum, err = profile.Fingerprint(w.profile); err != nil {
		return w, err
	}
	w.settings = fmt.Sprintf(`{"profile_sha256":%q,"window":"2 images","budget":0.05}`, sum)
	return w, w.follow(3)
}

// follow writes windows up to a number.
func (w watchedStream) follow(windows int) error {
	ctx := context.Background()
	s, err := store.Open(ctx, w.store)
	if err != nil {
		return err
	}
	defer s.Close()
	closed, err := 0, s.Bind(ctx, w.settings)
	if err == nil {
		closed, err = s.Closed(ctx)
	}
	for number := closed + 1; number <= windows && err == nil; number++ {
		var images []store.Image
		for k := range 2 {
			path := fmt.Sprintf("scenes:yellow-cars?n=20&seed=2#%d", 2*number+k)
			c, _ := dataset.ContentAt(ctx, path)
			images = append(images, store.Image{Hash: c.Hash, Name: path, Moment: time.Unix(int64(60*number), 0), Arrived: time.Unix(int64(60*number), 0)})
		}
		if _, err = s.Add(ctx, images); err == nil {
			_, err = s.CloseWindow(ctx, store.Rule{Images: 2}, time.Unix(int64(60*number), 0), func(full store.Full) (store.Outcome, error) {
				return w.outcome(full.Number, images)
			})
		}
	}
	return err
}

// outcome is what is written of a window.
func (w watchedStream) outcome(number int, images []store.Image) (o store.Outcome, err error) {
	change := answer.Change{
		Word: "yellow", More: true, Share: 0.25, Effect: 0.7, Count: 12, Pairs: []answer.PairTest{{Pair: answer.Pair{Neuron: 64, Head: 3}, Label: "yellow", Share: 0.1, Effect: 1.2, Adjusted: 0.01}},
		Before: []string{reference + "1", reference + "2"}, After: []string{images[0].Name, images[1].Name}, Carry: []string{images[1].Name},
	}
	window := answer.Window{
		Format: 2, Number: number, Images: 2, First: images[0].Moment, Last: images[1].Moment, Closed: images[1].Arrived, Watched: []answer.WatchedText{{Text: "a yellow car", Score: float64(number), Low: float64(number) - 1, High: float64(number) + 1, Evidence: 0.01}},
		Evidence: []answer.Evidence{{Followed: "(64,3)", Label: "yellow", Up: true, Value: float64(number*number) / 3}}, Compared: &answer.Comparison{Images: 2, ProfileImages: 8, Tested: 20, Changed: 3, Changes: []answer.Change{change}}, Alerts: []answer.Alert{},
	}
	if number == 2 {
		if w.before != "" {
			change.Before, change.After = []string{reference + "3", w.before, "/etc/hostname"}, []string{images[0].Name, w.after, w.before}
			change.Carry = []string{w.after, "/etc/hostname"}
		}
		window.Alerts = append(window.Alerts, answer.Alert{Format: 2, Window: 2, Budget: 0.05, New: []string{"more yellow"}, RaisedBy: window.Evidence, From: 1, Images: 4, Changes: []answer.Change{}, Rest: &change})
		for _, a := range window.Alerts {
			data, err := json.Marshal(a)
			if err != nil {
				return o, err
			}
			o.Alerts = append(o.Alerts, string(data))
		}
	}
	data, err := json.Marshal(window)
	o.State, o.Result = []byte("{}"), string(data)
	return o, err
}

// TestStreamMetrics: /metrics has the numbers of all streams, by name.
func TestStreamMetrics(t *testing.T) {
	newServer(t, "127.0.0.1:8080", nil) // the model
	gate, err := makeStream(demoServed.lab, filepath.Join(t.TempDir(), secret), false)
	if err != nil {
		t.Fatal(err)
	}
	yard := gate
	yard.store = filepath.Join(filepath.Dir(gate.store), "yard.db")
	if err := yard.follow(2); err != nil {
		t.Fatal(err)
	}
	h := newServer(t, "127.0.0.1:8080", func(c *Config) { c.Profiles, c.Stores = []string{gate.profile}, []string{gate.store, yard.store} }).Handler()
	wants := func(all ...string) {
		t.Helper()
		out := send(h, "GET", "/metrics", nil, nil)
		if checkProblem(t, "/metrics", out); out.Code != http.StatusOK {
			t.Fatalf("%d: %s", out.Code, out.Body)
		}
		for _, want := range all {
			if !strings.Contains(out.Body.String(), "\nfacet_drift_"+want+"\n") {
				t.Errorf("/metrics lacks %q", want)
			}
		}
		if strings.Contains(out.Body.String(), "undelivered") {
			t.Error("expected nothing of deliveries, which only a watcher knows")
		}
	}
	wants(`windows_total{stream="gate"} 3`, `windows_total{stream="yard"} 2`, `alerts_total{stream="gate"} 1`, `budget{stream="yard"} 0.05`,
		`concept_score{concept="a yellow car",stream="gate"} 3`, `concept_score{concept="a yellow car",stream="yard"} 2`, `change_share{direction="more",stream="yard",word="yellow"} 0.25`)
	if err := yard.follow(3); err != nil {
		t.Fatal(err)
	}
	wants(`windows_total{stream="yard"} 3`)
}

// TestDrift: a stream is told as it was kept, without a path, and anew when it went on.
func TestDrift(t *testing.T) {
	newServer(t, "127.0.0.1:8080", nil) // the model
	w, err := makeStream(demoServed.lab, filepath.Join(t.TempDir(), secret), true)
	if err != nil {
		t.Fatal(err)
	}
	h := newServer(t, "127.0.0.1:8080", func(c *Config) { c.Profiles, c.Stores = []string{w.profile}, []string{w.store} }).Handler()
	get := func(target string) string {
		out := send(h, "GET", "/api/v1/drift/streams"+target, nil, nil)
		if checkProblem(t, target, out); out.Code != http.StatusOK {
			t.Fatalf("%s: %d: %s", target, out.Code, out.Body)
		}
		return out.Body.String()
	}
	if got := get(""); !strings.Contains(got, `"name": "gate"`) || !strings.Contains(got, `"windows": 3`) || !strings.Contains(got, `"alerts": 1`) {
		t.Error(got)
	}
	images := make([]store.Image, 2)
	for k := range images {
		images[k] = store.Image{Name: fmt.Sprintf("scenes:yellow-cars?n=20&seed=2#%d", 6+k), Moment: time.Unix(180, 0).UTC(), Arrived: time.Unix(180, 0).UTC()}
	}
	o, err := w.outcome(3, images)
	if err != nil {
		t.Fatal(err)
	}
	var kept answer.Window
	var want bytes.Buffer
	if err := errors.Join(json.Unmarshal([]byte(o.Result), &kept), encode(&want, kept)); err != nil {
		t.Fatal(err)
	}
	if got := get("/gate/windows/3"); got != want.String() {
		t.Errorf("a window is told as %s, expected %s", got, want.String())
	}
	if got := get("/gate/windows?brief=true&top=2"); strings.Contains(got, "compared") || !strings.Contains(got, `"window": 3`) || strings.Contains(got, `"window": 1,`) || !strings.Contains(got, `"count": 3`) {
		t.Error(got)
	}
	if got := get("/gate/alerts"); !strings.Contains(got, `"before.png"`) || !strings.Contains(got, `"after.png"`) {
		t.Error(got)
	}
	if err := w.follow(4); err != nil {
		t.Fatal(err)
	}
	if got := get("/gate/windows?top=1"); !strings.Contains(got, `"window": 4`) {
		t.Errorf("it went on, but %s", got)
	}
	for _, target := range []string{"/other/windows", "/gate/windows/5", "/other/windows/1/picture"} {
		if out := send(h, "GET", "/api/v1/drift/streams"+target, nil, nil); out.Code != http.StatusNotFound {
			t.Errorf("%s: %d: %s", target, out.Code, out.Body)
		}
	}
}

// TestDriftPictures: a picture of the profile is one of its sample, and one of the stream has the content that was counted under its name.
func TestDriftPictures(t *testing.T) {
	newServer(t, "127.0.0.1:8080", nil) // the model
	dir := filepath.Join(t.TempDir(), secret)
	w, err := makeStream(demoServed.lab, dir, true)
	if err != nil {
		t.Fatal(err)
	}
	counted := pngBytes(t, 20)
	for path, data := range map[string][]byte{w.before: pngBytes(t, 30), w.after: counted} {
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s, err := store.Open(t.Context(), w.store)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	now := time.Now() // the second is posted by somebody who gives it the name of a file that he does not have
	for name, data := range map[string][]byte{w.after: counted, w.before: pngBytes(t, 40)} {
		if _, err := s.Add(t.Context(), []store.Image{{Hash: dataset.NewContent(name, data).Hash, Name: name, Moment: now, Arrived: now}}); err != nil {
			t.Fatal(err)
		}
	}
	at := "/api/v1/drift/streams/gate/windows/2/picture?"
	for _, c := range []struct {
		query string
		want  int
	}{
		{"before=true", 200}, {"", 200}, {"change=1", 404}, {"picture=2", 404}, {"whole=true", 200},
		{"alert=true&before=true", 200}, {"alert=true&before=true&picture=1", 200}, {"alert=true&before=true&picture=2", 404},
		{"carry=true", 200}, {"carry=true&picture=1", 404}, {"alert=true&carry=true", 200}, {"alert=true&carry=true&picture=1", 404},
		{"alert=true&picture=0", 200}, {"alert=true&picture=1", 200}, {"alert=true&picture=2", 404},
	} {
		out := send(newServer(t, "127.0.0.1:8080", func(c *Config) { c.Profiles, c.Stores = []string{w.profile}, []string{w.store} }).Handler(), "GET", at+c.query, nil, nil)
		if checkProblem(t, c.query, out); out.Code != c.want {
			t.Errorf("%s: %d, expected %d: %.200s", c.query, out.Code, c.want, out.Body)
		}
	}
	if err := os.WriteFile(w.after, pngBytes(t, 21), 0o644); err != nil {
		t.Fatal(err)
	}
	out := send(newServer(t, "127.0.0.1:8080", func(c *Config) { c.Profiles, c.Stores = []string{w.profile}, []string{w.store} }).Handler(), "GET", at+"alert=true&picture=1", nil, nil)
	if out.Code != http.StatusNotFound {
		t.Errorf("a file that is another one now: %d", out.Code)
	}
}

// TestDriftRefused: a store is served with its own profile, a profile with the model that made it, and a store that is not there is not made.
func TestDriftRefused(t *testing.T) {
	newServer(t, "127.0.0.1:8080", nil) // the model
	dir := t.TempDir()
	w, err := makeStream(demoServed.lab, filepath.Join(dir, "a"), false)
	if err != nil {
		t.Fatal(err)
	}
	none := filepath.Join(dir, "none.db")
	c := Config{Lab: demoServed.lab, Profiles: []string{w.profile}, Stores: []string{none}}
	if _, err := openStreams(t.Context(), c); !errors.Is(err, store.ErrNone) {
		t.Errorf("no store: %v", err)
	}
	if _, err := os.Stat(none); err == nil {
		t.Error("a store was made")
	}
	c.Stores, c.Profiles = []string{w.store}, nil
	if _, err := openStreams(t.Context(), c); err == nil || !strings.Contains(err.Error(), "another profile") {
		t.Errorf("without its profile: %v", err)
	}
	c.Stores, c.Profiles = []string{w.store, w.store}, []string{w.profile}
	if _, err := openStreams(t.Context(), c); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("twice: %v", err)
	}
}

// TestDriftGroups: each group of a store is a stream of the page and of /metrics, also one that turns up later.
func TestDriftGroups(t *testing.T) {
	newServer(t, "127.0.0.1:8080", nil) // the model
	gate, err := makeStream(demoServed.lab, filepath.Join(t.TempDir(), secret), false)
	if err != nil {
		t.Fatal(err)
	}
	gate.store = filepath.Join(filepath.Dir(gate.store), "cameras.db")
	s, err := store.Open(t.Context(), gate.store)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Bind(t.Context(), strings.TrimSuffix(gate.settings, "}")+`,"per_group":true}`); err != nil {
		t.Fatal(err)
	}
	follow := func(group string, turn int) {
		t.Helper()
		var images []store.Image
		for k := range 2 {
			images = append(images, store.Image{Hash: [32]byte{byte(turn), byte(k)}, Name: fmt.Sprint(group, k), Group: group, Moment: time.Unix(60, 0), Arrived: time.Unix(60, 0)})
		}
		if _, err := s.Add(t.Context(), images); err != nil {
			t.Fatal(err)
		}
		groups, err := s.Groups(t.Context(), 2)
		if err != nil || len(groups) != 1 {
			t.Fatalf("%v, %v", groups, err)
		}
		if closed, err := groups[0].CloseWindow(t.Context(), store.Rule{Images: 2}, time.Unix(60, 0), func(store.Full) (store.Outcome, error) { return gate.outcome(2, images) }); err != nil || !closed {
			t.Fatalf("%v, %v", closed, err)
		}
	}
	follow("north", 1)
	h := newServer(t, "127.0.0.1:8080", func(c *Config) { c.Profiles, c.Stores = []string{gate.profile}, []string{gate.store} }).Handler()
	wants := func(target string, all ...string) {
		t.Helper()
		out := send(h, "GET", target, nil, nil)
		for _, want := range all {
			if out.Code != http.StatusOK || !strings.Contains(out.Body.String(), want) {
				t.Errorf("%s: %d: expected %q in %s", target, out.Code, want, out.Body)
			}
		}
	}
	wants("/api/v1/drift/streams", `"name": "cameras/north"`, `"budget": 0.025`)
	follow("a/b yard", 2)
	wants("/api/v1/drift/streams", `"name": "cameras/north"`, `"name": "cameras/a/b yard"`, `"budget": 0.00833`)
	wants("/api/v1/drift/streams/cameras%2Fa%2Fb%20yard/windows", `"stream": "cameras/a/b yard"`, `"count": 1`, `"b yard0"`)
	wants("/api/v1/drift/streams/cameras%2Fnorth/alerts", `"stream": "cameras/north"`, `more yellow`)
	wants("/metrics", `facet_drift_windows_total{group="north",stream="cameras"} 1`, `facet_drift_budget{group="north",stream="cameras"} 0.025`, `facet_drift_windows_total{group="a/b yard",stream="cameras"} 1`)
	if out := send(h, "GET", "/api/v1/drift/streams/cameras/windows", nil, nil); out.Code != http.StatusNotFound {
		t.Errorf("the store, whose groups are the streams: %d", out.Code)
	}
}
