package lab_test

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/drift/gate"
	"github.com/facet-clip/facet/drift/store"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/lab/labtest"
)

// images are those of a dataset.
func images(t *testing.T, name string, limit int) *dataset.Source {
	t.Helper()
	s, err := dataset.Open(name, dataset.Options{Limit: limit})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// profileOf makes a profile of a dataset, which follows yellow cars.
func profileOf(t *testing.T, l *lab.Lab, name string, limit int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "p")
	p, err := l.Profile(t.Context(), lab.Profile{Source: images(t, name, limit), Folder: dir, Watch: []string{"a yellow car"}, Vary: 1})
	if err != nil {
		t.Fatal(err)
	}
	if p.Images != limit || p.Sample != limit || p.Labelled == 0 || len(p.Qualities) != 11 || len(p.Watched) != 1 {
		t.Errorf("a profile of %d images: %+v", limit, p)
	}
	return dir
}

// TestDrift finds that the cars of a stream became yellow, and shows it on a page.
func TestDrift(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: encodes some hundred scenes")
	}
	l := open(t, lab.Config{})
	reference := profileOf(t, l, "scenes:yellow-cars?n=160&seed=1&size=64", 160)
	r, err := l.Compare(t.Context(), lab.Compare{Profile: reference, Source: images(t, "scenes:yellow-cars?n=16&seed=2&size=64", 0), By: "group"})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.All.Changes) == 0 || r.All.Changes[0].String() != "more yellow" {
		t.Fatalf("changes: %+v", r.All.Changes)
	}
	if first := r.All.Changes[0]; len(first.Before) != 4 || first.Quality || first.Pairs[0].Share <= 0 {
		t.Errorf("first change: %+v", first)
	}
	if r.All.Images != 160 || len(r.Groups) != 10 || r.All.Residual > 1e-4 {
		t.Errorf("%d images in %d groups, residual %g", r.All.Images, len(r.Groups), r.All.Residual)
	}
	w := r.Watched[0]
	if len(r.Watched) != 1 || w.P == nil || *w.P > 0.05 || w.Profile == nil || w.Images.Signed == nil || *w.Images.Signed < 0.2 {
		t.Errorf("watched: %+v", r.Watched)
	}
	sum := 1 - r.All.Explained
	for _, c := range r.All.All() {
		sum += c.Share
	}
	if math.Abs(sum-1) > 1e-9 {
		t.Errorf("the shares of changes, unnamed and unchanged pairs sum to %v", sum)
	}
	page, err := l.CompareReport(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	var html bytes.Buffer
	if err := page.Write(&html); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"More yellow", "more yellow", "all other pairs", "<svg", "data:image/jpeg;base64,", "2015"} {
		if !strings.Contains(html.String(), want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	if strings.Contains(html.String(), "ZgotmplZ") {
		t.Error("the report holds something that its template refused")
	}
}

// TestProfiles: profiles are merged, compared with and watched by; questions that say nothing but what is asked are useful.
func TestProfiles(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: encodes dozens of scenes")
	}
	l := open(t, lab.Config{})
	parts := []string{profileOf(t, l, "scenes:steady?n=8&size=64&seed=1&window=1", 8), profileOf(t, l, "scenes:steady?n=12&size=64&seed=2&window=1", 12)}
	both := filepath.Join(t.TempDir(), "both")
	p, err := l.MergeProfiles(t.Context(), lab.MergeProfiles{Profiles: parts, Folder: both})
	if err != nil {
		t.Fatal(err)
	}
	if p.Images != 20 || p.Sample != 20 || p.Profile != both || p.Labelled == 0 {
		t.Errorf("%+v", p)
	}
	few := "scenes:steady?n=6&size=64&seed=3&window=1"
	r, err := l.Compare(t.Context(), lab.Compare{Profile: both, Source: images(t, few, 0), Watch: []string{"a yellow car", "a convertible"}})
	if err != nil {
		t.Fatal(err)
	}
	if r.All.Images != 6 || r.Level != 0.05 || r.Model.Name != lab.DemoName || len(r.Watched) != 2 || r.Watched[0].Profile == nil || r.Watched[1].Profile != nil {
		t.Errorf("%+v", r)
	}
	var windows []answer.Window
	w, err := l.Watch(t.Context(), lab.Watch{
		Profile: both, Store: filepath.Join(t.TempDir(), "drift.db"), Window: store.Rule{Images: 3}, Closed: func(w answer.Window) { windows = append(windows, w) },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Store.Close()
	if err := w.Run(t.Context(), w.Items(images(t, few, 0).Items(t.Context(), 0), func(int) {})); err != nil {
		t.Fatal(err)
	}
	if len(windows) != 2 || windows[1].Images != 3 || w.Budget != 0.05 {
		t.Errorf("%+v", windows)
	}
}

// TestAccept: the new state of a stream becomes its reference, and the stream goes on with that alone.
func TestAccept(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: encodes some dozen scenes")
	}
	l := open(t, lab.Config{})
	q := lab.Watch{Profile: profileOf(t, l, "scenes:steady?n=4&seed=1&size=64", 12), Store: filepath.Join(t.TempDir(), "drift.db"), Window: store.Rule{Images: 4}}
	follow := func(from string, limit int) (windows []answer.Window, err error) {
		q.Closed = func(w answer.Window) { windows = append(windows, w) }
		w, err := l.Watch(t.Context(), q)
		if err != nil {
			return nil, err
		}
		defer w.Store.Close()
		return windows, w.Run(t.Context(), w.Items(images(t, from, limit).Items(t.Context(), 0), func(int) {}))
	}
	if _, err := follow("scenes:snow-arrives?n=20&seed=2&size=64&window=11", 14); err != nil {
		t.Fatal(err)
	}
	next := filepath.Join(t.TempDir(), "next")
	got, err := l.Accept(t.Context(), lab.Accept{Watch: q, Windows: 2, Folder: next, Note: "winter"})
	if d := cmp.Diff(&answer.Accepted{Profile: next, Images: 8, From: 2, Window: 3}, got); d != "" || err != nil {
		t.Fatalf("%v\n%s", err, d)
	}
	if _, err := follow("scenes:steady?n=4&seed=3&size=64", 1); !errors.Is(err, store.ErrOther) {
		t.Errorf("with the profile before: %v", err)
	}
	q.Profile = next
	windows, err := follow("scenes:snow-arrives?n=20&seed=4&size=64&window=11", 6) // and two images that waited
	if err != nil || len(windows) != 2 || windows[0].Number != 4 || windows[1].Compared.ProfileImages != 8 {
		t.Errorf("%+v, %v", windows, err)
	}
	if p, err := lab.ReadProfile(next); err != nil || p.Images != 8 || len(p.Watched) != 1 {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestRepeatedPictures: a picture counts once in a profile and in a comparison, under whatever names it comes.
func TestRepeatedPictures(t *testing.T) {
	l, dir := open(t, lab.Config{}), t.TempDir()
	for name, grey := range map[string]uint8{"a": 10, "b": 100, "c": 200, "a again": 10, "and again": 10} {
		picture := image.NewGray(image.Rect(0, 0, 32, 32))
		for i := range picture.Pix {
			picture.Pix[i] = grey
		}
		var b bytes.Buffer
		if err := png.Encode(&b, picture); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".png"), b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	reference := filepath.Join(t.TempDir(), "p")
	p, err := l.Profile(t.Context(), lab.Profile{Source: images(t, dir, 0), Folder: reference, Vary: -1})
	if err != nil || p.Images != 3 || p.Repeated != 2 || p.Sample != 3 {
		t.Fatalf("%+v, %v", p, err)
	}
	r, err := l.Compare(t.Context(), lab.Compare{Profile: reference, Source: images(t, dir, 0)})
	if err != nil || r.All.Images != 3 || r.Repeated != 2 || r.All.Changed != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestComparisonsTogether: comparisons that are asked for at once answer as one that is asked for alone.
func TestComparisonsTogether(t *testing.T) {
	l := open(t, lab.Config{})
	reference := profileOf(t, l, "scenes:steady?n=6&size=64&seed=1&window=1", 6)
	q := lab.Compare{Profile: reference, Source: images(t, "scenes:steady?n=2&size=64&seed=2", 0), By: "label"}
	ask := func() (*answer.Drift, error) { return l.Compare(t.Context(), q) }
	want, err := ask()
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			if got, err := ask(); err != nil || !cmp.Equal(want, got) {
				t.Errorf("%v (-want +got)\n%s", err, cmp.Diff(want, got))
			}
		})
	}
	wait.Wait()
	q.By, q.Previous = "group", 1
	months, err := ask()
	if err != nil || len(months.Groups) < 2 || months.Groups[0].Against != nil || months.Groups[0].ProfileImages != 6 {
		t.Fatalf("%v: %+v", err, months)
	}
	for k, g := range months.Groups[1:] {
		if before := months.Groups[k]; !cmp.Equal(g.Against, []string{before.Name}) || g.ProfileImages != before.Images {
			t.Errorf("%s is compared with %v of %d images, expected %s of %d", g.Name, g.Against, g.ProfileImages, before.Name, before.Images)
		}
	}
}

// TestProfileIsKept: what is there is not written over, and what is begun goes on only if the question says so.
func TestProfileIsKept(t *testing.T) {
	l := open(t, lab.Config{})
	dir := filepath.Join(t.TempDir(), "p")
	q := lab.Profile{Source: images(t, "scenes:steady?n=4&size=64&window=1", 0), Folder: dir, Vary: -1}
	if err := os.WriteFile(dir+".partial", []byte("begun"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Profile(t.Context(), q); !errors.Is(err, lab.ErrUnfinished) {
		t.Errorf("begun: %v", err)
	}
	if err := os.Remove(dir + ".partial"); err != nil {
		t.Fatal(err)
	}
	first, err := l.Profile(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Profile(t.Context(), q); err == nil || !strings.Contains(err.Error(), "exists already") {
		t.Errorf("again: %v", err)
	}
	q.Resume = true
	if again, err := l.Profile(t.Context(), q); err != nil || again.Images != first.Images || len(again.Qualities) != 0 {
		t.Errorf("resumed when done: %+v, %v", again, err)
	}
}

// TestStrict: the first picture that cannot be read ends a strict question, and is counted otherwise.
func TestStrict(t *testing.T) {
	l := open(t, lab.Config{})
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "broken.png"), []byte("no picture"), 0o644); err != nil {
		t.Fatal(err)
	}
	q := lab.Profile{Source: images(t, dir, 0), Folder: filepath.Join(t.TempDir(), "p"), Strict: true}
	if _, err := l.Profile(t.Context(), q); !errors.Is(err, lab.ErrStrict) || !strings.Contains(err.Error(), "broken.png") || strings.Contains(err.Error(), "--") {
		t.Errorf("strict: %v", err)
	}
	q.Strict = false
	if _, err := l.Profile(t.Context(), q); err == nil || !strings.Contains(err.Error(), "0 pictures that can be read") {
		t.Errorf("not strict: %v", err)
	}
}

// TestDriftMistakes: what is wrong with a question about drift is an ErrQuestion that names the field, and no flag.
func TestDriftMistakes(t *testing.T) {
	l := open(t, lab.Config{})
	some := images(t, "scenes:steady?n=2&size=64", 0)
	profile := func(q lab.Profile) func() error {
		return func() error { _, err := l.Profile(t.Context(), q); return err }
	}
	compare := func(q lab.Compare) func() error {
		return func() error { _, err := l.Compare(t.Context(), q); return err }
	}
	watch := func(q lab.Watch) func() error {
		return func() error { _, err := l.Watch(t.Context(), q); return err }
	}
	for name, ask := range map[string]func() error{
		"no images":        profile(lab.Profile{Folder: "p"}),
		"no folder":        profile(lab.Profile{Source: some}),
		"sample":           profile(lab.Profile{Source: some, Folder: "p", Sample: 1}),
		"every":            profile(lab.Profile{Source: some, Folder: "p", Every: -1}),
		"twice":            profile(lab.Profile{Source: some, Folder: "p", Watch: []string{"a", "a"}}),
		"empty":            profile(lab.Profile{Source: some, Folder: "p", Watch: []string{""}}),
		"no profile":       compare(lab.Compare{Source: some}),
		"nothing compared": compare(lab.Compare{Profile: "p"}),
		"by":               compare(lab.Compare{Profile: "p", Source: some, By: "moon"}),
		"previous":         compare(lab.Compare{Profile: "p", Source: some, Previous: -1, By: "group"}),
		"previous of what": compare(lab.Compare{Profile: "p", Source: some, Previous: 1}),
		"level":            compare(lab.Compare{Profile: "p", Source: some, Level: 1}),
		"not a level":      compare(lab.Compare{Profile: "p", Source: some, Level: math.NaN()}),
		"watched what":     watch(lab.Watch{Store: "s"}),
		"no store":         watch(lab.Watch{Profile: "p"}),
		"budget":           watch(lab.Watch{Profile: "p", Store: "s", Budget: 2}),
		"window":           watch(lab.Watch{Profile: "p", Store: "s", Window: store.Rule{Images: 1}}),
		"webhook":          watch(lab.Watch{Profile: "p", Store: "s", Webhook: "ftp://x"}),
		"one profile": func() error {
			_, err := l.MergeProfiles(t.Context(), lab.MergeProfiles{Profiles: []string{"p"}, Folder: "q"})
			return err
		},
		"merged nowhere": func() error {
			_, err := l.MergeProfiles(t.Context(), lab.MergeProfiles{Profiles: []string{"p", "q"}})
			return err
		},
	} {
		if err := ask(); !errors.Is(err, lab.ErrQuestion) || strings.Contains(err.Error(), "--") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestCompareGiven: pictures of two groups in another mix are compared within the groups, by the groups that the profile keeps.
func TestCompareGiven(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: encodes some hundred scenes")
	}
	l := open(t, lab.Config{})
	dir := t.TempDir()
	manifest := func(name string, seed, dry, snowy int) string {
		path := filepath.Join(dir, name)
		labtest.Weather(t, path, filepath.Join(dir, "pictures"), seed, dry, snowy)
		return path
	}
	reference := filepath.Join(dir, "p")
	if _, err := l.Profile(t.Context(), lab.Profile{Source: images(t, manifest("before.csv", 1, 120, 40), 0), Folder: reference, Vary: -1}); err != nil {
		t.Fatal(err)
	}
	q := lab.Compare{Profile: reference, Source: images(t, manifest("after.csv", 2, 40, 120), 0), Given: "group"}
	r, err := l.Compare(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	g := r.Given
	t.Logf("%d of %d pairs changed, %d given the group; the mix explains %.2f of the shift (p %.2g)", r.All.Changed, r.All.Tested, g.Changed, g.Mix, g.MixP)
	if r.All.Changed < 10 || g.Changed != 0 || g.Mix < 0.8 || g.MixP > 1e-6 || len(g.Values) != 2 || g.Values[0] != (answer.GivenValue{Value: "dry", Images: 40, ProfileImages: 120, Weight: 0.75}) {
		t.Errorf("%+v", g)
	}
	if broken := gate.Broken(gate.Check(r, must(t)(gate.ParseAll([]string{"changed"})))); len(broken) > 0 {
		t.Errorf("another mix alone breaks a rule: %v", broken)
	}
	q.Given, q.Source = "label", images(t, filepath.Join(dir, "after.csv"), 1) // too few pictures, which is found only after they were read
	if _, err := l.Compare(t.Context(), q); !errors.Is(err, drift.ErrNoValues) {
		t.Errorf("given labels that the profile does not have: %v", err)
	}
	q.Given = "moon"
	if _, err := l.Compare(t.Context(), q); !errors.Is(err, lab.ErrQuestion) {
		t.Errorf("given the moon: %v", err)
	}
}

func must(t *testing.T) func([]gate.Rule, error) []gate.Rule {
	return func(rules []gate.Rule, err error) []gate.Rule {
		if err != nil {
			t.Fatal(err)
		}
		return rules
	}
}
