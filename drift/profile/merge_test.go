package profile

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/drift"
)

// shards are profiles of other images, in folders.
func shards(t *testing.T, n int) (dirs []string, ov *decompose.OV) {
	t.Helper()
	random := rand.New(rand.NewPCG(5, 6))
	p, ov := sample(t)
	for k := range n {
		s := drift.NewSummary(M*C, D, 1, 6)
		for i := range 9 + k {
			image := drift.Image{Path: fmt.Sprint(k, "/", i, ".png"), Embedding: normals(random, D), Scores: []drift.Score{{Signed: float64(k)}}}
			scalars := normals(random, M*C)
			for at := range scalars[:10] { // so that the same pairs are strong everywhere
				scalars[at] *= float32(100 + 100*at)
			}
			if err := s.Add(image, scalars, nil); err != nil {
				t.Fatal(err)
			}
		}
		part := drift.NewProfile(s, ov.Norms(), p.Watched)
		part.Labels = make([]string, len(part.Strong))
		for i := range part.Labels {
			part.Labels[i] = fmt.Sprint("word of ", k)
		}
		part.Qualities = p.Qualities
		dir := filepath.Join(t.TempDir(), fmt.Sprint("p", k))
		h := Header{Source: fmt.Sprint("day ", 9-k), Model: Model{Name: "m", SHA256: "0"}, Unread: 2, Skipped: []string{fmt.Sprint(k, " a"), fmt.Sprint(k, " b")}}
		if err := Write(dir, h, part); err != nil {
			t.Fatal(err)
		}
		dirs = append(dirs, dir)
	}
	return dirs, ov
}

// merged joins profiles in folders into another.
func merged(dirs []string, ov *decompose.OV, out string, listed int) error {
	var headers []Header
	var profiles []*drift.Profile
	for _, dir := range dirs {
		h, err := ReadHeader(dir)
		if err != nil {
			return err
		}
		p, err := Open(dir, ov)
		if err != nil {
			return err
		}
		headers, profiles = append(headers, h), append(profiles, p)
	}
	h, order, err := Merge(headers, listed)
	if err != nil {
		return err
	}
	var inOrder []*drift.Profile
	for _, k := range order {
		inOrder = append(inOrder, profiles[k])
	}
	p, err := drift.Merge(inOrder, ov.Norms())
	if err != nil {
		return err
	}
	return Write(out, h, p)
}

// TestMergeHasNoOrder: profiles merged in any order and by any steps give the same bytes in every file.
func TestMergeHasNoOrder(t *testing.T) {
	dirs, ov := shards(t, 6)
	const listed = 9 // of 12 skipped files
	one := filepath.Join(t.TempDir(), "one")
	if err := merged(dirs, ov, one, listed); err != nil {
		t.Fatal(err)
	}
	h, err := ReadHeader(one)
	if err != nil {
		t.Fatal(err)
	}
	if len(h.Parts) != 6 || h.Unread != 12 || len(h.Skipped) != listed || h.Skipped[0] != "5 a" || !strings.HasPrefix(h.Source, "day 4 + day 5") || len(h.Labels) == 0 || h.Labels[0] != "word of 5" {
		t.Fatalf("%+v", h)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 8 {
		left := slices.Clone(dirs)
		for len(left) > 1 {
			r.Shuffle(len(left), func(i, j int) { left[i], left[j] = left[j], left[i] })
			n := 2 + r.IntN(len(left)-1)
			out := filepath.Join(t.TempDir(), "some")
			if err := merged(left[:n], ov, out, listed); err != nil {
				t.Fatal(err)
			}
			left = append(left[n:], out)
		}
		for _, name := range append([]string{headerFile, sumsFile}, arrays...) {
			want, err1 := os.ReadFile(filepath.Join(one, name))
			got, err2 := os.ReadFile(filepath.Join(left[0], name))
			if err := errors.Join(err1, err2); err != nil || string(got) != string(want) {
				t.Errorf("%s differs: %v", name, err)
			}
		}
	}
	if err := merged([]string{one, dirs[2]}, ov, filepath.Join(t.TempDir(), "twice"), listed); err == nil || !strings.Contains(err.Error(), "day 7") {
		t.Errorf("a part twice: %v", err)
	}
}

// TestDamagedSums: sums that are missing, cut or impossible are refused, and the file is named.
func TestDamagedSums(t *testing.T) {
	dirs, ov := shards(t, 2)
	for name, damage := range map[string]func(path string) error{
		"missing": os.Remove,
		"cut":     func(path string) error { return os.Truncate(path, 200) },
		"changed": func(path string) error { return os.WriteFile(path, []byte("x"), 0o644) },
	} {
		out := filepath.Join(t.TempDir(), "m")
		if err := merged(dirs, ov, out, 10); err != nil {
			t.Fatal(err)
		}
		if err := damage(filepath.Join(out, sumsFile)); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(out, ov); err == nil || !strings.Contains(err.Error(), sumsFile) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
