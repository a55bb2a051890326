// Command facet-beam scans a dataset on Apache Beam: in shards, by as many workers as the runner has, into one atlas.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/facet-clip/facet/beam/shards"
)

const usage = `Scan a dataset on Apache Beam, in shards, and merge the shards' atlases.

  facet-beam --source photos/ --output /shared/photos --shards 8 --model RN50
  facet-beam --source photos/ --output /shared/photos --shards 8 --model RN50 \
    --runner flink --endpoint localhost:8099 --environment_type LOOPBACK

The atlas is OUTPUT/atlas. Run again, the command keeps the shards that are done.
Workers read the source and the model, and write into the output folder, by the names given here.

`

func main() {
	var job shards.Job
	flag.StringVar(&job.Source, "source", "", "the dataset, as facet scan takes it")
	flag.StringVar(&job.Output, "output", "", "write the atlases below this folder, which every worker reaches")
	flag.IntVar(&job.Shards, "shards", 1, "scan the source in so many parts")
	flag.StringVar(&job.Model, "model", "", "the model, as facet takes it (default the demo model)")
	flag.StringVar(&job.Engine, "engine", "auto", "auto, ort or portable; name one where workers differ")
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(), usage)
		flag.PrintDefaults()
	}
	flag.Parse()
	beam.Init() // a worker does not come back from here
	if err := run(job, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "facet-beam:", err)
		os.Exit(1)
	}
}

func run(job shards.Job, rest []string) error {
	if len(rest) > 0 {
		return fmt.Errorf("%q: expected flags alone", rest)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	result, err := shards.Run(ctx, job)
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(result)
}
