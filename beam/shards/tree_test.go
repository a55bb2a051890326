package shards

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/x/beamx"

	"github.com/facet-clip/facet/atlas"
)

// TestTree: merged in steps of two, in one step or three at a time, five shards give the same tables.
func TestTree(t *testing.T) {
	var want []atlas.File
	for _, fanIn := range []int{2, 3, 16} {
		job := Job{Source: "scenes:single?n=5&seed=3&size=64", Output: t.TempDir(), Shards: 5, Engine: "portable"}
		p, s := beam.NewPipelineWithRoot()
		build(s, job, fanIn)
		if _, err := beamx.RunWithMetrics(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		m, err := atlas.ReadManifest(job.result())
		if err != nil || m.Images != 5 {
			t.Fatalf("%d at a time: %d images, %v", fanIn, m.Images, err)
		}
		_, err = os.Stat(filepath.Join(job.Output, "merge-1-0"))
		if steps := err == nil; steps != (fanIn < 5) {
			t.Errorf("%d at a time: a merge on the way: %t", fanIn, steps)
		}
		if want == nil {
			want = m.Files
		}
		for i, f := range m.Files {
			if len(m.Files) != len(want) || f != want[i] {
				t.Errorf("%d at a time: %+v, expected %+v", fanIn, f, want[i])
			}
		}
	}
}

// TestReferenceHolds: an atlas that is another by the time it is merged is refused by name.
func TestReferenceHolds(t *testing.T) {
	job := Job{Source: "scenes:single?n=2&seed=3&size=64", Output: t.TempDir(), Shards: 2, Engine: "portable"}
	scan, merge := &scanFn{job, fanIn}, &mergeFn{job, fanIn, 1, 2}
	var refs []Reference
	for shard := range 2 {
		_, ref, err := scan.ProcessElement(t.Context(), shard)
		if err != nil {
			t.Fatal(err)
		}
		refs = append(refs, ref)
	}
	give := func(refs []Reference) func(*Reference) bool {
		return func(to *Reference) bool {
			if len(refs) == 0 {
				return false
			}
			*to, refs = refs[0], refs[1:]
			return true
		}
	}
	if _, _, err := merge.ProcessElement(t.Context(), 0, give(refs[:1])); err == nil || !strings.Contains(err.Error(), "gave 1 atlases for node 0 of level 1, expected 2") {
		t.Errorf("one of two: %v", err)
	}
	changed := []Reference{refs[0], refs[1]}
	changed[1].SHA256 = strings.Repeat("0", 64)
	if _, _, err := merge.ProcessElement(t.Context(), 0, give(changed)); err == nil || !strings.Contains(err.Error(), job.part(1)) {
		t.Errorf("changed: %v", err)
	}
	if _, ref, err := merge.ProcessElement(t.Context(), 0, give(refs)); err != nil || ref.Images != 2 || ref.Atlas != job.result() {
		t.Errorf("merged: %+v, %v", ref, err)
	}
}
