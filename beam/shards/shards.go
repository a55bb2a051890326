// Package shards runs a scan on Apache Beam. A source is scanned in N parts, each by whichever worker takes it up, and the parts' atlases are merged.
//
// What goes through Beam are references: where an atlas lies, the digest of its atlas.json, and counts. The atlases themselves are written and read by the
// workers, in a folder that all of them reach. An atlas of RN50 has hundreds of megabytes, which a runner would copy several times over.
//
// The tables of the merged atlas depend on the source, the model and the number of shards. They do not depend on the runner, on the number of workers, or on
// who finished first ([atlas.Merge]).
package shards

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/metrics"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/x/beamx"

	"github.com/facet-clip/facet/atlas"
)

// Job is a scan in shards. Every worker reads Source and Model by these names and writes below Output.
type Job struct {
	// Source is the dataset, as [dataset.Open] takes it.
	Source string
	// Output is the folder of the atlases: part-I of each shard, merge-L-I of what is merged on the way, and atlas, the result.
	Output string
	// Shards is how many parts the source is scanned in, from 1 to [MostShards].
	Shards int
	// Model and Engine are those of [lab.Config].
	Model, Engine string
}

// MostShards bounds Job.Shards.
const MostShards = 100_000

// Result is what a job left.
type Result struct {
	// Atlas is the folder of the merged atlas.
	Atlas string `json:"atlas"`
	// SHA256 is the digest of its atlas.json, in hexadecimal.
	SHA256 string `json:"sha256"`
	// Images and Unreadable count what the atlas holds and lists.
	Images     int `json:"images"`
	Unreadable int `json:"unreadable"`
	// Counters are Beam's, as the runner gives them: images, unreadable and milliseconds of the shards, and kept, the shards that were there already.
	// Prism may leave out a shard that ends together with another one: it keeps one of two reports that come before it knows the counters' names.
	Counters map[string]int64 `json:"counters"`
}

// fanIn is how many atlases a worker merges into one. The result is the same for any number. With more, fewer workers merge at a time; with fewer, more is written.
const fanIn = 16

// Run runs a job on the runner that Beam's flags name; by default on Prism, within this process. Call [beam.Init] first.
func Run(ctx context.Context, job Job) (Result, error) {
	job, err := job.checked()
	if err != nil {
		return Result{}, err
	}
	p, s := beam.NewPipelineWithRoot()
	build(s, job, fanIn)
	done, err := beamx.RunWithMetrics(ctx, p)
	if err != nil {
		return Result{}, fmt.Errorf("scanning %s in %d shards: %w", job.Source, job.Shards, err)
	}
	m, err := atlas.ReadManifest(job.result())
	if err != nil {
		return Result{}, fmt.Errorf("the job is done, but what it left cannot be read here: %w", err)
	}
	ref, err := refer(job.result(), m)
	return Result{ref.Atlas, ref.SHA256, ref.Images, ref.Unreadable, counted(done.Metrics())}, err
}

// checked is the job with an absolute output, or what is wrong with it.
func (j Job) checked() (Job, error) {
	if j.Source == "" || j.Output == "" {
		return j, fmt.Errorf("source %q, output %q: expected a dataset to scan and a folder to write", j.Source, j.Output)
	}
	if j.Shards < 1 || j.Shards > MostShards {
		return j, fmt.Errorf("%d shards: expected 1 to %d", j.Shards, MostShards)
	}
	var err error
	j.Output, err = filepath.Abs(j.Output)
	return j, err
}

// result is the folder of the merged atlas.
func (j Job) result() string { return filepath.Join(j.Output, "atlas") }

// part is the folder of a shard's atlas. A single shard needs no merge.
func (j Job) part(shard int) string {
	if j.Shards == 1 {
		return j.result()
	}
	return filepath.Join(j.Output, "part-"+strconv.Itoa(shard))
}

// build makes the pipeline: shards, then levels of merges, each of which joins so many atlases, until one is left. It gives the reference to the result.
func build(s beam.Scope, job Job, fanIn int) beam.PCollection {
	shards := make([]int, job.Shards)
	for i := range shards {
		shards[i] = i
	}
	// Without the reshuffle a runner may give all shards to the worker that made the list.
	refs := beam.ParDo(s.Scope("scan"), &scanFn{job, fanIn}, beam.Reshuffle(s, beam.CreateList(s, shards)))
	for level, n := 1, job.Shards; n > 1; level++ {
		nodes := (n + fanIn - 1) / fanIn
		refs = beam.ParDo(s.Scope(fmt.Sprintf("merge-%d", level)), &mergeFn{job, fanIn, level, n}, beam.GroupByKey(s, refs))
		n = nodes
	}
	return beam.DropKey(s, refs)
}

// namespace is that of Beam's counters.
const namespace = "facet"

var (
	images       = beam.NewCounter(namespace, "images")
	unreadable   = beam.NewCounter(namespace, "unreadable")
	kept         = beam.NewCounter(namespace, "kept")
	milliseconds = beam.NewCounter(namespace, "milliseconds")
)

// counted sums the counters over the steps of the pipeline.
func counted(all metrics.Results) map[string]int64 {
	sums := map[string]int64{}
	for _, c := range all.AllMetrics().Counters() {
		if c.Namespace() == namespace {
			sums[c.Name()] += c.Result()
		}
	}
	return sums
}
